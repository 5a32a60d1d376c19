"""Gold passages one by one, with the model's values and the codes: for what sums by document cannot tell, as which class is taken for which."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from warehouse.estimates.quantities import Quantity
from warehouse.transactions import Connection

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Coded:
    """Gold passages, one entry each.

    Attributes:
        igo, country: of the document; None where it has none.
        weight: 1 / inclusion probability.
        model: the model's values of the quantities; passages by quantities.
        code: whether each quantity holds by the codes.
        coder_kinds: who coded, as in `gold`.
    """

    igo: list[str | None]
    country: list[str | None]
    weight: Floats
    model: Floats
    code: NDArray[np.bool_]
    coder_kinds: list[list[str]]


def gold_passages(connection: Connection, quantities: Sequence[Quantity], coded: str) -> Coded:
    """Return the gold passages that correct estimates, as `document_sums` counts them, in the order of their identifiers.

    Args:
        connection: to a database with `gold` and what it builds on.
        quantities: whose values and codes are wanted; their denominators are not looked at.
        coded: an SQL condition on `g`: what must have been coded.
    """
    holds = ", ".join(f"coalesce({one.holds_y.format(x='g')}, false)" for one in quantities)
    model = ", ".join(one.model_y for one in quantities)
    rows = connection.execute(
        f"SELECT d.igo, d.country_iso3, 1.0::DOUBLE / g.inclusion_prob, coalesce(g.coder_kinds, []), [{holds}], [{model}] FROM gold g "
        "JOIN scores s USING (passage_id) JOIN passages p ON p.passage_id = s.passage_id AND p.document_id = s.document_id "
        "JOIN documents d ON d.document_id = s.document_id "
        "WHERE s.model_version IN (SELECT model_version FROM models WHERE state = 'promoted') AND NOT p.is_duplicate AND NOT p.is_summary "
        "AND g.inclusion_prob > 0 AND split_part(g.codebook_version, '.', 1) = "
        f"(SELECT split_part(max(codebook_version), '.', 1) FROM codebook_dimensions) AND {coded} ORDER BY g.passage_id, s.document_id"
    ).fetchall()
    shape = (len(rows), len(quantities))
    return Coded(
        [row[0] for row in rows],
        [row[1] for row in rows],
        np.array([row[2] for row in rows], np.float64),
        np.array([row[5] for row in rows], np.float64).reshape(shape),
        np.array([row[4] for row in rows], np.bool_).reshape(shape),
        [[str(kind) for kind in row[3]] for row in rows],
    )
