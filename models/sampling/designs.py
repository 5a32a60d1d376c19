"""The designs by name: from what a person asks for and the facts of a frame to a plan."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from entente.errors import BadInput
from models.sampling.allocation import Allocation, allocate, mixed_size, proportional_probabilities
from models.sampling.plans import Floats, GroupPlan, Integers, Plan, PoissonPlan, SystematicPlan, TwoStagePlan

DesignName = Literal["simple", "stratified", "cluster", "enriched", "active"]


OPTIONS: dict[DesignName, tuple[str, ...]] = {
    "simple": (),
    "stratified": ("allocation", "least", "by", "label"),
    "cluster": ("per_document", "by_size"),
    "enriched": ("floor", "fixed_size", "by", "label", "word"),
    "active": ("floor", "by"),
}
"""The options of each design, by the names of `entente sample draw`; any other is refused rather than passed over."""


FIELDS = {
    "allocation": "allocation", "least": "least", "per_document": "per_cluster", "by_size": "by_size", "floor": "floor",
    "fixed_size": "fixed_size",
}  # fmt: skip
"""The attribute of `Design` behind an option; the others say what strata and scores are made of."""


def check_options(name: DesignName, given: Collection[str], *, allocation: str, fixed_size: bool) -> None:
    """Check that a design has the options that were given.

    Args:
        name: the design.
        given: the options that somebody has set, by the names of `OPTIONS`; those that every design has are not looked at.
        allocation: how a stratified sample is spread: only Neyman's allocation looks at a label.
        fixed_size: whether an enriched sample is drawn at even steps: only then strata order it.

    Raises:
        BadInput: when an option would have no effect.
    """
    known = {option for some in OPTIONS.values() for option in some}
    for option in given:
        if option in known and option not in OPTIONS[name]:
            has = ", ".join(design for design, some in OPTIONS.items() if option in some)
            raise BadInput(
                f"{_written(option)} has no effect with the design {name}; it belongs to: {has}. Leave it out, or change --design."
            )
    if name == "stratified" and "label" in given and allocation != "neyman":
        raise BadInput(
            f"--label has no effect in a stratified sample with {allocation} allocation. Leave it out, or say --allocation neyman."
        )
    if name == "enriched" and "by" in given and not fixed_size:
        raise BadInput(
            "--by has no effect in an enriched sample that is drawn passage by passage. Leave it out, or say --fixed-size."
        )
    if "label" in given and "word" in given:
        raise BadInput("An enriched sample follows a label or words, not both. Leave --label or --word out.")


def _written(option: str) -> str:
    return "--" + option.replace("_", "-")


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
        return {"number": self.number, **{FIELDS[one]: getattr(self, FIELDS[one]) for one in OPTIONS[self.name] if one in FIELDS}}


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
    if design.least < 1:
        raise BadInput(
            f"A least number of {design.least} is not allowed: a stratum without any draw has no chance to be drawn. Say at least 1."
        )
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
