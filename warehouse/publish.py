"""Publishing: a compact, checked, read-only copy is made beside and put in place all at once; readers of the old file keep it."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

import os
import secrets
from pathlib import Path

import duckdb

from entente.errors import BadInput
from entente.files import fsync_directory
from warehouse.checks import run_checks
from warehouse.codebook import score_columns_of
from warehouse.database import open_warehouse, quiet, remove_leftovers
from warehouse.estimates.statements import estimate_statements
from warehouse.failures import explained
from warehouse.ledger import Event, append
from warehouse.release import COPIED, comment_statements, release_key, release_row, released_key
from warehouse.states import State
from warehouse.transactions import Connection, content_version, transaction
from warehouse.types import PublishReport, ScoreColumns
from warehouse.views import view_statements

# DuckDB 2.0 writes a file format that older versions cannot read unless it is asked for an older one; analysts' tools lag behind.
READABLE_SINCE = "v1.2.0"


def publish(warehouse: Path, target: Path, *, built_by: str) -> PublishReport:
    """Put what the warehouse holds before the analysts; does nothing when the published file already holds it.

    The caller holds the refresh lock. A kill at any moment leaves the old file or the new one; what a killed publish leaves beside is
    removed by the next.

    Args:
        warehouse: the working database.
        target: the published file; its folder is made if need be.
        built_by: program and version, for the `release` table.

    Returns:
        Whether a new file was put in place, and the rows of its tables.

    Raises:
        BadInput: when there is no warehouse, or a data check finds bad rows; the old file stays.
        Busy: when another process has the warehouse open.
        Unavailable: when the disk is full; the old file stays.
    """
    if not warehouse.exists():
        raise BadInput(f"There is nothing to publish: {warehouse} is not there. Run `entente refresh` first.")
    if target.resolve() == warehouse.resolve():
        raise BadInput(
            f"paths.published and paths.warehouse are the same file ({target}). Give the published file a place of its own."
        )
    with open_warehouse(warehouse) as connection, explained(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(target)
        events = _to_be_published(connection)
        key = release_key(connection, built_by)
        version = content_version(connection)
        if target.exists() and released_key(target) == key:
            _append(connection, events)
            return PublishReport(False, target, version)
        rows = _build(connection, target, key, built_by, events)
        _append(connection, events)
        return PublishReport(True, target, version, rows)


def published_is_current(connection: Connection, target: Path, *, built_by: str) -> bool:
    """Return whether the published file holds what the open warehouse holds, so that publishing would do nothing."""
    return target.exists() and released_key(target) == release_key(connection, built_by) and not _to_be_published(connection)


def _to_be_published(connection: Connection) -> list[Event]:
    rows = connection.execute(
        "SELECT record_id, document_id, detail FROM document_states WHERE state = 'classified' ORDER BY record_id"
    ).fetchall()
    return [Event(record_id, document_id, State.PUBLISHED, detail=detail) for record_id, document_id, detail in rows]


def _append(connection: Connection, events: list[Event]) -> None:
    # No change of content: the published copy was made with these rows in it.
    if events:
        with transaction(connection):
            append(connection, None, events)


def _build(connection: Connection, target: Path, key: str, built_by: str, events: list[Event]) -> dict[str, int]:
    beside = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        _copy(connection, beside, key, built_by)
        rows = _finish(beside, score_columns_of(connection), events)
        beside.chmod(0o444)
        with beside.open("rb") as stream:
            os.fsync(stream.fileno())
        beside.replace(target)
        fsync_directory(target.parent)
    finally:
        beside.unlink(missing_ok=True)
        beside.with_name(f"{beside.name}.wal").unlink(missing_ok=True)
    return rows


def _copy(connection: Connection, beside: Path, key: str, built_by: str) -> None:
    # ATTACH takes no parameters; a quote in a path is doubled, as SQL wants it.
    place = str(beside).replace("'", "''")
    connection.execute(f"ATTACH '{place}' AS published_copy (STORAGE_VERSION '{READABLE_SINCE}')")
    try:
        for table, query in COPIED.items():
            connection.execute(f'CREATE TABLE published_copy."{table}" AS {query}')
        row = release_row(connection, key, built_by)
        columns = ", ".join(f"? AS {name}" for name in row)
        connection.execute(f"CREATE TABLE published_copy.release AS SELECT {columns}", list(row.values()))
    finally:
        connection.execute("DETACH published_copy")


def _finish(beside: Path, columns: ScoreColumns, events: list[Event]) -> dict[str, int]:
    """Give the copy its ledger rows, views and comments, check it, and close it without a log beside it."""
    with duckdb.connect(str(beside)) as copy:
        quiet(copy)
        append(copy, None, events)
        for statement in [*view_statements(columns), *estimate_statements(columns), *comment_statements(columns)]:
            copy.execute(statement)
        run_checks(copy, columns)
        copy.execute("CHECKPOINT")
        tables = [*COPIED, "release"]
        return {table: int(copy.execute(f'SELECT count(*) FROM "{table}"').fetchall()[0][0]) for table in tables}
