"""Training: coded passages in, an immutable model folder out.

The adapted encoder is fine-tuned in full, once a fold for calibration and once on everything; linear heads on its encodings and on
n-grams are calibrated across documents; everything is written with every fact needed to make the same model again. The same passages,
seed, libraries, number of threads and processor type give the same bytes.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from entente.errors import BadInput, Unavailable
from models.abstaining import NEVER, PROMISED_ERROR, certain_from
from models.annotations import AnnotatedPassage
from models.classifier import Classifier, categories_of, encoder_of
from models.codebook import Codebook
from models.encoder import MINILM, EncoderFiles, Windows, find_encoder, load_network, pinned
from models.evaluation import EvaluationReport, compare, evaluate
from models.features import ngram_counts, readable
from models.head_training import EncoderView, FittedHeads, fit_heads, held_out_rows
from models.heads import HeadWeights, probabilities
from models.model_card import model_card
from models.model_file import (
    FORMAT,
    NO_PROMISE,
    CodebookFacts,
    DataFacts,
    EncoderFacts,
    ModelFacts,
    content_version,
    read_adapters,
    read_facts,
    tensor_bytes,
    write_model,
)
from models.offsets import choose_offsets
from models.scoring import LabelRules, Scorer
from models.seen import is_unseen
from models.splits import NGRAM_FOLDS, Fold, shared_with_training, split_folds, split_groups
from models.training_data import TrainingData, collect, passages_sha256, refuse_gold
from models.types import Withheld, text_mark

if TYPE_CHECKING:
    import torch

    from models.tuning import TuningOptions

VERSION_PREFIX = "encoder-2"
_UNFINISHED = ".training"
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
        seed: of the folds, the fine-tuning and the bootstrap.
        threads: processor threads; fine-tuning gives other last digits with another number.
        encoder: the encoder to fine-tune.
        tuning: how, as changes of the defaults in `models.tuning.TuningOptions`.
        heads_on: the folder of a model whose adapted encoder is kept: only heads are trained anew, in seconds.
        withheld: passages of gold samples; a training on any of them is refused.
    """

    codebook: Codebook
    output: Path
    annotations: Path | None = None
    seed: int = 0
    threads: int = 2
    encoder: EncoderFiles = MINILM
    tuning: dict[str, Any] = field(default_factory=dict)
    heads_on: Path | None = None
    withheld: Withheld = field(default_factory=Withheld)


def train(request: TrainingRequest, *, progress: Progress | None = None) -> Path:
    """Train a model and return its folder.

    Args:
        request: see `TrainingRequest`.
        progress: told of the steps; see `Progress`.

    Raises:
        BadInput: when coded passages do not fit the codebook, a document is both in train and dev, a passage is gold, `heads_on` is
            given together with an encoder or tuning, or `output` is no folder that can be written to.
        Unavailable: when the encoder or scikit-learn is missing.
    """
    return train_on(collect(request.codebook, request.annotations, request.withheld), request, progress=progress)


def train_encoder(data: TrainingData, request: TrainingRequest, *, progress: Progress | None = None) -> None:
    """Do the part of `train_on` that takes long, and keep what comes of it beside the models, where `train_on` takes it up.

    That is the fine-tuning, or with `heads_on` the reading of the passages; what is kept of an earlier, interrupted one is not done again.
    """
    _check(data, request)
    _encoder_part(data, request, split_folds(data.passages, request.seed), progress or (lambda what, done, total: None))


