"""The pages of a release that are made of its database: data dictionary, quality report, codebook tables."""

# statements are put together of names of this room
from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from warehouse.export.columns import columns_of, table_comment
from warehouse.export.plan import KEYS, Plan
from warehouse.transactions import Connection

_COUNTS = {
    "Documents by source": (
        "SELECT r.source_id AS source, count(*) AS documents, count(DISTINCT d.country_iso3) AS countries, min(d.published) AS first, "
        "max(d.published) AS last FROM documents d JOIN records r USING (record_id) GROUP BY ALL ORDER BY ALL"
    ),
    "Documents by organization and year of publication": (
        "SELECT d.igo AS organization, year(d.published) AS year, count(DISTINCT d.document_id) AS documents, count(p.passage_id) AS passages, "
        "count(p.passage_id) FILTER (p.is_duplicate) AS duplicates, count(p.passage_id) FILTER (p.is_summary) AS in_summaries "
        "FROM documents d LEFT JOIN passages p USING (document_id) GROUP BY ALL ORDER BY ALL"
    ),
    "Where every record stands": (
        "SELECT source_id AS source, state, reason, count(*) AS records FROM document_states GROUP BY ALL ORDER BY ALL"
    ),
    "Pages by where their text comes from": (
        "SELECT d.igo AS organization, g.text_source, count(*) AS pages, avg(g.quality) AS quality, avg(g.coverage) AS coverage, "
        "avg(g.lexical) AS lexical, avg(g.continuity) AS continuity FROM pages g JOIN documents d USING (document_id) GROUP BY ALL ORDER BY ALL"
    ),
    "Files by format and outcome of reading": (
        "SELECT f.file_format AS format, e.reason, count(*) AS documents, sum(e.n_pages) AS pages, sum(e.n_passages) AS passages, "
        "sum(e.n_codable) AS codable FROM extractions e JOIN files f USING (file_sha256) GROUP BY ALL ORDER BY ALL"
    ),
    "Scored passages": (
        "SELECT coalesce(p.language, d.language) AS language, count(*) FILTER (p.is_codable) AS codable, count(s.passage_id) AS scored, "
        "count(*) FILTER (s.is_familiar) AS familiar, count(*) FILTER (len(s.uncertain) > 0) AS with_uncertain_labels "
        "FROM passages p JOIN documents d USING (document_id) LEFT JOIN scores s USING (passage_id) GROUP BY ALL ORDER BY ALL"
    ),
    "Codes": (
        "SELECT coalesce(c.kind, 'unknown') AS kind_of_coder, dimension, status, codebook_version, count(*) AS codes, "
        "count(DISTINCT passage_id) AS passages, count(DISTINCT coder) AS coders FROM annotations LEFT JOIN coders c USING (coder) "
        "GROUP BY ALL ORDER BY ALL"
    ),
}


def data_dictionary(connection: Connection, plan: Plan) -> str:
    """Return the data dictionary of a release as Markdown: every table with its columns, types and meaning."""
    lines = ["# Data dictionary", "", "Times are UTC. An empty meaning: the name says it.", ""]
    for table in plan.handed_out:
        lines += [f"## {table}", ""]
        said = table_comment(connection, table)
        lines += [f"{said}.", ""] if said else []
        if KEYS[table]:
            lines += [f"One row per {', '.join(f'`{name}`' for name in KEYS[table])}.", ""]
        lines += ["| column | type | meaning |", "| --- | --- | --- |"]
        lines += [f"| `{one.name}` | {one.type} | {_cell(one.comment)} |" for one in columns_of(connection, table, plan)]
        lines.append("")
    views = connection.execute(
        "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal AND database_name = current_database() ORDER BY view_name"
    ).fetchall()
    lines += ["## Views of the DuckDB file", "", "| view | what |", "| --- | --- |"]
    lines += [f"| `{name}` | {_cell(comment)} |" for name, comment in views]
    return "\n".join(lines) + "\n"


def quality_report(connection: Connection) -> str:
    """Return the quality report of a release as Markdown: what is in it, what is not and why, how well it was read and labelled."""
    lines = ["# Quality report", "", "Counted from the tables of this release.", ""]
    for title, query in _COUNTS.items():
        lines += [f"## {title}", "", *_table(connection, query), ""]
    lines += ["## The model", ""]
    for version, base, languages, created, metrics in connection.execute(
        "SELECT model_version, base_model, languages, created, metrics FROM models WHERE state = 'promoted' ORDER BY 1"
    ).fetchall():
        lines += [
            f"`{version}`, encoder {base}, languages {', '.join(languages)}, made {created}. Measured when it was made:",
            "",
        ]
        lines += ["| measure | value |", "| --- | --- |"]
        lines += [f"| {_cell(name)} | {_value(value)} |" for name, value in _leaves(json.loads(metrics))]
        lines.append("")
    return "\n".join(lines)


def codebook_tables(connection: Connection) -> str:
    """Return the codebook of a release as Markdown, as far as its code tables hold it."""
    lines = ["# Codebook", "", "As the tables `codebook_dimensions` and `codebook_categories` of this release hold it.", ""]
    for dimension, name, question in connection.execute(
        "SELECT dimension, name, question FROM codebook_dimensions ORDER BY ordinal, dimension"
    ).fetchall():
        lines += [f"## {name} (`{dimension}`)", "", str(question), "", "| category | name | definition |", "| --- | --- | --- |"]
        lines += [
            f"| `{category}` | {_cell(title)} | {_cell(definition)} |"
            for category, title, definition in connection.execute(
                "SELECT category, name, definition FROM codebook_categories WHERE dimension = ? ORDER BY ordinal, category",
                [dimension],
            ).fetchall()
        ]
        lines.append("")
    return "\n".join(lines)


def _table(connection: Connection, query: str) -> Sequence[str]:
    cursor = connection.execute(query)
    header = [str(column[0]) for column in cursor.description or []]
    rows = cursor.fetchall()
    if not rows:
        return ["There are none."]
    return [
        f"| {' | '.join(header)} |",
        f"| {' | '.join('---' for _name in header)} |",
        *(f"| {' | '.join(_value(value) for value in row)} |" for row in rows),
    ]


def _leaves(content: Any, name: str = "") -> list[tuple[str, Any]]:
    if not isinstance(content, dict):
        return [(name, content)]
    return [leaf for key in sorted(content) for leaf in _leaves(content[key], f"{name}.{key}" if name else str(key))]


def _value(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else _cell(str(value))


def _cell(text: str | None) -> str:
    return " ".join((text or "").replace("|", "\\|").split())
