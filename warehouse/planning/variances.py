"""What is known beforehand of the variance of a quantity in each cell: from gold, else from the model's figures on dev, else the worst case.

A code y of a passage is taken apart as the estimator does it (`warehouse.estimates.cells`): T = y - r z is what the code adds to the ratio r,
e = T - weight * (the model's T) what is left of it when the model helps. Two numbers for each of them say all that designs need: the variance
between passages, and the intraclass correlation within documents (one-way analysis of variance: S. R. Searle, G. Casella and C. E. McCulloch,
Variance Components, 1992, section 3.6). They are taken from all gold of an organization, since a cell alone has too little.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from warehouse.estimates.cells import CellEstimates, Support, estimate_cells, sums_by_document, totals
from warehouse.planning.passages import Floats, Integers, QuantityPassages

Basis = Literal["gold", "dev", "worst"]
ENOUGH_GOLD = 50
ENOUGH_DOCUMENTS = 10
ENOUGH_OF_EACH = 5
"""Gold passages, documents with them, and passages with and without the property that an organization's variances are taken from."""
LEAST_SHARE = 0.005
_POWERS = ("power", "residual_power")
_CHOICES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
_PAIRS = 100
"""How many pairs of passages of one document the intraclass correlation of the model's labels is worth, beside that of few codes."""


@dataclass(frozen=True, slots=True)
class CellVariances:
    """What is known of each cell, one entry a cell in every array; variances are those of the numerator between passages.

    Attributes:
        basis: gold, dev or worst.
        value: the share, mean or ratio that is expected.
        denominator: the share of passages in the denominator.
        variance, residual: of T and of e.
        alike, residual_alike: their intraclass correlations within documents.
        tuning_weight: how far the model's values are used.
        model_part: the variance of the mean of the model's T over all passages, clustered by document, times the squared tuning weight.
        power, residual_power: how the variance of T and of e goes with what the model's probabilities imply for a passage: as this power
            of it (variance functions: M. Davidian and R. J. Carroll, Journal of the American Statistical Association 82, 1987).
        estimates: what stands in the published file now.
    """

    basis: tuple[Basis, ...]
    value: Floats
    denominator: Floats
    variance: Floats
    residual: Floats
    alike: Floats
    residual_alike: Floats
    tuning_weight: Floats
    model_part: Floats
    power: Floats
    residual_power: Floats
    estimates: CellEstimates


def cell_variances(
    passages: QuantityPassages, correlations: Mapping[int, tuple[float, float]] | None = None, assume: Basis | None = None
) -> CellVariances:
    """Return what is known of each cell.

    Args:
        passages: see `read_passages`.
        correlations: for the number of a pool, the correlation between label and code on dev, and the ratio of the codes' to the labels'
            share there; used where there is too little gold.
        assume: use this basis for all, as far as it is to be had; by default gold before dev before the worst case.
    """
    number = len(passages.keys)
    estimates = _estimates(passages)
    pool_of = np.zeros(number, np.int64)
    pool_of[passages.cell] = passages.pool
    size = totals(passages.cell, np.ones(len(passages.cell)), number)
    gold = ~np.isnan(passages.gold_y)
    is_share = passages.quantity.is_share
    label_share = totals(passages.cell, passages.label_y, number) / np.maximum(
        totals(passages.cell, passages.label_z, number), 1e-9
    )
    value, basis = estimates.model_estimate.copy(), ["worst"] * number
    denominator = totals(passages.cell, passages.model_z, number) / size
    found = {name: np.zeros(number) for name in ("variance", "residual", "alike", "residual_alike", "tuning_weight", *_POWERS)}
    for pool in range(int(passages.pool.max()) + 1):
        own = pool_of == pool
        inside = passages.pool == pool
        label_alike = intraclass(_centred(passages.label_y[inside], passages.cell[inside]), *_groups(passages, inside))
        if assume in (None, "gold") and _enough(passages, inside & gold):
            known = np.isfinite(estimates.estimate)
            value[own] = np.where(known, estimates.estimate, _likely(passages, inside & gold, estimates))[own]
            denominator[own] *= _ratio(passages, inside & gold, "z")
            parts = _from_gold(passages, inside & gold, value, label_alike)
            parts["tuning_weight"] = float(estimates.tuning_weight[own][0])
            chosen: Basis = "gold"
        else:
            told = (correlations or {}).get(pool) if assume in (None, "dev") else None
            chosen = "dev" if told is not None else "worst"
            left = 1 - told[0] ** 2 if told is not None else 1.0
            if told is not None:
                value[own] = label_share[own] * told[1]
            elif is_share:
                value[own] = 0.5
            parts = {"left": left, "alike": label_alike, "residual_alike": label_alike} | dict.fromkeys(_POWERS, 1.0)
            parts["tuning_weight"] = 0.0 if told is None else 1.0
            spread = float(np.var(passages.label_y[inside]))
            # Half of the passages at either end of the scale: no variance is larger.
            parts["spread"] = spread if told is not None and spread > 0 else passages.span**2 / 4
        if is_share:
            value[own] = np.clip(value[own], LEAST_SHARE, 1 - LEAST_SHARE)
            found["variance"][own] = (value * (1 - value) * denominator)[own]
        else:
            found["variance"][own] = parts["spread"]
        found["residual"][own] = found["variance"][own] * parts["left"]
        for name in ("alike", "residual_alike", "tuning_weight", *_POWERS):
            found[name][own] = parts[name]
        for place in np.flatnonzero(own):
            basis[place] = chosen
    return CellVariances(
        tuple(basis),  # type: ignore[arg-type]  # mypy widens the literals of a list
        value, denominator, found["variance"], found["residual"], found["alike"], found["residual_alike"], found["tuning_weight"],
        _model_part(passages, value, found["tuning_weight"], size), found["power"], found["residual_power"], estimates,
    )  # fmt: skip


