"""Two sets of predictions for the same coded passages: how much one is better, with an interval of the difference.

Both are resampled together, by document, so that what makes a document hard for both does not widen the interval of their difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.agreement import Counts, macro_f1
from models.annotations import AnnotatedPassage
from models.codebook import Codebook
from models.codebook_records import Dimension
from models.evaluation import confusions_by_document, label_f1
from models.resampling import Interval, document_weights, interval
from models.types import Prediction


@dataclass(frozen=True, slots=True)
class Gain:
    """Macro F1 of other predictions and of the model, the difference and its 95 % interval."""

    other: float
    model: float
    interval: Interval | None

    @property
    def difference(self) -> float:
        """How much the model is better."""
        return self.model - self.other


def gains(
    other: Sequence[Prediction],
    model: Sequence[Prediction],
    annotated: Sequence[AnnotatedPassage],
    codebook: Codebook,
    *,
    seed: int = 0,
) -> dict[str, Gain]:
    """Return for each trained dimension how much the model is better than other predictions of the same passages, in the same order.

    A dimension that no passage has a code for, or for which macro F1 is not defined, is left out.
    """
    found = {}
    for dimension in codebook.trained_dimensions:
        rows = [i for i, one in enumerate(annotated) if dimension.id in one.labels]
        if not rows:
            continue
        chosen = [annotated[i] for i in rows]
        documents, weights = document_weights([annotated[i].document for i in rows], seed)
        figures = [_macro_f1(dimension, [each[i] for i in rows], chosen, documents, weights) for each in (other, model)]
        (before, resampled_before), (now, resampled_now) = figures
        if not np.isnan(before) and not np.isnan(now):
            found[dimension.id] = Gain(before, now, interval(resampled_now - resampled_before))
    return found


def _macro_f1(
    dimension: Dimension,
    predictions: Sequence[Prediction],
    annotated: Sequence[AnnotatedPassage],
    documents: NDArray[np.intp],
    weights: Counts,
) -> tuple[float, Counts]:
    """Return macro F1 and its resamples."""
    count = weights.shape[1]
    if dimension.kind == "multi":
        labels = [
            (
                np.array([name in one.labels[dimension.id] for one in annotated]) * 1,
                np.array([name in one.dimensions[dimension.id].label for one in predictions]) * 1,
            )
            for name in dimension.category_ids
        ]
        each = np.stack([confusions_by_document(gold, given, documents, count, 2) for gold, given in labels])
        resampled = np.stack([np.tensordot(weights, one, axes=1) for one in each], axis=1)
        return float(label_f1(each.sum(axis=1))), label_f1(resampled)
    place = {name: i for i, name in enumerate(dimension.category_ids)}
    gold = np.array([place[str(one.labels[dimension.id])] for one in annotated], dtype=np.intp)
    given = np.array([place[str(one.dimensions[dimension.id].label)] for one in predictions], dtype=np.intp)
    by_document = confusions_by_document(gold, given, documents, count, len(place))
    return float(macro_f1(by_document.sum(axis=0))), macro_f1(np.tensordot(weights, by_document, axes=1))
