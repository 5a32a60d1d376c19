"""The 97.5 % point of Student's distribution for any degrees of freedom: DuckDB has none, and SQL and Python shall agree to the last digits.

A polynomial of degree ten in 1/df, fitted to the logarithm of the exact values for df from 1 upwards; relative error below 2e-8.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

COEFFICIENTS = (
    0.6729260875971004,
    1.2103675555325522,
    0.7074530436025209,
    0.15447942979152207,
    -0.2536609803735074,
    0.020621580168022874,
    -0.08184418840217152,
    0.3076065281968446,
    -0.3112853405776979,
    0.14023650104916663,
    -0.024809780826134154,
)
"""Of log t(0.975, df) in powers of 1/df, the constant first."""


def student_quantile(degrees_of_freedom: ArrayLike) -> NDArray[np.float64]:
    """Return the 97.5 % points of Student's distribution.

    Args:
        degrees_of_freedom: any number or array; below 1 is taken for 1, not-a-number stays.
    """
    inverse = 1 / np.maximum(np.asarray(degrees_of_freedom, np.float64), 1.0)
    total = np.zeros_like(inverse)
    for coefficient in reversed(COEFFICIENTS):
        total = total * inverse + coefficient
    return np.exp(total)


def student_macro() -> str:
    """Return the statement that makes the scalar macro `student_quantile(df)`."""
    inverse = "(1.0::DOUBLE / greatest(df::DOUBLE, 1.0::DOUBLE))"
    total = f"{COEFFICIENTS[-1]!r}::DOUBLE"
    for coefficient in reversed(COEFFICIENTS[:-1]):
        total = f"({total} * {inverse} + ({coefficient!r}::DOUBLE))"
    return f"CREATE MACRO student_quantile(df) AS exp({total})"


def quantile_at(degrees_of_freedom: ArrayLike, confidence: float) -> NDArray[np.float64]:
    """Return the quantiles of Student's distribution for two-sided intervals of any confidence.

    For 0.95 those of `student_quantile`, else by G. W. Hill's algorithm (Communications of the ACM 13, 1970, algorithm 396).

    Args:
        degrees_of_freedom: any number or array; below 1 is taken for 1, not-a-number stays.
        confidence: above 0, below 1.
    """
    if confidence == 0.95:
        return student_quantile(degrees_of_freedom)
    n = np.maximum(np.asarray(degrees_of_freedom, np.float64), 1.0)
    tail = 1 - confidence
    a = 1 / (n - 0.5)
    b = (48 / a) / a
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * np.sqrt(a * np.pi / 2) * n
    y = (d * tail) ** (2 / n)
    x = NormalDist().inv_cdf(tail / 2)
    square = x * x
    wide = c + np.where(n < 5, 0.3 * (n - 4.5) * (x + 0.6), 0.0)
    wide = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + wide
    normal = (((((0.4 * square + 6.3) * square + 36) * square + 94.5) / wide - square - 3) / b + 1) * x
    normal = np.expm1(a * normal * normal)
    far = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) / (n + 2) + 1 / y
    found = np.sqrt(n * np.where(y > 0.05 + a, normal, far))
    angle = tail * np.pi / 2
    found = np.where(n < 1.5, np.cos(angle) / np.sin(angle), found)
    return np.asarray(np.where((n >= 1.5) & (n <= 2), np.sqrt(2 / (tail * (2 - tail)) - 2), found), np.float64)
