"""From sums by document and gold passages to the evidence of the ordered-step model: errors of the classifier, and how much is background."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from warehouse.estimates.stage_path_records import CLASSES, Evidence

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

PRIOR_PASSAGES = 10.0
"""Gold passages that the model's own account of its errors is worth, for each class."""


def confusion_of(probabilities: Floats, code: Integers, weight: Floats, shares: Floats) -> Floats:
    """Return the mean probabilities of the classes over passages whose true class is known, shrunk to what the model itself leads one to expect.

    Args:
        probabilities: of the classes and of no evidence (the last column); gold passages by `CLASSES` + 1.
        code: the true class of each, `CLASSES` for no evidence.
        weight: 1 / inclusion probability.
        shares: mean probabilities over all passages; what is expected without gold passages is made of these.

    Returns:
        True class by class, rows adding up to 1.
    """
    number = CLASSES + 1
    scale = weight / weight.mean() if len(weight) else weight
    # A calibrated model gives passages of class c the mean E[p_c p] / E[p_c]. Without passages: right half of the time.
    expected = (probabilities * scale[:, None]).T @ probabilities + PRIOR_PASSAGES * shares[:, None] * (
        0.5 * np.eye(number) + 0.5 * shares[None, :]
    )
    expected /= expected.sum(axis=1, keepdims=True)
    found = np.zeros((number, number))
    np.add.at(found, code, probabilities * scale[:, None])
    counted = np.bincount(code, scale, number)
    return (found + PRIOR_PASSAGES * expected) / (counted + PRIOR_PASSAGES)[:, None]


def evidence_of(pair: Integers, year: Integers, counts: Floats, passages: Floats, confusion: Floats) -> Evidence:
    """Return the evidence of documents.

    Args:
        pair, year: as in `Evidence`.
        counts: sums of the probabilities of the classes; documents by `CLASSES`.
        passages: all passages of each document.
        confusion: of `confusion_of`.
    """
    recognised = confusion[:CLASSES, :CLASSES].sum(axis=1)
    background = float(confusion[CLASSES, :CLASSES].sum())
    total = counts.sum(axis=1)
    typical = float(recognised @ counts.sum(axis=0) / max(float(counts.sum()), 1e-9)) if len(counts) else 1.0
    share = np.clip((total / np.maximum(passages, 1) - background) / max(typical - background, 0.05), 0.0, 1.0)
    genuine = np.clip(share * typical * passages / np.maximum(total, 1e-9), 0.02, 1.0)
    within = confusion[:, :CLASSES] / confusion[:, :CLASSES].sum(axis=1, keepdims=True)
    return Evidence(pair, year, np.maximum(counts, 0.0), genuine, within)
