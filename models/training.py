"""Training: coded passages in, an immutable model folder out.

The encoder stays frozen; linear heads are fitted on its states and on n-grams, chosen and calibrated across documents, and written with
every fact needed to make the same model again. The same passages, seed and libraries give the same bytes of heads.
"""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.errors import BadInput, Unavailable
from models.annotations import AnnotatedPassage
from models.classifier import categories_of, one_torch_thread
from models.codebook import NOT_APPLICABLE, Codebook
from models.codebook_records import Dimension
from models.encoder import MINILM, Encoder, find_encoder
from models.evaluation import EvaluationReport, compare
from models.features import FeatureMaker, Features
from models.fitting import FittedDimension, Vector, best_threshold, fit_dimension
from models.heads import HeadWeights, NgramVocabulary, head_rows
from models.model_card import model_card
from models.model_file import (
    FORMAT,
    CodebookFacts,
    DataFacts,
    EncoderFacts,
    ModelFacts,
    content_version,
    heads_bytes,
    write_model,
)
from models.scoring import Scorer
from models.training_data import TrainingData, collect

VERSION_PREFIX = "minilm-heads-1"
_FOLDS = 5
_GRIDS = {"dense": (0.001, 0.01), "ngram": (3.0, 30.0)}
_DOCUMENTS_WITH_NGRAM = 3

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What to train from and where to put the model.

    Attributes:
        codebook: decides dimensions, categories and constraints.
        output: the folder in which the model's own folder is made.
        annotations: a folder with `texts.jsonl` and `train.jsonl`, or None for the shipped passages alone. Its `dev.jsonl`, when there,
            is used for reporting only.
        seed: of the folds and the bootstrap.
        threads: passages encoded at a time; the result does not depend on it.
    """

    codebook: Codebook
    output: Path
    annotations: Path | None = None
    seed: int = 0
    threads: int = 2


def train(request: TrainingRequest, *, progress: Progress | None = None) -> Path:
    """Train a model and return its folder.

    Args:
        request: see `TrainingRequest`.
        progress: told of the steps; see `Progress`.

    Raises:
        BadInput: when coded passages do not fit the codebook, or a document is both in train and dev.
        Unavailable: when the encoder or scikit-learn is missing.
    """
    _require_sklearn()
    tell: Progress = progress or (lambda what, done, total: None)
    data = collect(request.codebook, request.annotations)
    maker = FeatureMaker(Encoder.load(find_encoder()))
    features = _encode(maker, data.passages, request.threads, tell, "encoding training passages")
    fitted = _fit(request.codebook, data.passages, features, request.seed, tell)
    heads = heads_bytes(fitted.heads.tensors())
    heads_sha256 = hashlib.sha256(heads).hexdigest()
    encoder = EncoderFacts(name=MINILM.name, revision=MINILM.revision, sha256=MINILM.sha256)
    codebook = CodebookFacts(
        name=request.codebook.codebook, version=request.codebook.version, categories=categories_of(request.codebook)
    )
    decisive = {"encoder": encoder.sha256, "codebook": codebook.model_dump(), "thresholds": fitted.thresholds}
    version = content_version(VERSION_PREFIX, heads_sha256, decisive)
    metrics = {"cross_validated": _without_details(_cross_validated(fitted, data, request, version))}
    if data.dev:
        tell("evaluating on dev", 0, len(data.dev))
        dev_features = _encode(maker, data.dev, request.threads, tell, "encoding dev passages")
        logits = np.stack([fitted.heads.logits(one) for one in dev_features])
        scorer = Scorer(request.codebook, fitted.thresholds, version)
        predictions = scorer.score([one.passage.passage_id for one in data.dev], logits)
        metrics["dev"] = compare(predictions, data.dev, request.codebook, seed=request.seed).as_dict()
    facts = ModelFacts(
        format=FORMAT,
        version=version,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        languages=[request.codebook.language],
        encoder=encoder,
        codebook=codebook,
        thresholds=fitted.thresholds,
        heads_sha256=heads_sha256,
        data=[DataFacts(**one) for one in data.facts()],
        labels=_label_counts(request.codebook, data.passages),
        seed=request.seed,
        training={**fitted.settings, "left_out_because_in_dev": data.left_out},
        metrics=metrics,
        libraries={
            name: metadata.version(name) for name in ("torch", "transformers", "tokenizers", "scikit-learn", "scipy", "numpy")
        },
    )
    return write_model(request.output, facts, heads, model_card(facts))


@dataclass(frozen=True, slots=True)
class _Fitted:
    heads: HeadWeights
    thresholds: dict[str, dict[str, float]]
    settings: dict[str, Any]
    out_of_fold: Vector


def _encode(maker: FeatureMaker, passages: Sequence[AnnotatedPassage], threads: int, tell: Progress, what: str) -> list[Features]:
    """Return the features of each passage; each is encoded alone, so that they do not depend on the number of threads."""
    features = []
    with ThreadPoolExecutor(max(1, threads), initializer=one_torch_thread) as pool:
        for done, one in enumerate(pool.map(lambda a: maker.features(a.passage), passages), start=1):
            features.append(one)
            if done % 50 == 0 or done == len(passages):
                tell(what, done, len(passages))
    return features


def _fit(
    codebook: Codebook, passages: Sequence[AnnotatedPassage], features: Sequence[Features], seed: int, tell: Progress
) -> _Fitted:
    """Fit and calibrate the heads of every trained dimension."""
    from threadpoolctl import threadpool_limits

    real = np.array([one.origin == "real" for one in passages])
    counts_for_calibration = real if real.sum() >= 200 else np.ones(len(passages), dtype=bool)
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
    return _Fitted(heads, thresholds, settings, held_out)


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


def _cross_validated(fitted: _Fitted, data: TrainingData, request: TrainingRequest, version: str) -> EvaluationReport:
    """Return the figures of the out-of-fold predictions, on real passages where there are any."""
    real = [i for i, one in enumerate(data.passages) if one.origin == "real"] or list(range(len(data.passages)))
    chosen = [data.passages[i] for i in real]
    scorer = Scorer(request.codebook, fitted.thresholds, version)
    predictions = scorer.score([one.passage.passage_id for one in chosen], fitted.out_of_fold[real])
    return compare(predictions, chosen, request.codebook, seed=request.seed)


def _without_details(report: EvaluationReport) -> dict[str, Any]:
    """Return the figures by dimension without those by category."""
    content = report.as_dict()
    for one in content["dimensions"].values():
        del one["categories"], one["confusion"]
    return content


def _label_counts(codebook: Codebook, passages: Sequence[AnnotatedPassage]) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for dimension in codebook.trained_dimensions:
        counts[dimension.id] = dict.fromkeys(dimension.category_ids, 0)
        for one in passages:
            label = one.labels[dimension.id]
            for value in label if isinstance(label, tuple) else (label,):
                counts[dimension.id][value] += 1
    return counts


def _require_sklearn() -> None:
    from importlib.util import find_spec

    if find_spec("sklearn") is None:
        raise Unavailable("Training needs scikit-learn, which is not installed: pip install 'entente[train]'.")
