"""The description of a source: all that a person may want to change about it, as data (`configs/sources/<id>.yaml`), read into typed objects."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from entente.errors import BadInput
from entente.yaml_files import read_yaml_mapping

SourceId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
Share = Annotated[float, Field(ge=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Host(_Part):
    """A host that this source may talk to, and how gently.

    Attributes:
        host: the name, lower case, without port.
        delay_seconds: least time between the beginnings of two requests to it.
        concurrency: most requests under way at once.
        paths: beginnings of the paths that may be asked for; empty allows all.
    """

    host: Annotated[str, Field(pattern=r"^[a-z0-9.-]+$")]
    delay_seconds: Annotated[float, Field(ge=0, le=3600)] = 2.0
    concurrency: Annotated[int, Field(ge=1, le=16)] = 1
    paths: tuple[str, ...] = ()


class Query(_Part):
    """One question to a source, in the source's own language, and what an answer to it is known to be."""

    id: SourceId
    query: str = ""
    parameters: dict[str, str] = {}
    igo: str | None = None
    body: str | None = None
    doc_type: str | None = None
    mission_kind: str | None = None


class Filters(_Part):
    """Which of the listed records count; an empty list lets everything pass.

    Attributes:
        title_any: at least one of these words or phrases stands in the title (case and accents do not matter).
        title_none: none of these does.
        symbol_any: regular expressions, one of which the normalised symbol must match from its beginning.
        countries: ISO 3166-1 alpha-3 codes.
        year_from, year_to: year of publication, inclusive; a record without a year passes.
    """

    title_any: tuple[str, ...] = ()
    title_none: tuple[str, ...] = ()
    symbol_any: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    doc_types: tuple[str, ...] = ()
    countries: tuple[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], ...] = ()
    year_from: int | None = None
    year_to: int | None = None

    @field_validator("symbol_any")
    @classmethod
    def _regular_expressions(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression ({error})") from None
        return patterns


class Expected(_Part):
    """What a healthy source looks like; the silence report compares.

    Attributes:
        first_listing_min: fewest records of a first or full listing; fewer fails the run of this source.
        full_listing_share_min: a full listing with fewer records than this share of those known fails, and is no proof that they are gone.
        new_per_30_days_min, new_per_30_days_max: records first seen in the last 30 days, once the source is older than that; fewer fails,
            more warns.
        fresh_within_days: the newest record was first seen at most so long ago; older warns, twice as old fails.
        refused_share_max, error_share_max, empty_share_max: shares of the requests of a run; more fails.
    """

    first_listing_min: Annotated[int, Field(ge=0)] = 1
    full_listing_share_min: Share = 0.5
    new_per_30_days_min: Annotated[int, Field(ge=0)] = 0
    new_per_30_days_max: Annotated[int, Field(ge=1)] = 100_000
    fresh_within_days: Annotated[int, Field(ge=1)] = 90
    refused_share_max: Share = 0.5
    error_share_max: Share = 0.5
    empty_share_max: Share = 0.5


class SourceDescription(_Part):
    """One source. `settings` holds what only its connector knows; the connector validates it.

    Attributes:
        id: its name in the database and in messages.
        connector: the module in `sources.connectors` that speaks its protocol.
        gives: `records` (it lists), `files` (it only has files of known symbols or addresses) or `both`.
        confidence: A, B or C as in the source guide.
        coverage_start: nothing older is asked for.
        schedule: five fields of cron, UTC; None for a source that only serves others.
        base_urls: by role.
        overlap_days: how far before the watermark a discovery begins.
        languages: two-letter codes of the language versions to take, the preferred first.
        needs: settings without which the source stays silent and says so.
    """

    id: SourceId
    name: str
    publisher: str
    connector: Annotated[str, Field(pattern=r"^[a-z_]+$")]
    gives: Literal["records", "files", "both"]
    about: str
    licence: str
    terms: str = ""
    documentation: str = ""
    confidence: Literal["A", "B", "C"]
    coverage_start: int | None = None
    schedule: str | None = None
    hosts: Annotated[tuple[Host, ...], Field(min_length=1)]
    base_urls: dict[str, str]
    page_size: Annotated[int, Field(ge=1, le=10_000)] = 100
    overlap_days: Annotated[int, Field(ge=0, le=3650)] = 1
    languages: Annotated[tuple[Annotated[str, Field(pattern=r"^[a-z]{2}$")], ...], Field(min_length=1)] = ("en",)
    queries: tuple[Query, ...] = ()
    filters: Filters = Filters()
    expected: Expected = Expected()
    needs: tuple[str, ...] = ()
    settings: dict[str, Any] = {}

    @field_validator("schedule")
    @classmethod
    def _five_fields(cls, schedule: str | None) -> str | None:
        if schedule is not None and len(schedule.split()) != 5:
            raise ValueError("a schedule has five fields (minute hour day month weekday), as in '0 3 * * *'")
        return schedule

    @field_validator("queries")
    @classmethod
    def _told_apart(cls, queries: tuple[Query, ...]) -> tuple[Query, ...]:
        ids = [query.id for query in queries]
        for query_id in ids:
            if ids.count(query_id) > 1:
                raise ValueError(f"two queries are called {query_id!r}; how far each has come is kept by its id")
        return queries

    @model_validator(mode="after")
    def _hosts_cover_addresses(self) -> SourceDescription:
        allowed = {host.host for host in self.hosts}
        for role, url in self.base_urls.items():
            scheme, _, rest = url.partition("://")
            if scheme != "https" or rest.partition("/")[0] not in allowed:
                raise ValueError(f"base_urls.{role}: {url} is not https or its host is not among hosts")
        return self

    def base(self, role: str) -> str:
        """Return a base address without a closing slash; raises `BadInput` naming the description when there is none of this role."""
        try:
            return self.base_urls[role].rstrip("/")
        except KeyError:
            raise BadInput(f"configs/sources/{self.id}.yaml: base_urls has no {role!r}; its connector needs it.") from None


def read_description(path: Path) -> SourceDescription:
    """Read one description.

    Raises:
        BadInput: names the file, the key, the value and what is allowed.
    """
    content = read_yaml_mapping(path)
    try:
        description = SourceDescription.model_validate(content)
    except ValidationError as error:
        raise BadInput("\n".join(_explain(path, problem) for problem in error.errors())) from None
    if description.id != path.stem:
        raise BadInput(f"{path}: id is {description.id!r}; it must be the name of the file, {path.stem!r}.")
    return description


def overridden(description: SourceDescription, values: Mapping[str, Any], where: str) -> SourceDescription:
    """Return a description with some values replaced; mappings are merged, lists replaced.

    Raises:
        BadInput: names `where` the values stand, the key, the value and what is allowed.
    """
    try:
        changed = SourceDescription.model_validate(_merged(description.model_dump(), values))
    except ValidationError as error:
        raise BadInput("\n".join(_explain(where, problem) for problem in error.errors())) from None
    if changed.id != description.id:
        raise BadInput(f"{where}, key id: a source keeps its id; describe another one in configs/sources/{changed.id}.yaml.")
    return changed


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def read_descriptions(folder: Path) -> dict[str, SourceDescription]:
    """Read all descriptions of a folder, by id in alphabetical order; raises `BadInput` as `read_description` does."""
    return {path.stem: read_description(path) for path in sorted(folder.glob("*.yaml"))}


def _explain(path: Path | str, problem: Any) -> str:
    place = ".".join(str(key) for key in problem["loc"]) or "the whole"
    if problem["type"] == "extra_forbidden":
        return f"{path}, key {place}: unknown key."
    message = f"{problem['msg'][0].lower()}{problem['msg'][1:]}".removeprefix("value error, ")
    if problem["type"] != "missing" and isinstance(problem["input"], dict | list | tuple):
        # A whole part of a description would hide the sentence.
        return f"{path}, key {place}: {message}."
    value = problem["input"] if problem["type"] != "missing" else "nothing"
    return f"{path}, key {place}: {value!r} is not allowed: {message}."
