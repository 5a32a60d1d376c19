"""Sampling plans: what a design promises (the inclusion probability of every unit of the frame) and the draw that keeps the promise.

A plan is fixed before anything random happens, so that the probabilities can be stored for the whole frame, and checked by drawing again
and again. Formulas: C.-E. Särndal, B. Swensson, J. Wretman, Model Assisted Survey Sampling (1992), chapters 2 to 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Plan(Protocol):
    """A design applied to a frame of units 0 to N - 1."""

    @property
    def probability(self) -> Floats:
        """The inclusion probability of each unit, shape (N,)."""

    def draw(self, random: np.random.Generator) -> Mask:
        """Return which units a draw takes, shape (N,)."""

    def joint(self, one: int, other: int) -> float | None:
        """Return the probability that a draw takes both units; None where the design gives no formula for it."""


@dataclass(frozen=True)
class GroupPlan:
    """Simple random sampling without replacement within groups; one group is a simple random sample.

    Attributes:
        group: the group of each unit, 0 to H - 1, shape (N,).
        take: how many units are drawn of each group, at most its size, shape (H,).
    """

    group: Integers
    take: Integers

    @property
    def probability(self) -> Floats:
        """Take over size of the unit's group."""
        sizes = np.bincount(self.group, minlength=len(self.take))
        return np.asarray(self.take[self.group] / sizes[self.group], dtype=np.float64)

    def draw(self, random: np.random.Generator) -> Mask:
        """Draw the units with the smallest random keys of each group."""
        return _rank_in_group(self.group, random.random(len(self.group))) < self.take[self.group]

    def joint(self, one: int, other: int) -> float:
        """Return n (n - 1) / (N (N - 1)) within a group, the product between groups."""
        alone = self.probability
        if one == other or self.group[one] != self.group[other]:
            return float(alone[one] if one == other else alone[one] * alone[other])
        size = int((self.group == self.group[one]).sum())
        return float(alone[one] * (self.take[self.group[one]] - 1) / (size - 1))


@dataclass(frozen=True)
class TwoStagePlan:
    """Clusters first, then a simple random sample of units within each drawn cluster.

    Attributes:
        cluster: the cluster of each unit, 0 to M - 1, shape (N,).
        first: the inclusion probability of each cluster, shape (M,); the sum is the number of clusters drawn.
        take: how many units are drawn of a cluster that was drawn, at most its size, shape (M,).
        by_size: whether clusters are drawn with unequal probabilities (systematically, in a random order) instead of as a simple random
            sample.
    """

    cluster: Integers
    first: Floats
    take: Integers
    by_size: bool

    @property
    def probability(self) -> Floats:
        """The product of both stages."""
        sizes = np.bincount(self.cluster, minlength=len(self.take))
        return np.asarray((self.first * self.take / sizes)[self.cluster], dtype=np.float64)

    def draw(self, random: np.random.Generator) -> Mask:
        """Draw clusters, and units within them."""
        clusters = len(self.first)
        if self.by_size:
            drawn = _systematic(self.first, random.permutation(clusters), float(random.random()))
        else:
            drawn = np.zeros(clusters, dtype=np.bool_)
            drawn[random.permutation(clusters)[: round(float(self.first.sum()))]] = True
        within = _rank_in_group(self.cluster, random.random(len(self.cluster))) < self.take[self.cluster]
        return np.asarray(drawn[self.cluster] & within)

    def joint(self, one: int, other: int) -> float | None:
        """Return the joint probability; None between clusters that were drawn by size, where it has no closed form."""
        mine, yours = int(self.cluster[one]), int(self.cluster[other])
        if one == other:
            return float(self.probability[one])
        if mine == yours:
            size, take = int((self.cluster == mine).sum()), int(self.take[mine])
            return float(self.first[mine] * take * (take - 1) / (size * (size - 1)))
        if self.by_size:
            return None
        clusters, drawn = len(self.first), round(float(self.first.sum()))
        if clusters < 2:
            return None
        sizes = np.bincount(self.cluster, minlength=clusters)
        both = drawn * (drawn - 1) / (clusters * (clusters - 1))
        return float(both * self.take[mine] / sizes[mine] * self.take[yours] / sizes[yours])


@dataclass(frozen=True)
class PoissonPlan:
    """Each unit is drawn by itself with its own probability: the size of the sample is random, all joint probabilities are products."""

    probability: Floats

    def draw(self, random: np.random.Generator) -> Mask:
        """Toss for every unit."""
        return np.asarray(random.random(len(self.probability)) < self.probability)

    def joint(self, one: int, other: int) -> float:
        """Return the product."""
        alone = self.probability
        return float(alone[one] if one == other else alone[one] * alone[other])


@dataclass(frozen=True)
class SystematicPlan:
    """Unequal probabilities at even steps along an order: a fixed size, and neighbours in the order seldom come together.

    Attributes:
        probability: shape (N,); the sum is the size of the sample, a whole number.
        order: the units in the order in which the steps are taken, shape (N,): a sample is spread over it.
    """

    probability: Floats
    order: Integers

    def draw(self, random: np.random.Generator) -> Mask:
        """Take a random start and steps of 1 along the cumulated probabilities."""
        return _systematic(self.probability, self.order, float(random.random()))

    def joint(self, one: int, other: int) -> float | None:
        """Return None: pairs have no closed form, and some never come together. Variances are estimated as if drawn with replacement."""
        return float(self.probability[one]) if one == other else None


def _rank_in_group(group: Integers, key: Floats) -> Integers:
    """Return the rank of each unit's key among those of its group, from 0."""
    order = np.lexsort((key, group))
    sorted_group = group[order]
    starts = np.flatnonzero(np.r_[True, sorted_group[1:] != sorted_group[:-1]]) if len(group) else np.zeros(0, dtype=np.intp)
    lengths = np.diff(np.r_[starts, len(group)])
    ranks = np.empty(len(group), dtype=np.int64)
    ranks[order] = np.arange(len(group)) - np.repeat(starts, lengths)
    return ranks


def _systematic(probability: Floats, order: Integers, start: float) -> Mask:
    """Return the units whose stretch of the cumulated probabilities holds one of start, start + 1, start + 2, ..."""
    reached = np.cumsum(probability[order])
    if len(reached):
        # The sum is a whole number but for rounding; without this the last unit could be lost or doubled.
        reached[-1] = round(float(reached[-1]))
    steps = np.ceil(reached - start)
    taken = np.zeros(len(probability), dtype=np.bool_)
    taken[order] = np.diff(np.r_[np.ceil(-start), steps]) > 0
    return taken
