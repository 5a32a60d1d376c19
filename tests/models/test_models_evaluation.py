"""The figures of an evaluation, against hand calculation and scikit-learn."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from models.agreement import calibration_error, category_scores, krippendorff_alpha, macro_f1
from models.annotations import INVENTED_FILES, AnnotatedPassage, read_invented
from models.codebook import Codebook, load_codebook
from models.evaluation import compare
from models.resampling import calibration_by_chance
from models.types import DimensionScore, Prediction

CODEBOOK: Codebook = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")


def _confusion(gold: list[int], given_: list[int], size: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    counts = np.zeros((size, size))
    np.add.at(counts, (gold, given_), 1.0)
    return counts


def test_alpha_on_a_worked_example() -> None:
    # Two coders, ten units, values 0 and 1: four times both 0, three times both 1, three times apart.
    confusion = _confusion([0, 0, 0, 0, 1, 1, 1, 0, 0, 1], [0, 0, 0, 0, 1, 1, 1, 1, 1, 0], 2)
    # 20 paired values, 11 zeros and 9 ones; observed disagreement 6/20, expected 2 * 11 * 9 / (20 * 19).
    assert krippendorff_alpha(confusion) == pytest.approx(1 - (6 / 20) / (2 * 11 * 9 / (20 * 19)))


def test_ordinal_alpha_forgives_neighbours_more_than_strangers() -> None:
    near = _confusion([0, 1, 2, 3, 0, 1, 2, 3], [0, 1, 2, 3, 1, 2, 3, 2], 4)
    far = _confusion([0, 1, 2, 3, 0, 1, 2, 3], [0, 1, 2, 3, 3, 3, 0, 0], 4)
    assert krippendorff_alpha(near, is_ordinal=True) > krippendorff_alpha(near) > 0
    assert krippendorff_alpha(far, is_ordinal=True) < krippendorff_alpha(far)


def test_alpha_is_not_defined_without_variation() -> None:
    assert math.isnan(krippendorff_alpha(_confusion([1, 1], [1, 1], 3)))


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_macro_f1_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    gold, given_ = [a for a, _ in pairs], [b for _, b in pairs]
    own = float(macro_f1(_confusion(gold, given_, 4)))
    assert own == pytest.approx(f1_score(gold, given_, average="macro", labels=sorted({*gold, *given_})))


def test_category_scores() -> None:
    first, second, third = category_scores(_confusion([0, 0, 0, 1], [0, 0, 1, 1], 3))
    assert [first.precision, first.recall, first.f1] == pytest.approx([1.0, 2 / 3, 0.8])
    assert (second.precision, second.recall, second.support, second.predicted) == (0.5, 1.0, 1, 2)
    assert (third.f1, third.support) == (0.0, 0)


def test_calibration_error_of_the_sure_and_the_honest() -> None:
    right = np.array([True, False] * 50)
    assert calibration_error(np.full(100, 0.5), right) == pytest.approx(0.0)
    assert calibration_error(np.full(100, 1.0), right) == pytest.approx(0.5)


def test_a_calibrated_model_shows_on_average_the_error_that_chance_gives() -> None:
    rng = np.random.default_rng(3)
    probability = rng.uniform(0.3, 1.0, 200)
    shown = [calibration_error(probability, rng.random(200) < probability) for _ in range(400)]
    assert calibration_by_chance(probability, 0) == pytest.approx(float(np.mean(shown)), abs=0.004)
    assert calibration_by_chance(np.repeat(probability, 50), 0) < 0.02, "with many labels chance gives little"
    assert calibration_by_chance(np.ones(10), 0) == 0.0


def _told(one: AnnotatedPassage, *, wrong: bool = False) -> Prediction:
    """A prediction that gives the codes with certainty, or for `wrong` another stage."""
    scores = {}
    for dimension in CODEBOOK.trained_dimensions:
        label = one.labels[dimension.id]
        if wrong and dimension.id == "stage":
            label = "compliance" if label != "compliance" else "none"
        chosen = label if isinstance(label, tuple) else (label,)
        scores[dimension.id] = DimensionScore(label, {name: float(name in chosen) for name in dimension.category_ids})
    return Prediction(one.passage.passage_id, "m", scores)


def test_a_perfect_model_has_perfect_figures_and_the_report_says_so() -> None:
    annotated = read_invented(CODEBOOK, INVENTED_FILES[:1])
    report = compare([_told(one) for one in annotated], annotated, CODEBOOK)
    for one in report.dimensions.values():
        assert one.macro_f1 == one.accuracy == 1.0
        assert one.interval == (1.0, 1.0)
        assert one.alpha == pytest.approx(1.0)
        assert one.calibration_error == one.calibration_by_chance == 0.0
        assert one.majority_f1 is not None
        assert one.majority_f1 < 0.5
    assert "| stage | 356 | 1.00 | 1.00 to 1.00 |" in report.as_markdown()
    assert report.as_dict()["dimensions"]["mode"]["categories"]["verbal"]["support"] == 146


def test_errors_in_one_report_widen_the_interval_more_than_the_same_errors_spread_out() -> None:
    annotated = sorted(read_invented(CODEBOOK, INVENTED_FILES[:1]), key=lambda one: one.document)
    count = 36
    bunched = [_told(one, wrong=i < count) for i, one in enumerate(annotated)]
    spread = [_told(one, wrong=i % (len(annotated) // count) == 0) for i, one in enumerate(annotated)]

    def width(predictions: list[Prediction]) -> float:
        low, high = compare(predictions, annotated, CODEBOOK).dimensions["stage"].interval
        return high - low

    assert width(bunched) > 1.2 * width(spread)
