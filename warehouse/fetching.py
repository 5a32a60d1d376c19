"""Loading what fetching made of the records: records, files, documents, missions and their states."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from entente.errors import BadInput
from entente.files import printable
from sources.types import FetchedRow, Record, StoredFile
from warehouse.arrow import insert
from warehouse.documents import make_documents, rebuild_missions
from warehouse.ledger import REACHED, Event, append, latest
from warehouse.metadata import metadata_as_text
from warehouse.migrations import utc_now
from warehouse.states import Reason, State
from warehouse.transactions import Connection, raise_content_version
from warehouse.types import KnownRecord

_SHARED = "another document has the same file"
_KEPT = ("record_id", "file_sha256", "document_id", "is_primary", "first_seen_at", "fetched_version", "attempts", "withdrawn_at")


def known_records(connection: Connection, source_ids: Sequence[str] | None) -> dict[str, KnownRecord]:
    """Return what is known of the records of some sources; see `Loader.known_records`."""
    rows = connection.execute(
        "SELECT r.record_id, r.fingerprint, r.metadata_hash, r.file_sha256, f.file_format, r.document_id, r.is_primary, s.state, s.reason, "
        "r.metadata "
        "FROM records r LEFT JOIN files f USING (file_sha256) JOIN document_states s ON s.record_id = r.record_id "
        "WHERE CASE WHEN $sources IS NULL THEN NOT r.is_remote OR r.document_id IN (SELECT document_id FROM records WHERE NOT is_remote) "
        "ELSE list_contains($sources, r.source_id) END ORDER BY r.record_id",
        {"sources": None if source_ids is None else list(source_ids)},
    ).fetchall()
    return {row[0]: KnownRecord(*row[1:]) for row in rows}


def load(connection: Connection, run_id: str | None, rows: Sequence[FetchedRow]) -> None:
    """Load fetched records within the caller's transaction; see `Loader.load_fetched`."""
    if not rows:
        return
    ids = [row.record.record_id for row in rows]
    if len(set(ids)) != len(ids):
        double = sorted({one for one in ids if ids.count(one) > 1})
        raise BadInput(f"A source lists a record twice: {', '.join(double[:5])}. Give each file one line in the manifest.")
    before = latest(connection, ids)
    old = _old_records(connection, ids)
    _write_sources(connection, rows)
    _write_files(connection, rows)
    _write_records(connection, rows, old)
    make_documents(connection, [str(row.document_id) for row in rows if row.document_id is not None])
    _drop_orphans(connection)
    rebuild_missions(connection)
    doubles = _documents_of_shared_files(connection)
    read = _read_already(connection, [str(row.document_id) for row in rows if row.document_id is not None])
    events: list[Event] = []
    for row in rows:
        events += _events(row, before.get(row.record.record_id), old.get(row.record.record_id), doubles, read)
    events += _newly_doubled(connection, doubles - {row.document_id for row in rows if row.document_id is not None})
    append(connection, run_id, events)
    raise_content_version(connection)


def _newly_doubled(connection: Connection, doubles: frozenset[str]) -> list[Event]:
    """Return the events of documents outside the batch whose file a document of the batch has come to share and now stands for."""
    rows = connection.execute(
        "SELECT d.record_id, d.document_id FROM documents d JOIN document_states s ON s.record_id = d.record_id "
        "WHERE d.document_id IN (SELECT unnest(?)) AND (s.state IN (SELECT unnest(?)) OR (s.state = 'fetched' AND s.reason = 'ok')) "
        "ORDER BY d.document_id",
        [sorted(doubles), [state.value for state in REACHED]],
    ).fetchall()
    return [Event(record_id, document_id, State.FETCHED, Reason.SAME_BYTES, _SHARED) for record_id, document_id in rows]


