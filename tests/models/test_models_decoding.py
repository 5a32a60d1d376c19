"""Constraints and joint decoding: what is published never contradicts itself, and is the best that does not."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.codebook import Codebook, load_codebook
from models.constraints import violations
from models.decoding import Decoder

CODEBOOK: Codebook = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")
DECODER = Decoder(CODEBOOK)
VALUES = {d.id: d.category_ids for d in CODEBOOK.trained_dimensions if d.kind != "multi"}

CONSISTENT: dict[str, str | tuple[str, ...] | None] = {
    "voice": "igo", "stage": "compliance", "stage_secondary": "initiation", "realization": "negated", "cooperation_intensity": "0",
    "contestation_intensity": "2", "stance": "contestation", "contestation_locus": "internal", "contestation_object": "conduct",
    "mode": "verbal", "mechanism": (),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({}, []),
        ({"stage": "none", "stage_secondary": None}, ["c1"]),
        ({"realization": "not_applicable"}, ["c1"]),
        ({"stage_secondary": "compliance"}, ["c2"]),
        ({"stage_secondary": "none"}, ["c2"]),
        ({"stage": "none", "realization": "not_applicable"}, ["c2"]),
        ({"stance": "cooperation"}, ["c3", "c4"]),
        ({"stance": "mixed"}, ["c4", "c5"]),
        ({"stance": "neutral", "mode": "not_applicable"}, ["c4", "c5"]),
        ({"contestation_locus": "not_applicable"}, ["c6"]),
        ({"contestation_object": "not_applicable"}, ["c6"]),
        ({"mode": "not_applicable"}, ["c7"]),
        ({"voice": "host_government"}, []),
        ({"voice": "host_government", "cooperation_intensity": "2", "stance": "mixed"}, ["c8"]),
    ],
)
def test_violations_are_named(change: dict[str, str | None], broken: list[str]) -> None:
    assert violations({**CONSISTENT, **change}) == broken


def test_what_is_not_coded_is_not_judged() -> None:
    assert violations({"stage": "none"}) == []
    assert violations({"stage": "none", "realization": "realized"}, ["c2"]) == []


@st.composite
def batches(draw: st.DrawFn) -> dict[str, NDArray[np.float64]]:
    rows = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sharpness = draw(st.sampled_from([0.0, 1.0, 5.0, 60.0]))
    found = {}
    for name, values in VALUES.items():
        logits = rng.normal(size=(rows, len(values))) * sharpness
        raw = np.exp(logits - logits.max(axis=1, keepdims=True))
        found[name] = raw / raw.sum(axis=1, keepdims=True)
        if draw(st.booleans()):
            found[name][0] = np.eye(len(values))[draw(st.integers(0, len(values) - 1))]
    return found


def _labels(indexes: dict[str, NDArray[np.intp]], row: int) -> dict[str, str]:
    return {name: VALUES[name][int(index[row])] for name, index in indexes.items()}


@settings(deadline=None)
@given(batches())
def test_decoded_labels_never_break_a_constraint(batch: dict[str, NDArray[np.float64]]) -> None:
    decoded = DECODER.decode(batch)
    for row in range(len(batch["stage"])):
        assert violations(_labels(decoded, row)) == []


@settings(deadline=None)
@given(batches())
def test_a_row_decodes_alike_alone_and_in_a_batch(batch: dict[str, NDArray[np.float64]]) -> None:
    together = DECODER.decode(batch)
    for row in range(len(batch["stage"])):
        alone = DECODER.decode({name: values[row : row + 1] for name, values in batch.items()})
        assert _labels(alone, 0) == _labels(together, row)


def _consistent_groups() -> list[tuple[tuple[str, ...], list[tuple[int, ...]]]]:
    """Brute force by another road: all combinations of all dimensions that `violations` lets pass, by independent parts."""
    first = ("stage", "realization")
    second = tuple(name for name in VALUES if name not in first)
    parts = []
    for names in (first, second):
        combinations = product(*(range(len(VALUES[name])) for name in names))
        parts.append(
            (names, [c for c in combinations if not violations({n: VALUES[n][i] for n, i in zip(names, c, strict=True)})])
        )
    return parts


PARTS = _consistent_groups()


@settings(max_examples=30, deadline=None)
@given(batches())
def test_decoding_finds_the_most_probable_consistent_combination(batch: dict[str, NDArray[np.float64]]) -> None:
    decoded = DECODER.decode(batch)
    tiny = np.finfo(np.float64).tiny
    for row in range(len(batch["stage"])):
        for names, combinations in PARTS:
            logs = [[math.log(max(p, tiny)) for p in batch[name][row]] for name in names]
            best = max(sum(log[i] for log, i in zip(logs, c, strict=True)) for c in combinations)
            own = sum(log[int(decoded[name][row])] for log, name in zip(logs, names, strict=True))
            assert own == pytest.approx(best, abs=1e-9)


def test_ties_go_to_the_first_in_codebook_order() -> None:
    flat = {name: np.full((1, len(values)), 1.0 / len(values)) for name, values in VALUES.items()}
    labels = _labels(DECODER.decode(flat), 0)
    assert (labels["voice"], labels["stage"], labels["realization"]) == ("igo", "none", "not_applicable")
    assert labels == _labels(DECODER.decode(flat), 0)
