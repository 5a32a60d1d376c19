"""Coefficients of agreement against published examples and a second way of computing them."""

from __future__ import annotations

from datetime import datetime
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.codebook import load_codebook
from models.coding.checking import check_rows
from models.coding.tables import read_jsonl
from models.reliability.coefficients import Distance, Sums, ac1, alpha, masi, nominal, ordinal, percentage, sums_of
from models.reliability.report import agreement
from models.types import CodeRow
from tests.conftest import SHARED

CODEBOOK = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")
Table = list[list[int | None]]
"""One list a coder, None where a value is missing."""


def column(text: str) -> list[int | None]:
    return [None if one == "*" else int(one) for one in text.split()]


def sums(table: Table, size: int) -> Sums:
    units = len(table[0])
    counts = np.zeros((units, size))
    for coder in table:
        for unit, value in enumerate(coder):
            if value is not None:
                counts[unit, value] += 1
    return sums_of(counts, np.arange(units), units).weighted(np.ones((1, units)))


def shown(table: Table, size: int, distance: Distance) -> float:
    return float(alpha(sums(table, size), distance)[0])


# Krippendorff (2011), sections A to C; four observers with missing values are also the data on which Gwet's coefficients are published.
BINARY = [column("0 1 0 0 0 0 0 0 1 0"), column("1 1 1 0 0 1 0 0 0 0")]
LETTERS = [["abcde".index(one) for one in word] for word in ("aabbdcccedda", "babbbccceddd")]
FOUR = [
    column("1 2 3 3 2 1 4 1 2 * * *"),
    column("1 2 3 3 2 2 4 1 2 5 * 3"),
    column("* 3 3 3 2 3 4 2 2 5 1 *"),
    column("1 2 3 3 2 4 4 1 2 5 1 *"),
]


def test_published_alphas() -> None:
    four = [[None if one is None else one - 1 for one in coder] for coder in FOUR]
    assert shown(BINARY, 2, nominal) == pytest.approx(2 / 21, abs=1e-9)  # printed as 0.095
    assert round(shown([list(one) for one in LETTERS], 5, nominal), 3) == 0.692
    assert round(shown(four, 5, nominal), 4) == 0.7434
    assert round(shown(four, 5, ordinal), 3) == 0.815


def test_published_ac1_and_percentage() -> None:
    four = sums([[None if one is None else one - 1 for one in coder] for coder in FOUR], 5)
    assert round(float(ac1(four)[0]), 4) == 0.7754
    assert round(float(percentage(four)[0]), 4) == 0.8182


def test_masi_of_the_four_relations() -> None:
    sets = [frozenset("a"), frozenset("ab"), frozenset("bc"), frozenset("d"), frozenset[str]()]
    table = masi(sets)(np.zeros(5))
    assert table[0, 0] == table[4, 4] == 0
    assert table[0, 1] == pytest.approx(1 - 1 / 2 * 2 / 3)
    assert table[1, 2] == pytest.approx(1 - 1 / 3 * 1 / 3)
    assert table[0, 3] == table[0, 4] == 1


def naive_alpha(table: Table, size: int, distance: Distance) -> float:
    """Alpha by walking over every pair of values, as its definition has it."""
    units = [[coder[unit] for coder in table if coder[unit] is not None] for unit in range(len(table[0]))]
    units = [values for values in units if len(values) > 1]
    pool = [value for values in units for value in values]
    marginals = np.bincount(np.array(pool, dtype=int), minlength=size).astype(float)
    delta = distance(marginals)
    observed = sum(delta[a, b] / (len(values) - 1) for values in units for a, b in permutations(values, 2)) / max(len(pool), 1)
    expected = sum(delta[a, b] for a, b in permutations(pool, 2)) / max(len(pool) * (len(pool) - 1), 1)
    return float(1 - observed / expected) if expected else float("nan")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_alpha_equals_the_definition_pair_by_pair(data: st.DataObject) -> None:
    size, units, coders = data.draw(st.integers(2, 4)), data.draw(st.integers(1, 8)), data.draw(st.integers(2, 4))
    cell = st.one_of(st.none(), st.integers(0, size - 1))
    table = [data.draw(st.lists(cell, min_size=units, max_size=units)) for _coder in range(coders)]
    sets = [frozenset("abc"[:n]) for n in range(size)]
    for distance in (nominal, ordinal, masi(sets)):
        assert shown(table, size, distance) == pytest.approx(naive_alpha(table, size, distance), nan_ok=True, abs=1e-9)


