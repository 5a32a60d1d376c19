"""The full evaluation of a model: its figures, where they differ, what it must beat, and whether it hangs on names.

Parts: figures by dimension and category; the same by organization, document type, language, quality of extraction; majority, TF-IDF and
another model; the abstain rule; the share of labels that change when names are masked. As plain data and as Markdown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.abstaining import confidence_and_errors
from models.agreement import two_digits
from models.annotations import AnnotatedPassage
from models.baselines import tfidf_predictions
from models.classifier import Classifier
from models.codebook import Codebook
from models.evaluation import EvaluationReport, compare, from_to, predictions_of
from models.masking import changed_labels
from models.paired import Gain, gains
from models.types import Prediction

FACETS = ("igo", "doc_type", "language", "quality")
_FEWEST = 20


@dataclass(frozen=True, slots=True)
class FullReport:
    """Everything that `entente evaluate` tells; parts that were not asked for are None.

    `groups` maps facet and value to its report; `certain` maps a dimension to how many labels were marked as certain, the share of
    passages and the share of errors among them; `gains` has, for TF-IDF and for the other model, what the model gains by dimension.
    """

    figures: EvaluationReport
    groups: dict[str, dict[str, EvaluationReport]]
    certain: dict[str, tuple[int, float, float | None]]
    promised_error: float
    baseline: EvaluationReport | None
    against: EvaluationReport | None
    gains: dict[str, dict[str, Gain]]
    changed_by_masking: dict[str, float] | None

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain data for JSON."""
        return {
            **self.figures.as_dict(),
            "groups": {facet: {value: _short(report) for value, report in own.items()} for facet, own in self.groups.items()},
            "promised_error": self.promised_error,
            "certain": {
                name: {"n": n, "share": round(share, 4), "errors": None if wrong is None else round(wrong, 4)}
                for name, (n, share, wrong) in self.certain.items()
            },
            "tfidf": None if self.baseline is None else _short(self.baseline),
            "against": None if self.against is None else {"model": self.against.model, **_short(self.against)},
            "gains": {
                name: {
                    dimension: {
                        "difference": round(one.difference, 4),
                        "interval": one.interval and [round(e, 4) for e in one.interval],
                    }
                    for dimension, one in own.items()
                }
                for name, own in self.gains.items()
            },
            "changed_by_masking": self.changed_by_masking
            and {name: round(share, 4) for name, share in self.changed_by_masking.items()},
        }

    def as_markdown(self) -> str:
        """Return the report as Markdown."""
        parts = [self.figures.as_markdown()]
        for name, own in self.gains.items():
            lines = [
                f"## Against {name}, on the same passages",
                "",
                f"| dimension | {name} | model | gain | interval of the gain |",
                "| --- | ---: | ---: | ---: | --- |",
            ]
            lines += [
                f"| {dimension} | {one.other:.3f} | {one.model:.3f} | {one.difference:+.3f} | {from_to(one.interval)} |"
                for dimension, one in own.items()
            ]
            parts.append("\n".join(lines) + "\n")
        for facet, values in self.groups.items():
            names = list(self.figures.dimensions)
            lines = [f"## Macro F1 by {facet}", "", f"| {facet} | passages | {' | '.join(names)} |"]
            lines.append("| --- | ---: |" + " ---: |" * len(names))
            for value, report in values.items():
                cells = [two_digits(report.dimensions[name].macro_f1) if name in report.dimensions else "-" for name in names]
                lines.append(f"| {value} | {report.passages} | {' | '.join(cells)} |")
            parts.append("\n".join(lines) + "\n")
        lines = [f"## Labels marked as certain (promised: at most {self.promised_error:.0%} errors)", ""]
        lines += ["| dimension | certain | share of passages | errors among them |", "| --- | ---: | ---: | ---: |"]
        lines += [
            f"| {name} | {n} | {share:.0%} | {'-' if wrong is None else f'{wrong:.1%}'} |"
            for name, (n, share, wrong) in self.certain.items()
        ]
        parts.append("\n".join(lines) + "\n")
        if self.changed_by_masking is not None:
            lines = [
                "## Labels that change when countries, people and dates are masked",
                "",
                "| dimension | share |",
                "| --- | ---: |",
            ]
            lines += [f"| {name} | {share:.1%} |" for name, share in self.changed_by_masking.items()]
            parts.append("\n".join(lines) + "\n")
        return "\n".join(parts)


def full_report(
    classifier: Classifier,
    annotated: Sequence[AnnotatedPassage],
    *,
    train: Sequence[AnnotatedPassage] | None = None,
    against: Classifier | None = None,
    mask: bool = False,
    seed: int = 0,
) -> FullReport:
    """Evaluate a model in full.

    Args:
        classifier: the model.
        annotated: coded passages that it was not trained on.
        train: passages to train TF-IDF on, for comparison; None to leave it out.
        against: another model to compare with, the previous one say; it must not have been trained on the passages either.
        mask: whether to classify again with names and dates masked.
        seed: of the bootstrap.

    Raises:
        BadInput: when there is no passage.
    """
    predictions = predictions_of(classifier, annotated)
    codebook = classifier.codebook
    others: dict[str, list[Prediction]] = {}
    if train is not None:
        others["TF-IDF"] = tfidf_predictions(codebook, train, annotated)
    if against is not None:
        others[against.version] = predictions_of(against, annotated)
    figures = {name: compare(own, annotated, codebook, seed=seed) for name, own in others.items()}
    return FullReport(
        figures=compare(predictions, annotated, codebook, seed=seed),
        groups={facet: own for facet in FACETS if (own := _groups(facet, predictions, annotated, codebook, seed))},
        certain={one.id: _certain(one.id, predictions, annotated, codebook) for one in codebook.trained_dimensions},
        promised_error=classifier.facts.promised_error,
        baseline=figures.get("TF-IDF"),
        against=None if against is None else figures[against.version],
        gains={name: gains(own, predictions, annotated, codebook, seed=seed) for name, own in others.items()},
        changed_by_masking=changed_labels(classifier, annotated) if mask else None,
    )


def _groups(
    facet: str, predictions: Sequence[Prediction], annotated: Sequence[AnnotatedPassage], codebook: Codebook, seed: int
) -> dict[str, EvaluationReport]:
    """Return a report for each value of a facet that has enough passages, the most frequent first."""
    rows: dict[str, list[int]] = {}
    for i, one in enumerate(annotated):
        rows.setdefault(one.facets.get(facet, "not known"), []).append(i)
    large = sorted((value for value in rows if len(rows[value]) >= _FEWEST), key=lambda value: (-len(rows[value]), value))
    if len(rows) < 2:
        return {}
    return {
        value: compare([predictions[i] for i in rows[value]], [annotated[i] for i in rows[value]], codebook, seed=seed)
        for value in large
    }


def _certain(
    name: str, predictions: Sequence[Prediction], annotated: Sequence[AnnotatedPassage], codebook: Codebook
) -> tuple[int, float, float | None]:
    sure = np.array([one.dimensions[name].certain for one in predictions])
    _confidence, wrong = confidence_and_errors(codebook.by_id[name], predictions, annotated)
    return int(sure.sum()), float(sure.mean()), float(wrong[sure].mean()) if sure.any() else None


def _short(report: EvaluationReport) -> dict[str, Any]:
    return {
        "passages": report.passages,
        "documents": report.documents,
        "dimensions": {
            name: {"macro_f1": one.macro_f1 and round(one.macro_f1, 4), "interval": [round(end, 4) for end in one.interval]}
            for name, one in report.dimensions.items()
        },
    }
