"""From head outputs to predictions: calibrated probabilities, thresholds for sets, joint decoding for the rest, and what is uncertain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.codebook import Codebook
from models.decoding import Decoder
from models.heads import Vector, probabilities
from models.types import DimensionScore, Prediction

_NEAR_TIE = 0.05
"""A lead, in log-probability, below which reading in bfloat16 might name another combination: of 939 real passages read both ways by each of
three models, five in all changed labels, at leads of up to 0.044."""
_NEAR_THRESHOLD = 0.015


@dataclass(frozen=True, slots=True)
class LabelRules:
    """How labels follow from probabilities; they belong to a model's version.

    Attributes:
        thresholds: the probability from which a category of a multi-label dimension is given.
        offsets: see `models.offsets`.
        certain_from: the probability of its label from which a dimension counts as certain; see `models.abstaining`.
    """

    thresholds: Mapping[str, Mapping[str, float]]
    offsets: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    certain_from: Mapping[str, float] = field(default_factory=dict)


class Scorer:
    """Turns head outputs into predictions of one model version."""

    def __init__(self, codebook: Codebook, rules: LabelRules, version: str) -> None:
        self._codebook = codebook
        self._rules = rules
        self._version = version
        self._decoder = Decoder(codebook, rules.offsets)

    def near_ties(self, logits: Vector) -> NDArray[np.bool_]:
        """Return for each row whether a slightly different output could give another label."""
        scores = probabilities(logits, self._codebook)
        near: NDArray[np.bool_] = self._decoder.margins(scores) < _NEAR_TIE
        for dimension in self._codebook.trained_dimensions:
            if dimension.kind == "multi":
                limits = np.array([self._rules.thresholds[dimension.id][name] for name in dimension.category_ids])
                near |= (np.abs(scores[dimension.id] - limits) < _NEAR_THRESHOLD).any(axis=1)
        return near

    def score(self, passage_ids: Sequence[str], logits: Vector, familiar: Sequence[bool] | None = None) -> list[Prediction]:
        """Return a prediction for each row.

        Args:
            passage_ids: one id a row.
            logits: head outputs of shape (passages, rows), as `models.heads.head_rows` orders them.
            familiar: whether each passage is of the kind that the model was trained on; all are by default.
        """
        scores = probabilities(logits, self._codebook)
        best = self._decoder.decode(scores)
        predictions = []
        for row, passage_id in enumerate(passage_ids):
            dimensions = {}
            for dimension in self._codebook.trained_dimensions:
                named = dict(zip(dimension.category_ids, (float(p) for p in scores[dimension.id][row]), strict=True))
                label: str | tuple[str, ...]
                certain_from = self._rules.certain_from.get(dimension.id, 0.0)
                if dimension.kind == "multi":
                    thresholds = self._rules.thresholds[dimension.id]
                    label = tuple(sorted(name for name, value in named.items() if value >= thresholds[name]))
                    sure = min((max(value, 1.0 - value) for value in named.values()), default=1.0) >= certain_from
                else:
                    label = dimension.category_ids[int(best[dimension.id][row])]
                    sure = named[label] >= certain_from
                dimensions[dimension.id] = DimensionScore(label, named, sure)
            predictions.append(Prediction(passage_id, self._version, dimensions, familiar is None or bool(familiar[row])))
        return predictions
