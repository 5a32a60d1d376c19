"""The ordered-step model: which step an organization and a country had reached in each year, with its uncertainty.

Hidden is one state a year, the steps in their order. It moves forward mostly; setbacks are allowed. What documents say depends on it: in a
state, realized passages speak of its step and of earlier ones, refusals rather of later ones. `none` and requests say nothing: only the mix
of evidence counts, not how much of it there is. Seen are sums of the classifier's probabilities by document; a matrix of its errors says what
sums a true mix leads to (a hidden Markov model with misclassified emissions). Passages of a document are alike, so a document counts for fewer
passages than it has (Kish 1965), by how far documents differ in what tells neighbouring states apart: the likelihood is a quasi-likelihood
(Wedderburn 1974). Every pair may have a way of reporting of its own: its effects on the classes are integrated out. Parameters are those of all
pairs together, by EM with priors (Dempster, Laird and Rubin 1977); there is no chance in it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from warehouse.estimates.ordered_chain import Passed
from warehouse.estimates.stage_path_effects import over_effects
from warehouse.estimates.stage_path_records import CLASSES, STATES, Evidence, Parameters, effective, expected_mix, years_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

VERSION = 2
"""To be raised when the same evidence shall give other numbers."""

_ROUNDS, _MORE_ROUNDS = 15, 4
_PRIOR_PASSAGES = 30.0
_LEAK = 0.05
_SPREADS = (0.2, 0.35, 0.55, 0.85)
_ALIKE = 0.15


def first_parameters() -> Parameters:
    """Return what the theory says before anything was seen: the prior means."""
    return Parameters(_normal(_start_prior()), _normal(_move_prior()), _mix_prior(), 1.0, _ALIKE, 0.0)


def fit(evidence: Evidence) -> Parameters:
    """Return the parameters under which all pairs together are most probable, with the priors."""
    known = first_parameters()
    years = years_of(evidence)
    for _ in range(_ROUNDS):
        known = _improved(evidence, known, years)
    tried = [replace(known, spread=one) for one in _SPREADS]
    known = max(tried, key=lambda one: float(posterior(evidence, one, years, firsts=False).likelihood.sum()))
    for _ in range(_MORE_ROUNDS if known.spread else 0):
        known = _improved(evidence, known, years)
    return known


def posterior(evidence: Evidence, known: Parameters, years: Integers, *, firsts: bool = True) -> Passed:
    """Return what is known of each pair in each year, its own effects integrated out."""
    return over_effects(evidence, known, years, expected_mix(evidence, known), firsts=firsts).passed


def _improved(evidence: Evidence, known: Parameters, years: Integers) -> Parameters:
    expected = expected_mix(evidence, known)
    found = over_effects(evidence, known, years, expected, firsts=False)
    whole = found.passed
    # What a pair's own way of reporting adds to a class is taken off its sums.
    kept = found.relief[evidence.pair, evidence.year]
    genuine = evidence.counts * (effective(evidence, known) * evidence.genuine)[:, None]
    # Each sum is shared among the true classes that may have led to it.
    sums = (kept * genuine[:, None, :] / expected).sum(axis=0)
    taken = known.mix * (sums @ evidence.confusion[:CLASSES].T)
    within, between = _dispersion(evidence, expected * np.exp(found.effect)[evidence.pair][:, None, :], whole.state)
    return Parameters(
        _normal(whole.state[:, 0].sum(axis=0) + _start_prior()),
        _normal(whole.moves.sum(axis=0) + _move_prior()),
        _capped(_normal(taken + _PRIOR_PASSAGES * _mix_prior())),
        within,
        between,
        known.spread,
    )


def _dispersion(evidence: Evidence, expected: Floats, state: Floats) -> tuple[float, float]:
    """How much more the evidence for a state against its neighbours varies than that of independent codes would.

    By least squares over documents: the variance of one passage and what each further passage of the document adds.
    """
    mix = _normal(expected)
    total = evidence.counts.sum(axis=1)
    likely = state[evidence.pair, evidence.year]
    squares, variance = np.zeros(len(total)), np.zeros(len(total))
    for one in range(STATES):
        for other in {max(one - 1, 0), min(one + 1, STATES - 1)} - {one}:
            contrast = np.log(mix[:, other] / mix[:, one])
            mean = (mix[:, one] * contrast).sum(axis=1)
            squares += likely[:, one] * ((evidence.counts * contrast).sum(axis=1) - total * mean) ** 2
            variance += likely[:, one] * total * ((mix[:, one] * contrast**2).sum(axis=1) - mean**2)
    kept = variance > 1e-9
    unit, more = squares[kept] / variance[kept], np.maximum(total[kept] - 1, 0.0)
    weight = variance[kept] / (1 + _ALIKE * more) ** 2
    weight /= max(float(weight.mean()), 1e-9) if len(weight) else 1.0
    rows = np.column_stack([np.ones(len(unit)), more])
    # A prior of a few documents: independent codes, and passages of a document somewhat alike.
    prior = np.array([10.0, 100.0])
    found = np.linalg.solve(
        (rows * weight[:, None]).T @ rows + np.diag(prior), (rows * weight[:, None]).T @ unit + prior * np.array([1.0, _ALIKE])
    )
    return float(np.clip(found[0], 0.1, 3.0)), float(np.clip(found[1], 0.01, 1.0))


_STEP = np.arange(STATES)


def _capped(mix: Floats) -> Floats:
    """A state in which a later step is realized as often as in that step's own state would not be the state that it is named after."""
    own = np.diag(mix[:, :STATES])
    realized = np.where(_STEP[None, :] > _STEP[:, None], np.minimum(mix[:, :STATES], _LEAK * own[None, :]), mix[:, :STATES])
    return _normal(np.hstack([realized, mix[:, STATES:]]))


def _mix_prior() -> Floats:
    behind = _STEP[:, None] - _STEP[None, :]
    realized = np.where(behind >= 0, 0.7 ** np.maximum(behind, 0), 0.02)
    negated = np.where(behind >= 0, 0.08, np.where(behind == -1, 0.25, 0.15))
    return _normal(np.hstack([realized, negated]))


def _move_prior() -> Floats:
    ahead = _STEP[None, :] - _STEP[:, None]
    return np.select([ahead == 0, ahead == 1, ahead > 1, ahead == -1], [16.0, 2.4, 0.4, 0.6], 0.2)


def _start_prior() -> Floats:
    return np.array([2.0, 1.5, 1.0, 0.5, 0.5])


def _normal(rows: Floats) -> Floats:
    found: Floats = rows / rows.sum(axis=-1, keepdims=True)
    return found
