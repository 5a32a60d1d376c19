"""`entente models`: which models there are."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.main import models_app
from flows.cli.output import print_json, table
from flows.settings import load_settings


@models_app.command("list", epilog="Example: entente models list --json")
def list_command(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a model.")] = False,
) -> None:
    """List the models that ship with Entente and those trained in this project."""
    from models.registry import find_model, list_models

    settings = load_settings(context.obj)
    found = list_models(settings.model_folders)
    in_use = find_model(settings.classification.model, settings.model_folders).name if found else None
    rows = [
        (
            info.version == in_use,
            info.version,
            "shipped" if info.shipped else "local",
            info.created,
            info.codebook_version,
            sum((info.passages or {}).values()),
            info.problem or "",
            info.path,
        )
        for info in found
    ]
    header = ("in_use", "version", "origin", "created", "codebook", "passages", "problem", "path")
    if as_json:
        for row in rows:
            print_json(dict(zip(header, row, strict=True)))
    else:
        print(table(header, rows, width=90))
