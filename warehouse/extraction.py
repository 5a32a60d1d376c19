"""Loading what extractors read: pages and passages of a document are replaced as a whole."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from operator import attrgetter
from typing import Any

from extractors.types import Extraction, ExtractionFailure
from warehouse.arrow import insert, insert_columns
from warehouse.documents import make_documents, rebuild_missions
from warehouse.ledger import Event, append
from warehouse.passage_rows import passage_table
from warehouse.states import Reason, State
from warehouse.transactions import Connection, raise_content_version
from warehouse.types import PendingFile

# Failures that other limits might have spared: they are tried again when the limits change, the others only by another extractor.
_BY_LIMIT = frozenset({Reason.TIMED_OUT, Reason.OUT_OF_MEMORY, Reason.OUTPUT_TOO_LARGE, Reason.TOO_LARGE})


def pending(connection: Connection, extractor_key: str, limits: str) -> list[PendingFile]:
    """Return the documents that this extractor has not read; see `Loader.pending_extraction`."""
    rows = connection.execute(
        "SELECT d.document_id, d.file_sha256, f.file_format, d.record_id FROM "
        # Of documents with the same file only the first is read (see `fetching`).
        "(FROM documents QUALIFY row_number() OVER (PARTITION BY file_sha256 ORDER BY document_id) = 1) d JOIN files f USING (file_sha256) "
        "WHERE NOT EXISTS (FROM extractions e WHERE e.document_id = d.document_id AND e.file_sha256 = d.file_sha256 "
        "AND e.extractor_key IN (?, ?)) ORDER BY d.document_id",
        [extractor_key, _key_with(extractor_key, limits)],
    ).fetchall()
    return [PendingFile(*row) for row in rows]


def load(
    connection: Connection,
    run_id: str | None,
    results: Sequence[tuple[PendingFile, Extraction | ExtractionFailure]],
    extractor_key: str,
    limits: str,
) -> None:
    """Load extractions within the caller's transaction; see `Loader.load_extractions`."""
    ids = [file.document_id for file, _outcome in results]
    now = {
        str(document_id): (str(sha256), str(record_id))
        for document_id, sha256, record_id in connection.execute(
            "SELECT document_id, file_sha256, record_id FROM documents WHERE document_id IN (SELECT unnest(?))", [ids]
        ).fetchall()
    }
    current = [(file, _sound(outcome)) for file, outcome in results if now.get(file.document_id, ("", ""))[0] == file.file_sha256]
    if not current:
        return
    current_ids = [file.document_id for file, _outcome in current]
    # Documents that are new, as most are, have no rows: a look costs less than deleting nothing.
    if connection.execute("SELECT 1 FROM extractions WHERE document_id IN (SELECT unnest(?)) LIMIT 1", [current_ids]).fetchall():
        for table in ("extractions", "pages", "passages"):
            connection.execute(f'DELETE FROM "{table}" WHERE document_id IN (SELECT unnest(?))', [current_ids])
    insert(connection, "extractions", [_extraction_row(file, outcome, extractor_key, limits) for file, outcome in current])
    read = [(file, outcome) for file, outcome in current if isinstance(outcome, Extraction)]
    insert(connection, "pages", [row for file, outcome in read for row in _page_rows(file, outcome)])
    insert_columns(connection, "passages", passage_table(read))
    # Documents that are new, as most are, have no scores: a look costs a tenth of the comparison.
    if connection.execute("SELECT 1 FROM scores WHERE document_id IN (SELECT unnest(?)) LIMIT 1", [current_ids]).fetchall():
        connection.execute(
            "DELETE FROM scores WHERE document_id IN (SELECT unnest(?)) AND NOT EXISTS "
            "(FROM passages p WHERE p.passage_id = scores.passage_id AND p.document_id = scores.document_id AND p.is_codable)",
            [current_ids],
        )
    # What an earlier reading gave of cover and mission goes with that reading.
    make_documents(connection, current_ids)
    rebuild_missions(connection)
    append(connection, run_id, [_event(file, outcome, now[file.document_id][1]) for file, outcome in current])
    raise_content_version(connection)


def _sound(outcome: Extraction | ExtractionFailure) -> Extraction | ExtractionFailure:
    """Return the outcome, or a failure where it cannot be stored: one bad document shall not stop the others of its batch."""
    if isinstance(outcome, ExtractionFailure):
        return outcome
    if len({one.passage_id for one in outcome.passages}) < len(outcome.passages):
        return ExtractionFailure(outcome.file_sha256, Reason.EXTRACTOR_CRASHED, "two passages have the same identifier")
    try:
        for texts in _texts(outcome):
            "".join(texts).encode()
    except UnicodeEncodeError as error:
        return ExtractionFailure(outcome.file_sha256, Reason.EXTRACTOR_CRASHED, f"text that is no valid Unicode: {error.reason}")
    return outcome


def _texts(read: Extraction) -> Iterator[Iterable[str]]:
    """Yield all texts of a reading, those of a kind together."""
    for name in ("text", "lead_in", "para_no"):
        yield filter(None, map(attrgetter(name), read.passages))
    for name in ("heading_path", "notes"):
        yield chain.from_iterable(map(attrgetter(name), read.passages))
    yield chain.from_iterable(map(attrgetter("furniture"), read.pages))
    yield read.cover.values()
    yield read.warnings


def _event(file: PendingFile, outcome: Extraction | ExtractionFailure, record_id: str) -> Event:
    if isinstance(outcome, ExtractionFailure):
        return Event(record_id, file.document_id, State.UNREADABLE, outcome.reason, outcome.detail)
    reason = Reason.OK if any(passage.is_codable for passage in outcome.passages) else Reason.NOTHING_TO_CODE
    return Event(record_id, file.document_id, State.EXTRACTED, reason)


def _key_with(extractor_key: str, limits: str) -> str:
    return f"{extractor_key}+{limits}"


def _extraction_row(
    file: PendingFile, outcome: Extraction | ExtractionFailure, extractor_key: str, limits: str
) -> dict[str, Any]:
    read = outcome if isinstance(outcome, Extraction) else None
    failure = outcome if isinstance(outcome, ExtractionFailure) else None
    if failure and failure.reason in _BY_LIMIT:
        extractor_key = _key_with(extractor_key, limits)
    return {
        "document_id": file.document_id,
        "file_sha256": file.file_sha256,
        "extractor_key": extractor_key,
        "extractor_version": read.extractor_version if read else None,
        "reason": str(failure.reason) if failure else Reason.OK.value,
        "detail": failure.detail if failure else None,
        "language": read.language if read else None,
        "cover": json.dumps(read.cover if read else {}, sort_keys=True, ensure_ascii=False),
        "warnings": list(read.warnings) if read else [],
        "n_pages": len(read.pages) if read else 0,
        "n_passages": len(read.passages) if read else 0,
        "n_codable": sum(passage.is_codable for passage in read.passages) if read else 0,
    }


def _page_rows(file: PendingFile, read: Extraction) -> list[dict[str, Any]]:
    rows = []
    for page in read.pages:
        plain = asdict(page)
        furniture = list(plain.pop("furniture"))
        rows.append({"document_id": file.document_id, "page": plain.pop("number"), **plain, "furniture": furniture})
    return rows
