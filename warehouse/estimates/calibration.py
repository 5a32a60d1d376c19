"""Factors that set a dimension's probabilities right on the gold sample, and how well each is known: what every label draw multiplies by.

Probabilities p_k of a passage become p_k exp(b_k + g x_k + a_k) / sum of p_j exp(b_j + g x_j + a_j), a multinomial logistic model with three
parts. The b are errors that are the same everywhere. The x_k say how much more of category k the model finds in the passage's document than in
all documents (`document_context.py`): a classifier that sees passages one by one takes some for what their document does not speak of at all,
and one weight g for all categories says how much the document counts. The a are the errors of an organization and country: their variance is
learned from products of residuals of passages of different documents of one organization and country (method of moments), and each
is shrunk to 0 by what its own gold passages leave open.

Coefficients solve sum of weight * (code - probability) = 0 with weights 1 / inclusion probability and normal priors. Effects that are drawn move
the mean of probabilities that are near 0 or 1, so the probability in the equation is the mean over such draws. Information is divided by
the dispersion of the scores of documents (McCullagh and Nelder 1989), as passages of a document are alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from warehouse.estimates.normal_nodes import normal_nodes

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CALIBRATION_SPREAD = 0.7
"""Prior standard deviation of a b: twice or half as much of a category as there is, is an error of ordinary size in texts of a new kind."""

COUNTRY_SPREAD = 0.7
"""Prior guess at the standard deviation of the a: where gold passages tell nothing, countries may differ as much as all are off together."""

CONTEXT_SPREAD = 0.5
"""Prior standard deviation of g; 0 is no use of the document."""

VERSION = 3
_ROUNDS, _STEPS = 4, 60
_CLOSE = 1e-7
_LONGEST = 2.0
_NODES = 32
_LEAST_COUNTRY_SPREAD = 0.05


@dataclass(frozen=True, slots=True)
class CodedDimension:
    """The gold passages of one dimension, one entry each.

    Attributes:
        probabilities: the model's, of the categories among which the dimension is drawn, adding up to 1; passages by categories.
        context: the x; passages by categories.
        code: the number of the category that each was given.
        weight: 1 / inclusion probability.
        document: the cluster of each, any numbers.
        country: organization and country of each, numbered from 0 without gaps.
    """

    probabilities: Floats
    context: Floats
    code: Integers
    weight: Floats
    document: Integers
    country: Integers


@dataclass(frozen=True, slots=True)
class Calibration:
    """What draws need.

    Attributes:
        centre, spread: mean and standard deviation of each b.
        context_weight: the g.
        country_spread: standard deviation of the a of a country without gold passages.
        country_centre, country_spreads: mean and standard deviation of the a where there are gold passages; countries by categories.
    """

    centre: Floats
    spread: Floats
    context_weight: float
    country_spread: float
    country_centre: Floats
    country_spreads: Floats


def calibration_of(coded: CodedDimension) -> Calibration:
    """Return the calibration of one dimension; without gold passages the priors."""
    categories = coded.probabilities.shape[1]
    if len(coded.code) == 0:
        spread = np.full(categories, CALIBRATION_SPREAD)
        return Calibration(
            np.zeros(categories), spread, 0.0, COUNTRY_SPREAD, np.zeros((0, categories)), np.zeros((0, categories))
        )
    # As many independent passages as unequal weights leave (Kish 1965).
    weight = coded.weight * (coded.weight.sum() / (coded.weight**2).sum())
    right = np.zeros_like(coded.probabilities)
    right[np.arange(len(coded.code)), coded.code] = 1
    plain = np.log(np.maximum(coded.probabilities, 1e-12))
    found = _Shared(np.zeros(categories + 1), np.full(categories, CALIBRATION_SPREAD), 1.0, plain)
    between = COUNTRY_SPREAD
    for _ in range(_ROUNDS):
        found = _shared(coded, plain, right, weight, found, between)
        between = _between(coded, found, right, weight, between)
    centre, spreads = _effects(coded, found, right, weight, between)
    return Calibration(found.values[:-1], found.spread, float(found.values[-1]), between, centre, spreads)


@dataclass(frozen=True, slots=True)
class _Shared:
    """The b and, last, g; the spread of the b; the dispersion; and the logarithms of the passages' probabilities with b and g added."""

    values: Floats
    spread: Floats
    dispersion: float
    logarithms: Floats

    def mean(self, between: float) -> Floats:
        """The mean of the probabilities over draws."""
        total = np.sqrt(between**2 + self.spread**2)
        nodes = normal_nodes(_NODES, len(self.spread))
        found = np.zeros_like(self.logarithms)
        for node in nodes:
            found += _normal(self.logarithms + total * node)
        return found / len(nodes)


