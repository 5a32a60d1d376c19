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
_COVERED = 0.7  # share of a page that the picture of a scan covers at least
_INVISIBLE = (3, 7)  # text rendering modes that paint nothing (ISO 32000-1, table 106)


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
            raw.rules, pictured = _drawn(page, left, bottom, right, top)
            raw.scanned = pictured > _COVERED and bool(raw.words) and _is_recognized(page)
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
            leftward = 0x590 <= code <= 0x8FF or 0xFB1D <= code <= 0xFEFC
            if (
                current is not None
                and abs(baseline - current.baseline) < 0.08 * height
                and 0.85 < height / (current.bottom - current.top) < 1.18
                and leftward == current.leftward
                and -0.5 * height < (current.x0 - x1 if leftward else x0 - current.x1) < 0.6 * height
            ):
                current.text += character
                current.x0, current.x1 = min(current.x0, x0), max(current.x1, x1)
                spaced = False
                continue
            glued = current is not None and -1.0 < x0 - current.x1 < 0.6 * height
            bold, italic = self._style(handle, index)
            if abs(pdfium_c.FPDFText_GetCharAngle(handle, index)) % 6.28 > _ROTATED:
                current = None
                continue
            previous = current
            current = Word(character, x0, top, x1, bottom, height * 0.9, baseline, bold, italic, spaced=spaced, leftward=leftward)
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


def _drawn(page: Any, left: float, bottom: float, right: float, top: float) -> tuple[list[Rule], float]:
    """Return the ruling lines of a page and the share of it that pictures cover."""
    rules: list[Rule] = []
    pictured = 0.0
    paths = 0
    for item in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_PATH, pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=2):
        is_path = item.type == pdfium_c.FPDF_PAGEOBJ_PATH
        paths += is_path
        if is_path and paths > _MAX_OBJECTS:
            continue
        try:
            x0, y0, x1, y1 = item.get_bounds()
        except pdfium.PdfiumError:
            continue
        if not is_path:
            pictured += max(0.0, min(x1, right) - max(x0, left)) * max(0.0, min(y1, top) - max(y0, bottom))
        elif (y1 - y0 <= 3.0 and x1 - x0 >= 15.0) or (x1 - x0 <= 3.0 and y1 - y0 >= 8.0):
            rules.append(Rule(x0 - left, top - y1, x1 - left, top - y0))
    area = max((right - left) * (top - bottom), 1.0)
    return [] if paths > _MAX_OBJECTS else rules, pictured / area


def _is_recognized(page: Any) -> bool:
    """True when the text of a page that pictures cover is unseen (paints nothing, or lies under the picture) or the picture is a scan.

    Text that is seen over a picture in colour is a cover or a slide; over one in black and white (1 bit) it comes from a scanner.
    """
    unseen = waiting = 0
    black_and_white = False
    for item in page.get_objects(max_depth=3):
        if item.type == pdfium_c.FPDF_PAGEOBJ_TEXT:
            if pdfium_c.FPDFTextObj_GetTextRenderMode(item.raw) in _INVISIBLE:
                unseen += 1
            else:
                waiting += 1
        elif item.type == pdfium_c.FPDF_PAGEOBJ_IMAGE:
            metadata = item.get_metadata()
            black_and_white = black_and_white or metadata.bits_per_pixel == 1
            unseen, waiting = unseen + waiting, 0
    return unseen > waiting or (black_and_white and unseen + waiting > 0)
