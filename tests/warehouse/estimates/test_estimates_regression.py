"""Regressions see through a model that errs differently by group; Rubin's rules add what the labels do not tell."""

from __future__ import annotations

import numpy as np
import pytest

from entente.errors import BadInput
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


def test_rubins_rules() -> None:
    combined = combine_draws([1.0, 2.0, 3.0], [1.0, 1.0, 1.0])
    assert combined.estimate == 2
    assert combined.standard_error == pytest.approx((1 + 4 / 3) ** 0.5)
    assert combined.lower < 2 < combined.upper
    assert combine_draws([2.0, 2.0], [1.0, 1.0]).between_share == 0
    with pytest.raises(BadInput, match="two draws"):
        combine_draws([1.0], [1.0])