def _shared(coded: CodedDimension, plain: Floats, right: Floats, weight: Floats, before: _Shared, between: float) -> _Shared:
    """One round for what all countries share, by Newton's method."""
    categories = plain.shape[1]
    _, group = np.unique(coded.document, return_inverse=True)
    prior = np.append(np.full(categories, CALIBRATION_SPREAD**-2), CONTEXT_SPREAD**-2)
    values, curvature, dispersion = before.values, np.eye(categories + 1), before.dispersion
    for _ in range(_STEPS):
        logarithms = plain + values[:-1] + values[-1] * coded.context
        expected = _Shared(values, before.spread, dispersion, logarithms).mean(between)
        off = weight[:, None] * (right - expected)
        by_document = np.zeros((int(group.max()) + 1, categories))
        np.add.at(by_document, group, off)
        noise = float((by_document**2).sum())
        # Never below that of independent codes: a few passages that all went as foreseen are no proof of certainty.
        dispersion = max(1.0, noise / max(float((weight[:, None] * expected * (1 - expected)).sum()), 1e-12))
        moves = np.concatenate([np.eye(categories)[None].repeat(len(plain), 0), coded.context[:, :, None]], axis=2)
        moves = moves - np.einsum("nk,nkv->nv", expected, moves)[:, None, :]
        information = np.einsum("n,nk,nkv,nku->vu", weight, expected, moves, moves, optimize=True)
        score = np.append(off.sum(axis=0), (off * coded.context).sum())
        curvature = information / dispersion + np.diag(prior)
        step = np.linalg.solve(curvature, score / dispersion - prior * values)
        values = values + step * min(1.0, _LONGEST / max(float(np.abs(step).max()), _CLOSE))
        if np.abs(step).max() < _CLOSE:
            break
    logarithms = plain + values[:-1] + values[-1] * coded.context
    return _Shared(values, _contrasts(np.asarray(np.linalg.inv(curvature), np.float64)[:-1, :-1]), dispersion, logarithms)


def _between(coded: CodedDimension, shared: _Shared, right: Floats, weight: Floats, before: float) -> float:
    """The standard deviation of the effects of countries, the mean of the prior guess and of what the gold passages say by their precision.

    Residuals e of two passages of different documents of a country have E[e_k e'_k] = variance * sum over j of d_kj d'_kj, where d is by how
    much a probability moves with an effect. Without effects the variance of such a sum of products is its own denominator times the
    square of the dispersion.
    """
    expected = shared.mean(before)
    off = weight[:, None] * (right - expected)
    moved = weight[:, None, None] * expected[:, :, None] * (np.eye(expected.shape[1])[None] - expected[:, None, :])

    def of_pairs(values: Floats, group: Integers) -> float:
        sums = np.zeros((int(group.max()) + 1, values.shape[1]))
        np.add.at(sums, group, values)
        return float((sums**2).sum()) / 2

    _, within = np.unique(np.column_stack([coded.country, coded.document]), axis=0, return_inverse=True)
    within = within.ravel()
    flat = moved.reshape(len(moved), -1)
    certainty = shared.dispersion**-2
    products = certainty * (of_pairs(off, coded.country) - of_pairs(off, within))
    expected_products = certainty * (of_pairs(flat, coded.country) - of_pairs(flat, within))
    # A prior as sure as that the variance is about as uncertain as it is large.
    sure = COUNTRY_SPREAD**-4
    variance = (sure * COUNTRY_SPREAD**2 + products) / (sure + expected_products)
    return float(np.sqrt(max(variance, _LEAST_COUNTRY_SPREAD**2)))


def _effects(coded: CodedDimension, shared: _Shared, right: Floats, weight: Floats, between: float) -> tuple[Floats, Floats]:
    """The effects of countries with gold passages and their standard deviations, by Newton's method in each."""
    countries, categories = int(coded.country.max()) + 1, right.shape[1]
    centre, spread = np.zeros((countries, categories)), np.full((countries, categories), between)
    for country in range(countries):
        own = np.flatnonzero(coded.country == country)
        curvature = np.eye(categories)
        for _ in range(_STEPS):
            expected = _normal(shared.logarithms[own] + centre[country])
            weighted = weight[own, None] * expected
            information = np.diag(weighted.sum(axis=0)) - weighted.T @ expected
            curvature = information / shared.dispersion + np.eye(categories) / between**2
            score = (weight[own, None] * (right[own] - expected)).sum(axis=0) / shared.dispersion - centre[country] / between**2
            step = np.linalg.solve(curvature, score)
            centre[country] += step * min(1.0, _LONGEST / max(float(np.abs(step).max()), _CLOSE))
            if np.abs(step).max() < _CLOSE:
                break
        spread[country] = _contrasts(np.asarray(np.linalg.inv(curvature), np.float64))
    return centre, spread


def _contrasts(covariance: Floats) -> Floats:
    """Standard deviations with which independent draws give differences between categories as they are known.

    To add the same to all categories changes no probability, so no gold passage tells of it: that uncertainty is taken out.
    """
    number = len(covariance)
    if number < 2:
        return np.zeros(number)
    centred = np.eye(number) - 1 / number
    return np.asarray(np.sqrt(np.diag(centred @ covariance @ centred) * number / (number - 1)), np.float64)


def _normal(logarithms: Floats) -> Floats:
    found = np.exp(logarithms - logarithms.max(axis=-1, keepdims=True))
    return np.asarray(found / found.sum(axis=-1, keepdims=True), np.float64)
