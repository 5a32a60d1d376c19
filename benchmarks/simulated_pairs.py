"""Simulated organizations whose countries took known steps at known dates: what a perfect reader would code, and what a classifier says.

Countries move forward along the steps at random times; documents come irregularly, and each has its own mix of passages around what its
country's step makes likely. The classifier sees each passage by itself: its probabilities are right over all passages (calibrated) unless errors
are planted, alike in all countries or different in each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

STEPS = ("initiation", "trust_building", "information_exchange", "policy_influence", "compliance")
STAGES = ("none", *STEPS)
WAYS = ("realized", "prospective", "negated")
VOICES = ("igo", "host_government", "third_party", "joint")
STANCES = ("cooperation", "contestation", "mixed", "neutral")
YEARS = 20
_FIRST = date(2000, 1, 1)
_VOICES = np.array([0.6, 0.2, 0.15, 0.05])
_STANCES = np.array([0.35, 0.15, 0.05, 0.45])


@dataclass(frozen=True)
class PairScenario:
    """What is simulated: `documents` a year and `passages` a document are means, `gold` passages are expected of an organization.

    `signal` is how well the classifier tells categories apart; `errors` and `country_errors` are standard deviations of what is added to the
    logarithms of its probabilities, the same in all countries or of each country. With `by_the_law` labels are drawn from the probabilities
    themselves, each passage by itself: what the draws take for given.
    """

    name: str
    countries: int = 100
    documents: float = 1.0
    passages: int = 15
    signal: float = 3.0
    gold: int = 300
    errors: float = 0.0
    country_errors: float = 0.0
    alike: float = 0.15
    by_the_law: bool = False


@dataclass(frozen=True)
class Organization:
    """Documents in the order of country and date, and their passages.

    Attributes:
        country, published: of each document.
        document: of each passage.
        codes: what a perfect reader says of each passage: numbers of stage, way (-1 for none), voice, stance.
        probabilities: what the classifier says, by dimension; for realization of `WAYS` and not_applicable.
        inclusion_probability, is_drawn: the gold sample.
    """

    country: Integers
    published: list[date]
    document: Integers
    codes: dict[str, Integers]
    probabilities: dict[str, Floats]
    inclusion_probability: Floats
    is_drawn: NDArray[np.bool_]


def simulate(rng: np.random.Generator, scenario: PairScenario) -> Organization:
    """Return an organization of the scenario."""
    country, day = _documents(rng, scenario)
    mix = _mixes()[_steps_reached(rng, scenario)[country, day // 366]]
    own = rng.gamma(np.maximum(mix * (1 / scenario.alike - 1), 1e-3))
    own /= own.sum(axis=1, keepdims=True)
    document = np.repeat(np.arange(len(country)), 2 + rng.poisson(rng.gamma(2, scenario.passages / 2, len(country))))
    kind = _choose(rng, own[document])
    codes = {"stage": np.where(kind > 0, (kind - 1) // len(WAYS) + 1, 0), "way": np.where(kind > 0, (kind - 1) % len(WAYS), -1)}
    codes["voice"] = _choose(rng, np.tile(_VOICES, (len(kind), 1)))
    codes["stance"] = _choose(rng, np.tile(_STANCES, (len(kind), 1)))
    found = np.flatnonzero((codes["stage"] == len(STEPS)) & (codes["way"] == 0))
    # What complies is mostly said by the organization, and with approval.
    codes["voice"][found] = _choose(rng, np.tile([0.75, 0.2, 0.05, 0.0], (len(found), 1)))
    codes["stance"][found] = _choose(rng, np.tile([0.85, 0.0, 0.1, 0.05], (len(found), 1)))
    where = country[document]
    # An error of a step is the same in all its ways, and one of a way in all steps: dimensions err each by itself.
    parts = _errors(rng, scenario, len(STAGES)), _errors(rng, scenario, len(WAYS))
    off = np.column_stack([parts[0][:, 0], (parts[0][:, 1:, None] + parts[1][:, None, :]).reshape(scenario.countries, -1)])
    joint = _posterior(rng, scenario, kind, off[where])
    ways = joint[:, 1:].reshape(len(kind), len(STEPS), len(WAYS))
    probabilities = {
        "stage": np.column_stack([joint[:, 0], ways.sum(axis=2)]),
        "realization": np.column_stack([ways.sum(axis=1), joint[:, 0]]),
        "voice": _posterior(rng, scenario, codes["voice"], _errors(rng, scenario, len(VOICES))[where]),
        "stance": _posterior(rng, scenario, codes["stance"], _errors(rng, scenario, len(STANCES))[where]),
    }
    if scenario.by_the_law:
        codes = {name: _choose(rng, probabilities[name]) for name in ("stage", "voice", "stance")}
        way = probabilities["realization"][:, : len(WAYS)]
        codes["way"] = np.where(codes["stage"] > 0, _choose(rng, way / way.sum(axis=1, keepdims=True)), -1)
    size = 0.3 + 1 - probabilities["stage"][:, 0]
    pi = np.minimum(1.0, size * scenario.gold / size.sum())
    published = [_FIRST + timedelta(days=int(one)) for one in day]
    return Organization(country, published, document, codes, probabilities, pi, rng.random(len(kind)) < pi)


def _documents(rng: np.random.Generator, scenario: PairScenario) -> tuple[Integers, Integers]:
    number = 2 + rng.poisson(scenario.documents * YEARS - 2, scenario.countries)
    country = np.repeat(np.arange(scenario.countries), number)
    day = rng.integers(0, YEARS * 365, len(country))
    order = np.lexsort((day, country))
    return country[order], day[order]


def _steps_reached(rng: np.random.Generator, scenario: PairScenario) -> Integers:
    """The step that each country stands at in each year."""
    reached = np.zeros((scenario.countries, YEARS), np.int64)
    reached[:, 0] = rng.choice(4, scenario.countries, p=[0.6, 0.25, 0.1, 0.05])
    for year in range(1, YEARS):
        move = rng.choice([0, 1, 2, -1], scenario.countries, p=[0.78, 0.15, 0.03, 0.04])
        reached[:, year] = np.clip(reached[:, year - 1] + move, 0, len(STEPS) - 1)
    return reached


def _mixes() -> Floats:
    """What documents speak of at each step: earlier steps go on, the next is asked for and refused, most passages are of no step."""
    mix = np.full((len(STEPS), len(STEPS), len(WAYS)), 0.002)
    for at in range(len(STEPS)):
        mix[at, :at, 0] = 0.06
        mix[at, at, 0] = 0.15
        mix[at, at, 1] = 0.03
        if at + 1 < len(STEPS):
            mix[at, at + 1, 1:] = 0.05, 0.03
    mix[:, STEPS.index("policy_influence"), 1] = 0.08
    flat = mix.reshape(len(STEPS), -1)
    return np.column_stack([1 - flat.sum(axis=1), flat])


def _errors(rng: np.random.Generator, scenario: PairScenario, categories: int) -> Floats:
    """What is added to the logarithms of a dimension's probabilities; countries by categories."""
    alike = scenario.errors * rng.normal(size=categories)
    return np.asarray(alike + scenario.country_errors * rng.normal(size=(scenario.countries, categories)), np.float64)


def _posterior(rng: np.random.Generator, scenario: PairScenario, code: Integers, off: Floats) -> Floats:
    shares = np.bincount(code, minlength=off.shape[1]) / len(code)
    seen = rng.normal(size=off.shape)
    seen[np.arange(len(code)), code] += scenario.signal
    score = np.log(shares + 1e-6) + scenario.signal * seen + off
    chances = np.exp(score - score.max(axis=1, keepdims=True))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True), np.float64)


def _choose(rng: np.random.Generator, chances: Floats) -> Integers:
    passed = rng.random(len(chances))[:, None] > chances.cumsum(axis=1)
    return np.asarray(passed.sum(axis=1).clip(max=chances.shape[1] - 1), np.int64)
