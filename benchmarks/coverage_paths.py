"""Simulated pairs with known stage paths: do the ordered-step model's credible sets hold the truth, and does it do better than a majority vote?

Paths move forward mostly, with setbacks. Documents come irregularly and differ in what they speak of; a country has its own way of reporting;
the classifier errs, and errs differently in each country; gold passages are few and drawn with unequal probabilities.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from warehouse.estimates.stage_path_evidence import confusion_of, evidence_of
from warehouse.estimates.stage_path_model import fit, posterior
from warehouse.estimates.stage_path_records import CLASSES, STATES, Evidence, years_of
from warehouse.estimates.stage_path_tables import smallest_sets

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class PathScenario:
    """`documents` a year and `passages` a document are means; `signal` is how well the classifier tells classes apart; `gold` is in all."""

    pairs: int
    years: int
    documents: float
    passages: int
    signal: float
    gold: int
    country_errors: float = 0.4
    own_ways: float = 0.3
    alike: float = 0.15


SCENARIOS = (
    PathScenario(100, 20, 1.0, 15, 3.0, 300),
    PathScenario(100, 20, 0.5, 8, 3.0, 100),
    PathScenario(100, 20, 1.0, 15, 2.0, 100),
    PathScenario(30, 25, 1.0, 15, 3.0, 100),
    PathScenario(100, 20, 1.0, 15, 3.0, 0),
    PathScenario(100, 20, 1.0, 15, 2.0, 300, country_errors=0.8),
)


def simulate(rng: np.random.Generator, scenario: PathScenario) -> tuple[Evidence, Integers, Integers]:
    """Return the evidence, the true states (pairs by years), and the majority vote's states (-1 where there is no document)."""
    truth = _paths(rng, scenario)
    pairs, years = truth.shape
    number = rng.poisson(scenario.documents, truth.shape)
    number[:, 0] = np.maximum(number[:, 0], 1)
    number[:, -1] = np.maximum(number[:, -1], 1)
    place = np.repeat(np.arange(pairs * years), number.ravel())
    pair, year = place // years, place % years
    ways = np.exp(scenario.own_ways * rng.normal(size=(pairs, CLASSES + 1)))
    mix = _mixes()[truth[pair, year]] * ways[pair]
    mix /= mix.sum(axis=1, keepdims=True)
    alike = 1 / scenario.alike - 1
    own = rng.gamma(np.maximum(mix * alike, 1e-3))
    own /= own.sum(axis=1, keepdims=True)
    document = np.repeat(np.arange(len(place)), 1 + rng.poisson(rng.gamma(2, scenario.passages / 2, len(place))))
    code = (rng.random(len(document))[:, None] > own.cumsum(axis=1)[document]).sum(axis=1).clip(max=CLASSES)
    shares = np.bincount(code, minlength=CLASSES + 1) / len(code)
    # Calibrated over all countries together, and wrong in each.
    bias = scenario.country_errors * rng.normal(size=(pairs, CLASSES + 1))
    seen = rng.normal(size=(len(code), CLASSES + 1))
    seen[np.arange(len(code)), code] += scenario.signal
    score = np.log(shares + 1e-6) + scenario.signal * seen + bias[pair[document]]
    q = np.exp(score - score.max(axis=1, keepdims=True))
    q /= q.sum(axis=1, keepdims=True)
    counts = np.column_stack([np.bincount(document, q[:, one], len(place)) for one in range(CLASSES)]).astype(np.float64)
    wanted = 0.3 + 1 - q[:, CLASSES]
    pi = np.minimum(1.0, wanted * scenario.gold / wanted.sum())
    drawn = rng.random(len(code)) < pi
    confusion = confusion_of(q[drawn], code[drawn], 1 / np.where(drawn, pi, 1.0)[drawn], q.mean(axis=0))
    evidence = evidence_of(
        pair, year, counts, np.bincount(document, np.ones(len(document)), len(place)).astype(np.float64), confusion
    )
    label = q.argmax(axis=1)
    votes = np.zeros((pairs * years, STATES))
    realized = label < STATES
    np.add.at(votes, (place[document[realized]], label[realized]), 1)
    vote = np.where(votes.sum(axis=1) > 0, votes.argmax(axis=1), -1).reshape(pairs, years)
    return evidence, truth, vote


def _paths(rng: np.random.Generator, scenario: PathScenario) -> Integers:
    truth = np.zeros((scenario.pairs, scenario.years), np.int64)
    truth[:, 0] = rng.choice(STATES, scenario.pairs, p=[0.5, 0.25, 0.15, 0.05, 0.05])
    for year in range(1, scenario.years):
        move = rng.choice([0, 1, 2, -1, -2], scenario.pairs, p=[0.80, 0.13, 0.02, 0.035, 0.015])
        truth[:, year] = np.clip(truth[:, year - 1] + move, 0, STATES - 1)
    return truth


def _mixes() -> Floats:
    """What documents speak of in each state: earlier steps go on, later ones are refused, and most passages are no evidence."""
    mix = np.zeros((STATES, CLASSES + 1))
    for state in range(STATES):
        mix[state, :state] = 0.08
        mix[state, state] = 0.18
        mix[state, STATES:CLASSES] = 0.01
        if state + 1 < STATES:
            mix[state, STATES + state + 1] = 0.05
        mix[state, CLASSES] = 1 - mix[state].sum()
    return mix


def row(scenario: PathScenario, corpora: int, seed: int) -> str:
    """Return a row of the table, over pairs and years of all corpora."""
    rng = np.random.default_rng(seed)
    held, stated, right, voted = [], [], [], []
    for _ in range(corpora):
        evidence, truth, vote = simulate(rng, scenario)
        state = posterior(evidence, fit(evidence), years_of(evidence)).state
        inside = smallest_sets(state)
        held.append(np.take_along_axis(inside, truth[..., None], -1).mean())
        stated.append((state * inside).sum(axis=-1).mean())
        there = vote >= 0
        right.append((state.argmax(axis=-1) == truth)[there].mean())
        voted.append((vote == truth)[there].mean())
    return (
        f"| {scenario.pairs} x {scenario.years} | {scenario.documents:g} | {scenario.passages} | {scenario.signal:g} | {scenario.gold} | "
        f"{scenario.country_errors:g} | {np.mean(held):.3f} | {np.mean(stated):.3f} | {np.mean(right):.2f} | {np.mean(voted):.2f} |"
    )


HEAD = (
    "| pairs x years | documents a year | passages | signal | gold | country errors | set holds the step | its stated probability | "
    "model right | majority vote right |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def main() -> None:
    """Print a row for each scenario."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(HEAD)
    for scenario in SCENARIOS:
        print(row(scenario, options.corpora, options.seed), flush=True)


if __name__ == "__main__":
    main()
