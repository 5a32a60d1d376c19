"""Coded passages with what a second look at their codes needs: texts, which of them say the same, and what the promoted model says of gold."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from collections import defaultdict

from models.types import PassageText
from warehouse.codebook import probability_column, score_columns_of
from warehouse.near_duplicates import repeated_passages
from warehouse.transactions import Connection


def coded_texts(connection: Connection) -> tuple[dict[str, PassageText], dict[str, str]]:
    """Return the texts of passages with codes, and their documents; a passage that was read anew and came out differently has none."""
    rows = connection.execute(
        "SELECT p.passage_id, array_to_string(p.heading_path[-2:], ' > '), p.text, p.document_id FROM passages p "
        "WHERE p.passage_id IN (SELECT passage_id FROM annotations) ORDER BY p.passage_id"
    ).fetchall()
    texts = {str(passage): PassageText(str(passage), str(heading or ""), str(text)) for passage, heading, text, _document in rows}
    return texts, {str(passage): str(document) for passage, _heading, _text, document in rows}


def repeated_and_coded(connection: Connection) -> list[tuple[str, ...]]:
    """Return the groups of coded passages that say the same (see `warehouse.near_duplicates`), in order."""
    coded = {str(passage) for (passage,) in connection.execute("SELECT DISTINCT passage_id FROM annotations").fetchall()}
    groups: dict[str, list[str]] = defaultdict(list)
    for passage, first in sorted(repeated_passages(connection).items()):
        if passage in coded:
            groups[first].append(passage)
    return sorted(tuple(group) for group in groups.values() if len(group) > 1)


def gold_probabilities(connection: Connection) -> tuple[str, dict[str, dict[str, dict[str, float]]]]:
    """Return the promoted model's version, and its probabilities of coded passages of gold samples by dimension and category.

    What the model has learned from (`models.seen`) must be taken out of them: of that it says the codes again.
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
