"""Joint decoding: the most probable combination of labels that the codebook's constraints allow.

The heads give calibrated probabilities dimension by dimension; taking each one's best value on its own would publish rows that
contradict themselves (a neutral stance with a mode). Dimensions tied by constraints form groups; within a group all combinations are
enumerated once, the forbidden ones dropped, and the combination with the largest product of probabilities wins. This is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from models.codebook import Codebook
from models.constraints import CONSTRAINTS, violations

_ROWS_AT_ONCE = 2048
_MOST_COMBINATIONS = 200_000


class Decoder:
    """Finds the best consistent labels of the single-label and ordinal trained dimensions of one codebook."""

    def __init__(self, codebook: Codebook, offsets: Mapping[str, Mapping[str, float]] | None = None) -> None:
        """Prepare for a codebook; `offsets` are added to the log-probabilities of the categories that they name (see `models.offsets`)."""
        self._values = {d.id: d.category_ids for d in codebook.trained_dimensions if d.kind != "multi"}
        self.groups: tuple[tuple[str, ...], ...] = _tied_dimensions(tuple(self._values), codebook.constraint_ids)
        self._allowed = {
            group: _allowed_combinations(group, tuple(self._values[name] for name in group), tuple(codebook.constraint_ids))
            for group in self.groups
        }
        self._more = {group: self._group_offsets(group, offsets or {}) for group in self.groups}

    def _group_offsets(self, group: tuple[str, ...], offsets: Mapping[str, Mapping[str, float]]) -> NDArray[np.float64]:
        """Return what is added to the log-probability of each allowed combination of a group."""
        total = np.zeros(len(self._allowed[group]))
        for column, name in enumerate(group):
            own = np.array([offsets.get(name, {}).get(value, 0.0) for value in self._values[name]])
            total += own[self._allowed[group][:, column]]
        return total

    def margins(self, probabilities: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return by how much the best combination of any group leads over the next (in log-probability), the least of them a passage."""
        least = np.full(len(next(iter(probabilities.values()))), np.inf)
        for group in self.groups:
            scores = log_scores(self._allowed[group], [probabilities[name] for name in group]) + self._more[group]
            if scores.shape[1] > 1:
                top = np.partition(scores, -2, axis=1)[:, -2:]
                least = np.minimum(least, top[:, 1] - top[:, 0])
        return least

    def decode(self, probabilities: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.intp]]:
        """Return the best consistent category index of each passage and dimension.

        Args:
            probabilities: for each single-label or ordinal trained dimension an array of shape (passages, categories) in the order of
                `Dimension.category_ids`; further dimensions are ignored.

        Returns:
            For each dimension an array of shape (passages,). Among equally probable combinations the first in codebook order wins, so
            a passage's labels never depend on chance or on its neighbours in the batch.
        """
        labels: dict[str, NDArray[np.intp]] = {}
        for group in self.groups:
            allowed = self._allowed[group]
            rows = len(probabilities[group[0]])
            best = np.empty(rows, dtype=np.intp)
            for start in range(0, rows, _ROWS_AT_ONCE):
                part = slice(start, start + _ROWS_AT_ONCE)
                scores = log_scores(allowed, [probabilities[name][part] for name in group]) + self._more[group]
                best[part] = scores.argmax(axis=1)
            for column, name in enumerate(group):
                labels[name] = allowed[best, column]
        return {name: labels[name] for name in self._values}


def log_scores(combinations: NDArray[np.intp], probabilities: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the log-probability of each combination for each passage, shape (passages, combinations).

    The sum is taken dimension by dimension in a fixed order, so that one row's value never depends on the other rows.
    """
    tiny = np.finfo(np.float64).tiny
    total = np.zeros((len(probabilities[0]), len(combinations)))
    for column, values in enumerate(probabilities):
        total += np.log(np.maximum(values, tiny))[:, combinations[:, column]]
    return total


def _tied_dimensions(dimensions: tuple[str, ...], constraint_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the dimensions grouped so that no constraint spans two groups."""
    group_of = {name: {name} for name in dimensions}
    for constraint_id in constraint_ids:
        constraint = CONSTRAINTS[constraint_id]
        tied = [name for name in (*constraint.needs, *constraint.may_use) if name in group_of]
        merged = set().union(*(group_of[name] for name in tied)) if tied else set()
        for name in merged:
            group_of[name] = merged
    seen: list[tuple[str, ...]] = []
    for name in dimensions:
        group = tuple(member for member in dimensions if member in group_of[name])
        if group not in seen:
            seen.append(group)
    return tuple(seen)


@lru_cache(maxsize=64)
def _allowed_combinations(
    group: tuple[str, ...], values: tuple[tuple[str, ...], ...], constraint_ids: tuple[str, ...]
) -> NDArray[np.intp]:
    """Return the allowed combinations of a group as category indexes, shape (combinations, dimensions), in codebook order.

    They are kept, as the choice of offsets makes a decoder for each of its trials; nobody writes into them.
    """
    sizes = [len(own) for own in values]
    if np.prod(sizes) > _MOST_COMBINATIONS:
        raise ValueError(
            f"the constraints tie {', '.join(group)} together in {np.prod(sizes)} combinations, too many to enumerate"
        )
    allowed = [
        indexes
        for indexes in product(*(range(size) for size in sizes))
        if not violations({name: own[i] for name, own, i in zip(group, values, indexes, strict=True)}, constraint_ids)
    ]
    if not allowed:
        raise ValueError(f"the constraints leave no combination of {', '.join(group)}")
    found = np.array(allowed, dtype=np.intp)
    found.flags.writeable = False
    return found
