"""Parquet files of a release: big tables in folders by organization and country, the others in one file each."""

# ruff: noqa: S608  # statements are put together of names of this room
from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from warehouse.export.columns import columns_of
from warehouse.export.plan import Plan
from warehouse.transactions import Connection

PARTITIONED = ("passages", "scores", "pages")
"""Tables of which an analyst of one country needs a part only."""

NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""How Hive, and every reader of its folders, writes a missing value."""

_ROWS = 100_000


def write_parquet(connection: Connection, folder: Path, plan: Plan) -> None:
    """Write each table of a plan as Parquet (zstd): `TABLE.parquet`, or `TABLE/igo=X/country_iso3=Y/part-0.parquet`.

    Args:
        connection: the release's database.
        folder: an existing folder.
        plan: which tables and columns.
    """
    for table in plan.handed_out:
        chosen = ", ".join(f't."{column.name}"' for column in columns_of(connection, table, plan))
        if table not in PARTITIONED:
            _write(connection, f'SELECT {chosen} FROM "{table}" t', [], folder / f"{table}.parquet")
            continue
        places = connection.execute(
            f'SELECT DISTINCT d.igo, d.country_iso3 FROM "{table}" t JOIN documents d USING (document_id) ORDER BY ALL NULLS FIRST'
        ).fetchall()
        for igo, country in places:
            part = folder / table / f"igo={_segment(igo)}" / f"country_iso3={_segment(country)}" / "part-0.parquet"
            part.parent.mkdir(parents=True, exist_ok=True)
            query = (
                f'SELECT {chosen} FROM "{table}" t WHERE t.document_id IN (SELECT document_id FROM documents '
                "WHERE igo IS NOT DISTINCT FROM $igo AND country_iso3 IS NOT DISTINCT FROM $country) ORDER BY t.rowid"
            )
            _write(connection, query, {"igo": igo, "country": country}, part)


def _segment(value: str | None) -> str:
    return NO_VALUE if value is None else quote(value, safe=" ")


def _write(connection: Connection, query: str, parameters: object, target: Path) -> None:
    import pyarrow.parquet

    table = connection.sql(query, params=parameters).to_arrow_table().combine_chunks()
    # Every setting that changes the bytes is named, so that another default of another day does not.
    pyarrow.parquet.write_table(
        table, target, row_group_size=_ROWS, compression="zstd", compression_level=9, version="2.6", data_page_version="1.0"
    )
