"""Everything in the database is described in one file, named by one rule, and the data dictionary is what that file says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from flows.dictionary import PAGE, empty_published, page
from flows.load import score_columns
from flows.settings import default_codebook_path
from models.codebook import load_codebook
from warehouse.database import open_warehouse
from warehouse.descriptions import UNITS, Description, Descriptions, load_descriptions
from warehouse.dictionary import objects_in
from warehouse.types import ScoreColumns

NAMING = PAGE.with_name("naming.md")
POSITIONS = {"ordinal", "part", "page", "page_first", "page_last", "year", "draw", "attempt", "rank"}
NUMBERS = ("INTEGER", "BIGINT", "HUGEINT", "UINTEGER", "FLOAT", "DOUBLE", "DECIMAL")


@pytest.fixture(scope="module")
def columns() -> ScoreColumns:
    return score_columns(load_codebook(default_codebook_path()))


@pytest.fixture(scope="module")
def descriptions(columns: ScoreColumns) -> Descriptions:
    return load_descriptions(columns)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(empty_published(tmp_path_factory.mktemp("empty"))), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def shapes(published: duckdb.DuckDBPyConnection, descriptions: Descriptions) -> dict[tuple[str, str], str]:
    """The type of every column of every table, view and table macro of the published file."""
    found = {
        (table, column): kind
        for table, column, kind in published.execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
    }
    for name, (kind, _parameters) in objects_in(published).items():
        if kind == "table_macro":
            said = descriptions.objects.get(name)
            assert said is not None, f"{name} needs a description"
            assert said.example, f"{name} needs an example in descriptions.yaml"
            for column, type_, *_rest in published.execute(f"DESCRIBE FROM {said.example}").fetchall():
                found[name, column] = type_
    return found


def test_every_object_and_column_is_described_and_commented(
    published: duckdb.DuckDBPyConnection, descriptions: Descriptions, shapes: dict[tuple[str, str], str]
) -> None:
    there = objects_in(published)
    assert sorted(set(there) - set(descriptions.objects)) == []
    assert sorted(key for key in shapes if descriptions.column(*key) is None) == []
    silent = published.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL UNION ALL "
        "SELECT table_name, '' FROM duckdb_tables() WHERE comment IS NULL UNION ALL "
        "SELECT view_name, '' FROM duckdb_views() WHERE NOT internal AND comment IS NULL UNION ALL "
        "SELECT DISTINCT function_name, '' FROM duckdb_functions() WHERE NOT internal AND comment IS NULL"
    ).fetchall()
    assert silent == []
    for name, (kind, parameters) in there.items():
        if kind in ("macro", "table_macro"):
            assert sorted(descriptions.objects[name].parameters) == sorted(parameters), name


def test_nothing_is_described_that_is_not_there(
    tmp_path: Path,
    published: duckdb.DuckDBPyConnection,
    descriptions: Descriptions,
    shapes: dict[tuple[str, str], str],
) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        working = {
            (table, column)
            for table, column in connection.execute(
                "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal"
            ).fetchall()
        }
    hidden = {"warehouse_meta", "schema_migrations"}
    for name, said in descriptions.objects.items():
        assert said.published == (name in objects_in(published)), name
        where = set(shapes) if said.published else working
        assert {(name, column) for column in said.columns} <= where, name
        assert {(name, column) for column in said.unpublished} <= working - set(shapes), name
    undescribed = sorted(key for key in working if descriptions.column(*key) is None)
    assert undescribed == []
    assert hidden <= set(descriptions.objects)


def test_numbers_have_units_and_names_follow_the_rule(descriptions: Descriptions, shapes: dict[tuple[str, str], str]) -> None:
    kept = set(re.findall(r"^- `(\w+\.\w+)`$", NAMING.read_text(encoding="utf-8"), re.M))
    found = {
        f"{name}.{column}": why for (name, column), kind in shapes.items() if (why := _breaks(descriptions, name, column, kind))
    }
    assert {place: why for place, why in found.items() if place not in kept} == {}
    assert kept <= set(found), "what obeys the rule needs no exception"


def _breaks(descriptions: Descriptions, name: str, column: str, kind: str) -> str | None:
    said = descriptions.column(name, column)
    if said is None or not re.fullmatch(r"[a-z][a-z0-9]*(_{1,2}[a-z0-9]+)*", column):
        return "no plain name"
    if kind.startswith(NUMBERS) and not kind.endswith("]"):
        return _breaks_number(descriptions, name, column, said)
    if said.unit is not None:
        return f"unit {said.unit} for what is no number"
    rules = {
        "TIMESTAMP": column.endswith("_at"),
        "DATE": column == "published" or column.endswith(("_start", "_end", "_date")),
        "BOOLEAN": column.startswith("is_"),
    }
    if kind in rules:
        return None if rules[kind] else f"{kind} needs another name"
    reserved = column.endswith(("_at", "_start", "_end", "_date", "_share")) or column.startswith(("is_", "n_", "p_"))
    return f"the name promises something else than {kind}" if reserved else None


def _breaks_number(descriptions: Descriptions, name: str, column: str, said: Description) -> str | None:
    counted = descriptions.objects[name].kind != "table" or name == "release"
    rules = {
        "count": column.startswith("n_") or (counted and column.endswith("s")),
        "position": column in POSITIONS or column.endswith(("_no", "_version")),
        "probability": column.startswith(("p_", "inclusion_prob")),
        "share": column.endswith("_share") or column in ("quality", "coverage", "alphabetic", "lexical", "continuity"),
    }
    if said.unit is None:
        return "no unit"
    if said.unit in rules:
        return None if rules[said.unit] else f"{said.unit} needs another name"
    return None if said.unit == "number" or said.unit not in UNITS else "unknown unit"


def test_the_data_dictionary_is_what_the_descriptions_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make dictionary`"
