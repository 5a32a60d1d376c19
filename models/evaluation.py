"""How good a classifier is on coded passages: per dimension and category, with intervals and a baseline.

Intervals come from resampling documents, not passages: passages of one report resemble each other, and pretending that they are
independent would make the intervals too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.errors import BadInput
from models.agreement import CategoryScore, Counts, calibration_error, category_scores, krippendorff_alpha, macro_f1, two_digits
from models.annotations import AnnotatedPassage
from models.classifier import Classifier
from models.codebook import Codebook
from models.codebook_records import Dimension
from models.types import Prediction

_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class DimensionReport:
    """The figures of one dimension.

    `macro_f1` is the mean F1 over the categories that occur in codes or predictions (`not_applicable` is a category like the others; for
    a multi-label dimension over the labels that occur; None where none does); `interval` is its 95 % bootstrap interval over documents;
    `accuracy` asks for the whole set where there are several labels; `alpha` is Krippendorff's (nominal, ordinal for levels, mean over
    the labels of a multi-label dimension; None where it is not defined); `calibration_error` compares the probability of the published
    label with the share correct (each label's probability for a multi-label dimension); `majority_f1` is the macro F1 of always
    answering with the most frequent code.
    `confusion` has codes in rows and predictions in columns, in the order of `categories`; for a multi-label dimension it is empty.
    """

    dimension: str
    kind: str
    n: int
    macro_f1: float | None
    interval: tuple[float, float]
    majority_f1: float | None
    accuracy: float
    alpha: float | None
    calibration_error: float
    categories: dict[str, CategoryScore]
    confusion: list[list[int]]


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
            f"({_RESAMPLES} resamples, seed {self.seed}). Alpha: Krippendorff's, against the codes. ECE: expected calibration error.",
            "",
            "| dimension | n | macro F1 | interval | majority | accuracy | alpha | ECE |",
            "| --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |",
        ]
        for name, one in self.dimensions.items():
            lines.append(
                f"| {name} | {one.n} | {two_digits(one.macro_f1)} | {one.interval[0]:.2f} to {one.interval[1]:.2f} "
                f"| {two_digits(one.majority_f1)} | {one.accuracy:.2f} | {two_digits(one.alpha)} | {one.calibration_error:.3f} |"
            )
        lines += [
            "",
            "| dimension | category | precision | recall | F1 | support | predicted |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
        ]
        for name, one in self.dimensions.items():
            lines += [
                f"| {name} | {category} | {s.precision:.2f} | {s.recall:.2f} | {s.f1:.2f} | {s.support} | {s.predicted} |"
                for category, s in one.categories.items()
            ]
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
    names = sorted({one.document for one in annotated})
    place = {name: i for i, name in enumerate(names)}
    documents = np.array([place[one.document] for one in annotated], dtype=np.intp)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(names), np.full(len(names), 1.0 / len(names)), size=_RESAMPLES).astype(np.float64)
    reports = {}
    for dimension in codebook.trained_dimensions:
        coded = np.array([dimension.id in one.labels for one in annotated])
        if coded.any():
            chosen = [(p, a) for p, a, use in zip(predictions, annotated, coded, strict=True) if use]
            report = _several if dimension.kind == "multi" else _single
            reports[dimension.id] = report(dimension, chosen, documents[coded], weights)
    return EvaluationReport(predictions[0].model_version, len(annotated), len(names), seed, reports)


_Pairs = Sequence[tuple[Prediction, AnnotatedPassage]]


def _single(dimension: Dimension, pairs: _Pairs, documents: NDArray[np.intp], weights: Counts) -> DimensionReport:
    values = {name: i for i, name in enumerate(dimension.category_ids)}
    gold = np.array([values[str(a.labels[dimension.id])] for _, a in pairs], dtype=np.intp)
    given = np.array([values[str(p.dimensions[dimension.id].label)] for p, _ in pairs], dtype=np.intp)
    confidence = np.array([p.dimensions[dimension.id].probabilities[str(p.dimensions[dimension.id].label)] for p, _ in pairs])
    by_document = _confusions(gold, given, documents, weights.shape[1], len(values))
    confusion = by_document.sum(axis=0)
    most = np.zeros_like(confusion)
    most[:, int(confusion.sum(axis=1).argmax())] = confusion.sum(axis=1)
    return DimensionReport(
        dimension=dimension.id,
        kind=dimension.kind,
        n=len(pairs),
        macro_f1=_or_none(macro_f1(confusion)),
        interval=_interval(macro_f1(np.tensordot(weights, by_document, axes=1))),
        majority_f1=_or_none(macro_f1(most)),
        accuracy=float((gold == given).mean()),
        alpha=_or_none(krippendorff_alpha(confusion, ordinal=dimension.kind == "ordinal")),
        calibration_error=calibration_error(confidence, gold == given),
        categories=dict(zip(values, category_scores(confusion), strict=True)),
        confusion=confusion.astype(int).tolist(),
    )


def _several(dimension: Dimension, pairs: _Pairs, documents: NDArray[np.intp], weights: Counts) -> DimensionReport:
    names = dimension.category_ids
    gold = np.array([[name in a.labels[dimension.id] for name in names] for _, a in pairs])
    given = np.array([[name in p.dimensions[dimension.id].label for name in names] for p, _ in pairs])
    probability = np.array([[p.dimensions[dimension.id].probabilities[name] for name in names] for p, _ in pairs])
    per_label = np.stack(
        [_confusions(gold[:, i] * 1, given[:, i] * 1, documents, weights.shape[1], 2) for i in range(len(names))]
    )
    confusions = per_label.sum(axis=1)
    scores = {name: category_scores(confusion)[1] for name, confusion in zip(names, confusions, strict=True)}
    alphas = [alpha for confusion in confusions if not np.isnan(alpha := krippendorff_alpha(confusion))]
    errors = [calibration_error(probability[:, i], gold[:, i]) for i in range(len(names))]
    always = (gold.mean(axis=0) > 0.5).astype(np.intp)
    majority = np.stack(
        [
            _confusions(gold[:, i] * 1, np.full(len(gold), always[i]), documents, weights.shape[1], 2).sum(axis=0)
            for i in range(len(names))
        ]
    )
    return DimensionReport(
        dimension=dimension.id,
        kind=dimension.kind,
        n=len(pairs),
        macro_f1=_or_none(_label_f1(confusions)),
        interval=_interval(_label_f1(np.stack([np.tensordot(weights, one, axes=1) for one in per_label], axis=1))),
        majority_f1=_or_none(_label_f1(majority)),
        accuracy=float((gold == given).all(axis=1).mean()),
        alpha=float(np.mean(alphas)) if alphas else None,
        calibration_error=float(np.mean(errors)),
        categories=scores,
        confusion=[],
    )


def _label_f1(confusions: Counts) -> Counts:
    """Return the mean F1 of the positive side over the labels that occur, from shape (..., labels, 2, 2)."""
    hits = confusions[..., 1, 1]
    size = confusions[..., 1, :].sum(axis=-1) + confusions[..., :, 1].sum(axis=-1)
    occurs = size > 0
    f1 = np.where(occurs, 2 * hits / np.where(occurs, size, 1), 0.0)
    result: Counts = np.where(occurs.any(axis=-1), f1.sum(axis=-1) / np.maximum(occurs.sum(axis=-1), 1), np.nan)
    return result


def _confusions(gold: NDArray[np.intp], given: NDArray[np.intp], documents: NDArray[np.intp], count: int, size: int) -> Counts:
    """Return one confusion matrix a document, shape (documents, categories, categories)."""
    counts = np.zeros((count, size, size))
    np.add.at(counts, (documents, gold, given), 1.0)
    return counts


def _interval(values: Counts) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not len(known):
        return (0.0, 1.0)
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


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
