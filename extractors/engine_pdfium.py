"""The default engine: pypdfium2; words by `pdfium_words`, ruling lines and pictures from the objects of the page."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from extractors.failure import ExtractionError
from extractors.page import RawPage, Rule
from extractors.pdfium_words import WordReader
from extractors.turned import upright_matrix
from warehouse.states import Reason

_PAGES_AT_ONCE = 50
_MAX_OBJECTS = 4000  # drawings beyond this are maps and charts: their lines say nothing about tables
_COVERED = 0.7  # share of a page that the picture of a scan covers at least
_FRAME = 20.0  # points; the smallest side of a box with text in it
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
        self._path = path
        self._served = 0
        self._altered = False
        self._reader = WordReader()

    def page_count(self) -> int:
        """Return the number of pages."""
        return len(self._document)

    def pages(self) -> Iterator[RawPage]:
        """Yield the pages in order, each released before the next is read."""
        for number in range(1, self.page_count() + 1):
            yield self.page(number)

    def page(self, number: int) -> RawPage:
        """Return one page; a page that PDFium cannot load is an empty page."""
        self._served += 1
        if self._served % _PAGES_AT_ONCE == 0 or self._altered:
            # PDFium keeps the fonts of all pages that it has seen as long as the document is open.
            self._document.close()
            self._document = pdfium.PdfDocument(self._path)
            self._altered = False
        return self._page(number)

    def upright(self, number: int, quarters: int) -> RawPage | None:
        """Return a page turned by so many quarters against the clock; None for one that the file itself shows rotated."""
        try:
            page = self._document[number - 1]
        except pdfium.PdfiumError:
            return None
        try:
            if page.get_rotation() or not 1 <= quarters <= 3:
                return None
            left, bottom, right, top = page.get_bbox()
            matrix = pdfium_c.FS_MATRIX(*upright_matrix(quarters, left, bottom, right, top))
            self._altered = True  # in memory only, and only until the next page is asked for
            if not pdfium_c.FPDFPage_TransFormWithClip(page.raw, matrix, None):
                return None
            sides = (right - left, top - bottom) if quarters == 2 else (top - bottom, right - left)
            page.set_mediabox(0, 0, *sides)
            page.set_cropbox(0, 0, *sides)
        finally:
            page.close()
        return self._page(number)

    def _page(self, number: int) -> RawPage:
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
                    raw.words = self._reader.words(text_page.raw, text_page.count_chars(), left, top)
                    raw.turned = sum(self._reader.turned)
                    raw.quarters = max(range(4), key=self._reader.turned.__getitem__)
                finally:
                    text_page.close()
            raw.rules, raw.frames, raw.pictured = _drawn(page, left, bottom, right, top)
            raw.scanned = raw.pictured > _COVERED and bool(raw.words) and _is_recognized(page)
            return raw
        finally:
            page.close()

    def close(self) -> None:
        """Release the file."""
        self._document.close()


def _drawn(page: Any, left: float, bottom: float, right: float, top: float) -> tuple[list[Rule], list[Rule], float]:
    """Return the ruling lines of a page, its drawn rectangles, and the share of it that pictures cover."""
    rules: list[Rule] = []
    frames: list[Rule] = []
    pictured = 0.0
    paths = 0
    x0, y0, x1, y1 = ctypes.c_float(), ctypes.c_float(), ctypes.c_float(), ctypes.c_float()
    for item, kind in _objects(page.raw, pdfium_c.FPDFPage_CountObjects, pdfium_c.FPDFPage_GetObject, 2):
        is_path = kind == pdfium_c.FPDF_PAGEOBJ_PATH
        if not is_path and kind != pdfium_c.FPDF_PAGEOBJ_IMAGE:
            continue
        paths += is_path
        if (is_path and paths > _MAX_OBJECTS) or not pdfium_c.FPDFPageObj_GetBounds(item, x0, y0, x1, y1):
            continue
        a, b, c, d = x0.value, y0.value, x1.value, y1.value
        if not is_path:
            pictured += max(0.0, min(c, right) - max(a, left)) * max(0.0, min(d, top) - max(b, bottom))
        elif (d - b <= 3.0 and c - a >= 15.0) or (c - a <= 3.0 and d - b >= 8.0):
            rules.append(Rule(a - left, top - d, c - left, top - b))
        elif d - b >= _FRAME and c - a >= _FRAME:
            frames.append(Rule(a - left, top - d, c - left, top - b))
    area = max((right - left) * (top - bottom), 1.0)
    if paths > _MAX_OBJECTS:
        rules, frames = [], []
    return rules, frames, pictured / area


def _objects(holder: Any, count: Any, get: Any, depth: int) -> Iterator[tuple[Any, int]]:
    """Yield the objects of a page, or of a form inside it, with their kind, forms down to `depth` opened."""
    for index in range(count(holder)):
        item = get(holder, index)
        kind = pdfium_c.FPDFPageObj_GetType(item)
        if kind == pdfium_c.FPDF_PAGEOBJ_FORM and depth > 1:
            yield from _objects(item, pdfium_c.FPDFFormObj_CountObjects, pdfium_c.FPDFFormObj_GetObject, depth - 1)
        else:
            yield item, kind


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
