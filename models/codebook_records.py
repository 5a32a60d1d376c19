"""The records of a codebook: what a valid `codebook.yaml` may say, and nothing else.

They are strict on purpose (an unknown key is an error): a misspelt rule that is silently ignored would change every label.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.conditions import ALWAYS, Condition, parse_condition

NOT_APPLICABLE = "not_applicable"
"""The category of a single-label dimension that does not apply to a passage."""

Text = Annotated[str, Field(min_length=1)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]*$")]


class Record(BaseModel):
    """Base of the records: no unknown keys, no conversions, no change afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=False)


class Boundary(Record):
    """A case at the border of a category and the rule that decides it."""

    case: Text
    rule: Text


class PositiveExample(Record):
    """A passage that belongs to the category; `id` names it in the example bank."""

    id: Text
    text: Text


class NegativeExample(Record):
    """A passage that is easily mistaken for the category, with the right code and the reason."""

    id: Text
    text: Text
    correct: str | int | list[str] | None = None
    why: Text


class Examples(Record):
    """The examples for and against one category."""

    positive: list[PositiveExample] = []
    negative: list[NegativeExample] = []


class Category(Record):
    """One category (or level) of a dimension with its rules."""

    id: Identifier
    value: int | None = None
    name: Text
    definition: Text
    include: list[Text] = []
    exclude: list[Text] = []
    acts: list[Text] = []
    boundary: list[Boundary] = []
    key_phrases: list[Text] = []
    examples: Examples = Examples()


class Reliability(Record):
    """The agreement between coders that a dimension must reach."""

    metric: Text
    target: float
    minimum: float | None


class Dimension(Record):
    """One question that is asked of a passage, with its categories."""

    id: Identifier
    name: Text
    kind: Literal["single", "multi", "ordinal"]
    tier: Literal["core", "conditional", "later"]
    applies_when: Text
    default: str | int | list[str]
    question: Text
    rationale: Text | None = None
    levels: list[int] | None = None
    theory_order: list[str] = []
    secondary_allowed: bool = False
    derived_from: list[str] = []
    derivation: Text | None = None
    reliability: Reliability
    categories: Annotated[list[Category], Field(min_length=2)]

    @cached_property
    def condition(self) -> Condition:
        """When the dimension applies, in a form that can be evaluated."""
        return parse_condition(self.applies_when)

    @property
    def may_not_apply(self) -> bool:
        """Whether `not_applicable` is one of the dimension's values."""
        return self.kind == "single" and self.condition != ALWAYS

    @cached_property
    def category_ids(self) -> tuple[str, ...]:
        """All values that a passage can have: the categories in order, then `not_applicable` where the dimension may not apply."""
        own = tuple(category.id for category in self.categories)
        return (*own, NOT_APPLICABLE) if self.may_not_apply else own

    @cached_property
    def applicable_ids(self) -> tuple[str, ...]:
        """The category ids without `not_applicable`."""
        return tuple(category.id for category in self.categories)

    @cached_property
    def default_label(self) -> str | tuple[str, ...]:
        """The default in the form of a label: a category id, or a sorted tuple of them for a multi-label dimension."""
        return tuple(sorted(self.default)) if isinstance(self.default, list) else str(self.default)

    @model_validator(mode="after")
    def _hang_together(self) -> Dimension:
        ids = [category.id for category in self.categories]
        if len(set(ids)) != len(ids):
            raise ValueError(f"the category ids of {self.id!r} are not all different: {ids}")
        if NOT_APPLICABLE in ids:
            raise ValueError(f"{NOT_APPLICABLE!r} in {self.id!r} is reserved; it follows from 'applies_when'")
        _ = self.condition
        if self.kind == "ordinal" and (
            self.levels is None
            or [str(level) for level in self.levels] != ids
            or self.levels != [c.value for c in self.categories]
        ):
            raise ValueError(
                f"the levels of the ordinal dimension {self.id!r} are {self.levels}, its categories are {ids}; they must agree"
            )
        if self.kind == "multi" and not isinstance(self.default, list):
            raise ValueError(f"the default of the multi-label dimension {self.id!r} must be a list, not {self.default!r}")
        if self.kind != "multi" and isinstance(self.default, list):
            raise ValueError(f"the default of {self.id!r} must be one category, not a list")
        wanted = self.default if isinstance(self.default, list) else [str(self.default)]
        for value in [*wanted, *self.theory_order]:
            if value not in ids:
                raise ValueError(f"{value!r} is no category of {self.id!r}; allowed: {', '.join(ids)}")
        return self


class ConstraintRule(Record):
    """A logical rule between dimensions; `id` names the code that checks it."""

    id: Identifier
    rule: Text


class ExtraField(Record):
    """A field beside the dimensions that a coder fills in."""

    id: Identifier
    kind: Literal["single", "multi", "ordinal", "text"]
    values: list[str | int] = []
    nullable: bool = False


class BankExample(Record):
    """A passage invented for the codebook, with its full codes."""

    id: Text
    heading: str
    text: Text
    coding: dict[str, str | int | list[str] | None]


class Clarification(Record):
    """A rule that settles cases which the definitions leave open."""

    id: Identifier
    since: Text
    rule: Text


class Change(Record):
    """One line of the codebook's history."""

    version: Text
    note: Text


class Unit(Record):
    """What is coded, and what coder and model may see of it."""

    name: Text
    description: Text
    min_words: Annotated[int, Field(ge=1)]
    max_words: Annotated[int, Field(ge=1)]
    shown_to_coder: list[Text]
    hidden_from_coder: list[Text]
    model_input: list[Text]
    not_model_input: list[Text]
