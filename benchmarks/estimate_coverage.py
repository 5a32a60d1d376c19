"""Do the 95 % intervals of the estimates cover the truth in 95 of 100 corpora? Prints a table; `--write` puts it into docs/estimates.md.

Each scenario simulates corpora of two countries with known shares: passages of a document are alike (beta-binomial), documents differ in
length, the model errs more in one country than in the other, gold passages are drawn with unequal probabilities that follow the model.
The planted difference between the errors of the two countries is 0.15 in predicted labels.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.pages import put_table
from warehouse.estimates.cells import CellEstimates, DocumentSums, Support, estimate_cells, sums_by_document
from warehouse.estimates.differences import differences

Floats = NDArray[np.float64]
PAGE = Path(__file__).parents[1] / "docs" / "estimates.md"
MARKS = ("<!-- coverage: begin -->", "<!-- coverage: end -->")
AT_ONCE = 250


@dataclass(frozen=True)
class Scenario:
    """`documents` and `gold` (expected) are those of one country, `shares` the true ones; `kind` is share, ratio or mean."""

    documents: int
    gold: int
    shares: tuple[float, float]
    kind: str = "share"
    within: float = 0.15


SCENARIOS = (
    Scenario(100, 200, (0.2, 0.35)),
    Scenario(40, 60, (0.2, 0.35)),
    Scenario(40, 30, (0.2, 0.35)),
    Scenario(12, 30, (0.2, 0.35)),
    Scenario(8, 40, (0.2, 0.35)),
    Scenario(40, 60, (0.1, 0.1)),
    Scenario(100, 200, (0.05, 0.1)),
    Scenario(40, 60, (0.5, 0.65)),
    Scenario(100, 200, (0.3, 0.45), "ratio"),
    Scenario(40, 120, (0.3, 0.45), "ratio"),
    Scenario(100, 200, (0.2, 0.35), "mean"),
    Scenario(40, 60, (0.2, 0.35), "mean"),
    Scenario(12, 30, (0.2, 0.35), "mean"),
)


def simulate(rng: np.random.Generator, scenario: Scenario, corpora: int) -> tuple[DocumentSums, NDArray[np.int64]]:
    """Return the sums by document of many corpora, and the country (2 * corpus + 0 or 1) of each document."""
    country = np.repeat(np.arange(2 * corpora), scenario.documents)
    share = np.array(scenario.shares)[country % 2]
    alike = 1 / scenario.within - 1
    rate = rng.beta(share * alike, (1 - share) * alike)
    document = np.repeat(np.arange(len(country)), 1 + rng.poisson(rng.gamma(2, 12, len(country))))
    y = (rng.random(len(document)) < rate[document]).astype(float)
    where = country[document]
    z = np.ones(len(document))
    f_z = None
    if scenario.kind == "ratio":
        z = (rng.random(len(document)) < 0.4).astype(float)
        f_z = 1 / (1 + np.exp(-rng.normal(2.5 * z - 1.5, 1.0)))
    # The model sees more contestation in the second country than there is.
    false_alarm = np.where(where % 2, 1.0, -0.4)
    f = 1 / (1 + np.exp(-rng.normal(3.2 * y - 2.2 + false_alarm, 1.3)))
    label = (f > 0.5).astype(float)
    size = 0.3 + f
    pi = np.minimum(1.0, size * scenario.gold / np.bincount(where, size)[where])
    drawn = rng.random(len(document)) < pi
    if scenario.kind == "mean":
        level = y * (1 + rng.binomial(2, 0.4, len(y)))
        f, y = f * 1.8, level
    if f_z is not None:
        f, label, y = f * f_z, label * (f_z > 0.5), y * z
    sums = sums_by_document(
        document,
        np.where(drawn, pi, np.nan),
        f,
        y,
        f_z,
        None if f_z is None else z,
        label,
        None if f_z is None else (f_z > 0.5).astype(float),
    )
    return sums, country


def truth(scenario: Scenario) -> Floats:
    """Return the true values of the two countries."""
    return np.array(scenario.shares) * (1.8 if scenario.kind == "mean" else 1.0)


def run(scenario: Scenario, corpora: int, seed: int) -> Iterator[tuple[CellEstimates, int]]:
    """Yield the estimates of the corpora, some at a time."""
    rng = np.random.default_rng(seed)
    for start in range(0, corpora, AT_ONCE):
        number = min(AT_ONCE, corpora - start)
        sums, country = simulate(rng, scenario, number)
        yield estimate_cells(sums, country, country // 2, Support(), is_share=scenario.kind != "mean", bounds=(0, 3)), number


def row(scenario: Scenario, corpora: int, seed: int) -> tuple[str, list[float]]:
    """Return a row of the table, and the coverages in it."""
    right = truth(scenario)
    covered: list[list[float]] = [[], [], [], []]
    widths, given, bias = [], [], []
    for cells, number in run(scenario, corpora, seed):
        known = np.isfinite(cells.estimate).reshape(number, 2)
        inside = ((cells.lower <= np.tile(right, number)) & (np.tile(right, number) <= cells.upper)).reshape(number, 2)
        first = 2 * np.arange(number)
        found = differences(cells, first + 1, first)
        both = known.all(axis=1)
        for place in (0, 1):
            covered[place] += inside[known[:, place], place].tolist()
        covered[2] += ((found.lower <= right[1] - right[0]) & (right[1] - right[0] <= found.upper))[both].tolist()
        half = 1.96 * np.sqrt(
            sum(
                cells.naive_estimate[first + n] * (1 - cells.naive_estimate[first + n]) / cells.passages[first + n]
                for n in (0, 1)
            )
        )
        covered[3] += (np.abs(found.naive_difference - (right[1] - right[0])) <= half).tolist()
        widths += (cells.upper - cells.lower)[known.ravel()].tolist()
        given += known.ravel().tolist()
        bias += (found.naive_difference - (right[1] - right[0])).tolist()
    rates = [float(np.mean(one)) for one in covered]
    values = ", ".join(f"{one:g}" for one in right)
    naive = f"{np.mean(bias):+.2f} | {rates[3]:.3f}" if scenario.kind != "mean" else "– | –"
    text = (
        f"| {scenario.kind} | {values} | {scenario.documents} | {scenario.gold} | {np.mean(given):.2f} | {np.mean(widths):.2f} | "
        f"{rates[0]:.3f} | {rates[1]:.3f} | {rates[2]:.3f} | {naive} |"
    )
    return text, rates[:3]


HEAD = (
    "| quantity | true values | documents | gold | given | width | covered, first country | covered, second | covered, difference | "
    "naive difference is off by | covered by the naive |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    options = parser.parse_args()
    print(HEAD)
    lines, rates = [], []
    for scenario in SCENARIOS:
        line, found = row(scenario, options.corpora, options.seed)
        print(line, flush=True)
        lines.append(line)
        rates += found
    print(f"\nlowest coverage {min(rates):.3f}, highest {max(rates):.3f}, {options.corpora} corpora each")
    if options.write:
        put_table(PAGE, MARKS, "\n".join([HEAD, *lines]))
    raise SystemExit(0 if min(rates) >= 0.93 and max(rates) <= 0.97 else 1)


if __name__ == "__main__":
    main()
