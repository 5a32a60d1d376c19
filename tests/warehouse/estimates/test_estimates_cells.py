"""Shares, ratios and means: the SQL of the published file says what Python says, and what it says is right."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.estimates.cells import CellEstimates, Support, estimate_cells, sums_by_document
from warehouse.estimates.differences import differences
from warehouse.estimates.student import student_quantile

PASSAGES = """
SELECT dense_rank() OVER (ORDER BY s.document_id) - 1 AS document, d.country_iso3, year(d.published) AS year, g.inclusion_prob AS pi,
    {f_y} AS f_y, {f_z} AS f_z, {y} AS y, {z} AS z, {l_y} AS l_y, {l_z} AS l_z
FROM scores s JOIN documents d USING (document_id) LEFT JOIN gold g USING (passage_id) ORDER BY 1
"""
CONTESTED = "s.p_stance__contestation::DOUBLE + s.p_stance__mixed::DOUBLE"
APPLIES = " + ".join(f"s.p_contestation_locus__{one}::DOUBLE" for one in ("internal", "external", "both"))
CASES = {
    ("contested", "any"): {
        "f_y": CONTESTED,
        "f_z": "1.0",
        "y": "(g.stance IN ('contestation', 'mixed'))::INT",
        "z": "1.0",
        "l_y": "(s.stance IN ('contestation', 'mixed'))::INT",
        "l_z": "1",
    },
    ("tone", "net"): {
        "f_y": " + ".join(
            f"{n} * (s.p_cooperation_intensity__{n}::DOUBLE - s.p_contestation_intensity__{n}::DOUBLE)" for n in (1, 2, 3)
        ),
        "f_z": "1.0",
        "y": "g.cooperation_intensity::INT - g.contestation_intensity::INT",
        "z": "1.0",
        "l_y": "s.cooperation_intensity::INT - s.contestation_intensity::INT",
        "l_z": "1",
    },
    ("contested_share_from", "internal"): {
        "f_y": f"({CONTESTED}) * (s.p_contestation_locus__internal::DOUBLE + s.p_contestation_locus__both::DOUBLE) / ({APPLIES})",
        "f_z": CONTESTED,
        "y": "(g.stance IN ('contestation', 'mixed') AND g.contestation_locus IN ('internal', 'both'))::INT",
        "z": "(g.stance IN ('contestation', 'mixed'))::INT",
        "l_y": "0",
        "l_z": "1",
    },
}


@pytest.mark.parametrize(("quantity", "category"), CASES)
def test_sql_and_python_agree(database: duckdb.DuckDBPyConnection, quantity: str, category: str) -> None:
    rows = database.execute(PASSAGES.format(**CASES[quantity, category])).fetchall()
    document = np.array([row[0] for row in rows])
    values = [np.array([np.nan if row[n] is None else row[n] for row in rows], float) for n in (3, 4, 5, 6, 7, 8, 9)]
    pi, f_y, f_z, y, z, l_y, l_z = values
    sums = sums_by_document(
        document, pi, f_y, np.where(np.isnan(pi), np.nan, y), f_z, np.where(np.isnan(pi), np.nan, z), l_y, l_z
    )
    first = {row[0]: (row[1], row[2]) for row in rows}
    cells = sorted(set(first.values()))
    cell = np.array([cells.index(first[n]) for n in range(len(first))])
    python = estimate_cells(
        sums, cell, np.zeros(len(cell), int), Support(2, 1, 1, 0), is_share=quantity != "tone", bounds=(-3, 3)
    )
    sql = database.execute(
        "SELECT estimate, standard_error, lower, upper, degrees_of_freedom, effective_sample_size, documents, passages, gold_passages, "
        "gold_documents, model_estimate, tuning_weight FROM estimates_by_country_year(?, min_documents := 2, min_gold := 1, "
        "min_gold_documents := 1, min_expected := 0) WHERE category = ? ORDER BY country_iso3, year",
        [quantity, category],
    ).fetchall()
    names = (
        "estimate standard_error lower upper degrees_of_freedom effective_sample_size documents passages gold_passages gold_documents "
        "model_estimate tuning_weight"
    )
    for n, name in enumerate(names.split()):
        got = np.array([np.nan if row[n] is None else row[n] for row in sql], float)
        np.testing.assert_allclose(got, getattr(python, name), rtol=1e-9, atol=1e-9, err_msg=name)
    assert np.isfinite(python.estimate).any()


def test_a_cell_without_support_is_null_and_says_why(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute("SELECT estimate, lower, reason, naive_estimate FROM contestation_by_country_year").fetchall()
    assert len(rows) == 6
    for estimate, lower, reason, naive in rows:
        assert (estimate is None) == (reason is not None) == (lower is None)
        assert naive is not None
    query = "SELECT DISTINCT reason FROM estimates_by_country_year('stage', {}) ORDER BY 1"
    assert database.execute(query.format("min_documents := 7")).fetchall() == [("too few documents",)]
    assert database.execute(query.format("min_gold := 1000")).fetchall() == [("too few gold passages",)]


def test_every_quantity_has_its_view(database: duckdb.DuckDBPyConnection) -> None:
    views = [name for (name,) in database.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()]
    for name in views:
        database.execute(f'SELECT count(*) FROM "{name}"').fetchall()
    asked = database.execute("SELECT DISTINCT quantity FROM document_sums").fetchall()
    for (quantity,) in asked:
        assert database.execute("SELECT count(*) FROM estimates_by_country(?)", [quantity]).fetchall()[0][0] >= 2
    rows = database.execute(
        "SELECT period, documents FROM before_after_missions('contested', 'comment') ORDER BY period DESC"
    ).fetchall()
    assert [period for period, _n in rows] == ["before", "after"]


@settings(deadline=None)
@given(st.floats(1, 1e6))
def test_the_student_quantile_is_that_of_the_distribution(df: float) -> None:
    stats = pytest.importorskip("scipy.stats")
    assert student_quantile(df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-7)


def test_with_all_passages_coded_the_estimate_is_the_share_of_the_codes() -> None:
    rng = np.random.default_rng(3)
    document = np.repeat(np.arange(20), 10)
    y = (rng.random(200) < 0.3).astype(float)
    sums = sums_by_document(document, np.ones(200), rng.random(200), y)
    estimate = estimate_cells(sums, np.zeros(20, int), np.zeros(20, int))
    assert estimate.estimate[0] == pytest.approx(y.mean())
    assert estimate.lower[0] < y.mean() < estimate.upper[0]


def test_a_difference_is_that_of_python(database: duckdb.DuckDBPyConnection) -> None:
    support = "min_gold := 5, min_expected := 0"
    cells = database.execute(
        "SELECT estimate, standard_error, lower, upper, degrees_of_freedom, gold_passages, naive_estimate "
        f"FROM estimates_by_country('contested', {support}) ORDER BY country_iso3"
    ).fetchall()
    estimate, error, lower, upper, df, gold, naive = (np.array(column, float) for column in zip(*cells, strict=True))
    nothing = np.zeros(2)
    both = CellEstimates(
        estimate, error, lower, upper, df, nothing, nothing, nothing, gold, nothing, naive, nothing, nothing, True, (0, 1), np.array(["", ""])
    )  # fmt: skip
    python = differences(both, np.array([0]), np.array([1]))
    ((*sql, reason),) = database.execute(
        "SELECT estimate, standard_error, lower, upper, naive_difference, reason "
        f"FROM difference_between_countries('contested', 'ATL', 'XBO', {support})"
    ).fetchall()
    expected = [python.estimate, python.standard_error, python.lower, python.upper, python.naive_difference]
    np.testing.assert_allclose(sql, np.concatenate(expected), rtol=1e-9)
    assert reason is None
    ((first, second, change),) = database.execute(
        f"SELECT first, second, estimate FROM change_after_missions('contested', 'comment', {support})"
    ).fetchall()
    assert (first, second) == ("after", "before")
    assert change is not None
