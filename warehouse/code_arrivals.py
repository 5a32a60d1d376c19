"""The codes that there are, one entry a code, so that it can be told which of them have come since."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.transactions import Connection


@dataclass(frozen=True, slots=True)
class Arrival:
    """A code: its identifier, its passage, and what a report counts it by; `is_gold` says that no model may learn from it."""

    annotation_id: str
    passage_id: str
    dimension: str
    coder: str
    is_gold: bool


def arrivals(connection: Connection, major: str) -> list[Arrival]:
    """Return every code of a major version of the codebook, decisions included, in a fixed order."""
    rows = connection.execute(
        "SELECT annotation_id, passage_id, dimension, coder, passage_id IN (SELECT passage_id FROM samples WHERE purpose = 'gold') "
        "FROM annotations WHERE value IS NOT NULL AND split_part(codebook_version, '.', 1) = ? ORDER BY annotation_id",
        [major],
    ).fetchall()
    return [Arrival(str(one), str(passage), str(name), str(coder), bool(gold)) for one, passage, name, coder, gold in rows]
