"""Rubin's rules: one estimate out of one a label draw, for survival models and whatever else is fitted draw by draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from entente.errors import BadInput
from warehouse.estimates.student import student_quantile


@dataclass(frozen=True, slots=True)
class Combined:
    """A combined estimate with its 95 % interval; `between_share` is how much of the variance comes of not knowing the labels."""

    estimate: float
    standard_error: float
    lower: float
    upper: float
    degrees_of_freedom: float
    between_share: float
    draws: int


def combine_draws(estimates: ArrayLike, standard_errors: ArrayLike) -> Combined:
    """Return the combination of estimates from several draws (Rubin 1987).

    Args:
        estimates: one a draw.
        standard_errors: one a draw, of the model fitted to it.

    Raises:
        BadInput: when there are fewer than two draws.
    """
    found, errors = np.asarray(estimates, np.float64), np.asarray(standard_errors, np.float64)
    number = len(found)
    if number < 2 or len(errors) != number:
        raise BadInput(f"Rubin's rules need two draws or more with an error each; there are {number} and {len(errors)} errors.")
    within, between = float(np.mean(errors**2)), float(np.var(found, ddof=1))
    total = within + (1 + 1 / number) * between
    share = (1 + 1 / number) * between / total if total > 0 else 0.0
    df = (number - 1) / share**2 if share > 0 else 1e9
    estimate, half = float(found.mean()), float(student_quantile(df)) * total**0.5
    return Combined(estimate, total**0.5, estimate - half, estimate + half, df, share, number)
