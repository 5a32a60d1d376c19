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
    """List the models that ship with Entente and those trained in this project; a star marks the one in use."""
    from flows.load import chosen_model
    from models.registry import list_models

    settings = load_settings(context.obj)
    found = list_models(settings.model_folders)
    in_use = chosen_model(settings).version if found else None
    rows = [
        (
            "*" if info.version == in_use else "",
            info.version,
            info.origin,
            info.created,
            info.codebook_version,
            info.trained_passages,
            info.path,
        )
        for info in found
    ]
    header = ("use", "version", "origin", "created", "codebook", "passages", "path")
    if as_json:
        for row in rows:
            print_json(dict(zip(header, row, strict=True)) | {"use": bool(row[0])})
    else:
        print(table(header, rows, width=90))
