"""What tables, views, macros and columns are, read from `schema/descriptions.yaml`: the source of the comments and of the data dictionary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from warehouse.types import ScoreColumns

UNITS = ("count", "share", "probability", "position", "number")
"""The units that the naming rule speaks of; any other unit is one of measure (PDF points, seconds)."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a column, parameter or object is, in a sentence; `unit` where it holds a number."""

    about: str
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectDescription:
    """What a table, view or macro is.

    Attributes:
        kind: table, view or macro.
        about: what it holds.
        columns: what its columns are; those of a view or macro that are described elsewhere are in `inherits`.
        inherits: tables and views that describe the columns taken over under the same name.
        unpublished: columns of the working database only.
        published: whether the published file has it.
        parameters: what a macro takes.
        example: a call of a table macro by which its columns can be seen.
        of_dimensions: what the columns named like dimensions are here, {dimension} filled in; None where they are the model's labels.
    """

    name: str
    kind: str
    about: str
    columns: Mapping[str, Description] = field(default_factory=dict)
    inherits: tuple[str, ...] = ()
    unpublished: Mapping[str, Description] = field(default_factory=dict)
    published: bool = True
    parameters: Mapping[str, Description] = field(default_factory=dict)
    example: str | None = None
    of_dimensions: str | None = None


class Descriptions:
    """All descriptions, with those of the columns that a codebook decides."""

    def __init__(self, plain: Mapping[str, Any], columns: ScoreColumns) -> None:
        self.objects: dict[str, ObjectDescription] = {}
        for kind in ("view", "macro", "table"):
            for name, said in plain[f"{kind}s"].items():
                self.objects[name] = _object(name, kind, said)
        self.of_codebook = _of_codebook(plain["codebook_columns"], columns)
        self._dimensions = {dimension.name for dimension in columns.dimensions}

    def column(self, name: str, column: str) -> Description | None:
        """Return what a column of a table, view or table macro is; None where nobody has said so."""
        said = self.objects.get(name)
        if said is None:
            return None
        own = said.columns.get(column) or said.unpublished.get(column)
        if own is None and said.of_dimensions and column in self._dimensions:
            own = Description(said.of_dimensions.format(dimension=column))
        inherited = (found for found in (self.column(other, column) for other in said.inherits) if found)
        return own or next(inherited, None) or self.of_codebook.get(column)

    def comments(self, there: Mapping[str, tuple[str, list[str]]]) -> Iterator[str]:
        """Yield the statements that write the comments of what is there: by name the kind (table, view, macro, table_macro) and columns."""
        words = {"table": "TABLE", "view": "VIEW", "macro": "MACRO", "table_macro": "MACRO TABLE"}
        for name, (kind, columns) in there.items():
            if name in self.objects:
                yield f'COMMENT ON {words[kind]} "{name}" IS {_literal(self.objects[name].about)}'
            for column in columns if kind in ("table", "view") else ():
                if said := self.column(name, column):
                    yield f'COMMENT ON COLUMN "{name}"."{column}" IS {_literal(_with_unit(said))}'


def load_descriptions(columns: ScoreColumns) -> Descriptions:
    """Return the descriptions for a codebook's scored dimensions."""
    return Descriptions(_plain(), columns)


def descriptions_text() -> str:
    """Return the file as it is, for those who want to know whether it has changed."""
    return files("warehouse").joinpath("schema", "descriptions.yaml").read_text(encoding="utf-8")


@cache
def _plain() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(descriptions_text())
    return content


def _object(name: str, kind: str, said: Mapping[str, Any]) -> ObjectDescription:
    return ObjectDescription(
        name=name,
        kind=kind,
        about=said["about"],
        columns=_columns(said.get("columns")),
        inherits=tuple(said.get("inherits", ())),
        unpublished=_columns(said.get("unpublished")),
        published=said.get("published", True),
        parameters=_columns(said.get("parameters")),
        example=said.get("example"),
        of_dimensions=said.get("of_dimensions"),
    )


def _columns(plain: Mapping[str, Any] | None) -> dict[str, Description]:
    return {name: _description(said) for name, said in (plain or {}).items()}


def _description(said: Any, **names: str) -> Description:
    about, unit = (said, None) if isinstance(said, str) else (said["about"], said["unit"])
    return Description(about.format(**names) if names else about, unit)


def _of_codebook(patterns: Mapping[str, Any], columns: ScoreColumns) -> dict[str, Description]:
    found = {}
    for dimension in columns.dimensions:
        names = {"dimension": dimension.name}
        found[dimension.name] = _description(patterns["labels" if dimension.multi else "label"], **names)
        if not dimension.multi:
            found[f"p_{dimension.name}"] = _description(patterns["label_probability"], **names)
        for category in dimension.categories:
            pattern = patterns["probability_of_several" if dimension.multi else "probability"]
            found[f"p_{dimension.name}__{category}"] = _description(pattern, **names, category=category)
    return found


def _with_unit(said: Description) -> str:
    named = said.unit is None or said.unit in UNITS or said.unit in said.about
    return said.about if named else f"{said.about} ({said.unit})"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
