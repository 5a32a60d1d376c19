"""Drawing a sample: the frame out of the warehouse, the plan of the design, the draw, and all of it into the warehouse."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from entente.errors import BadInput
from flows.load import read_codebook
from flows.settings import Settings
from models.sampling.designs import FIELDS, Design, Units, check_options, plan_of
from warehouse.database import open_warehouse
from warehouse.frames import Frame, FrameFilter, read_frame
from warehouse.lock import refresh_lock
from warehouse.migrations import utc_now
from warehouse.samples import SampleRow, list_samples, read_sample, store_sample


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """What is asked for.

    Attributes:
        design: how to draw. For a supplement its `number` may be 0: then as large a share is drawn of the new passages as of the old ones.
        filters: which passages are eligible.
        purpose: gold or training.
        seed: of the draw.
        strata: what the strata are made of.
        label: dimension and category whose probability an enriched sample follows, or whose spread Neyman's allocation takes.
        words: words or phrases that an enriched sample looks for instead.
        supplement_of: a sample whose frame is not drawn from again.
    """

    design: Design
    filters: FrameFilter
    purpose: str
    seed: int
    strata: Sequence[str] = ()
    label: tuple[str, str] | None = None
    words: Sequence[str] = ()
    supplement_of: str | None = None


def draw_sample(settings: Settings, request: SampleRequest) -> dict[str, Any]:
    """Draw a sample and keep it; the same request over the same passages draws nothing a second time.

    Returns:
        The facts of the sample, with `changed`: whether it is new; and `asked_before`: where it is, the facts of samples that the same
        request drew when other passages were there or the model gave other scores, the oldest first.

    Raises:
        BadInput: when there is no warehouse, the request does not fit the frame, or its design has no use for what it says.
        Busy: when another command is writing.
    """
    import numpy as np

    if not settings.paths.warehouse.exists():
        raise BadInput(
            f"There are no passages to draw from: {settings.paths.warehouse} is not there. Run `entente refresh` first."
        )
    _check_options(request)
    codebook = read_codebook(settings)
    with (
        refresh_lock(settings.paths.state / "refresh.lock", "entente sample draw"),
        open_warehouse(settings.paths.warehouse) as connection,
    ):
        strata = tuple(request.strata) or (("stage",) if request.design.name == "active" and "stage" in codebook.by_id else ())
        frame = read_frame(
            connection,
            request.filters,
            request.purpose,
            strata=strata,
            label=request.label,
            with_text=bool(request.words),
            beyond=request.supplement_of,
        )
        design = request.design
        if request.supplement_of is not None:
            parent = read_sample(connection, request.supplement_of)
            _check_supplement(parent, request)
            if not frame.units:
                raise BadInput(
                    f"No passage has come since {request.supplement_of} was drawn: there is nothing to supplement it with."
                )
            design = _of_same_share(design, parent, frame)
        units = _units(frame, request)
        plan = plan_of(design, units)
        probabilities = plan.probability
        options = {
            **design.facts(),
            **({} if request.label is None else {"label": "=".join(request.label)}),
            **({} if not request.words else {"words": list(request.words)}),
        }
        digest = _digest(request, options, strata, frame, probabilities.tobytes())
        # A seed of its own for each sample: two samples with the same seed must not use the same random numbers, or they would not be
        # independent of one another, and their joint probabilities no products.
        drawn = plan.draw(np.random.default_rng([request.seed, int(digest[:16], 16)]))
        row = SampleRow(
            sample_id=f"{request.purpose}-{design.name}-{digest[:10]}",
            purpose=request.purpose,
            design=design.name,
            options=options,
            filters=request.filters.facts(),
            strata=strata,
            seed=request.seed,
            codebook_version=codebook.version,
            model_version=frame.model_version if _uses_model(request, strata) else None,
            supplement_of=request.supplement_of,
            drawn_at=utc_now(),
        )
        before = [one for one in list_samples(connection) if _asks_the_same(one, row)]
        changed = store_sample(connection, row, frame, probabilities.tolist(), drawn.tolist())
        return {"changed": changed, "asked_before": before if changed else [], **read_sample(connection, row.sample_id)}


def _asks_the_same(one: dict[str, Any], row: SampleRow) -> bool:
    same = all(one[name] == getattr(row, name) for name in ("purpose", "design", "seed", "supplement_of"))
    return (
        same
        and list(one["strata"] or ()) == list(row.strata)
        and all(json.loads(one[name]) == json.loads(json.dumps(dict(getattr(row, name)))) for name in ("options", "filters"))
    )


def _check_options(request: SampleRequest) -> None:
    design, usual = request.design, Design(request.design.name, 0)
    given = {option for option, field in FIELDS.items() if getattr(design, field) != getattr(usual, field)}
    given |= {name for name, told in (("by", request.strata), ("label", request.label), ("word", request.words)) if told}
    check_options(design.name, sorted(given), allocation=design.allocation, fixed_size=design.fixed_size)


def _units(frame: Frame, request: SampleRequest) -> Units:
    import numpy as np

    score = spread = None
    name = request.design.name
    if request.words:
        pattern = re.compile("|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in request.words), re.IGNORECASE)
        score = np.array([float(bool(pattern.search(unit.text or ""))) for unit in frame.units])
        if not score.any():
            raise BadInput(f"None of these words is in any passage of the frame: {', '.join(request.words)}.")
    elif request.label is not None or name == "active":
        told = [unit.uncertainty if name == "active" else unit.score for unit in frame.units]
        if all(value is None for value in told) and frame.units:
            raise BadInput(
                "No passage of the frame is scored by the model in use. Run `entente refresh` first, or draw another way."
            )
        # What the model has not read is the most uncertain of all, and as likely as the rest to have the label.
        known = [value for value in told if value is not None]
        unknown = max(known, default=0.0) if name == "active" else sum(known) / max(len(known), 1)
        score = np.array([unknown if value is None else float(value) for value in told])
        spread = score * (1 - score)
    return Units(
        [unit.passage_id for unit in frame.units],
        [unit.document_id for unit in frame.units],
        [unit.stratum for unit in frame.units],
        score,
        spread,
    )


def _check_supplement(parent: dict[str, Any], request: SampleRequest) -> None:
    if parent["supplement_of"] is not None:
        raise BadInput(
            f"{parent['sample_id']} is itself a supplement; name the sample it supplements: {parent['supplement_of']}."
        )
    same = {"purpose": request.purpose, "filters": json.dumps(request.filters.facts(), sort_keys=True)}
    for name, value in same.items():
        if parent[name] != value:
            raise BadInput(f"A supplement has the {name} of its sample: {parent['sample_id']} has {parent[name]}, not {value}.")


def _of_same_share(design: Design, parent: dict[str, Any], frame: Frame) -> Design:
    from dataclasses import replace
    from math import ceil

    if design.number:
        return design
    if design.name == "cluster":
        documents = len({unit.document_id for unit in frame.units})
        share = json.loads(parent["options"])["number"] / parent["frame_documents"] if parent["design"] == "cluster" else None
        if share is None:
            raise BadInput(
                "Say how many documents to draw (--size): the sample that is supplemented was drawn by another design."
            )
        return replace(design, number=min(documents, ceil(share * documents)))
    share = json.loads(parent["options"])["number"] / parent["frame_size"] if parent["design"] != "cluster" else None
    if share is None:
        raise BadInput("Say how many passages to draw (--size): the sample that is supplemented was drawn by another design.")
    least = 0
    if design.name == "stratified":
        sizes: dict[str, int] = {}
        for unit in frame.units:
            sizes[unit.stratum] = sizes.get(unit.stratum, 0) + 1
        least = sum(min(size, design.least) for size in sizes.values())
    return replace(design, number=min(len(frame.units), max(ceil(share * len(frame.units)), least)))


def _uses_model(request: SampleRequest, strata: Sequence[str]) -> bool:
    from warehouse.frames import FACTS

    return request.label is not None or request.design.name == "active" or any(name not in FACTS for name in strata)


def _digest(request: SampleRequest, options: dict[str, Any], strata: Sequence[str], frame: Frame, probabilities: bytes) -> str:
    asked = [
        request.purpose,
        request.design.name,
        options,
        request.filters.facts(),
        list(strata),
        request.seed,
        request.supplement_of,
    ]
    return hashlib.sha256(json.dumps([asked, frame.hash], sort_keys=True).encode() + probabilities).hexdigest()
