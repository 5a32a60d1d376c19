"""Shares, means and ratios of cells from sums by document: prediction-powered, clustered by document, with few-sample intervals.

The estimate of a cell is Y / Z, where Y = mean of gold y + weight * (mean of the model's y over all passages - over the gold passages), and Z
likewise; means over gold passages weigh each by 1 / inclusion probability. It is the difference estimator of survey sampling, and PPI++
(Angelopoulos, Duchi and Zrnic 2023) for designs with known, unequal probabilities; with the weight 1 it is design-based supervised learning
(Egami, Hinck, Stewart and Wei 2023) in its ratio form. The weight is the one that gives the smallest variance over all cells of a pool (an
organization), so that a cell's few gold passages do not choose their own. Standard errors: linearized, clustered by document, each document's
part divided by sqrt(1 - leverage) (Bell and McCaffrey 2002). Degrees of freedom: Satterthwaite's, from the variance that each document would add
under a model in which passages of a document are alike by as much as they are over the pool (Imbens and Kolesar 2016). Intervals are Wilson's
with the effective sample size (Korn and Graubard 1998; Dean and Pacheco 2014), over the range that a passage's value can have; Student's where
it has no bounds. Whether a cell has enough gold passages is judged without looking at its own codes: a rule that looked would keep the cells
that were high by chance. The SQL of `statements.py` computes the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from warehouse.estimates.student import student_quantile

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MIN_DOCUMENTS = 5
MIN_GOLD = 20
MIN_GOLD_DOCUMENTS = 5
MIN_EXPECTED = 2.0


@dataclass(frozen=True, slots=True)
class DocumentSums:
    """Sums by document of one quantity, one entry a document in every array.

    Attributes:
        passages: eligible passages.
        model_y, model_z: sums of the model's numerator and denominator over them.
        label_y, label_z: the same of the predicted labels.
        gold_passages: gold passages in the denominator.
        weight: sum of 1 / inclusion probability over all gold passages with a code.
        gold_y, gold_z, gold_yy: weighted sums of the codes' numerator, denominator and squared numerator.
        weighted_model_y, weighted_model_z: weighted sums of the model's values over the gold passages.
    """

    passages: Floats
    model_y: Floats
    model_z: Floats
    label_y: Floats
    label_z: Floats
    gold_passages: Floats
    weight: Floats
    gold_y: Floats
    gold_z: Floats
    gold_yy: Floats
    weighted_model_y: Floats
    weighted_model_z: Floats


@dataclass(frozen=True, slots=True)
class CellEstimates:
    """Estimates of cells, one entry a cell in every array; what the support does not carry is not-a-number.

    Attributes:
        estimate, standard_error, lower, upper: the corrected value and its 95 % interval.
        degrees_of_freedom: of the interval's Student quantile.
        effective_sample_size: simple random gold passages that would give the same standard error.
        documents, passages, gold_passages, gold_documents: what the cell rests on.
        naive_estimate: from predicted labels, uncorrected.
        model_estimate: from probabilities, uncorrected.
        tuning_weight: how far the model's values are used.
        is_share: whether the numerator is a part of the denominator; one for all cells.
        bounds: the range of a passage's value; None where it has none.
        reason: why there is no estimate; empty where there is one.
    """

    estimate: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats
    degrees_of_freedom: Floats
    effective_sample_size: Floats
    documents: Floats
    passages: Floats
    gold_passages: Floats
    gold_documents: Floats
    naive_estimate: Floats
    model_estimate: Floats
    tuning_weight: Floats
    is_share: bool
    bounds: tuple[float, float] | None
    reason: NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Support:
    """What a cell needs before a number is given.

    Attributes:
        min_documents: documents.
        min_gold: gold passages in the denominator.
        min_gold_documents: documents with such passages.
        min_expected: gold passages of the rarer kind (with or without the property) that the model, set right over the pool, leads one to
            expect; for shares only.
    """

    min_documents: int = MIN_DOCUMENTS
    min_gold: int = MIN_GOLD
    min_gold_documents: int = MIN_GOLD_DOCUMENTS
    min_expected: float = MIN_EXPECTED


def totals(group: Integers, values: Floats, number: int) -> Floats:
    """Return the sums of values by group, for groups numbered from 0 to `number` - 1."""
    return np.bincount(group, values, number).astype(np.float64, copy=False)


def sums_by_document(
    document: Integers,
    inclusion_probability: ArrayLike,
    model_y: ArrayLike,
    gold_y: ArrayLike,
    model_z: ArrayLike | None = None,
    gold_z: ArrayLike | None = None,
    label_y: ArrayLike | None = None,
    label_z: ArrayLike | None = None,
) -> DocumentSums:
    """Return the sums of passages by document.

    Args:
        document: the document of each passage, numbered from 0 without gaps.
        inclusion_probability: of each passage; not-a-number where it was not drawn.
        model_y: the model's value of the numerator (a probability or an expected level).
        gold_y: the code's value; not-a-number where there is none.
        model_z: the model's probability of being in the denominator; all passages when left out.
        gold_z: the code's, 0 or 1.
        label_y: the predicted label's numerator, for the naive share.
        label_z: the predicted label's denominator.
    """
    number = int(document.max()) + 1 if len(document) else 0
    ones = np.ones(len(document))
    f_y, y = np.asarray(model_y, np.float64), np.asarray(gold_y, np.float64)
    f_z = ones if model_z is None else np.asarray(model_z, np.float64)
    z = np.where(np.isnan(y), np.nan, 1.0) if gold_z is None else np.asarray(gold_z, np.float64)
    w = 1 / np.asarray(inclusion_probability, np.float64)
    drawn = ~(np.isnan(w) | np.isnan(y) | np.isnan(z))
    where, w, y, z = document[drawn], w[drawn], y[drawn], z[drawn]
    l_y = np.full(len(document), np.nan) if label_y is None else np.asarray(label_y, np.float64)
    l_z = ones if label_z is None else np.asarray(label_z, np.float64)

    def total(values: Floats) -> Floats:
        return totals(document, values, number)

    def gold(values: Floats) -> Floats:
        return totals(where, values, number)

    return DocumentSums(
        total(ones), total(f_y), total(f_z), total(l_y), total(l_z),
        gold((z > 0).astype(np.float64)), gold(w), gold(w * y), gold(w * z), gold(w * y * y), gold(w * f_y[drawn]), gold(w * f_z[drawn]),
    )  # fmt: skip


def estimate_cells(
    sums: DocumentSums,
    cell: Integers,
    pool: Integers,
    support: Support | None = None,
    *,
    is_share: bool = True,
    bounds: tuple[float, float] | None = None,
) -> CellEstimates:
    """Return the estimate of each cell.

    Args:
        sums: one entry a document.
        cell: the cell of each document, numbered from 0 without gaps.
        pool: the pool (organization) of each document, within which the weight of the model is tuned, numbered from 0 without gaps.
        support: what a cell needs.
        is_share: whether the numerator is a part of the denominator, so that the value lies between 0 and 1.
        bounds: the least and the greatest value that a passage can have; of a share 0 and 1, of a mean none unless they are given.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        tuned = _tuning_weight(sums, pool)[pool]
        alike = _alike(sums, pool, tuned)
        whole = (0.0, 1.0) if is_share else bounds
        return _estimate(sums, cell, tuned, alike, _scale(sums, pool)[pool], support or Support(), is_share, whole)


