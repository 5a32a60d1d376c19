"""From a fine-tuned encoder and n-grams to calibrated heads, decision offsets and thresholds.

Each dimension is one problem, each label of a multi-label dimension one of its own; a conditional dimension learns from the passages
where it applies. What comes out has calibration folded into plain linear weights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.errors import BadInput
from models.annotations import AnnotatedPassage
from models.codebook import NOT_APPLICABLE, Codebook
from models.codebook_records import Dimension
from models.fitting import FittedDimension, LinearHead, MadeHead, Vector, best_threshold, fit_dimension
from models.heads import HeadWeights, NgramVocabulary, head_rows
from models.names import nameless_ngrams
from models.splits import Fold

VIEWS = frozenset({"ngram", "encoder"})
_GRIDS = {"ngram": (10.0,), "encoder": (0.03,)}
_DOCUMENTS_WITH_NGRAM = 3
_REAL_ENOUGH = 200
_INVENTED_WEIGHT = 0.5
"""How much an invented passage counts in fitting heads; they are twice as many as the real ones, and not quite like them."""


@dataclass(frozen=True, slots=True)
class EncoderView:
    """What the encoder contributes: either heads that fine-tuning made, or encodings for which heads are to be fitted.

    `weight` (rows, width) and `bias` (rows,) with `out_of_fold` outputs (passages, rows) are those of fine-tuning; without them
    `encodings` (passages, width) are used.
    """

    encodings: NDArray[np.float32] | None = None
    weight: NDArray[np.float32] | None = None
    bias: NDArray[np.float32] | None = None
    out_of_fold: NDArray[np.float32] | None = None


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
    ngrams: Sequence[Mapping[int, int]],
    encoder: EncoderView,
    folds: Sequence[Fold],
    tell: Callable[[str, int, int], None],
    use: frozenset[str] = VIEWS,
) -> FittedHeads:
    """Fit and calibrate the heads of every trained dimension.

    Args:
        codebook: dimensions and categories.
        passages: the coded passages.
        ngrams: their n-gram counts.
        encoder: see `EncoderView`.
        folds: pairs of rows (train, test) that hold each document on one side. They need not be those of fine-tuning, and should be more:
            a head that has learned from less than the final one is less sure of itself, and would make the final one too sure.
        tell: told of the steps.
        use: which of the two views; one alone is for measuring what the other is worth.
    """
    from threadpoolctl import threadpool_limits

    counted = held_out_rows(passages)
    weights = np.array([1.0 if one.origin == "real" else _INVENTED_WEIGHT for one in passages])
    vocabulary = _vocabulary(passages, ngrams)
    views: dict[str, Any] = {"ngram": _ngram_matrix(vocabulary, ngrams)} if "ngram" in use else {}
    if encoder.encodings is not None:
        views["encoder"] = encoder.encodings.astype(np.float64)
        width = encoder.encodings.shape[1]
    else:
        assert encoder.weight is not None  # noqa: S101  # one of the two is given
        width = encoder.weight.shape[1]
    rows = head_rows(codebook)
    total = max(part.stop for part in rows.values())
    dense_weight, ngram_weight = np.zeros((total, width)), np.zeros((len(vocabulary.hashes), total))
    bias, held_out = np.zeros(total), np.zeros((len(passages), total))
    thresholds: dict[str, dict[str, float]] = {}
    settings: dict[str, Any] = {"folds": len(folds), "grids": {k: list(_GRIDS[k]) for k in views}, "chosen": {}}
    problems = list(_problems(codebook, passages))
    done = 0
    fits = len(problems) * sum(len(_GRIDS[view]) * len(folds) + 1 for view in views)

    def step() -> None:
        nonlocal done
        done += 1
        tell("fitting heads", done, fits)

    with threadpool_limits(1):
        for problem in problems:
            own = [(train[problem.applies[train]], test) for train, test in folds]
            start = rows[problem.dimension.id].start + problem.offset
            where = slice(start, start + (1 if problem.binary else problem.categories))
            fit = fit_dimension(
                views,
                _made(encoder, where, binary=problem.binary) if "encoder" in use else {},
                problem.codes,
                problem.categories,
                own,
                problem.applies,
                counted & problem.applies,
                weights,
                _GRIDS,
                step,
            )
            dense_weight[where], ngram_weight[:, where], bias[where], held_out[:, where] = _folded(fit, binary=problem.binary)
            settings["chosen"][problem.name] = {**fit.strength, "scales": {k: round(v, 4) for k, v in fit.mixture.scales.items()}}
            if problem.binary:
                chance = 1 / (1 + np.exp(-held_out[counted, start]))
                category = problem.dimension.applicable_ids[problem.offset]
                chosen = best_threshold(chance, problem.codes[counted] == 1)
                thresholds.setdefault(problem.dimension.id, {})[category] = chosen
    heads = HeadWeights(dense_weight.astype(np.float32), ngram_weight.astype(np.float16), bias.astype(np.float32), vocabulary)
    return FittedHeads(heads, thresholds, settings, held_out)


def held_out_rows(passages: Sequence[AnnotatedPassage]) -> NDArray[np.bool_]:
    """Return which passages count for choice and calibration: the real ones when there are enough of them, else all."""
    real = np.array([one.origin == "real" for one in passages])
    return real if real.sum() >= _REAL_ENOUGH else np.ones(len(passages), dtype=bool)


def _made(encoder: EncoderView, where: slice, *, binary: bool) -> dict[str, MadeHead]:
    """Return the fine-tuned head of one problem; a yes-or-no output is put in the form of two outputs."""
    if encoder.weight is None or encoder.bias is None or encoder.out_of_fold is None:
        return {}
    weight, bias = encoder.weight[where].T.astype(np.float64), encoder.bias[where].astype(np.float64)
    out = encoder.out_of_fold[:, where].astype(np.float64)
    if binary:
        weight, bias, out = (np.concatenate([-one / 2, one / 2], axis=-1) for one in (weight, bias, out))
    return {"encoder": MadeHead(LinearHead(weight, bias), out)}


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


def _folded(fit: FittedDimension, *, binary: bool) -> tuple[Vector, Vector, Vector, Vector]:
    """Return dense weights (outputs, inputs), n-gram weights (inputs, outputs), biases and out-of-fold outputs, with calibration folded
    in; of a binary problem's two outputs the difference is kept.
    """
    nothing = LinearHead(np.zeros((1, fit.out_of_fold.shape[1])), np.zeros(fit.out_of_fold.shape[1]))
    dense, ngram = (fit.heads.get(name, nothing).weight * fit.mixture.scales.get(name, 0.0) for name in ("encoder", "ngram"))
    bias = fit.mixture.bias + sum(fit.heads[name].bias * fit.mixture.scales[name] for name in fit.heads)
    out = fit.out_of_fold
    if binary:
        dense, ngram, out = dense[:, 1:] - dense[:, :1], ngram[:, 1:] - ngram[:, :1], out[:, 1:] - out[:, :1]
        bias = bias[1:] - bias[:1]
    return dense.T, ngram, bias, out


def _vocabulary(passages: Sequence[AnnotatedPassage], ngrams: Sequence[Mapping[int, int]]) -> NgramVocabulary:
    """Return the n-grams outside names that occur in several documents: what one report alone says is a name or an accident."""
    seen: dict[int, set[str]] = {}
    in_passages: Counter[int] = Counter()
    for one, counts, nameless in zip(passages, ngrams, nameless_ngrams(passages), strict=True):
        in_passages.update(counts.keys())
        for ngram in nameless:
            documents = seen.setdefault(ngram, set())
            if len(documents) < _DOCUMENTS_WITH_NGRAM:
                documents.add(one.document)
    kept = np.array(sorted(n for n, documents in seen.items() if len(documents) >= _DOCUMENTS_WITH_NGRAM), dtype=np.int64)
    frequency = np.array([in_passages[int(n)] for n in kept], dtype=np.float64)
    return NgramVocabulary(kept, (np.log((1 + len(passages)) / (1 + frequency)) + 1).astype(np.float32))


def _ngram_matrix(vocabulary: NgramVocabulary, ngrams: Sequence[Mapping[int, int]]) -> Any:
    from scipy.sparse import csr_matrix

    parts = [vocabulary.tfidf(one) for one in ngrams]
    starts = np.concatenate([[0], np.cumsum([len(positions) for positions, _ in parts])])
    columns, weights = np.concatenate([p for p, _ in parts]), np.concatenate([w for _, w in parts])
    return csr_matrix((weights, columns, starts), shape=(len(parts), len(vocabulary.hashes)))