def _estimates(passages: QuantityPassages) -> CellEstimates:
    sums = sums_by_document(
        passages.document, passages.inclusion_probability, passages.model_y, passages.gold_y, passages.model_z, passages.gold_z,
        passages.label_y, passages.label_z,
    )  # fmt: skip
    documents = len(sums.passages)
    cell, pool = np.zeros(documents, np.int64), np.zeros(documents, np.int64)
    cell[passages.document], pool[passages.document] = passages.cell, passages.pool
    return estimate_cells(sums, cell, pool, Support(), is_share=passages.quantity.is_share)


def _enough(passages: QuantityPassages, gold: Floats) -> bool:
    codes = passages.gold_y[gold]
    if len(codes) < ENOUGH_GOLD or len(np.unique(passages.document[gold])) < ENOUGH_DOCUMENTS:
        return False
    inside = codes[passages.gold_z[gold] > 0]
    if passages.quantity.is_share:
        return min(int((inside > 0).sum()), int((inside == 0).sum())) >= ENOUGH_OF_EACH
    return len(inside) >= ENOUGH_GOLD and float(np.var(inside)) > 0


def _weights(passages: QuantityPassages, gold: Floats) -> Floats:
    return np.asarray(1 / passages.inclusion_probability[gold], np.float64)


def _ratio(passages: QuantityPassages, gold: Floats, part: Literal["y", "z"]) -> float:
    """By how much the model's total over gold is to be multiplied to be that of the codes."""
    w = _weights(passages, gold)
    code, model = (passages.gold_y, passages.model_y) if part == "y" else (passages.gold_z, passages.model_z)
    told = float((w * model[gold]).sum())
    return float((w * code[gold]).sum()) / told if told > 0 else 1.0


def _likely(passages: QuantityPassages, gold: Floats, estimates: CellEstimates) -> Floats:
    if passages.quantity.is_share:
        return np.clip(estimates.model_estimate * _ratio(passages, gold, "y") / _ratio(passages, gold, "z"), 0.0, 1.0)
    w = _weights(passages, gold)
    shift = float(np.average(passages.gold_y[gold], weights=w) - np.average(passages.model_y[gold], weights=w))
    return estimates.model_estimate + shift


def _from_gold(passages: QuantityPassages, gold: Floats, value: Floats, prior: float) -> dict[str, float]:
    w, cell = _weights(passages, gold), passages.cell[gold]
    r = value[cell]
    t = passages.gold_y[gold] - r * passages.gold_z[gold]
    model = passages.model_y[gold] - r * passages.model_z[gold]
    t, model = _centred(t, cell, w), _centred(model, cell, w)
    explained = float((w * t * model).sum() / max(float((w * model * model).sum()), 1e-12))
    explained = min(max(explained, 0.0), 1.0)
    e = t - explained * model
    left = min(float((w * e * e).sum() / max(float((w * t * t).sum()), 1e-12)), 1.0)
    groups = _groups(passages, gold)
    # A centred cell has lost one passage's worth of spread.
    lost = len(t) / max(len(t) - len(np.unique(cell)), 1)
    spread = float(np.average(t * t, weights=w)) * lost
    plain, helped = (residual_profile(passages, value, np.full(len(value), weight))[gold] for weight in (0.0, explained))
    return {
        "left": left, "spread": spread, "alike": intraclass(t, *groups, prior), "residual_alike": intraclass(e, *groups, prior),
        "power": _power(t * t, plain, w), "residual_power": _power(e * e, helped, w),
    }  # fmt: skip


