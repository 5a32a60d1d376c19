"""Passages with settled codes that a model may learn from, with their texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from warehouse.samples import withheld_from_training
from warehouse.transactions import Connection


def training_passages(connection: Connection, needed: Sequence[str], major: str) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """Return text and codes of each passage with a settled code in every needed dimension, gold left out by identifier and by text.

    Args:
        connection: the open warehouse.
        needed: the dimensions that a passage must be coded in.
        major: of the codebook; codes of another major version are left out.
    """
    withheld = withheld_from_training(connection)
    codes: dict[str, dict[str, str]] = {}
    for passage, dimension, value in connection.execute(
        "SELECT passage_id, dimension, value FROM settled_codes WHERE value IS NOT NULL AND dimension <> 'confidence' "
        "AND split_part(codebook_version, '.', 1) = ? ORDER BY ALL",
        [major],
    ).fetchall():
        codes.setdefault(str(passage), {})[str(dimension)] = str(value)
    whole = {passage: told for passage, told in codes.items() if all(name in told for name in needed)}
    rows = connection.execute(
        "WITH around AS (SELECT p.*, lag(p.text) OVER w AS before, lead(p.text) OVER w AS after FROM passages p "
        "WHERE p.is_codable WINDOW w AS (PARTITION BY p.document_id ORDER BY p.ordinal)) "
        "SELECT a.passage_id, d.igo, a.document_id, d.doc_type, d.country_iso3, year(d.published), "
        "array_to_string(a.heading_path[-2:], ' > '), a.text, a.before, a.after "
        "FROM around a JOIN documents d USING (document_id) WHERE list_contains(?, a.passage_id) ORDER BY a.passage_id",
        [sorted(whole)],
    ).fetchall()
    names = ("id", "igo", "doc", "doc_type", "country", "year", "heading", "text", "previous", "next")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return [(text, whole[text["id"]]) for text in found if not withheld.holds(text["id"], text["text"])]
