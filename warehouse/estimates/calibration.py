"""Factors that set a dimension's probabilities right on the gold sample, and how well each is known: what every label draw multiplies by.

Probabilities p_k of a passage become p_k exp(b_k) / sum of p_j exp(b_j): an error of the logarithms that is the same in all countries is
undone. The b solve the equations of logistic regression, sum of weight * (code - probability) = 0 for every category, with weights
1 / inclusion probability; their variance is the sandwich over documents, and both are shrunk towards no change by a normal prior. To multiply
by the ratio of codes to probabilities would not do: what is nearly certain hardly moves, so what is doubtful must move by more than the
ratio. Categories are taken one by one; where there are two, their spread together is somewhat too wide.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CALIBRATION_SPREAD = 0.3
"""Prior standard deviation of a b."""

VERSION = 2
_STEPS = 500
_CLOSE = 1e-8


@dataclass(frozen=True, slots=True)
class Calibration:
    """Mean and standard deviation of the logarithm of each category's factor."""

    centre: Floats
    spread: Floats


def calibration_of(probabilities: Floats, code: Integers, weight: Floats, document: Integers) -> Calibration:
    """Return the calibration of one dimension; without gold passages the prior.

    Args:
        probabilities: of the gold passages; passages by categories.
        code: the number of the category that each was given.
        weight: 1 / inclusion probability.
        document: the cluster of each, any numbers.
    """
    categories = probabilities.shape[1]
    centre = np.zeros(categories)
    if len(code) == 0:
        return Calibration(centre, np.full(categories, CALIBRATION_SPREAD))
    typical = float(weight.mean())
    _, group = np.unique(document, return_inverse=True)
    right = np.zeros_like(probabilities)
    right[np.arange(len(code)), code] = 1
    prior = CALIBRATION_SPREAD**2
    for _ in range(_STEPS):
        found = probabilities * np.exp(centre)
        found /= np.maximum(found.sum(axis=1, keepdims=True), 1e-12)
        off = weight[:, None] * (right - found)
        by_document = np.zeros((int(group.max()) + 1, categories))
        np.add.at(by_document, group, off)
        # Half a passage of typical weight on both sides keeps a category that nobody coded from being ruled out.
        noise = (by_document**2).sum(axis=0) + typical**2 / 2
        slope = np.maximum((weight[:, None] * found * (1 - found)).sum(axis=0), 1e-12)
        pull = noise / (slope * prior)
        # Half a step: what one category gains others lose, and whole steps in all of them at once would overshoot.
        step = (off.sum(axis=0) - pull * centre) / (slope + pull) / 2
        centre = centre + step
        if np.abs(step).max() < _CLOSE:
            break
    return Calibration(centre, np.sqrt(1 / (slope**2 / noise + 1 / prior)))