def _power(square: Floats, profile: Floats, w: Floats) -> float:
    """Return the power by which squared residuals go with the profile: that of the highest pseudo-likelihood."""

    def misfit(power: float) -> float:
        v = profile**power
        v = v * np.average(square, weights=w) / np.average(v, weights=w)
        return float(np.average(square / v + np.log(v), weights=w))

    return min(_CHOICES, key=misfit) if square.any() else 1.0


def residual_profile(passages: QuantityPassages, value: Floats, tuning_weight: Floats) -> Floats:
    """Return, up to a factor, the variance of e that the model's own probabilities imply for each passage; for means its size.

    With p and q the probabilities of being in numerator and denominator: E T^2 = p (1 - r)^2 + (q - p) r^2, of which the model explains
    (p - r q)^2, as far as the weight uses it.
    """
    if not passages.quantity.is_share:
        return np.asarray(np.abs(passages.model_y) + 1e-3, np.float64)
    r, weight = value[passages.cell], tuning_weight[passages.cell]
    p = np.clip(passages.model_y, 0, 1)
    q = np.maximum(np.clip(passages.model_z, 0, 1), p)
    explained = (p - r * q) ** 2
    return np.asarray(np.maximum(p * (1 - r) ** 2 + (q - p) * r**2 - (1 - (1 - weight) ** 2) * explained, 1e-9), np.float64)


def _model_part(passages: QuantityPassages, value: Floats, weight: Floats, size: Floats) -> Floats:
    number = len(value)
    model = passages.model_y - value[passages.cell] * passages.model_z
    model = model - (totals(passages.cell, model, number) / size)[passages.cell]
    documents = int(passages.document.max()) + 1
    cell = np.zeros(documents, np.int64)
    cell[passages.document] = passages.cell
    return totals(cell, totals(passages.document, model, documents) ** 2, number) / size**2 * weight**2


def _groups(passages: QuantityPassages, chosen: Floats) -> tuple[Integers, Integers]:
    return passages.document[chosen], passages.cell[chosen]


def _centred(values: Floats, cell: Integers, weights: Floats | None = None) -> Floats:
    w = np.ones(len(values)) if weights is None else weights
    number = int(cell.max()) + 1 if len(cell) else 0
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = totals(cell, w * values, number) / totals(cell, w, number)
    return values - mean[cell]


def intraclass(values: Floats, document: Integers, cell: Integers, prior: float = 0.0) -> float:
    """Return the intraclass correlation within documents, documents being compared within their cells.

    Args:
        values: of passages.
        document: the document of each.
        cell: the cell of each; a document lies in one cell.
        prior: what is thought of it beforehand, worth `_PAIRS` pairs of passages; all that is said where there is no pair.
    """
    _names, place = np.unique(document, return_inverse=True)
    number = int(place.max()) + 1 if len(place) else 0
    size = np.bincount(place, minlength=number).astype(np.float64)
    mean = np.bincount(place, values, number) / np.maximum(size, 1)
    where = np.zeros(number, np.int64)
    where[place] = cell
    _cells, where = np.unique(where, return_inverse=True)
    cells = int(where.max()) + 1 if len(where) else 0
    in_cell = totals(where, size, cells)
    grand = totals(where, size * mean, cells) / np.maximum(in_cell, 1)
    inside, between = len(values) - number, number - cells
    if inside < 1 or between < 1:
        return prior
    within = float(((values - mean[place]) ** 2).sum()) / inside
    among = float((size * (mean - grand[where]) ** 2).sum()) / between
    typical = (len(values) - float((totals(where, size**2, cells) / np.maximum(in_cell, 1)).sum())) / between
    part = (among - within) / max(typical, 1e-9)
    pairs = float((size * (size - 1)).sum()) / 2
    found = part / max(part + within, 1e-12)
    return float(np.clip((pairs * found + _PAIRS * prior) / (pairs + _PAIRS), 0.0, 1.0))
