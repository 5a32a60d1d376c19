"""How a sample is spread: over strata, or over units in proportion to a measure of size."""

from __future__ import annotations

from typing import Literal

import numpy as np

from entente.errors import BadInput
from models.sampling.plans import Floats, Integers

Allocation = Literal["proportional", "equal", "neyman"]


def allocate(
    sizes: Integers, number: int, how: Allocation = "proportional", *, spread: Floats | None = None, least: int = 2
) -> Integers:
    """Return how many units to draw of each stratum.

    Args:
        sizes: units in each stratum, all above 0, shape (H,).
        number: units to draw in all.
        how: in proportion to size, the same number of each, or in proportion to size times spread (J. Neyman 1934).
        spread: standard deviation of the quantity in each stratum, shape (H,); for Neyman's allocation only.
        least: the least number of each stratum (all of a smaller stratum): two are needed for a variance.

    Raises:
        BadInput: when the number cannot be spread so.
    """
    lowest = np.minimum(sizes, least)
    if number > int(sizes.sum()):
        raise BadInput(f"{number} units cannot be drawn: the frame holds {int(sizes.sum())}. Draw fewer or widen the frame.")
    if number < int(lowest.sum()):
        raise BadInput(
            f"{number} units are too few for {len(sizes)} strata with {least} each ({int(lowest.sum())} are needed). "
            "Draw more, use fewer strata, or set a smaller least number."
        )
    if how == "equal":
        weight: Floats = np.ones(len(sizes), dtype=np.float64)
    elif how == "neyman":
        if spread is None:
            raise ValueError("Neyman's allocation needs the spread of each stratum")
        weight = np.asarray(sizes * np.maximum(spread, 1e-9), dtype=np.float64)
    else:
        weight = sizes.astype(np.float64)
    wished = _fill(weight, lowest.astype(np.float64), sizes.astype(np.float64), number)
    whole = np.floor(wished + 1e-9).astype(np.int64)
    missing = number - int(whole.sum())
    # The largest remainders first; a stratum that is full has none.
    room = np.where(whole < sizes, wished - whole, -1.0)
    whole[np.argsort(-room, kind="stable")[:missing]] += 1
    return whole


def _fill(weight: Floats, lowest: Floats, highest: Floats, number: int) -> Floats:
    """Return weights times one factor, cut at lowest and highest, such that they sum to `number`."""
    low, high = 0.0, float((highest / weight).max())
    for _step in range(200):
        middle = (low + high) / 2
        if np.clip(middle * weight, lowest, highest).sum() < number:
            low = middle
        else:
            high = middle
    return np.clip(high * weight, lowest, highest)


def proportional_probabilities(size: Floats, number: float) -> Floats:
    """Return inclusion probabilities in proportion to size, none above 1, that sum to `number`.

    Units whose share would be above 1 are taken for certain and the rest is shared out anew (Särndal et al. 1992, section 3.6.1).

    Args:
        size: above 0 for every unit, shape (N,).
        number: the expected size of the sample, at most N.

    Raises:
        BadInput: when `number` is larger than the frame.
    """
    if number > len(size):
        raise BadInput(f"{number:g} units cannot be drawn: the frame holds {len(size)}. Draw fewer or widen the frame.")
    certain = np.zeros(len(size), dtype=np.bool_)
    while True:
        left = number - certain.sum()
        total = float(size[~certain].sum())
        probability = np.where(certain, 1.0, size * (left / total) if total > 0 else 1.0)
        over = (probability > 1) & ~certain
        if not over.any():
            return np.asarray(probability, dtype=np.float64)
        certain |= over


def mixed_size(score: Floats, floor: float) -> Floats:
    """Return a measure of size that follows a score but leaves no unit out.

    A share `floor` of the sample is spread evenly over the frame, the rest in proportion to the score. So every unit's probability stays
    above 0 and its weight in estimates stays below 1 / floor times that of an even sample.

    Args:
        score: not negative, shape (N,).
        floor: above 0, at most 1.

    Raises:
        BadInput: when the floor is out of range.
    """
    if not 0 < floor <= 1:
        raise BadInput(
            f"A floor of {floor:g} is not allowed; it must be above 0 (or some passages could never be drawn) and at most 1."
        )
    mean = float(score.mean()) if len(score) else 0.0
    return np.full(len(score), 1.0) if mean <= 0 else floor + (1 - floor) * score / mean
