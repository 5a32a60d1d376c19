"""Predictions as the columns of `scores`: column by column, as a row at a time would take several times as long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any

from entente.errors import BadInput
from models.types import DimensionScore, Prediction
from warehouse.codebook import probability_column
from warehouse.types import ScoreColumns, ScoreDimension


def score_table(
    rows: Sequence[Prediction], model_version: str, owners: Mapping[str, str], columns: ScoreColumns
) -> dict[str, Sequence[Any]]:
    """Return the columns of `scores` for these predictions; `owners` names the document of each passage.

    Raises:
        BadInput: when a prediction is by another model, or does not fit the codebook's dimensions.
    """
    _check_model_and_dimensions(rows, model_version, columns)
    ids = [row.passage_id for row in rows]
    uncertain: list[list[str]] = [[] for _row in rows]
    made: dict[str, Sequence[Any]] = {
        "passage_id": ids,
        "document_id": [owners[one] for one in ids],
        "model_version": [model_version] * len(rows),
        "is_familiar": [row.familiar for row in rows],
        "uncertain": uncertain,
    }
    for dimension in columns.dimensions:
        scores = [row.dimensions[dimension.name] for row in rows]
        labels = list(map(attrgetter("label"), scores))
        probabilities = list(map(attrgetter("probabilities"), scores))
        names = [probability_column(dimension.name, category) for category in dimension.categories]
        try:
            made |= {
                name: list(map(itemgetter(category), probabilities))
                for name, category in zip(names, dimension.categories, strict=True)
            }
        except KeyError:
            _tell_misfit(rows, scores, dimension, model_version)
        kinds = set(map(type, labels))
        too_many = sum(map(len, probabilities)) != len(rows) * len(dimension.categories)
        if too_many or (str in kinds if dimension.multi else not kinds <= {str}):
            _tell_misfit(rows, scores, dimension, model_version)
        made[dimension.name] = list(map(sorted, labels)) if dimension.multi else labels
        for place, certain in enumerate(map(attrgetter("certain"), scores)):
            if not certain:
                uncertain[place].append(dimension.name)
    return made


def _check_model_and_dimensions(rows: Sequence[Prediction], model_version: str, columns: ScoreColumns) -> None:
    wanted = {dimension.name for dimension in columns.dimensions}
    for row in rows:
        if row.model_version != model_version:
            raise BadInput(f"A score of passage {row.passage_id} is by model {row.model_version}, not by {model_version}.")
        if row.dimensions.keys() != wanted:
            odd = ", ".join(sorted(wanted ^ set(row.dimensions)))
            raise BadInput(
                f"Model {model_version} and the warehouse disagree about the dimensions {odd}: they come of different codebooks. Train anew."
            )


def _tell_misfit(
    rows: Sequence[Prediction], scores: Sequence[DimensionScore], dimension: ScoreDimension, model_version: str
) -> None:
    """Raise `BadInput` for the first score that does not fit the dimension."""
    categories = set(dimension.categories)
    for row, score in zip(rows, scores, strict=True):
        if score.probabilities.keys() != categories:
            odd = ", ".join(sorted(set(score.probabilities) ^ categories))
            raise BadInput(
                f"Model {model_version} and the warehouse disagree about the categories of {dimension.name}: {odd}. Train anew."
            )
        if isinstance(score.label, str) == dimension.multi:
            raise BadInput(f"The label {score.label!r} of passage {row.passage_id} does not fit {dimension.name}.")
