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

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from warehouse.estimates.normal_nodes import normal_nodes
from warehouse.estimates.ordered_chain import Passed, passes

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

STATES = 5
CLASSES = 2 * STATES
"""Of evidence: each step realized, then each step negated."""

VERSION = 1
"""To be raised when the same evidence shall give other numbers."""

_ROUNDS, _MORE_ROUNDS = 15, 4
_PRIOR_PASSAGES = 30.0
_LEAK = 0.05
_SPREADS = (0.2, 0.3, 0.4, 0.6, 0.8)
_ALIKE = 0.15


_NODES = normal_nodes(64, CLASSES)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Documents, one entry each.

    Attributes:
        pair: the organization and country, numbered from 0 without gaps.
        year: years since the pair's first document.
        counts: sums of probabilities of the classes; documents by `CLASSES`.
        genuine: which part of these sums comes of passages that are evidence, the rest of others that the model mistakes; 0 to 1.
        confusion: the mix of sums that passages of a class lead to; rows add up to 1, the last row is that of passages that are no evidence.
    """

    pair: Integers
    year: Integers
    counts: Floats
    genuine: Floats
    confusion: Floats


@dataclass(frozen=True, slots=True)
class Parameters:
    """What all pairs share.

    Attributes:
        start: probabilities of the states in the first year.
        transition: from year to year.
        mix: of evidence in each state; states by classes.
        within, between: variance of a document's sums against that of independent codes: of one passage, and of each further one.
        spread: standard deviation of the effects of a pair on the logarithms of its mix.
    """

    start: Floats
    transition: Floats
    mix: Floats
    within: float
    between: float
    spread: float


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


def years_of(evidence: Evidence) -> Integers:
    """Return how many years each pair has, from its first document to its last."""
    years = np.zeros(int(evidence.pair.max()) + 1 if len(evidence.pair) else 0, np.int64)
    np.maximum.at(years, evidence.pair, evidence.year + 1)
    return years


def posterior(evidence: Evidence, known: Parameters, years: Integers, *, firsts: bool = True) -> Passed:
    """Return what is known of each pair in each year, its own effects integrated out."""
    passed, effects = _all_nodes(evidence, known, years, _expected(evidence, known), firsts=firsts)
    return _integrated(passed, len(effects))[0]


def _all_nodes(
    evidence: Evidence, known: Parameters, years: Integers, expected: Floats, *, firsts: bool
) -> tuple[Passed, Floats]:
    """The passes for each value of the effects (the first axis is value by pair), and these values."""
    effects = known.spread * _NODES if known.spread else np.zeros((1, CLASSES))
    pairs, length, nodes = len(years), int(years.max()) if len(years) else 0, len(effects)
    weighted = evidence.counts * effective(evidence, known)[:, None]
    plain = np.einsum("dc,dsc->ds", weighted, np.log(expected))
    each = plain[:, :, None] + (weighted @ effects.T)[:, None, :]
    each -= weighted.sum(axis=1)[:, None, None] * np.log(expected @ np.exp(effects).T)
    said = np.zeros((pairs * length, STATES, nodes))
    np.add.at(said, evidence.pair * length + evidence.year, each)
    flat = said.reshape(pairs, length, STATES, nodes).transpose(3, 0, 1, 2).reshape(nodes * pairs, length, STATES)
    return passes(flat, known.start, known.transition, np.tile(years, nodes), firsts=firsts), effects


def _integrated(passed: Passed, nodes: int) -> tuple[Passed, Floats]:
    by_node = passed.likelihood.reshape(nodes, -1)
    top = by_node.max(axis=0)
    likelihood = top + np.log(np.exp(by_node - top).mean(axis=0))
    share = np.exp(by_node - likelihood) / nodes

    def mean(values: Floats) -> Floats:
        found: Floats = np.einsum("np,np...->p...", share, values.reshape(nodes, len(top), *values.shape[1:]))
        return found

    return Passed(likelihood, mean(passed.state), mean(passed.moves), mean(passed.below), mean(passed.back)), share


def effective(evidence: Evidence, known: Parameters) -> Floats:
    """Return by how much the sums of each document are to be multiplied to count as independent codes."""
    total = evidence.counts.sum(axis=1)
    return np.asarray(1 / (known.within + known.between * np.maximum(total - 1, 0.0)), np.float64)


def _expected(evidence: Evidence, known: Parameters) -> Floats:
    """The mix of sums that each state leads to, by document: documents by states by classes."""
    true = known.mix @ evidence.confusion[:CLASSES]
    part = evidence.genuine[:, None, None]
    return np.asarray(part * true[None] + (1 - part) * evidence.confusion[CLASSES][None, None], np.float64)


def _improved(evidence: Evidence, known: Parameters, years: Integers) -> Parameters:
    expected = _expected(evidence, known)
    passed, effects = _all_nodes(evidence, known, years, expected, firsts=False)
    whole, share = _integrated(passed, len(effects))
    by_node = passed.state.reshape(len(effects), *whole.state.shape) * share[:, :, None, None]
    # What a pair's own way of reporting adds to a class is taken off its sums.
    kept = np.einsum("npts,nc->ptsc", by_node, np.exp(-effects))[evidence.pair, evidence.year]
    genuine = evidence.counts * (effective(evidence, known) * evidence.genuine)[:, None]
    # Each sum is shared among the true classes that may have led to it.
    sums = (kept * genuine[:, None, :] / expected).sum(axis=0)
    taken = known.mix * (sums @ evidence.confusion[:CLASSES].T)
    within, between = _dispersion(evidence, expected * np.exp(share.T @ effects)[evidence.pair][:, None, :], whole.state)
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
