"""Coded passages with what a second look at their codes needs: texts, which of them say the same, and what the promoted model says of gold."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from collections import defaultdict

from models.types import PassageText
from warehouse.codebook import probability_column, score_columns_of
from warehouse.migrations import read_sql
from warehouse.transactions import Connection


def coded_texts(connection: Connection) -> tuple[dict[str, PassageText], dict[str, str]]:
    """Return the texts of passages with codes, and their documents; a passage that was read anew and came out differently has none."""
    rows = connection.execute(
        "SELECT p.passage_id, array_to_string(p.heading_path[-2:], ' > '), p.text, p.document_id FROM passages p "
        "WHERE p.passage_id IN (SELECT passage_id FROM annotations) ORDER BY p.passage_id"
    ).fetchall()
    texts = {str(passage): PassageText(str(passage), str(heading or ""), str(text)) for passage, heading, text, _document in rows}
    return texts, {str(passage): str(document) for passage, _heading, _text, document in rows}


def repeated_passages(connection: Connection) -> list[tuple[str, ...]]:
    """Return the groups of coded passages that say the same: by their text, or by being near-duplicates of one passage."""
    rows = connection.execute(
        f"WITH published AS ({read_sql('schema/published')['passages'].strip().rstrip(';')}), "
        "coded AS (SELECT passage_id, text_sha256, coalesce(duplicate_of, passage_id) AS first FROM published "
        "WHERE passage_id IN (SELECT passage_id FROM annotations)) "
        "SELECT list(DISTINCT passage_id ORDER BY passage_id) FROM coded GROUP BY text_sha256 HAVING count(DISTINCT passage_id) > 1 "
        "UNION SELECT list(DISTINCT passage_id ORDER BY passage_id) FROM coded GROUP BY first HAVING count(DISTINCT passage_id) > 1 "
        "ORDER BY ALL"
    ).fetchall()
    return [tuple(map(str, group)) for (group,) in rows]


def gold_probabilities(connection: Connection) -> tuple[str, dict[str, dict[str, dict[str, float]]]]:
    """Return the promoted model's version, and its probabilities of coded passages of gold samples by dimension and category.

    No model learns from gold, so these probabilities owe nothing to the codes.
    """
    columns = [one for one in score_columns_of(connection).dimensions if one.categories]
    if not columns:
        return "", {}
    asked = [(one.name, category) for one in columns for category in one.categories]
    names = ", ".join(f'"{probability_column(*one)}"' for one in asked)
    rows = connection.execute(
        f"SELECT model_version, passage_id, {names} FROM scores "
        "WHERE model_version IN (SELECT model_version FROM models WHERE state = 'promoted') "
        "AND passage_id IN (SELECT passage_id FROM samples WHERE purpose = 'gold') "
        "AND passage_id IN (SELECT passage_id FROM annotations) ORDER BY passage_id"
    ).fetchall()
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        told: dict[str, dict[str, float]] = defaultdict(dict)
        for (dimension, category), chance in zip(asked, row[2:], strict=True):
            told[dimension][category] = float(chance)
        found[str(row[1])] = dict(told)
    return (str(rows[0][0]) if rows else ""), found
