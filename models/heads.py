"""The heads of a model: one linear head a category over the encoding and the n-grams of a passage, calibration folded in.

A head's output is `dense . weight + sum(tfidf * weight) + bias`; a softmax over the categories of a single-label or ordinal dimension,
or a sigmoid for each category of a multi-label one, gives calibrated probabilities. A dimension that does not always apply has heads
for the case that it does; the probability that it does not follows from the dimensions in its condition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.codebook import Codebook
from models.codebook_records import Dimension

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class NgramVocabulary:
    """The n-grams that heads know: ascending hashes and their inverse document frequencies, both of shape (n-grams,)."""

    hashes: NDArray[np.int64]
    idf: NDArray[np.float32]

    def tfidf(self, counts: Mapping[int, int]) -> tuple[NDArray[np.intp], Vector]:
        """Return positions (ascending) and weights of the known n-grams of a passage: (1 + ln count) * idf, scaled to length one."""
        seen, places, known = self._places(counts)
        positions = places[known]
        weights = (1.0 + np.log([counts[int(h)] for h in seen[known]])) * self.idf[positions]
        length = float(np.sqrt((weights * weights).sum()))
        return positions, weights / length if length else weights

    def known_share(self, counts: Mapping[int, int]) -> float:
        """Return which share of a passage's different n-grams is known; 0 when it has none."""
        if not counts:
            return 0.0
        return float(self._places(counts)[2].mean())

    def _places(self, counts: Mapping[int, int]) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.bool_]]:
        """Return the n-grams of a passage in ascending order, where each would stand, and whether it is known."""
        seen = np.array(sorted(counts), dtype=np.int64)
        places = np.searchsorted(self.hashes, seen)
        inside = places < len(self.hashes)
        known = inside & (self.hashes[np.where(inside, places, 0)] == seen) if len(self.hashes) else inside
        return seen, places, known


@dataclass(frozen=True, slots=True)
class HeadWeights:
    """The heads of all dimensions, one row a category in the order of `head_rows`.

    `dense` has shape (rows, width of the encoder), `ngram` (n-grams, rows), `bias` (rows,).
    """

    dense: NDArray[np.float32]
    ngram: NDArray[np.float16]
    bias: NDArray[np.float32]
    vocabulary: NgramVocabulary

    def tensors(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays under the names they have in `heads.safetensors`."""
        return {
            "bias": self.bias,
            "dense.weight": self.dense,
            "ngram.hash": self.vocabulary.hashes,
            "ngram.idf": self.vocabulary.idf,
            "ngram.weight": self.ngram,
        }

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[np.generic]], rows: int, width: int) -> HeadWeights:
        """Return the heads from the arrays of a file; raises `ValueError` when names, types or shapes are not those of `rows` heads."""
        expected = {
            "bias": "float32",
            "dense.weight": "float32",
            "ngram.hash": "int64",
            "ngram.idf": "float32",
            "ngram.weight": "float16",
        }
        found = {name: str(array.dtype) for name, array in tensors.items()}
        if found != expected:
            raise ValueError(f"it should hold {expected}, it holds {found}")
        words = len(tensors["ngram.hash"])
        shapes = {"bias": (rows,), "dense.weight": (rows, width), "ngram.idf": (words,), "ngram.weight": (words, rows)}
        for name, shape in shapes.items():
            if tensors[name].shape != shape:
                raise ValueError(f"{name} should have the shape {shape}, it has {tensors[name].shape}")
        if not all(np.isfinite(array.astype(np.float64)).all() for array in tensors.values()):
            raise ValueError("it holds numbers that are not finite")
        return cls(
            dense=tensors["dense.weight"].astype(np.float32),
            ngram=tensors["ngram.weight"].astype(np.float16),
            bias=tensors["bias"].astype(np.float32),
            vocabulary=NgramVocabulary(tensors["ngram.hash"].astype(np.int64), tensors["ngram.idf"].astype(np.float32)),
        )

    def logits(self, pooled: NDArray[np.float32], counts: Mapping[int, int]) -> Vector:
        """Return the heads' outputs for one passage, shape (rows,), from its encoding and the counts of its n-grams.

        Plain sums in a fixed order instead of a matrix product, whose order of summation may change with size and threads.
        """
        positions, weights = self.vocabulary.tfidf(counts)
        dense = (self.dense * pooled).sum(axis=1, dtype=np.float64)
        ngram = (self.ngram[positions].astype(np.float64) * weights[:, None]).sum(axis=0)
        result: Vector = dense + ngram + self.bias
        return result


def head_rows(codebook: Codebook) -> dict[str, slice]:
    """Return for each trained dimension which rows of the heads are its own (one for each category but `not_applicable`)."""
    rows: dict[str, slice] = {}
    start = 0
    for dimension in codebook.trained_dimensions:
        rows[dimension.id] = slice(start, start + len(dimension.applicable_ids))
        start = rows[dimension.id].stop
    return rows


def probabilities(logits: Vector, codebook: Codebook) -> dict[str, Vector]:
    """Return calibrated probabilities from head outputs.

    Args:
        logits: shape (passages, rows), rows as in `head_rows`.
        codebook: gives dimensions, kinds and conditions.

    Returns:
        For each trained dimension shape (passages, categories), in the order of `Dimension.category_ids`.
    """
    rows = head_rows(codebook)
    found: dict[str, Vector] = {}
    for dimension in codebook.trained_dimensions:
        own = logits[:, rows[dimension.id]]
        found[dimension.id] = _sigmoid(own) if dimension.kind == "multi" else softmax(own)
    # Conditions look at dimensions that always apply or come earlier; a second pass sees the first one's results.
    plain = dict(found)
    for dimension in codebook.trained_dimensions:
        if dimension.may_not_apply:
            off = _does_not_apply(dimension, codebook, plain)[:, None]
            found[dimension.id] = np.concatenate([plain[dimension.id] * (1.0 - off), off], axis=1)
    return found


def _does_not_apply(dimension: Dimension, codebook: Codebook, found: Mapping[str, Vector]) -> Vector:
    """Return the probability that none of the condition's clauses is true, taking the clauses as independent; shape (passages,)."""
    off: Vector = np.ones(len(next(iter(found.values()))))
    for clause in dimension.condition.clauses:
        off = off * found[clause.dimension][:, codebook.by_id[clause.dimension].applicable_ids.index(clause.value)]
    return off


def softmax(logits: Vector) -> Vector:
    """Return the softmax over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: Vector = shifted / shifted.sum(axis=-1, keepdims=True)
    return result


def _sigmoid(logits: Vector) -> Vector:
    result: Vector = 0.5 * (1.0 + np.tanh(0.5 * logits))
    return result
