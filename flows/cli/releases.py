"""`entente releases list`: the published files that there are."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.cli.main import releases_app
from flows.cli.output import print_json, table
from flows.settings import load_settings


@releases_app.command("list", epilog="Example: entente releases list")
def list_releases(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """List the published file and those of before that are kept, the newest first."""
    from warehouse.kept_releases import facts_of, kept_files

    published = load_settings(context.obj).paths.published
    files = [published, *reversed(kept_files(published))] if published.is_file() else list(reversed(kept_files(published)))
    found = [facts for path in files if (facts := facts_of(path)) is not None]
    if as_json:
        print_json(
            [
                {
                    "path": one.path,
                    "released_at": one.released_at,
                    "model_version": one.model_version,
                    "codebook_version": one.codebook_version,
                    "documents": one.documents,
                    "passages": one.passages,
                }
                for one in found
            ]
        )
        return
    rows = [
        (one.released_at, one.model_version, one.codebook_version, one.documents, one.passages, str(one.path)) for one in found
    ]
    print(table(("made (UTC)", "model", "codebook", "documents", "passages", "file"), rows, width=160))
