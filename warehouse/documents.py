"""The rows of `documents`: what the record that stands for a document says, completed by what its other records say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from sources.types import DATED, DocumentMetadata
from warehouse.arrow import insert
from warehouse.transactions import Connection

SAID = tuple(field.name for field in fields(DocumentMetadata) if field.name != "extra")
"""The columns of `documents` that hold what is said of a document."""


def make_documents(connection: Connection, document_ids: Sequence[str]) -> None:
    """Make the rows of these documents anew, within the caller's transaction.

    The record that stands for a document speaks first; what it leaves open is filled by the document's other records in the order of their
    identifiers, and then by its own cover. What its first pages say of a mission is looked for again (`mission_reading`).
    """
    ids = sorted(set(document_ids))
    if not ids:
        return
    rows = connection.execute(
        "SELECT document_id, record_id, file_sha256, metadata, is_primary FROM records WHERE document_id IN (SELECT unnest(?)) "
        "ORDER BY document_id, is_primary DESC, record_id",
        [ids],
    ).fetchall()
    made: dict[str, dict[str, Any]] = {}
    for document_id, record_id, sha256, metadata, is_primary in rows:
        said = json.loads(metadata)
        if is_primary:
            made[document_id] = _row(document_id, record_id, sha256, said)
        elif document_id in made:
            _complete(made[document_id], said)
    connection.execute("DELETE FROM documents WHERE document_id IN (SELECT unnest(?))", [ids])
    insert(connection, "documents", [_finished(row) for row in made.values()])
    _fill_from_cover(connection, ids)


def remake_described(connection: Connection, record_ids: Sequence[str]) -> None:
    """Make the rows of the documents of these records anew after what is said of them has changed, within the caller's transaction."""
    rows = connection.execute(
        "SELECT DISTINCT document_id FROM records WHERE record_id IN (SELECT unnest(?)) AND document_id IS NOT NULL",
        [list(record_ids)],
    ).fetchall()
    if rows:
        make_documents(connection, [str(name) for (name,) in rows])
        rebuild_missions(connection)


def rebuild_missions(connection: Connection) -> None:
    """Make `missions` out of the documents that speak of one; several reports of a mission are one mission, its report the first of them."""
    connection.execute("DELETE FROM missions")
    connection.execute(
        "INSERT INTO missions SELECT mission_id, min(igo), min(country_iso3), min(body), min(mission_kind), min(mission_start), "
        "max(mission_end), arg_min(document_id, (coalesce(published, DATE '9999-12-31'), document_id)) "
        "FROM documents WHERE mission_id IS NOT NULL GROUP BY mission_id ORDER BY mission_id"
    )


def _fill_from_cover(connection: Connection, document_ids: Sequence[str]) -> None:
    """Fill in what no source said with what the document's own first page says; `from_cover` names those columns."""
    connection.execute(
        """
        UPDATE documents AS d SET
            symbol = coalesce(d.symbol, c.symbol),
            title = coalesce(d.title, c.title),
            published = coalesce(d.published, c.published),
            language = coalesce(d.language, c.language),
            from_cover = list_filter([
                CASE WHEN d.symbol IS NULL AND c.symbol IS NOT NULL THEN 'symbol' END,
                CASE WHEN d.title IS NULL AND c.title IS NOT NULL THEN 'title' END,
                CASE WHEN d.published IS NULL AND c.published IS NOT NULL THEN 'published' END,
                CASE WHEN d.language IS NULL AND c.language IS NOT NULL THEN 'language' END
            ], lambda name: name IS NOT NULL)
        FROM (
            SELECT document_id, file_sha256, language, cover->>'$.symbol' AS symbol, cover->>'$.title' AS title,
                try_cast(cover->>'$.date' AS DATE) AS published
            FROM extractions WHERE document_id IN (SELECT unnest(?))
        ) c
        WHERE d.document_id = c.document_id AND d.file_sha256 = c.file_sha256
        """,
        [list(document_ids)],
    )


def _row(document_id: str, record_id: str, sha256: str, said: dict[str, Any]) -> dict[str, Any]:
    row = {name: said.get(name) for name in SAID}
    return row | {
        "document_id": document_id,
        "record_id": record_id,
        "file_sha256": sha256,
        "extra": dict(said.get("extra") or {}),
        "from_cover": [],
        "missions_read": False,
    }


def _complete(row: dict[str, Any], said: dict[str, Any]) -> None:
    mission_known = any(row[name] is not None for name in ("mission_kind", "mission_start"))
    for name in SAID:
        # A mission is taken from one record as a whole: the kind of one visit and the dates of another would be no mission.
        if row[name] is None and not (name.startswith("mission_") and mission_known):
            row[name] = said.get(name)
    row["extra"] = {**(said.get("extra") or {}), **row["extra"]}


def _finished(row: dict[str, Any]) -> dict[str, Any]:
    dated = {name: date.fromisoformat(row[name]) if row[name] else None for name in DATED}
    extra = json.dumps(row["extra"], sort_keys=True, ensure_ascii=False)
    return {**row, **dated, "extra": extra, "mission_id": mission_id({**row, **dated})}


def mission_id(row: dict[str, Any]) -> str | None:
    """Return the identifier of the mission of which a document speaks; None where nothing is known of one."""
    if row["mission_start"] is None and row["mission_kind"] is None:
        return None
    parts = (row["igo"], row["country_iso3"], row["body"], row["mission_kind"], row["mission_start"] or row["published"])
    return ":".join(str(part) if part is not None else "-" for part in parts)
