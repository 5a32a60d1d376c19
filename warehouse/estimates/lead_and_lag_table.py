"""The table `lead_and_lag`: contestation and cooperation by lag, written when publishing from sums by document and the gold passages."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

import math
from typing import Any

import numpy as np

from warehouse.arrow import insert
from warehouse.estimates.gold_passages import gold_passages
from warehouse.estimates.lead_and_lag import GoldPassages, YearlyDocuments, lead_and_lag
from warehouse.estimates.quantities import Quantity, quantities_of
from warehouse.transactions import Connection
from warehouse.types import ScoreColumns

VERSION = 1
"""To be raised when the same rows shall give other numbers."""

_DIGITS = 4
_SIDES = ("contested", "cooperative")


def lead_and_lag_statements(columns: ScoreColumns) -> list[str]:
    """Return the statement that makes the empty table; none where the codebook has no stance."""
    if not _quantities(columns):
        return []
    return [
        f"/* lead and lag {VERSION} */ CREATE TABLE lead_and_lag (igo VARCHAR, lag_years INTEGER, estimate DOUBLE, standard_error DOUBLE, "
        "lower DOUBLE, upper DOUBLE, naive_correlation DOUBLE, n_countries INTEGER, n_pairs INTEGER, n_gold_passages INTEGER, "
        "coder_kinds VARCHAR[], reason VARCHAR)"
    ]


def write_lead_and_lag(connection: Connection, columns: ScoreColumns) -> None:
    """Fill the table that `lead_and_lag_statements` has made; `document_sums`, `gold` and what they build on must be there."""
    quantities = _quantities(columns)
    if not quantities:
        return
    sums = ", ".join(f"max(s.model_y) FILTER (WHERE s.quantity = '{one}')" for one in _SIDES)
    rows = connection.execute(
        f"SELECT d.igo, d.country_iso3, year(d.published), max(s.passages), {sums} FROM document_sums s JOIN documents d USING (document_id) "
        "WHERE d.igo IS NOT NULL AND d.country_iso3 IS NOT NULL AND d.published IS NOT NULL AND s.quantity IN ('contested', 'cooperative') "
        "GROUP BY d.igo, d.country_iso3, d.published, d.document_id ORDER BY d.igo, d.country_iso3, d.published, d.document_id"
    ).fetchall()
    gold = gold_passages(connection, quantities, "g.stance IS NOT NULL")
    made = []
    for igo in dict.fromkeys(row[0] for row in rows):
        own = [row for row in rows if row[0] == igo]
        countries = {country: n for n, country in enumerate(dict.fromkeys(row[1] for row in own))}
        documents = YearlyDocuments(
            np.array([countries[row[1]] for row in own], np.int64),
            np.array([row[2] for row in own], np.int64),
            np.array([row[3] for row in own], float),
            np.array([row[4:] for row in own], float),
        )
        kept = np.array([one == igo and country in countries for one, country in zip(gold.igo, gold.country, strict=True)], bool)
        coded = GoldPassages(
            np.array([countries[country] for country, here in zip(gold.country, kept, strict=True) if here], np.int64),
            gold.weight[kept],
            gold.model[kept],
            gold.code[kept].astype(float),
        )
        kinds = sorted({kind for some, here in zip(gold.coder_kinds, kept, strict=True) if here for kind in some})
        for one in lead_and_lag(documents, coded):
            numbers = (_rounded(value) for value in (one.estimate, one.standard_error, one.lower, one.upper, one.naive))
            found = (igo, one.lag, *numbers, one.countries, one.pairs, len(coded.weight), kinds, one.reason or None)
            made.append(dict(zip(_COLUMNS, found, strict=True)))
    insert(connection, "lead_and_lag", made)


_COLUMNS = (
    "igo", "lag_years", "estimate", "standard_error", "lower", "upper", "naive_correlation", "n_countries", "n_pairs", "n_gold_passages",
    "coder_kinds", "reason",
)  # fmt: skip


def _rounded(value: float) -> Any:
    return round(value, _DIGITS) if math.isfinite(value) else None


def _quantities(columns: ScoreColumns) -> list[Quantity]:
    found = {one.name: one for one in quantities_of(columns)}
    return [found[one] for one in _SIDES] if all(one in found for one in _SIDES) else []
