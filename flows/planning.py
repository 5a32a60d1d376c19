"""`entente plan`: what is known of a project's gold and codes, put to the question how many more are worth coding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from entente.errors import BadInput
from flows.settings import Settings

if TYPE_CHECKING:
    from warehouse.estimates.quantities import Quantity
    from warehouse.frames import FrameFilter
    from warehouse.planning.passages import Floats
    from warehouse.planning.variances import Basis, CellVariances
    from warehouse.planning.widths import PlannedDesign, Widths

DESIGNS: tuple[PlannedDesign, ...] = ("simple", "cluster", "enriched", "active")
FLOOR = 0.2


@dataclass(frozen=True, slots=True)
class WidthRequest:
    """What an interval should be.

    Attributes:
        quantity, category: as in the estimates; the category may be left out where there is one only.
        width: from the lower to the upper bound.
        filters: which documents.
        by: what makes a cell, beside the organization.
        confidence: of the interval.
        assume: gold, dev or worst, for all organizations; None for the best that is to be had for each.
        per_document, by_size: of a cluster sample.
    """

    quantity: str
    width: float
    filters: FrameFilter
    category: str | None = None
    by: Sequence[str] = ()
    confidence: float = 0.95
    assume: Basis | None = None
    per_document: int = 5
    by_size: bool = False


def plan_width(settings: Settings, request: WidthRequest) -> dict[str, Any]:
    """Return how many gold passages each cell needs for intervals of the wished width, by design, with the model's help and without.

    Raises:
        BadInput: when there is no published file, the request does not fit it, or nothing in it is scored.
    """
    quantity, facts, known, widths = known_of(settings, request)
    needs = {
        design: {
            help_: widths.need(design, request.width, helped=help_ == "with_model") for help_ in ("with_model", "without_model")
        }
        for design in DESIGNS
    }
    now, least = known.estimates, widths.least()
    cells = []
    for n, key in enumerate(facts["keys"]):
        cells.append(
            {
                **dict(zip(facts["names"], key, strict=True)),
                "documents": int(widths.documents[n]),
                "passages": int(widths.frame[n]),
                "gold_passages": int(now.gold_passages[n]),
                "gold_documents": int(now.gold_documents[n]),
                "basis": known.basis[n],
                "expected_value": plain(known.value[n]),
                "width_now": plain(now.upper[n] - now.lower[n]) if request.confidence == 0.95 else None,
                "least_width": plain(least[n]),
                "explained_by_model": plain(1 - known.residual[n] / known.variance[n]) if known.variance[n] > 0 else None,
                "alike_within_documents": plain(known.alike[n]),
                "needs": {
                    design: {
                        help_: {"passages": _whole(need.passages[n]), "documents": _whole(need.documents[n])}
                        for help_, need in both.items()
                    }
                    for design, both in needs.items()
                },
            }
        )
    return {
        "quantity": quantity.name,
        "category": quantity.category,
        "width": request.width,
        "confidence": request.confidence,
        "per_document": request.per_document,
        "by_size": request.by_size,
        "floor": FLOOR,
        "cells": cells,
        "whole": _whole_samples(cells),
        "assumptions": assumptions(known.basis),
    }


def known_of(settings: Settings, request: WidthRequest) -> tuple[Quantity, dict[str, Any], CellVariances, Widths]:
    """Read the published file and put what is known of the cells together; raises as `plan_width` does."""
    import duckdb
    import numpy as np

    from warehouse.export.plan import score_columns_in
    from warehouse.failures import explained
    from warehouse.planning.dev_figures import dev_correlation
    from warehouse.planning.passages import find_quantity, read_passages
    from warehouse.planning.variances import cell_variances
    from warehouse.planning.widths import Widths, sizes_within

    _check(request)
    published = settings.paths.published
    if not published.is_file():
        raise BadInput(f"There is no published database at {published}. Run `entente refresh` first.")
    with explained(published), duckdb.connect(str(published), read_only=True) as connection:
        quantity = find_quantity(connection, request.quantity, request.category)
        passages = read_passages(connection, quantity, request.by, request.filters)
        told = dev_correlation(connection, quantity, score_columns_in(connection))
    pools = int(passages.pool.max()) + 1
    known = cell_variances(passages, None if told is None else dict.fromkeys(range(pools), told), request.assume)
    scores: dict[PlannedDesign, Floats] = {"enriched": np.abs(passages.model_y), "active": passages.uncertainty}
    widths = Widths(
        passages,
        known,
        confidence=request.confidence,
        per_document=request.per_document,
        by_size=request.by_size,
        sizes={
            "enriched": sizes_within(passages.cell, scores["enriched"], FLOOR),
            "active": sizes_within(passages.cell, scores["active"], FLOOR),
        },
    )
    return quantity, {"names": passages.facts, "keys": passages.keys}, known, widths


def _check(request: WidthRequest) -> None:
    if not (request.width > 0 and math.isfinite(request.width)):
        raise BadInput(f"--width {request.width:g}: an interval of this width cannot be; say for example --width 0.10.")
    if not 0.5 <= request.confidence < 1:
        raise BadInput(f"--confidence {request.confidence:g}: must be at least 0.5 and below 1, for example 0.95.")


def _whole_samples(cells: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the sizes of one sample for all cells that can reach the width: a simple one, and one stratified by the cells."""
    everything = sum(cell["passages"] for cell in cells)
    found: dict[str, Any] = {}
    for help_ in ("with_model", "without_model"):
        needs = [(cell, cell["needs"]["simple"][help_]["passages"]) for cell in cells]
        reached = [(cell, need) for cell, need in needs if need is not None]
        found[help_] = {
            "cells_reached": len(reached),
            "stratified": sum(need for _cell, need in reached),
            "simple": max((math.ceil(need * everything / cell["passages"]) for cell, need in reached), default=0),
        }
    return found


_WORDS = {
    "gold": "gold: shares, the model's help and how alike passages of one document are, are those of the gold passages of the organization.",
    "dev": (
        "dev: used where there is too little gold. The model is taken to help as far as its labels agreed with the codes of dev; passages of "
        "one document are taken to be as alike as the model's labels of them are."
    ),
    "worst": (
        "worst: used where there is too little gold and no figures on dev tell how far the model's labels agree with codes. A share of a "
        "half, a mean that spreads as far as it can, and no help of the model; passages of one document are taken to be as alike as the "
        "model's labels of them are."
    ),
}


def assumptions(basis: Sequence[str]) -> list[str]:
    """Return in words what the plan rests on."""
    return [_WORDS[name] for name in ("gold", "dev", "worst") if name in basis]


def plain(value: float) -> float | None:
    """Return a number for JSON; None for what is not finite."""
    return float(value) if math.isfinite(value) else None


def _whole(value: float) -> int | None:
    return int(value) if math.isfinite(value) else None
