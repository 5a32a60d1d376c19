"""What of a published database goes into a release: facts of documents, passages, labels and codes; not the operator's own ledger."""

# ruff: noqa: S608  # statements are put together of names of this room and of names read from the database's own catalogue
from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from warehouse.release import COPIED
from warehouse.transactions import Connection
from warehouse.types import ScoreColumns, ScoreDimension

KEYS: Mapping[str, tuple[str, ...]] = {
    "documents": ("document_id",),
    "passages": ("passage_id",),
    "scores": ("passage_id", "model_version"),
    "pages": ("document_id", "page"),
    "extractions": ("document_id",),
    "missions": ("mission_id",),
    "models": ("model_version",),
    "annotations": ("annotation_id",),
    "coders": ("coder",),
    "samples": ("sample_id", "passage_id"),
    "sample_frames": ("sample_id",),
    "sample_frame_units": ("sample_id", "passage_id"),
    "sources": ("source_id",),
    "records": ("record_id",),
    "record_relations": (),
    "files": ("file_sha256",),
    "document_events": ("record_id",),
    "countries": ("country_iso3",),
    "codebook_dimensions": ("dimension",),
    "codebook_categories": ("dimension", "category"),
}
"""The tables that a release hands out in every format, the first ones first, with the columns that name a row."""

REFERENCES: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "documents": (("record_id", "records", "record_id"), ("file_sha256", "files", "file_sha256")),
    "passages": (("document_id", "documents", "document_id"),),
    "scores": (
        ("passage_id", "passages", "passage_id"),
        ("document_id", "documents", "document_id"),
        ("model_version", "models", "model_version"),
    ),
    "pages": (("document_id", "documents", "document_id"),),
    "extractions": (("document_id", "documents", "document_id"),),
    "records": (("source_id", "sources", "source_id"),),
    "document_events": (("record_id", "records", "record_id"),),
    "codebook_categories": (("dimension", "codebook_dimensions", "dimension"),),
}
"""Which column of a table points to which column of another one; the data checks of a publication hold these."""

_LEDGER = ("runs", "source_runs", "source_signals")
# Words of the documents. Tables of a search index, made of all words, are left out with them.
# What coders wrote beside a code may quote them.
_TEXTS = {"passages": ("text", "lead_in", "heading_path"), "pages": ("furniture",), "annotations": ("note", "reason")}
_NULLS = {
    "sources": ("first_seen_at",),
    "records": ("first_seen_at", "changed_at"),
    "models": ("registered_at",),
    "coders": ("description", "said_at"),
    "annotations": ("imported_from",),
    "document_events": ("run_id", "happened_at"),
}
# When a file was copied out of a folder says nothing of the document; when it was fetched from a service does.
_FETCHED = "CASE WHEN file_sha256 IN (SELECT file_sha256 FROM records WHERE is_remote) THEN fetched_at END"
_LATEST = "(SELECT * FROM document_events QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY event_no DESC) = 1)"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a release holds.

    Attributes:
        queries: for each table of the database the query for its rows, in a fixed order.
        omitted: columns that are empty by design, and so are in the DuckDB file (its views name them) but in no other format.
        with_text: whether the words of the documents are in it.
    """

    queries: Mapping[str, str]
    omitted: Mapping[str, tuple[str, ...]]
    with_text: bool

    @property
    def handed_out(self) -> tuple[str, ...]:
        """Return the tables that are written in every format, in order."""
        return tuple(table for table in KEYS if table in self.queries)


def make_plan(connection: Connection, *, with_text: bool) -> Plan:
    """Decide what of the current database of a connection is released, table by table.

    Args:
        connection: open, with a published database as the current one.
        with_text: whether the texts of passages and the running heads of pages go along.
    """
    tables = connection.execute(
        "SELECT table_name, list(column_name ORDER BY column_index), list(data_type ORDER BY column_index) FROM duckdb_columns() "
        "WHERE NOT internal AND database_name = current_database() AND table_name IN (SELECT table_name FROM duckdb_tables() "
        "WHERE database_name = current_database()) GROUP BY table_name"
    ).fetchall()
    types = {str(table): dict(zip(map(str, names), map(str, kinds), strict=True)) for table, names, kinds in tables}
    # Other tables are made of these (warehouse/estimates): the release makes them again.
    known = {table for table in types if table in COPIED or (table.startswith("search_") and with_text)}
    order = [*(table for table in KEYS if table in types), *sorted(known - set(KEYS))]
    queries, omitted = {}, {}
    for table in order:
        empty = [column for column in _NULLS.get(table, ()) if column in types[table]]
        hidden = [] if with_text else [column for column in _TEXTS.get(table, ()) if column in types[table]]
        queries[table] = _query(table, types[table], [*empty, *hidden])
        omitted[table] = (*empty, *hidden)
    return Plan(queries, omitted, with_text)


def _query(table: str, types: Mapping[str, str], empty: list[str]) -> str:
    replaced = [f'CAST(NULL AS {types[column]}) AS "{column}"' for column in empty]
    if table == "files":
        replaced.append(f"{_FETCHED} AS fetched_at")
    if table == "document_events":
        replaced.append("row_number() OVER (ORDER BY record_id) AS event_no")
    columns = f"* REPLACE ({', '.join(replaced)})" if replaced else "*"
    source = _LATEST if table == "document_events" else f'"{table}"'
    if table in _LEDGER:
        return f"SELECT {columns} FROM {source} LIMIT 0"
    if table == "document_events":
        return f"SELECT {columns} FROM {source} ORDER BY record_id"
    # The published file has its tables in an order of their content (warehouse/release.py); others get one here.
    return f"SELECT {columns} FROM {source}" + ("" if table in KEYS else " ORDER BY ALL")


def content_hash(connection: Connection, plan: Plan) -> str:
    """Return eight digits that change with any released value: a hash of the rows of all tables of the plan, whatever their order."""
    digest = hashlib.sha256()
    for table, query in plan.queries.items():
        rows = connection.execute(
            f"SELECT md5(coalesce(string_agg(one, '' ORDER BY one), '')) FROM (SELECT md5(CAST(t AS VARCHAR)) AS one FROM ({query}) t)"
        ).fetchall()
        digest.update(f"{table}:{rows[0][0]};".encode())
    return digest.hexdigest()[:8]


def score_columns_in(connection: Connection) -> ScoreColumns:
    """Return the scored dimensions of the current database by the columns of its table `scores`."""
    described = connection.execute(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'scores' AND database_name = current_database() "
        "ORDER BY column_index"
    ).fetchall()
    types = {str(name): str(kind) for name, kind in described}
    fixed = {"passage_id", "document_id", "model_version", "is_familiar", "uncertain"}
    names = [name for name in types if name not in fixed and not name.startswith("p_")]
    dimensions = []
    for name in names:
        mark = f"p_{name}__"
        categories = tuple(column.removeprefix(mark) for column in types if column.startswith(mark))
        dimensions.append(ScoreDimension(name, categories, types[name].endswith("[]")))
    return ScoreColumns(tuple(dimensions))
