"""The uncorrected views of time say what a plain count of the same rows says, and say it in their names."""

from __future__ import annotations

import math
from collections import defaultdict
from statistics import mean

import duckdb
import pytest

Years = dict[tuple[str, int], tuple[float, float]]


def _deviations(database: duckdb.DuckDBPyConnection) -> Years:
    rows = database.execute(
        "SELECT d.country_iso3, year(d.published), s.p_stance__cooperation + s.p_stance__mixed, "
        "s.p_stance__contestation + s.p_stance__mixed FROM scores s JOIN passages p USING (passage_id, document_id) "
        "JOIN documents d USING (document_id) WHERE NOT p.is_duplicate AND NOT p.is_summary"
    ).fetchall()
    values: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
    for country, year, cooperation, contestation in rows:
        values[country, year].append((cooperation, contestation))
    yearly = {key: (mean(one for one, _ in found), mean(other for _, other in found)) for key, found in values.items()}
    result = {}
    for (country, year), (cooperation, contestation) in yearly.items():
        own = [found for (other, _), found in yearly.items() if other == country]
        result[country, year] = (cooperation - mean(one for one, _ in own), contestation - mean(one for _, one in own))
    return result


def test_lead_and_lag_pairs_years_of_one_country(database: duckdb.DuckDBPyConnection) -> None:
    deviations = _deviations(database)
    found = {
        lag: (pairs, correlation)
        for lag, pairs, correlation in database.execute(
            "SELECT lag_years, pairs, naive_correlation FROM naive_lead_and_lag WHERE igo = 'UN'"
        ).fetchall()
    }
    for lag in range(-3, 4):
        pairs = [
            (contestation, deviations[country, year + lag][0])
            for (country, year), (_, contestation) in deviations.items()
            if (country, year + lag) in deviations
        ]
        if not pairs:
            assert lag not in found
            continue
        assert found[lag][0] == len(pairs)
        if len(pairs) < 3:
            assert found[lag][1] is None
            continue
        first, second = mean(one for one, _ in pairs), mean(one for _, one in pairs)
        spread = math.sqrt(sum((one - first) ** 2 for one, _ in pairs) * sum((one - second) ** 2 for _, one in pairs))
        wanted = sum((one - first) * (other - second) for one, other in pairs) / spread
        assert found[lag][1] == pytest.approx(wanted, abs=1e-5)


def test_mechanism_before_access_looks_two_years_back(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute(
        "SELECT country_iso3, year(published), mechanism, stage = 'information_exchange' AND realization = 'realized' FROM evidence "
        "WHERE model_version IS NOT NULL AND NOT is_duplicate AND NOT is_summary"
    ).fetchall()
    named = {(country, year, one) for country, year, mechanisms, _ in rows for one in mechanisms}
    years = {(country, year) for country, year, _, _ in rows}
    is_open = {(country, year) for country, year, _, realized in rows if realized}
    wanted = {}
    for mechanism in {one for _, _, one in named}:
        after = {key for key in years if (key[0], key[1] - 1, mechanism) in named or (key[0], key[1] - 2, mechanism) in named}
        if after:
            wanted[mechanism] = (len(after), len(after & is_open))
    found = database.execute("SELECT mechanism, years, open_years, naive_share FROM naive_mechanism_before_access").fetchall()
    assert {mechanism: (n, opened) for mechanism, n, opened, _ in found} == wanted
    assert all(share == pytest.approx(opened / n) for _, n, opened, share in found)
