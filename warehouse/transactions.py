"""One transaction a change, and the counter that says whether the content is still what was published."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

import duckdb

Connection = duckdb.DuckDBPyConnection


@contextlib.contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Run the block in one transaction: committed when it ends well, rolled back after any error."""
    connection.execute("BEGIN TRANSACTION")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A failed COMMIT (a full disk) has already ended the transaction; the first error is the one to tell.
        with contextlib.suppress(duckdb.Error):
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def collector_paused() -> Iterator[None]:
    """Run the block without Python's search for cyclic garbage, which looks through all the results again while thousands are loaded."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read_meta(connection: Connection, name: str) -> str | None:
    """Return an entry of `warehouse_meta`, None where there is none."""
    rows = connection.execute("SELECT value FROM warehouse_meta WHERE name = ?", [name]).fetchall()
    return None if not rows else str(rows[0][0])


def write_meta(connection: Connection, name: str, value: str) -> None:
    """Set an entry of `warehouse_meta`; to be called within a transaction."""
    connection.execute("DELETE FROM warehouse_meta WHERE name = ?", [name])
    connection.execute("INSERT INTO warehouse_meta VALUES (?, ?)", [name, value])


def content_version(connection: Connection) -> int:
    """Return the counter that every change of content raises."""
    return int(read_meta(connection, "content_version") or 0)


def raise_content_version(connection: Connection) -> None:
    """Say, within the transaction that does it, that the content changes."""
    raised = connection.execute(
        "UPDATE warehouse_meta SET value = CAST(CAST(value AS BIGINT) + 1 AS VARCHAR) WHERE name = 'content_version'"
    ).fetchall()
    if not raised[0][0]:
        write_meta(connection, "content_version", "1")
