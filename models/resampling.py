"""Bootstrap over documents: how far figures would differ with other documents of the same kind.

Documents are resampled, not passages: passages of one report resemble each other, and taking them as independent would make the intervals
too narrow (A. C. Davison and D. V. Hinkley, Bootstrap Methods and their Application, 1997, section 3.8). Intervals hold the middle 95 % of
the figures of all resamples.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.agreement import Counts, bins_of

RESAMPLES = 1000
_DRAWS = 300
Interval = tuple[float, float]


def document_weights(documents: Sequence[str], seed: int, resamples: int = RESAMPLES) -> tuple[NDArray[np.intp], Counts]:
    """Return the number of each passage's document, and how often each document is in each resample, shape (resamples, documents)."""
    names, numbers = np.unique(np.array(documents), return_inverse=True)
    return numbers.astype(np.intp), resample_weights(len(names), seed, resamples)


def resample_weights(count: int, seed: int, resamples: int = RESAMPLES) -> Counts:
    """Return how often each of `count` documents is in each resample, shape (resamples, count)."""
    if not count:
        return np.zeros((resamples, 0))
    rng = np.random.default_rng(seed)
    return rng.multinomial(count, np.full(count, 1.0 / count), size=resamples).astype(np.float64)


def interval(values: Counts) -> Interval | None:
    """Return the middle 95 % of the defined values; None when none is."""
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


def shares(right: NDArray[np.bool_], documents: NDArray[np.intp], weights: Counts) -> Counts:
    """Return the share of passages for which something holds, in each resample."""
    count = weights.shape[1]
    return _ratio(
        weights @ np.bincount(documents, right.astype(np.float64), count), weights @ np.bincount(documents, minlength=count)
    )


def calibration_errors(confidence: Counts, correct: NDArray[np.bool_], documents: NDArray[np.intp], weights: Counts) -> Counts:
    """Return the expected calibration error in each resample; see `models.agreement.calibration_error`."""
    count = weights.shape[1]
    place = bins_of(confidence)
    gaps = np.zeros((count, int(place.max(initial=0)) + 1))
    np.add.at(gaps, (documents, place), confidence - correct)
    return _ratio(np.abs(weights @ gaps).sum(axis=1), weights @ np.bincount(documents, minlength=count))


def calibration_by_chance(probability: Counts, seed: int) -> float:
    """Return the calibration error that chance alone gives as many labels whose probabilities are exactly right.

    With few passages no model shows an error near zero: what is measured is to be read beside this. Labels are drawn independently of each
    other, which those of one document are not, so chance may give more still.

    Args:
        probability: of each label, shape (labels,).
        seed: of the draws.
    """
    if not len(probability):
        return float("nan")
    rng = np.random.default_rng(seed)
    place = bins_of(probability)
    drawn = []
    for _ in range(_DRAWS):
        gaps = np.bincount(place, probability - (rng.random(len(probability)) < probability))
        drawn.append(float(np.abs(gaps).sum()) / len(probability))
    return float(np.mean(drawn))


def category_ratios(confusions: Counts) -> dict[str, Counts]:
    """Return precision, recall and F1 of each category from confusion matrices of shape (..., categories, categories); nan without cases."""
    hits = np.diagonal(confusions, axis1=-2, axis2=-1)
    support, predicted = confusions.sum(axis=-1), confusions.sum(axis=-2)
    return {"precision": _ratio(hits, predicted), "recall": _ratio(hits, support), "f1": _ratio(2 * hits, support + predicted)}


def _ratio(part: Counts, whole: Counts) -> Counts:
    result: Counts = np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)
    return result
