"""The records that models take and hand on. No logic.

Country, year, mission and symbol are not here on purpose: a model that knows them repeats the known story.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PassageText:
    """What a classifier may see of a passage."""

    passage_id: str
    heading: str
    text: str
    previous: str | None = None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class DimensionScore:
    """Calibrated probabilities of one dimension and the label decoded under the codebook's constraints.

    For a single-label or ordinal dimension `label` is a category id (ordinal levels as text, "0" to "3") and the probabilities sum to 1.
    For a multi-label dimension `label` is a sorted tuple of category ids and each probability stands for itself.
    `certain` says whether labels as probable as this one keep the rate of error that the model promises; what is not belongs before a
    person.
    """

    label: str | tuple[str, ...]
    probabilities: dict[str, float]
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Prediction:
    """The scores of one passage by one model version; keys of `dimensions` are the codebook's trained dimensions in its order.

    `familiar` is false for a passage unlike those the model was trained on (another language, another kind of text): its labels are
    guesses.
    """

    passage_id: str
    model_version: str
    dimensions: dict[str, DimensionScore]
    familiar: bool = True
