"""Where everything stands, as plain rows."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

import json
from typing import Any

from warehouse.transactions import Connection


def state_counts(connection: Connection) -> list[dict[str, Any]]:
    """Return how many records are in each state for each reason, in the order of the way from source to publication."""
    return _rows(
        connection,
        "SELECT * FROM (SELECT state, reason, count(*) AS records FROM document_states GROUP BY ALL) "
        "ORDER BY list_position(['discovered', 'refused', 'missing', 'fetched', 'unreadable', 'extracted', 'classified', 'published'], state), "
        "reason",
    )


def document_rows(connection: Connection, state: str | None = None) -> list[dict[str, Any]]:
    """Return every record (or those in one state) with its state, reason, detail, time and document."""
    return _rows(
        connection,
        "SELECT record_id, document_id, state, reason, detail, happened_at FROM document_states "
        "WHERE $state IS NULL OR state = $state ORDER BY state, reason, record_id",
        {"state": state},
    )


def last_runs(connection: Connection, limit: int = 5) -> list[dict[str, Any]]:
    """Return the last runs, the newest first, with their counts; `seconds` is None for one that did not end by itself."""
    rows = _rows(
        connection,
        "SELECT run_id, kind, command, started_at, round(epoch(finished_at - started_at), 1) AS seconds, status, counts FROM runs "
        "ORDER BY started_at DESC, run_id DESC LIMIT $limit",
        {"limit": limit},
    )
    return [{**row, "counts": json.loads(row["counts"])} for row in rows]


def undescribed(connection: Connection) -> dict[str, int]:
    """Return how many documents there are (`all`) and how many lack organization, country or date of publication (`undescribed`)."""
    ((total, lacking),) = connection.execute(
        "SELECT count(*), count(*) FILTER (igo IS NULL OR published IS NULL OR (country_iso3 IS NULL AND country_name IS NULL)) "
        "FROM documents"
    ).fetchall()
    return {"all": int(total), "undescribed": int(lacking)}


def table_counts(connection: Connection) -> dict[str, int]:
    """Return the number of rows of documents, pages, passages and scores."""
    names = ("documents", "pages", "passages", "scores")
    return {name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchall()[0][0]) for name in names}


def _rows(connection: Connection, query: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    cursor = connection.execute(query, parameters) if parameters else connection.execute(query)
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