def train_on(data: TrainingData, request: TrainingRequest, *, progress: Progress | None = None) -> Path:
    """Train a model on given passages; otherwise as `train`, whose `annotations` is not looked at."""
    _check(data, request)
    started = time.perf_counter()
    tell: Progress = progress or (lambda what, done, total: None)
    folds = split_folds(data.passages, request.seed)
    files, folder, adapters, view, options, unfinished = _encoder_part(data, request, folds, tell)
    ngrams = [ngram_counts(readable(one.passage.heading), readable(one.passage.text)) for one in data.passages]
    # Heads on n-grams alone are fitted fast enough for many folds.
    finer = folds if view.encodings is not None else split_folds(data.passages, request.seed, NGRAM_FOLDS)
    fitted = fit_heads(request.codebook, data.passages, ngrams, view, finer, tell)
    rules, strengths = _rules(fitted, data, request)
    if request.heads_on is not None:
        # The encoder has seen these documents: what its heads get right on them promises nothing about others.
        rules = dataclasses.replace(rules, certain_from=dict.fromkeys(rules.certain_from, NEVER))
        options["promise"] = NO_PROMISE
    heads, weights = tensor_bytes(fitted.heads.tensors()), tensor_bytes({name: one.numpy() for name, one in adapters.items()})
    width = fitted.heads.dense.shape[1]
    encoder = EncoderFacts(name=files.name, revision=files.revision, sha256=files.sha256, width=width)
    codebook = CodebookFacts(
        name=request.codebook.codebook, version=request.codebook.version, categories=categories_of(request.codebook)
    )
    hashes = (hashlib.sha256(heads).hexdigest(), hashlib.sha256(weights).hexdigest())
    familiar_from = _familiar_from(fitted.heads, ngrams)
    decisive = {
        "encoder": encoder.sha256, "codebook": codebook.model_dump(), "rules": dataclasses.asdict(rules), "familiar": familiar_from,
    }  # fmt: skip
    if data.dev:
        # The figures are part of the folder: other passages to report on make another version, even of the same weights.
        decisive["dev"] = passages_sha256(data.dev)
    version = content_version(VERSION_PREFIX, hashes, decisive)
    metrics = {"cross_validated": _without_details(_cross_validated(fitted, data, request, rules, version))}
    seconds = options.pop("seconds", 0) + round(time.perf_counter() - started)
    facts = ModelFacts(
        format=FORMAT,
        version=version,
        created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        languages=[request.codebook.language],
        encoder=encoder,
        codebook=codebook,
        thresholds=fitted.thresholds,
        offsets={name: dict(own) for name, own in rules.offsets.items()},
        certain_from=dict(rules.certain_from),
        promised_error=PROMISED_ERROR,
        familiar_from=familiar_from,
        heads_sha256=hashes[0],
        adapters_sha256=hashes[1],
        data=[DataFacts(**one) for one in data.facts()],
        labels=_label_counts(request.codebook, data.passages),
        seed=request.seed,
        training={
            **fitted.settings,
            **options,
            "offset_strengths": strengths,
            "threads": request.threads,
            "seconds": seconds,
            "calibrated_on": dict(
                sorted(
                    Counter(
                        one.origin for one, use in zip(data.passages, held_out_rows(data.passages), strict=True) if use
                    ).items()
                )
            ),
            "left_out_because_in_dev": data.left_out,
            **({"dev_shares": shared_with_training(data.dev, data.passages)} if data.dev else {}),
            "organizations": dict(
                sorted(Counter(one.facets.get("igo", "not said") for one in data.passages if one.origin == "real").items())
            ),
            **({"shipped_left_out": data.shipped_left_out} if data.shipped_left_out else {}),
            **_coders(data),
        },
        metrics=metrics,
        libraries=_libraries(),
        learned=_learned(data, request),
    )
    if data.dev and _encoder_knows_only(data, request):
        tell("evaluating on dev", 0, len(data.dev))
        from models.reading import Reader

        reader = Reader(load_network(files, folder), Windows.load(folder), adapters)
        classifier = Classifier(facts, fitted.heads, reader, request.codebook, max(1, request.threads))
        dev = {
            **evaluate(classifier, data.dev, seed=request.seed).as_dict(),
            "passages_sha256": passages_sha256(data.dev),
            "files_sha256": data.sha256.get("dev", {}),
        }
        facts = facts.model_copy(update={"metrics": {**facts.metrics, "dev": dev}})
    written = write_model(request.output, facts, heads, weights, model_card(facts))
    # Only what this training left: another one may be at work beside it.
    if unfinished is not None:
        shutil.rmtree(unfinished, ignore_errors=True)
        with suppress(OSError):
            unfinished.parent.rmdir()
    return written


def _check(data: TrainingData, request: TrainingRequest) -> None:
    refuse_gold(data, request.withheld)
    _require_sklearn()
    if request.output.exists() and not (request.output.is_dir() and os.access(request.output, os.W_OK | os.X_OK)):
        raise BadInput(f"{request.output} is no folder that can be written to. Name another one for the model.")
    if request.heads_on is not None and (request.tuning or request.encoder is not MINILM):
        raise BadInput(
            "Heads on a model's encoder are trained without fine-tuning: neither another encoder nor epochs can be given with it. Leave "
            "out either --heads-on, or --encoder, --revision and --epochs."
        )


def _encoder_knows_only(data: TrainingData, request: TrainingRequest) -> bool:
    """True unless the encoder comes with a model that has learned from passages of dev, or may have."""
    return request.heads_on is None or is_unseen(data.dev, read_facts(request.heads_on))


