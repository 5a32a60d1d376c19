"""The reviewed file of expected counts, `configs/expected_counts.yaml`: read and validated, and made anew from what is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from entente.errors import BadInput
from entente.files import write_text_whole
from entente.yaml_files import read_yaml_mapping
from flows.settings import Settings
from warehouse.types import ExpectedCounts

_UNDATED = "undated"
_HEAD = """# How many documents there must be of each source and year of publication (undated: without a date): at least min, at most max.
# Made by `entente warehouse counts --write` on {day} from what was there. Look at every line, mend what is wrong, and put your name under
# `reviewed`: from then on fewer documents than min stop a publication (or are only told, with publish.shortfall: warn). More than max is told.
"""


class _Bounds(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    min: Annotated[int, Field(ge=0)]
    max: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> _Bounds:
        if self.max is not None and self.max < self.min:
            raise ValueError(f"max {self.max} is smaller than min {self.min}")
        return self


class _Reviewed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    by: str = ""
    on: date | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    reviewed: _Reviewed = _Reviewed()
    sources: dict[str, dict[Annotated[int, Field(ge=1800, le=2200)] | str, _Bounds]] = {}

    @model_validator(mode="after")
    def _years(self) -> _File:
        odd = [year for years in self.sources.values() for year in years if isinstance(year, str) and year != _UNDATED]
        if odd:
            raise ValueError(f"{odd[0]!r} is neither a year nor {_UNDATED!r}")
        return self


def read_expected(settings: Settings) -> ExpectedCounts | None:
    """Return what the project's file of expected counts says; None where there is no such file.

    Raises:
        BadInput: when it cannot be read; names file and place.
    """
    path = settings.publish.expected_counts
    if not path.exists():
        return None
    try:
        content = _File.model_validate(read_yaml_mapping(path))
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(key) for key in problem["loc"])
        raise BadInput(f"{path}{f', key {place}' if place else ''}: {problem['msg']}.") from None
    bounds = {
        source: {None if isinstance(year, str) else year: (one.min, one.max) for year, one in years.items()}
        for source, years in content.sources.items()
    }
    return ExpectedCounts(bounds, str(path), bool(content.reviewed.by.strip()), settings.publish.shortfall == "fail")


def expected_text(bounds: Mapping[str, Mapping[int | None, tuple[int, int | None]]], day: date) -> str:
    """Return the file for these bounds, to be reviewed by a person."""
    sources: dict[str, Any] = {
        source: {
            _UNDATED if year is None else year: {"min": fewest} | ({} if most is None else {"max": most})
            for year, (fewest, most) in years.items()
        }
        for source, years in bounds.items()
    }
    content = yaml.safe_dump({"reviewed": {"by": "", "on": None}, "sources": sources}, sort_keys=False, allow_unicode=True)
    return _HEAD.format(day=day.isoformat()) + content


def write_expected(path: Path, text: str) -> None:
    """Write the file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text_whole(path, text)
