"""`entente adjudicate`: what coders differ on, and the decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.main import adjudicate_app
from flows.cli.options import AsJson
from flows.cli.output import print_json, table
from flows.settings import load_settings

Sample = Annotated[str | None, typer.Option(help="Only the passages of this sample.")]
Codes = Annotated[Path | None, typer.Option(help="A file of codes instead of the project's warehouse.")]


@adjudicate_app.command("list", epilog="Example: entente adjudicate list")
def list_command(context: typer.Context, sample: Sample = None, codes: Codes = None, as_json: AsJson = False) -> None:
    """List what waits for a decision: every passage and dimension that coders gave different codes, gold first."""
    from flows.adjudication import disagreements_in_file, open_disagreements

    settings = load_settings(context.obj)
    rows = open_disagreements(settings, sample) if codes is None else disagreements_in_file(settings, codes)
    if as_json:
        print_json(rows)
        return
    shown = [
        (
            row["passage_id"],
            "gold" if row["is_gold"] else "",
            row["dimension"],
            "; ".join(f"{one['coder']}: {one['value'] or '(none)'}" for one in row["codes"]),
            row["text"],
        )
        for row in rows
    ]
    if shown:
        print(table(("passage_id", "", "dimension", "codes", "text"), shown))
    print(f"{len(rows)} decisions wait, on {len({row['passage_id'] for row in rows})} passages.")


@adjudicate_app.command("export", epilog="Example: entente adjudicate export queue.xlsx")
def export(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(help="The file to fill in, .xlsx or .csv.")],
    sample: Sample = None,
    codes: Codes = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file; decisions filled in there are lost.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the queue with the passages and what each coder said; value, reason and adjudicator are to be filled in."""
    from flows.adjudication import export_queue

    number = export_queue(load_settings(context.obj), out, sample, codes, overwrite=overwrite)
    print_json({"file": out, "waiting": number}) if as_json else print(f"{number} decisions wait: {out}")


@adjudicate_app.command("import", epilog="Example: entente adjudicate import queue.xlsx --adjudicator carla")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The queue with decisions filled in.")],
    adjudicator: Annotated[str | None, typer.Option(help="Who decided, where the file does not say it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take in decisions, all or none. Each needs a reason; lines left empty stay in the queue; every original code is kept."""
    from flows.adjudication import import_decisions

    done = import_decisions(load_settings(context.obj), file, adjudicator)
    if as_json:
        print_json({"new": done.new, "known": done.known})
    else:
        print(f"{done.new} decisions taken in, {done.known} stood already.")
