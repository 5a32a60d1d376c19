"""How many gold passages a width needs: held against textbook numbers, simulated draws, and the published estimates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from benchmarks.planned_widths import SCENARIOS, Scenario, corpus, row
from models.sampling.allocation import mixed_size
from warehouse.estimates.quantities import Quantity
from warehouse.estimates.student import quantile_at
from warehouse.planning.passages import QuantityPassages
from warehouse.planning.variances import cell_variances, intraclass
from warehouse.planning.widths import Widths, sizes_within


def uncoded(documents: int, each: int, rng: np.random.Generator, *, apart: bool = True) -> QuantityPassages:
    """Return passages of one cell without any gold; labels are independent of their document, or the same for all of it."""
    document = np.repeat(np.arange(documents), each)
    label = (rng.random(len(document)) < 0.5).astype(float)
    if not apart:
        label = (np.arange(documents) % 2).astype(float)[document]
    nothing, zeros, ones = np.full(len(document), np.nan), np.zeros(len(document), np.int64), np.ones(len(document))
    return QuantityPassages(
        Quantity("contested", "any", "", ""), ("igo",), (("UN",),), document, zeros, zeros, label * 0.8 + 0.1, ones, label, ones, nothing,
        nothing, nothing, ones,
    )  # fmt: skip


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_quantiles_are_those_of_student(confidence: float) -> None:
    freedom = np.array([1, 2, 3, 4.5, 10, 40, 1e5])
    np.testing.assert_allclose(quantile_at(freedom, confidence), student.ppf(0.5 + confidence / 2, freedom), rtol=1e-5)


def test_without_gold_the_textbook_number_for_a_simple_sample_comes_out() -> None:
    passages = uncoded(200_000, 1, np.random.default_rng(1))
    known = cell_variances(passages)
    need = Widths(passages, known).need("simple", 0.1)
    assert known.basis == ("worst",)
    # Wilson's interval of a half is as wide as 0.1 with z^2 / 0.1^2 - z^2 passages; 384 is the common rule of thumb without the second term.
    assert need.passages[0] == pytest.approx(1.959964**2 / 0.01 - 1.959964**2, abs=4)
    assert need.documents[0] == need.passages[0]


def test_passages_of_one_document_count_for_less_the_more_alike_they_are() -> None:
    rng = np.random.default_rng(2)
    apart, alike = uncoded(60, 40, rng), uncoded(60, 40, rng, apart=False)
    widths = [Widths(one, cell_variances(one)) for one in (apart, alike)]
    assert cell_variances(alike).alike[0] == pytest.approx(1, abs=0.05)
    assert widths[0].least()[0] < 0.05
    # Sixty documents that each say one thing are no more than sixty passages.
    assert widths[1].least()[0] == pytest.approx(2 * student.ppf(0.975, 59) * np.sqrt(0.25 / 60), rel=0.05)
    assert np.isnan(widths[1].need("simple", 0.1).passages[0])


def test_intraclass_correlation_is_found_again() -> None:
    rng = np.random.default_rng(3)
    document = np.repeat(np.arange(600), 6)
    values = rng.normal(0, np.sqrt(0.3), 600)[document] + rng.normal(0, np.sqrt(0.7), len(document))
    assert intraclass(values, document, document % 2) == pytest.approx(0.3, abs=0.05)
    assert intraclass(values[:1], document[:1], document[:1], prior=0.2) == 0.2


def test_the_model_helps_as_far_as_its_labels_agreed_with_codes_on_dev() -> None:
    passages = uncoded(20_000, 1, np.random.default_rng(4))
    needs = [
        float(Widths(passages, known).need("simple", 0.1).passages[0])
        for known in (cell_variances(passages), cell_variances(passages, {0: (0.8, 1.0)}))
    ]
    assert needs[1] / needs[0] == pytest.approx(1 - 0.8**2, abs=0.05)


def test_sizes_are_those_of_the_designs() -> None:
    score = np.random.default_rng(5).random(50)
    cell = np.repeat([0, 1], 25)
    both = sizes_within(cell, score, 0.2)
    np.testing.assert_allclose(both[:25], mixed_size(score[:25], 0.2))
    np.testing.assert_allclose(both[25:], mixed_size(score[25:], 0.2))


@pytest.mark.parametrize("helped", [True, False])
@pytest.mark.parametrize("scenario", [SCENARIOS[0], SCENARIOS[2], SCENARIOS[4]], ids=lambda one: f"{one.kind}-{one.documents}")
def test_planned_samples_reach_the_width_and_cover(scenario: Scenario, helped: bool) -> None:
    _text, ratio, coverage = row(scenario, "simple", 30, 7, helped=helped)
    assert 0.9 <= ratio <= 1.1
    assert coverage >= 0.9


def test_the_width_of_more_passages_is_smaller_and_that_of_all_is_the_least() -> None:
    whole = corpus(np.random.default_rng(6), SCENARIOS[2])
    drawn = np.random.default_rng(7).random(len(whole.cell)) < 0.05
    known = replace(
        whole,
        gold_y=np.where(drawn, whole.gold_y, np.nan),
        gold_z=np.where(drawn, whole.gold_z, np.nan),
        inclusion_probability=np.where(drawn, 0.05, np.nan),
    )
    widths = Widths(known, cell_variances(known))
    spans = [widths.expected(np.full(3, float(number))) for number in (30, 100, 400)]
    assert (spans[0] > spans[1]).all()
    assert (spans[1] > spans[2]).all()
    assert (spans[2] > widths.least()).all()
