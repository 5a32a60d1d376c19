"""CSV files of a release, compressed by gzip without a time or a name in its header, so that the same rows give the same bytes."""

from __future__ import annotations

import gzip
from pathlib import Path

from warehouse.export.columns import columns_of, flat_query
from warehouse.export.plan import Plan
from warehouse.transactions import Connection


def write_csv(connection: Connection, folder: Path, plan: Plan) -> None:
    """Write each table of a plan as `TABLE.csv.gz`: UTF-8, commas, a header, texts in quotes, nothing at all for a missing value.

    Lists are JSON, times ISO 8601 in UTC.

    Args:
        connection: the release's database.
        folder: an existing folder.
        plan: which tables and columns.
    """
    import pyarrow.csv

    for table in plan.handed_out:
        rows = connection.sql(flat_query(table, columns_of(connection, table, plan))).to_arrow_table()
        with (
            (folder / f"{table}.csv.gz").open("xb") as plain,
            gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=plain, mtime=0) as stream,
        ):
            pyarrow.csv.write_csv(rows, stream)
