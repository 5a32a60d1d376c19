"""Forward and backward passes of a Markov chain over ordered steps, for many sequences at once; nothing here knows what a step is.

Rabiner (1989), with scaling. When a step was first reached follows from the same passes, exactly and without drawing paths: the chance that the
chain has stayed below a step until a year is a forward pass over the states below it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Passed:
    """What the passes give; sequences first, then years, then states.

    Attributes:
        likelihood: logarithm of the likelihood of each sequence.
        state: probability of each state in each year, given all years.
        moves: expected moves from state to state, added up over the years of a sequence; sequences by states by states.
        below: probability that no state from s on has been entered by the end of a year, for s = 1, 2, ...; sequences, years, states less one.
        back: probability that a year's state is lower than that of the year before; 0 in the first.
    """

    likelihood: Floats
    state: Floats
    moves: Floats
    below: Floats
    back: Floats


def passes(evidence: Floats, start: Floats, transition: Floats, years: NDArray[np.int64], *, firsts: bool = True) -> Passed:
    """Return the posterior of hidden states.

    Args:
        evidence: logarithms of the likelihood of what was seen; sequences by years by states, zeros where nothing was seen.
        start: probabilities of the states in the first year.
        transition: from (rows) to (columns).
        years: how many years each sequence has; what comes after is not looked at.
        firsts: whether `below` is wanted.
    """
    number, length, states = evidence.shape
    top = evidence.max(axis=2, keepdims=True)
    seen = np.exp(evidence - top)
    inside = np.arange(length)[None, :] < years[:, None]
    forward, scale = np.empty_like(evidence), np.ones((number, length))
    now = start * seen[:, 0]
    for year in range(length):
        if year:
            now = (forward[:, year - 1] @ transition) * seen[:, year]
        scale[:, year] = now.sum(axis=1)
        forward[:, year] = now / scale[:, year, None]
    backward = np.ones_like(evidence)
    moves, back = np.zeros((number, states, states)), np.zeros((number, length))
    lower = np.tril(np.ones((states, states)), -1)
    for year in range(length - 2, -1, -1):
        after = seen[:, year + 1] * backward[:, year + 1] / scale[:, year + 1, None]
        step = forward[:, year, :, None] * transition * after[:, None, :]
        backward[:, year] = np.where(inside[:, year + 1, None], after @ transition.T, 1.0)
        step *= inside[:, year + 1, None, None]
        moves += step
        back[:, year + 1] = (step * lower).sum(axis=(1, 2))
    state = forward * backward
    state /= state.sum(axis=2, keepdims=True)
    below = np.zeros((number, length, states - 1))
    for first in range(1, states if firsts else 1):
        kept = (start * seen[:, 0])[:, :first] / scale[:, 0, None]
        for year in range(length):
            if year:
                kept = (kept @ transition[:first, :first]) * seen[:, year, :first] / scale[:, year, None]
            below[:, year, first - 1] = (kept * backward[:, year, :first]).sum(axis=1)
    likelihood = ((np.log(scale) + top[:, :, 0]) * inside).sum(axis=1)
    return Passed(likelihood, state, moves, np.clip(below, 0.0, 1.0), back)
