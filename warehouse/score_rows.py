"""Predictions as the columns of `scores`: all of them at once, as a row at a time would take several times as long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, cycle
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from entente.errors import BadInput
from models.types import DimensionScore, Prediction
from warehouse.codebook import probability_column
from warehouse.types import ScoreColumns, ScoreDimension

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_AT_ONCE = 1000
"""So many predictions are gone through again and again while they lie in the processor's cache."""


def score_table(
    rows: Sequence[Prediction], model_version: str, owners: Mapping[str, str], columns: ScoreColumns
) -> dict[str, Any]:
    """Return the columns of `scores` for these predictions; `owners` names the document of each passage.

    Raises:
        BadInput: when a prediction is by another model, or does not fit the codebook's dimensions.
    """
    import numpy as np

    names = [probability_column(one.name, category) for one in columns.dimensions for category in one.categories]
    labels: dict[str, list[Any]] = {name: [] for name in ("uncertain", *(one.name for one in columns.dimensions))}
    numbers = np.empty((len(names), len(rows)), np.float32)
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        _check_model_and_dimensions(some, model_version, columns)
        _add(some, model_version, columns, labels, numbers[:, start : start + _AT_ONCE])
    ids = [row.passage_id for row in rows]
    return {
        "passage_id": ids,
        "document_id": [owners[one] for one in ids],
        "model_version": [model_version] * len(rows),
        "is_familiar": [row.familiar for row in rows],
        **labels,
        **dict(zip(names, numbers, strict=True)),
    }


def _add(
    rows: Sequence[Prediction],
    model_version: str,
    columns: ScoreColumns,
    labels: Mapping[str, list[Any]],
    numbers: NDArray[np.float32],
) -> None:
    """Append the labels of these rows to their columns, and write their probabilities, a row a column of `scores`."""
    import numpy as np

    number, size = len(rows), len(columns.dimensions)
    # Passage by passage, as predictions lie in memory; a column is every `size`-th of these.
    scores = _in_order(rows, columns)
    given, probabilities = list(map(_label, scores)), list(map(_probabilities, scores))
    uncertain: list[list[str]] = [[] for _row in rows]
    if not all(map(_certain, scores)):
        for place, score in enumerate(scores):
            if not score.certain:
                uncertain[place // size].append(columns.dimensions[place % size].name)
    labels["uncertain"].extend(uncertain)
    for place, dimension in enumerate(columns.dimensions):
        own = given[place::size]
        kinds = set(map(type, own))
        if str in kinds if dimension.multi else not kinds <= {str}:
            _tell_misfit(rows, scores[place::size], dimension, model_version)
        labels[dimension.name].extend(map(sorted, own) if dimension.multi else own)
    categories = [category for one in columns.dimensions for category in one.categories]
    if list(chain.from_iterable(probabilities)) != categories * number:
        for place, dimension in enumerate(columns.dimensions):
            _tell_misfit(rows, scores[place::size], dimension, model_version)
        # All fit, in another order.
        probabilities = [
            {category: one[category] for category in dimension.categories}
            for one, dimension in zip(probabilities, cycle(columns.dimensions), strict=False)
        ]
    values = np.fromiter(chain.from_iterable(map(dict.values, probabilities)), np.float32, numbers.size)
    numbers[:] = values.reshape(number, -1).T


_label, _probabilities, _certain = attrgetter("label"), attrgetter("probabilities"), attrgetter("certain")
_model = attrgetter("model_version")


def _in_order(rows: Sequence[Prediction], columns: ScoreColumns) -> list[DimensionScore]:
    """Return the scores of all rows, those of a row in the order of the dimensions."""
    names = [dimension.name for dimension in columns.dimensions]
    found = [row.dimensions for row in rows]
    if list(chain.from_iterable(found)) == names * len(rows):
        return list(chain.from_iterable(map(dict.values, found)))
    return [one[name] for one in found for name in names]


def _check_model_and_dimensions(rows: Sequence[Prediction], model_version: str, columns: ScoreColumns) -> None:
    wanted = {dimension.name for dimension in columns.dimensions}
    found = [row.dimensions for row in rows]
    if (
        set(map(_model, rows)) <= {model_version}
        and set(map(len, found)) <= {len(wanted)}
        and set(chain.from_iterable(found)) <= wanted
    ):
        return
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
