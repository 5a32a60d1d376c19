"""The 97.5 % point of Student's distribution for any degrees of freedom: DuckDB has none, and SQL and Python shall agree to the last digits.

A polynomial of degree ten in 1/df, fitted to the logarithm of the exact values for df from 1 upwards; relative error below 2e-8.
"""

from __future__ import annotations

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
