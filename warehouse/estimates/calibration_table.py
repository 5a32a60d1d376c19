"""The table `calibration`: what label draws multiply probabilities by, fitted to the gold passages when publishing."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

import numpy as np

from warehouse.arrow import insert
from warehouse.estimates.calibration import VERSION, calibration_of
from warehouse.estimates.document_sums import eligible_gold, eligible_scores
from warehouse.estimates.draws import applicable
from warehouse.transactions import Connection
from warehouse.types import ScoreColumns

_DIGITS = 4
"""Machines differ in the last digits of a sum, and a release shall be the same wherever it is built."""


def calibration_statement() -> str:
    """Return the statement that makes the empty table."""
    # The version stands here so that other numbers are another release.
    return (
        f"/* calibration {VERSION} */ CREATE TABLE calibration (quantity VARCHAR, category VARCHAR, gold_passages BIGINT, centre DOUBLE, "
        "spread DOUBLE)"
    )


def write_calibration(connection: Connection, columns: ScoreColumns) -> None:
    """Fill the table: a row for each category of a dimension with one answer; `gold` and what it builds on must be there.

    Where a dimension hangs on another, only passages to which it applies are looked at, as only for these is it drawn.
    """
    names = {one.name for one in columns.dimensions}
    drawn = [(one.name, applicable(one, names)) for one in columns.dimensions if not one.multi and one.categories]
    if not drawn:
        return
    codes = ", ".join(f'g."{name}"' for name, _categories in drawn)
    chances = ", ".join(
        "[" + ", ".join(f'coalesce(s."p_{name}__{one}", 0)::DOUBLE' for one in categories) + "]" for name, categories in drawn
    )
    gold = connection.execute(
        f"WITH s AS ({eligible_scores(columns)}), g AS ({eligible_gold(columns)}) SELECT s.document_id, 1.0::DOUBLE / g.inclusion_prob, "
        f"[{codes}], [{chances}] FROM s JOIN g USING (passage_id) ORDER BY s.passage_id, s.document_id"
    ).fetchall()
    number = {document: place for place, document in enumerate(sorted({str(row[0]) for row in gold}))}
    rows = []
    for which, (name, categories) in enumerate(drawn):
        own = [row for row in gold if row[2][which] in categories]
        probabilities = np.array([row[3][which] for row in own], np.float64).reshape(len(own), len(categories))
        found = calibration_of(
            probabilities / np.maximum(probabilities.sum(axis=1, keepdims=True), 1e-12),
            np.array([categories.index(row[2][which]) for row in own], np.int64),
            np.array([row[1] for row in own], np.float64),
            np.array([number[str(row[0])] for row in own], np.int64),
        )
        rows += [
            (name, category, len(own), round(float(centre), _DIGITS), round(float(spread), _DIGITS))
            for category, centre, spread in zip(categories, found.centre, found.spread, strict=True)
        ]
    header = ("quantity", "category", "gold_passages", "centre", "spread")
    insert(connection, "calibration", [dict(zip(header, row, strict=True)) for row in sorted(rows)])
