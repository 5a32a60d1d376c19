"""`entente plan progress`: whether more codes still change anything."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from entente.errors import BadInput
from flows.cli.main import plan_app
from flows.cli.options import AsJson
from flows.cli.output import print_json, table
from flows.cli.plan import By, Country, DocType, FromYear, Igo, ToYear, filters_of, parts_of, quantity_of
from flows.progress import terminal_progress
from flows.settings import load_settings


@plan_app.command("progress", epilog="Example: entente plan progress --quantity contested --width 0.10 --by country --next 200")
def progress(
    context: typer.Context,
    following: Annotated[int, typer.Option("--next", help="How many further codes are thought of.")] = 200,
    quantity: Annotated[str | None, typer.Option(help="Whose intervals are waited for; see `entente plan width`.")] = None,
    width: Annotated[float | None, typer.Option(help="The wished width of the intervals.")] = None,
    by: By = "",
    annotations: Annotated[
        Path | None, typer.Option(help="Learn from this folder (texts.jsonl, train.jsonl) instead of the project's own codes.")
    ] = None,
    dimension: Annotated[
        list[str] | None, typer.Option(help="Draw the curve of this dimension; may be given again (default: the core ones).")
    ] = None,
    least_gain: Annotated[
        float, typer.Option(min=0.0, help="The gain of macro F1 from the next codes below which they are not worth it.")
    ] = 0.01,
    igo: Igo = None,
    country: Country = None,
    doc_type: DocType = None,
    from_year: FromYear = None,
    to_year: ToYear = None,
    as_json: AsJson = False,
) -> None:
    """Say whether more codes still make estimates narrower and the model better: stop, go on, or cannot tell yet, each with its reason.

    For estimates: the half-width of each cell now and after the next codes. For the model: quick heads on word n-grams learn from growing
    shares of the documents; a power law through their scores says what the next codes would add.
    """
    from flows.coding_progress import ProgressRequest, coding_progress
    from flows.planning import WidthRequest

    if (quantity is None) != (width is None):
        raise BadInput("--quantity and --width belong together: say which intervals shall be how wide, or leave both out.")
    settings = load_settings(context.obj)
    estimate = None
    if quantity is not None and width is not None:
        name, category = quantity_of(quantity)
        estimate = WidthRequest(name, width, filters_of(igo, country, doc_type, from_year, to_year), category, parts_of(by))
    request = ProgressRequest(following, estimate, annotations, tuple(dimension or ()), least_gain)
    with terminal_progress(wanted=not as_json) as tell:
        found = coding_progress(settings, request, tell)
    if as_json:
        print_json(found)
        return
    if found["estimates"] is not None:
        _print_estimates(found["estimates"], following)
    _print_model(found["model"], following)


def _print_estimates(found: dict[str, Any], following: int) -> None:
    cells = found["cells"]
    own = {
        "gold_passages", "half_width", "half_width_after_next", "still_needed", "basis", "verdict", "reason",
    }  # fmt: skip
    facts = [name for name in cells[0] if name not in own]
    rows = [
        (
            *(one[name] for name in facts), one["gold_passages"], "-" if one["half_width"] is None else one["half_width"],
            "-" if one["half_width_after_next"] is None else one["half_width_after_next"], one["verdict"], one["reason"],
        )
        for one in cells
    ]  # fmt: skip
    print(f"{found['quantity']}={found['category']}, wished: {found['half_width_wanted']:g} to either side\n")
    print(table((*facts, "gold", "half-width", f"after {following} more", "verdict", "reason"), rows))
    print(f"\nEstimates: {found['verdict']}: {found['reason']}.")
    if not found["published_is_current"]:
        print("The warehouse holds more than the published file: `entente publish`, and new codes count here.")
    for one in found["waiting_samples"]:
        print(f"{one['sample_id']}: {one['coded']} of {one['drawn']} coded; it counts in no estimate until all of it is coded.")
    print()


def _print_model(found: dict[str, Any], following: int) -> None:
    rows = [
        (
            one["dimension"], one["passages"], "-" if not one["scores"] else one["scores"][-1],
            "-" if one["gain"] is None else f"{one['gain']:.3f} ({one['low']:.3f} to {one['high']:.3f})", one["verdict"], one["reason"],
        )
        for one in found["curves"]
    ]  # fmt: skip
    print(table(("dimension", "passages", "macro F1", f"gain from {following} more (95%)", "verdict", "reason"), rows, width=110))
    print(
        f"\nModel: {found['verdict']}. The curves are those of quick heads on word n-grams, not of the fine-tuned model; the least gain that "
        f"counts is {found['least_gain']:g}."
    )
