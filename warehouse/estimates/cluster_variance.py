"""Variance of regression coefficients clustered by document, fit for few clusters: Bell and McCaffrey's correction and degrees of freedom.

Residuals of a cluster that moves the coefficients much are too small; each cluster's are multiplied by (1 - its leverage) ** -1/2, and the
degrees of freedom of each coefficient are those that its variance would have if errors were independent and alike (Bell and McCaffrey 2002;
Imbens and Kolesar 2016; with effects of single clusters Pustejovsky and Tipton 2018). With hundreds of clusters it is the usual sandwich.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_NUMBERS_AT_ONCE = 4_000_000
_NOTHING = 1e-9
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class ClusteredVariance:
    """The covariance of the coefficients, and the degrees of freedom of each; not-a-number where a coefficient rests on one cluster alone."""

    covariance: Floats
    degrees_of_freedom: Floats


def clustered_variance(x: Floats, weight: Floats, residual: Floats, group: Integers, bread: Floats) -> ClusteredVariance:
    """Return the variance of coefficients that solve `sum of x * residual = 0`.

    Args:
        x: passages by columns.
        weight: by how much a passage's mean moves with its linear predictor: 1 in a linear regression, p * (1 - p) in a logistic one.
        residual: outcome minus mean.
        group: the cluster of each passage, numbered from 0 without gaps.
        bread: the inverse of x' diag(weight) x.
    """
    root = np.linalg.cholesky(bread)
    order = np.argsort(group, kind="stable")
    starts = np.append(np.flatnonzero(np.diff(group[order], prepend=-1)), len(order))
    columns = x.shape[1]
    # In columns that are multiplied by the root, the leverage of a cluster is a symmetric matrix as small as the covariates are few.
    white, weight, residual = x[order] @ root, weight[order, None], residual[order, None]
    meat, crossed = np.zeros((columns, columns)), np.zeros((columns, columns, columns))
    trace, squares = np.zeros(columns), np.zeros(columns)
    at_once = max(1, _NUMBERS_AT_ONCE // columns**2)
    scores = np.add.reduceat(white * residual, starts[:-1])
    for first in range(0, len(starts) - 1, at_once):
        bounds = starts[first : first + at_once + 1]
        pieces = [slice(a, b) for a, b in pairwise(bounds)]
        leverage = np.stack([white[one].T @ (white[one] * weight[one]) for one in pieces])
        value, vector = np.linalg.eigh(leverage)
        left = 1 - value
        # What a cluster decides alone (an effect of its own) leaves no residual to learn from.
        factor = np.where(left > _NOTHING, np.maximum(left, _NOTHING) ** -0.5, 0.0)
        adjusted = np.einsum("gab,gb,gcb,gc->ga", vector, factor, vector, scores[first : first + len(pieces)], optimize=True)
        meat += adjusted.T @ adjusted
        turned = np.einsum("gab,ja->gbj", vector, root)
        own = np.einsum("gbj,gb->gj", turned**2, factor**2 * value)
        shared = np.einsum("gab,gbj->gja", vector, (factor * value)[:, :, None] * turned)
        size = (shared**2).sum(axis=2)
        trace += (own - size).sum(axis=0)
        squares += (own**2 - 2 * own * size).sum(axis=0)
        crossed += np.einsum("gja,gjb->jab", shared, shared, optimize=True)
    squares += (crossed**2).sum(axis=(1, 2))
    known = trace > _HALF * np.diag(bread)
    freedom = np.where(known, trace**2 / np.where(known, squares, 1.0), np.nan)
    return ClusteredVariance(root @ meat @ root.T, freedom)
