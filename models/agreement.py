"""Measures of agreement between two codings of the same passages, on confusion matrices of counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CategoryScore:
    """How well one category is found; `support` is how often it is in the codes."""

    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


def two_digits(value: float | None) -> str:
    """Return a figure for a table; a dash where it is not defined."""
    return "-" if value is None else f"{value:.2f}"


def category_scores(confusion: Counts) -> list[CategoryScore]:
    """Return precision, recall and F1 of each category from a confusion matrix (codes in rows, predictions in columns).

    A ratio without cases is 0.
    """
    hits = confusion.diagonal()
    support, predicted = confusion.sum(axis=1), confusion.sum(axis=0)
    scores = []
    for hit, gold, given in zip(hits, support, predicted, strict=True):
        precision, recall = (float(hit / given) if given else 0.0), (float(hit / gold) if gold else 0.0)
        f1 = float(2 * hit / (gold + given)) if gold + given else 0.0
        scores.append(CategoryScore(precision, recall, f1, int(gold), int(given)))
    return scores


def macro_f1(confusion: Counts) -> Counts:
    """Return the mean F1 over the categories that occur in codes or predictions.

    Args:
        confusion: shape (..., categories, categories), so that many resamples are done at once. The result has shape (...); it is nan
            where nothing was counted.
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    size = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    occurs = size > 0
    f1 = np.where(occurs, 2 * hits / np.where(occurs, size, 1), 0.0)
    count = occurs.sum(axis=-1)
    result: Counts = np.where(count > 0, f1.sum(axis=-1) / np.maximum(count, 1), np.nan)
    return result


def krippendorff_alpha(confusion: Counts, *, ordinal: bool = False) -> float:
    """Return Krippendorff's alpha of two coders without missing values.

    Alpha is 1 - (n - 1) * observed / expected disagreement over the coincidences of paired values; see K. Krippendorff, Content
    Analysis (4th ed. 2019), chapter 12. The ordinal metric is the squared sum of the marginals from one value to the other, the end
    points by half.

    Args:
        confusion: counts of shape (categories, categories), one coder in rows and the other in columns; for the ordinal metric in the
            order of the scale.
        ordinal: whether to use the ordinal instead of the nominal metric.

    Returns:
        Alpha; nan when fewer than two values were paired or all values are the same, where it is not defined.
    """
    coincidences = confusion + confusion.T
    marginals = coincidences.sum(axis=1)
    total = float(marginals.sum())
    size = len(marginals)
    if ordinal:
        below = np.cumsum(marginals) - marginals / 2
        distance = (below[:, None] - below[None, :]) ** 2
    else:
        distance = 1.0 - np.eye(size)
    expected = float((np.outer(marginals, marginals) * distance).sum())
    if total < 2 or expected == 0:
        return float("nan")
    return 1.0 - (total - 1) * float((coincidences * distance).sum()) / expected


def calibration_error(confidence: Counts, correct: NDArray[np.bool_], bins: int = 10) -> float:
    """Return the expected calibration error: the mean gap between confidence and share correct, over bins of equal width.

    Args:
        confidence: probability of the prediction, shape (passages,).
        correct: whether the prediction was right, shape (passages,).
        bins: number of bins between 0 and 1.
    """
    if not len(confidence):
        return float("nan")
    place = np.minimum((confidence * bins).astype(np.intp), bins - 1)
    gap = np.bincount(place, confidence, minlength=bins) - np.bincount(place, correct.astype(np.float64), minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))
