"""The numbers whose change is explained: counts, naive shares, and the corrected estimates where the database has them."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from collections.abc import Sequence

from warehouse.transactions import Connection

LEVELS = ("all", "country", "country_year")
"""The cells that numbers are counted for: the whole release, organization and country, organization, country and year."""

_SETS = "GROUPING SETS ((), (igo, country_iso3), (igo, country_iso3, year))"
_LEVEL = "CASE WHEN grouping(year) = 0 THEN 'country_year' WHEN grouping(country_iso3) = 0 THEN 'country' ELSE 'all' END"


def make_units(connection: Connection, schema: str, dimensions: Sequence[str]) -> None:
    """Make the temporary table `units`: one row per counted passage (scored, no duplicate, no summary) with its place and labels.

    Args:
        connection: the working database.
        schema: where the view `evidence` is (`a.main`, `b.main`, `main.state`); an identifier of this room.
        dimensions: dimensions with one label a passage; those that this release does not have are null.
    """
    there = {
        str(name)
        for (name,) in connection.execute(f"SELECT column_name FROM (DESCRIBE SELECT * FROM {schema}.evidence)").fetchall()
    }
    labels = ", ".join(f'"{one}"' if one in there else f'CAST(NULL AS VARCHAR) AS "{one}"' for one in dimensions)
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE units AS SELECT passage_id, document_id, igo, country_iso3, year(published) AS year, {labels} "
        f"FROM {schema}.evidence WHERE model_version IS NOT NULL AND NOT is_duplicate AND NOT is_summary"
    )


def add_numbers(connection: Connection, step: int, dimensions: Sequence[str]) -> None:
    """Add the numbers counted from `units` to the table `numbers` under the number of a step."""
    connection.execute(
        f"INSERT INTO work.main.numbers SELECT $step, 'passages', NULL, NULL, {_LEVEL}, igo, country_iso3, year, count(*) "
        f"FROM units GROUP BY {_SETS} "
        f"UNION ALL SELECT $step, 'documents', NULL, NULL, {_LEVEL}, igo, country_iso3, year, count(DISTINCT document_id) "
        f"FROM units GROUP BY {_SETS}",
        {"step": step},
    )
    for dimension in dimensions:
        # A cell with passages and none of a label has the share 0; a cell without passages has no shares.
        connection.execute(
            f"INSERT INTO work.main.numbers WITH cells AS (SELECT {_LEVEL} AS level, igo, country_iso3, year, count(*) AS n FROM units "
            f'WHERE "{dimension}" IS NOT NULL GROUP BY {_SETS}), '
            f'labelled AS (SELECT {_LEVEL} AS level, igo, country_iso3, year, "{dimension}" AS label, count(*) AS n FROM units '
            f'WHERE "{dimension}" IS NOT NULL GROUP BY "{dimension}", {_SETS}) '
            "SELECT $step, 'naive_share', $dimension, k.label, c.level, c.igo, c.country_iso3, c.year, coalesce(l.n, 0) / c.n FROM cells c "
            "CROSS JOIN (SELECT label FROM work.main.known_labels WHERE dimension = $dimension) k "
            "LEFT JOIN labelled l ON l.label = k.label AND l.level = c.level "
            "AND l.igo IS NOT DISTINCT FROM c.igo AND l.country_iso3 IS NOT DISTINCT FROM c.country_iso3 AND l.year IS NOT DISTINCT FROM c.year "
            "WHERE c.n > 0",
            {"step": step, "dimension": dimension},
        )


HEADLINES = ("contested",)
"""Quantities of the estimates that are no single dimension and are compared besides."""

_ESTIMATES = {"country": "estimates_by_country", "country_year": "estimates_by_country_year"}


def add_estimates(connection: Connection, step: int, schema: str, dimensions: Sequence[str]) -> None:
    """Add the corrected estimates of a schema to the table `numbers`; nothing where it has none (an older Entente made it).

    Args:
        connection: the working database.
        step: the number of the step.
        schema: database and schema (`a.main`, `work.state`, ...); identifiers of this room.
        dimensions: dimensions whose shares are compared.
    """
    database, _, name = schema.partition(".")
    there = {
        str(one)
        for (one,) in connection.execute(
            "SELECT function_name FROM duckdb_functions() WHERE database_name = ? AND schema_name = ?", [database, name]
        ).fetchall()
    }
    for level, macro in _ESTIMATES.items():
        if macro not in there:
            continue
        year = "year" if level == "country_year" else "NULL"
        for dimension in (*dimensions, *HEADLINES):
            # The macros name tables without a schema.
            connection.execute(f"USE {schema}")
            connection.execute(
                f"INSERT INTO work.main.numbers SELECT $step, 'estimate', $dimension, category, $level, igo, country_iso3, {year}, estimate "
                f"FROM {macro}($dimension) WHERE estimate IS NOT NULL",
                {"step": step, "dimension": dimension, "level": level},
            )
