"""Training: coded passages in, an immutable model folder out.

The encoder stays frozen; linear heads are fitted on its states and on n-grams, chosen and calibrated across documents, and written with
every fact needed to make the same model again. The same passages, seed, libraries and processor type give the same bytes of heads.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from entente.errors import Unavailable
from models.annotations import AnnotatedPassage
from models.classifier import categories_of, one_torch_thread
from models.codebook import Codebook
from models.encoder import MINILM, Encoder, find_encoder
from models.evaluation import EvaluationReport, compare
from models.features import FeatureMaker, Features
from models.head_training import FittedHeads, fit_heads
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
    return train_on(collect(request.codebook, request.annotations), request, progress=progress)


def train_on(data: TrainingData, request: TrainingRequest, *, progress: Progress | None = None) -> Path:
    """Train a model on given passages; otherwise as `train`, whose `annotations` is not looked at."""
    _require_sklearn()
    tell: Progress = progress or (lambda what, done, total: None)
    maker = FeatureMaker(Encoder.load(find_encoder()))
    features = _encode(maker, data.passages, request.threads, tell, "encoding training passages")
    fitted = fit_heads(request.codebook, data.passages, features, request.seed, tell)
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


def _encode(maker: FeatureMaker, passages: Sequence[AnnotatedPassage], threads: int, tell: Progress, what: str) -> list[Features]:
    """Return the features of each passage; each is encoded alone, so that they do not depend on the number of threads."""
    features = []
    with ThreadPoolExecutor(max(1, threads), initializer=one_torch_thread) as pool:
        for done, one in enumerate(pool.map(lambda a: maker.features(a.passage), passages), start=1):
            features.append(one)
            if done % 50 == 0 or done == len(passages):
                tell(what, done, len(passages))
    return features


def _cross_validated(fitted: FittedHeads, data: TrainingData, request: TrainingRequest, version: str) -> EvaluationReport:
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
