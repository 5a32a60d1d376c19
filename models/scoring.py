"""From head outputs to predictions: calibrated probabilities, thresholds for sets, joint decoding for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.codebook import Codebook
from models.decoding import Decoder
from models.heads import Vector, probabilities
from models.types import DimensionScore, Prediction


class Scorer:
    """Turns head outputs into predictions of one model version."""

    def __init__(self, codebook: Codebook, thresholds: Mapping[str, Mapping[str, float]], version: str) -> None:
        self._codebook = codebook
        self._thresholds = thresholds
        self._version = version
        self._decoder = Decoder(codebook)

    def score(self, passage_ids: Sequence[str], logits: Vector) -> list[Prediction]:
        """Return a prediction for each row.

        Args:
            passage_ids: one id a row.
            logits: head outputs of shape (passages, rows), as `models.heads.head_rows` orders them.
        """
        scores = probabilities(logits, self._codebook)
        best = self._decoder.decode(scores)
        predictions = []
        for row, passage_id in enumerate(passage_ids):
            dimensions = {}
            for dimension in self._codebook.trained_dimensions:
                named = dict(zip(dimension.category_ids, (float(p) for p in scores[dimension.id][row]), strict=True))
                label: str | tuple[str, ...]
                if dimension.kind == "multi":
                    thresholds = self._thresholds[dimension.id]
                    label = tuple(sorted(name for name, value in named.items() if value >= thresholds[name]))
                else:
                    label = dimension.category_ids[int(best[dimension.id][row])]
                dimensions[dimension.id] = DimensionScore(label, named)
            predictions.append(Prediction(passage_id, self._version, dimensions))
        return predictions
