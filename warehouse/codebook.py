"""The codebook in the database: its code tables, the columns of `scores`, and the views that depend on them."""

# ruff: noqa: S608  # statements are put together of names of this room
from __future__ import annotations

import json
import re
from typing import Any

from entente.errors import BadInput
from warehouse.arrow import insert
from warehouse.migrations import drop_views, text_hash
from warehouse.transactions import Connection, raise_content_version, read_meta, transaction, write_meta
from warehouse.types import CodebookRows, ScoreColumns, ScoreDimension
from warehouse.views import view_statements

_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9_]*\Z")
_RESERVED = frozenset({"passage_id", "document_id", "model_version", "is_familiar", "uncertain"})
_LAYOUT = 2
"""Raise it whenever the columns of `scores` change that do not come of the codebook: scores of an older layout are made anew."""


def set_codebook(connection: Connection, rows: CodebookRows, columns: ScoreColumns) -> bool:
    """Make the database speak this codebook; does nothing when it already does.

    When the scored dimensions change, `scores` is made again with their columns and every passage is pending classification; codes by
    people are never touched.

    Args:
        connection: the open warehouse.
        rows: dimensions and categories for the code tables.
        columns: the dimensions that models score.

    Returns:
        Whether anything changed.

    Raises:
        BadInput: when an identifier is no plain lower-case name, or stands there twice.
    """
    _check(columns)
    wanted = _as_text(columns)
    shape_changes = read_meta(connection, "score_columns") != wanted
    rows_change = _stored_rows(connection) != _plain(rows)
    if shape_changes or rows_change:
        with transaction(connection):
            if shape_changes:
                drop_views(connection)
                connection.execute("DROP TABLE IF EXISTS scores")
                connection.execute(scores_table(columns))
                write_meta(connection, "score_columns", wanted)
            if rows_change:
                _write_rows(connection, rows)
            raise_content_version(connection)
    ensure_views(connection)
    return shape_changes or rows_change


def has_codebook(connection: Connection, rows: CodebookRows, columns: ScoreColumns) -> bool:
    """Return whether the database speaks this codebook already, so that `set_codebook` would change nothing."""
    return read_meta(connection, "score_columns") == _as_text(columns) and _stored_rows(connection) == _plain(rows)


def score_columns_of(connection: Connection) -> ScoreColumns:
    """Return the dimensions whose columns `scores` has."""
    _, plain = _layout_and_dimensions(connection)
    return ScoreColumns(tuple(ScoreDimension(one["name"], tuple(one["categories"]), one["multi"]) for one in plain))


def _layout_and_dimensions(connection: Connection) -> tuple[int, list[Any]]:
    """Return the layout of `scores` that the database was made with, and the dimensions; the first layout was written as a plain list."""
    plain = json.loads(read_meta(connection, "score_columns") or "[]")
    return (1, plain) if isinstance(plain, list) else (int(plain["layout"]), list(plain["dimensions"]))


def probability_columns(columns: ScoreColumns) -> list[str]:
    """Return the names of the probability columns, `p_<dimension>__<category>`, in order."""
    return [probability_column(dimension.name, category) for dimension in columns.dimensions for category in dimension.categories]


def probability_column(dimension: str, category: str) -> str:
    """Return the name of the column that holds the probability of a category."""
    return f"p_{dimension}__{category}"


def scores_table(columns: ScoreColumns) -> str:
    """Return the statement that makes `scores`: one row a passage and model version."""
    lines = ["passage_id VARCHAR NOT NULL", "document_id VARCHAR NOT NULL", "model_version VARCHAR NOT NULL"]
    lines += ["is_familiar BOOLEAN NOT NULL", "uncertain VARCHAR[] NOT NULL"]
    for dimension in columns.dimensions:
        lines.append(f'"{dimension.name}" {"VARCHAR[]" if dimension.multi else "VARCHAR"}')
        lines += [f'"{probability_column(dimension.name, category)}" FLOAT' for category in dimension.categories]
    return f"CREATE TABLE scores ({', '.join(lines)})"


def ensure_views(connection: Connection) -> None:
    """Make the views and macros of this Entente and this codebook, unless they are there already."""
    if not _has_views(connection):
        with transaction(connection):
            make_views(connection)


def make_views(connection: Connection) -> None:
    """Make the table of scores, if need be, and the views and macros, within the caller's transaction."""
    columns = score_columns_of(connection)
    statements = view_statements(columns)
    drop_views(connection)
    if not _has_scores(connection):
        connection.execute("DROP TABLE IF EXISTS scores")
        connection.execute(scores_table(columns))
        write_meta(connection, "score_columns", _as_text(columns))
    for statement in statements:
        connection.execute(statement)
    write_meta(connection, "views", text_hash(*statements))


def _has_views(connection: Connection) -> bool:
    mark = text_hash(*view_statements(score_columns_of(connection)))
    return _has_scores(connection) and read_meta(connection, "views") == mark


def _has_scores(connection: Connection) -> bool:
    there = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'scores' AND database_name = current_database()"
    ).fetchall()[0][0]
    return bool(there) and _layout_and_dimensions(connection)[0] == _LAYOUT


def _check(columns: ScoreColumns) -> None:
    names = [dimension.name for dimension in columns.dimensions]
    for name in [*names, *(category for dimension in columns.dimensions for category in dimension.categories)]:
        if not _IDENTIFIER.match(name):
            raise BadInput(
                f"The codebook's identifier {name!r} cannot name a column; use lower-case letters, digits and underscores."
            )
    everything = [*names, *probability_columns(columns)]
    double = sorted({name for name in everything if everything.count(name) > 1 or name in _RESERVED})
    if double:
        raise BadInput(
            f"The codebook gives two columns of the scores one name: {', '.join(double)}. Rename a dimension or category."
        )


def _as_text(columns: ScoreColumns) -> str:
    dimensions = [{"name": one.name, "categories": list(one.categories), "multi": one.multi} for one in columns.dimensions]
    return json.dumps({"layout": _LAYOUT, "dimensions": dimensions}, sort_keys=True)


_CODE_TABLES = {
    "codebook_dimensions": "dimension, name, kind, is_ordinal, tier, question, ordinal, codebook_version",
    "codebook_categories": "dimension, category, name, definition, ordinal, codebook_version",
    "countries": "country_iso3, name, status",
}

Rows = list[tuple[object, ...]]


def _plain(rows: CodebookRows) -> dict[str, Rows]:
    dimensions: Rows = [
        (one.dimension, one.name, one.kind, one.kind == "ordinal", one.tier, one.question, one.ordinal, rows.version)
        for one in rows.dimensions
    ]
    categories: Rows = [
        (one.dimension, one.category, one.name, one.definition, one.ordinal, rows.version) for one in rows.categories
    ]
    countries: Rows = [(one.country_iso3, one.name, one.status) for one in rows.countries]
    found = (sorted(dimensions), sorted(categories), sorted(countries))
    return dict(zip(_CODE_TABLES, found, strict=True))


def _stored_rows(connection: Connection) -> dict[str, Rows]:
    return {
        table: sorted(connection.execute(f"SELECT {columns} FROM {table}").fetchall()) for table, columns in _CODE_TABLES.items()
    }


def _write_rows(connection: Connection, rows: CodebookRows) -> None:
    for table, plain in _plain(rows).items():
        columns = _CODE_TABLES[table].split(", ")
        connection.execute(f"DELETE FROM {table}")
        insert(connection, table, [dict(zip(columns, row, strict=True)) for row in plain])
