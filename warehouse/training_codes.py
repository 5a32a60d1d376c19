"""Passages with settled codes and their texts: those that a model may learn from, and gold, by which it is judged."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from warehouse.near_duplicates import repeated_passages
from warehouse.samples import withheld_from_training
from warehouse.transactions import Connection

_NAMES = ("id", "igo", "doc", "doc_type", "country", "year", "heading", "text", "previous", "next")


@dataclass(frozen=True, slots=True)
class CodedTexts:
    """Passages, each with its text (as a line of `texts.jsonl`) and its codes by dimension.

    `near_gold` counts passages that are no gold themselves and were left out because they repeat gold, word for word or nearly so.
    """

    passages: list[tuple[dict[str, Any], dict[str, str]]]
    near_gold: int = 0


def training_passages(connection: Connection, needed: Sequence[str], major: str) -> CodedTexts:
    """Return text and codes of each passage with a settled code in every needed dimension, gold and what repeats it left out.

    Args:
        connection: the open warehouse.
        needed: the dimensions that a passage must be coded in.
        major: of the codebook; codes of another major version are left out.
    """
    withheld = withheld_from_training(connection)
    repeats = repeated_passages(connection)
    gold = {repeats.get(passage, passage) for passage in withheld.passage_ids}
    found = _coded(connection, needed, major, repeats, ("adjudicated", "agreed", "single", "open"))
    kept = [
        (text, codes)
        for text, codes in found
        if repeats.get(text["id"], text["id"]) not in gold and not withheld.holds(text["id"], text["text"])
    ]
    return CodedTexts(kept, len([text for text, _codes in found if text["id"] not in withheld.passage_ids]) - len(kept))


def gold_passages(connection: Connection, needed: Sequence[str], major: str) -> CodedTexts:
    """Return text and codes of the passages of gold samples on which coders agree, or that were adjudicated, in every needed dimension."""
    repeats = repeated_passages(connection)
    gold = {str(one) for (one,) in connection.execute("SELECT passage_id FROM samples WHERE purpose = 'gold'").fetchall()}
    found = _coded(connection, needed, major, repeats, ("adjudicated", "agreed"))
    return CodedTexts([(text, codes) for text, codes in found if text["id"] in gold])


def _coded(
    connection: Connection, needed: Sequence[str], major: str, repeats: dict[str, str], settled_by: Collection[str]
) -> list[tuple[dict[str, Any], dict[str, str]]]:
    codes: dict[str, dict[str, str]] = {}
    kinds: dict[str, set[str]] = {}
    for passage, dimension, value, coders in connection.execute(
        "SELECT passage_id, dimension, value, coder_kinds FROM settled_codes WHERE value IS NOT NULL AND dimension <> 'confidence' "
        "AND split_part(codebook_version, '.', 1) = ? AND list_contains(?, settled_by) ORDER BY ALL",
        [major, sorted(settled_by)],
    ).fetchall():
        codes.setdefault(str(passage), {})[str(dimension)] = str(value)
        kinds.setdefault(str(passage), set()).update(map(str, coders))
    whole = {passage: told for passage, told in codes.items() if all(name in told for name in needed)}
    rows = connection.execute(
        "WITH around AS (SELECT p.*, lag(p.text) OVER w AS before, lead(p.text) OVER w AS after FROM passages p "
        "WHERE p.is_codable WINDOW w AS (PARTITION BY p.document_id ORDER BY p.ordinal)) "
        "SELECT a.passage_id, d.igo, a.document_id, d.doc_type, d.country_iso3, year(d.published), "
        "array_to_string(a.heading_path[-2:], ' > '), a.text, a.before, a.after "
        "FROM around a JOIN documents d USING (document_id) WHERE list_contains(?, a.passage_id) ORDER BY a.passage_id, a.document_id",
        [sorted(whole)],
    ).fetchall()
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        text = dict(zip(_NAMES, row, strict=True))
        said = {"repeats": repeats.get(text["id"]), "coders": ", ".join(sorted(kinds[text["id"]]))}
        # The same file may stand for two documents; its passages are learned from once.
        found.setdefault(text["id"], text | {name: value for name, value in said.items() if value})
    return [(text, whole[passage]) for passage, text in found.items()]
