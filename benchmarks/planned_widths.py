"""Do intervals come out as wide as `entente plan width` says, and do they cover? Prints a table; ends with 1 where they do not.

Within 7 % of the target for simple samples, between 25 % below and 15 % above for the other designs, whose plan rests on more assumptions.

For each scenario: a corpus of several countries in which passages of a document are alike and the model errs more in some countries than in
others; a first gold sample; from it the plan for a target width, by design, with the model's help and without; then, again and again, a gold
sample of the planned size is drawn by the sampling plans of `entente sample` from a new corpus of the same kind, and estimated.

    python -m benchmarks.planned_widths --corpora 200
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.sampling.allocation import mixed_size, proportional_probabilities
from models.sampling.designs import Design, Units, plan_of
from warehouse.estimates.cells import Support, estimate_cells, sums_by_document
from warehouse.estimates.quantities import Quantity
from warehouse.planning.passages import QuantityPassages
from warehouse.planning.variances import Basis, cell_variances
from warehouse.planning.widths import Need, PlannedDesign, Widths

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scenario:
    """Countries of equal kind, documents in each, true share of the first and of the others, target width, first gold passages in all."""

    countries: int
    documents: int
    shares: tuple[float, float]
    width: float
    pilot: int
    kind: str = "share"
    within: float = 0.1


SCENARIOS = (
    Scenario(4, 150, (0.2, 0.35), 0.12, 200),
    Scenario(4, 150, (0.1, 0.25), 0.10, 200),
    Scenario(3, 60, (0.3, 0.45), 0.20, 120),
    Scenario(2, 400, (0.05, 0.1), 0.05, 400),
    Scenario(4, 150, (0.2, 0.35), 0.30, 200, "mean"),
    Scenario(3, 250, (0.3, 0.4), 0.25, 300, "ratio"),
)


def corpus(rng: np.random.Generator, scenario: Scenario) -> QuantityPassages:
    """Return a corpus with all its codes: `gold_y` and `gold_z` are known of every passage, none is drawn yet."""
    country = np.repeat(np.arange(scenario.countries), scenario.documents)
    share = np.where(country == 0, *scenario.shares)
    alike = 1 / scenario.within - 1
    rate = rng.beta(share * alike, (1 - share) * alike)
    document = np.repeat(np.arange(len(country)), 1 + rng.poisson(rng.gamma(2, 12, len(country))))
    where = country[document]
    y = (rng.random(len(document)) < rate[document]).astype(float)
    false_alarm = np.where(where % 2, 0.6, -0.4)
    f = 1 / (1 + np.exp(-rng.normal(3.2 * y - 2.2 + false_alarm, 1.3)))
    label = (f > 0.5).astype(float)
    z, f_z = np.ones(len(y)), np.ones(len(y))
    if scenario.kind == "ratio":
        z = (rng.random(len(y)) < 0.4).astype(float)
        f_z = 1 / (1 + np.exp(-rng.normal(2.5 * z - 1.5, 1.0)))
        f, y, label = f * f_z, y * z, label * (f_z > 0.5)
    if scenario.kind == "mean":
        f, y = f * 1.8, y * (1 + rng.binomial(2, 0.4, len(y)))
    unknown = np.full(len(y), np.nan)
    quantity = Quantity("contested", "any", "", "", is_share=scenario.kind != "mean")
    keys = tuple((n,) for n in range(scenario.countries))
    return QuantityPassages(
        quantity, ("country",), keys, document, where, np.zeros(len(y), np.int64), f, f_z, label, (f_z > 0.5).astype(float), y, z,
        unknown, np.clip(4 * f * (1 - f), 0.01, 1),
    )  # fmt: skip


def drawn(whole: QuantityPassages, chance: Floats, taken: NDArray[np.bool_], *, helped: bool = True) -> QuantityPassages:
    """Return the corpus as it is known after a draw; without help the model says nothing."""
    from dataclasses import replace

    return replace(
        whole,
        gold_y=np.where(taken, whole.gold_y, np.nan),
        gold_z=np.where(taken, whole.gold_z, np.nan),
        inclusion_probability=np.where(taken, chance, np.nan),
        model_y=whole.model_y if helped else np.zeros(len(whole.model_y)),
        model_z=whole.model_z if helped else np.zeros(len(whole.model_z)),
    )


def draw(
    rng: np.random.Generator, whole: QuantityPassages, design: PlannedDesign, need: Need, per_document: int, *, by_size: bool
) -> tuple[Floats, NDArray[np.bool_]]:
    """Draw the planned size in every cell; return inclusion probabilities and what was taken."""
    chance, taken = np.ones(len(whole.cell)), np.zeros(len(whole.cell), dtype=bool)
    for cell in range(len(whole.keys)):
        own = np.flatnonzero(whole.cell == cell)
        ids = [str(one) for one in own]
        documents = [str(one) for one in whole.document[own]]
        number = int(need.passages[cell])
        if design == "cluster":
            asked = Design(
                "cluster", min(int(need.documents[cell]), len(set(documents))), per_cluster=per_document, by_size=by_size
            )
            units = Units(ids, documents)
        elif design == "simple":
            asked, units = Design("simple", number), Units(ids, documents)
        else:
            score = np.clip(whole.model_y[own], 0, None) if design == "enriched" else whole.uncertainty[own]
            asked, units = Design(design, number), Units(ids, documents, score=score)
        plan = plan_of(asked, units)
        chance[own], taken[own] = plan.probability, plan.draw(rng)
    return chance, taken


def estimated(passages: QuantityPassages) -> tuple[Floats, Floats, Floats]:
    """Return the bounds of the cells' intervals, and the estimates."""
    sums = sums_by_document(
        passages.document, passages.inclusion_probability, passages.model_y, passages.gold_y, passages.model_z, passages.gold_z
    )
    cell = np.zeros(len(sums.passages), np.int64)
    cell[passages.document] = passages.cell
    found = estimate_cells(sums, cell, np.zeros(len(cell), np.int64), Support(), is_share=passages.quantity.is_share)
    return found.lower, found.upper, found.estimate


