"""The readers that Entente is compared with, each as it comes: pdfplumber's `extract_text`, PDFium's text of a page, and a layout tool.

The layout tool is the program `opendataloader-pdf` (Apache 2.0; wants Java 11), which finds headings, paragraphs, lists, tables and the
order of reading. It takes part where it is found on the path: `pip install opendataloader-pdf` into an environment of its own.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pdfplumber
import pypdfium2

from benchmarks.extract_measures import Reading
from extractors.block import Block

_ENDS = re.compile(r"[.!?:;]\s*$")
_LAYOUT_PROGRAM = "opendataloader-pdf"


def pdfium_pages(path: Path) -> list[str]:
    """Return PDFium's text of each page."""
    document = pypdfium2.PdfDocument(path)
    try:
        return [str(page.get_textpage().get_text_range()).replace("\r\n", "\n") for page in document]
    finally:
        document.close()


def pdfplumber_pages(path: Path) -> list[str]:
    """Return the text that pdfplumber gives for each page."""
    pages = []
    with pdfplumber.open(path) as document:
        for page in document.pages:
            pages.append(page.extract_text())
            page.close()
    return pages


def reading_of_pages(pages: list[str]) -> Reading:
    """Return a reading of plain text, in which a paragraph ends where a line ends like a sentence; plain text has no headings."""
    pieces: list[tuple[str, str]] = []
    waiting: list[str] = []
    for line in "\n".join(pages).split("\n"):
        waiting.append(line)
        if _ENDS.search(line) or not line.strip():
            pieces.append(("paragraph", " ".join(waiting)))
            waiting = []
    pieces.append(("paragraph", " ".join(waiting)))
    return Reading([piece for piece in pieces if piece[1].strip()], "\n".join(pages))


def reading_of_blocks(blocks: list[Block], furniture: Sequence[str] = ()) -> Reading:
    """Return a reading of what Entente's layout found: the body is what is coded and the headings; tables and notes are left out.

    Args:
        blocks: in reading order; their marks of notes count as words that were read.
        furniture: lines that are kept with their page and are no text (running heads, page and job numbers): words that were read too.
    """
    first = next((i for i, block in enumerate(blocks) if block.codable and block.kind != "heading"), len(blocks))
    pieces = [
        ("heading" if block.kind == "heading" else "paragraph" if block.codable else "cover", block.text)
        for index, block in enumerate(blocks)
        if block.codable or block.kind == "heading" or (index < first and block.kind in ("paragraph", "list_item"))
    ]
    words = " ".join(
        f"{block.para_no or ''}{'.' if block.para_no else ''} {block.marker or ''} {block.text} {' '.join(block.notes)} "
        for block in blocks
    )
    return Reading(pieces, " ".join((words, *furniture)))


def layout_reading(path: Path) -> Reading | None:
    """Return what the layout tool makes of a PDF, None where it is not installed.

    The body is its headings, paragraphs and items; what it calls a table, caption, running head or foot counts as read and is no body.

    Raises:
        subprocess.CalledProcessError: when the tool fails.
    """
    program = shutil.which(_LAYOUT_PROGRAM)
    if program is None:
        return None
    with TemporaryDirectory() as folder:
        subprocess.run(
            [program, "-q", "-f", "json", "--image-output", "off", "--include-header-footer", "-o", folder, str(path)],
            check=True,
            capture_output=True,
        )
        found: Any = json.loads((Path(folder) / f"{path.stem}.json").read_text(encoding="utf-8"))
    nodes = [(kind, text) for child in found["kids"] for kind, text in _texts(child, in_body=True)]
    pieces = [(kind, text) for kind, text in nodes if kind and text.strip()]
    return Reading(pieces, "\n".join(text for _, text in nodes))


def _texts(node: dict[str, Any], *, in_body: bool) -> Iterator[tuple[str, str]]:
    """Yield kind (empty for what is no body) and text of an element of the layout tool and of all below it, in reading order."""
    in_body = in_body and node.get("type") not in ("table", "caption", "header", "footer", "image")
    if content := node.get("content"):
        yield ("" if not in_body else "heading" if node["type"] == "heading" else "paragraph"), str(content)
    for below in node.values():
        if isinstance(below, list):
            for child in below:
                if isinstance(child, dict):
                    yield from _texts(child, in_body=in_body)
