"""The rules by which missions are recognised (`configs/missions.yaml`), read into typed objects."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from entente.errors import BadInput
from entente.yaml_files import read_yaml_mapping


def _compiled(value: Any) -> Any:
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        value = "|".join(value)
    if not isinstance(value, str):
        return value
    try:
        return re.compile(value)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error})") from error


Pattern = Annotated[re.Pattern[str], BeforeValidator(_compiled)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Clue(_Part):
    """What tells a kind: all of the patterns given must be found."""

    title: Pattern | None = None
    text: Pattern | None = None
    symbol: Pattern | None = None

    @property
    def is_weak(self) -> bool:
        """It looks at running text only, which mentions more than it is about."""
        return self.title is None and self.symbol is None

    def fits(self, title: str, text: str, symbol: str) -> bool:
        """Say whether the clue is there; all texts are folded but the symbol, which is its key."""
        pairs = ((self.title, title), (self.text, text), (self.symbol, symbol))
        return any(pattern for pattern, _ in pairs) and all(not pattern or pattern.search(value) for pattern, value in pairs)


class Kind(_Part):
    """A kind of mission, or of paper that is none."""

    id: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    name: str
    doc_type: str
    is_mission: bool = True
    has_visits: bool = True
    body: str | None = None
    any: Annotated[tuple[Clue, ...], Field(min_length=1)]


class Place(_Part):
    """A name that stands for countries."""

    pattern: Pattern
    countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], ...]


class MissionRules(_Part):
    """All rules; see the head of `configs/missions.yaml`."""

    kinds: tuple[Kind, ...]
    visit_words: Pattern
    no_visit_words: Pattern
    taken_back: Pattern
    bodies: dict[str, Pattern]
    authors: dict[str, Pattern]
    places: tuple[Place, ...]

    def kind(self, kind_id: str) -> Kind | None:
        """Return a kind by its id, or None."""
        return next((kind for kind in self.kinds if kind.id == kind_id), None)


def load_rules(path: Path | None = None) -> MissionRules:
    """Read the rules; by default those that ship with Entente.

    Raises:
        BadInput: names the file, the key and what is wrong.
    """
    if path is None:
        with as_file(files("configs").joinpath("missions.yaml")) as shipped:
            return _read(shipped, "configs/missions.yaml")
    return _read(path, str(path))


@cache
def default_rules() -> MissionRules:
    """Return the rules that ship with Entente, read once."""
    return load_rules()


def _read(path: Path, origin: str) -> MissionRules:
    content = read_yaml_mapping(path)
    try:
        rules = MissionRules.model_validate(content)
    except ValidationError as error:
        problems = (f"{origin}, key {'.'.join(str(key) for key in one['loc'])}: {one['msg']}." for one in error.errors())
        raise BadInput("\n".join(problems)) from None
    twice = {kind.id for kind in rules.kinds if sum(other.id == kind.id for other in rules.kinds) > 1}
    if twice:
        raise BadInput(f"{origin}, kinds: {min(twice)!r} stands there twice.")
    return rules
