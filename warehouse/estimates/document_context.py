"""How much more of a category the model finds in a document than in all documents: what tells its mistakes from what a document speaks of.

x = log of ((sum of the category's probabilities in the document + m t) / ((sum over all categories + m) t)), with t the category's share in all
documents and m a prior of a few passages. In SQL for the draws and in numpy for the calibration; a test holds the two together.
"""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from warehouse.types import ScoreDimension

Floats = NDArray[np.float64]

PRIOR_PASSAGES = 5.0
"""The m: a document of so many passages counts half for itself."""

_LEAST = 1e-9


def document_context(sums: Floats, shares: Floats) -> Floats:
    """Return the x.

    Args:
        sums: of the probabilities of each category in a document; documents by categories.
        shares: of the categories in all documents, adding up to 1.
    """
    typical = np.maximum(shares, _LEAST)
    whole = sums.sum(axis=-1, keepdims=True) + PRIOR_PASSAGES
    return np.asarray(np.log((sums + PRIOR_PASSAGES * typical) / (whole * typical)), np.float64)


def context_factors(dimensions: Sequence[tuple[ScoreDimension, Sequence[str]]], passages: str) -> str:
    """Return a query for exp(g x) by document: `document_id` and `x_<dimension>__<category>`; the table `calibration` must be there.

    Args:
        dimensions: each with the categories among which it is drawn.
        passages: a table with `document_id` and the probabilities of all passages of the documents.
    """
    sums, known, factors = [], [], []
    for one, categories in dimensions:
        name = one.name
        known.append(f"coalesce(max(context_weight) FILTER (WHERE quantity = '{name}'), 0) AS \"g_{name}\"")
        whole = " + ".join(f'"s_{name}__{category}"' for category in categories)
        for category in categories:
            key = f"{name}__{category}"
            sums.append(f'sum(coalesce("p_{key}", 0)::DOUBLE) AS "s_{key}"')
            known.append(
                f"greatest(coalesce(max(model_share) FILTER (WHERE quantity = '{name}' AND category = '{category}'), 0), {_LEAST!r}) "
                f'AS "t_{key}"'
            )
            factors.append(
                f'pow(("s_{key}" + {PRIOR_PASSAGES!r}::DOUBLE * "t_{key}") / (({whole} + {PRIOR_PASSAGES!r}::DOUBLE) * "t_{key}"), "g_{name}") '
                f'AS "x_{key}"'
            )
    return (
        f"SELECT document_id, {', '.join(factors)} FROM (SELECT document_id, {', '.join(sums)} FROM {passages} GROUP BY document_id) "
        f"CROSS JOIN (SELECT {', '.join(known)} FROM calibration)"
    )
