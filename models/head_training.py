"""Training the heads of all dimensions on the features of coded passages.

Each dimension is one problem, each label of a multi-label dimension one of its own; a conditional dimension learns from the passages
where it applies. What comes out has standardization and calibration folded into plain linear weights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.errors import BadInput
from models.annotations import AnnotatedPassage
from models.codebook import NOT_APPLICABLE, Codebook
from models.codebook_records import Dimension
from models.features import Features
from models.fitting import FittedDimension, Vector, best_threshold, fit_dimension
from models.heads import HeadWeights, NgramVocabulary, head_rows

_FOLDS = 5
_GRIDS = {"dense": (0.001, 0.01), "ngram": (3.0, 30.0)}
_DOCUMENTS_WITH_NGRAM = 3
_REAL_ENOUGH = 200


@dataclass(frozen=True, slots=True)
class FittedHeads:
    """Heads, thresholds of the multi-label categories, the settings that were chosen, and calibrated out-of-fold outputs (rows, heads)."""

    heads: HeadWeights
    thresholds: dict[str, dict[str, float]]
    settings: dict[str, Any]
    out_of_fold: Vector


def fit_heads(
    codebook: Codebook,
    passages: Sequence[AnnotatedPassage],
    features: Sequence[Features],
    seed: int,
    tell: Callable[[str, int, int], None],
) -> FittedHeads:
    """Fit and calibrate the heads of every trained dimension."""
    from threadpoolctl import threadpool_limits

    real = np.array([one.origin == "real" for one in passages])
    counts_for_calibration = real if real.sum() >= _REAL_ENOUGH else np.ones(len(passages), dtype=bool)
    dense, mean, scale = _standardized(np.stack([one.dense for one in features]).astype(np.float64))
    vocabulary = _vocabulary(passages, features)
    views = {"dense": dense, "ngram": _ngram_matrix(vocabulary, features)}
    rows = head_rows(codebook)
    total = max(part.stop for part in rows.values())
    dense_weight, ngram_weight = np.zeros((total, dense.shape[1])), np.zeros((len(vocabulary.hashes), total))
    bias, held_out = np.zeros(total), np.zeros((len(passages), total))
    thresholds: dict[str, dict[str, float]] = {}
    settings: dict[str, Any] = {"folds": _FOLDS, "grids": {k: list(v) for k, v in _GRIDS.items()}, "chosen": {}}
    problems = list(_problems(codebook, passages))
    folds = _folds([one.document for one in passages], seed)
    done = 0
    fits = len(problems) * sum(len(grid) * _FOLDS + 1 for grid in _GRIDS.values())

    def step() -> None:
        nonlocal done
        done += 1
        tell("fitting heads", done, fits)

    with threadpool_limits(1):
        for problem in problems:
            own = [(train[problem.applies[train]], test) for train, test in folds]
            fit = fit_dimension(
                views,
                problem.codes,
                problem.categories,
                own,
                problem.applies,
                counts_for_calibration & problem.applies,
                _GRIDS,
                step,
            )
            where = slice(rows[problem.dimension.id].start + problem.offset, None)
            columns = _folded(fit, mean, scale, binary=problem.binary)
            width = columns[2].shape[0]
            where = slice(where.start, where.start + width)
            dense_weight[where], ngram_weight[:, where], bias[where], held_out[:, where] = columns
            settings["chosen"][problem.name] = {**fit.strength, "scales": {k: round(v, 4) for k, v in fit.mixture.scales.items()}}
            if problem.binary:
                chance = 1 / (1 + np.exp(-held_out[counts_for_calibration, where.start]))
                positive = problem.codes[counts_for_calibration] == 1
                category = problem.dimension.applicable_ids[problem.offset]
                thresholds.setdefault(problem.dimension.id, {})[category] = best_threshold(chance, positive)
    heads = HeadWeights(dense_weight.astype(np.float32), ngram_weight.astype(np.float16), bias.astype(np.float32), vocabulary)
    return FittedHeads(heads, thresholds, settings, held_out)


@dataclass(frozen=True, slots=True)
class _Problem:
    """One classification to fit: a dimension, or one label of a multi-label dimension."""

    name: str
    dimension: Dimension
    offset: int
    binary: bool
    codes: NDArray[np.intp]
    categories: int
    applies: NDArray[np.bool_]


def _problems(codebook: Codebook, passages: Sequence[AnnotatedPassage]) -> Iterable[_Problem]:
    everywhere = np.ones(len(passages), dtype=bool)
    for dimension in codebook.trained_dimensions:
        labels = [one.labels[dimension.id] for one in passages]
        if dimension.kind == "multi":
            for offset, category in enumerate(dimension.applicable_ids):
                codes = np.array([category in label for label in labels]).astype(np.intp)
                yield _Problem(f"{dimension.id}={category}", dimension, offset, True, codes, 2, everywhere)
        else:
            applies = np.array([label != NOT_APPLICABLE for label in labels])
            if not applies.any():
                raise BadInput(f"No training passage has a value for {dimension.id}. Add coded passages.")
            index = {name: i for i, name in enumerate(dimension.applicable_ids)}
            codes = np.array([index.get(str(label), 0) for label in labels], dtype=np.intp)
            yield _Problem(dimension.id, dimension, 0, False, codes, len(index), applies)


def _folded(fit: FittedDimension, mean: Vector, scale: Vector, *, binary: bool) -> tuple[Vector, Vector, Vector, Vector]:
    """Return dense weights (outputs, inputs), n-gram weights (inputs, outputs), biases and out-of-fold outputs, with calibration and
    standardization folded in; of a binary problem's two outputs the difference is kept.
    """
    dense = fit.heads["dense"].weight / scale[:, None] * fit.mixture.scales["dense"]
    ngram = fit.heads["ngram"].weight * fit.mixture.scales["ngram"]
    bias = fit.mixture.bias + sum(fit.heads[name].bias * fit.mixture.scales[name] for name in fit.heads) - mean @ dense
    out = fit.out_of_fold
    if binary:
        dense, ngram, out = dense[:, 1:] - dense[:, :1], ngram[:, 1:] - ngram[:, :1], out[:, 1:] - out[:, :1]
        bias = bias[1:] - bias[:1]
    return dense.T, ngram, bias, out


def _standardized(matrix: Vector) -> tuple[Vector, Vector, Vector]:
    mean, scale = matrix.mean(axis=0), matrix.std(axis=0)
    scale = np.where(scale > 1e-6, scale, 1.0)
    return (matrix - mean) / scale, mean, scale


def _vocabulary(passages: Sequence[AnnotatedPassage], features: Sequence[Features]) -> NgramVocabulary:
    """Return the n-grams that occur in several documents: what one report alone says is a name or an accident."""
    seen: dict[int, set[str]] = {}
    in_passages: Counter[int] = Counter()
    for one, feature in zip(passages, features, strict=True):
        in_passages.update(feature.ngrams.keys())
        for ngram in feature.ngrams:
            documents = seen.setdefault(ngram, set())
            if len(documents) < _DOCUMENTS_WITH_NGRAM:
                documents.add(one.document)
    kept = np.array(sorted(n for n, documents in seen.items() if len(documents) >= _DOCUMENTS_WITH_NGRAM), dtype=np.int64)
    frequency = np.array([in_passages[int(n)] for n in kept], dtype=np.float64)
    return NgramVocabulary(kept, (np.log((1 + len(passages)) / (1 + frequency)) + 1).astype(np.float32))


def _ngram_matrix(vocabulary: NgramVocabulary, features: Sequence[Features]) -> Any:
    from scipy.sparse import csr_matrix

    parts = [vocabulary.tfidf(one.ngrams) for one in features]
    starts = np.concatenate([[0], np.cumsum([len(positions) for positions, _ in parts])])
    columns, weights = np.concatenate([p for p, _ in parts]), np.concatenate([w for _, w in parts])
    return csr_matrix((weights, columns, starts), shape=(len(parts), len(vocabulary.hashes)))


def _folds(documents: Sequence[str], seed: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return folds as (train, test) rows; documents are dealt out at random, large ones first, to the fold with the fewest passages."""
    sizes = Counter(documents)
    order = sorted(sizes)
    np.random.default_rng(seed).shuffle(order)
    order.sort(key=lambda name: -sizes[name])
    filled = [0] * _FOLDS
    fold_of = {}
    for name in order:
        fold_of[name] = filled.index(min(filled))
        filled[fold_of[name]] += sizes[name]
    fold = np.array([fold_of[name] for name in documents])
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(_FOLDS)]