def _old_records(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = connection.execute(
        f"SELECT {', '.join(_KEPT)} FROM records WHERE record_id IN (SELECT unnest(?))", [list(ids)]
    ).fetchall()
    return {row[0]: dict(zip(_KEPT, row, strict=True)) for row in rows}


def _read_already(connection: Connection, document_ids: Sequence[str]) -> dict[str, Event]:
    """Return what extraction has made of the files that these documents have now, by document; a file that came back is not read anew."""
    rows = connection.execute(
        "SELECT d.record_id, d.document_id, e.reason, e.detail, e.n_codable FROM documents d JOIN extractions e "
        "ON e.document_id = d.document_id AND e.file_sha256 = d.file_sha256 WHERE d.document_id IN (SELECT unnest(?))",
        [list(document_ids)],
    ).fetchall()
    return {
        document_id: Event(record_id, document_id, State.UNREADABLE, reason, detail)
        if reason != Reason.OK
        else Event(record_id, document_id, State.EXTRACTED, Reason.OK if n_codable else Reason.NOTHING_TO_CODE)
        for record_id, document_id, reason, detail, n_codable in rows
    }


def _events(
    row: FetchedRow, before: Event | None, old: dict[str, Any] | None, doubles: frozenset[str], read: dict[str, Event]
) -> list[Event]:
    record_id = row.record.record_id
    events = [] if before is not None else [Event(record_id, row.document_id, State.DISCOVERED)]
    if row.refusal is not None:
        document_id = old["document_id"] if old else None
        return [*events, Event(record_id, document_id, row.refusal.state, row.refusal.reason, row.refusal.detail)]
    assert row.stored is not None  # noqa: S101  # _file_of has refused a row with neither
    if row.document_id in doubles:
        return [
            *events,
            Event(record_id, row.document_id, State.FETCHED, Reason.SAME_BYTES, _SHARED),
        ]
    events.append(Event(record_id, row.document_id, State.FETCHED, row.reason))
    unchanged = old is not None and old["file_sha256"] == row.stored.sha256 and old["document_id"] == row.document_id
    if row.is_primary and unchanged and before is not None and before.state in REACHED:
        events.append(Event(record_id, row.document_id, before.state, before.reason, before.detail))
    elif row.is_primary and row.document_id in read:
        events.append(read[row.document_id])
    return events


def _file_of(row: FetchedRow) -> StoredFile:
    if row.stored is None or row.document_id is None:
        raise BadInput(
            f"Record {row.record.record_id} came with a file but without a document, or with neither file nor refusal."
        )
    return row.stored


def _write_sources(connection: Connection, rows: Sequence[FetchedRow]) -> None:
    for source_id in sorted({row.record.source_id for row in rows}):
        connection.execute(
            "INSERT INTO sources (source_id, first_seen_at) SELECT ?, ? WHERE NOT EXISTS (FROM sources WHERE source_id = ?)",
            [source_id, utc_now(), source_id],
        )


def _write_files(connection: Connection, rows: Sequence[FetchedRow]) -> None:
    taken = {_file_of(row).sha256: row for row in rows if row.refusal is None}
    there = connection.execute(
        "SELECT file_sha256 FROM files WHERE file_sha256 IN (SELECT unnest(?))", [sorted(taken)]
    ).fetchall()
    new = sorted(set(taken) - {str(name) for (name,) in there})
    now = utc_now()
    insert(
        connection,
        "files",
        [
            {
                "file_sha256": sha256,
                "n_bytes": _file_of(taken[sha256]).n_bytes,
                "file_format": _file_of(taken[sha256]).file_format,
                "mime": _file_of(taken[sha256]).mime,
                "url": taken[sha256].link_url or taken[sha256].record.metadata.url,
                "fetched_at": now,
                "source_id": taken[sha256].record.source_id,
                "etag": taken[sha256].etag,
                "last_modified": taken[sha256].last_modified,
            }
            for sha256 in new
        ],
    )


def _write_records(connection: Connection, rows: Sequence[FetchedRow], old: dict[str, dict[str, Any]]) -> None:
    now = utc_now()
    written = []
    for row in rows:
        record = row.record
        was = old.get(record.record_id)
        kept = was if row.refusal is not None else None
        written.append(
            {
                "record_id": record.record_id,
                "source_id": record.source_id,
                "record_key": record.record_key,
                "location": location_of(record),
                "fingerprint": row.fingerprint,
                "metadata_hash": row.metadata_hash,
                "metadata": metadata_as_text(record.metadata),
                "file_sha256": kept["file_sha256"] if kept else row.stored.sha256 if row.stored else None,
                "document_id": kept["document_id"] if kept else row.document_id,
                "is_primary": bool(kept["is_primary"]) if kept else row.is_primary,
                "first_seen_at": was["first_seen_at"] if was else now,
                "changed_at": now,
                "is_remote": record.location is None,
                "version": record.version,
                "fetched_version": record.version if row.refusal is None else was["fetched_version"] if was else None,
                "links": links_as_text(record),
                "attempts": 0 if row.refusal is None else (was["attempts"] if was else 0) + 1,
                "next_attempt_at": row.next_attempt_at,
                "withdrawn_at": was["withdrawn_at"] if was else None,
            }
        )
    connection.execute("DELETE FROM records WHERE record_id IN (SELECT unnest(?))", [[row["record_id"] for row in written]])
    insert(connection, "records", written)


def location_of(record: Record) -> str:
    """Return where a record's bytes lie, as text: a path, or the first address."""
    if record.location is not None:
        return printable(str(record.location))
    return printable(record.links[0].url if record.links else "")


def links_as_text(record: Record) -> str:
    """Return a record's links as JSON, always written alike."""
    return json.dumps([asdict(link) for link in record.links], sort_keys=True, ensure_ascii=False)


def _drop_orphans(connection: Connection) -> None:
    """Drop what belongs to documents that no record stands for any more, or whose file another document stands for."""
    connection.execute(
        "DELETE FROM documents WHERE NOT EXISTS (FROM records r WHERE r.document_id = documents.document_id AND r.is_primary)"
    )
    doubles = sorted(_documents_of_shared_files(connection))
    for table in ("scores", "passages", "pages", "extractions"):
        connection.execute(
            f'DELETE FROM "{table}" WHERE document_id NOT IN (SELECT document_id FROM documents) OR document_id IN (SELECT unnest(?))',
            [doubles],
        )


def _documents_of_shared_files(connection: Connection) -> frozenset[str]:
    """Return the documents whose file is also that of a document with a lower identifier: that one is extracted, they are not."""
    rows = connection.execute(
        "SELECT document_id FROM documents QUALIFY row_number() OVER (PARTITION BY file_sha256 ORDER BY document_id) > 1"
    ).fetchall()
    return frozenset(str(name) for (name,) in rows)
