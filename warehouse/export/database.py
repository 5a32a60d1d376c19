"""The DuckDB file of a release, the same to the byte for the same content.

Found by trial on DuckDB 2.0: a file differs between two builds only where the compression of strings named FSST takes a random sample, and
where several threads write blocks in the order in which they happen to finish. One thread, that compression switched off, rows in a fixed
order and a storage version without a random identifier in its header (before 2.0) leave nothing to chance. DuckDB 1.5 needs one thing
more: `warehouse.export.zeroed`.
"""

# statements are put together of names of this room
from __future__ import annotations

import contextlib
import functools
import importlib.util
import mmap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from entente.errors import BadInput
from warehouse.database import quiet
from warehouse.descriptions import load_descriptions
from warehouse.dictionary import objects_in
from warehouse.estimates.derived import write_derived
from warehouse.estimates.statements import estimate_statements
from warehouse.export.plan import Plan, score_columns_in
from warehouse.failures import explained
from warehouse.migrations import read_sql
from warehouse.publish import READABLE_SINCE
from warehouse.release import RELEASE_TABLE
from warehouse.transactions import Connection
from warehouse.views import view_statements


def sets_every_byte() -> bool:
    """Return whether this DuckDB sets every byte of a file that it writes."""
    return int(duckdb.__version__.split(".")[0]) >= 2


def is_repeatable() -> bool:
    """Return whether the same content gives the same bytes of the DuckDB file here; where not, it gives the same content."""
    return sets_every_byte() or _has_own_allocator()


@functools.cache
def _has_own_allocator() -> bool:
    # DuckDB says nowhere how it was built, but the name of the variable that configures its allocator stands in the library.
    found = importlib.util.find_spec("_duckdb")
    if found is None or found.origin is None or not Path(found.origin).is_file():
        return False
    with (
        Path(found.origin).open("rb") as stream,
        contextlib.closing(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)) as library,
    ):
        return library.find(b"DUCKDB_JE_MALLOC_CONF") >= 0


def _deterministic(connection: Connection) -> None:
    quiet(connection)
    connection.execute("SET threads = 1")
    connection.execute("SET disabled_compression_methods = 'fsst'")


@contextlib.contextmanager
def published(path: Path) -> Iterator[Connection]:
    """Open a published database as the current one of a connection that may also attach others.

    Raises:
        BadInput: when the file is missing, damaged or no published database of Entente.
        Busy, Unavailable: as opening any database does.
    """
    if not path.is_file():
        raise BadInput(f"There is no published database at {path}. Make it with `entente refresh` or `entente publish`.")
    with explained(path), duckdb.connect(":memory:") as connection:
        _deterministic(connection)
        place = str(path).replace("'", "''")
        connection.execute(f"ATTACH '{place}' AS published_file (READ_ONLY)")
        connection.execute("USE published_file")
        tables = {str(name) for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        if not {"release", "documents", "passages", "scores"} <= tables:
            raise BadInput(
                f"{path} is no published database of Entente (it has no table `release`). Name the file of `entente publish`."
            )
        yield connection


def write_database(connection: Connection, target: Path, plan: Plan, row: Mapping[str, Any]) -> None:
    """Write the tables of a plan, the row of `release`, and all views, macros and comments into a new file.

    Args:
        connection: from `published`.
        target: a path where there is no file.
        plan: what to write.
        row: the row of `release`.

    Raises:
        BadInput: when this Entente's views do not fit the published file, which then is of another version.
    """
    place = str(target).replace("'", "''")
    connection.execute(f"ATTACH '{place}' AS released (STORAGE_VERSION '{READABLE_SINCE}')")
    try:
        for table, query in plan.queries.items():
            connection.execute(f'CREATE TABLE released."{table}" AS {query}')
        connection.execute(RELEASE_TABLE.replace("published_copy.", "released."))
        columns, places = ", ".join(row), ", ".join("?" for _ in row)
        statement = f"INSERT INTO released.release ({columns}) VALUES ({places})"  # noqa: S608  # columns of this room
        connection.execute(statement, list(row.values()))
    finally:
        connection.execute("DETACH released")
    with duckdb.connect(str(target)) as copy:
        _deterministic(copy)
        columns_of_scores = score_columns_in(copy)
        try:
            for statement in [
                *view_statements(columns_of_scores),
                *_search_macros(copy),
                *estimate_statements(columns_of_scores),
            ]:
                copy.execute(statement)
            write_derived(copy, columns_of_scores)
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise BadInput(
                f"The published file was made by another version of Entente: {str(error).splitlines()[0]} Run `entente publish` first."
            ) from error
        _deterministic(copy)
        for statement in load_descriptions(columns_of_scores).comments(objects_in(copy)):
            copy.execute(statement)
        copy.execute("CHECKPOINT")


def _search_macros(copy: Connection) -> list[str]:
    """Return the macros that fit the search index of a copy; none where it has no index."""
    kinds = {
        str(name)
        for (name,) in copy.execute("SELECT column_name FROM duckdb_columns() WHERE table_name = 'search_passages'").fetchall()
    }
    texts = read_sql("schema/search").values() if kinds else ()
    return [text for text in texts if "vector" in kinds or not text.startswith("-- requires: meaning")]


@contextlib.contextmanager
def released(path: Path) -> Iterator[Connection]:
    """Open the DuckDB file of a release read-only, rows in the order in which they were written."""
    with duckdb.connect(str(path), read_only=True) as connection:
        quiet(connection)
        connection.execute("SET threads = 1")
        yield connection
