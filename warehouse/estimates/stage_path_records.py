"""What the ordered-step model is given and what it learns, as plain records, with the little that follows from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

STATES = 5
CLASSES = 2 * STATES
"""Of evidence: each step realized, then each step negated."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Documents, one entry each.

    Attributes:
        pair: the organization and country, numbered from 0 without gaps.
        year: years since the pair's first document.
        counts: sums of probabilities of the classes; documents by `CLASSES`.
        genuine: which part of these sums comes of passages that are evidence, the rest of others that the model mistakes; 0 to 1.
        confusion: the mix of sums that passages of a class lead to; rows add up to 1, the last row is that of passages that are no evidence.
    """

    pair: Integers
    year: Integers
    counts: Floats
    genuine: Floats
    confusion: Floats


@dataclass(frozen=True, slots=True)
class Parameters:
    """What all pairs share.

    Attributes:
        start: probabilities of the states in the first year.
        transition: from year to year.
        mix: of evidence in each state; states by classes.
        within, between: variance of a document's sums against that of independent codes: of one passage, and of each further one.
        spread: standard deviation of the effects of a pair on the logarithms of its mix.
    """

    start: Floats
    transition: Floats
    mix: Floats
    within: float
    between: float
    spread: float


def years_of(evidence: Evidence) -> Integers:
    """Return how many years each pair has, from its first document to its last."""
    years = np.zeros(int(evidence.pair.max()) + 1 if len(evidence.pair) else 0, np.int64)
    np.maximum.at(years, evidence.pair, evidence.year + 1)
    return years


def effective(evidence: Evidence, known: Parameters) -> Floats:
    """Return by how much the sums of each document are to be multiplied to count as independent codes."""
    total = evidence.counts.sum(axis=1)
    return np.asarray(1 / (known.within + known.between * np.maximum(total - 1, 0.0)), np.float64)


def expected_mix(evidence: Evidence, known: Parameters) -> Floats:
    """The mix of sums that each state leads to, by document: documents by states by classes."""
    true = known.mix @ evidence.confusion[:CLASSES]
    part = evidence.genuine[:, None, None]
    return np.asarray(part * true[None] + (1 - part) * evidence.confusion[CLASSES][None, None], np.float64)
