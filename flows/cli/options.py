"""Options that several commands have, written once."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class FormatOption(Enum):
    """The formats of files of codes."""

    CSV = "csv"
    JSONL = "jsonl"
    EXCEL = "excel"
    LABEL_STUDIO = "label-studio"
    DOCCANO = "doccano"
    INCEPTION = "inception"


FileFormat = Annotated[FormatOption | None, typer.Option("--format", help="Its format, where the file does not tell.")]
Coder = Annotated[str | None, typer.Option(help="Who coded, where the file does not say it.")]
Name = Annotated[
    list[str] | None, typer.Option(help="USER=CODER, for a tool's users or another spelling of a name; may be given again.")
]
Kind = Annotated[list[str] | None, typer.Option(help="CODER=person, language model or simulation; may be given again.")]
