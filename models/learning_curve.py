"""Do more codes still change the model? Quick heads learn from growing shares of the documents, and a power law says what the next codes add.

Error = 1 - macro F1 on held-out documents; error(n) = a + b n^-c, larger n counting more, as the curve is to be followed beyond its end
(C. Cortes et al., "Learning curves: asymptotic values and rate of convergence", NIPS 6, 1993; R. L. Figueroa et al., "Predicting sample size
required for classification performance", BMC Medical Informatics and Decision Making 12:8, 2012). Intervals: bootstrap over documents and
over repeats with other folds and other documents, the law fitted anew each time. The heads are those of `models.ngram_heads`, not the
fine-tuned model, which starts higher and may flatten earlier or later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from models.ngram_heads import NOT_CODED, Floats, Integers, fitted_probabilities
from models.resampling import document_weights, interval
from models.splits import group_folds

Verdict = Literal["stop", "go on", "cannot tell yet"]
ENOUGH_PASSAGES = 200
ENOUGH_DOCUMENTS = 20
SHARES = (0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
FOLDS = 5
REPEATS = 3
RESAMPLES = 200
_POWERS = np.linspace(0.05, 1.5, 30)


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """error(n) = floor + scale n^-power, none below 0."""

    floor: float
    scale: float
    power: float

    def error(self, number: float) -> float:
        """Return the error after so many passages."""
        return self.floor + self.scale / float(number**self.power)


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """What was learned from how much, and what the next codes are expected to add.

    Attributes:
        passages: coded passages there are.
        sizes: mean number of passages learned from, one entry a point.
        scores: macro F1 on held-out documents, one entry a point.
        law: the power law; None where too little is coded.
        gain: expected gain of macro F1 from the next codes, with its 95 % interval in `low` and `high`; None without a law.
        verdict, reason: whether to go on, and why.
    """

    passages: int
    sizes: tuple[float, ...]
    scores: tuple[float, ...]
    law: PowerLaw | None
    gain: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    reason: str


def learning_curve(
    features: Floats, codes: Integers, categories: int, documents: Sequence[str], following: int, least_gain: float, seed: int = 0
) -> LearningCurve:
    """Return the learning curve of one dimension.

    Args:
        features: of the passages, shape (passages, width); see `models.ngram_heads.ngram_features`.
        codes: the category of each; `NOT_CODED` where there is none.
        categories: how many there are.
        documents: the document of each passage; documents are drawn, learned from and held out whole.
        following: how many further codes are thought of.
        least_gain: the gain of macro F1 below which they are not worth it.
        seed: of folds, shares and resamples.
    """
    coded = np.flatnonzero(codes != NOT_CODED)
    features, codes = features[coded], codes[coded]
    names = [documents[int(n)] for n in coded]
    number = len(codes)
    if number < ENOUGH_PASSAGES or len(set(names)) < ENOUGH_DOCUMENTS:
        told = (
            f"{number} passages of {len(set(names))} documents are coded; a curve needs {ENOUGH_PASSAGES} of {ENOUGH_DOCUMENTS}"
        )
        return _unknown(number, told)
    if len(np.unique(codes)) < 2:
        return _unknown(number, "all codes are the same: there is nothing to tell apart")
    sizes, guesses = _predictions(features, codes, categories, names, seed)
    place, weights = document_weights(names, seed, RESAMPLES)
    whole = _errors(codes, guesses, categories, np.ones((1, weights.shape[1])), place).mean(axis=0)[0]
    again = np.random.default_rng(seed).multinomial(REPEATS, np.full(REPEATS, 1 / REPEATS), size=RESAMPLES) / REPEATS
    drawn = np.einsum("br,rbp->bp", again, _errors(codes, guesses, categories, weights, place))
    law = power_law(sizes, whole)
    gain = law.error(number) - law.error(number + following)
    gains = np.array([one.error(number) - one.error(number + following) for one in (power_law(sizes, row) for row in drawn)])
    low, high = interval(gains) or (0.0, 1.0)
    verdict, reason = judge(gain, low, high, following, least_gain)
    return LearningCurve(
        number, tuple(map(float, sizes)), tuple(float(1 - one) for one in whole), law, gain, low, high, verdict, reason
    )


def judge(gain: float, low: float, high: float, following: int, least_gain: float) -> tuple[Verdict, str]:
    """Return whether to go on, and why, from the expected gain and its interval."""
    told = f"the next {following} codes are expected to add {gain:.3f} to macro F1 (95 %: {low:.3f} to {high:.3f})"
    if high < least_gain:
        return "stop", f"{told}, surely less than {least_gain:g}"
    if gain >= least_gain and low > 0:
        return "go on", f"{told}, at least {least_gain:g}"
    return "cannot tell yet", f"{told}; {least_gain:g} may or may not be reached"


def power_law(sizes: Floats, errors: Floats) -> PowerLaw:
    """Return the power law through points, by least squares weighted by size, neither floor nor scale below 0.

    Args:
        sizes: passages learned from, ascending, shape (points,).
        errors: the error after each, shape (points,).
    """
    w = sizes / sizes.sum()
    x = sizes[None, :] ** -_POWERS[:, None]
    mean_x, mean_y = (w * x).sum(axis=1), float((w * errors).sum())
    spread = (w * (x - mean_x[:, None]) ** 2).sum(axis=1)
    scale = np.maximum((w * (x - mean_x[:, None]) * (errors - mean_y)).sum(axis=1) / spread, 0.0)
    floor = mean_y - scale * mean_x
    # Where the best floor would be negative the curve goes to 0 at last, and only the scale is free.
    through = (w * x * errors).sum(axis=1) / (w * x * x).sum(axis=1)
    scale, floor = np.where(floor < 0, through, scale), np.maximum(floor, 0.0)
    best = int(((w * (floor[:, None] + scale[:, None] * x - errors) ** 2).sum(axis=1)).argmin())
    return PowerLaw(float(floor[best]), float(scale[best]), float(_POWERS[best]))


def _unknown(number: int, reason: str) -> LearningCurve:
    return LearningCurve(number, (), (), None, None, None, None, "cannot tell yet", reason)


def _predictions(
    features: Floats, codes: Integers, categories: int, documents: Sequence[str], seed: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Return the mean sizes of the points, and what was said of each held-out passage, shape (repeats, points, passages)."""
    _names, place = np.unique(np.array(documents), return_inverse=True)
    guesses = np.zeros((REPEATS, len(SHARES), len(codes)), dtype=np.int64)
    sizes = np.zeros(len(SHARES))
    for repeat in range(REPEATS):
        rng = np.random.default_rng([seed, repeat])
        for train, test in group_folds(documents, seed + repeat, FOLDS):
            ranked = rng.permutation(np.unique(place[train]))
            for point, share in enumerate(SHARES):
                chosen = ranked[: max(2, round(share * len(ranked)))]
                own = train[np.isin(place[train], chosen)]
                sizes[point] += len(own)
                guesses[repeat, point, test] = fitted_probabilities(features[own], codes[own], categories, features[test]).argmax(
                    1
                )
    return sizes / (REPEATS * FOLDS), guesses


def _errors(
    codes: Integers, guesses: NDArray[np.int64], categories: int, weights: Floats, place: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return 1 - macro F1 of each repeat in each resample of documents, shape (repeats, resamples, points)."""
    repeats, points, _number = guesses.shape
    errors = np.zeros((repeats, len(weights), points))
    documents = weights.shape[1]
    for point in range(points):
        for repeat in range(repeats):
            said = guesses[repeat, point]
            scores = np.full((categories, len(weights)), np.nan)
            for category in range(categories):
                mine, right = said == category, codes == category
                hits = weights @ np.bincount(place, mine & right, documents)
                either = weights @ (np.bincount(place, mine, documents) + np.bincount(place, right, documents))
                np.divide(2 * hits, either, out=scores[category], where=either > 0)
            errors[repeat, :, point] = 1 - np.nanmean(scores, axis=0)
    return errors
