"""The codebook as data: read once, checked strictly, and then the one source of categories, conditions and constraints.

Importing this module loads no machine-learning library, so that the warehouse and the command line can ask for category names cheaply.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, ValidationError, model_validator

from entente.errors import BadInput
from entente.yaml_files import read_yaml_mapping
from models.codebook_records import (
    NOT_APPLICABLE,
    BankExample,
    Change,
    Clarification,
    ConstraintRule,
    Dimension,
    ExtraField,
    Record,
    Text,
    Unit,
)
from models.constraints import CONSTRAINTS, violations

__all__ = ["NOT_APPLICABLE", "Codebook", "Dimension", "load_codebook"]


def major_of(version: str) -> str:
    """Return the major version of a codebook's version: 1 of 1.4.2."""
    return version.split(".", 1)[0]


class Codebook(Record):
    """A codebook, complete and checked; made by `load_codebook`."""

    model_config = ConfigDict(arbitrary_types_allowed=False)

    codebook: Text
    version: Text
    language: Text
    unit: Unit
    tiers: dict[str, str]
    coding_order: list[Text]
    extra_fields: list[ExtraField]
    missing: dict[str, str]
    stage_coarse: dict[str, list[str]]
    constraints: list[ConstraintRule]
    dimensions: list[Dimension]
    example_bank: list[BankExample]
    changelog: list[Change]
    clarifications: list[Clarification]

    @cached_property
    def major(self) -> str:
        """The major version: codes of different major versions are never mixed."""
        return major_of(self.version)

    @cached_property
    def by_id(self) -> dict[str, Dimension]:
        """The dimensions by their id."""
        return {dimension.id: dimension for dimension in self.dimensions}

    @cached_property
    def trained_dimensions(self) -> tuple[Dimension, ...]:
        """The core and conditional dimensions, in the codebook's order: those for which a model gives probabilities."""
        return tuple(dimension for dimension in self.dimensions if dimension.tier in ("core", "conditional"))

    @cached_property
    def constraint_ids(self) -> tuple[str, ...]:
        """The ids of the constraints, in order."""
        return tuple(rule.id for rule in self.constraints)

    @model_validator(mode="after")
    def _hang_together(self) -> Codebook:
        _all_different("dimensions", [dimension.id for dimension in self.dimensions])
        _all_different("extra_fields", [extra.id for extra in self.extra_fields])
        _all_different("constraints", [rule.id for rule in self.constraints])
        _all_different("example_bank", [example.id for example in self.example_bank])
        for rule in self.constraints:
            if rule.id not in CONSTRAINTS:
                raise ValueError(f"no check is written for the constraint {rule.id!r}; known: {', '.join(CONSTRAINTS)}")
        known = {*self.by_id, *(extra.id for extra in self.extra_fields)}
        for name in self.coding_order:
            if name.split(" ", 1)[0] not in known:
                raise ValueError(f"coding_order names {name!r}, which is neither a dimension nor an extra field")
        for dimension in self.dimensions:
            self._check_references(dimension)
        if "stage" in self.by_id:
            stages = [stage for members in self.stage_coarse.values() for stage in members]
            if sorted(stages) != sorted(self.by_id["stage"].applicable_ids):
                raise ValueError(
                    f"stage_coarse must hold each stage once: {', '.join(self.by_id['stage'].applicable_ids)}; it has {stages}"
                )
        for example in self.example_bank:
            self._check_example(example)
        return self

    def _check_references(self, dimension: Dimension) -> None:
        """Raise `ValueError` when the dimension's condition or derivation names what does not exist."""
        for other in dimension.derived_from:
            if other not in self.by_id:
                raise ValueError(f"{dimension.id!r} is derived from {other!r}, which is no dimension")
        for clause in dimension.condition.clauses:
            if clause.dimension not in self.by_id:
                raise ValueError(f"applies_when of {dimension.id!r} names {clause.dimension!r}, which is no dimension")
            allowed = self.by_id[clause.dimension].applicable_ids
            if clause.value not in allowed:
                raise ValueError(
                    f"applies_when of {dimension.id!r} names {clause.value!r}; allowed for {clause.dimension!r}: {', '.join(allowed)}"
                )

    def _check_example(self, example: BankExample) -> None:
        """Raise `ValueError` when an example's codes are not values of the codebook or break its constraints."""
        labels: dict[str, str | tuple[str, ...] | None] = {"stage_secondary": None}
        for field, value in example.coding.items():
            if field == "stage_secondary":
                labels[field] = None if value is None else str(value)
                continue
            if field not in self.by_id:
                raise ValueError(f"example {example.id} codes {field!r}, which is no dimension")
            allowed = self.by_id[field].category_ids
            for one in value if isinstance(value, list) else [str(value)]:
                if one not in allowed:
                    raise ValueError(f"example {example.id}: {field} = {one!r}; allowed: {', '.join(allowed)}")
            labels[field] = tuple(sorted(value)) if isinstance(value, list) else str(value)
        if broken := violations(labels, self.constraint_ids):
            raise ValueError(f"the codes of example {example.id} break {', '.join(broken)}")


def _all_different(place: str, ids: list[str]) -> None:
    if repeated := sorted({name for name in ids if ids.count(name) > 1}):
        raise ValueError(f"{place}: {', '.join(repeated)} given more than once")


def load_codebook(path: Path) -> Codebook:
    """Read and check a codebook.

    Args:
        path: the YAML file.

    Raises:
        BadInput: when the file is missing, is not YAML, has an unknown key or a value that is not allowed. The message names the file,
            the key, the value and what is allowed.
    """
    content = read_yaml_mapping(path)
    try:
        return Codebook.model_validate(content)
    except ValidationError as error:
        raise BadInput(f"The codebook {path} is not usable:\n{_in_words(error, content)}") from error


def _in_words(error: ValidationError, content: dict[str, Any]) -> str:
    """Turn a validation error into lines of "key: value: what is allowed", with ids instead of list positions."""
    lines = []
    for problem in error.errors()[:20]:
        where, value = _place(problem["loc"], content), problem["input"]
        match problem["type"]:
            case "extra_forbidden":
                lines.append(f"  {where}: unknown key (value {_short(value)}); remove it or correct its spelling")
            case "missing":
                lines.append(f"  {where}: missing; it is required")
            case "value_error":
                lines.append(f"  {where or 'codebook'}: {problem['msg'].removeprefix('Value error, ')}")
            case _:
                lines.append(f"  {where}: {_short(value)} is not allowed: {problem['msg']}")
    return "\n".join(lines)


def _place(location: tuple[int | str, ...], content: Any) -> str:
    parts: list[str] = []
    here = content
    for step in location:
        if isinstance(here, dict) and step in here:
            here = here[step]
            parts.append(str(step))
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
            parts.append(str(here["id"]) if isinstance(here, dict) and "id" in here else str(step))
        else:
            parts.append(str(step))
    return ".".join(parts)


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."
