"""`entente sample`: draw passages for coding, with the probability of each kept."""

from __future__ import annotations

import json
from enum import Enum
from typing import Annotated, Any

import typer

from entente.errors import BadInput
from flows.cli.main import sample_app
from flows.cli.options import AsJson
from flows.cli.output import note, print_json, table
from flows.required import require_warehouse
from flows.settings import Settings, load_settings


class DesignOption(Enum):
    """The designs."""

    SIMPLE = "simple"
    STRATIFIED = "stratified"
    CLUSTER = "cluster"
    ENRICHED = "enriched"
    ACTIVE = "active"


class PurposeOption(Enum):
    """What a sample is for."""

    GOLD = "gold"
    TRAINING = "training"


class AllocationOption(Enum):
    """How a stratified sample is spread."""

    PROPORTIONAL = "proportional"
    EQUAL = "equal"
    NEYMAN = "neyman"


@sample_app.command(
    "draw", epilog="Example: entente sample draw --size 600 --design stratified --by igo,doc_type,period --purpose gold"
)
def draw(
    context: typer.Context,
    size: Annotated[
        int, typer.Option(help="Passages to draw; documents, in a cluster sample. May be left out for a supplement.")
    ] = 0,
    purpose: Annotated[
        PurposeOption, typer.Option(help="gold to judge and correct the model, training to teach it.")
    ] = PurposeOption.GOLD,
    design: Annotated[DesignOption, typer.Option(help="How to draw; see the coder's guide.")] = DesignOption.SIMPLE,
    by: Annotated[
        str, typer.Option(help="Strata: igo, body, country, doc_type, year, period, language, mission_kind or a dimension.")
    ] = "",
    allocation: Annotated[AllocationOption, typer.Option(help="How to spread over strata.")] = AllocationOption.PROPORTIONAL,
    least: Annotated[int, typer.Option(min=1, help="The least number of each stratum.")] = 2,
    per_document: Annotated[int, typer.Option(min=1, help="Passages of each document, in a cluster sample.")] = 5,
    by_size: Annotated[bool, typer.Option("--by-size", help="Draw documents in proportion to their passages.")] = False,
    label: Annotated[str | None, typer.Option(help="DIMENSION=CATEGORY whose probability to follow or to estimate.")] = None,
    word: Annotated[list[str] | None, typer.Option(help="A word or phrase to look for; may be given again.")] = None,
    floor: Annotated[float, typer.Option(help="The share of an enriched or active sample that is spread evenly.")] = 0.2,
    fixed_size: Annotated[bool, typer.Option("--fixed-size", help="Draw an enriched sample of exactly this size.")] = False,
    supplement_of: Annotated[str | None, typer.Option(help="Draw only from what has come since this sample.")] = None,
    igo: Annotated[list[str] | None, typer.Option(help="Only this organization; may be given again, as the next four.")] = None,
    body: Annotated[list[str] | None, typer.Option(help="Only this organ.")] = None,
    country: Annotated[list[str] | None, typer.Option(help="Only this country, ISO 3166-1 alpha-3.")] = None,
    doc_type: Annotated[list[str] | None, typer.Option(help="Only this kind of document.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Only this language.")] = None,
    from_year: Annotated[int | None, typer.Option(help="Only documents published from this year on.")] = None,
    to_year: Annotated[int | None, typer.Option(help="Only documents published up to this year.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the draw.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Draw a sample and keep it with its whole frame: which passages could have been drawn, and with which probability.

    The same command over the same passages gives the same sample and keeps it once. What is in a gold sample is never learned from.
    """
    from flows.sampling import SampleRequest, draw_sample
    from models.sampling.designs import Design, check_options
    from warehouse.frames import FrameFilter

    settings = load_settings(context.obj)
    if not size and supplement_of is None:
        raise BadInput("Say how many to draw: --size 600.")
    if label is not None and (label.count("=") != 1 or not all(label.split("="))):
        raise BadInput(f"--label {label!r} is not understood; write DIMENSION=CATEGORY, for example stage=compliance.")
    given = [name for name in context.params if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"]
    check_options(design.value, given, allocation=allocation.value, fixed_size=fixed_size)
    dimension, _, category = (label or "").partition("=")
    request = SampleRequest(
        Design(design.value, size, allocation.value, least, per_document, by_size, floor, fixed_size),
        FrameFilter(
            tuple(igo or ()),
            tuple(body or ()),
            tuple(country or ()),
            tuple(doc_type or ()),
            tuple(language or ()),
            from_year,
            to_year,
        ),
        purpose.value,
        seed,
        tuple(part.strip() for part in by.split(",") if part.strip()),
        (dimension, category) if label else None,
        tuple(word or ()),
        supplement_of,
    )
    found = draw_sample(settings, request)
    for one in found["asked_before"]:
        other = "training" if found["purpose"] == "gold" else "gold"
        note(
            f"The same command drew {one['sample_id']} before, from {one['frame_size']} passages. This is a second sample beside it, from "
            f"the {found['frame_size']} that can be drawn now. Code the first unless you want both: what is not coded counts nowhere, though "
            f"its passages cannot be drawn for {other} any more. For passages that have come since, say --supplement-of "
            f"{one['sample_id']}."
        )
    if as_json:
        print_json({**_facts(found), "asked_before": [one["sample_id"] for one in found["asked_before"]]})
        return
    print(f"{'Drawn' if found['changed'] else 'Drawn before'}: {found['sample_id']}")
    print(
        f"{found['n_drawn']} of {found['frame_size']} passages in {found['frame_documents']} documents, {found['design']}, {found['purpose']}"
    )
    if found["n_left_out"]:
        print(f"{found['n_left_out']} passages were no part of the frame: they are in a sample of the other purpose.")
    print(f"Next: entente codes export --sample {found['sample_id']}")


@sample_app.command("list", epilog="Example: entente sample list")
def list_command(context: typer.Context, as_json: AsJson = False) -> None:
    """List the samples that were drawn."""
    from warehouse.samples import list_samples

    with _reading(load_settings(context.obj)) as connection:
        found = list_samples(connection)
    if as_json:
        print_json([_facts(one) for one in found])
        return
    columns = (
        "sample_id",
        "purpose",
        "design",
        "n_drawn",
        "n_coded",
        "frame_size",
        "frame_documents",
        "supplement_of",
        "drawn_at",
    )
    print(table(columns, [tuple(one[name] for name in columns) for one in found]))


@sample_app.command("show", epilog="Example: entente sample show gold-stratified-1a2b3c4d5e")
def show(
    context: typer.Context,
    sample: Annotated[str, typer.Argument(help="The sample's identifier.")],
    passages: Annotated[bool, typer.Option("--passages", help="Show the passages too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how a sample was drawn, and with --passages what is in it."""
    from warehouse.samples import read_sample, sampled_passages

    with _reading(load_settings(context.obj)) as connection:
        found = _facts(read_sample(connection, sample))
        units = sampled_passages(connection, sample) if passages or as_json else []
    if as_json:
        print_json({**found, "passages": units})
        return
    for name, value in found.items():
        print(f"{name:18} {json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value}")
    if passages:
        columns = ("passage_id", "stratum", "inclusion_probability", "document_id", "para_no", "text")
        print()
        print(table(columns, [tuple(unit[name] for name in columns) for unit in units]))
        if gone := sum(unit["text"] is None for unit in units):
            note(f"{gone} passages are not in the warehouse any more: their document was read anew. Their codes stay.")


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "options": json.loads(row["options"]), "filters": json.loads(row["filters"])}


def _reading(settings: Settings) -> Any:
    from warehouse.database import open_warehouse

    require_warehouse(settings)
    return open_warehouse(settings.paths.warehouse)
