"""The data dictionary of a published database, written out of the database itself and its descriptions."""

from __future__ import annotations

from collections.abc import Iterator

from warehouse.descriptions import Description, Descriptions, ObjectDescription, load_descriptions
from warehouse.transactions import Connection
from warehouse.types import ScoreColumns

_INTRODUCTION = """# Data dictionary

The published file, object by object: views and macros first, then the tables below them. Times are UTC. Begin with `evidence`; join `documents`,
`passages` and `scores` by `document_id` and `passage_id`. The same words stand in the file: `SELECT table_name, column_name, comment FROM
duckdb_columns()`, and for views and macros `duckdb_views()` and `duckdb_functions()`. How names are chosen: [naming](naming.md).

This page is made from `warehouse/schema/descriptions.yaml` (`make dictionary`). In the place of names that the codebook decides stand
`DIMENSION` and `CATEGORY`; they are in `codebook_dimensions` and `codebook_categories` and in the [codebook](codebook.md).
"""
_WORKING = """## The working database

It has the same tables. Where files lie on the machine and what was typed is left out of the published copy, and so are these tables.
"""


def objects_in(connection: Connection) -> dict[str, tuple[str, list[str]]]:
    """Return by name what an open database holds: its kind (table, view, macro, table_macro) and its columns or parameters."""
    found: dict[str, tuple[str, list[str]]] = {}
    for name, kind, columns in connection.execute(
        "SELECT c.table_name, CASE WHEN v.view_name IS NULL THEN 'table' ELSE 'view' END, list(c.column_name ORDER BY c.column_index) "
        "FROM duckdb_columns() c LEFT JOIN duckdb_views() v ON v.view_name = c.table_name AND v.database_name = c.database_name "
        "WHERE NOT c.internal AND c.database_name = current_database() GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        found[name] = (kind, columns)
    for name, kind, parameters in connection.execute(
        "SELECT function_name, function_type, any_value(parameters) FROM duckdb_functions() WHERE NOT internal "
        "AND database_name = current_database() AND function_type IN ('macro', 'table_macro') GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        found[name] = (kind, parameters)
    return found


def render(connection: Connection, columns: ScoreColumns) -> str:
    """Return the data dictionary of an open published database as Markdown."""
    descriptions = load_descriptions(columns)
    types = {
        (str(table), str(column)): str(kind)
        for table, column, kind in connection.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE database_name = current_database()"
        ).fetchall()
    }
    there = objects_in(connection)
    parts = [_INTRODUCTION]
    for name, said in descriptions.objects.items():
        if name not in there or not said.published:
            continue
        kind, names = there[name]
        if kind == "table_macro" and said.example:
            shape = connection.execute(f"DESCRIBE FROM {said.example}").fetchall()
            types |= {(name, str(column)): str(type_) for column, type_, *_rest in shape}
            names = [str(column) for column, *_rest in shape]
        parts.append(_section(said, [] if kind == "macro" else names, types, descriptions, columns))
    parts.append(_WORKING)
    parts += [_working_table(said) for said in descriptions.objects.values() if not said.published]
    return "\n".join(parts)


def _section(
    said: ObjectDescription,
    names: list[str],
    types: dict[tuple[str, str], str],
    descriptions: Descriptions,
    columns: ScoreColumns,
) -> str:
    lines = [f"## {said.name}", "", f"{'Table' if said.kind == 'table' else said.kind.capitalize()}. {_ended(said.about)}", ""]
    if said.parameters:
        calls = "; ".join(f"`{name}`: {one.about}" for name, one in said.parameters.items())
        lines += [f"Parameters: {calls}.", ""]
    rows = list(_rows(said, names, types, descriptions, columns))
    if rows:
        lines += ["| column | type | unit | meaning |", "| --- | --- | --- | --- |", *rows, ""]
    if said.unpublished:
        hidden = "; ".join(f"`{name}` ({one.about})" for name, one in said.unpublished.items())
        lines += [f"In the working database also: {hidden}.", ""]
    return "\n".join(lines)


def _rows(
    said: ObjectDescription,
    names: list[str],
    types: dict[tuple[str, str], str],
    descriptions: Descriptions,
    columns: ScoreColumns,
) -> Iterator[str]:
    collapsed = _collapsed(columns)
    shown = set()
    for name in names:
        label = collapsed.get(name, f"`{name}`")
        if label in shown:
            continue
        shown.add(label)
        found = descriptions.column(said.name, name) or Description("(undescribed)")
        about = found.about
        if label != f"`{name}`":
            about = _general(name, about, columns)
        yield f"| {label} | {_type(types.get((said.name, name), ''))} | {found.unit or ''} | {about.replace('|', '/')} |"


def _collapsed(columns: ScoreColumns) -> dict[str, str]:
    """Return by column how the dictionary names it: the columns of all dimensions that are alike are one row."""
    found = {}
    for dimension in columns.dimensions:
        if not dimension.multi:
            found[dimension.name] = "`DIMENSION`"
            found[f"p_{dimension.name}"] = "`p_DIMENSION`"
        for category in dimension.categories:
            found[f"p_{dimension.name}__{category}"] = f"`p_{dimension.name if dimension.multi else 'DIMENSION'}__CATEGORY`"
    return found


def _general(name: str, about: str, columns: ScoreColumns) -> str:
    for dimension in columns.dimensions:
        for category in dimension.categories:
            if name == f"p_{dimension.name}__{category}":
                kept = dimension.name if dimension.multi else "DIMENSION"
                return about.replace(f"that {dimension.name} is {category}", f"that {kept} is CATEGORY").replace(
                    f"that {category} is among", "that CATEGORY is among"
                )
        if name in (dimension.name, f"p_{dimension.name}"):
            return about.replace(dimension.name, "DIMENSION")
    return about


def _type(text: str) -> str:
    return "STRUCT[]" if text.startswith("STRUCT(") else text


def _ended(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _working_table(said: ObjectDescription) -> str:
    columns = "; ".join(f"`{name}`: {one.about}" for name, one in said.columns.items())
    return f"`{said.name}`: {_ended(said.about)} Columns: {columns}.\n"
