"""Rows into tables by way of Arrow: the fast way into DuckDB, with the table itself as the source of the types."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from warehouse.transactions import Connection


def insert(connection: Connection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append rows to a table, within the caller's transaction.

    Args:
        connection: the open warehouse.
        table: a table of the schema (never a name from outside).
        rows: one mapping a row, with all columns of the table.
    """
    if not rows:
        return
    import pyarrow

    schema = _schema(connection, table)
    # pyarrow fills absent keys with null in silence; a forgotten column shall be an error of the table's NOT NULL or none at all.
    _append(connection, table, pyarrow.Table.from_pylist([dict(row) for row in rows], schema=schema))


def insert_columns(connection: Connection, table: str, columns: Mapping[str, Any]) -> None:
    """Append rows that come column by column, several times as fast as `insert`; within the caller's transaction.

    Args:
        connection: the open warehouse.
        table: a table of the schema (never a name from outside).
        columns: all columns of the table, equally long: sequences, NumPy arrays or Arrow arrays.
    """
    if not columns or not len(next(iter(columns.values()))):
        return
    import pyarrow

    _append(connection, table, pyarrow.Table.from_pydict(dict(columns), schema=_schema(connection, table)))


def lists(rows: Sequence[Sequence[Any]], values: Callable[[Iterator[Any], int], Any]) -> Any:
    """Return an Arrow array of lists, made of all their entries at once: an object a list takes several times as long.

    Args:
        rows: the lists, one a row.
        values: makes an Arrow array of all entries in their order, and is told how many there are.
    """
    import numpy as np
    import pyarrow

    ends = np.zeros(len(rows) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, rows), np.int32, len(rows)), out=ends[1:])
    return pyarrow.ListArray.from_arrays(pyarrow.array(ends), values(chain.from_iterable(rows), int(ends[-1])))


def _append(connection: Connection, table: str, source: Any) -> None:
    # By position: the source has the table's own columns in their order. A named view of it would be a change of the catalog each time.
    connection.from_arrow(source).insert_into(table)


def _schema(connection: Connection, table: str) -> Any:
    return connection.sql(f'SELECT * FROM "{table}" LIMIT 0').to_arrow_table().schema
