"""Regressions on what the gold sample corrects: pseudo-outcomes, with standard errors clustered by document.

Design-based supervised learning (Egami, Hinck, Stewart and Wei 2023): the moment of a passage is the model's, plus the codes' minus the model's
divided by the inclusion probability where the passage was coded. Any covariate may stand beside the others: the extraction's quality
(`passages.quality`) does, so that what was read badly does not pass for what was said. Standard errors and degrees of freedom are those of
`cluster_variance.py`, so that intervals hold with few documents, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entente.errors import BadInput
from warehouse.estimates.cluster_variance import clustered_variance
from warehouse.estimates.student import student_quantile

Floats = NDArray[np.float64]

_STEPS = 50
_CLOSE = 1e-10


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Coefficients in the order of the covariates' columns, with 95 % intervals.

    Attributes:
        estimate, standard_error, lower, upper: one entry a column; no interval (not-a-number) where a column rests on one cluster alone.
        covariance: clustered, corrected for leverage.
        degrees_of_freedom: of Student's quantile, one entry a column: Bell and McCaffrey's, at most the clusters that carry codes, less one.
        clusters, passages, gold_passages: what they rest on.
    """

    estimate: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats
    covariance: Floats
    degrees_of_freedom: Floats
    clusters: int
    passages: int
    gold_passages: int


def pseudo_outcomes(model: ArrayLike, code: ArrayLike, inclusion_probability: ArrayLike) -> Floats:
    """Return model + (code - model) / inclusion probability, or model where there is no code; single values may lie outside 0 to 1.

    Args:
        model: the model's value of each passage.
        code: the code's; not-a-number where there is none.
        inclusion_probability: not-a-number where the passage was not drawn.
    """
    f = np.asarray(model, np.float64)
    correction = (np.asarray(code, np.float64) - f) / np.asarray(inclusion_probability, np.float64)
    return f + np.where(np.isnan(correction), 0.0, correction)


def regress(
    covariates: ArrayLike,
    model: ArrayLike,
    code: ArrayLike,
    inclusion_probability: ArrayLike,
    cluster: ArrayLike,
    link: Literal["linear", "logit"] = "linear",
) -> Coefficients:
    """Return the coefficients of a linear or logistic regression of the codes on covariates, as if every passage had been coded.

    Args:
        covariates: passages by columns, a column of ones included.
        model: the model's value of the outcome.
        code: the code's; not-a-number where there is none.
        inclusion_probability: not-a-number where the passage was not drawn.
        cluster: what passages hang together by, the document or the dyad.
        link: what of.

    Raises:
        BadInput: when there are fewer than three clusters with codes, or columns depend on one another, a covariate is not
            finite, or an inclusion probability not in (0, 1].
    """
    x = np.asarray(covariates, np.float64)
    drawn = np.asarray(inclusion_probability, np.float64)
    if not np.isfinite(x).all():
        raise BadInput("A covariate is missing or not finite. Leave these passages out, or fill the covariate in and say so.")
    if ((drawn <= 0) | (drawn > 1)).any():
        raise BadInput("An inclusion probability is not between 0 and 1. A passage that was not drawn has none (not a number).")
    y = pseudo_outcomes(model, code, inclusion_probability)
    _, group = np.unique(np.asarray(cluster), return_inverse=True)
    coded = ~(np.isnan(np.asarray(code, np.float64)) | np.isnan(np.asarray(inclusion_probability, np.float64)))
    with_codes = len(np.unique(group[coded]))
    if with_codes < 3:
        raise BadInput(f"A regression needs codes in at least 3 clusters; there are {with_codes}. Code more, or pool.")
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise BadInput("The covariates depend on one another (a column is a sum of others). Leave one of them out.")
    beta, mean, bread = _solve(x, y, link)
    weight = np.ones(len(y)) if link == "linear" else mean * (1 - mean)
    found = clustered_variance(x, weight, y - mean, group.astype(np.int64), bread)
    # Clusters without codes say nothing of the model's errors, which may be most of the variance.
    freedom = np.minimum(found.degrees_of_freedom, with_codes - 1.0)
    error = np.sqrt(np.diag(found.covariance))
    half = student_quantile(freedom) * error
    return Coefficients(
        beta, error, beta - half, beta + half, found.covariance, freedom, int(group.max()) + 1, len(x), int(coded.sum())
    )  # fmt: skip


def _solve(x: Floats, y: Floats, link: str) -> tuple[Floats, Floats, Floats]:
    if link == "linear":
        bread = np.linalg.inv(x.T @ x).astype(np.float64)
        beta = bread @ (x.T @ y)
        return beta, x @ beta, bread
    beta = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        mean = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        bread = np.linalg.inv((x * (mean * (1 - mean))[:, None]).T @ x).astype(np.float64)
        step = bread @ (x.T @ (y - mean))
        # Pseudo-outcomes outside 0 to 1 can throw the first steps far; none may be longer than 2.
        beta = beta + step * min(1.0, 2 / max(float(np.abs(step).max()), _CLOSE))
        if np.abs(step).max() < _CLOSE:
            return beta, 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30))), bread
    raise BadInput("The logistic regression finds no solution: the outcome is nearly always or never there. Use link='linear'.")
