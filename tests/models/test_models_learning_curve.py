"""Learning curves: a power law is found again, what it foretells comes true, and nothing is said from too little."""

from __future__ import annotations

import numpy as np
import pytest

from models.learning_curve import ENOUGH_PASSAGES, judge, learning_curve, power_law
from models.ngram_heads import NOT_CODED


def passages(number: int, apart: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return passages of three categories in 60 directions, their categories and documents of six passages."""
    rng = np.random.default_rng(seed)
    means = np.random.default_rng(99).normal(0, 1, (3, 60))
    codes = rng.integers(0, 3, number)
    features = apart * means[codes] / np.sqrt(60) + rng.normal(0, 1, (number, 60)) / np.sqrt(60) * 4
    return features, codes, [f"d{n // 6}" for n in range(number)]


def test_a_power_law_is_found_again() -> None:
    sizes = np.array([100.0, 200.0, 400.0, 800.0, 1600.0])
    law = power_law(sizes, 0.2 + 3 * sizes**-0.5)
    assert law.error(3200) == pytest.approx(0.2 + 3 * 3200**-0.5, abs=0.003)
    flat = power_law(sizes, np.full(5, 0.3))
    assert flat.error(1e6) == pytest.approx(0.3)
    assert power_law(sizes, 0.9 * sizes**-0.3).floor == pytest.approx(0, abs=0.02)


def test_what_the_curve_foretells_comes_true() -> None:
    features, codes, documents = passages(1800, 0.8)
    half = 750
    early = learning_curve(features[:half], codes[:half], 3, documents[:half], 600, 0.01)
    late = learning_curve(features, codes, 3, documents, 100, 0.01)
    assert early.law is not None
    for size, score in zip(late.sizes, late.scores, strict=True):
        if size > half:
            assert 1 - early.law.error(size) == pytest.approx(score, abs=0.03)


def test_a_curve_that_still_rises_says_go_on() -> None:
    features, codes, documents = passages(600, 0.8)
    found = learning_curve(features, codes, 3, documents, 300, 0.01)
    assert found.verdict == "go on"
    assert found.scores[-1] > found.scores[0]


def test_a_curve_that_has_flattened_says_stop() -> None:
    features, codes, documents = passages(1200, 40.0)
    found = learning_curve(features, codes, 3, documents, 100, 0.01)
    assert found.verdict == "stop"
    assert found.scores[-1] > 0.95


def test_too_few_codes_say_nothing() -> None:
    features, codes, documents = passages(ENOUGH_PASSAGES + 60, 3.0)
    hidden = np.where(np.arange(len(codes)) < 100, NOT_CODED, codes)
    few = learning_curve(features, hidden, 3, documents, 100, 0.01)
    assert (few.verdict, few.passages, few.law) == ("cannot tell yet", len(codes) - 100, None)
    assert "a curve needs" in few.reason
    one_document = learning_curve(features, codes, 3, ["d"] * len(codes), 100, 0.01)
    assert one_document.verdict == "cannot tell yet"
    same = learning_curve(features, np.zeros(len(codes), np.int64), 3, documents, 100, 0.01)
    assert "all codes are the same" in same.reason


@pytest.mark.parametrize(
    ("gain", "low", "high", "verdict"),
    [
        (0.002, 0.0, 0.005, "stop"),
        (0.02, 0.01, 0.03, "go on"),
        (0.008, 0.0, 0.03, "cannot tell yet"),
        (0.02, 0.0, 0.05, "cannot tell yet"),
    ],
)
def test_the_rule(gain: float, low: float, high: float, verdict: str) -> None:
    assert judge(gain, low, high, 100, 0.01)[0] == verdict
