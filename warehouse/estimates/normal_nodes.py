"""Points spread like independent normal variables, without chance: means over them stand for integrals, the same on every machine."""

from __future__ import annotations

from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@cache
def normal_nodes(number: int, dimensions: int) -> Floats:
    """Return points in opposite pairs, of a low-discrepancy sequence (Roberts 2018), with mean 0 and standard deviation 1 in each dimension.

    Args:
        number: of points, even.
        dimensions: of each.
    """
    root = 2.0
    for _ in range(60):
        root = (1 + root) ** (1 / (dimensions + 1))
    uniform = (0.5 + np.outer(np.arange(1, number // 2 + 1), root ** -np.arange(1.0, dimensions + 1))) % 1
    normal = np.array([[NormalDist().inv_cdf(float(one)) for one in row] for row in uniform])
    both = np.vstack([normal, -normal])
    found = np.asarray(both / both.std(axis=0), np.float64)
    found.setflags(write=False)
    return found
