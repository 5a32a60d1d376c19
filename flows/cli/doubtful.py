"""`entente codes doubtful`: codes that deserve a second look."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from entente.errors import BadInput
from flows.cli.main import codes_app
from flows.cli.options import FormatOption
from flows.cli.output import print_json, table
from flows.settings import load_settings


@codes_app.command("doubtful", epilog="Example: entente codes doubtful --most 20 --tasks again.xlsx --anew-by carla")
def doubtful(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="A file of codes; without one those of the project are looked through.")
    ] = None,
    texts: Annotated[Path | None, typer.Option(help="The texts for a file of codes (default: texts.jsonl beside it).")] = None,
    coder: Annotated[str | None, typer.Option(help="This coder's own codes, instead of those that stand.")] = None,
    dimension: Annotated[list[str] | None, typer.Option(help="Only this dimension; may be given again.")] = None,
    reason: Annotated[
        list[str] | None, typer.Option(help="Only for this reason: model, repeated or contradiction; may be given again.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, help="How many codes to show, and passages to write as tasks.")] = 30,
    out: Annotated[Path | None, typer.Option(help="Write the whole list to this file, as CSV.")] = None,
    tasks: Annotated[
        Path | None, typer.Option(help="Write the passages shown to this file, to be coded anew without seeing the old codes.")
    ] = None,
    file_format: Annotated[FormatOption, typer.Option("--format", help="For which tool the tasks are.")] = FormatOption.EXCEL,
    anew_by: Annotated[str, typer.Option(help="Who codes them anew, put into an empty form.")] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """List codes that deserve a second look; nothing is changed.

    Reasons: a model that has not learned from the code contradicts it (the model in use for gold, else quick heads on word n-grams, each
    judging documents that it has not seen); a repeated passage is coded differently elsewhere; the codes of a passage contradict each other.
    """
    from flows.doubtful import DoubtRequest, find_doubtful, write_list, write_tasks

    if tasks is not None and file is not None:
        raise BadInput("--tasks needs passages of the project: leave the file of codes out, or import it first.")
    settings = load_settings(context.obj)
    found = find_doubtful(settings, DoubtRequest(file, texts, coder, tuple(dimension or ()), tuple(reason or ())))
    shown = found["codes"][:most]
    if out is not None:
        write_list(found["codes"], out, overwrite=overwrite)
    made: list[Path] = []
    if tasks is not None and shown:
        passages = [one["passage_id"] for one in shown]
        made, found["passages_to_code_anew"] = write_tasks(
            settings, passages, file_format.value, tasks, coder=anew_by, overwrite=overwrite
        )
    if as_json:
        print_json({**found, "files": [*([out] if out else []), *made]})
        return
    _print(found, shown)
    for path in ([out] if out else []) + made:
        print(path)


def _print(found: dict[str, Any], shown: list[dict[str, Any]]) -> None:
    if shown:
        header = ("passage", "dimension", "code", "by", "model says", "p code", "p model", "why", "text")
        rows = [
            (
                one["passage_id"], one["dimension"], one["code"] or "(none)", ", ".join(one["coders"]), one["suggested"] or "(none)",
                "-" if one["probability"] is None else one["probability"],
                "-" if one["suggested_probability"] is None else one["suggested_probability"], ", ".join(one["reasons"]), one["text"],
            )
            for one in shown
        ]  # fmt: skip
        print(table(header, rows, width=50))
    print(
        f"\n{len(found['codes'])} doubtful of {found['looked_through']} codes, {len(shown)} shown; {found['held_against_a_model']} were held "
        "against a model. The model may be wrong and the code right."
    )
    if found["why_not"]:
        print(f"No heads were trained: {found['why_not']}.")
    errors = [one for one in found["coder_errors"] if one["differing"]]
    if errors:
        print("\nCoders beside what was decided, or what two or more others gave alike:")
        print(
            table(("coder", "dimension", "compared", "different", "share (95%)", "most often"), [_errors(one) for one in errors])
        )


def _errors(one: dict[str, Any]) -> tuple[object, ...]:
    said, stands, number = one["confusions"][0]
    share = f"{one['differing'] / one['compared']:.2f} ({one['low']:.2f} to {one['high']:.2f})"
    return (
        one["coder"],
        one["dimension"],
        one["compared"],
        one["differing"],
        share,
        f"{said or '(none)'} for {stands or '(none)'}, {number} times",
    )
