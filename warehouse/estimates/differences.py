"""Differences between two cells of different documents: between countries, between before and after.

The interval is MOVER's (Zou and Donner 2008; Newcombe 1998 for shares): it joins the cells' own intervals, so it is as lopsided as they are.
"""

# ruff: noqa: S608  # statements are put together of names of this room
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.estimates.cell_macros import SUPPORT, cells_query, country_source, mission_source
from warehouse.estimates.cells import CellEstimates, Floats, Integers


@dataclass(frozen=True, slots=True)
class Differences:
    """First minus second, with a 95 % interval; not-a-number where one of the two has no estimate."""

    estimate: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats
    naive_difference: Floats


def differences(cells: CellEstimates, first: Integers, second: Integers) -> Differences:
    """Return the differences of pairs of cells that share no document.

    Args:
        cells: the estimates.
        first, second: which cells, by place.
    """
    d = cells.estimate[first] - cells.estimate[second]
    low = np.hypot(cells.estimate[first] - cells.lower[first], cells.upper[second] - cells.estimate[second])
    high = np.hypot(cells.upper[first] - cells.estimate[first], cells.estimate[second] - cells.lower[second])
    error = np.hypot(cells.standard_error[first], cells.standard_error[second])
    return Differences(d, error, d - low, d + high, cells.naive_share[first] - cells.naive_share[second])


def difference_statements() -> list[str]:
    """Return the statements that make the macros of differences."""
    countries = cells_query("igo, country_iso3", country_source())
    missions = cells_query("igo, period", mission_source("m.igo, ", "DISTINCT "))
    return [
        "CREATE MACRO difference_between_countries(wanted, first_country, second_country, from_year := 0, to_year := 9999, "
        f"doc_types := NULL, {SUPPORT}) AS TABLE WITH all_cells AS MATERIALIZED ({countries}) {_pair('country_iso3', 'first_country', 'second_country')}",
        f"CREATE MACRO change_after_missions(wanted, wanted_doc_type, months := 24, {SUPPORT}) AS TABLE "
        f"WITH all_cells AS MATERIALIZED ({missions}) {_pair('period', _text('after'), _text('before'))}",
    ]


def _text(value: str) -> str:
    return f"'{value}'"


def _pair(key: str, first: str, second: str) -> str:
    return (
        f"SELECT a.igo, a.quantity, a.category, a.{key} AS first, b.{key} AS second, a.estimate - b.estimate AS estimate, "
        "sqrt(a.standard_error ** 2 + b.standard_error ** 2) AS standard_error, "
        "a.estimate - b.estimate - sqrt((a.estimate - a.lower) ** 2 + (b.upper - b.estimate) ** 2) AS lower, "
        "a.estimate - b.estimate + sqrt((a.upper - a.estimate) ** 2 + (b.estimate - b.lower) ** 2) AS upper, "
        "a.documents + b.documents AS documents, a.passages + b.passages AS passages, a.gold_passages + b.gold_passages AS gold_passages, "
        "a.naive_share - b.naive_share AS naive_difference, coalesce(a.reason, b.reason) AS reason "
        f"FROM all_cells a JOIN all_cells b ON a.igo IS NOT DISTINCT FROM b.igo AND a.quantity = b.quantity AND a.category = b.category "
        f"WHERE a.{key} = {first} AND b.{key} = {second}"
    )
