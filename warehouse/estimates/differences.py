"""Differences between two cells of different documents: between countries, between before and after.

The interval is MOVER's (Zou and Donner 2008; Newcombe 1998 for shares): it joins intervals of the two cells, so it is as lopsided as they are.
The cells' intervals are taken with the degrees of freedom of the difference (Welch 1947), which are more than those of either.
"""

# ruff: noqa: S608  # statements are put together of names of this room
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.estimates.cell_macros import SUPPORT, cells_query, country_source, mission_source
from warehouse.estimates.cells import CellEstimates, Floats, Integers, value_interval
from warehouse.estimates.student import student_quantile


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
    p, q = cells.estimate[first], cells.estimate[second]
    v, w = cells.standard_error[first] ** 2, cells.standard_error[second] ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        t = student_quantile((v + w) ** 2 / (v**2 / cells.degrees_of_freedom[first] + w**2 / cells.degrees_of_freedom[second]))
        low_p, high_p = value_interval(p, v, t, cells.gold_passages[first], cells.bounds)
        low_q, high_q = value_interval(q, w, t, cells.gold_passages[second], cells.bounds)
    lower, upper = p - q - np.hypot(p - low_p, high_q - q), p - q + np.hypot(high_p - p, q - low_q)
    return Differences(p - q, np.sqrt(v + w), lower, upper, cells.naive_estimate[first] - cells.naive_estimate[second])


def difference_statements() -> list[str]:
    """Return the statements that make the macros of differences."""
    countries = cells_query("igo, country_iso3", country_source())
    missions = cells_query("igo, period", mission_source("m.igo, ", "DISTINCT "))
    return [
        "CREATE MACRO difference_between_countries(wanted, first_country, second_country, from_year := 0, to_year := 9999, "
        f"doc_types := NULL, {SUPPORT}) AS TABLE WITH all_cells AS MATERIALIZED ({countries}) "
        f"{_pair('country_iso3', 'first_country', 'second_country')}",
        f"CREATE MACRO change_after_missions(wanted, wanted_doc_type, months := 24, {SUPPORT}) AS TABLE "
        f"WITH all_cells AS MATERIALIZED ({missions}) {_pair('period', _text('after'), _text('before'))}",
    ]


def _text(value: str) -> str:
    return f"'{value}'"


def _pair(key: str, first: str, second: str) -> str:
    return f"""
SELECT igo, quantity, category, first, second, estimate, sqrt(v + w) AS standard_error,
    estimate - sqrt((p - p_low) ** 2 + (q_high - q) ** 2) AS lower, estimate + sqrt((p_high - p) ** 2 + (q - q_low) ** 2) AS upper,
    degrees_of_freedom, documents, passages, gold_passages, coder_kinds, naive_difference, reason
FROM (SELECT *, {_limit("p", "v", "p_gold", "low")} AS p_low, {_limit("p", "v", "p_gold", "high")} AS p_high,
        {_limit("q", "w", "q_gold", "low")} AS q_low, {_limit("q", "w", "q_gold", "high")} AS q_high
    FROM (SELECT *, p - q AS estimate, (v + w) ** 2 / (v ** 2 / p_df + w ** 2 / q_df) AS degrees_of_freedom,
            student_quantile((v + w) ** 2 / (v ** 2 / p_df + w ** 2 / q_df)) AS t
        FROM (SELECT a.igo, a.quantity, a.category, a.lowest, a.highest, a.{key} AS first, b.{key} AS second, a.estimate AS p, b.estimate AS q,
                a.standard_error ** 2 AS v, b.standard_error ** 2 AS w, a.degrees_of_freedom AS p_df, b.degrees_of_freedom AS q_df,
                a.gold_passages AS p_gold, b.gold_passages AS q_gold, a.documents + b.documents AS documents,
                a.passages + b.passages AS passages, a.gold_passages + b.gold_passages AS gold_passages,
                list_sort(list_distinct(a.coder_kinds || b.coder_kinds)) AS coder_kinds,
                a.naive_estimate - b.naive_estimate AS naive_difference, coalesce(a.reason, b.reason) AS reason
            FROM all_cells a JOIN all_cells b ON a.igo IS NOT DISTINCT FROM b.igo AND a.quantity = b.quantity AND a.category = b.category
            WHERE a.{key} = {first} AND b.{key} = {second})))"""


def _limit(value: str, variance: str, gold: str, side: str) -> str:
    """The limit of a cell's interval at the quantile t: `value_interval` of `cells.py` in SQL."""
    width = "(highest - lowest)"
    share = f"(({value} - lowest) / {width})"
    kept = f"least(greatest({share}, 0.5 / {gold}), 1 - 0.5 / {gold})"
    size = f"({kept} * (1 - {kept}) / ({variance} / {width} ** 2))"
    middle = f"({share} + t * t / (2 * {size})) / (1 + t * t / {size})"
    half = f"t / (1 + t * t / {size}) * sqrt({share} * (1 - {share}) / {size} + t * t / (4 * {size} * {size}))"
    limit = f"greatest(0, {middle} - {half})" if side == "low" else f"least(1, {middle} + {half})"
    return f"CASE WHEN {value} IS NOT NULL THEN lowest + {width} * {limit} END"
