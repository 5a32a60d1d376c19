"""Stage paths and lead and lag: what was planted in simulated corpora is found again, and the published tables say what they rest on."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import numpy as np

from benchmarks import coverage_lags, coverage_paths
from warehouse.estimates.lead_and_lag import GoldPassages, lead_and_lag
from warehouse.estimates.ordered_chain import passes
from warehouse.estimates.stage_path_model import first_parameters, fit, posterior
from warehouse.estimates.stage_path_records import CLASSES, STATES, Evidence, effective, expected_mix, years_of
from warehouse.estimates.stage_path_tables import smallest_sets


def test_known_paths_are_in_the_credible_sets_and_a_majority_vote_does_worse() -> None:
    evidence, truth, vote = coverage_paths.simulate(np.random.default_rng(1), coverage_paths.SCENARIOS[0])
    found = posterior(evidence, fit(evidence), years_of(evidence))
    held = np.take_along_axis(smallest_sets(found.state), truth[..., None], -1).mean()
    assert held >= 0.93
    voted = vote >= 0
    assert (found.state.argmax(axis=-1) == truth)[voted].mean() > (vote == truth)[voted].mean() + 0.1
    # What was reached stays reached, and a later step is not reached before an earlier one.
    assert (np.diff(found.below, axis=1) <= 1e-9).all()
    assert (np.diff(found.below, axis=2) >= -1e-9).all()


def test_a_pairs_own_way_of_reporting_is_integrated_out_as_a_great_many_points_would() -> None:
    # With 64 points of the prior, nearly all the weight fell on one of them: states were said to be surer than they were.
    scenario = coverage_paths.PathScenario(3, 20, 1.0, 15, 2.0, 100, country_errors=0.8)
    evidence, _truth, _vote = coverage_paths.simulate(np.random.default_rng(5), scenario)
    years, known = years_of(evidence), replace(first_parameters(), spread=0.55)
    found = posterior(evidence, known, years, firsts=False)
    expected = expected_mix(evidence, known)
    sums = evidence.counts * effective(evidence, known)[:, None]
    rng = np.random.default_rng(4)
    logarithms, states = [], []
    for _ in range(20):
        effects = known.spread * rng.normal(size=(2000, len(years), CLASSES))
        mix = np.matmul(expected, np.exp(effects[:, evidence.pair]).transpose(1, 2, 0))
        said = (
            np.matmul(sums[:, None, :], effects[:, evidence.pair].transpose(1, 2, 0))
            + np.einsum("dc,dsc->ds", sums, np.log(expected))[:, :, None]
        )
        said -= sums.sum(axis=1)[:, None, None] * np.log(mix)
        by_year = np.zeros((len(years), int(years.max()), STATES, 2000))
        np.add.at(by_year, (evidence.pair, evidence.year), said)
        flat = by_year.transpose(3, 0, 1, 2).reshape(-1, int(years.max()), STATES)
        each = passes(flat, known.start, known.transition, np.tile(years, 2000), firsts=False)
        logarithms.append(each.likelihood.reshape(2000, -1))
        states.append(each.state.reshape(2000, *found.state.shape))
    weight = np.concatenate(logarithms)
    share = np.exp(weight - weight.max(axis=0))
    likelihood = weight.max(axis=0) + np.log(share.mean(axis=0))
    share /= share.sum(axis=0)
    state = np.einsum("np,npts->pts", share, np.concatenate(states))
    assert np.abs(found.likelihood - likelihood).max() < 0.3
    assert np.abs(found.state - state).max() < 0.05


def test_a_planted_lead_of_two_years_is_found_where_the_naive_correlation_misses_it() -> None:
    scenario = coverage_lags.SCENARIOS[0]
    right = coverage_lags.truth(scenario, 5000)[coverage_lags.LEAD]
    found = coverage_lags.one(np.random.default_rng(1), scenario)
    best = max(found, key=lambda one: one.estimate)
    assert best.lag == coverage_lags.LEAD
    assert best.lower <= right <= best.upper
    assert best.naive < best.lower


def test_without_enough_gold_passages_there_is_no_lead_and_a_reason() -> None:
    documents, gold = coverage_lags.simulate(np.random.default_rng(1), coverage_lags.SCENARIOS[1])
    few = GoldPassages(gold.country[:10], gold.weight[:10], gold.model[:10], gold.code[:10])
    assert {one.reason for one in lead_and_lag(documents, few)} == {"too few gold passages"}


def test_published_paths_say_what_they_rest_on(database: duckdb.DuckDBPyConnection) -> None:
    years = database.execute(
        "SELECT igo, country_iso3, year, sum(p_at_step), min(n_gold_passages), any_value(coder_kinds) FROM stage_paths "
        "WHERE reason IS NULL GROUP BY ALL"
    ).fetchall()
    assert len(years) == 6
    assert all(abs(total - 1) < 1e-3 and gold > 0 and kinds for _igo, _country, _year, total, gold, kinds in years)
    ((arrivals,),) = database.execute("SELECT count(*) FROM stage_arrivals WHERE lower <= upper OR upper IS NULL").fetchall()
    assert arrivals == 10
    reasons = database.execute("SELECT DISTINCT reason FROM lead_and_lag").fetchall()
    assert reasons == [("too few countries",)]


def test_estimates_name_the_kinds_of_coders(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute("SELECT DISTINCT coder_kinds FROM contestation_by_country_year WHERE gold_passages > 0").fetchall()
    assert rows == [(["not said"],)]


def test_without_pairs_there_are_no_paths_and_no_error() -> None:
    nobody = Evidence(
        np.zeros(0, np.int64),
        np.zeros(0, np.int64),
        np.zeros((0, CLASSES)),
        np.zeros(0),
        np.eye(CLASSES + 1, CLASSES) * 0.9 + 0.01,
    )
    known = replace(first_parameters(), spread=0.5)
    assert posterior(nobody, known, years_of(nobody)).state.shape[0] == 0