def value_interval(
    value: Floats, variance: Floats, quantile: Floats, gold_passages: Floats, bounds: tuple[float, float] | None
) -> tuple[Floats, Floats]:
    """Return the interval of values that lie within bounds: Wilson's of their place between the bounds; Student's where there are none.

    Args:
        value: the estimate, within the bounds.
        variance, quantile, gold_passages: as for `share_interval`.
        bounds: the least and the greatest value that a passage can have.
    """
    if bounds is None:
        half = quantile * np.sqrt(variance)
        return value - half, value + half
    low, width = bounds[0], bounds[1] - bounds[0]
    lower, upper = share_interval((value - low) / width, variance / width**2, quantile, gold_passages)
    return low + width * lower, low + width * upper


def share_interval(share: Floats, variance: Floats, quantile: Floats, gold_passages: Floats) -> tuple[Floats, Floats]:
    """Return Wilson's interval of shares for an effective sample size.

    Args:
        share: the estimate, between 0 and 1.
        variance: of the estimate.
        quantile: Student's.
        gold_passages: half a passage keeps the effective size from 0 where the share is 0 or 1.
    """
    kept = np.clip(share, 0.5 / gold_passages, 1 - 0.5 / gold_passages)
    n = kept * (1 - kept) / variance
    square = quantile**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = quantile / (1 + square / n) * np.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def _scale(sums: DocumentSums, pool: Integers) -> Floats:
    """By how much the model's share is to be multiplied over a pool to be that of the codes; 1 where there are none."""
    number = int(pool.max()) + 1 if len(pool) else 0

    def by_pool(values: Floats) -> Floats:
        return totals(pool, values, number)

    found = (by_pool(sums.gold_y) / by_pool(sums.gold_z)) / (by_pool(sums.weighted_model_y) / by_pool(sums.weighted_model_z))
    return np.where(np.isfinite(found), found, 1.0)


