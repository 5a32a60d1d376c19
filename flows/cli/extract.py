"""`entente extract`: show what is read out of one file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from entente.errors import BadInput
from flows.cli.main import app
from flows.settings import load_settings


class As(StrEnum):
    """The forms in which an extraction can be shown."""

    TEXT = "text"
    JSON = "json"
    MD = "md"


@app.command(epilog="Example: entente extract report.pdf --as md --overlay seen.pdf")
def extract(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A PDF, DOCX, HTML or TXT file.")],
    form: Annotated[As, typer.Option("--as", help="How to show it.")] = As.TEXT,
    overlay: Annotated[
        Path | None, typer.Option("--overlay", help="Write a copy of a PDF with the passages drawn on its pages here.")
    ] = None,
    ocr: Annotated[bool, typer.Option(help="Recognize pages that are pictures, where tesseract is installed.")] = True,
) -> None:
    """Read one file and print its passages; nothing is stored."""
    from dataclasses import replace

    from entente.files import sha256_of_file
    from extractors.failure import ExtractionError
    from extractors.pool import ExtractionJob, ExtractionPool
    from extractors.render import as_json, as_markdown, as_text
    from extractors.types import ExtractionFailure
    from flows.steps import extraction_options
    from sources.checks import check_file
    from sources.types import Refusal

    settings = load_settings(context.obj)
    if not file.is_file():
        raise BadInput(f"{file} is not there or is no plain file.")
    outcome = check_file(file, file.name, max_bytes=settings.sources.max_file_mb * 1_000_000)
    if isinstance(outcome, Refusal):
        raise BadInput(f"{outcome.detail} ({outcome.reason})")
    if overlay is not None and outcome != "pdf":
        raise BadInput(f"--overlay draws on the pages of a PDF; {file} is of the format {outcome}.")
    options, limits = extraction_options(settings)
    options = replace(options, ocr="auto" if ocr else "off")
    with ExtractionPool(1, options, limits) as pool:
        ((_job, extraction),) = pool.run([ExtractionJob(file.resolve(), outcome, sha256_of_file(file))])
        if isinstance(extraction, ExtractionFailure):
            raise BadInput(f"{file}: {extraction.detail} ({extraction.reason})")
        if overlay is not None:
            try:
                pool.overlay(file.resolve(), extraction, overlay.resolve())
            except ExtractionError as error:
                raise BadInput(f"{file}: {error.detail} ({error.reason})") from error
    for warning in extraction.warnings:
        typer.echo(warning, err=True)
    typer.echo({As.TEXT: as_text, As.JSON: as_json, As.MD: as_markdown}[form](extraction))
