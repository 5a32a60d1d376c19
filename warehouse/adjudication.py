"""The queue of disagreements and the codes that stand, out of the warehouse; decisions into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from models.types import CodeRow
from warehouse.codes import Imported, store_codes
from warehouse.transactions import Connection


def queue(connection: Connection, sample_id: str | None = None) -> list[dict[str, Any]]:
    """Return what coders differ on (the view `adjudication_queue`), gold first; only a sample's passages where one is named."""
    where = "" if sample_id is None else "WHERE passage_id IN (SELECT passage_id FROM samples WHERE sample_id = ?) "
    cursor = connection.execute(
        f"SELECT * FROM adjudication_queue {where}ORDER BY is_gold DESC, passage_id, dimension",  # noqa: S608  # no text from outside
        [] if sample_id is None else [sample_id],
    )
    names = [str(column[0]) for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def settled(connection: Connection, major: str) -> dict[str, dict[str, str]]:
    """Return the codes of a major version of the codebook that stand, by passage and dimension; what is in dispute is not there."""
    found: dict[str, dict[str, str]] = {}
    for passage, dimension, value in connection.execute(
        "SELECT passage_id, dimension, value FROM settled_codes WHERE value IS NOT NULL AND split_part(codebook_version, '.', 1) = ?",
        [major],
    ).fetchall():
        found.setdefault(str(passage), {})[str(dimension)] = str(value)
    return found


def coded_passages(connection: Connection, major: str) -> set[str]:
    """Return the passages that are coded under a major version of the codebook."""
    rows = connection.execute(
        "SELECT DISTINCT passage_id FROM annotations WHERE split_part(codebook_version, '.', 1) = ?", [major]
    ).fetchall()
    return {str(passage) for (passage,) in rows}


def store_decisions(connection: Connection, rows: Sequence[CodeRow], at: datetime, imported_from: str) -> Imported:
    """Write decisions, within the caller's transaction; one that stands already in the same words is not written again.

    A decision without a time gets `at`, so that an adjudicator may also return to an earlier decision.
    """
    standing = {
        (passage, dimension): (value, coder, reason)
        for passage, dimension, value, coder, reason in connection.execute(
            "SELECT passage_id, dimension, value, coder, reason FROM annotations WHERE status = 'adjudicated' "
            "QUALIFY row_number() OVER (PARTITION BY passage_id, dimension ORDER BY coded_at DESC, annotation_id DESC) = 1"
        ).fetchall()
    }
    fresh = [
        replace(row, coded_at=row.coded_at or at)
        for row in rows
        if standing.get((row.passage_id, row.dimension)) != (row.value, row.coder, row.reason)
    ]
    done = store_codes(connection, fresh, at, imported_from)
    return Imported(done.new, len(rows) - done.new, done.unknown_passages)
