"""Decision offsets: calibrated probabilities say what is likely, macro F1 asks that rare categories be found too.

A label is the consistent combination with the greatest sum of log-probabilities and offsets. The offsets of a dimension are minus its
strength times the logarithm of each category's share in training: one number a dimension, chosen on passages held out in training. It is
taken only where it gains more than its standard error over resampled groups of documents: a gain that hangs on a few reports does not
carry over to others. A category of fewer than ten held-out passages does not count in the choice, as what would favour it cannot be
judged on so few; it gets the offset of a category of ten. The most frequent category has 0.
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
_RESAMPLES = 300


def choose_offsets(
    codebook: Codebook,
    passages: Sequence[AnnotatedPassage],
    probabilities: dict[str, Vector],
    groups: Sequence[str],
    seed: int,
) -> tuple[Offsets, dict[str, float]]:
    """Return the offsets with the highest macro F1 of the decoded dimensions, and the strength of each dimension.

    Args:
        codebook: dimensions and constraints.
        passages: coded passages.
        probabilities: their probabilities from trainings in which they were held out, as `models.heads.probabilities` gives them.
        groups: which passages belong together, as `models.splits.split_groups` says.
        seed: of the resampling of groups.
    """
    dimensions = [one for one in codebook.trained_dimensions if one.kind != "multi"]
    gold = {
        one.id: np.array([one.category_ids.index(str(passage.labels[one.id])) for passage in passages], dtype=np.intp)
        for one in dimensions
    }
    ranks = {one.id: _log_rarity(gold[one.id], len(one.category_ids)) for one in dimensions}
    names, place = np.unique(np.array(groups), return_inverse=True)
    resamples = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=_RESAMPLES)
    weights = np.vstack([np.ones(len(names)), resamples])
    strengths = dict.fromkeys(gold, 0.0)

    def offsets(chosen: dict[str, float]) -> Offsets:
        return {
            one.id: {
                name: round(float(chosen[one.id] * rank), 4) for name, rank in zip(one.category_ids, ranks[one.id], strict=True)
            }
            for one in dimensions
        }

    def values(chosen: dict[str, float]) -> Vector:
        """Return the mean macro F1 over dimensions: of all passages, then of each resample."""
        found = Decoder(codebook, offsets(chosen)).decode(probabilities)
        each = [_f1(gold[name], found[name], len(ranks[name]), place, weights) for name in gold]
        result: Vector = np.mean(each, axis=0)
        return result

    best = values(strengths)
    for _ in range(_ROUNDS):
        for name in strengths:
            for strength in _STRENGTHS:
                tried = {**strengths, name: strength}
                gain = (result := values(tried)) - best
                if gain[0] > max(1e-3, float(gain[1:].std())):
                    best, strengths = result, tried
    return offsets(strengths), strengths


def _log_rarity(codes: NDArray[np.intp], count: int) -> Vector:
    """Return how much rarer than the most frequent category each is, as a logarithm; one that is too rare to be judged counts as ten."""
    found = np.maximum(np.bincount(codes, minlength=count), _FEWEST).astype(np.float64)
    result: Vector = np.log(found.max() / found)
    return result


def _f1(gold: NDArray[np.intp], given: NDArray[np.intp], count: int, groups: NDArray[np.intp], weights: Vector) -> Vector:
    """Return macro F1 over the categories that can be judged, for each row of group weights."""
    confusion = np.zeros((weights.shape[1], count, count))
    np.add.at(confusion, (groups, gold, given), 1.0)
    judged = np.flatnonzero(confusion.sum(axis=(0, 2)) >= _FEWEST)
    if not len(judged):
        return np.zeros(len(weights))
    right = weights @ confusion[:, judged, judged]
    size = weights @ (confusion.sum(axis=2) + confusion.sum(axis=1))[:, judged]
    result: Vector = np.mean(2 * right / np.maximum(size, 1.0), axis=1)
    return result
