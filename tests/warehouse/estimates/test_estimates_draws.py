"""Label draws keep to the codebook, repeat, and carry firsts and durations with their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass, fields

import duckdb
import numpy as np
from numpy.typing import NDArray

from warehouse.estimates.calibration import CALIBRATION_SPREAD, COUNTRY_SPREAD, CodedDimension, calibration_of
from warehouse.estimates.document_context import document_context

Floats = NDArray[np.float64]


def test_no_draw_combines_what_the_codebook_excludes(database: duckdb.DuckDBPyConnection) -> None:
    excluded = (
        "(stage = 'none') <> (realization = 'not_applicable') OR (stance = 'neutral') <> (mode = 'not_applicable') "
        "OR (stance IN ('cooperation', 'mixed')) <> (cooperation_intensity <> '0') "
        "OR (stance IN ('contestation', 'mixed')) <> (contestation_intensity <> '0') "
        "OR (contestation_locus = 'not_applicable') <> (contestation_intensity = '0') "
        "OR (voice = 'host_government' AND cooperation_intensity NOT IN ('0', '1'))"
    )
    ((bad, number),) = database.execute(
        f"SELECT count(*) FILTER (WHERE {excluded}), count(*) FROM label_draws(20, wanted_country := 'ATL')"
    ).fetchall()
    assert bad == 0
    assert number == 20 * 18 * 8


def test_draws_repeat_and_differ(database: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT draw, count(*) FILTER (WHERE stage = 'none') FROM label_draws(5) GROUP BY draw ORDER BY draw"
    rows = database.execute(query).fetchall()
    assert rows == database.execute(query).fetchall()
    assert len({number for _draw, number in rows}) > 1


def test_calibration_follows_the_gold_codes(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute(
        "SELECT gold_passages, centre, spread, country_spread FROM calibration WHERE quantity = 'stage'"
    ).fetchall()
    assert len(rows) == 6
    assert all(gold > 0 and abs(centre) < 1 and 0 < spread <= CALIBRATION_SPREAD for gold, centre, spread, _own in rows)
    of_countries = database.execute(
        "SELECT country_iso3, n_gold_passages, max(spread), count(*) FROM calibration_by_country WHERE quantity = 'stage' GROUP BY ALL"
    ).fetchall()
    assert {country for country, *_rest in of_countries} == {"ATL", "XBO"}
    assert sum(gold for _country, gold, *_rest in of_countries) == rows[0][0]
    assert all(spread < rows[0][3] and number == 6 for _country, _gold, spread, number in of_countries)


@dataclass(frozen=True)
class _Wrong:
    """Gold passages of a classifier that errs by known amounts; ten to a document."""

    coded: CodedDimension
    common: Floats
    own: Floats


def _wrong(passages: int, countries: int, spread: float, seed: int = 1) -> _Wrong:
    rng = np.random.default_rng(seed)
    document = np.arange(passages) // 10
    country = document % countries
    code = rng.choice(3, passages, p=[0.6, 0.25, 0.15])
    seen = 2 * rng.normal(size=(passages, 3)) + np.log([0.6, 0.25, 0.15])
    seen[np.arange(passages), code] += 4
    common, own = np.array([0.4, -0.4, 0.0]), spread * rng.normal(size=(countries, 3))
    chances = np.exp(seen + common + own[country])
    chances /= chances.sum(axis=1, keepdims=True)
    return _Wrong(CodedDimension(chances, np.zeros((passages, 3)), code, np.ones(passages), document, country), common, own)


def _first(coded: CodedDimension, number: int) -> CodedDimension:
    return CodedDimension(*(getattr(coded, one.name)[:number] for one in fields(coded)))


def test_an_error_of_all_logarithms_is_undone_by_the_calibration() -> None:
    # Multiplied by the ratio of codes to probabilities, as it was once done, they would keep more than half of this error.
    wrong = _wrong(4000, 40, 0.0)
    found = calibration_of(wrong.coded)
    apart = found.centre + wrong.common
    assert np.abs(apart - apart.mean()).max() < 0.1
    assert (found.spread < 0.15).all()
    assert found.country_spread < 0.15
    few = calibration_of(_first(wrong.coded, 30))
    assert (few.spread > 0.25).all()
    assert few.country_spread > 0.3
    none = calibration_of(_first(wrong.coded, 0))
    assert (none.centre == 0).all()
    assert (none.spread == CALIBRATION_SPREAD).all()
    assert none.country_spread == COUNTRY_SPREAD


def test_errors_of_single_countries_are_told_from_those_of_all() -> None:
    # One calibration for all countries left these errors in every draw, however many passages were coded.
    wrong = _wrong(4000, 40, 0.8)
    found = calibration_of(wrong.coded)
    assert 0.6 < found.country_spread < 1.0
    assert (found.country_spreads < 0.7 * found.country_spread).all()

    def differences(values: Floats) -> Floats:
        return np.asarray(values - values.mean(axis=-1, keepdims=True), np.float64)

    left = differences(found.centre + found.country_centre + wrong.common + wrong.own)
    assert np.sqrt((left**2).mean()) < 0.5 * np.sqrt((differences(wrong.own) ** 2).mean())
    # What is left is of the size that the draws vary by.
    spread = np.sqrt(found.spread**2 + found.country_spreads**2)
    assert 0.7 < np.sqrt((left**2).mean() / ((spread**2).mean() * 2 / 3)) < 1.3


def test_the_rest_of_a_document_says_how_to_take_its_passages() -> None:
    # A classifier that sees passages one by one finds some of a kind that a document does not speak of at all.
    rng = np.random.default_rng(2)
    document = np.repeat(np.arange(300), 20)
    mix = rng.dirichlet([0.9, 0.3, 0.3], 300)
    code = (rng.random(6000)[:, None] > mix.cumsum(axis=1)[document]).sum(axis=1).clip(max=2)
    seen = 1.5 * rng.normal(size=(6000, 3)) + np.log([0.6, 0.2, 0.2])
    seen[np.arange(6000), code] += 2.25
    chances = np.exp(seen)
    chances /= chances.sum(axis=1, keepdims=True)
    sums = np.column_stack([np.bincount(document, chances[:, one]) for one in range(3)]).astype(np.float64)
    context = document_context(sums, chances.mean(axis=0))[document]
    drawn = rng.random(6000) < 0.1
    found = calibration_of(
        CodedDimension(chances[drawn], context[drawn], code[drawn], np.ones(drawn.sum()), document[drawn], document[drawn] % 10)
    )
    assert found.context_weight > 0.5
    better = chances * np.exp(found.centre + found.context_weight * context)
    better /= better.sum(axis=1, keepdims=True)

    def loss(probabilities: Floats) -> float:
        return float(-np.log(probabilities[np.arange(6000), code])[~drawn].mean())

    assert loss(better) < 0.95 * loss(chances)


def test_a_category_that_nobody_coded_is_not_ruled_out() -> None:
    chances = np.full((60, 2), [0.95, 0.05])
    own = np.arange(60)
    found = calibration_of(CodedDimension(chances, np.zeros((60, 2)), np.zeros(60, np.int64), np.ones(60), own, own % 6))
    assert found.centre[1] < found.centre[0]
    assert np.exp(found.centre[1] - found.centre[0]) > 0.15


def test_without_enough_gold_passages_there_is_no_interval_but_a_reason(database: duckdb.DuckDBPyConnection) -> None:
    few = database.execute("SELECT p_reached, lower, upper, reason FROM stage_onsets('UN', 'ATL', min_gold := 1000)").fetchall()
    assert few
    assert all(p > 0 and (lower, upper, reason) == (None, None, "too few gold passages") for p, lower, upper, reason in few)
    uptake = "SELECT estimate IS NULL, standard_error, lower, reason FROM uptake_of_recommendations('UN', 'ATL', months := 12, min_gold := {})"
    assert database.execute(uptake.format(1000)).fetchall() == [(False, None, None, "too few gold passages")]
    ((_missing, error, lower, reason),) = database.execute(uptake.format(1)).fetchall()
    assert error > 0
    assert lower is not None
    assert reason is None
    for asked in ("stage_order", "time_to_compliance"):
        reasons = f"SELECT DISTINCT reason, gold_passages > 50 FROM {asked}('UN', 'ATL', min_gold := ?)"
        assert database.execute(reasons, [1000]).fetchall() == [("too few gold passages", True)]
        assert database.execute(reasons, [1]).fetchall() == [(None, True)]


def test_gold_of_few_countries_tells_of_their_own_errors_alone(database: duckdb.DuckDBPyConnection) -> None:
    own = dict(
        database.execute(
            "SELECT DISTINCT country_iso3, n_gold_passages FROM calibration_by_country WHERE quantity = 'stage' AND igo = 'UN'"
        ).fetchall()
    )
    asked = "SELECT DISTINCT reason, lower IS NULL FROM stage_onsets('UN', 'ATL', min_gold := ?)"
    assert database.execute(asked, [own["ATL"]]).fetchall() == [(None, False)]
    assert database.execute(asked, [own["ATL"] + 1]).fetchall() == [("gold passages of too few countries", True)]


def test_onsets_orders_and_durations_are_distributions(database: duckdb.DuckDBPyConnection) -> None:
    onsets = database.execute("SELECT stage, p_reached, lower, median, upper FROM stage_onsets('UN', 'ATL')").fetchall()
    assert onsets
    assert all(0 < p <= 1 and lower <= median <= upper for _stage, p, lower, median, upper in onsets)
    orders = database.execute("SELECT earlier, later, p_before, p_same_day FROM stage_order('UN', 'ATL')").fetchall()
    by_pair = {(earlier, later): before for earlier, later, before, _same in orders}
    assert all(before + by_pair[later, earlier] <= 1 + 1e-9 for (earlier, later), before in by_pair.items())
    times = database.execute("SELECT months, is_censored, start_date, end_date FROM time_to_compliance('UN', 'ATL')").fetchall()
    assert all(months >= 0 and (end is None) == censored for months, censored, _start, end in times)
    ((estimate, lower, upper),) = database.execute(
        "SELECT estimate, lower, upper FROM uptake_of_recommendations('UN', 'ATL', months := 12)"
    ).fetchall()
    assert 0 <= lower <= estimate <= upper <= 1


def test_a_recommendation_whose_months_are_not_over_does_not_count_as_not_taken_up(database: duckdb.DuckDBPyConnection) -> None:
    assert database.execute("SELECT estimate FROM uptake_of_recommendations('UN', 'ATL', months := 60)").fetchall() == [(None,)]


def _draw_only(database: duckdb.DuckDBPyConnection, rows: str) -> None:
    """Let the macros find these draws: draw, document, date, step, realization and number of passages."""
    database.execute(
        "CREATE TEMP MACRO step_draws(draws, wanted_igo, wanted_country) AS TABLE SELECT * FROM "
        f"(VALUES {rows}) t(draw, document_id, published, stage, realization, passages)"
    )


def test_a_step_that_no_draw_reaches_comes_after_those_that_one_does(database: duckdb.DuckDBPyConnection) -> None:
    _draw_only(database, "(0, 'a', DATE '2018-01-05', 'initiation', 'realized', 2)")
    orders = database.execute("SELECT earlier, later, p_before FROM stage_order('UN', 'ATL', draws := 1)").fetchall()
    assert ("initiation", "compliance", 1) in orders
    assert ("compliance", "initiation", 0) in orders
    # Of two that no draw reaches nothing is said.
    assert all("initiation" in (earlier, later) for earlier, later, _before in orders)
    assert len(orders) == 8


def test_one_passage_is_no_uptake(database: duckdb.DuckDBPyConnection) -> None:
    _draw_only(
        database,
        "(0, 'a', DATE '2018-01-05', 'policy_influence', 'prospective', 3), (0, 'b', DATE '2018-02-05', 'policy_influence', 'prospective', 1), "
        "(0, 'c', DATE '2018-03-05', 'policy_influence', 'realized', 1), (1, 'a', DATE '2018-01-05', 'policy_influence', 'prospective', 2), "
        "(1, 'c', DATE '2018-03-05', 'policy_influence', 'realized', 2)",
    )
    query = "SELECT estimate, mean_documents FROM uptake_of_recommendations('UN', 'ATL', months := 12, draws := 2{})"
    assert database.execute(query.format("")).fetchall() == [(0.5, 1)]
    assert database.execute(query.format(", min_passages := 1")).fetchall() == [(1, 1.5)]
