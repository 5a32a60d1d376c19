"""A copy of a PDF on which a person sees at once what was read: a frame around every passage, coloured by kind, with its number."""

from __future__ import annotations

import ctypes
from collections import defaultdict
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from entente.files import replacing
from extractors.failure import ExtractionError
from extractors.types import Box, Extraction, Passage
from warehouse.states import Reason

# Red, green, blue; what is not coded is grey or pale.
_COLOURS = {
    "paragraph": (0, 90, 200),
    "list_item": (0, 140, 90),
    "quotation": (140, 60, 180),
    "table": (210, 120, 0),
    "footnote": (130, 130, 130),
    "annex_list": (160, 110, 60),
}
_PALE = (170, 170, 170)
_TYPE = 6.0  # points


def write_overlay(source: Path, extraction: Extraction, target: Path) -> None:
    """Write the PDF `source` with the boxes, the order and the kinds of its passages drawn on its pages to `target`.

    Raises:
        ExtractionError: broken_file, when PDFium cannot open the file.
    """
    by_page: dict[int, list[tuple[Passage, Box]]] = defaultdict(list)
    for passage in extraction.passages:
        for box in passage.boxes:
            by_page[box.page].append((passage, box))
    try:
        document: Any = pdfium.PdfDocument(source)
    except pdfium.PdfiumError as error:
        raise ExtractionError(Reason.BROKEN_FILE, f"The PDF cannot be opened: {error}") from error
    try:
        font = pdfium_c.FPDFText_LoadStandardFont(document.raw, b"Helvetica")
        for number, found in by_page.items():
            if not 1 <= number <= len(document):
                continue
            page = document[number - 1]
            left, _, _, top = page.get_bbox()
            for passage, box in found:
                colour = _COLOURS.get(passage.kind, _PALE) if passage.is_codable or passage.kind != "paragraph" else _PALE
                _frame(page, box, left, top, colour)
                _label(document, page, font, _caption(passage), box.x0 + left - 2, top - box.top + 1, colour)
            pdfium_c.FPDFPage_GenerateContent(page.raw)
            page.close()
        with replacing(target) as stream:
            document.save(stream)
    finally:
        document.close()


def _caption(passage: Passage) -> str:
    number = f" {passage.para_no}" if passage.para_no else ""
    return f"{passage.ordinal + 1} {passage.kind}{number}{'' if passage.is_codable else ' (not coded)'}"


def _frame(page: Any, box: Box, left: float, top: float, colour: tuple[int, int, int]) -> None:
    rectangle = pdfium_c.FPDFPageObj_CreateNewRect(
        box.x0 + left - 2, top - box.bottom - 1, box.x1 - box.x0 + 4, box.bottom - box.top + 2
    )
    pdfium_c.FPDFPageObj_SetStrokeColor(rectangle, *colour, 255)
    pdfium_c.FPDFPageObj_SetStrokeWidth(rectangle, 0.8)
    pdfium_c.FPDFPath_SetDrawMode(rectangle, 0, True)
    pdfium_c.FPDFPage_InsertObject(page.raw, rectangle)


def _label(document: Any, page: Any, font: Any, text: str, x: float, y: float, colour: tuple[int, int, int]) -> None:
    item = pdfium_c.FPDFPageObj_CreateTextObj(document.raw, font, _TYPE)
    encoded = text.encode("utf-16-le") + b"\0\0"
    pdfium_c.FPDFText_SetText(item, (ctypes.c_ushort * (len(encoded) // 2)).from_buffer_copy(encoded))
    pdfium_c.FPDFPageObj_SetFillColor(item, *colour, 255)
    pdfium_c.FPDFPageObj_Transform(item, 1, 0, 0, 1, x, y)
    pdfium_c.FPDFPage_InsertObject(page.raw, item)
