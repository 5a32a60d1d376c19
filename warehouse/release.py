"""What a published database holds: its tables in a fixed order, and the `release` row that says what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from warehouse.codebook import score_columns_of
from warehouse.descriptions import descriptions_text
from warehouse.estimates.statements import estimate_statements
from warehouse.migrations import DERIVED_VERSION, read_sql, text_hash, utc_now
from warehouse.search import search_mark
from warehouse.transactions import Connection, content_version, read_meta
from warehouse.types import SearchOptions
from warehouse.views import view_statements

COPIED = {
    "sources": "SELECT * FROM sources ORDER BY source_id",
    # Where files lie on the operator's machine is nobody else's business.
    "records": "SELECT * EXCLUDE (location, fingerprint, attempts, next_attempt_at) FROM records ORDER BY record_id",
    "record_relations": "SELECT * FROM record_relations ORDER BY record_id, kind, symbol",
    "files": "SELECT * EXCLUDE (etag, last_modified) FROM files ORDER BY file_sha256",
    "source_runs": "SELECT * FROM source_runs ORDER BY started_at, run_id, source_id",
    "source_signals": "SELECT * FROM source_signals ORDER BY source_id, kind, field",
    "documents": "SELECT * FROM documents ORDER BY document_id",
    "extractions": "SELECT * FROM extractions ORDER BY document_id",
    "pages": "SELECT * FROM pages ORDER BY document_id, page",
    "passages": read_sql("schema/published")["passages"],
    "missions": "SELECT * FROM missions ORDER BY mission_id",
    "models": "SELECT * FROM models ORDER BY model_version",
    "scores": (
        "SELECT s.* FROM scores s JOIN passages p ON p.passage_id = s.passage_id AND p.document_id = s.document_id "
        "WHERE s.model_version IN (SELECT model_version FROM models WHERE state = 'promoted') ORDER BY s.document_id, p.ordinal, s.passage_id"
    ),
    "annotations": "SELECT * FROM annotations ORDER BY annotation_id",
    "samples": "SELECT * FROM samples ORDER BY sample_id, passage_id",
    "sample_frames": "SELECT * FROM sample_frames ORDER BY sample_id",
    "sample_frame_units": "SELECT * FROM sample_frame_units ORDER BY sample_id, passage_id",
    "coders": "SELECT * FROM coders ORDER BY coder",
    "runs": "SELECT * EXCLUDE (command) FROM runs ORDER BY started_at, run_id",
    "document_events": "SELECT * FROM document_events ORDER BY event_no",
    "codebook_dimensions": "SELECT * FROM codebook_dimensions ORDER BY ordinal, dimension",
    "codebook_categories": "SELECT * FROM codebook_categories ORDER BY dimension, ordinal, category",
    "countries": "SELECT * FROM countries ORDER BY country_iso3",
}
"""The tables of a published database and what is in them; scores are those of the promoted model."""

RELEASE_TABLE = """CREATE TABLE published_copy.release (
    released_at TIMESTAMP, built_by VARCHAR, content_version BIGINT, release_key VARCHAR, model_version VARCHAR, codebook_version VARCHAR,
    documents BIGINT, pages BIGINT, passages BIGINT, scored_passages BIGINT, limits VARCHAR)"""
"""The table of one row that says what a published database is."""

LIMITS = (
    "Labels and probabilities are a classifier's; codes, where there are any, are in annotations and gold, and coders says whose. Shares under "
    "names with naive_ are counts of predicted labels and not corrected for the classifier's errors, which differ between countries, "
    "organizations and years. A passage is evidence of a step, not proof that a country stands there. What was not read or not modelled is in "
    "document_states with its reason. The model's card says what it was trained on and how far it can be trusted."
)


NO_SEARCH = SearchOptions()


def release_key(connection: Connection, built_by: str, search: SearchOptions = NO_SEARCH) -> str:
    """Return what identifies a release: this warehouse, its content, the shape of the published file, and who builds it."""
    columns = score_columns_of(connection)
    shape = text_hash(
        str(DERIVED_VERSION),
        *COPIED.values(),
        LIMITS,
        *view_statements(columns),
        *estimate_statements(columns),
        descriptions_text(),
        *search_mark(search),
    )
    # How the sources fare changes no content, but a published word on it must not be out of date.
    fares = text_hash(*(f"{source_id} {status}" for source_id, status in _last_status(connection)))
    return f"{read_meta(connection, 'warehouse_id')}:{content_version(connection)}:{shape}:{fares}:{built_by}"


def _last_status(connection: Connection) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = connection.execute(
        "SELECT source_id, status FROM source_runs QUALIFY row_number() OVER (PARTITION BY source_id ORDER BY started_at DESC, run_id DESC) = 1 "
        "ORDER BY source_id"
    ).fetchall()
    return rows


def released_key(target: Path) -> str | None:
    """Return the key of a published file; None where it is none of ours or cannot be read, so that it is made anew."""
    try:
        with duckdb.connect(str(target), read_only=True) as connection:
            rows = connection.execute("SELECT release_key FROM release").fetchall()
    except duckdb.Error:
        return None
    return str(rows[0][0]) if len(rows) == 1 else None


def release_row(connection: Connection, key: str, built_by: str) -> dict[str, Any]:
    """Return the row of `release`: when, out of what, by what, how much, and the statement of limits."""

    def one(query: str) -> Any:
        return connection.execute(query).fetchall()[0][0]

    return {
        "released_at": utc_now(),
        "built_by": built_by,
        "content_version": content_version(connection),
        "release_key": key,
        "model_version": one("SELECT max(model_version) FROM models WHERE state = 'promoted'"),
        "codebook_version": one("SELECT max(codebook_version) FROM codebook_dimensions"),
        "documents": one("SELECT count(*) FROM documents"),
        "pages": one("SELECT count(*) FROM pages"),
        "passages": one("SELECT count(*) FROM passages"),
        "scored_passages": one("SELECT count(*) FROM labels"),
        "limits": LIMITS,
    }