def rows_of(truth: np.ndarray[tuple[int], np.dtype[np.int64]], error: float, seed: int) -> list[CodeRow]:
    random = np.random.default_rng(seed)
    names = CODEBOOK.by_id["stage"].applicable_ids
    rows = []
    for coder in ("a", "b"):
        for n, value in enumerate(truth):
            wrong = random.random() < error
            given = random.integers(len(names)) if wrong else value
            rows.append(CodeRow(f"p{n}", coder, "stage", names[int(given)], "1.1.0"))
    return rows


def test_intervals_hold_the_true_agreement_about_as_often_as_they_say() -> None:
    # Coders err by a uniform guess with probability e: uniform categories give alpha = (1 - e) squared.
    truths = np.random.default_rng(0).integers(0, 6, (60, 120))
    inside = 0
    for seed, truth in enumerate(truths):
        rows = rows_of(truth, 0.2, seed)
        figure = agreement(rows, CODEBOOK, {f"p{n}": f"d{n // 4}" for n in range(120)}, draws=300)[0].alpha
        assert figure.low is not None
        assert figure.high is not None
        inside += figure.low <= 0.64 <= figure.high
    assert 52 <= inside <= 60


def test_the_report_holds_alpha_against_the_codebook_and_counts_what_was_confused() -> None:
    rows = [
        CodeRow("p1", "a", "stage", "none", "1.1.0"),
        CodeRow("p1", "b", "stage", "none", "1.1.0"),
        CodeRow("p2", "a", "stage", "initiation", "1.1.0"),
        CodeRow("p2", "a", "stage_secondary", "compliance", "1.1.0"),
        CodeRow("p2", "b", "stage", "compliance", "1.1.0"),
        CodeRow("p3", "a", "stage", "initiation", "1.1.0"),
        CodeRow("p3", "c", "stage", "none", "1.1.0", status="adjudicated"),
    ]
    (found,) = agreement(rows, CODEBOOK, {})
    assert (found.dimension, found.passages, found.verdict) == ("stage", 2, "below minimum")
    assert found.confusions == {"a x b": {"none": {"none": 1}, "initiation": {"compliance": 1}}}
    assert found.percentage.value == 0.5
    assert found.with_secondary == 1.0
    by_category = {one.category: one for one in found.categories}
    assert (by_category["none"].agreement, by_category["initiation"].agreement) == (1.0, 0.0)


def test_the_locus_is_judged_where_both_coders_see_contestation_and_the_latest_code_counts() -> None:
    rows = [
        CodeRow("p1", "a", "contestation_locus", "internal", "1.1.0", datetime(2026, 1, 1)),  # noqa: DTZ001  # UTC without zone
        CodeRow("p1", "a", "contestation_locus", "external", "1.1.0", datetime(2026, 2, 1)),  # noqa: DTZ001  # UTC without zone
        CodeRow("p1", "b", "contestation_locus", "external", "1.1.0", datetime(2026, 1, 1)),  # noqa: DTZ001  # UTC without zone
        CodeRow("p2", "a", "contestation_locus", "internal", "1.1.0"),
        CodeRow("p2", "b", "contestation_locus", "not_applicable", "1.1.0"),
    ]
    (found,) = agreement(rows, CODEBOOK, {})
    assert (found.passages, found.percentage.value) == (1, 1.0)
    assert set(found.drift) == {"2026-01", "2026-02"}


@pytest.mark.corpus
def test_the_codes_at_hand_have_the_agreement_that_is_told_of_them() -> None:
    path = SHARED / "annotations" / "coders.jsonl"
    if not path.exists():
        pytest.skip("the shared codes are not there")
    checked = check_rows(read_jsonl(path, CODEBOOK), CODEBOOK)
    assert not checked.problems
    found = {one.dimension: one.alpha.value for one in agreement(checked.rows, CODEBOOK, {}, draws=100)}
    assert found["stage"] == pytest.approx(0.932, abs=0.001)
    assert found["voice"] == pytest.approx(0.995, abs=0.001)


def test_no_coefficient_depends_on_which_document_a_passage_stands_in() -> None:
    rows = [
        CodeRow(f"p{number}", coder, "stage", value, CODEBOOK.version)
        for number, (first, second) in enumerate(
            [("none", "none"), ("none", "initiation"), ("compliance", None), ("none", "none")]
        )
        for coder, value in (("a", first), ("b", second))
        if value is not None
    ]
    alone, together = (agreement(rows, CODEBOOK, documents, draws=20)[0] for documents in ({}, {f"p{n}": "d" for n in range(4)}))
    assert alone.ac1.value == pytest.approx(together.ac1.value)
    assert alone.alpha.value == pytest.approx(together.alpha.value)
    assert (alone.passages, together.passages) == (3, 3)
