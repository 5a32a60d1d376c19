"""Decision offsets: calibrated probabilities say what is likely, macro F1 asks that rare categories be found too.

A label is the consistent combination with the greatest sum of log-probabilities and offsets. The offsets of a dimension are minus its
strength times the logarithm of each category's share in training: one number a dimension, chosen on documents held out in training. A
category of fewer than ten held-out passages gets none and does not count in the choice: what would favour it cannot be judged on so few.
As the others get theirs, such a category is a little less favoured than they are.
Probabilities stay as they are; only labels are derived with the offsets, which belong to the model's version.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.annotations import AnnotatedPassage
from models.codebook import Codebook
from models.decoding import Decoder
from models.heads import Vector

Offsets = dict[str, dict[str, float]]

_STRENGTHS = (0.0, 0.15, 0.3, 0.45, 0.6, 0.8, 1.0)
_ROUNDS = 2
_FEWEST = 10


def choose_offsets(
    codebook: Codebook, passages: Sequence[AnnotatedPassage], probabilities: dict[str, Vector]
) -> tuple[Offsets, dict[str, float]]:
    """Return the offsets with the highest mean macro F1 over the decoded dimensions, and the strength of each dimension.

    Args:
        codebook: dimensions and constraints.
        passages: coded passages.
        probabilities: their probabilities from trainings in which they were held out, as `models.heads.probabilities` gives them.
    """
    dimensions = [one for one in codebook.trained_dimensions if one.kind != "multi"]
    gold = {
        one.id: np.array([one.category_ids.index(str(passage.labels[one.id])) for passage in passages], dtype=np.intp)
        for one in dimensions
    }
    shares = {one.id: _shares(gold[one.id], len(one.category_ids)) for one in dimensions}
    strengths = dict.fromkeys(gold, 0.0)

    def offsets(chosen: dict[str, float]) -> Offsets:
        return {
            one.id: {
                name: round(float(-chosen[one.id] * np.log(share)), 4) if share < 1.0 else 0.0
                for name, share in zip(one.category_ids, shares[one.id], strict=True)
            }
            for one in dimensions
        }

    def value(chosen: dict[str, float]) -> float:
        found = Decoder(codebook, offsets(chosen)).decode(probabilities)
        return float(np.mean([_f1(gold[name], found[name], len(shares[name])) for name in gold]))

    best = value(strengths)
    for _ in range(_ROUNDS):
        for name in strengths:
            for strength in _STRENGTHS:
                tried = {**strengths, name: strength}
                # A small gain is noise; the weaker strength stays.
                if (result := value(tried)) > best + 1e-3:
                    best, strengths = result, tried
    return offsets(strengths), strengths


def _shares(codes: NDArray[np.intp], count: int) -> Vector:
    """Return the share of each category; 1, which gives no offset, for one that is too rare to be judged."""
    found = np.bincount(codes, minlength=count)
    result: Vector = np.where(found >= _FEWEST, found / max(len(codes), 1), 1.0)
    return result


def _f1(gold: NDArray[np.intp], given: NDArray[np.intp], count: int) -> float:
    """Return macro F1 over the categories that can be judged."""
    confusion = np.zeros((count, count))
    np.add.at(confusion, (gold, given), 1.0)
    judged = np.flatnonzero(confusion.sum(axis=1) >= _FEWEST)
    right = np.diag(confusion)[judged]
    return float(np.mean(2 * right / (confusion.sum(axis=1) + confusion.sum(axis=0))[judged])) if len(judged) else 0.0
