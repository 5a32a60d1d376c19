"""The designs by name: from what a person asks for and the facts of a frame to a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from entente.errors import BadInput
from models.sampling.allocation import Allocation, allocate, mixed_size, proportional_probabilities
from models.sampling.plans import Floats, GroupPlan, Integers, Plan, PoissonPlan, SystematicPlan, TwoStagePlan

DesignName = Literal["simple", "stratified", "cluster", "enriched", "active"]


@dataclass(frozen=True, slots=True)
class Design:
    """What is asked for.

    Attributes:
        name: simple; stratified (by the units' strata); cluster (documents, then passages within them); enriched (more of what scores
            high); active (more of what the model is unsure of, spread over documents).
        number: units to draw (for cluster: documents; for a Poisson draw: units expected).
        allocation: over strata.
        least: the least number of each stratum.
        per_cluster: units of each drawn document.
        by_size: whether documents are drawn in proportion to their number of units.
        floor: the share of an enriched or active sample that is spread evenly.
        fixed_size: whether an enriched sample is drawn at even steps instead of unit by unit.
    """

    name: DesignName
    number: int
    allocation: Allocation = "proportional"
    least: int = 2
    per_cluster: int = 5
    by_size: bool = False
    floor: float = 0.2
    fixed_size: bool = False

    def facts(self) -> dict[str, object]:
        """Return what of it matters for this design, to be kept with the sample."""
        mine: dict[DesignName, tuple[str, ...]] = {
            "simple": (),
            "stratified": ("allocation", "least"),
            "cluster": ("per_cluster", "by_size"),
            "enriched": ("floor", "fixed_size"),
            "active": ("floor",),
        }
        return {"number": self.number, **{name: getattr(self, name) for name in mine[self.name]}}


@dataclass(frozen=True, slots=True)
class Units:
    """The units of a frame, in the frame's order.

    Attributes:
        ids: identifiers, all different.
        cluster: the document of each.
        stratum: the stratum of each; empty where there are none.
        score: what enriched and active designs follow, not negative; None where there is none.
        spread: by unit, the variance of what is to be estimated, for Neyman's allocation; None where unknown.
    """

    ids: Sequence[str]
    cluster: Sequence[str]
    stratum: Sequence[str] = field(default_factory=tuple)
    score: Floats | None = None
    spread: Floats | None = None


def plan_of(design: Design, units: Units) -> Plan:
    """Return the plan of a design over a frame.

    Raises:
        BadInput: when the frame is empty or too small, or lacks what the design needs.
    """
    size = len(units.ids)
    if not size:
        raise BadInput("The frame is empty: no passage fits these filters. Widen them.")
    if design.number < 1:
        raise BadInput(f"A sample of {design.number} cannot be drawn; ask for at least 1.")
    if design.name == "simple":
        return _simple(size, design.number)
    if design.name == "stratified":
        return _stratified(design, units)
    if design.name == "cluster":
        return _cluster(design, units)
    if units.score is None:
        raise BadInput(f"An {design.name} sample needs scores; say by which label or which words.")
    probability = proportional_probabilities(mixed_size(units.score, design.floor), design.number)
    if design.name == "enriched" and not design.fixed_size:
        return PoissonPlan(probability)
    return SystematicPlan(probability, _spread_order(units))


def _simple(size: int, number: int) -> GroupPlan:
    take = allocate(np.array([size]), number, least=0)
    return GroupPlan(np.zeros(size, dtype=np.int64), take)


def _stratified(design: Design, units: Units) -> GroupPlan:
    if len(units.stratum) != len(units.ids):
        raise BadInput("A stratified sample needs strata; say by which columns.")
    _names, group = _codes(units.stratum)
    sizes = np.bincount(group)
    spread = None
    if design.allocation == "neyman":
        if units.spread is None:
            raise BadInput(
                "Neyman's allocation needs scores of a label to be estimated; say which (for example stage=compliance)."
            )
        spread = np.sqrt(np.bincount(group, units.spread) / sizes)
    return GroupPlan(group, allocate(sizes, design.number, design.allocation, spread=spread, least=design.least))


def _cluster(design: Design, units: Units) -> TwoStagePlan:
    names, cluster = _codes(units.cluster)
    sizes = np.bincount(cluster)
    if design.number > len(names):
        raise BadInput(f"{design.number} documents cannot be drawn: the frame holds {len(names)}. Draw fewer or widen the frame.")
    if design.per_cluster < 1:
        raise BadInput(f"{design.per_cluster} passages of each document cannot be drawn; ask for at least 1.")
    first = (
        proportional_probabilities(sizes.astype(np.float64), design.number)
        if design.by_size
        else np.full(len(names), design.number / len(names))
    )
    return TwoStagePlan(cluster, first, np.minimum(sizes, design.per_cluster), design.by_size)


def _spread_order(units: Units) -> Integers:
    """Return the units by stratum (the model's own labels, in an active sample) and document: even steps along it give variety."""
    _names, cluster = _codes(units.cluster)
    _strata, stratum = _codes(units.stratum or [""] * len(units.ids))
    return np.lexsort((np.arange(len(units.ids)), cluster, stratum))


def _codes(names: Sequence[str]) -> tuple[list[str], Integers]:
    """Return the different names in order, and each name's place among them."""
    different = sorted(set(names))
    place = {name: n for n, name in enumerate(different)}
    return different, np.array([place[name] for name in names], dtype=np.int64)
