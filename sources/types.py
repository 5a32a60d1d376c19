"""The records that sources hand on to the other rooms. No logic."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path


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


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that a source lists: the source, the source's own key, where the bytes are, what is said about it.

    `is_described` is False where nothing is said of this one (its metadata are defaults at most): then what was said before still holds.
    """

    source_id: str
    record_key: str
    location: Path
    metadata: DocumentMetadata
    is_described: bool = True

    @property
    def record_id(self) -> str:
        """The key of the record over all sources."""
        return f"{self.source_id}:{self.record_key}"


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
