"""The columns of a released table as the other formats need them: names, DuckDB types, comments, and how each is written as text."""

# ruff: noqa: S608  # statements are put together of names read from the database's own catalogue
from __future__ import annotations

from dataclasses import dataclass

from warehouse.export.plan import Plan
from warehouse.transactions import Connection

_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT"})


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `type` is DuckDB's; `kind` is the Frictionless type (string, integer, number, boolean, date, datetime, array, object)."""

    name: str
    type: str
    kind: str
    comment: str | None


def columns_of(connection: Connection, table: str, plan: Plan) -> list[Column]:
    """Return the columns of a table that are handed out, in order."""
    rows = connection.execute(
        "SELECT column_name, data_type, comment FROM duckdb_columns() WHERE table_name = ? AND database_name = current_database() "
        "ORDER BY column_index",
        [table],
    ).fetchall()
    omitted = plan.omitted.get(table, ())
    return [Column(str(name), str(kind), kind_of(str(kind)), comment) for name, kind, comment in rows if name not in omitted]


def table_comment(connection: Connection, table: str) -> str | None:
    """Return what the database says of a table."""
    rows = connection.execute(
        "SELECT comment FROM duckdb_tables() WHERE table_name = ? AND database_name = current_database()", [table]
    ).fetchall()
    return None if not rows or rows[0][0] is None else str(rows[0][0])


def kind_of(duckdb_type: str) -> str:
    """Return the Frictionless type of a DuckDB type."""
    if duckdb_type.endswith("[]"):
        return "array"
    if duckdb_type.startswith(("STRUCT", "MAP", "JSON")):
        return "object"
    if duckdb_type in _INTEGERS:
        return "integer"
    if duckdb_type in ("FLOAT", "DOUBLE") or duckdb_type.startswith("DECIMAL"):
        return "number"
    return {"BOOLEAN": "boolean", "DATE": "date", "TIMESTAMP": "datetime"}.get(duckdb_type, "string")


def flat_query(table: str, columns: list[Column]) -> str:
    """Return a query in which lists and structures are JSON and times are ISO 8601 in UTC, for formats that know neither."""
    parts = []
    for column in columns:
        name = f'"{column.name}"'
        if column.kind in ("array", "object"):
            parts.append(f"CAST(to_json({name}) AS VARCHAR) AS {name}")
        elif column.kind == "datetime":
            parts.append(f"strftime({name}, '%Y-%m-%dT%H:%M:%SZ') AS {name}")
        else:
            parts.append(name)
    return f'SELECT {", ".join(parts)} FROM "{table}"'
