"""Codes as targets of training: for each dimension a distribution over its categories, and where it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.annotations import AnnotatedPassage
from models.codebook import NOT_APPLICABLE, Codebook
from models.codebook_records import Dimension

Vector = NDArray[np.float64]

_SECONDARY = 0.2
_ORDINAL_SLOPE = 1.5


@dataclass(frozen=True, slots=True)
class Target:
    """The targets of one dimension.

    `wanted` has shape (passages, categories) without `not_applicable`; each row of a single-label or ordinal dimension sums to one.
    `counts` says where the dimension applies; `weights` is the loss weight of each category.
    """

    dimension: str
    kind: str
    wanted: Vector
    counts: NDArray[np.bool_]
    weights: Vector


def targets(codebook: Codebook, passages: Sequence[AnnotatedPassage], balance: float = 0.5) -> list[Target]:
    """Return the targets of every trained dimension, in the codebook's order.

    Levels of an ordinal dimension give some of their weight to their neighbours, a stage some to the secondary stage. `balance` is the
    power by which a rare category weighs more: 0 not at all, 1 as much as a frequent one in all.
    """
    return [_target(dimension, passages, balance) for dimension in codebook.trained_dimensions]


def _target(dimension: Dimension, passages: Sequence[AnnotatedPassage], balance: float) -> Target:
    names = dimension.applicable_ids
    labels = [one.labels[dimension.id] for one in passages]
    if dimension.kind == "multi":
        wanted = np.array([[name in label for name in names] for label in labels], dtype=np.float64)
        share = np.clip(wanted.mean(axis=0), 1e-3, 1 - 1e-3)
        weights = np.clip(((1 - share) / share) ** balance, 1.0, 8.0)
        return Target(dimension.id, dimension.kind, wanted, np.ones(len(labels), dtype=bool), weights)
    counts = np.array([label != NOT_APPLICABLE for label in labels])
    place = {name: i for i, name in enumerate(names)}
    codes = np.array([place.get(str(label), 0) for label in labels])
    wanted = np.eye(len(names))[codes]
    frequency = np.bincount(codes[counts], minlength=len(names)).astype(np.float64)
    weights = np.clip((counts.sum() / len(names) / np.maximum(frequency, 1.0)) ** balance, 0.3, 4.0)
    if dimension.kind == "ordinal":
        distance = np.abs(np.arange(len(names))[None, :] - codes[:, None])
        near = np.exp(-_ORDINAL_SLOPE * distance)
        # Level 0 says that there is none at all: it is not next to level 1 but another answer.
        near[:, 0] = np.where(codes == 0, near[:, 0], 0.0)
        near[codes == 0] = np.eye(len(names))[0]
        wanted = near / near.sum(axis=1, keepdims=True)
    if dimension.secondary_allowed:
        for row, one in enumerate(passages):
            second = one.secondary_stage
            if second is not None:
                wanted[row] *= 1 - _SECONDARY
                wanted[row, place[second]] += _SECONDARY
    return Target(dimension.id, dimension.kind, wanted, counts, weights)