def _encoder_part(
    data: TrainingData, request: TrainingRequest, folds: Sequence[Any], tell: Progress
) -> tuple[EncoderFiles, Path, dict[str, torch.Tensor], EncoderView, dict[str, Any], Path | None]:
    """Return the encoder, its folder, its adapters, what it contributes to the heads, how that was made, and where finished folds are kept."""
    import torch

    from models.adaptation import shipped_adaptation
    from models.crossfit import cross_fit
    from models.encodings import encodings_of
    from models.tuning import TuningOptions

    torch.set_num_threads(max(1, request.threads))
    if request.heads_on is not None:
        made = read_facts(request.heads_on)
        files = encoder_of(made)
        folder = find_encoder(files)
        adapters = {name: torch.from_numpy(one) for name, one in read_adapters(request.heads_on, made).items()}
        view = EncoderView(encodings=encodings_of(data.passages, files, folder, adapters, made.adapters_sha256, request, tell))
        return files, folder, adapters, view, {"heads_on": made.version}, None
    folder = find_encoder(request.encoder)
    files = pinned(request.encoder, folder)
    options: TuningOptions = dataclasses.replace(TuningOptions(), **request.tuning)
    adaptation, adapted = shipped_adaptation(files) or (None, "")
    kept = _kept(data, request, files, options, folds, adapted)
    fitted = cross_fit(request.codebook, data.passages, folds, (files, folder), options, request.seed, tell, kept, adaptation)
    facts = {
        "tuning": dataclasses.asdict(options),
        "adaptation": adapted,
        "fine_tuned_on": fitted.fine_tuned_on,
        "seconds": round(fitted.seconds_before),
    }
    return files, folder, fitted.adapters, fitted.view, facts, kept


def _kept(
    data: TrainingData, request: TrainingRequest, files: EncoderFiles, options: TuningOptions, folds: Sequence[Fold], adapted: str
) -> Path:
    """Return the folder for the finished folds of exactly this training."""
    decisive = [
        [
            (
                one.passage.passage_id,
                one.passage.heading,
                one.passage.text,
                sorted(one.labels.items()),
                one.document,
                one.origin,
                one.secondary_stage,
            )
            for one in data.passages
        ],
        [request.codebook.version, categories_of(request.codebook)],
        _libraries(),
        files.sha256,
        adapted,
        dataclasses.asdict(options),
        request.seed,
        request.threads,
        [test.tolist() for _, test in folds],
    ]
    key = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]
    return request.output / _UNFINISHED / key


def _coders(data: TrainingData) -> dict[str, dict[str, int]]:
    """Return by what kind of coders how many real passages were coded, where that is said of any."""
    counts = Counter(one.facets.get("coders", "not said") for one in data.passages if one.origin == "real")
    return {"coders": dict(sorted(counts.items()))} if set(counts) - {"not said"} else {}


def _learned(data: TrainingData, request: TrainingRequest) -> list[str] | None:
    """Return the marks of what the model and its encoder learned from; None where that of the encoder is not known."""
    before = [] if request.heads_on is None else read_facts(request.heads_on).learned
    return None if before is None else sorted({text_mark(one.passage.text) for one in data.passages} | set(before))


def _libraries() -> dict[str, str]:
    return {name: metadata.version(name) for name in ("torch", "transformers", "tokenizers", "scikit-learn", "scipy", "numpy")}


def _rules(fitted: FittedHeads, data: TrainingData, request: TrainingRequest) -> tuple[LabelRules, dict[str, float]]:
    """Return how labels follow from probabilities, chosen on held-out outputs for real passages, and the offsets' strengths."""
    chosen = np.flatnonzero(held_out_rows(data.passages))
    passages = [data.passages[i] for i in chosen]
    logits = fitted.out_of_fold[chosen]
    groups = split_groups(passages)
    offsets, strengths = choose_offsets(request.codebook, passages, probabilities(logits, request.codebook), groups, request.seed)
    plain = LabelRules(fitted.thresholds, offsets)
    predictions = Scorer(request.codebook, plain, "").score([one.passage.passage_id for one in passages], logits)
    certain = certain_from(request.codebook, predictions, passages, groups, request.seed)
    return LabelRules(fitted.thresholds, offsets, certain), strengths


def _familiar_from(heads: HeadWeights, ngrams: Sequence[dict[int, int]]) -> float:
    """Return half the share of known n-grams that all but one training passage in a hundred have."""
    shares = [heads.vocabulary.known_share(one) for one in ngrams]
    return round(float(np.quantile(shares, 0.01)) / 2, 4)


def _cross_validated(
    fitted: FittedHeads, data: TrainingData, request: TrainingRequest, rules: LabelRules, version: str
) -> EvaluationReport:
    """Return the figures of the out-of-fold predictions, on real passages where there are any."""
    real = [i for i, one in enumerate(data.passages) if one.origin == "real"] or list(range(len(data.passages)))
    chosen = [data.passages[i] for i in real]
    scorer = Scorer(request.codebook, rules, version)
    predictions = scorer.score([one.passage.passage_id for one in chosen], fitted.out_of_fold[real])
    return compare(predictions, chosen, request.codebook, seed=request.seed)


def _without_details(report: EvaluationReport) -> dict[str, Any]:
    """Return the figures by dimension without those by category."""
    content = report.as_dict()
    for one in content["dimensions"].values():
        del one["categories"], one["confusion"], one["reliability"]
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
