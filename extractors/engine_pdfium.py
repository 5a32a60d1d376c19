"""The default engine: pypdfium2, one call for the box of each character, font facts once a word."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from extractors.failure import ExtractionError
from extractors.page import RawPage, Rule, Word
from warehouse.states import Reason

_HYPHENS = {0x02, 0xAD, 0xFFFE}  # how PDFium reports a hyphen at the end of a line, and the soft hyphen
_FORCE_BOLD = 1 << 18
_ITALIC = 1 << 6
_ROTATED = 0.3  # radians
_MAX_OBJECTS = 4000  # drawings beyond this are maps and charts: their lines say nothing about tables


class PdfiumEngine:
    """Reads pages with PDFium. Raises `ExtractionError` (encrypted, broken_file, no_pages) when the file cannot be opened."""

    def __init__(self, path: Path) -> None:
        try:
            self._document: Any = pdfium.PdfDocument(path)
        except pdfium.PdfiumError as error:
            code = getattr(error, "err_code", None)
            if code in (pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY):
                raise ExtractionError(Reason.ENCRYPTED, "The PDF asks for a password. Store a copy without one.") from error
            raise ExtractionError(Reason.BROKEN_FILE, f"The PDF cannot be opened: {error}") from error
        self._buffer = ctypes.create_string_buffer(256)

    def page_count(self) -> int:
        """Return the number of pages."""
        return len(self._document)

    def pages(self) -> Iterator[RawPage]:
        """Yield the pages in order, each released before the next is read."""
        for number in range(1, self.page_count() + 1):
            yield self.page(number)

    def page(self, number: int) -> RawPage:
        """Return one page; a page that PDFium cannot load is an empty page."""
        try:
            page = self._document[number - 1]
        except pdfium.PdfiumError:
            return RawPage(number, 0.0, 0.0)
        try:
            left, bottom, right, top = page.get_bbox()
            raw = RawPage(number, *page.get_size())
            with contextlib.suppress(pdfium.PdfiumError):
                text_page = page.get_textpage()
                try:
                    raw.words = self._words(text_page.raw, text_page.count_chars(), left, top)
                finally:
                    text_page.close()
            raw.rules = _rules(page, left, top)
            del right, bottom
            return raw
        finally:
            page.close()

    def close(self) -> None:
        """Release the file."""
        self._document.close()

    def _words(self, handle: Any, count: int, left: float, page_top: float) -> list[Word]:
        words: list[Word] = []
        box = pdfium_c.FS_RECTF()
        current: Word | None = None
        get_box, get_unicode = pdfium_c.FPDFText_GetLooseCharBox, pdfium_c.FPDFText_GetUnicode
        pending = 0
        spaced = False
        origin_x, origin_y = ctypes.c_double(), ctypes.c_double()
        for index in range(count):
            code = get_unicode(handle, index)
            if 0xD800 <= code < 0xDC00:
                pending = code
                continue
            if pending:
                code = 0x10000 + ((pending - 0xD800) << 10) + (code - 0xDC00) if 0xDC00 <= code < 0xE000 else 0xFFFD
                pending = 0
            character = "-" if code in _HYPHENS else _character(code)
            if character.isspace() or character == "\u200b":
                current = None
                spaced = True
                continue
            if code == 0 or not get_box(handle, index, box):
                continue
            x0, x1 = box.left - left, box.right - left
            top, bottom = page_top - box.top, page_top - box.bottom
            height = bottom - top
            if height <= 0.5 or x1 < x0:
                continue
            # Frames differ from font to font on one line; origins do not.
            known = pdfium_c.FPDFText_GetCharOrigin(handle, index, origin_x, origin_y)
            baseline = page_top - origin_y.value if known else bottom
            if (
                current is not None
                and abs(baseline - current.baseline) < 0.08 * height
                and 0.85 < height / (current.bottom - current.top) < 1.18
                and -0.5 * height < x0 - current.x1 < 0.6 * height
            ):
                current.text += character
                current.x1 = max(current.x1, x1)
                spaced = False
                continue
            glued = current is not None and -1.0 < x0 - current.x1 < 0.6 * height
            bold, italic = self._style(handle, index)
            if abs(pdfium_c.FPDFText_GetCharAngle(handle, index)) % 6.28 > _ROTATED:
                current = None
                continue
            previous = current
            current = Word(character, x0, top, x1, bottom, height * 0.9, baseline, bold, italic, spaced=spaced)
            spaced = False
            if glued and previous is not None:
                smaller = height < 0.82 * (previous.bottom - previous.top)
                current.raised = smaller and baseline < previous.baseline - 0.1 * height
            words.append(current)
        return words

    def _style(self, handle: Any, index: int) -> tuple[bool, bool]:
        flags = ctypes.c_int()
        length = pdfium_c.FPDFText_GetFontInfo(handle, index, self._buffer, len(self._buffer), flags)
        name = self._buffer.raw[: max(0, min(length, 256) - 1)].lower() if length else b""
        weight = pdfium_c.FPDFText_GetFontWeight(handle, index)
        bold = weight >= 600 or b"bold" in name or b"black" in name or bool(flags.value & _FORCE_BOLD)
        return bold, b"italic" in name or b"oblique" in name or bool(flags.value & _ITALIC)


def _character(code: int) -> str:
    return chr(code) if 0 <= code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "\ufffd"


def _rules(page: Any, left: float, page_top: float) -> list[Rule]:
    rules = []
    for number, item in enumerate(page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_PATH], max_depth=2)):
        if number >= _MAX_OBJECTS:
            return []
        try:
            x0, y0, x1, y1 = item.get_bounds()
        except pdfium.PdfiumError:
            continue
        if (y1 - y0 <= 3.0 and x1 - x0 >= 15.0) or (x1 - x0 <= 3.0 and y1 - y0 >= 8.0):
            rules.append(Rule(x0 - left, page_top - y1, x1 - left, page_top - y0))
    return rules
