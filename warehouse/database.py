"""Opening the warehouse: made on first use, brought up to date, refused when foreign, damaged, newer or held by somebody else."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb

from entente import __version__
from entente.errors import BadInput, Unavailable
from entente.files import fsync_directory
from warehouse.codebook import ensure_views, make_views
from warehouse.failures import explained
from warehouse.migrations import migrate, pending, refuse_newer
from warehouse.transactions import Connection, read_meta, transaction, write_meta

APPLICATION = "entente"


@contextlib.contextmanager
def open_warehouse(path: Path, *, read_only: bool = False) -> Iterator[Connection]:
    """Open the working database for the block.

    Without `read_only` a missing file is made (whole or not at all) and an older one is brought up to date.

    Args:
        path: the file.
        read_only: open it without the right to change anything; other readers may do so at the same time.

    Yields:
        The connection, its progress bar switched off.

    Raises:
        BadInput: when the file is missing (read-only), foreign or damaged.
        Unavailable: when a newer Entente or DuckDB made it, when it waits for a migration (read-only), or when the disk is full.
        Busy: when another process has it open; names it.
    """
    with explained(path):
        if not path.exists():
            if read_only:
                raise BadInput(f"There is no warehouse at {path}. `entente refresh` makes it.")
            _create(path)
        connection = duckdb.connect(str(path), read_only=read_only)
        try:
            _prepare(connection, path, read_only=read_only)
            yield connection
        finally:
            connection.close()


def pending_changes(path: Path) -> list[str]:
    """Return the names of what `open_warehouse` would change in an older warehouse, without writing anything.

    Raises:
        BadInput: when the file is missing, foreign or damaged.
        Unavailable: when a newer Entente or DuckDB made it.
        Busy: when another process has it open.
    """
    if not path.exists():
        raise BadInput(f"There is no warehouse at {path}. `entente refresh` makes it.")
    with explained(path), duckdb.connect(str(path), read_only=True) as connection:
        _recognize(connection, path)
        return pending(connection)


def quiet(connection: Connection) -> None:
    """Switch off what DuckDB would print, fetch from the network by itself, or compute in another time zone."""
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")


def _prepare(connection: Connection, path: Path, *, read_only: bool) -> None:
    _recognize(connection, path)
    if not read_only:
        # By default DuckDB rewrites half-filled row groups every 16 MB, with every second batch: a third of the work of loading.
        connection.execute("SET checkpoint_threshold = '128MB'")
        migrate(connection, finish=make_views)
        ensure_views(connection)
    elif waiting := pending(connection):
        raise Unavailable(f"{path} is of an older Entente; `entente refresh` brings it up to date ({', '.join(waiting)}).")


def _recognize(connection: Connection, path: Path) -> None:
    """Make sure that this is a warehouse of Entente, and of no newer one."""
    quiet(connection)
    tables = {str(name) for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    if not {"warehouse_meta", "schema_migrations"} <= tables or read_meta(connection, "application") != APPLICATION:
        raise BadInput(
            f"{path} is a DuckDB database, but no warehouse of Entente. Name another file in paths.warehouse; this one is left alone."
        )
    refuse_newer(connection, str(path))


def _create(path: Path) -> None:
    """Make an empty warehouse beside and put it in place, so that a kill leaves a whole one or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        connection = duckdb.connect(str(beside))
        try:
            quiet(connection)
            with transaction(connection):
                connection.execute("CREATE TABLE warehouse_meta (name VARCHAR NOT NULL, value VARCHAR NOT NULL)")
                connection.execute("CREATE TABLE schema_migrations (name VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL)")
                write_meta(connection, "application", APPLICATION)
                write_meta(connection, "warehouse_id", secrets.token_hex(8))
                write_meta(connection, "entente_version", __version__)
                write_meta(connection, "content_version", "0")
            migrate(connection)
            ensure_views(connection)
            connection.execute("CHECKPOINT")
        finally:
            connection.close()
        # A WAL of a warehouse that is gone must not be replayed into this one.
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
        beside.replace(path)
        fsync_directory(path.parent)
    finally:
        beside.unlink(missing_ok=True)
        beside.with_name(f"{beside.name}.wal").unlink(missing_ok=True)


def remove_leftovers(path: Path) -> None:
    """Remove what killed commands left beside `path` while they made it; files of living processes stay."""
    for left in path.parent.glob(f".{path.name}.*.part*"):
        parts = left.name.removeprefix(f".{path.name}.").split(".")
        if not (parts[0].isdigit() and process_lives(int(parts[0]))):
            # Beside a database DuckDB may keep a folder for what does not fit into memory.
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


def process_lives(pid: int) -> bool:
    """Return whether there is a process of this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
