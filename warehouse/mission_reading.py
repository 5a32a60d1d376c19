"""Missions that no source described in full: the documents to look into, and what their first pages gave."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sources.types import DocumentMetadata
from warehouse.documents import SAID, mission_id, rebuild_missions
from warehouse.transactions import Connection, raise_content_version

_FIRST_PAGES = 2
_CHARACTERS = 6000


@dataclass(frozen=True, slots=True)
class MissionText:
    """A document whose first pages were not looked into for its mission: what is said of it, and their text."""

    document_id: str
    metadata: DocumentMetadata
    first_pages: str


def unread(connection: Connection) -> list[MissionText]:
    """Return the documents of remote sources that were read and not yet looked into, by identifier."""
    columns = ", ".join(f"d.{name}" for name in SAID)
    rows = connection.execute(
        f"SELECT d.document_id, {columns}, d.extra, (SELECT left(string_agg(p.text, chr(10) ORDER BY p.ordinal), {_CHARACTERS}) "  # noqa: S608  # names of this room
        f"FROM passages p WHERE p.document_id = d.document_id AND coalesce(p.page_first, 1) <= {_FIRST_PAGES} AND p.ordinal <= 40) "
        "FROM documents d JOIN records r ON r.record_id = d.record_id AND r.is_remote "
        "WHERE NOT coalesce(d.missions_read, false) AND EXISTS (FROM extractions e WHERE e.document_id = d.document_id AND e.reason = 'ok') "
        "ORDER BY d.document_id"
    ).fetchall()
    return [
        MissionText(row[0], DocumentMetadata(**dict(zip(SAID, row[1:-2], strict=True)), extra=json.loads(row[-2])), row[-1] or "")
        for row in rows
    ]


def load(connection: Connection, found: Sequence[tuple[MissionText, DocumentMetadata]]) -> int:
    """Fill the gaps of these documents, within the caller's transaction; returns how many have gained something.

    `from_cover` names the columns that were filled, as it does for what the cover says.
    """
    gained = 0
    for text, metadata in found:
        gaps = [name for name in SAID if getattr(text.metadata, name) is None and getattr(metadata, name) is not None]
        changes: dict[str, Any] = {name: getattr(metadata, name) for name in gaps}
        extra_changed = metadata.extra != text.metadata.extra
        if gaps:
            said = {name: getattr(metadata, name) for name in SAID}
            changes["mission_id"] = mission_id(said)
        if extra_changed:
            changes["extra"] = json.dumps(metadata.extra, sort_keys=True, ensure_ascii=False)
        assignments = "".join(f", {name} = ${name}" for name in changes)
        connection.execute(
            f"UPDATE documents SET missions_read = true, from_cover = list_concat(from_cover, $gaps){assignments} WHERE document_id = $id",  # noqa: S608  # names of this room
            {**changes, "gaps": gaps, "id": text.document_id},
        )
        gained += bool(gaps)
    if found:
        rebuild_missions(connection)
    if gained:
        raise_content_version(connection)
    return gained
