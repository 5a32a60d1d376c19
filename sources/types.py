"""The records that sources hand on to the other rooms. No logic."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class DocumentMetadata:
    """What a source says about a document. Unknown is None; `extra` keeps every field that has no column of its own."""

    igo: str | None = None
    body: str | None = None
    symbol: str | None = None
    title: str | None = None
    doc_type: str | None = None
    country_iso3: str | None = None
    country_name: str | None = None
    published: date | None = None
    coverage_start: date | None = None
    coverage_end: date | None = None
    language: str | None = None
    url: str | None = None
    mission_kind: str | None = None
    mission_start: date | None = None
    mission_end: date | None = None
    extra: dict[str, str] = field(default_factory=dict)


DATED = ("published", "coverage_start", "coverage_end", "mission_start", "mission_end")
"""The fields of `DocumentMetadata` that are dates."""


@dataclass(frozen=True, slots=True)
class FileLink:
    """Where a record's bytes may be had.

    Attributes:
        url: the address, https.
        route: the id of the source by whose rules (hosts, pace, quirks) it is fetched, e.g. `ods`, `un-library`, `worldbank`.
        file_format: pdf, docx, doc, html or txt where the source says so.
        language: two lower-case letters where the source says so.
    """

    url: str
    route: str
    file_format: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """What a source says of another document: `same_document` (a second symbol), `supersedes`, `draft`, `committee_report`, `meeting_record`."""

    kind: str
    symbol: str


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that a source lists: the source, the source's own key, where the bytes are, what is said about it.

    `is_described` is False where nothing is said of this one (its metadata are defaults at most): then what was said before still holds.

    Attributes:
        location: the file on this machine; None for a record of a remote source, which has `links` instead.
        links: the addresses of its file in the order in which they are to be tried; one language only.
        version: the source's own mark of this version of the record (a stamp, or a hash of what it said); empty for folders.
        relations: what the source says of other documents.
        raw: what the source said, as text (JSON or XML), kept for good; empty for folders.
    """

    source_id: str
    record_key: str
    location: Path | None
    metadata: DocumentMetadata
    is_described: bool = True
    links: tuple[FileLink, ...] = ()
    version: str = ""
    relations: tuple[Relation, ...] = ()
    raw: str = ""

    @property
    def record_id(self) -> str:
        """The key of the record over all sources."""
        return f"{self.source_id}:{self.record_key}"


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that a source said and that nobody has decided about: an unknown field, an unknown value, a difference from the description.

    Attributes:
        kind: `unknown_field`, `unknown_value`, `bad_value`, `unexpected_count`, `difference`.
        field: the place, e.g. `245$x` or `docty`.
        example: one value, at most 200 characters.
    """

    kind: str
    field: str
    example: str


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what a source lists, loaded in one transaction.

    Attributes:
        records: what is listed and passes the source's filters.
        withdrawn: keys (`Record.record_key`, or what stands in it before the last `/`) that the source says are gone.
        n_listed: how many items the source sent, filtered ones included.
        watermark: where the next discovery may begin once this page is loaded; None leaves it where it is.
        signals: what nobody has decided about.
        is_complete: True on the last page of a full listing: what was not listed in this run is no longer there.
    """

    records: tuple[Record, ...]
    withdrawn: tuple[str, ...] = ()
    n_listed: int = 0
    watermark: str | None = None
    signals: tuple[Signal, ...] = ()
    is_complete: bool = False


Outcome = Literal[
    "ok",
    "not_modified",
    "redirect",
    "empty_answer",
    "not_found",
    "challenge_page",
    "error_page",
    "forbidden",
    "rate_limited",
    "server_error",
    "timed_out",
    "connection_failed",
    "wrong_type",
    "too_large",
    "bad_answer",
    "robots_disallowed",
    "host_not_allowed",
]
"""How a request ended. `empty_answer`: 200 with nothing. `bad_answer`: right type, but cannot be parsed or breaks the protocol."""


@dataclass(frozen=True, slots=True)
class RequestEvent:
    """One request that was made, or was not allowed to be made (`status` is None).

    Attributes:
        source_id: the source by whose rules it was made.
        purpose: `robots`, `listing` or `file`.
        at: UTC, with zone.
        seconds: from sending to the last byte.
        n_bytes: bytes of the body that came.
        is_conditional: it carried If-None-Match or If-Modified-Since.
        attempt: 1 for the first try.
    """

    source_id: str
    purpose: Literal["robots", "listing", "file"]
    method: str
    url: str
    host: str
    at: datetime
    status: int | None
    outcome: Outcome
    seconds: float
    n_bytes: int
    is_conditional: bool
    attempt: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the content-addressed store: named by the SHA-256 of its bytes, with the format that its bytes (not its name) show."""

    sha256: str
    n_bytes: int
    file_format: str  # pdf, docx, doc, html, txt
    mime: str
    path: Path


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record's bytes were not taken: a state and a reason of the closed lists in `warehouse/states.py`, and a sentence for people."""

    state: str  # refused, missing or unreadable
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class FetchedRow:
    """The outcome of fetching a record: a stored file with the document it belongs to, or the refusal.

    Attributes:
        fingerprint: a cheap mark of a file in a folder, by which a change is seen; empty for remote records, which have a version.
        metadata_hash: of what is said of the record.
        is_primary: the record stands for its document.
        reason: why it is in its state, of the closed list of the document ledger.
        link_url, etag, last_modified: where a remote file came from and what the server said of it.
        next_attempt_at: not before then is a refused remote record asked for again (UTC without zone).
    """

    record: Record
    fingerprint: str
    metadata_hash: str
    stored: StoredFile | None
    refusal: Refusal | None
    document_id: str | None
    is_primary: bool
    reason: str
    link_url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    next_attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What is already on file about a record: its document, the bytes last taken, and whether it stands for that document."""

    record_id: str
    document_id: str
    file_sha256: str
    file_format: str
    is_primary: bool
    n_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A record of a remote source whose present version was not taken; `attempts` have failed so far."""

    record: Record
    metadata_hash: str
    attempts: int


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """What became of the requests of a source in one run; `n_refused`, `n_errors` and `n_empty` are parts of `n_requests`."""

    n_requests: int = 0
    n_file_requests: int = 0
    n_conditional: int = 0
    n_not_modified: int = 0
    n_refused: int = 0
    n_errors: int = 0
    n_empty: int = 0

    def plus(self, other: RequestCounts) -> RequestCounts:
        """Return the sums."""
        return RequestCounts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))
