"""The readers that Entente is compared with, each as it comes: pdfplumber's `extract_text` and PDFium's text of a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pdfplumber
import pypdfium2

from benchmarks.extract_measures import Reading
from extractors.block import Block

_ENDS = re.compile(r"[.!?:;]\s*$")


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
