"""A pair's own way of reporting, integrated out of the ordered-step model.

Effects of a pair on the logarithms of its classes are normal. Years of documents say much of them, so nearly all points of the prior would weigh
nothing; and a path that stands a step higher with other effects may explain the same documents, so there are several modes. Hence importance
sampling from a mixture (Owen and Zhou 2000): normal distributions around the modes that are found from several starts, with the curvature there,
and the prior itself, which bounds all weights. Points are not drawn but spread evenly (`normal_nodes.py`), so there is no chance in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from warehouse.estimates.normal_nodes import normal_nodes
from warehouse.estimates.ordered_chain import Passed, passes
from warehouse.estimates.stage_path_records import CLASSES, STATES, Evidence, Parameters, effective

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_STARTS, _AT_EACH, _OF_PRIOR = 8, 16, 32
_NEWTON_STEPS = 6
_LONGEST = 1.0
_WIDER = 1.2
"""The curvature at a mode takes the path for known, which makes the distribution too narrow."""

_PAIRS_AT_ONCE = 40


@dataclass(frozen=True, slots=True)
class OverEffects:
    """What remains when the effects are integrated out; pairs first.

    Attributes:
        passed: as of `passes`.
        relief: mean of exp(-effect) where a state is held: pairs, years, states, classes.
        effect: mean effects; pairs by classes.
    """

    passed: Passed
    relief: Floats
    effect: Floats


def over_effects(evidence: Evidence, known: Parameters, years: Integers, expected: Floats, *, firsts: bool = True) -> OverEffects:
    """Return what is known of the pairs.

    Args:
        evidence, known, years: as of the model.
        expected: the mix of sums that each state leads to; documents by states by classes.
        firsts: whether `Passed.below` is wanted.
    """
    length = int(years.max()) if len(years) else 1
    blocks = []
    # Without pairs one empty block gives arrays of the right shapes.
    for first in range(0, max(1, len(years)), _PAIRS_AT_ONCE):
        own = (evidence.pair >= first) & (evidence.pair < first + _PAIRS_AT_ONCE)
        part = replace(
            evidence,
            pair=evidence.pair[own] - first,
            year=evidence.year[own],
            counts=evidence.counts[own],
            genuine=evidence.genuine[own],
        )
        blocks.append(_block(part, known, years[first : first + _PAIRS_AT_ONCE], length, expected[own], firsts=firsts))

    def joined(name: str) -> Floats:
        return np.concatenate([getattr(one.passed, name) for one in blocks])

    return OverEffects(
        Passed(joined("likelihood"), joined("state"), joined("moves"), joined("below"), joined("back")),
        np.concatenate([one.relief for one in blocks]),
        np.concatenate([one.effect for one in blocks]),
    )


@dataclass(frozen=True, slots=True)
class _Block:
    """Some pairs: documents' pair and year, their sums as of independent codes, what is expected of them, and the pairs' years."""

    pair: Integers
    year: Integers
    sums: Floats
    expected: Floats
    years: Integers
    length: int


def _block(evidence: Evidence, known: Parameters, years: Integers, length: int, expected: Floats, *, firsts: bool) -> OverEffects:
    sums = evidence.counts * effective(evidence, known)[:, None]
    block = _Block(evidence.pair, evidence.year, sums, expected, years, length)
    if known.spread:
        effects, weights = _points(block, known)
    else:
        effects, weights = np.zeros((1, len(years), CLASSES)), np.zeros((1, len(years)))
    passed = _passes(block, known, effects, firsts=firsts)
    nodes = len(effects)
    by_node = passed.likelihood.reshape(nodes, len(years)) + weights
    top = by_node.max(axis=0)
    likelihood = top + np.log(np.exp(by_node - top).sum(axis=0))
    share = np.exp(by_node - likelihood)

    def mean(values: Floats) -> Floats:
        found: Floats = np.einsum("np,np...->p...", share, values.reshape(nodes, len(years), *values.shape[1:]))
        return found

    whole = Passed(likelihood, mean(passed.state), mean(passed.moves), mean(passed.below), mean(passed.back))
    state = passed.state.reshape(nodes, *whole.state.shape) * share[:, :, None, None]
    relief = np.matmul(
        state.transpose(1, 2, 3, 0).reshape(len(years), length * STATES, nodes), np.exp(-effects).transpose(1, 0, 2)
    ).reshape(len(years), length, STATES, CLASSES)
    return OverEffects(whole, relief, np.einsum("np,npc->pc", share, effects))


def _passes(block: _Block, known: Parameters, effects: Floats, *, firsts: bool = False) -> Passed:
    """The passes for each value of the effects (the first axis is value by pair)."""
    nodes, pairs, length = len(effects), len(block.years), block.length
    own = effects[:, block.pair].transpose(1, 2, 0)
    plain = np.einsum("dc,dsc->ds", block.sums, np.log(block.expected))
    each = plain[:, :, None] + np.matmul(block.sums[:, None, :], own)
    each -= block.sums.sum(axis=1)[:, None, None] * np.log(np.matmul(block.expected, np.exp(own)))
    said = _sums(each, block.pair * length + block.year, pairs * length)
    flat = said.reshape(pairs, length, STATES, nodes).transpose(3, 0, 1, 2).reshape(nodes * pairs, length, STATES)
    return passes(flat, known.start, known.transition, np.tile(block.years, nodes), firsts=firsts)


def _points(block: _Block, known: Parameters) -> tuple[Floats, Floats]:
    """Values of the effects, and the logarithms of prior over mixture by which their likelihoods are weighed."""
    modes, curvature = _modes(block, known)
    root = np.linalg.cholesky(np.linalg.inv(curvature)) * _WIDER
    spread = normal_nodes(_STARTS * _AT_EACH, CLASSES).reshape(_STARTS, _AT_EACH, CLASSES)
    around = modes[:, None] + np.einsum("mpij,mnj->mnpi", root, spread)
    pairs = len(block.years)
    prior = np.broadcast_to(known.spread * normal_nodes(_OF_PRIOR, CLASSES)[:, None], (_OF_PRIOR, pairs, CLASSES))
    effects = np.concatenate([around.reshape(_STARTS * _AT_EACH, pairs, CLASSES), prior])
    of_prior = -0.5 * ((effects / known.spread) ** 2).sum(axis=-1) - CLASSES * np.log(known.spread)
    parts = [of_prior + np.log(_OF_PRIOR)]
    for mode, own in zip(modes, root, strict=True):
        apart = np.einsum("pij,npj->npi", np.linalg.inv(own), effects - mode)
        scale = np.log(np.diagonal(own, axis1=1, axis2=2)).sum(axis=-1)
        parts.append(-0.5 * (apart**2).sum(axis=-1) - scale + np.log(_AT_EACH))
    # All points together stand for the mixture, so each is weighed by the whole of it.
    mixture = np.stack(parts)
    top = mixture.max(axis=0)
    return effects, of_prior - top - np.log(np.exp(mixture - top).sum(axis=0))


def _modes(block: _Block, known: Parameters) -> tuple[Floats, Floats]:
    """The modes that several starts lead to, by Newton steps with the path as the last ones have it, and the curvature there."""
    pairs, precision = len(block.years), np.eye(CLASSES) / known.spread**2
    starts = np.concatenate([np.zeros((1, CLASSES)), normal_nodes(_STARTS, CLASSES)[: _STARTS - 1]])
    effects = np.broadcast_to(known.spread * starts[:, None], (_STARTS, pairs, CLASSES)).copy()
    curvature = np.broadcast_to(precision, (_STARTS, pairs, CLASSES, CLASSES)).copy()
    total = block.sums.sum(axis=1)
    diagonal = np.arange(CLASSES)
    for _ in range(_NEWTON_STEPS):
        state = _passes(block, known, effects).state.reshape(_STARTS, pairs, block.length, STATES)
        for number in range(_STARTS):
            likely = state[number, block.pair, block.year]
            mix = block.expected * np.exp(effects[number])[block.pair][:, None, :]
            mix /= mix.sum(axis=-1, keepdims=True)
            mean = np.einsum("ds,dsc->dc", likely, mix)
            score = _sums(block.sums - total[:, None] * mean, block.pair, pairs)
            each = -np.matmul((total[:, None] * likely)[:, None, :] * mix.transpose(0, 2, 1), mix)
            each[:, diagonal, diagonal] += total[:, None] * mean
            curvature[number] = _sums(each, block.pair, pairs) + precision
            step = np.linalg.solve(curvature[number], (score - effects[number] / known.spread**2)[..., None])[..., 0]
            effects[number] += np.clip(step, -_LONGEST, _LONGEST)
    return effects, curvature


def _sums(values: Floats, group: Integers, groups: int) -> Floats:
    """Sums of the values of each group, over the first axis."""
    order = np.argsort(group, kind="stable")
    found = np.zeros((groups, *values.shape[1:]))
    which, starts = np.unique(group[order], return_index=True)
    if len(which):
        found[which] = np.add.reduceat(values[order], starts, axis=0)
    return found
