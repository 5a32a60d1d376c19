"""Predictions that do not fit the codebook of the warehouse are refused by name, whatever is wrong with them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from entente.errors import BadInput
from models.types import DimensionScore
from tests.warehouse.build import COLUMNS, MODEL, prediction
from warehouse.score_rows import score_table

GOOD = prediction("p1")
STAGE, MECHANISM = GOOD.dimensions["stage"], GOOD.dimensions["mechanism"]


def test_columns_hold_labels_probabilities_and_what_is_uncertain() -> None:
    unsure = replace(GOOD, passage_id="p2", familiar=False, dimensions=GOOD.dimensions | {"stage": replace(STAGE, certain=False)})
    made = score_table([GOOD, unsure], MODEL, {"p1": "d1", "p2": "d2"}, COLUMNS)
    assert made["document_id"] == ["d1", "d2"]
    assert made["is_familiar"] == [True, False]
    assert made["uncertain"] == [[], ["stage"]]
    assert made["mechanism"] == [["dialogue"], ["dialogue"]]
    assert list(made["p_stage__initiation"]) == pytest.approx([0.7, 0.7])


def test_the_order_in_which_a_model_names_dimensions_and_categories_changes_nothing() -> None:
    turned = {
        name: replace(score, probabilities=dict(reversed(score.probabilities.items())))
        for name, score in reversed(GOOD.dimensions.items())
    }
    plain = score_table([GOOD, GOOD], MODEL, {"p1": "d1"}, COLUMNS)
    other = score_table([GOOD, replace(GOOD, dimensions=turned)], MODEL, {"p1": "d1"}, COLUMNS)
    assert {name: list(values) for name, values in plain.items()} == {name: list(values) for name, values in other.items()}


@pytest.mark.parametrize(
    ("dimension", "score", "words"),
    [
        ("stage", DimensionScore("none", {"none": 1.0}), "categories of stage"),
        ("stage", DimensionScore("none", STAGE.probabilities | {"nirvana": 0.0}), "nirvana"),
        ("stage", DimensionScore(("none",), STAGE.probabilities), "does not fit stage"),
        ("mechanism", DimensionScore("dialogue", MECHANISM.probabilities), "does not fit mechanism"),
        ("mood", STAGE, "dimensions mood"),
    ],
)
def test_what_does_not_fit_is_named(dimension: str, score: DimensionScore, words: str) -> None:
    bad = replace(GOOD, dimensions=GOOD.dimensions | {dimension: score})
    with pytest.raises(BadInput, match=words):
        score_table([GOOD, bad], MODEL, {"p1": "d1"}, COLUMNS)


def test_a_score_by_another_model_is_refused() -> None:
    with pytest.raises(BadInput, match="by model other"):
        score_table([replace(GOOD, model_version="other")], MODEL, {"p1": "d1"}, COLUMNS)
