"""`entente plan progress`: during coding, whether more codes still change the estimates or the model."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entente.errors import BadInput
from flows.coding import needed_dimensions
from flows.load import read_codebook
from flows.planning import WidthRequest, assumptions, known_of, plain
from flows.required import require_warehouse
from flows.settings import Settings

if TYPE_CHECKING:
    from models.codebook import Codebook
    from models.types import PassageText

Tell = Callable[[str, int, int], None]
_NEAR = 1.1
"""An interval so many times as wide as it would be with every passage coded is as narrow as its documents allow."""


@dataclass(frozen=True, slots=True)
class ProgressRequest:
    """What is asked.

    Attributes:
        following: how many further codes are thought of.
        estimate: which intervals are waited for; None to look at the model alone.
        annotations: a folder of annotations to learn from instead of the project's own training codes.
        dimensions: which to draw curves of; by default the core ones, or what they are derived from.
        least_gain: the gain of macro F1 from the next codes below which they are not worth it.
    """

    following: int
    estimate: WidthRequest | None = None
    annotations: Path | None = None
    dimensions: Sequence[str] = ()
    least_gain: float = 0.01


def coding_progress(settings: Settings, request: ProgressRequest, tell: Tell) -> dict[str, Any]:
    """Return for estimates and model what stands, what the next codes are expected to change, and whether to go on.

    Raises:
        BadInput: when a dimension is unknown, the estimate does not fit the published file, or there is nothing to look at.
        Unavailable: when scikit-learn is missing.
    """
    if request.following < 1:
        raise BadInput(f"--next {request.following}: say how many further codes are thought of, at least 1.")
    codebook = read_codebook(settings)
    dimensions = _dimensions(codebook, request.dimensions)
    return {
        "next": request.following,
        "estimates": None if request.estimate is None else _estimates(settings, request.estimate, request.following),
        "model": _model(settings, request, codebook, dimensions, tell),
    }


def _estimates(settings: Settings, request: WidthRequest, following: int) -> dict[str, Any]:
    import numpy as np

    quantity, facts, known, widths = known_of(settings, request)
    now = known.estimates
    gold = now.gold_passages
    # The next codes go where the passages are, as in a simple sample of them all.
    later = np.minimum(gold + following * widths.frame / widths.frame.sum(), widths.frame)
    need, least = widths.need("simple", request.width), widths.least()
    planned_now, planned_later = widths.expected(gold), widths.expected(later)
    width = now.upper - now.lower if request.confidence == 0.95 else planned_now
    # What is observed stands; the plan says by how much it will shrink.
    after = np.where(np.isfinite(width), width * planned_later / planned_now, planned_later)
    cells = []
    for n, key in enumerate(facts["keys"]):
        verdict, reason = _cell_verdict(
            float(width[n]), request.width, float(least[n]), float(need.passages[n] - gold[n]), str(now.reason[n])
        )
        cells.append(
            {
                **dict(zip(facts["names"], key, strict=True)),
                "gold_passages": int(gold[n]),
                "half_width": plain(width[n] / 2),
                "half_width_after_next": plain(after[n] / 2),
                "still_needed": max(int(need.passages[n] - gold[n]), 1)
                if verdict == "go on" and math.isfinite(need.passages[n])
                else None,
                "basis": known.basis[n],
                "verdict": verdict,
                "reason": reason,
            }
        )
    open_cells = [one for one in cells if one["verdict"] == "go on"]
    return {
        "quantity": quantity.name,
        "category": quantity.category,
        "half_width_wanted": request.width / 2,
        "cells": cells,
        "published_is_current": _published_is_current(settings),
        "waiting_samples": _waiting(settings),
        "assumptions": assumptions(known.basis),
        "verdict": "go on" if open_cells else "stop",
        "reason": f"{len(open_cells)} of {len(cells)} cells are wider than wished, or have no interval yet, and more codes help"
        if open_cells
        else "every cell is as narrow as wished, or as narrow as its documents allow",
    }


def _cell_verdict(width: float, wanted: float, least: float, missing: float, why_none: str) -> tuple[str, str]:
    """Return what to do about a cell and why.

    Args:
        width: of the interval now; not finite where there is none.
        wanted: the wished width.
        least: the width with every passage coded; not finite where the cell can have no interval.
        missing: how many more gold passages the wished width needs; not-a-number where no size is enough.
        why_none: why there is no interval now; empty where there is one.
    """
    if width <= wanted:
        return "stop", "as narrow as wished"
    if not math.isfinite(least) or (math.isnan(missing) and least <= wanted):
        return "stop", "it has fewer documents or passages than an interval needs"
    if math.isnan(missing):
        best = f"no number of codes makes it narrower than {least:.3g}: documents are too few"
        if not math.isfinite(width):
            return "go on", f"{why_none or 'no interval yet'}; {best}"
        return ("stop", best) if width <= _NEAR * least else ("go on", f"{best}, but more codes still make it narrower")
    if missing < 1 and not why_none:
        return "go on", "wider than was to be expected of so many passages; some more are needed"
    return "go on", why_none or f"about {missing:.0f} more gold passages are needed"


def _published_is_current(settings: Settings) -> bool:
    """Say whether estimates know all codes: they are made of the published file."""
    from flows.steps import holds_the_same
    from warehouse.database import open_warehouse

    if not settings.paths.warehouse.exists():
        return True
    with open_warehouse(settings.paths.warehouse, read_only=True) as connection:
        return holds_the_same(connection, settings)


def _waiting(settings: Settings) -> list[dict[str, Any]]:
    """Return the gold samples that are coded in part: they count in no estimate until they are whole."""
    import duckdb

    from warehouse.failures import explained

    published = settings.paths.published
    with explained(published), duckdb.connect(str(published), read_only=True) as connection:
        columns = connection.execute("SELECT column_name FROM duckdb_columns() WHERE table_name = 'samples'").fetchall()
        if ("purpose",) not in columns:
            raise BadInput(
                f"{published} is of an earlier version of Entente and does not tell what samples are for. Run `entente refresh` first."
            )
        rows = connection.execute(
            "SELECT s.sample_id, count(*), count(c.passage_id) FROM samples s LEFT JOIN (SELECT DISTINCT passage_id FROM annotations) c "
            "USING (passage_id) WHERE s.purpose = 'gold' GROUP BY s.sample_id HAVING count(*) > count(c.passage_id) ORDER BY s.sample_id"
        ).fetchall()
    return [{"sample_id": name, "drawn": drawn, "coded": coded} for name, drawn, coded in rows]


def _model(
    settings: Settings, request: ProgressRequest, codebook: Codebook, dimensions: Sequence[str], tell: Tell
) -> dict[str, Any]:
    import numpy as np

    from models.learning_curve import learning_curve
    from models.ngram_heads import NOT_CODED, ngram_features

    passages, documents, codes = _learned_from(settings, request.annotations, codebook)
    features = ngram_features(passages) if len(passages) > 2 else np.zeros((len(passages), 1))
    curves = []
    for done, name in enumerate(dimensions):
        tell("drawing learning curves", done, len(dimensions))
        categories = codebook.by_id[name].category_ids
        numbers = [categories.index(told[name]) if told.get(name) in categories else NOT_CODED for told in codes]
        found = learning_curve(
            features, np.array(numbers, dtype=np.int64), len(categories), documents, request.following, request.least_gain
        )
        curves.append({"dimension": name, **asdict(found)})
    verdicts = {one["verdict"] for one in curves}
    verdict = "go on" if "go on" in verdicts else "stop" if verdicts == {"stop"} else "cannot tell yet"
    return {"passages": len(passages), "least_gain": request.least_gain, "curves": curves, "verdict": verdict}


def _learned_from(
    settings: Settings, folder: Path | None, codebook: Codebook
) -> tuple[list[PassageText], list[str], list[dict[str, str]]]:
    if folder is not None:
        from models.annotations import read_annotations

        coded = read_annotations(folder, "train", codebook)
        codes = [{name: value for name, value in one.labels.items() if isinstance(value, str)} for one in coded]
        return [one.passage for one in coded], [one.document for one in coded], codes
    from models.types import PassageText
    from warehouse.database import open_warehouse
    from warehouse.training_codes import training_passages

    require_warehouse(settings, "Run `entente refresh` first, or name a folder with --annotations.")
    needed = needed_dimensions(codebook)
    with open_warehouse(settings.paths.warehouse) as connection:
        found = training_passages(connection, needed, codebook.major).passages
    texts = [PassageText(str(text["id"]), str(text["heading"] or ""), str(text["text"])) for text, _told in found]
    return texts, [str(text["doc"]) for text, _told in found], [dict(told) for _text, told in found]


def _dimensions(codebook: Codebook, given: Sequence[str]) -> list[str]:
    possible = [one.id for one in codebook.trained_dimensions if one.kind != "multi" and not one.derived_from]
    for name in given:
        if name not in possible:
            raise BadInput(f"--dimension {name!r}: curves are drawn of {', '.join(possible)}.")
    core = [one for one in codebook.dimensions if one.tier == "core"]
    # A derived dimension is learned by way of those it is derived from.
    wanted = {name for one in core for name in (one.derived_from or [one.id])}
    return list(given) or [name for name in possible if name in wanted]
