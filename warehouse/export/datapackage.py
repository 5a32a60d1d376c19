"""`datapackage.json`: the release as a Frictionless tabular data package, version 1 of the standard (https://specs.frictionlessdata.io)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from entente.files import sha256_of_file
from warehouse.export.columns import columns_of, table_comment
from warehouse.export.plan import KEYS, REFERENCES, Plan
from warehouse.transactions import Connection


def data_package(connection: Connection, folder: Path, plan: Plan, about: Mapping[str, Any]) -> str:
    """Return the text of `datapackage.json` for the CSV files of a release.

    Args:
        connection: the release's database.
        folder: the release's folder, its CSV files written.
        plan: which tables and columns.
        about: further properties of the package (`name`, `title`, `version`, ...).
    """
    resources = [_resource(connection, folder, plan, table) for table in plan.handed_out]
    return json.dumps({"profile": "tabular-data-package", **about, "resources": resources}, indent=2, ensure_ascii=False) + "\n"


def _resource(connection: Connection, folder: Path, plan: Plan, table: str) -> dict[str, Any]:
    path = folder / "csv" / f"{table}.csv.gz"
    resource: dict[str, Any] = {
        "profile": "tabular-data-resource",
        "name": table,
        "path": path.relative_to(folder).as_posix(),
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "compression": "gz",
        "bytes": path.stat().st_size,
        "hash": f"sha256:{sha256_of_file(path)}",
        "dialect": {"delimiter": ",", "lineTerminator": "\n", "quoteChar": '"', "doubleQuote": True, "header": True},
        "schema": _schema(connection, plan, table),
    }
    said = table_comment(connection, table)
    return resource | ({"description": said} if said else {})


def _schema(connection: Connection, plan: Plan, table: str) -> dict[str, Any]:
    fields = []
    for column in columns_of(connection, table, plan):
        field: dict[str, Any] = {"name": column.name, "type": column.kind}
        if column.comment:
            field["description"] = column.comment
        fields.append(field)
    schema: dict[str, Any] = {"fields": fields, "missingValues": [""]}
    if KEYS[table]:
        schema["primaryKey"] = list(KEYS[table])
    references = [
        {"fields": column, "reference": {"resource": other, "fields": key}}
        for column, other, key in REFERENCES.get(table, ())
        if other in plan.queries
    ]
    return schema | ({"foreignKeys": references} if references else {})
