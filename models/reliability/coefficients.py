"""Krippendorff's alpha, Gwet's AC1 and percentage agreement for any number of coders with missing values.

Everything is computed from sums over documents, so that a bootstrap over documents is one matrix product. Sources: K. Krippendorff,
"Computing Krippendorff's Alpha-Reliability" (2011); K. L. Gwet, "Computing inter-rater reliability and its variance in the presence of
high agreement", British Journal of Mathematical and Statistical Psychology 61 (2008); R. Passonneau, "Measuring agreement on set-valued
items (MASI)", LREC 2006.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Distance = Callable[[Floats], Floats]
"""From marginals, shape (..., C), to squared differences between categories, shape (..., C, C) or (C, C)."""


@dataclass(frozen=True)
class Sums:
    """What the coefficients need of each document; all have the document as first axis.

    Attributes:
        coincidences: pairs of values within passages, each pair weighed by 1 / (values of the passage - 1), shape (D, C, C).
        agreement: the sum over passages of the share of their pairs that agree, shape (D,).
        paired: passages with two or more values, shape (D,).
        shares: the sum over passages of the share of each category among their values, shape (D, C).
        coded: passages with a value, shape (D,).
    """

    coincidences: Floats
    agreement: Floats
    paired: Floats
    shares: Floats
    coded: Floats

    def weighted(self, weights: Floats) -> Sums:
        """Return the sums of whole samples: weights of shape (B, D) say how often each document is in each sample."""
        documents, size = self.shares.shape
        flat = weights @ self.coincidences.reshape(documents, size * size)
        return Sums(
            flat.reshape(-1, size, size),
            weights @ self.agreement,
            weights @ self.paired,
            weights @ self.shares,
            weights @ self.coded,
        )


def sums_of(counts: Floats, document: NDArray[np.int64], documents: int) -> Sums:
    """Return the sums over the passages of each document.

    Args:
        counts: how many coders gave each category, shape (passages, C); 0 everywhere where nobody coded.
        document: the document of each passage, 0 to `documents` - 1, shape (passages,).
        documents: how many there are.
    """
    size = counts.shape[1]
    values = counts.sum(axis=1)
    paired = values > 1
    pairs = counts[:, :, None] * counts[:, None, :]
    pairs[:, np.arange(size), np.arange(size)] -= counts
    weight = np.where(paired, 1 / np.maximum(values - 1, 1), 0.0)
    agree = np.where(paired, (counts * (counts - 1)).sum(axis=1) / np.maximum(values * (values - 1), 1), 0.0)
    shares = counts / np.maximum(values, 1)[:, None]

    def per_document(what: Floats) -> Floats:
        total = np.zeros((documents, *what.shape[1:]))
        np.add.at(total, document, what)
        return total

    return Sums(
        per_document(pairs * weight[:, None, None]),
        per_document(agree),
        per_document(paired.astype(np.float64)),
        per_document(shares),
        per_document((values > 0).astype(np.float64)),
    )


def alpha(sums: Sums, distance: Distance) -> Floats:
    """Return Krippendorff's alpha, shape as the sums' first axis; see `alpha_of`."""
    return alpha_of(sums.coincidences, distance)


def alpha_of(coincidences: Floats, distance: Distance) -> Floats:
    """Return Krippendorff's alpha: 1 - (n - 1) * observed / expected disagreement over the coincidences of paired values.

    Args:
        coincidences: pairs of values, symmetric, shape (..., C, C); for an ordinal distance in the order of the scale.
        distance: squared differences between categories.

    Returns:
        Alpha, shape (...); nan where fewer than two values were paired or where all values are the same: there is nothing to be
        reliable about.
    """
    marginals = coincidences.sum(axis=-1)
    total = marginals.sum(axis=-1)
    difference = distance(marginals)
    observed = (coincidences * difference).sum(axis=(-2, -1))
    expected = (marginals[..., :, None] * marginals[..., None, :] * difference).sum(axis=(-2, -1))
    defined = expected > 1e-12
    result = np.where(defined, 1 - (total - 1) * observed / np.where(defined, expected, 1), np.nan)
    return np.asarray(result, dtype=np.float64)


def ac1(sums: Sums) -> Floats:
    """Return Gwet's AC1; nan where no passage has two values or the scale has one category."""
    size = sums.shares.shape[-1]
    if size < 2:
        return np.full(sums.paired.shape, np.nan)
    agreed = percentage(sums)
    share = sums.shares / np.maximum(sums.coded, 1)[..., None]
    chance = (share * (1 - share)).sum(axis=-1) / (size - 1)
    return np.asarray((agreed - chance) / (1 - chance), dtype=np.float64)


def percentage(sums: Sums) -> Floats:
    """Return the mean share of agreeing pairs over passages with two or more values; nan where there are none."""
    return np.asarray(np.where(sums.paired > 0, sums.agreement / np.maximum(sums.paired, 1), np.nan), dtype=np.float64)


def nominal(marginals: Floats) -> Floats:
    """Return 0 for the same category, 1 for another."""
    return np.asarray(1.0 - np.eye(marginals.shape[-1]))


def ordinal(marginals: Floats) -> Floats:
    """Return the squared sum of the marginals from one level to the other, the end points by half."""
    middle = np.cumsum(marginals, axis=-1) - marginals / 2
    return np.asarray((middle[..., :, None] - middle[..., None, :]) ** 2)


def masi(sets: Sequence[frozenset[str]]) -> Distance:
    """Return the MASI distance between sets: 1 - Jaccard's coefficient times 1, 2/3, 1/3 or 0 (equal, contained, overlapping, apart)."""
    table = np.array([[_masi(one, other) for other in sets] for one in sets])

    def distance(marginals: Floats) -> Floats:
        return table

    return distance


def _masi(one: frozenset[str], other: frozenset[str]) -> float:
    if one == other:
        return 0.0
    shared = len(one & other)
    if not shared:
        return 1.0
    return 1 - shared / len(one | other) * (2 / 3 if one < other or other < one else 1 / 3)
