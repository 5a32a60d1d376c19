"""Measures of agreement between two codings of the same passages, on confusion matrices of counts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.reliability.coefficients import alpha_of, nominal, ordinal

Counts = NDArray[np.float64]
BINS = 10
"""Bins of equal width in which probabilities are compared with shares correct."""


@dataclass(frozen=True, slots=True)
class CategoryScore:
    """How well one category is found; `support` is how often it is in the codes, `intervals` holds the 95 % intervals of the figures
    over documents, None where a figure is not defined in any resample.
    """

    precision: float
    recall: float
    f1: float
    support: int
    predicted: int
    intervals: dict[str, tuple[float, float] | None] = field(default_factory=dict)


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


def krippendorff_alpha(confusion: Counts, *, is_ordinal: bool = False) -> Counts:
    """Return Krippendorff's alpha of two coders without missing values; see `models.reliability.coefficients.alpha_of`.

    Args:
        confusion: counts of shape (..., categories, categories), so that many resamples are done at once: one coder in rows and the other
            in columns; for the ordinal metric in the order of the scale.
        is_ordinal: whether to use the ordinal instead of the nominal metric.
    """
    return alpha_of(confusion + np.swapaxes(confusion, -1, -2), ordinal if is_ordinal else nominal)


def bins_of(confidence: Counts, bins: int = BINS) -> NDArray[np.intp]:
    """Return the bin of each probability, over bins of equal width between 0 and 1."""
    place: NDArray[np.intp] = np.minimum((confidence * bins).astype(np.intp), bins - 1)
    return place


def calibration_error(confidence: Counts, correct: NDArray[np.bool_], bins: int = BINS) -> float:
    """Return the expected calibration error: the mean gap between confidence and share correct, over bins of equal width.

    Args:
        confidence: probability of the prediction, shape (passages,).
        correct: whether the prediction was right, shape (passages,).
        bins: number of bins between 0 and 1.
    """
    if not len(confidence):
        return float("nan")
    gap = np.bincount(bins_of(confidence, bins), confidence - correct, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """One bin of a reliability diagram: how many labels, their mean probability, the share of them that is right."""

    n: int
    confidence: float
    correct: float


def reliability(confidence: Counts, correct: NDArray[np.bool_], bins: int = BINS) -> list[ReliabilityBin]:
    """Return the bins that hold a label, from the least to the most probable; arguments as for `calibration_error`."""
    place = bins_of(confidence, bins)
    counts = np.bincount(place, minlength=bins)
    sums, right = (np.bincount(place, one, minlength=bins) for one in (confidence, correct.astype(np.float64)))
    return [
        ReliabilityBin(int(counts[i]), float(sums[i] / counts[i]), float(right[i] / counts[i])) for i in np.flatnonzero(counts)
    ]
