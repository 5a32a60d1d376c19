"""PDFium's own text of a page or of a rectangle, for verification; shares no code with the layout."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pypdfium2 as pdfium

from extractors.failure import ExtractionError
from extractors.types import Box
from warehouse.states import Reason


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

    def inside(self, box: Box, margin: float) -> str:
        """Return the text inside a box widened by `margin` points to the sides.

        From above and below it is narrowed, because a character counts as inside when any of its frame is, and frames of
        neighbouring lines overlap.
        """
        inset = min(2.5, 0.25 * (box.bottom - box.top))
        text = self._open(box.page)
        left, _, _, top = self._page.get_bbox()
        found = text.get_text_bounded(
            left=box.x0 + left - margin,
            bottom=top - box.bottom + inset,
            right=box.x1 + left + margin,
            top=top - box.top - inset,
        )
        return str(found).replace("\x02", "-").replace("\ufffe", "-")

    def _open(self, number: int) -> Any:
        if number != self._number:
            self._close_page()
            self._page = self._document[number - 1]
            self._text = self._page.get_textpage()
            self._number = number
        return self._text

    def _close_page(self) -> None:
        if self._text is not None:
            self._text.close()
            self._page.close()
        self._text = self._page = None
        self._number = 0
