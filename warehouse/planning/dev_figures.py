"""What the registry says of a model's labels on dev: how far a label tells the code, for quantities that one dimension answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import sqrt
from typing import Any

from warehouse.estimates.quantities import Quantity
from warehouse.transactions import Connection
from warehouse.types import ScoreColumns

_OF_STANCE = {"contested": ("contestation", "mixed"), "cooperative": ("cooperation", "mixed")}


def dev_correlation(connection: Connection, quantity: Quantity, columns: ScoreColumns) -> tuple[float, float] | None:
    """Return the correlation (phi) between label and code on dev, and the codes' share by the labels'; None where the registry has none.

    Args:
        connection: the open published file; the figures are those of its promoted model.
        quantity: a category of a dimension, or contested and cooperative, which the stance answers.
        columns: the scored dimensions, with their categories in order.
    """
    for (text,) in connection.execute("SELECT metrics FROM models WHERE state = 'promoted' AND metrics IS NOT NULL").fetchall():
        figures = json.loads(str(text)).get("dev", {}).get("dimensions", {})
        name = "stance" if quantity.name in _OF_STANCE else quantity.name
        wanted = _OF_STANCE.get(quantity.name, (quantity.category,))
        if name not in figures:
            continue
        own = next((one for one in columns.dimensions if one.name == name), None)
        counts = _from_confusion(figures[name], own.categories if own else (), wanted) or _from_category(figures[name], wanted)
        if counts is not None:
            return _phi(*counts)
    return None


Counts = tuple[float, float, float, float]
"""Passages, those with the code, those with the label, those with both."""


def _from_confusion(figures: Mapping[str, Any], categories: tuple[str, ...], wanted: tuple[str, ...]) -> Counts | None:
    table = figures.get("confusion") or []
    if len(table) != len(categories) or not categories:
        return None
    own = [n for n, category in enumerate(categories) if category in wanted]
    everything = sum(map(sum, table))
    return (
        float(everything), float(sum(sum(table[n]) for n in own)), float(sum(row[n] for row in table for n in own)),
        float(sum(table[n][m] for n in own for m in own)),
    )  # fmt: skip


def _from_category(figures: Mapping[str, Any], wanted: tuple[str, ...]) -> Counts | None:
    if len(wanted) != 1 or wanted[0] not in figures.get("categories", {}):
        return None
    one = figures["categories"][wanted[0]]
    if not one.get("predicted") or one.get("precision") is None:
        return None
    return float(figures["n"]), float(one["support"]), float(one["predicted"]), float(one["precision"]) * float(one["predicted"])


def _phi(n: float, codes: float, labels: float, both: float) -> tuple[float, float] | None:
    spread = codes * labels * (n - codes) * (n - labels)
    if spread <= 0:
        return None
    return max((n * both - codes * labels) / sqrt(spread), 0.0), codes / labels