def _tuning_weight(sums: DocumentSums, pool: Integers) -> Floats:
    number = int(pool.max()) + 1 if len(pool) else 0

    def by_pool(values: Floats) -> Floats:
        return totals(pool, values, number)[pool]

    with np.errstate(divide="ignore", invalid="ignore"):
        passages, weight = by_pool(sums.passages), by_pool(sums.weight)
        ratio = by_pool(sums.gold_y) / by_pool(sums.gold_z)
        model = sums.model_y - ratio * sums.model_z
        weighted = sums.weighted_model_y - ratio * sums.weighted_model_z
        a = (sums.gold_y - ratio * sums.gold_z) / weight
        b = (model - sums.passages * by_pool(model) / passages) / passages
        b -= (weighted - sums.weight * by_pool(weighted) / weight) / weight
        best = -np.bincount(pool, a * b, number) / np.bincount(pool, b * b, number)
    return np.where(np.isfinite(best), np.clip(best, 0.0, 1.0), 1.0)


def _alike(sums: DocumentSums, pool: Integers, tuned: Floats) -> tuple[Floats, Floats]:
    """How alike passages of a document are over a pool, 0 to 1: gold passages in what the model leaves, all passages in what it says."""
    number = int(pool.max()) + 1 if len(pool) else 0

    def by_pool(values: Floats) -> Floats:
        return totals(pool, values, number)[pool]

    ratio = by_pool(sums.gold_y) / by_pool(sums.gold_z)
    left = (sums.gold_y - ratio * sums.gold_z) - tuned * (sums.weighted_model_y - ratio * sums.weighted_model_z)
    left -= sums.weight * by_pool(left) / by_pool(sums.weight)
    said = sums.model_y - ratio * sums.model_z
    said -= sums.passages * by_pool(said) / by_pool(sums.passages)
    coded = sums.gold_passages > 0

    def slope(variance: Floats, further: Floats, kept: Floats) -> Floats:
        """The variance of a document per passage grows with its further passages by this part of what one passage has."""
        of_one, of_further = kept * variance, kept * variance * further
        s0, s1, s2 = by_pool(kept), by_pool(kept * further), by_pool(kept * further**2)
        start = by_pool(of_one) * s2 - by_pool(of_further) * s1
        found = (by_pool(of_further) * s0 - by_pool(of_one) * s1) / start
        return np.where(start > 0, np.clip(found, 0.0, 1.0), 1.0)

    gold = slope(
        np.where(coded, left**2 * sums.gold_passages / sums.gold_z**2, 0.0),
        np.maximum(sums.gold_passages - 1, 0),
        coded.astype(np.float64),
    )
    return gold, slope(said**2 / sums.passages, sums.passages - 1, 1 / sums.passages)


