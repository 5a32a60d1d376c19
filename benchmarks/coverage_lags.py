"""Simulated organizations in which cooperation follows contestation by two years: is the planted lead found, and do the intervals hold it?"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from warehouse.estimates.lead_and_lag import GoldPassages, LeadAndLag, YearlyDocuments, lead_and_lag

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
LEAD = 2


@dataclass(frozen=True)
class LagScenario:
    """`documents` a year and `passages` a document are means; `gold` passages in all; `strength` is how far contestation moves cooperation."""

    countries: int
    years: int
    documents: float
    passages: int
    gold: int
    strength: float = 0.8
    alike: float = 0.1


SCENARIOS = (
    LagScenario(40, 20, 6.0, 25, 600),
    LagScenario(20, 15, 6.0, 25, 300),
    LagScenario(12, 20, 6.0, 25, 200),
    LagScenario(60, 15, 3.0, 25, 600),
    LagScenario(40, 20, 6.0, 25, 600, 0.0),
)


def levels(rng: np.random.Generator, scenario: LagScenario, countries: int) -> Floats:
    """Return the true shares of contested and cooperative passages; countries by years by two."""
    noise = rng.normal(size=(countries, scenario.years + LEAD, 3))
    contested = noise[:, :, 0].copy()
    for year in range(1, contested.shape[1]):
        contested[:, year] = 0.3 * contested[:, year - 1] + noise[:, year, 0]
    follows = scenario.strength * contested[:, :-LEAD] + 0.8 * noise[:, LEAD:, 1]
    base = 0.5 * rng.normal(size=(countries, 1, 2))
    both = np.stack([contested[:, LEAD:], follows], axis=2)
    return np.asarray(0.05 + 0.4 / (1 + np.exp(-(base - 0.3 + 0.7 * both))), np.float64)


def truth(scenario: LagScenario, countries: int = 100_000) -> dict[int, float]:
    """Return the correlations by lag of true levels, deviations from each country's mean, in a great many countries."""
    rng = np.random.default_rng(20_000)
    both = levels(rng, scenario, countries)
    off = both - both.mean(axis=1, keepdims=True)
    found = {}
    for lag in range(-3, 4):
        a = off[:, max(0, -lag) : scenario.years - max(0, lag), 0].ravel()
        b = off[:, max(0, lag) : scenario.years - max(0, -lag), 1].ravel()
        found[lag] = float(np.corrcoef(a, b)[0, 1])
    return found


def simulate(rng: np.random.Generator, scenario: LagScenario) -> tuple[YearlyDocuments, GoldPassages]:
    """Return documents and gold passages of an organization; the model errs differently in each country."""
    both = levels(rng, scenario, scenario.countries)
    number = rng.poisson(scenario.documents, both.shape[:2])
    place = np.repeat(np.arange(number.size), number.ravel())
    country, year = place // scenario.years, place % scenario.years
    document = np.repeat(np.arange(len(place)), 1 + rng.poisson(rng.gamma(2, scenario.passages / 2, len(place))))
    share = both[country, year]
    four = np.column_stack(
        [
            share[:, 0] * (1 - share[:, 1]),
            share[:, 1] * (1 - share[:, 0]),
            share[:, 0] * share[:, 1],
            (1 - share[:, 0]) * (1 - share[:, 1]),
        ]
    )
    own = rng.gamma(four * (1 / scenario.alike - 1))
    own /= own.sum(axis=1, keepdims=True)
    kind = (rng.random(len(document))[:, None] > own.cumsum(axis=1)[document]).sum(axis=1).clip(max=3)
    code = np.column_stack([(kind == 0) | (kind == 2), (kind == 1) | (kind == 2)]).astype(float)
    where = country[document]
    # False alarms that differ between countries, and cooperation where there is contestation.
    alarm = 0.6 * rng.normal(size=(scenario.countries, 2))
    score = rng.normal(size=code.shape) * 1.2 + 3.0 * code - 1.8 + alarm[where] + 0.8 * code[:, ::-1]
    model = 1 / (1 + np.exp(-score))
    wanted = 0.3 + model.max(axis=1)
    pi = np.minimum(1.0, wanted * scenario.gold / wanted.sum())
    drawn = rng.random(len(document)) < pi
    sums = np.column_stack([np.bincount(document, model[:, one], len(place)) for one in (0, 1)]).astype(np.float64)
    passages = np.bincount(document, np.ones(len(document)), len(place)).astype(np.float64)
    return (
        YearlyDocuments(country, year, passages, sums),
        GoldPassages(where[drawn], 1 / pi[drawn], model[drawn], code[drawn]),
    )


def one(rng: np.random.Generator, scenario: LagScenario) -> list[LeadAndLag]:
    """Return the estimates of one simulated organization."""
    return lead_and_lag(*simulate(rng, scenario))


def rows(scenario: LagScenario, corpora: int, seed: int) -> list[str]:
    """Return a row of the table for each lag that is looked at."""
    rng = np.random.default_rng(seed)
    found = [{each.lag: each for each in one(rng, scenario)} for _ in range(corpora)]
    right = truth(scenario)
    lines = []
    for lag in (0, LEAD):
        own = [each[lag] for each in found if not each[lag].reason]
        covered = np.mean([each.lower <= right[lag] <= each.upper for each in own])
        lines.append(
            f"| {scenario.countries} x {scenario.years} | {scenario.documents:g} | {scenario.gold} | {lag} | {right[lag]:.2f} | {len(own)} | "
            f"{np.mean([each.estimate for each in own]):.2f} | {covered:.3f} | {np.mean([each.naive for each in own]):.2f} |"
        )
    return lines


HEAD = (
    "| countries x years | documents a year | gold | lag | true correlation | corpora | mean estimate | covered | mean naive correlation |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def main() -> None:
    """Print two rows for each scenario: lag 0, and the planted lead."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(HEAD)
    for scenario in SCENARIOS:
        print("\n".join(rows(scenario, options.corpora, options.seed)), flush=True)


if __name__ == "__main__":
    main()
