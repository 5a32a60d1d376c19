"""How each source fared in each run: the row of the run, the requests behind it, and what is remembered of a source's past."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sources.types import RequestEvent
from warehouse.arrow import insert
from warehouse.migrations import utc_now
from warehouse.transactions import Connection
from warehouse.types import SourceFacts, SourcePast, SourceRunRow

KEEP_REQUESTS_DAYS = 180
"""Single requests older than this are dropped; the counts of each run stay."""


def write_facts(connection: Connection, facts: Sequence[SourceFacts]) -> None:
    """Write down what the descriptions say of these sources, within the caller's transaction."""
    for one in facts:
        first = connection.execute("SELECT first_seen_at FROM sources WHERE source_id = ?", [one.source_id]).fetchall()
        seen = first[0][0] if first else utc_now()
        connection.execute("DELETE FROM sources WHERE source_id = ?", [one.source_id])
        connection.execute(
            "INSERT INTO sources (source_id, first_seen_at, name, publisher, licence, confidence, schedule) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [one.source_id, seen, one.name, one.publisher, one.licence, one.confidence, one.schedule],
        )


def past_of(connection: Connection, source_id: str, now: datetime) -> SourcePast:
    """Return what is remembered of a source; `now` is UTC without zone."""
    first = connection.execute(
        "SELECT min(finished_at) FROM source_runs WHERE source_id = ? AND status IN ('ok', 'warned')", [source_id]
    ).fetchall()[0][0]
    number, recent, newest = connection.execute(
        "SELECT count(*) FILTER (withdrawn_at IS NULL), count(*) FILTER (first_seen_at > $since), max(first_seen_at) FROM records "
        "WHERE source_id = $source AND is_remote",
        {"source": source_id, "since": now - timedelta(days=30)},
    ).fetchall()[0]
    return SourcePast(first, int(number), int(recent), newest)


def write_run(connection: Connection, run_id: str | None, row: SourceRunRow) -> None:
    """Write (or write again) how a source fared in this run, within the caller's transaction."""
    connection.execute("DELETE FROM source_runs WHERE run_id = ? AND source_id = ?", [run_id, row.source_id])
    counts, asked = row.counts, row.requests
    started = row.started_at.replace(tzinfo=None)
    connection.execute(
        "INSERT INTO source_runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            run_id, row.source_id, started, utc_now(), row.status, row.detail, row.is_full,
            counts.n_listed, counts.n_records, counts.n_new, counts.n_changed, counts.n_withdrawn,
            asked.n_requests, asked.n_file_requests, asked.n_conditional, asked.n_not_modified, asked.n_refused, asked.n_errors, asked.n_empty,
        ],
    )  # fmt: skip


def write_requests(connection: Connection, run_id: str | None, events: Sequence[RequestEvent]) -> None:
    """Append requests and drop very old ones, within the caller's transaction."""
    if not events:
        return
    insert(
        connection,
        "requests",
        [
            {
                "run_id": run_id,
                "source_id": one.source_id,
                "purpose": one.purpose,
                "method": one.method,
                "url": one.url,
                "host": one.host,
                "requested_at": one.at.replace(tzinfo=None),
                "status": one.status,
                "outcome": one.outcome,
                "seconds": one.seconds,
                "n_bytes": one.n_bytes,
                "is_conditional": one.is_conditional,
                "attempt": one.attempt,
            }
            for one in events
        ],
    )
    connection.execute("DELETE FROM requests WHERE requested_at < ?", [utc_now() - timedelta(days=KEEP_REQUESTS_DAYS)])


def source_rows(connection: Connection) -> list[dict[str, Any]]:
    """Return a row for each source with records or runs: its last run, its records, its newest record, what stands open."""
    cursor = connection.execute("FROM source_status ORDER BY source_id")
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def signal_rows(connection: Connection, source_id: str | None = None) -> list[dict[str, Any]]:
    """Return what sources said that nobody has decided about, the most frequent first."""
    cursor = connection.execute(
        "SELECT source_id, kind, field, example, n, last_seen_at FROM source_signals WHERE $source IS NULL OR source_id = $source "
        "ORDER BY source_id, n DESC, kind, field",
        {"source": source_id},
    )
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
