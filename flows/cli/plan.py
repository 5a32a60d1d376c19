"""`entente plan`: how many gold passages are needed, and when more codes are no longer worth their time."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from entente.errors import BadInput
from flows.cli.main import plan_app
from flows.cli.options import AsJson
from flows.cli.output import print_json, table
from flows.settings import load_settings

if TYPE_CHECKING:
    from warehouse.frames import FrameFilter

Quantity = Annotated[
    str, typer.Option(help="What is estimated, as in the estimates: contested, stage=compliance, setback=initiation, tone=net.")
]
Width = Annotated[float, typer.Option(help="The wished width, from the lower to the upper bound.")]
By = Annotated[
    str, typer.Option(help="What makes a cell, beside the organization: country, year, period, doc_type, body, mission_kind.")
]
Igo = Annotated[list[str] | None, typer.Option(help="Only this organization; may be given again, as the next two.")]
Country = Annotated[list[str] | None, typer.Option(help="Only this country, ISO 3166-1 alpha-3.")]
DocType = Annotated[list[str] | None, typer.Option(help="Only this kind of document.")]
FromYear = Annotated[int | None, typer.Option(help="Only documents published from this year on.")]
ToYear = Annotated[int | None, typer.Option(help="Only documents published up to this year.")]


class AssumeOption(Enum):
    """What a plan can rest on."""

    GOLD = "gold"
    DEV = "dev"
    WORST = "worst"


@plan_app.command("width", epilog="Example: entente plan width --quantity contested --width 0.10 --by country")
def width(
    context: typer.Context,
    quantity: Quantity,
    width: Width,
    by: By = "",
    confidence: Annotated[float, typer.Option(help="Of the interval; the published views give 0.95.")] = 0.95,
    assume: Annotated[
        AssumeOption | None, typer.Option(help="Rest on this for all organizations; else on the best there is for each.")
    ] = None,
    per_document: Annotated[int, typer.Option(min=1, help="Passages of each document, in a cluster sample.")] = 5,
    by_size: Annotated[bool, typer.Option("--by-size", help="A cluster sample draws documents by their passages.")] = False,
    igo: Igo = None,
    country: Country = None,
    doc_type: DocType = None,
    from_year: FromYear = None,
    to_year: ToYear = None,
    as_json: AsJson = False,
) -> None:
    """Say how many gold passages each cell needs for an interval of a given width, by design, with the model's help and without.

    Where even the whole cell coded would not do, it says so: documents are a sample of what might have been written.
    """
    from flows.planning import WidthRequest, plan_width

    settings = load_settings(context.obj)
    name, category = quantity_of(quantity)
    request = WidthRequest(
        name, width, filters_of(igo, country, doc_type, from_year, to_year), category, parts_of(by), confidence,
        assume.value if assume else None, per_document, by_size,
    )  # fmt: skip
    found = plan_width(settings, request)
    if as_json:
        print_json(found)
        return
    _print_width(found)


def _print_width(found: dict[str, Any]) -> None:
    cells = found["cells"]
    facts = [name for name in cells[0] if name not in _NO_FACTS]
    header = (
        *facts, "passages", "documents", "gold", "expected", "width now", "least", "simple", "no model", "cluster", "enriched", "active",
    )  # fmt: skip
    rows = [
        (
            *(one[name] for name in facts), one["passages"], one["documents"], one["gold_passages"], one["expected_value"],
            "-" if one["width_now"] is None else one["width_now"], one["least_width"],
            *(_need(one, design, help_) for design, help_ in _COLUMNS),
        )
        for one in cells
    ]  # fmt: skip
    title = f"{found['quantity']}={found['category']}, {found['confidence']:.0%} intervals no wider than {found['width']:g}"
    print(f"{title}: gold passages needed in each cell\n")
    print(table(header, rows))
    whole, alone = found["whole"]["with_model"], found["whole"]["without_model"]
    print(
        f"\nFor the {whole['cells_reached']} of {len(cells)} cells that can get there: {whole['stratified']} passages in a sample stratified "
        f"by these cells, {whole['simple']} in one simple sample. Without the model {alone['cells_reached']} cells can, with "
        f"{alone['stratified']} and {alone['simple']}."
    )
    print(
        f"""simple: a simple sample of the cell; no model: the same without the model's help; cluster: {found["per_document"]} passages of each
document; enriched and active as in `entente sample draw`, drawn in each cell. Numbers are those needed in all, with what is coded already.
least: the width with every passage coded; where it is above the wished one, documents are too few: never. A cell with fewer
documents or passages than an interval needs is never, too."""
    )
    for line in found["assumptions"]:
        print(line)


_NO_FACTS = {
    "documents", "passages", "gold_passages", "gold_documents", "basis", "expected_value", "width_now", "least_width",
    "explained_by_model", "alike_within_documents", "needs",
}  # fmt: skip
_COLUMNS = (
    ("simple", "with_model"),
    ("simple", "without_model"),
    ("cluster", "with_model"),
    ("enriched", "with_model"),
    ("active", "with_model"),
)


def _need(cell: dict[str, Any], design: str, help_: str) -> int | str:
    number = cell["needs"][design][help_]["passages"]
    return "never" if number is None else int(number)


def quantity_of(given: str) -> tuple[str, str | None]:
    """Return name and category of a quantity as it is written on the command line; `BadInput` where it is not understood."""
    name, equals, category = given.partition("=")
    if not name or (equals and not category):
        raise BadInput(f"--quantity {given!r} is not understood; write for example contested or stage=compliance.")
    return name, category or None


def parts_of(by: str) -> tuple[str, ...]:
    """Return the names in a list with commas."""
    return tuple(part.strip() for part in by.split(",") if part.strip())


def filters_of(
    igo: list[str] | None, country: list[str] | None, doc_type: list[str] | None, from_year: int | None, to_year: int | None
) -> FrameFilter:
    """Return the filter that these options say."""
    from warehouse.frames import FrameFilter

    return FrameFilter(
        igo=tuple(igo or ()),
        country=tuple(country or ()),
        doc_type=tuple(doc_type or ()),
        from_year=from_year,
        to_year=to_year,
    )
