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


@app.command(epilog="Example: entente extract report.pdf --as md")
def extract(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A PDF, DOCX, HTML or TXT file.")],
    form: Annotated[As, typer.Option("--as", help="How to show it.")] = As.TEXT,
) -> None:
    """Read one file and print its passages; nothing is stored."""
    from entente.files import sha256_of_file
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
    options, limits = extraction_options(settings)
    with ExtractionPool(1, options, limits) as pool:
        ((_job, extraction),) = pool.run([ExtractionJob(file.resolve(), outcome, sha256_of_file(file))])
    if isinstance(extraction, ExtractionFailure):
        raise BadInput(f"{file}: {extraction.detail} ({extraction.reason})")
    typer.echo({As.TEXT: as_text, As.JSON: as_json, As.MD: as_markdown}[form](extraction))
