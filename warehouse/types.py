"""The records that the warehouse takes and hands on. No logic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from extractors.types import Box
from sources.types import RequestCounts


@dataclass(frozen=True, slots=True)
class DimensionRow:
    """A dimension of the codebook as a row of `codebook_dimensions`; `kind` is single, ordinal or multi."""

    dimension: str
    name: str
    kind: str
    tier: str
    question: str
    ordinal: int


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A category of the codebook as a row of `codebook_categories`; `ordinal` is its place among the categories of its dimension."""

    dimension: str
    category: str
    name: str
    definition: str
    ordinal: int


@dataclass(frozen=True, slots=True)
class CountryRow:
    """A country code as a row of `countries`; `status` is current, former or user_assigned."""

    country_iso3: str
    name: str
    status: str = "current"


@dataclass(frozen=True, slots=True)
class CodebookRows:
    """The codebook as the warehouse keeps it: its version and its code tables, the codes of countries among them.

    Without countries nobody checks the codes that documents bear.
    """

    version: str
    dimensions: tuple[DimensionRow, ...]
    categories: tuple[CategoryRow, ...]
    countries: tuple[CountryRow, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreDimension:
    """The columns of one dimension in `scores`: a probability per category and the label (a list of labels where `multi`)."""

    name: str
    categories: tuple[str, ...]
    multi: bool = False


@dataclass(frozen=True, slots=True)
class ScoreColumns:
    """The dimensions that models score, in the codebook's order."""

    dimensions: tuple[ScoreDimension, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model version as a row of `models`; `created` is an ISO date or time, `metrics` any plain values."""

    version: str
    base_model: str
    codebook_version: str
    languages: tuple[str, ...]
    base_revision: str | None = None
    training_data_hash: str | None = None
    created: str | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """What the warehouse knows of a record: the marks by which a change is seen, the bytes last taken, where it stands."""

    fingerprint: str
    metadata_hash: str
    file_sha256: str | None
    file_format: str | None
    document_id: str | None
    is_primary: bool
    state: str
    reason: str
    metadata: str


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What is said of a source as a whole, for the table `sources`."""

    source_id: str
    name: str
    publisher: str
    licence: str
    confidence: str
    schedule: str | None


@dataclass(frozen=True, slots=True)
class PageCounts:
    """What a page of a listing came to: records that passed the filters, and what was new, changed or gone among them."""

    n_listed: int = 0
    n_records: int = 0
    n_new: int = 0
    n_changed: int = 0
    n_withdrawn: int = 0


@dataclass(frozen=True, slots=True)
class SourceRunRow:
    """How one source fared in one run; `status` is ok, warned, failed, refused, not_configured or interrupted."""

    source_id: str
    started_at: datetime
    status: str
    detail: str | None
    is_full: bool
    counts: PageCounts
    requests: RequestCounts


@dataclass(frozen=True, slots=True)
class SourcePast:
    """What the warehouse remembers of a source before this run.

    Attributes:
        first_listed_at: end of its first good listing; None before that.
        n_records: records that are not withdrawn.
        n_new_30_days: records first seen in the last 30 days.
        newest_at: when its newest record was first seen.
    """

    first_listed_at: datetime | None
    n_records: int
    n_new_30_days: int
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class PendingFile:
    """A document whose file an extractor has not read yet."""

    document_id: str
    file_sha256: str
    file_format: str
    record_id: str


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What publishing did.

    Attributes:
        changed: whether a new file was put in place.
        path: the published file.
        content_version: what was published, as the warehouse counts its changes.
        rows: rows of its tables.
        notes: what a person should look at: checks that only warn, counts that nobody expected.
        search_bytes: the size of the search index within the file.
    """

    changed: bool
    path: Path
    content_version: int
    rows: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    search_bytes: int = 0


class WordVectors(Protocol):
    """Vectors of words, for the search by meaning."""

    @property
    def version(self) -> str:
        """Return what changes with the vectors."""

    @property
    def vocabulary(self) -> Sequence[str]:
        """Return words that may be asked although no passage says them."""

    def of(self, terms: Sequence[str]) -> Any:
        """Return the vectors of some terms, an array of shape (terms, 64); zeros for those without one."""


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """Which index a published file gets: none, by words (text), or by meaning too, for which `vectors` are needed."""

    kind: Literal["text", "meaning", "none"] = "none"
    vectors: WordVectors | None = None


@dataclass(frozen=True, slots=True)
class ExpectedCounts:
    """How many documents a person expects of each source and year of publication.

    Attributes:
        bounds: by source and year (None: without a date) the fewest and the most, None for no upper bound.
        origin: the file, for messages.
        is_reviewed: whether a person has put a name to it; until then what is missing is only told.
        must_hold: whether fewer than expected stops a publication.
    """

    bounds: Mapping[str, Mapping[int | None, tuple[int, int | None]]]
    origin: str
    is_reviewed: bool
    must_hold: bool = True


@dataclass(frozen=True, slots=True)
class PassageToVerify:
    """What is needed to find a passage again on its page."""

    passage_id: str
    text: str
    lead_in: str | None
    page_first: int | None
    page_last: int | None
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class DocumentToVerify:
    """A document's file with the passages that were read out of it."""

    document_id: str
    file_sha256: str
    file_format: str
    passages: tuple[PassageToVerify, ...]
