"""PDFium's own text of a page or of a rectangle, for verification; shares no code with the layout."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from extractors.failure import ExtractionError
from extractors.pdf_turned import Character, turned_characters
from extractors.types import Box
from warehouse.states import Reason


def _characters(handle: Any, count: int, left: float, page_top: float) -> list[Character]:
    box = pdfium_c.FS_RECTF()
    x, y = ctypes.c_double(), ctypes.c_double()
    result = []
    for index in range(count):
        code = pdfium_c.FPDFText_GetUnicode(handle, index)
        if not chr(code).isalnum() or not pdfium_c.FPDFText_GetLooseCharBox(handle, index, box):
            continue
        pdfium_c.FPDFText_GetCharOrigin(handle, index, x, y)
        result.append(
            Character(chr(code), box.left - left, page_top - box.top, box.right - left, page_top - box.bottom, page_top - y.value)
        )
    return result


def _in_rows(characters: Iterable[Character], box: Box, margin: float) -> str:
    inset = min(2.5, 0.25 * (box.bottom - box.top))
    found = [
        c
        for c in characters
        if box.x0 - margin <= (c.x0 + c.x1) / 2 <= box.x1 + margin and c.bottom > box.top + inset and c.top < box.bottom - inset
    ]
    rows: list[list[Character]] = []
    for character in sorted(found, key=lambda c: c.baseline):
        if rows and character.baseline - rows[-1][0].baseline < 0.25 * (character.bottom - character.top):
            rows[-1].append(character)
        else:
            rows.append([character])
    return "\n".join("".join(c.text for c in sorted(row, key=lambda c: c.x0)) for row in rows)


class PdfText:
    """Reads text of a PDF by page or box, one page open at a time."""

    def __init__(self, path: Path) -> None:
        try:
            self._document: Any = pdfium.PdfDocument(path)
        except pdfium.PdfiumError as error:
            raise ExtractionError(Reason.BROKEN_FILE, f"The PDF cannot be opened: {error}") from error
        self._number = 0
        self._page: Any = None
        self._text: Any = None
        self._characters: list[Character] | None = None
        self._turned: tuple[list[Character], Callable[[Box], Box]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close_page()
        self._document.close()

    def page_count(self) -> int:
        """Return the number of pages."""
        return len(self._document)

    def page(self, number: int) -> str:
        """Return the text of a page, counted from 1."""
        return str(self._open(number).get_text_range()).replace("\x02", "-").replace("\ufffe", "-")

    def inside_shown(self, box: Box, margin: float) -> str:
        """Return the same as `inside` for a box that is counted on a rotated page as it is shown, nothing for other pages.

        So are the boxes of pages the text of which is turned in the file.
        """
        self._open(box.page)
        quarters = self._page.get_rotation() // 90 % 4
        there = self._in_file(box, quarters)
        return "" if there is None else self.inside(there, margin, sideways=quarters in (1, 3))

    def _in_file(self, box: Box, quarters: int) -> Box | None:
        """Return a box of the shown page where it stands in the file, None for a page that is not rotated."""
        left, bottom, right, top = self._page.get_bbox()
        width, height = right - left, top - bottom
        if quarters == 1:
            return Box(box.page, box.top, height - box.x1, box.bottom, height - box.x0)
        if quarters == 2:
            return Box(box.page, width - box.x1, height - box.bottom, width - box.x0, height - box.top)
        if quarters == 3:
            return Box(box.page, width - box.bottom, box.x0, width - box.top, box.x1)
        return None

    def inside(self, box: Box, margin: float, *, sideways: bool = False) -> str:
        """Return the text inside a box widened by `margin` points to the sides, or up and down where lines run sideways.

        From above and below it is narrowed, because a character counts as inside when any of its frame is, and frames of
        neighbouring lines overlap.
        """
        inset = min(2.5, 0.25 * (box.x1 - box.x0 if sideways else box.bottom - box.top))
        x, y = (-inset, margin) if sideways else (margin, -inset)
        text = self._open(box.page)
        left, _, _, top = self._page.get_bbox()
        found = text.get_text_bounded(
            left=box.x0 + left - x,
            bottom=top - box.bottom - y,
            right=box.x1 + left + x,
            top=top - box.top + y,
        )
        return str(found).replace("\x02", "-").replace("\ufffe", "-")

    def rows_inside(self, box: Box, margin: float) -> str:
        """Return the same as `inside`, but in the order in which the characters stand on the page, row by row from left to right.

        A file may hold the pieces of a row in any order (the cells of tables, the labels of charts); people read what they see.
        """
        text = self._open(box.page)
        if self._characters is None:
            left, _, _, top = self._page.get_bbox()
            self._characters = _characters(text.raw, text.count_chars(), left, top)
        return _in_rows(self._characters, box, margin)

    def turned_rows_inside(self, box: Box, margin: float) -> str:
        """Return the same as `rows_inside` in the direction in which most characters of the page run; nothing where that is upright."""
        text = self._open(box.page)
        if self._turned is None:
            width, height = self._page.get_size()
            self._turned = turned_characters(text.raw, text.count_chars(), self._page.get_bbox(), width, height)
        characters, upright = self._turned
        return _in_rows(characters, upright(box), margin) if characters else ""

    def _open(self, number: int) -> Any:
        if number != self._number:
            self._close_page()
            self._page = self._document[number - 1]
            self._text = self._page.get_textpage()
            self._number = number
            self._characters = self._turned = None
        return self._text

    def _close_page(self) -> None:
        if self._text is not None:
            self._text.close()
            self._page.close()
        self._text = self._page = None
        self._number = 0
