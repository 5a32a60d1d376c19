"""Publishing: a compact, checked, read-only copy is made beside and put in place all at once; readers of the old file keep it."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path

import duckdb

from entente.errors import BadInput
from entente.files import fsync_directory
from warehouse.checks import run_checks
from warehouse.codebook import score_columns_of
from warehouse.database import open_warehouse, quiet, remove_leftovers
from warehouse.descriptions import load_descriptions
from warehouse.dictionary import objects_in
from warehouse.estimates.derived import write_derived
from warehouse.estimates.statements import estimate_statements
from warehouse.expected import compare
from warehouse.failures import explained
from warehouse.kept_releases import keep_published
from warehouse.ledger import Event, append
from warehouse.release import COPIED, NO_SEARCH, RELEASE_TABLE, release_key, release_row, released_key
from warehouse.search import build_index, index_bytes
from warehouse.states import State
from warehouse.transactions import Connection, content_version, transaction
from warehouse.types import ExpectedCounts, PublishReport, ScoreColumns, SearchOptions
from warehouse.views import view_statements

# DuckDB 2.0 writes a file format that older versions cannot read unless it is asked for an older one; analysts' tools lag behind.
READABLE_SINCE = "v1.2.0"


def publish(
    warehouse: Path,
    target: Path,
    *,
    built_by: str,
    expected: ExpectedCounts | None = None,
    search: SearchOptions = NO_SEARCH,
    keep: int = 0,
) -> PublishReport:
    """Put what the warehouse holds before the analysts; does nothing when the published file already holds it.

    The caller holds the refresh lock. A kill at any moment leaves the old file or the new one; what a killed publish leaves beside is
    removed by the next.

    Args:
        warehouse: the working database.
        target: the published file; its folder is made if need be.
        built_by: program and version, for the `release` table.
        expected: how many documents a person expects of each source and year; None to expect nothing.
        search: which search index the published file gets.
        keep: how many published files of before stay in the folder `releases` beside the new one.

    Returns:
        Whether a new file was put in place, the rows of its tables, and what a person should look at.

    Raises:
        BadInput: when there is no warehouse, a data check finds bad rows, or documents are missing that must be there; the old file stays.
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
        key = release_key(connection, built_by, search)
        version = content_version(connection)
        if target.exists() and released_key(target) == key:
            _append(connection, events)
            return PublishReport(False, target, version)
        notes = compare(connection, expected)
        report = _build(connection, target, key, built_by, events, search, keep)
        _append(connection, events)
        return replace(report, content_version=version, notes=(*notes, *report.notes))


def published_is_current(connection: Connection, target: Path, *, built_by: str, search: SearchOptions = NO_SEARCH) -> bool:
    """Return whether the published file holds what the open warehouse holds, so that publishing would do nothing."""
    return (
        target.exists() and released_key(target) == release_key(connection, built_by, search) and not _to_be_published(connection)
    )


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


def _build(
    connection: Connection, target: Path, key: str, built_by: str, events: list[Event], search: SearchOptions, keep: int
) -> PublishReport:
    beside = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        _copy(connection, beside, key, built_by)
        report = _finish(beside, score_columns_of(connection), events, search)
        beside.chmod(0o444)
        with beside.open("rb") as stream:
            os.fsync(stream.fileno())
        keep_published(target, keep)
        beside.replace(target)
        fsync_directory(target.parent)
    finally:
        beside.unlink(missing_ok=True)
        beside.with_name(f"{beside.name}.wal").unlink(missing_ok=True)
    return replace(report, path=target)


def _copy(connection: Connection, beside: Path, key: str, built_by: str) -> None:
    # ATTACH takes no parameters; a quote in a path is doubled, as SQL wants it.
    place = str(beside).replace("'", "''")
    connection.execute(f"ATTACH '{place}' AS published_copy (STORAGE_VERSION '{READABLE_SINCE}')")
    try:
        for table, query in COPIED.items():
            connection.execute(f'CREATE TABLE published_copy."{table}" AS {query}')
        row = release_row(connection, key, built_by)
        connection.execute(RELEASE_TABLE)
        connection.execute(
            f"INSERT INTO published_copy.release ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values())
        )
    finally:
        connection.execute("DETACH published_copy")


def _finish(beside: Path, columns: ScoreColumns, events: list[Event], search: SearchOptions) -> PublishReport:
    """Give the copy its ledger rows, views, search index and comments, check it, and close it without a log beside it."""
    with duckdb.connect(str(beside)) as copy:
        quiet(copy)
        append(copy, None, events)
        for statement in [*view_statements(columns), *estimate_statements(columns)]:
            copy.execute(statement)
        write_derived(copy, columns)
        warnings = run_checks(copy, columns)
        build_index(copy, search)
        for statement in load_descriptions(columns).comments(objects_in(copy)):
            copy.execute(statement)
        copy.execute("CHECKPOINT")
        tables = [*COPIED, "release"]
        rows = {table: int(copy.execute(f'SELECT count(*) FROM "{table}"').fetchall()[0][0]) for table in tables}
        return PublishReport(True, beside, 0, rows, warnings, index_bytes(copy))
