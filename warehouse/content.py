"""A hash of the content of each table, so that two databases can be said to be equal in what they hold."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse.database import quiet
from warehouse.failures import explained

# Times, run identifiers, counters, and where on this machine a file lies: what differs between two honest runs over the same input.
_VARYING = frozenset(
    {
        "happened_at",
        "run_id",
        "event_no",
        "first_seen_at",
        "changed_at",
        "fetched_at",
        "registered_at",
        "created",
        "location",
        "fingerprint",
        "said_at",
        "set_at",
        "checked_at",
        "withdrawn_at",
        "last_seen_at",
        "next_attempt_at",
        "attempts",
        "n",
    }
)
# What tells of the runs and not of the documents; a watermark also holds how often a page was tried in vain.
_NO_CONTENT = frozenset(
    {"runs", "warehouse_meta", "schema_migrations", "release", "source_runs", "requests", "source_watermarks"}
)


def content_digest(path: Path) -> dict[str, str]:
    """Return for each table a hash of its rows, whatever their order, apart from times, run identifiers and counters.

    Args:
        path: a warehouse or a published database.

    Raises:
        BadInput, Busy, Unavailable: as opening a warehouse does.
    """
    with explained(path), duckdb.connect(str(path), read_only=True) as connection:
        quiet(connection)
        names = connection.execute(
            "SELECT table_name, list(column_name ORDER BY column_name) FROM duckdb_columns() WHERE NOT internal AND table_name IN "
            "(SELECT table_name FROM duckdb_tables()) GROUP BY table_name ORDER BY table_name"
        ).fetchall()
        digests = {}
        for table, columns in names:
            if table in _NO_CONTENT:
                continue
            chosen = ", ".join(f'"{column}"' for column in columns if column not in _VARYING)
            query = (
                "SELECT md5(coalesce(string_agg(row_hash, '' ORDER BY row_hash), '')) "
                f'FROM (SELECT md5(CAST(t AS VARCHAR)) AS row_hash FROM (SELECT {chosen} FROM "{table}") t)'
            )
            digests[str(table)] = str(connection.execute(query).fetchall()[0][0])
        return digests
