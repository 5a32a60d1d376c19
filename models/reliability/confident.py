"""Confident learning: which codes are likely mistakes, given probabilities by a model that has not learned from them.

C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", Journal of Artificial Intelligence
Research 70 (2021), sections 3.1 to 3.3: a category's threshold is the mean probability of it over the codes that are it; a code counts as
another category where that one is above its threshold, and the most probable of those that are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Confident:
    """What confident learning says of codes.

    Attributes:
        suggested: for each code the category that it counts as: its own where nothing speaks against it, shape (codes,).
        margin: normalized margin, the probability of the code minus the highest of the others: the lower, the more doubtful.
        adjusted_margin: the same with every probability held against its category's threshold: where categories are as unequal as the yes
            and no of a rare one, plain margins would put every yes at the head (J. Kuan and J. Mueller, "Model-agnostic label quality
            scoring to detect real-world label errors", ICML DataPerf workshop, 2022).
        joint: estimated share of passages by code (rows) and true category (columns), shape (categories, categories); sums to 1.
    """

    suggested: Integers
    margin: Floats
    adjusted_margin: Floats
    joint: Floats

    @property
    def doubtful(self) -> NDArray[np.bool_]:
        """Which codes count as another category."""
        return np.asarray(self.suggested != self._given)

    _given: Integers

    @property
    def mistaken_share(self) -> float:
        """The estimated share of codes that are mistakes."""
        return float(1 - np.trace(self.joint))


def confident_learning(probabilities: Floats, codes: Integers) -> Confident:
    """Hold codes against out-of-fold probabilities.

    Args:
        probabilities: of each category, by a model that has not learned from the code, shape (codes, categories).
        codes: the category of each, 0 to categories - 1.
    """
    number, categories = probabilities.shape
    counts = np.bincount(codes, minlength=categories).astype(np.float64)
    own = probabilities[np.arange(number), codes]
    # A category that nobody gave has no threshold, and cannot be suggested.
    threshold = np.where(counts > 0, np.bincount(codes, own, categories) / np.maximum(counts, 1), np.inf)
    above = np.where(probabilities >= threshold - 1e-12, probabilities, -1.0)
    best = above.argmax(axis=1)
    suggested = np.where(above.max(axis=1) > 0, best, codes)
    over = np.where(counts > 0, probabilities - np.where(counts > 0, threshold, 0.0), -1.0)
    mine = over[np.arange(number), codes]
    others = probabilities.copy()
    for values in (over, others):
        values[np.arange(number), codes] = -np.inf
    confident = above.max(axis=1) > 0
    joint = np.zeros((categories, categories))
    np.add.at(joint, (codes[confident], best[confident]), 1.0)
    # Each row to the number of codes it stands for (equation 3 of the paper); a category without a confident code counts as right.
    rows = joint.sum(axis=1)
    joint = np.where(rows[:, None] > 0, joint / np.maximum(rows, 1)[:, None] * counts[:, None], np.diag(counts))
    return Confident(
        suggested.astype(np.int64), own - others.max(axis=1), mine - over.max(axis=1), joint / max(joint.sum(), 1), codes
    )
