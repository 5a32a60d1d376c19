"""Do the 95 % intervals of `regress` hold the true coefficients? Simulated corpora with a known regression, few codes and a model that errs.

The outcome depends on the country (two of them) and on the date of the document; passages of a document are alike (a Gaussian copula, so that
the coefficients stay exactly those that are planted). The quality of the text says nothing of the outcome, but the model sees more of it
where text was read badly, and more in the second country. Gold passages are drawn with unequal probabilities that follow the model. Beside
it stands what the same regression says of predicted labels, clustered by document, too.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from entente.errors import BadInput
from warehouse.estimates.regression import regress

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Link = Literal["linear", "logit"]
COEFFICIENTS = ("constant", "country", "date", "quality")
PLANTED: dict[Link, Floats] = {"linear": np.array([0.25, 0.12, 0.06, 0.0]), "logit": np.array([-1.1, 0.6, 0.3, 0.0])}


@dataclass(frozen=True)
class RegressionScenario:
    """`documents` and `gold` (expected) are those of the whole corpus, about 25 passages a document; `alike` is the copula's correlation."""

    link: Link
    documents: int
    gold: int
    alike: float = 0.3


@dataclass(frozen=True)
class RegressionCorpus:
    """Passages, one entry each; `code` and `inclusion_probability` are not-a-number where a passage was not drawn."""

    covariates: Floats
    model: Floats
    code: Floats
    inclusion_probability: Floats
    document: Integers


SCENARIOS = (
    RegressionScenario("linear", 200, 400),
    RegressionScenario("linear", 80, 120),
    RegressionScenario("linear", 80, 40),
    RegressionScenario("linear", 16, 60),
    RegressionScenario("logit", 200, 400),
    RegressionScenario("logit", 80, 120),
    RegressionScenario("logit", 80, 60),
    RegressionScenario("logit", 16, 60),
)


def simulate(rng: np.random.Generator, scenario: RegressionScenario) -> RegressionCorpus:
    """Return a corpus whose true coefficients are `PLANTED`."""
    date = rng.uniform(-1.5, 1.5, scenario.documents)
    second = (np.arange(scenario.documents) % 2).astype(np.float64)
    document = np.repeat(np.arange(scenario.documents), 1 + rng.poisson(rng.gamma(2, 12, scenario.documents)))
    quality = np.clip(rng.beta(6, 2, scenario.documents)[document] + 0.1 * rng.normal(size=len(document)), 0, 1)
    covariates = np.column_stack([np.ones(len(document)), second[document], date[document], quality])
    mean = covariates @ PLANTED[scenario.link]
    if scenario.link == "linear":
        mean = np.log(mean / (1 - mean))
    shared = rng.normal(size=scenario.documents)[document]
    place = np.sqrt(scenario.alike) * shared + np.sqrt(1 - scenario.alike) * rng.normal(size=len(document))
    # The share of standard normal numbers below `place` is uniform over passages and alike within documents.
    y = (_normal_share(place) < 1 / (1 + np.exp(-mean))).astype(np.float64)
    false_alarm = np.where(second[document] > 0, 1.0, -0.4) + 2.0 * (1 - quality)
    model = 1 / (1 + np.exp(-rng.normal(3.2 * y - 2.5 + false_alarm, 1.3)))
    size = 0.3 + model
    pi = np.minimum(1.0, size * scenario.gold / size.sum())
    drawn = rng.random(len(document)) < pi
    return RegressionCorpus(covariates, model, np.where(drawn, y, np.nan), np.where(drawn, pi, np.nan), document)


def _normal_share(values: Floats) -> Floats:
    from scipy.special import ndtr

    return np.asarray(ndtr(values), np.float64)


def row(scenario: RegressionScenario, corpora: int, seed: int) -> tuple[str, list[float]]:
    """Return a row of the table, and the coverages in it."""
    rng = np.random.default_rng(seed)
    right = PLANTED[scenario.link]
    held, naive_held, off, width = [], [], [], []
    for _ in range(corpora):
        one = simulate(rng, scenario)
        label = (one.model > 0.5).astype(np.float64)
        naive = regress(one.covariates, label, label, np.ones(len(label)), one.document, scenario.link)
        naive_held.append((naive.lower <= right) & (right <= naive.upper))
        off.append(naive.estimate - right)
        try:
            found = regress(one.covariates, one.model, one.code, one.inclusion_probability, one.document, scenario.link)
        except BadInput:
            continue
        held.append((found.lower <= right) & (right <= found.upper))
        width.append(found.upper - found.lower)
    rates = np.mean(held, axis=0)
    covered = " | ".join(f"{one:.3f}" for one in rates)
    naive_covered = ", ".join(f"{one:.2f}" for one in np.mean(naive_held, axis=0))
    text = (
        f"| {scenario.link} | {scenario.documents} | {scenario.gold} | {len(held) / corpora:.2f} | {np.median(width, axis=0)[1]:.2f} | "
        f"{covered} | {np.mean(off, axis=0)[1]:+.2f} | {naive_covered} |"
    )
    return text, rates.tolist()


HEAD = (
    "| regression | documents | gold | given | width, country | "
    + " | ".join(f"covered, {one}" for one in COEFFICIENTS)
    + " | naive country is off by | covered by the naive |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def main() -> None:
    """Print a row for each scenario."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(HEAD)
    rates: list[float] = []
    for scenario in SCENARIOS:
        line, found = row(scenario, options.corpora, options.seed)
        print(line, flush=True)
        rates += found
    print(f"\nlowest coverage {min(rates):.3f}, highest {max(rates):.3f}, {options.corpora} corpora each")
    raise SystemExit(0 if min(rates) >= 0.93 else 1)


if __name__ == "__main__":
    main()