def sizes_of(passages: QuantityPassages) -> dict[PlannedDesign, Floats]:
    """Return the measures of size that `entente sample draw` would follow within one cell."""
    made: dict[PlannedDesign, Floats] = {"enriched": np.ones(len(passages.cell)), "active": np.ones(len(passages.cell))}
    for cell in range(len(passages.keys)):
        own = passages.cell == cell
        made["enriched"][own] = mixed_size(np.clip(passages.model_y[own], 0, None), 0.2)
        made["active"][own] = mixed_size(passages.uncertainty[own], 0.2)
    return made


def planned(
    rng: np.random.Generator,
    scenario: Scenario,
    design: PlannedDesign,
    *,
    helped: bool,
    by_size: bool = False,
    basis: Basis | None = None,
) -> tuple[Need, Widths]:
    """Return the plan made from a first gold sample of a corpus."""
    whole = corpus(rng, scenario)
    chance = proportional_probabilities(np.ones(len(whole.cell)), scenario.pilot)
    known = drawn(whole, chance, rng.random(len(chance)) < chance)
    widths = Widths(known, cell_variances(known, assume=basis), by_size=by_size, sizes=sizes_of(known))
    return widths.need(design, scenario.width, helped=helped), widths


def row(
    scenario: Scenario, design: PlannedDesign, corpora: int, seed: int, *, helped: bool, by_size: bool = False
) -> tuple[str, float, float]:
    """Return a row of the table, the median width by the target, and the coverage."""
    rng = np.random.default_rng(seed)
    true = np.where(np.arange(scenario.countries) == 0, *scenario.shares) * (1.8 if scenario.kind == "mean" else 1.0)
    spans, covered, sizes = [], [], []
    for _round in range(corpora):
        need, _widths = planned(rng, scenario, design, helped=helped, by_size=by_size)
        if np.isnan(need.passages).any():
            continue
        sizes.append(need.passages.mean())
        whole = corpus(rng, scenario)
        after = drawn(whole, *draw(rng, whole, design, need, 5, by_size=by_size), helped=helped)
        lower, upper, _estimate = estimated(after)
        spans += (upper - lower).tolist()
        covered += ((lower <= true) & (true <= upper))[np.isfinite(lower)].tolist()
    ratio = float(np.nanmedian(spans)) / scenario.width if spans else float("nan")
    name = design + (" by size" if by_size else "")
    text = (
        f"| {scenario.kind} | {scenario.countries} x {scenario.documents} | {scenario.shares[0]:g}, {scenario.shares[1]:g} | {name} | "
        f"{'yes' if helped else 'no'} | {scenario.width:g} | {np.mean(sizes) if sizes else float('nan'):.0f} | "
        f"{ratio * scenario.width:.3f} | {ratio:.2f} | {np.mean(covered) if covered else float('nan'):.3f} |"
    )
    return text, ratio, float(np.mean(covered)) if covered else float("nan")


HEAD = (
    "| quantity | countries x documents | true values | design | model helps | target width | planned passages of a country | median width | "
    "by target | covered |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(HEAD)
    right = True
    for scenario in SCENARIOS:
        for design, helped, by_size in (
            ("simple", True, False), ("simple", False, False), ("cluster", True, False), ("cluster", True, True),
            ("enriched", True, False), ("active", True, False),
        ):  # fmt: skip
            text, ratio, coverage = row(scenario, design, options.corpora, options.seed, helped=helped, by_size=by_size)  # type: ignore[arg-type]  # names of designs
            print(text, flush=True)
            low, high = (0.93, 1.07) if design == "simple" else (0.75, 1.15)
            right = right and low <= ratio <= high and coverage >= 0.92
    raise SystemExit(0 if right else 1)


if __name__ == "__main__":
    main()
