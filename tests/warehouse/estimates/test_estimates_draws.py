"""Label draws keep to the codebook, repeat, and carry firsts and durations with their uncertainty."""

from __future__ import annotations

import duckdb
import numpy as np

from warehouse.estimates.calibration import CALIBRATION_SPREAD, calibration_of


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
    rows = database.execute("SELECT gold_passages, centre, spread FROM calibration WHERE quantity = 'stage'").fetchall()
    assert len(rows) == 6
    assert all(gold >= 0 and abs(centre) < 1 and 0 < spread <= 0.3 for gold, centre, spread in rows)


def test_an_error_of_all_logarithms_is_undone_by_the_calibration() -> None:
    # Multiplied by the ratio of codes to probabilities, as it was once done, they would keep more than half of this error.
    rng = np.random.default_rng(1)
    code = rng.choice(3, 4000, p=[0.7, 0.2, 0.1])
    seen = 2 * rng.normal(size=(4000, 3)) + np.log([0.7, 0.2, 0.1])
    seen[np.arange(4000), code] += 4
    wrong = np.array([0.4, -0.4, 0.0])
    chances = np.exp(seen + wrong)
    chances /= chances.sum(axis=1, keepdims=True)
    document = np.arange(4000) // 10
    found = calibration_of(chances, code, np.ones(4000), document)
    apart = found.centre + wrong
    assert np.abs(apart - apart.mean()).max() < 0.1
    assert (found.spread < 0.15).all()
    few = calibration_of(chances[:30], code[:30], np.ones(30), document[:30])
    assert (few.spread > 0.2).all()
    none = calibration_of(chances[:0], code[:0], np.ones(0), document[:0])
    assert (none.centre == 0).all()
    assert (none.spread == CALIBRATION_SPREAD).all()


def test_a_category_that_nobody_coded_is_not_ruled_out() -> None:
    chances = np.full((60, 2), [0.95, 0.05])
    found = calibration_of(chances, np.zeros(60, np.int64), np.ones(60), np.arange(60))
    assert found.centre[1] < found.centre[0]
    assert np.exp(found.centre[1]) > 0.5


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
