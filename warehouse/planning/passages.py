"""The passages behind a quantity, out of the published file: the model's values, the codes where there are any, and the cell of each."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entente.errors import BadInput
from warehouse.estimates.document_sums import eligible_gold, eligible_scores, gold_expressions, label_expressions
from warehouse.estimates.quantities import Quantity, quantities_of
from warehouse.export.plan import score_columns_in
from warehouse.frames import FACTS, FrameFilter, conditions, uncertainty_expression
from warehouse.transactions import Connection
from warehouse.types import ScoreColumns

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
CELL_FACTS = tuple(name for name in FACTS if name != "language")
"""What cells can be made of: facts of documents, as estimates are."""


@dataclass(frozen=True, slots=True)
class QuantityPassages:
    """Every passage that estimates of one quantity rest on, in one order in all arrays.

    Attributes:
        quantity: which.
        facts: the names of what makes a cell, the organization first.
        keys: the values of these facts, one tuple a cell.
        document, cell, pool: numbers from 0; documents are within cells, a pool is an organization.
        model_y, model_z: the model's numerator and denominator.
        label_y, label_z: those of its labels.
        gold_y, gold_z: those of the codes; not-a-number where there is no code that counts.
        inclusion_probability: of gold passages; not-a-number elsewhere.
        uncertainty: what an active sample follows.
        span: from the least to the greatest value that a passage can have.
    """

    quantity: Quantity
    facts: tuple[str, ...]
    keys: tuple[tuple[Any, ...], ...]
    document: Integers
    cell: Integers
    pool: Integers
    model_y: Floats
    model_z: Floats
    label_y: Floats
    label_z: Floats
    gold_y: Floats
    gold_z: Floats
    inclusion_probability: Floats
    uncertainty: Floats
    span: float = 1.0


def find_quantity(connection: Connection, name: str, category: str | None) -> Quantity:
    """Return the quantity of this name.

    Raises:
        BadInput: when there is none, or it has several categories and none is named.
    """
    known = quantities_of(score_columns_in(connection))
    own = [one for one in known if one.name == name]
    if not own:
        names = ", ".join(dict.fromkeys(one.name for one in known))
        raise BadInput(f"--quantity {name!r} is unknown; there are: {names or 'none, as no model has scored anything yet'}.")
    found = [one for one in own if category is None or one.category == category]
    if len(found) != 1:
        told = f"has no category {category!r}" if category is not None else "has several categories"
        raise BadInput(f"{name!r} {told}; say one of: {', '.join(f'{name}={one.category}' for one in own)}.")
    return found[0]


def read_passages(connection: Connection, quantity: Quantity, by: Sequence[str], filters: FrameFilter) -> QuantityPassages:
    """Read the passages of a quantity from a published file.

    Args:
        connection: the open published file.
        quantity: which; see `find_quantity`.
        by: names of `CELL_FACTS` that make the cells; the organization always does.
        filters: which documents.

    Raises:
        BadInput: for a fact that makes no cell, or when no scored passage is left.
    """
    for name in by:
        if name not in CELL_FACTS:
            raise BadInput(f"--by {name!r}: cells can be made of {', '.join(CELL_FACTS)}.")
    columns = score_columns_in(connection)
    facts = ("igo", *(name for name in dict.fromkeys(by) if name != "igo"))
    cell = ", ".join(f"{FACTS[name]} AS {name}" for name in facts)
    names = ", ".join(facts)
    y, z = gold_expressions(quantity)
    l_y, l_z = label_expressions(quantity)
    where, parameters = conditions(filters)
    singles = {one.name: one for one in columns.dimensions if not one.multi and one.categories}
    rows = (
        connection.sql(
            f"WITH chosen AS (SELECT s.*, {cell} FROM ({eligible_scores(columns)}) s JOIN documents d ON d.document_id = s.document_id "
            f"JOIN passages p ON p.passage_id = s.passage_id AND p.document_id = s.document_id WHERE true{where}), "
            f"codes AS ({eligible_gold(columns)}) "
            f"SELECT dense_rank() OVER (ORDER BY {names}) - 1 AS cell, dense_rank() OVER (ORDER BY igo) - 1 AS pool, "
            f"dense_rank() OVER (ORDER BY {names}, s.document_id) - 1 AS document, {names}, "
            f"({quantity.model_y})::DOUBLE AS model_y, ({quantity.model_z or '1.0'})::DOUBLE AS model_z, {l_y} AS label_y, {l_z} AS label_z, "
            f"CASE WHEN g.passage_id IS NOT NULL THEN {y} END AS gold_y, CASE WHEN g.passage_id IS NOT NULL THEN {z} END AS gold_z, "
            f"g.inclusion_prob, {uncertainty_expression(singles)} AS uncertainty "
            "FROM chosen s LEFT JOIN codes g ON g.passage_id = s.passage_id ORDER BY document, s.passage_id",
            params=parameters,
        )
        .to_arrow_table()
    )  # fmt: skip
    if not rows.num_rows:
        raise BadInput(
            "No scored passage fits: the published file has none, or the filters leave none. Widen them, or refresh first."
        )

    def floats(name: str) -> Floats:
        return np.asarray(rows[name].cast("double").to_numpy(zero_copy_only=False), np.float64)

    def integers(name: str) -> Integers:
        return np.asarray(rows[name].to_numpy(zero_copy_only=False), np.int64)

    numbers = integers("cell")
    _different, first = np.unique(numbers, return_index=True)
    keys = tuple(tuple(rows[name][int(place)].as_py() for name in facts) for place in first)
    gold_y, gold_z, chance = floats("gold_y"), floats("gold_z"), floats("inclusion_prob")
    drawn = ~(np.isnan(gold_y) | np.isnan(gold_z) | np.isnan(chance))
    return QuantityPassages(
        quantity, facts, keys, integers("document"), numbers, integers("pool"), floats("model_y"), floats("model_z"),
        floats("label_y"), floats("label_z"), np.where(drawn, gold_y, np.nan), np.where(drawn, gold_z, np.nan),
        np.where(drawn, chance, np.nan), np.nan_to_num(floats("uncertainty"), nan=1.0),
        _span(quantity, columns),
    )  # fmt: skip


def _span(quantity: Quantity, columns: ScoreColumns) -> float:
    if quantity.is_share:
        return 1.0
    levels = [int(level) for one in columns.dimensions for level in one.categories if level.isdigit()]
    return float(max(levels, default=1)) * (2 if quantity.category == "net" else 1)
