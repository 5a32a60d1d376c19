"""What is to be downloaded, and what must be known to decide what a downloaded file is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sources.types import FileLink, Known, Record, Relation, Wanted
from warehouse.arrow import insert
from warehouse.metadata import metadata_of
from warehouse.migrations import utc_now
from warehouse.transactions import Connection


def pending(connection: Connection, source_ids: Sequence[str], now: datetime | None) -> list[Wanted]:
    """Return the records of these sources whose present version was not fetched; see `Loader.pending_downloads`."""
    rows = connection.execute(
        "SELECT r.source_id, r.record_key, r.metadata, r.links, r.version, r.metadata_hash, r.attempts, "
        "(SELECT list({'kind': q.kind, 'symbol': q.symbol} ORDER BY q.kind, q.symbol) FROM record_relations q WHERE q.record_id = r.record_id) "
        "FROM records r WHERE r.is_remote AND r.withdrawn_at IS NULL AND list_contains($sources, r.source_id) "
        "AND r.fetched_version IS DISTINCT FROM r.version AND ($now IS NULL OR r.next_attempt_at IS NULL OR r.next_attempt_at <= $now) "
        "ORDER BY r.record_id",
        {"sources": list(source_ids), "now": now},
    ).fetchall()
    return [
        Wanted(_record(source_id, key, metadata, links, version, relations), metadata_hash, int(attempts))
        for source_id, key, metadata, links, version, metadata_hash, attempts, relations in rows
    ]


def _record(source_id: str, key: str, metadata: str, links: str, version: str, relations: list[dict[str, str]] | None) -> Record:
    return Record(
        source_id,
        key,
        None,
        metadata_of(metadata),
        links=tuple(FileLink(**link) for link in json.loads(links)),
        version=version,
        relations=tuple(Relation(one["kind"], one["symbol"]) for one in relations or []),
    )


def known_documents(
    connection: Connection, record_ids: Sequence[str], document_ids: Sequence[str], hashes: Sequence[str]
) -> list[Known]:
    """Return the records with a file that are these records, belong to these documents, or stand for a document with these bytes."""
    rows = connection.execute(
        "SELECT r.record_id, r.document_id, r.file_sha256, f.file_format, r.is_primary, f.n_bytes "
        "FROM records r JOIN files f USING (file_sha256) WHERE r.document_id IS NOT NULL AND (list_contains($records, r.record_id) "
        "OR list_contains($documents, r.document_id) OR (r.is_primary AND list_contains($hashes, r.file_sha256))) ORDER BY r.record_id",
        {"records": list(record_ids), "documents": list(document_ids), "hashes": list(hashes)},
    ).fetchall()
    return [Known(*row) for row in rows]


def files(connection: Connection, hashes: Sequence[str]) -> list[Known]:
    """Return for each of these hashes the first record whose file it is."""
    rows = connection.execute(
        "SELECT r.record_id, r.document_id, r.file_sha256, f.file_format, r.is_primary, f.n_bytes FROM records r JOIN files f "
        "USING (file_sha256) WHERE r.document_id IS NOT NULL AND list_contains(?, r.file_sha256) "
        "QUALIFY row_number() OVER (PARTITION BY r.file_sha256 ORDER BY r.is_primary DESC, r.record_id) = 1",
        [list(hashes)],
    ).fetchall()
    return [Known(*row) for row in rows]


def records_of_documents(connection: Connection, document_ids: Sequence[str]) -> dict[str, Wanted]:
    """Return, by document, the remote record that stands for it, as if it were wanted anew."""
    rows = connection.execute(
        "SELECT r.document_id, r.metadata_hash, r.source_id, r.record_key, r.metadata, r.links, r.version FROM records r "
        "WHERE r.is_primary AND r.is_remote AND list_contains($documents, r.document_id) ORDER BY r.document_id",
        {"documents": list(document_ids)},
    ).fetchall()
    return {
        document_id: Wanted(_record(source_id, key, metadata, links, version, None), said, 0)
        for document_id, said, source_id, key, metadata, links, version in rows
    }


def validators_of(connection: Connection, urls: Sequence[str]) -> dict[str, tuple[str | None, str | None, str]]:
    """Return, by address, the ETag, the Last-Modified and the hash of what came from there last."""
    rows = connection.execute(
        "SELECT url, etag, last_modified, file_sha256 FROM http_validators WHERE list_contains(?, url)", [list(urls)]
    ).fetchall()
    return {url: (etag, modified, sha256) for url, etag, modified, sha256 in rows}


def write_validators(connection: Connection, rows: Mapping[str, tuple[str | None, str | None, str]]) -> None:
    """Remember by address what came from there, within the caller's transaction."""
    if not rows:
        return
    now = utc_now()
    connection.execute("DELETE FROM http_validators WHERE list_contains(?, url)", [sorted(rows)])
    insert(
        connection,
        "http_validators",
        [
            {"url": url, "etag": etag, "last_modified": modified, "file_sha256": sha256, "checked_at": now}
            for url, (etag, modified, sha256) in sorted(rows.items())
        ],
    )
