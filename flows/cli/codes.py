"""`entente codes`: passages out to coders, codes back in."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from entente.errors import BadInput
from flows.cli.main import codes_app
from flows.cli.options import AsJson, Coder, FileFormat, FormatOption, Kind, Name
from flows.cli.output import note, print_json
from flows.settings import load_settings


class WhatOption(Enum):
    """What can be exported."""

    TASKS = "tasks"
    CODES = "codes"
    TRAINING = "training"


@codes_app.command("export", epilog="Example: entente codes export --sample gold-simple-1a2b3c4d5e --format excel --coder anna")
def export(
    context: typer.Context,
    sample: Annotated[str | None, typer.Option(help="The sample; may be left out for codes.")] = None,
    what: Annotated[
        WhatOption, typer.Option(help="tasks: passages to code; codes: what was coded; training: a folder for `entente train`.")
    ] = WhatOption.TASKS,
    file_format: Annotated[FormatOption, typer.Option("--format", help="For which tool.")] = FormatOption.EXCEL,
    out: Annotated[Path | None, typer.Option(help="The file, or the folder for training (default: named by the sample).")] = None,
    coder: Annotated[str, typer.Option(help="The coder's name, put into an empty form.")] = "",
    predictions: Annotated[
        bool,
        typer.Option(
            "--predictions", help="Put the model's labels in before; never for gold. Coders then agree with it too often."
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there; what was filled in is lost.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write passages for coders (blind: no country, year, model's label or other codes), stored codes, or codes to train on."""
    from flows.coding import export_codes, export_training
    from flows.coding_tasks import ENDINGS, export_tasks

    settings = load_settings(context.obj)
    if what is WhatOption.TRAINING:
        folder = out or Path("training-codes")
        number = export_training(settings, folder, overwrite=overwrite)
        if as_json:
            print_json({"folder": folder, "passages": number})
        else:
            print(f"{number} passages, none of them gold: {folder}")
            print(f"Next: entente train --annotations {folder}")
        return
    chosen = file_format.value
    if what is WhatOption.CODES:
        # Not the name of a form of this sample, which somebody may be filling in.
        target = out or Path(f"{sample}-codes{ENDINGS[chosen]}" if sample else f"codes{ENDINGS[chosen]}")
        path, number = export_codes(settings, sample, chosen, target, overwrite=overwrite)
        print_json({"files": [path], "codes": number}) if as_json else print(f"{number} codes: {path}")
        return
    if sample is None:
        raise BadInput("Say which sample: --sample NAME; `entente sample list` shows those there are.")
    target = out or Path(f"{sample}{'-' + coder if coder else ''}{ENDINGS[chosen]}")
    made = export_tasks(settings, sample, chosen, target, coder=coder, predictions=predictions, overwrite=overwrite)
    if as_json:
        print_json({"files": made})
    else:
        for path in made:
            print(path)


@codes_app.command("import", epilog="Example: entente codes import gold-simple-1a2b3c4d5e-anna.xlsx --kind anna=person")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file of codes.")],
    file_format: FileFormat = None,
    coder: Coder = None,
    name: Name = None,
    kind: Kind = None,
    report: Annotated[Path | None, typer.Option(help="Write all problems to this file, as CSV.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take in codes, all or none: every row is held against the codebook, and bad ones are told with line, column, value and reason.

    The same file again changes nothing. Codes are never overwritten: a coder's later code of a passage stands beside the earlier one.
    """
    from flows.coding import ImportRequest, facts, import_codes

    settings = load_settings(context.obj)
    request = ImportRequest(
        file, file_format.value if file_format else None, coder, pairs("--name", name), pairs("--kind", kind), report
    )
    done = import_codes(settings, request)
    if as_json:
        print_json(facts(done))
        return
    print(f"{done.new} new codes, {done.known} were here already.")
    for who, before, now in done.kinds:
        print(f"{who}: {before} -> {now}")
    if done.unknown_passages:
        note(
            f"{len(done.unknown_passages)} passages are not in the warehouse any more: their document was read anew. Their codes are kept."
        )


def pairs(option: str, given: list[str] | None) -> dict[str, str]:
    """Return `KEY=VALUE` arguments as a mapping; `BadInput` for what is none, and for a key that is given two values."""
    from models.coding.names import plain_name

    found: dict[str, str] = {}
    for one in given or []:
        name, equals, value = one.partition("=")
        key = plain_name(name)
        if not (key and equals and value):
            raise BadInput(f"{option} {one!r} is not understood; write NAME=VALUE.")
        if found.get(key, value) != value:
            raise BadInput(f"{option} says of {key} that it is {found[key]!r} and that it is {value!r}. Give one of them.")
        found[key] = value
    return found
