"""Lead and lag between contestation and cooperation, set right with the gold sample: does the one come before the other, and by how many years?

Cross-correlation by lag of yearly shares, as deviations from the mean of organization and country. Three things stand between the shares of the
model and the true levels. Passages of the one kind are taken for the other: the model's values are a linear map of the codes, learned from the
gold passages within organization and country, and it is turned round (Carroll, Ruppert, Stefanski and Crainiceanu 2006). Chance in the few
documents of a year weakens correlations: its variance is estimated from the differences between documents and taken off all second moments
(Fuller 1987). Years of one country tell of one another: the interval is a jackknife over countries, which learns everything anew without each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from warehouse.estimates.student import student_quantile

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LAGS = tuple(range(-3, 4))
MIN_GOLD = 20
MIN_COUNTRIES = 10
MIN_PAIRS = 20
MIN_TOLD_APART = 0.1
MIN_RELIABILITY = 0.1
REASONS = (
    "too few countries",
    "too few pairs of years",
    "too few gold passages",
    "no year has two documents",
    "the model does not tell the two apart",
    "years differ no more than chance has it",
)


@dataclass(frozen=True, slots=True)
class YearlyDocuments:
    """Documents of one organization, one entry each.

    Attributes:
        country: numbered from 0 without gaps.
        year: of publication.
        passages: in the document.
        model: sums of the model's probabilities; documents by two, contested and cooperative.
    """

    country: Integers
    year: Integers
    passages: Floats
    model: Floats


@dataclass(frozen=True, slots=True)
class GoldPassages:
    """Gold passages of the organization, one entry each.

    Attributes:
        country: as in `YearlyDocuments`.
        weight: 1 / inclusion probability.
        model, code: contested and cooperative; passages by two.
    """

    country: Integers
    weight: Floats
    model: Floats
    code: Floats


@dataclass(frozen=True, slots=True)
class LeadAndLag:
    """The correlation of contestation in a year with cooperation `lag` years later; not-a-number and a reason where there is none.

    Attributes:
        lag: in years; positive when contestation comes first.
        estimate, standard_error, lower, upper: with the 95 % interval, within -1 and 1.
        countries, pairs: countries that have such a pair of years, and pairs.
        naive: correlation of the model's shares, uncorrected.
        reason: empty where there is an estimate.
    """

    lag: int
    estimate: float
    standard_error: float
    lower: float
    upper: float
    countries: int
    pairs: int
    naive: float
    reason: str


@dataclass(frozen=True, slots=True)
class _Moments:
    """Sums over the pairs of years of each country: number, values, products; and what of the products is chance."""

    number: Floats
    first: Floats
    second: Floats
    cross: Floats
    before: Floats
    after: Floats
    cross_noise: Floats
    before_noise: Floats
    after_noise: Floats

    def total(self) -> _Moments:
        return _Moments(*(getattr(self, name).sum(axis=0) for name in self.__dataclass_fields__))

    def without_each(self) -> _Moments:
        whole = self.total()
        return _Moments(*(getattr(whole, name) - getattr(self, name) for name in self.__dataclass_fields__))


def lead_and_lag(documents: YearlyDocuments, gold: GoldPassages, lags: tuple[int, ...] = LAGS) -> list[LeadAndLag]:
    """Return the correlation at each lag.

    Args:
        documents: of one organization.
        gold: of the same.
        lags: in years.
    """
    countries = int(documents.country.max()) + 1 if len(documents.country) else 0
    yearly = _yearly(documents, countries)
    learned = _products(gold, countries)
    return [_at(lag, yearly, learned, len(gold.weight)) for lag in lags]


def _at(lag: int, yearly: _Yearly, learned: tuple[Floats, Floats], gold: int) -> LeadAndLag:
    moments = _moments(lag, yearly)
    whole = moments.total()
    with_pairs, pairs = int((moments.number > 0).sum()), int(whole.number)
    naive = float(_correlation(whole, np.eye(2), np.zeros((2, 2, 2)))) if pairs >= 3 else np.nan
    nothing = (np.nan,) * 4
    few = (with_pairs < MIN_COUNTRIES, pairs < MIN_PAIRS, gold < MIN_GOLD, not yearly.several)
    if any(few):
        return LeadAndLag(lag, *nothing, with_pairs, pairs, naive, REASONS[few.index(True)])
    told = _map(*(one.sum(axis=0) for one in learned))
    if not np.linalg.det(told) > MIN_TOLD_APART**2:
        return LeadAndLag(lag, *nothing, with_pairs, pairs, naive, REASONS[4])
    chance = yearly.gram, yearly.right
    estimate = float(_correlation(whole, told, _components(*(one.sum(axis=0) for one in chance))))
    told, components = (
        learn(*(one.sum(axis=0) - one for one in from_)) for learn, from_ in ((_map, learned), (_components, chance))
    )
    each = _correlation(moments.without_each(), told, components)[moments.number > 0]
    if not (np.isfinite(estimate) and np.isfinite(each).all()):
        return LeadAndLag(lag, *nothing, with_pairs, pairs, naive, REASONS[5])
    error = float(np.sqrt((with_pairs - 1) / with_pairs * ((each - each.mean()) ** 2).sum()))
    half = float(student_quantile(with_pairs - 1)) * error
    low, high = max(-1.0, estimate - half), min(1.0, estimate + half)
    return LeadAndLag(lag, float(np.clip(estimate, -1, 1)), error, min(low, 1.0), max(high, -1.0), with_pairs, pairs, naive, "")


@dataclass(frozen=True, slots=True)
class _Yearly:
    """The years of each country, and by how much chance moves their shares.

    Attributes:
        country, year, share: one entry a year of a country.
        of_mean: how the two components of variance enter into the variance of the year's share.
        gram, right: least squares of the components, by country: documents that are alike, and passages.
        several: whether any year has two documents.
    """

    country: Integers
    year: Integers
    share: Floats
    of_mean: Floats
    gram: Floats
    right: Floats
    several: bool


def _yearly(documents: YearlyDocuments, countries: int) -> _Yearly:
    """Return the years.

    A document's share varies by what its passages have in common and by what each adds; how much by either is learned from all years with
    several documents, as in the analysis of variance with unequal numbers (Searle, Casella and McCulloch 1992).
    """
    place, where = np.unique(np.column_stack([documents.country, documents.year]), axis=0, return_inverse=True)
    where = where.ravel()

    def by_year(values: Floats) -> Floats:
        return np.bincount(where, values, len(place)).astype(np.float64, copy=False)

    passages = by_year(documents.passages)
    share = np.column_stack([by_year(documents.model[:, one]) for one in (0, 1)]) / passages[:, None]
    weight = documents.passages / passages[where]
    parts = np.column_stack([np.ones(len(weight)), 1 / documents.passages])
    of_mean = np.column_stack([by_year(weight**2 * parts[:, one]) for one in (0, 1)])
    several = np.bincount(where, minlength=len(place))[where] > 1
    # A document is part of the mean that it is compared with.
    expected = ((1 - 2 * weight)[:, None] * parts + of_mean[where])[several]
    off = (documents.model / documents.passages[:, None] - share[where])[several]
    size, country = documents.passages[several], documents.country[several]
    gram, right = np.zeros((countries, 2, 2)), np.zeros((countries, 2, 2, 2))
    np.add.at(gram, country, size[:, None, None] * expected[:, :, None] * expected[:, None, :])
    np.add.at(right, country, np.einsum("d,dk,di,dj->dkij", size, expected, off, off))
    return _Yearly(place[:, 0], place[:, 1], share, of_mean, gram, right, bool(several.any()))


def _components(gram: Floats, right: Floats) -> Floats:
    """The components of variance (two by two of the shares each)."""
    ridge = 1e-9 * np.trace(gram, axis1=-2, axis2=-1)[..., None, None] * np.eye(2) + 1e-300 * np.eye(2)
    found: Floats = np.linalg.solve(gram + ridge, right.reshape(*right.shape[:-3], 2, 4)).reshape(right.shape)
    return found


def _moments(lag: int, yearly: _Yearly) -> _Moments:
    country, countries = yearly.country, len(yearly.gram)

    def by_country(which: Integers, values: Floats) -> Floats:
        found = np.zeros((countries, *values.shape[1:]))
        np.add.at(found, which, values)
        return found

    length = np.bincount(country, minlength=countries).astype(float)
    off = yearly.share - (by_country(country, yearly.share) / np.maximum(length, 1)[:, None])[country]
    mean = by_country(country, yearly.of_mean) / np.maximum(length, 1)[:, None] ** 2
    at = {(int(one), int(other)): n for n, (one, other) in enumerate(zip(country, yearly.year, strict=True))}
    pairs = [(n, at[one, other + lag]) for (one, other), n in at.items() if (one, other + lag) in at]
    a, b = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    which = country[a]
    years = length[which][:, None]

    def own(side: Integers) -> Floats:
        return np.asarray(yearly.of_mean[side] * (1 - 2 / years) + mean[which], np.float64)

    def products(one: Floats, other: Floats) -> Floats:
        return by_country(which, one[:, :, None] * other[:, None, :])

    crossed = own(a) if lag == 0 else mean[which] - (yearly.of_mean[a] + yearly.of_mean[b]) / years
    first, second = off[a], off[b]
    return _Moments(
        by_country(which, np.ones(len(a))), by_country(which, first), by_country(which, second),
        products(first, second), products(first, first), products(second, second),
        by_country(which, crossed), by_country(which, own(a)), by_country(which, own(b)),
    )  # fmt: skip


def _correlation(sums: _Moments, told: Floats, chance: Floats) -> Floats:
    """The correlation of contestation before and cooperation after; not-a-number where chance leaves too little of a variance.

    Args:
        sums: of all countries, or of all but each.
        told: the map from codes to the model's values.
        chance: the components of variance; zeros for the correlation as it is seen.
    """
    number = np.asarray(sums.number)[..., None, None]

    def of_chance(coefficients: Floats) -> Floats:
        found: Floats = np.einsum("...k,...kij->...ij", coefficients, chance) / number
        return found

    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = sums.first / number[..., 0], sums.second / number[..., 0]
        cross = sums.cross / number - first[..., :, None] * second[..., None, :]
        before = sums.before / number - first[..., :, None] * first[..., None, :]
        after = sums.after / number - second[..., :, None] * second[..., None, :]
        back = np.linalg.inv(told)

        def turned(values: Floats, row: int, column: int) -> Floats:
            found: Floats = (back @ values @ np.swapaxes(back, -1, -2))[..., row, column]
            return found

        variance = turned(before - of_chance(sums.before_noise), 0, 0), turned(after - of_chance(sums.after_noise), 1, 1)
        enough = (variance[0] > MIN_RELIABILITY * turned(before, 0, 0)) & (variance[1] > MIN_RELIABILITY * turned(after, 1, 1))
        found = turned(cross - of_chance(sums.cross_noise), 0, 1) / np.sqrt(variance[0] * variance[1])
    return np.where(enough, found, np.nan)


def _products(gold: GoldPassages, countries: int) -> tuple[Floats, Floats]:
    """Sums of products of codes with codes and of model with codes within each country, deviations from the country's means."""
    weight = np.bincount(gold.country, gold.weight, countries)

    def off(values: Floats) -> Floats:
        means = np.column_stack([np.bincount(gold.country, gold.weight * values[:, one], countries) for one in (0, 1)])
        return values - (means / np.maximum(weight, 1e-12)[:, None])[gold.country]

    model, code = off(gold.model), off(gold.code)
    among, between = np.zeros((countries, 2, 2)), np.zeros((countries, 2, 2))
    np.add.at(among, gold.country, gold.weight[:, None, None] * code[:, :, None] * code[:, None, :])
    np.add.at(between, gold.country, gold.weight[:, None, None] * model[:, :, None] * code[:, None, :])
    return among, between


def _map(among: Floats, between: Floats) -> Floats:
    """The linear map from codes to the model's values, by weighted least squares; a little is added so that it can be turned round."""
    ridge = 1e-9 * np.trace(among, axis1=-2, axis2=-1)[..., None, None] * np.eye(2) + 1e-300 * np.eye(2)
    found: Floats = between @ np.linalg.inv(among + ridge)
    return found
