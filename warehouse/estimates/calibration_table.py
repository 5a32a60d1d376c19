"""The tables `calibration` and `calibration_by_country`: what label draws multiply probabilities by, fitted to the gold when publishing."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from typing import Any

import numpy as np

from warehouse.arrow import insert
from warehouse.estimates.calibration import VERSION, CodedDimension, calibration_of
from warehouse.estimates.document_context import document_context
from warehouse.estimates.document_sums import eligible_gold, eligible_scores
from warehouse.estimates.draws import ELIGIBLE, applicable
from warehouse.transactions import Connection
from warehouse.types import ScoreColumns

_DIGITS = 4
"""Machines differ in the last digits of a sum, and a release shall be the same wherever it is built."""

_COLUMNS = ("quantity", "category", "gold_passages", "centre", "spread", "context_weight", "country_spread", "model_share")
_OF_COUNTRIES = ("igo", "country_iso3", "quantity", "category", "n_gold_passages", "centre", "spread")


def calibration_statements() -> list[str]:
    """Return the statements that make the empty tables."""
    # The version stands here so that other numbers are another release.
    return [
        f"/* calibration {VERSION} */ CREATE TABLE calibration (quantity VARCHAR, category VARCHAR, gold_passages BIGINT, centre DOUBLE, "
        "spread DOUBLE, context_weight DOUBLE, country_spread DOUBLE, model_share DOUBLE)",
        "CREATE TABLE calibration_by_country (igo VARCHAR, country_iso3 VARCHAR, quantity VARCHAR, category VARCHAR, "
        "n_gold_passages BIGINT, centre DOUBLE, spread DOUBLE)",
    ]


def write_calibration(connection: Connection, columns: ScoreColumns) -> None:
    """Fill the tables: a row for each category of a dimension with one answer, and one more in each country with gold passages of it.

    Where a dimension hangs on another, only passages to which it applies are looked at, as only for these is it drawn. `gold` and what it
    builds on must be there.
    """
    names = {one.name for one in columns.dimensions}
    drawn = [(one.name, applicable(one, names)) for one in columns.dimensions if not one.multi and one.categories]
    if not drawn:
        return
    codes = ", ".join(f'g."{name}"' for name, _categories in drawn)
    each = [[f'coalesce(s."p_{name}__{one}", 0)::DOUBLE' for one in categories] for name, categories in drawn]
    chances = ", ".join(f"[{', '.join(some)}]" for some in each)
    sums = ", ".join(f"[{', '.join(f'coalesce(sum({one}), 0)' for one in some)}]" for some in each)
    ((totals,),) = connection.execute(f"SELECT [{sums}] {ELIGIBLE}").fetchall()
    gold = connection.execute(
        f"WITH s AS ({eligible_scores(columns)}), g AS ({eligible_gold(columns)}), by_document AS (SELECT s.document_id, [{sums}] AS sums "
        f"{ELIGIBLE} AND s.document_id IN (SELECT document_id FROM scores JOIN g USING (passage_id)) GROUP BY s.document_id) "
        f"SELECT s.document_id, 1.0::DOUBLE / g.inclusion_prob, [{codes}], [{chances}], b.sums, d.igo, d.country_iso3 "
        "FROM s JOIN g USING (passage_id) JOIN by_document b ON b.document_id = s.document_id "
        "JOIN documents d ON d.document_id = s.document_id ORDER BY s.passage_id, s.document_id"
    ).fetchall()
    number = {document: place for place, document in enumerate(sorted({str(row[0]) for row in gold}))}
    rows: list[tuple[Any, ...]] = []
    of_countries: list[tuple[Any, ...]] = []
    for which, (name, categories) in enumerate(drawn):
        own = [row for row in gold if row[2][which] in categories]
        countries = sorted({(row[5], row[6]) for row in own}, key=lambda pair: tuple(one or "" for one in pair))
        place = {pair: n for n, pair in enumerate(countries)}
        shares = np.array(totals[which], np.float64)
        shares = shares / max(float(shares.sum()), 1e-12)
        shape = (len(own), len(categories))
        probabilities = np.array([row[3][which] for row in own], np.float64).reshape(shape)
        country = np.array([place[row[5], row[6]] for row in own], np.int64)
        found = calibration_of(
            CodedDimension(
                probabilities / np.maximum(probabilities.sum(axis=1, keepdims=True), 1e-12),
                document_context(np.array([row[4][which] for row in own], np.float64).reshape(shape), shares),
                np.array([categories.index(row[2][which]) for row in own], np.int64),
                np.array([row[1] for row in own], np.float64),
                np.array([number[str(row[0])] for row in own], np.int64),
                country,
            )
        )
        shared = _rounded(found.context_weight), _rounded(found.country_spread)
        for n, category in enumerate(categories):
            rows.append(
                (
                    name,
                    category,
                    len(own),
                    _rounded(found.centre[n]),
                    _rounded(found.spread[n]),
                    *shared,
                    round(float(shares[n]), 6),
                )
            )
        counted = np.bincount(country, minlength=len(countries))
        for n, pair in enumerate(countries):
            for k, category in enumerate(categories):
                effect = _rounded(found.country_centre[n, k]), _rounded(found.country_spreads[n, k])
                of_countries.append((*pair, name, category, int(counted[n]), *effect))
    insert(connection, "calibration", [dict(zip(_COLUMNS, row, strict=True)) for row in sorted(rows)])
    insert(connection, "calibration_by_country", [dict(zip(_OF_COUNTRIES, row, strict=True)) for row in of_countries])


def _rounded(value: float) -> float:
    return round(float(value), _DIGITS)
