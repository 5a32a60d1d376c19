"""`entente release`: what is published, as a folder to hand on."""

from __future__ import annotations

import re
from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from entente.errors import BadInput
from flows.cli.main import app
from flows.cli.output import note, print_json
from flows.settings import Settings, load_settings

if TYPE_CHECKING:
    from warehouse.export.bundle import About

_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,80}")


@app.command(epilog="Example: entente release --version 2026.1 --date 2026-12-01 --without-text")
def release(
    context: typer.Context,
    out: Annotated[
        Path | None, typer.Option(help="The folder of the release (default: var/release/VERSION in the project).")
    ] = None,
    version: Annotated[str | None, typer.Option(help="Its version (default: Entente's, and a hash of the content).")] = None,
    date: Annotated[
        str | None, typer.Option(help="Day of release to print in it, as 2026-12-01. Without it there is none.")
    ] = None,
    without_text: Annotated[
        bool, typer.Option("--without-text", help="Leave the texts of the documents out and keep their hashes.")
    ] = False,
    no_stata: Annotated[bool, typer.Option("--no-stata", help="Write no Stata files.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Write the published database as DuckDB, Parquet, CSV and Stata files with data package, codebook, dictionary, reports and checksums.

    The same content gives the same bytes. The folder is there whole or not at all, and a release that is there is never changed. Texts go
    along unless --without-text is given: without them nobody can check a label. Look at the terms of your sources before you hand them on.
    """
    from warehouse.export.bundle import make_release
    from warehouse.export.database import is_repeatable

    settings = load_settings(context.obj)
    if version is not None and not _VERSION.fullmatch(version):
        raise BadInput(f"--version {version!r}: give letters, digits, dots, plus signs and hyphens, as in 2026.1.")
    if date is not None:
        try:
            date = Date.fromisoformat(date).isoformat()
        except ValueError:
            raise BadInput(f"--date {date!r} is no day; write it as 2026-12-01.") from None
    report = make_release(
        settings.paths.published,
        lambda name: (out if out is not None else settings.paths.state / "release" / name).resolve(),
        _about(settings, date),
        version=version,
        with_text=not without_text,
        stata=not no_stata,
        told=(lambda _part: None) if as_json else (lambda part: note(f"writing {part} ...")),
    )
    if as_json:
        print_json(
            {
                "path": report.path,
                "version": report.version,
                "changed": report.changed,
                "files": report.files,
                "bytes": report.n_bytes,
            }
        )
        return
    same = "the same to the byte" if is_repeatable() else "the same in what it holds"
    words = "Released" if report.changed else f"Unchanged, {same}"
    print(f"{words}: {report.path} (version {report.version}, {report.files} files, {report.n_bytes / 1e6:.1f} MB)")


def _about(settings: Settings, date: str | None) -> About:
    from warehouse.export.bundle import About

    given = settings.release
    return About(given.title, given.authors, given.licence or None, date, _pages(settings))


def _pages(settings: Settings) -> dict[str, str]:
    """Return codebook and model card, where this project has those by which the published labels were made."""
    from entente.errors import EntenteError
    from flows.load import chosen_model, read_codebook
    from models.guide import render_guide
    from models.model_file import CARD
    from warehouse.export.database import published
    from warehouse.export.readme import short_facts

    with published(settings.paths.published) as connection:
        facts = short_facts(connection)
    pages = {}
    codebook = read_codebook(settings)
    if codebook.version == facts.codebook_version:
        pages = {"codebook.md": render_guide(codebook), "codebook.yaml": settings.codebook.read_text(encoding="utf-8")}
    else:
        note(
            f"The project's codebook is {codebook.version}, the labels are by {facts.codebook_version}: codebook.md is made of the code tables."
        )
    try:
        card = (
            (chosen_model(settings, facts.model_version).path / CARD).read_text(encoding="utf-8") if facts.model_version else None
        )
    except (EntenteError, OSError):
        note(f"The model {facts.model_version} is not on this machine: MODEL_CARD.md says only that.")
        card = None
    pages["MODEL_CARD.md"] = card or (
        f"# Model card: {facts.model_version or 'no model'}\n\n"
        "The card was not on the machine that made this release. What the warehouse knows of the model is in the table `models`.\n"
    )
    return pages
