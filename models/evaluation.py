"""How good a classifier is on coded passages: per dimension and category, with intervals and a baseline.

Intervals come from resampling documents, not passages: passages of one report resemble each other, and pretending that they are
independent would make the intervals too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.errors import BadInput
from models.agreement import (
    CategoryScore,
    Counts,
    ReliabilityBin,
    calibration_error,
    category_scores,
    krippendorff_alpha,
    macro_f1,
    reliability,
    two_digits,
)
from models.annotations import AnnotatedPassage
from models.classifier import Classifier
from models.codebook import Codebook
from models.codebook_records import Dimension
from models.resampling import (
    RESAMPLES,
    Interval,
    calibration_by_chance,
    calibration_errors,
    category_ratios,
    document_weights,
    interval,
    shares,
)
from models.types import Prediction


@dataclass(frozen=True, slots=True)
class DimensionReport:
    """The figures of one dimension.

    `macro_f1` is the mean F1 over the categories that occur in codes or predictions (`not_applicable` is a category like the others; for
    a multi-label dimension over the labels that occur; None where none does); `interval` is its 95 % bootstrap interval over documents;
    `accuracy` asks for the whole set where there are several labels; `alpha` is Krippendorff's (nominal, ordinal for levels, mean over
    the labels of a multi-label dimension; None where it is not defined); `calibration_error` compares the probability of the published
    label with the share correct (each label's probability for a multi-label dimension); `majority_f1` is the macro F1 of always
    answering with the most frequent code.
    The intervals of accuracy, alpha and calibration error are made like that of `macro_f1`; None where no resample defines the figure. That
    of the calibration error tells how far the figure moves, not where the true one lies: in small samples it is biased upwards.
    `calibration_by_chance` is the error that chance alone would give on as many labels with these probabilities, were they exactly right.
    `reliability` has the bins of the calibration error, over all labels of a multi-label dimension.
    `confusion` has codes in rows and predictions in columns, in the order of `categories`; for a multi-label dimension it is empty.
    """

    dimension: str
    kind: str
    n: int
    macro_f1: float | None
    interval: Interval
    majority_f1: float | None
    accuracy: float
    accuracy_interval: Interval | None
    alpha: float | None
    alpha_interval: Interval | None
    calibration_error: float
    calibration_by_chance: float
    calibration_interval: Interval | None
    categories: dict[str, CategoryScore]
    confusion: list[list[int]]
    reliability: list[ReliabilityBin]


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """The figures of one model version on one set of coded passages."""

    model: str
    passages: int
    documents: int
    seed: int
    dimensions: dict[str, DimensionReport]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data for JSON; figures rounded to four digits."""
        rounded: dict[str, Any] = _rounded(asdict(self))
        return rounded

    def as_markdown(self) -> str:
        """Return the report as Markdown tables."""
        lines = [
            f"Model `{self.model}` on {self.passages} passages of {self.documents} documents. Intervals: 95 %, bootstrap over documents "
            f"({RESAMPLES} resamples, seed {self.seed}). Alpha: Krippendorff's, against the codes. ECE: expected calibration error; by chance: "
            "what as many labels with exactly right probabilities would show.",
            "",
            "| dimension | n | macro F1 | interval | majority | accuracy | interval | alpha | interval | ECE | interval | by chance |",
            "| --- | ---: | ---: | --- | ---: | ---: | --- | ---: | --- | ---: | --- | ---: |",
        ]
        for name, one in self.dimensions.items():
            lines.append(
                f"| {name} | {one.n} | {two_digits(one.macro_f1)} | {from_to(one.interval)} | {two_digits(one.majority_f1)} "
                f"| {one.accuracy:.2f} | {from_to(one.accuracy_interval)} | {two_digits(one.alpha)} | {from_to(one.alpha_interval)} "
                f"| {one.calibration_error:.3f} | {from_to(one.calibration_interval)} | {one.calibration_by_chance:.3f} |"
            )
        lines += [
            "",
            "| dimension | category | precision | interval | recall | interval | F1 | interval | support | predicted |",
            "| --- | --- | ---: | --- | ---: | --- | ---: | --- | ---: | ---: |",
        ]
        for name, one in self.dimensions.items():
            for category, s in one.categories.items():
                cells = [
                    f"{getattr(s, figure):.2f} | {from_to(s.intervals.get(figure))}" for figure in ("precision", "recall", "f1")
                ]
                lines.append(f"| {name} | {category} | {' | '.join(cells)} | {s.support} | {s.predicted} |")
        return "\n".join(lines) + "\n"


def evaluate(classifier: Classifier, annotated: Sequence[AnnotatedPassage], *, seed: int = 0) -> EvaluationReport:
    """Classify coded passages and compare.

    Args:
        classifier: the model.
        annotated: passages with final codes that the model was not trained on.
        seed: of the bootstrap.

    Raises:
        BadInput: when there is no passage.
    """
    return compare(predictions_of(classifier, annotated), annotated, classifier.codebook, seed=seed)


def predictions_of(classifier: Classifier, annotated: Sequence[AnnotatedPassage]) -> list[Prediction]:
    """Classify coded passages, in their order; raises `BadInput` when there is none."""
    if not annotated:
        raise BadInput("There are no coded passages to evaluate on. Give a folder with texts.jsonl and dev.jsonl.")
    return list(classifier.classify(one.passage for one in annotated))


def compare(
    predictions: Sequence[Prediction], annotated: Sequence[AnnotatedPassage], codebook: Codebook, *, seed: int = 0
) -> EvaluationReport:
    """Compare predictions with the codes of the same passages, in the same order."""
    documents, weights = document_weights([one.document for one in annotated], seed)
    reports = {}
    for dimension in codebook.trained_dimensions:
        coded = np.array([dimension.id in one.labels for one in annotated])
        if coded.any():
            chosen = [(p, a) for p, a, use in zip(predictions, annotated, coded, strict=True) if use]
            report = _several if dimension.kind == "multi" else _single
            reports[dimension.id] = report(dimension, chosen, documents[coded], weights, seed)
    return EvaluationReport(predictions[0].model_version, len(annotated), weights.shape[1], seed, reports)


_Pairs = Sequence[tuple[Prediction, AnnotatedPassage]]


def _single(dimension: Dimension, pairs: _Pairs, documents: NDArray[np.intp], weights: Counts, seed: int) -> DimensionReport:
    values = {name: i for i, name in enumerate(dimension.category_ids)}
    gold = np.array([values[str(a.labels[dimension.id])] for _, a in pairs], dtype=np.intp)
    given = np.array([values[str(p.dimensions[dimension.id].label)] for p, _ in pairs], dtype=np.intp)
    confidence = np.array([p.dimensions[dimension.id].probabilities[str(p.dimensions[dimension.id].label)] for p, _ in pairs])
    by_document = confusions_by_document(gold, given, documents, weights.shape[1], len(values))
    confusion = by_document.sum(axis=0)
    resampled = np.tensordot(weights, by_document, axes=1)
    ordinal = dimension.kind == "ordinal"
    most = np.zeros_like(confusion)
    most[:, int(confusion.sum(axis=1).argmax())] = confusion.sum(axis=1)
    return DimensionReport(
        dimension=dimension.id,
        kind=dimension.kind,
        n=len(pairs),
        macro_f1=_or_none(macro_f1(confusion)),
        interval=interval(macro_f1(resampled)) or (0.0, 1.0),
        majority_f1=_or_none(macro_f1(most)),
        accuracy=float((gold == given).mean()),
        accuracy_interval=interval(shares(gold == given, documents, weights)),
        alpha=_or_none(krippendorff_alpha(confusion, is_ordinal=ordinal)),
        alpha_interval=interval(krippendorff_alpha(resampled, is_ordinal=ordinal)),
        calibration_error=calibration_error(confidence, gold == given),
        calibration_by_chance=calibration_by_chance(confidence, seed),
        calibration_interval=interval(calibration_errors(confidence, gold == given, documents, weights)),
        categories=dict(zip(values, _with_intervals(category_scores(confusion), category_ratios(resampled)), strict=True)),
        confusion=confusion.astype(int).tolist(),
        reliability=reliability(confidence, gold == given),
    )


def _several(dimension: Dimension, pairs: _Pairs, documents: NDArray[np.intp], weights: Counts, seed: int) -> DimensionReport:
    names = dimension.category_ids
    gold = np.array([[name in a.labels[dimension.id] for name in names] for _, a in pairs])
    given = np.array([[name in p.dimensions[dimension.id].label for name in names] for p, _ in pairs])
    probability = np.array([[p.dimensions[dimension.id].probabilities[name] for name in names] for p, _ in pairs])
    per_label = np.stack(
        [confusions_by_document(gold[:, i] * 1, given[:, i] * 1, documents, weights.shape[1], 2) for i in range(len(names))]
    )
    confusions = per_label.sum(axis=1)
    resampled = np.stack([np.tensordot(weights, one, axes=1) for one in per_label], axis=1)
    ratios = {figure: values[..., 1] for figure, values in category_ratios(resampled).items()}
    scores = _with_intervals([category_scores(confusion)[1] for confusion in confusions], ratios)
    errors = [calibration_error(probability[:, i], gold[:, i]) for i in range(len(names))]
    resampled_errors = [calibration_errors(probability[:, i], gold[:, i], documents, weights) for i in range(len(names))]
    right = (gold == given).all(axis=1)
    always = (gold.mean(axis=0) > 0.5).astype(np.intp)
    majority = np.stack(
        [
            confusions_by_document(gold[:, i] * 1, np.full(len(gold), always[i]), documents, weights.shape[1], 2).sum(axis=0)
            for i in range(len(names))
        ]
    )
    return DimensionReport(
        dimension=dimension.id,
        kind=dimension.kind,
        n=len(pairs),
        macro_f1=_or_none(label_f1(confusions)),
        interval=interval(label_f1(resampled)) or (0.0, 1.0),
        majority_f1=_or_none(label_f1(majority)),
        accuracy=float(right.mean()),
        accuracy_interval=interval(shares(right, documents, weights)),
        alpha=_or_none(_mean_defined(krippendorff_alpha(confusions))),
        alpha_interval=interval(_mean_defined(krippendorff_alpha(resampled))),
        calibration_error=float(np.mean(errors)),
        calibration_by_chance=float(np.mean([calibration_by_chance(one, seed) for one in probability.T])),
        calibration_interval=interval(np.mean(resampled_errors, axis=0)),
        categories=dict(zip(names, scores, strict=True)),
        confusion=[],
        reliability=reliability(probability.ravel(), gold.ravel()),
    )


def label_f1(confusions: Counts) -> Counts:
    """Return the mean F1 of the positive side over the labels that occur, from shape (..., labels, 2, 2)."""
    hits = confusions[..., 1, 1]
    size = confusions[..., 1, :].sum(axis=-1) + confusions[..., :, 1].sum(axis=-1)
    occurs = size > 0
    f1 = np.where(occurs, 2 * hits / np.where(occurs, size, 1), 0.0)
    result: Counts = np.where(occurs.any(axis=-1), f1.sum(axis=-1) / np.maximum(occurs.sum(axis=-1), 1), np.nan)
    return result


def confusions_by_document(
    gold: NDArray[np.intp], given: NDArray[np.intp], documents: NDArray[np.intp], count: int, size: int
) -> Counts:
    """Return one confusion matrix a document, shape (documents, categories, categories)."""
    counts = np.zeros((count, size, size))
    np.add.at(counts, (documents, gold, given), 1.0)
    return counts


def _mean_defined(values: Counts) -> Counts:
    """Return the mean over the last axis of what is defined; nan where nothing is."""
    known = ~np.isnan(values)
    result: Counts = np.where(
        known.any(axis=-1), np.where(known, values, 0.0).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1), np.nan
    )
    return result


def _with_intervals(scores: Sequence[CategoryScore], ratios: dict[str, Counts]) -> list[CategoryScore]:
    """Return the scores with the intervals of their figures, whose resamples have shape (resamples, categories)."""
    return [
        replace(one, intervals={name: interval(values[:, i]) for name, values in ratios.items()}) for i, one in enumerate(scores)
    ]


def from_to(ends: Interval | None) -> str:
    """Return an interval for a table; a dash where there is none."""
    return "-" if ends is None else f"{ends[0]:.2f} to {ends[1]:.2f}"


def _or_none(value: float | Counts) -> float | None:
    return None if np.isnan(value) else float(value)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return value
