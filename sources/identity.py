"""Which document a record is: stable identifiers, and one document where several records mean the same.

A document's identifier comes from the organization's own key (its symbol) plus language; a file without a symbol is known by its place in
the folder. What is already known keeps its identifier for good. The first record of a document stands for it; a second one with the same
bytes, or with the same symbol and language in another format, is linked to it and counted once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sources.symbols import parse_symbol
from sources.types import Known, Record, StoredFile

_NOT_A_SYMBOL = frozenset({"", "-", "N/A", "NA", "NONE", "UNKNOWN"})
SAME_BYTES = "same_bytes"
OTHER_FORMAT = "other_format"
OK = "ok"


@dataclass(frozen=True, slots=True)
class Assignment:
    """The document of a record; `reason` is ok for the record that stands for it, else same_bytes or other_format."""

    document_id: str
    is_primary: bool
    reason: str


def normalise_symbol(symbol: str | None) -> str | None:
    """Return a document symbol in the form in which symbols are compared; None where there is none.

    What is a symbol is read as `sources.symbols` reads it; an identifier of another kind is trimmed, with single blanks and in upper case.

    >>> normalise_symbol(" a/hrc/44/52  ")
    'A/HRC/44/52'
    >>> normalise_symbol("n/a") is None
    True
    """
    if symbol is None:
        return None
    parsed = parse_symbol(symbol)
    if parsed is not None:
        return parsed.key
    plain = re.sub(r"\s+", " ", symbol).strip().upper()
    plain = re.sub(r"\s*/\s*", "/", plain)
    return None if plain in _NOT_A_SYMBOL else plain


def natural_document_id(record: Record) -> str:
    """Return the identifier that a record asks for: organization, symbol and language, or the source and its key where it has no symbol."""
    said = record.metadata
    return document_id_for(said.igo, said.symbol, said.language) or record.record_id


def document_id_for(igo: str | None, symbol: str | None, language: str | None) -> str | None:
    """Return the identifier of the document of an organization with this symbol in this language; None without a symbol."""
    normalised = normalise_symbol(symbol)
    if normalised is None:
        return None
    return f"{(igo or 'igo').strip().upper().replace(' ', '_')}:{normalised}:{(language or 'und').lower()}"


class Registry:
    """The documents known so far; assigns records to them one after the other, first come first served."""

    def __init__(self, known: Sequence[Known]) -> None:
        self._by_record = {row.record_id: row for row in known}
        self._primary = {row.document_id: row for row in known if row.is_primary}
        self._by_bytes = {row.file_sha256: row.document_id for row in known if row.is_primary}

    def assign(self, record: Record, stored: StoredFile) -> Assignment:
        """Return the document of a record whose bytes were taken, and remember it."""
        before = self._by_record.get(record.record_id)
        known = before if before is not None and before.is_primary else None
        assignment = Assignment(known.document_id, True, OK) if known else self._assign_new(record, stored)
        if assignment.is_primary:
            self._forget_bytes_of(assignment.document_id)
            row = Known(record.record_id, assignment.document_id, stored.sha256, stored.file_format, True)
            self._by_record[record.record_id] = row
            self._primary[assignment.document_id] = row
            self._by_bytes.setdefault(stored.sha256, assignment.document_id)
        return assignment

    def _forget_bytes_of(self, document_id: str) -> None:
        previous = self._primary.get(document_id)
        if previous is not None and self._by_bytes.get(previous.file_sha256) == document_id:
            del self._by_bytes[previous.file_sha256]

    def _assign_new(self, record: Record, stored: StoredFile) -> Assignment:
        owner = self._by_bytes.get(stored.sha256)
        if owner is not None:
            return Assignment(owner, False, SAME_BYTES)
        wanted = natural_document_id(record)
        holder = self._primary.get(wanted)
        if holder is None:
            return Assignment(wanted, True, OK)
        if holder.file_format != stored.file_format:
            return Assignment(wanted, False, OTHER_FORMAT)
        # Two different files claim one symbol in one format: both are kept, the later one under a name that its place decides.
        suffix = hashlib.sha256(record.record_id.encode()).hexdigest()[:8]
        return Assignment(f"{wanted}~{suffix}", True, OK)
