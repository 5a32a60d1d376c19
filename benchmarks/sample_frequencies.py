"""Are inclusion probabilities right? Each design is drawn again and again and the empirical frequencies are held against the promised ones.

    python -m benchmarks.sample_frequencies            # 10,000 draws a design

For each unit z = (frequency - probability) / sqrt(probability (1 - probability) / draws); were all probabilities right, the largest |z| of
a few hundred units would stay below 4.5 in all but one of some hundred runs, and the mean of z squared near 1. Joint probabilities are
held against the frequencies of pairs in the same way, for designs that have a formula for them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.sampling.allocation import Allocation
from models.sampling.designs import Design, Units, plan_of
from models.sampling.plans import Floats, Plan


@dataclass(frozen=True)
class Deviation:
    """How far frequencies are from the promised probabilities: the largest |z| over units and over pairs, and the mean of z squared."""

    largest: float
    mean_square: float
    largest_pair: float | None


def deviation(plan: Plan, draws: int, seed: int, pairs: int = 300) -> Deviation:
    """Draw a plan so many times and compare."""
    random = np.random.default_rng(seed)
    promised = plan.probability
    size = len(promised)
    taken = np.zeros(size)
    ones, others = random.integers(0, size, (2, pairs))
    ones, others = ones[ones != others], others[ones != others]
    together = np.zeros(len(ones))
    for _draw in range(draws):
        mask = plan.draw(random)
        taken += mask
        together += mask[ones] & mask[others]
    z = _standardised(taken / draws, promised, draws)
    formula = [plan.joint(int(one), int(other)) for one, other in zip(ones, others, strict=True)]
    known = np.array([value is not None for value in formula])
    expected = np.array([value for value in formula if value is not None], dtype=np.float64)
    pair = float(np.abs(_standardised(together[known] / draws, expected, draws)).max()) if known.any() else None
    return Deviation(float(np.abs(z).max()), float((z**2).mean()), pair)


def _standardised(frequency: Floats, promised: Floats, draws: int) -> Floats:
    """Return z; where a unit is certain (or impossible) it is 0 when the frequency is exactly that, infinite otherwise."""
    error = np.sqrt(promised * (1 - promised) / draws)
    sure = error < 1e-12
    result = np.where(
        sure, np.where(np.abs(frequency - promised) < 1e-9, 0.0, np.inf), (frequency - promised) / np.where(sure, 1, error)
    )
    return np.asarray(result, dtype=np.float64)


def plans(size: int = 240, seed: int = 7) -> Iterator[tuple[str, Plan]]:
    """Yield every design over an invented frame with documents of unequal length and skewed scores."""
    random = np.random.default_rng(seed)
    cluster = [f"d{n:02d}" for n in np.sort(random.integers(0, 30, size) ** 2 // 30)]
    stratum = [("a", "b", "c", "d")[n] for n in np.minimum(random.geometric(0.5, size) - 1, 3)]
    score = random.beta(0.3, 3.0, size)
    units = Units([f"p{n}" for n in range(size)], cluster, stratum, score, score * (1 - score))
    yield "simple", plan_of(Design("simple", 50), units)
    allocations: tuple[Allocation, ...] = ("proportional", "equal", "neyman")
    for allocation in allocations:
        yield f"stratified, {allocation}", plan_of(Design("stratified", 61, allocation=allocation), units)
    yield "cluster, simple first stage", plan_of(Design("cluster", 8, per_cluster=4), units)
    yield "cluster, first stage by size", plan_of(Design("cluster", 8, per_cluster=4, by_size=True), units)
    yield "enriched, unit by unit", plan_of(Design("enriched", 60, floor=0.2), units)
    yield "enriched, fixed size", plan_of(Design("enriched", 60, floor=0.2, fixed_size=True), units)
    yield "active", plan_of(Design("active", 60, floor=0.1), units)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"{'design':<30} {'max |z|':>8} {'mean z^2':>9} {'max |z| of pairs':>17} {'seconds':>8}")
    for name, plan in plans():
        started = time.perf_counter()
        found = deviation(plan, given.draws, given.seed)
        pair = "no formula" if found.largest_pair is None else f"{found.largest_pair:.2f}"
        print(f"{name:<30} {found.largest:>8.2f} {found.mean_square:>9.2f} {pair:>17} {time.perf_counter() - started:>8.1f}")


if __name__ == "__main__":
    main()