def _estimate(
    sums: DocumentSums,
    cell: Integers,
    tuned: Floats,
    alike: tuple[Floats, Floats],
    scale: Floats,
    support: Support,
    is_share: bool,
    bounds: tuple[float, float] | None,
) -> CellEstimates:
    number = int(cell.max()) + 1 if len(cell) else 0

    def by_cell(values: Floats) -> Floats:
        return totals(cell, values, number)

    documents = by_cell(np.ones(len(cell)))
    passages, weight = by_cell(sums.passages), by_cell(sums.weight)
    first = np.zeros(number, np.int64)
    first[cell[::-1]] = np.arange(len(cell))[::-1]
    lam = tuned[first] if number else np.zeros(0)
    y = by_cell(sums.gold_y) / weight + lam * (by_cell(sums.model_y) / passages - by_cell(sums.weighted_model_y) / weight)
    z = by_cell(sums.gold_z) / weight + lam * (by_cell(sums.model_z) / passages - by_cell(sums.weighted_model_z) / weight)
    ratio = y / z
    r = ratio[cell]
    residual = (sums.gold_y - r * sums.gold_z) - tuned * (sums.weighted_model_y - r * sums.weighted_model_z)
    model = tuned * (sums.model_y - r * sums.model_z)
    residual = (residual - sums.weight * (by_cell(residual) / weight)[cell]) / weight[cell]
    model = (model - sums.passages * (by_cell(model) / passages)[cell]) / passages[cell]
    gold_leverage = sums.gold_z / by_cell(sums.gold_z)[cell]
    model_leverage = sums.passages / passages[cell]
    residual = residual / np.sqrt(np.maximum(1 - gold_leverage, 1e-9))
    model = model / np.sqrt(np.maximum(1 - model_leverage, 1e-9))
    variance = by_cell((residual + model) ** 2) / z**2
    adds_gold = sums.gold_z**2 / np.maximum(sums.gold_passages, 1) * (1 + alike[0] * np.maximum(sums.gold_passages - 1, 0))
    adds_model = sums.passages * (1 + alike[1] * (sums.passages - 1))
    df_gold = np.fmax(by_cell(adds_gold) ** 2 / by_cell(adds_gold**2) - 1, 1)
    df_model = np.fmax(by_cell(adds_model) ** 2 / by_cell(adds_model**2) - 1, 1)
    v_gold, v_model = by_cell(residual**2), by_cell(model**2)
    df = (v_gold + v_model) ** 2 / (v_gold**2 / df_gold + v_model**2 / df_model)
    error = np.sqrt(variance)
    spread = (by_cell(sums.gold_yy) - 2 * ratio * by_cell(sums.gold_y) + ratio**2 * by_cell(sums.gold_z)) / weight / z**2
    gold_passages = by_cell(sums.gold_passages)
    gold_documents = by_cell((sums.gold_passages > 0).astype(np.float64))
    model_estimate = by_cell(sums.model_y) / by_cell(sums.model_z)
    expected = np.full(number, np.inf)
    if bounds is not None:
        ratio = np.clip(ratio, *bounds)
    lower, upper = value_interval(ratio, variance, student_quantile(df), gold_passages, bounds)
    if is_share:
        likely = np.clip(model_estimate * (scale[first] if number else 1.0), 0.0, 1.0)
        expected = gold_passages * np.minimum(likely, 1 - likely)
    reason = np.select(
        [
            documents < support.min_documents,
            gold_passages == 0,
            gold_passages < support.min_gold,
            gold_documents < support.min_gold_documents,
            expected < support.min_expected,
            ~(z > 0),
            ~(variance > 0),
        ],
        REASONS,
        "",
    )
    known = reason == ""

    def given(values: Floats) -> Floats:
        return np.where(known, values, np.nan)

    return CellEstimates(
        given(ratio), given(error), given(lower), given(upper), given(df), given(spread / variance),
        documents, passages, gold_passages, gold_documents, by_cell(sums.label_y) / by_cell(sums.label_z), model_estimate, lam, is_share,
        bounds, reason,
    )  # fmt: skip


REASONS = (
    "too few documents",
    "no gold passages",
    "too few gold passages",
    "gold passages in too few documents",
    "too rare for so few gold passages",
    "the estimated denominator is not positive",
    "the gold passages do not vary",
)
"""Why a cell has no estimate, the first that holds."""

COLUMNS = tuple(field.name for field in fields(CellEstimates))
