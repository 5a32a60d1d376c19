"""Regressions see through a model that errs differently by group; Rubin's rules add what the labels do not tell."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import coverage_regression
from entente.errors import BadInput
from warehouse.estimates.cluster_variance import clustered_variance
from warehouse.estimates.combining import combine_draws
from warehouse.estimates.regression import pseudo_outcomes, regress


def corpus(seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    document = np.repeat(np.arange(150), 20)
    x = (document % 2).astype(float)
    y = (rng.random(3000) < 0.2 + 0.1 * x).astype(float)
    model = np.clip(0.6 * y + 0.15 + 0.2 * x, 0, 1)
    pi = 0.1 + 0.3 * model
    drawn = rng.random(3000) < pi
    return np.column_stack([np.ones(3000), x]), model, np.where(drawn, y, np.nan), np.where(drawn, pi, np.nan), document, y


@pytest.mark.parametrize("link", ["linear", "logit"])
def test_coefficients_are_covered_whatever_the_model_errs(link: str) -> None:
    right = {"linear": 0.1, "logit": np.log(0.3 / 0.7) - np.log(0.2 / 0.8)}[link]
    inside = 0
    for seed in range(60):
        x, model, code, pi, document, _y = corpus(seed)
        found = regress(x, model, code, pi, document, link)  # type: ignore[arg-type]  # a string of the parameters
        inside += int(found.lower[1] <= right <= found.upper[1])
    # At 95 %, fewer than 51 of 60 come once in a thousand times.
    assert inside >= 51


def test_with_every_passage_coded_it_is_least_squares() -> None:
    x, model, _code, _pi, document, y = corpus(1)
    found = regress(x, model, y, np.ones(len(y)), document)
    np.testing.assert_allclose(found.estimate, np.linalg.lstsq(x, y, rcond=None)[0], atol=1e-9)
    np.testing.assert_allclose(pseudo_outcomes(model, y, np.ones(len(y))), y)


def test_too_few_codes_and_dependent_columns_are_refused() -> None:
    x, model, code, pi, document, _y = corpus(1)
    with pytest.raises(BadInput, match="at least 3 clusters"):
        regress(x, model, np.full(3000, np.nan), pi, document)
    with pytest.raises(BadInput, match="depend on one another"):
        regress(np.column_stack([x, x[:, 1]]), model, code, pi, document)


def test_few_documents_have_intervals_that_hold_what_they_promise() -> None:
    # The plain sandwich with as many degrees of freedom as documents with codes held the coefficient of the date in 85 of 100 corpora.
    rng = np.random.default_rng(5)
    scenario = coverage_regression.RegressionScenario("linear", 16, 60)
    right = coverage_regression.PLANTED["linear"]
    held = []
    for _ in range(200):
        one = coverage_regression.simulate(rng, scenario)
        found = regress(one.covariates, one.model, one.code, one.inclusion_probability, one.document)
        held.append((found.lower <= right) & (right <= found.upper))
    # At 95 %, fewer than 181 of 200 come once in 300 times.
    assert (np.sum(held, axis=0) >= 181).all()


def test_the_variance_of_clusters_is_bell_and_mccaffreys() -> None:
    rng = np.random.default_rng(2)
    group = rng.integers(0, 6, 40)
    _, group = np.unique(group, return_inverse=True)
    x = np.column_stack([np.ones(40), rng.normal(size=40), group < 2])
    weight = rng.uniform(0.1, 0.25, 40)
    bread = np.linalg.inv(x.T @ (x * weight[:, None])).astype(np.float64)
    residual = rng.normal(size=40)
    found = clustered_variance(x, weight, residual, group, bread)
    # The same by matrices over all passages, as the papers write it.
    wide = x * np.sqrt(weight)[:, None]
    hat = wide @ bread @ wide.T
    parts = np.zeros((40, 6, 3))
    scores = np.zeros((6, 3))
    for one in range(6):
        own = group == one
        value, vector = np.linalg.eigh(np.eye(own.sum()) - hat[np.ix_(own, own)])
        root = vector @ np.diag(value**-0.5) @ vector.T
        scores[one] = bread @ wide[own].T @ root @ (residual[own] / np.sqrt(weight[own]))
        parts[:, one] = (np.eye(40) - hat)[:, own] @ root @ wide[own] @ bread
    np.testing.assert_allclose(found.covariance, scores.T @ scores, rtol=1e-9)
    for column in range(3):
        products = parts[:, :, column].T @ parts[:, :, column]
        assert found.degrees_of_freedom[column] == pytest.approx(np.trace(products) ** 2 / (products**2).sum())


def test_a_column_that_rests_on_one_document_has_no_interval() -> None:
    x, model, code, pi, document, _y = corpus(1)
    found = regress(np.column_stack([x, document == 7]), model, code, pi, document)
    assert np.isfinite(found.lower[:2]).all()
    assert np.isnan([found.lower[2], found.upper[2]]).all()


def test_rubins_rules() -> None:
    combined = combine_draws([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])
    assert combined.estimate == 2
    assert combined.standard_error == pytest.approx((1 + 4 / 3) ** 0.5)
    assert combined.lower < 2 < combined.upper
    assert combine_draws([2.0, 2.0], [1.0, 1.0]).between_share == 0
    with pytest.raises(BadInput, match="two draws"):
        combine_draws([1.0], [1.0])
