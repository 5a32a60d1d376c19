"""The second engine: pdfplumber, slower and built on another parser; it reads some pages that PDFium cannot, and the other way round."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import pdfplumber
from pdfminer.pdfdocument import PDFPasswordIncorrect
from pdfminer.pdfinterp import PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.pdftypes import resolve1
from pdfplumber.page import Page
from pdfplumber.utils.exceptions import PdfminerException

from extractors.failure import ExtractionError
from extractors.page import RawPage, Rule, Word
from warehouse.states import Reason

_PAGES_AT_ONCE = 50
_COVERED = 0.7  # share of a page that the picture of a scan covers at least
_FRAME = 20.0  # points; the smallest side of a box with text in it


class PdfplumberEngine:
    """Reads pages with pdfplumber. Raises `ExtractionError` (encrypted, broken_file, no_pages) when the file cannot be opened.

    The pages are walked from the first to the last and none is kept; one before the last that was asked for begins the walk anew.
    """

    def __init__(self, path: Path) -> None:
        self._count: int | None = None
        try:
            self._stream = path.open("rb")
            try:
                self._document: Any = pdfplumber.open(self._stream)
                self._pages, self._last = self._walk(), 0
                first = next(self._walk(), None)
                tree: Any = resolve1(self._document.doc.catalog.get("Pages"))
                if first is None and isinstance(tree, dict) and resolve1(tree.get("Count")) == 0:
                    raise ExtractionError(Reason.NO_PAGES, "The PDF has no pages.")
            except BaseException:
                self._stream.close()
                raise
        except PdfminerException as error:
            if error.args and isinstance(error.args[0], PDFPasswordIncorrect):
                raise ExtractionError(Reason.ENCRYPTED, "The PDF asks for a password. Store a copy without one.") from error
            raise ExtractionError(Reason.BROKEN_FILE, f"The PDF cannot be opened: {error}") from error
        except ExtractionError:
            raise
        except Exception as error:  # pdfminer raises many kinds of errors on broken files
            raise ExtractionError(Reason.BROKEN_FILE, f"The PDF cannot be opened: {error}") from error

    def page_count(self) -> int:
        """Return the number of pages; the walk through a long document takes about a second."""
        if self._count is None:
            self._count = sum(1 for _ in self._walk())
        return self._count

    def pages(self) -> Iterator[RawPage]:
        """Yield the pages in order, each released before the next is read."""
        for number in range(1, self.page_count() + 1):
            yield self.page(number)

    def page(self, number: int) -> RawPage:
        """Return one page; a page that pdfminer cannot parse is an empty page. Raises `IndexError` where the file has no such page."""
        if number <= self._last:
            self._pages, self._last = self._walk(), 0
        for found in islice(self._pages, number - self._last - 1, None):
            self._last = number
            return self._read(found, number)
        raise IndexError(f"The file has no page {number}.")

    def upright(self, number: int, quarters: int) -> RawPage | None:  # the interface of an engine
        """Return None: pages are read as they are shown."""
        return None

    def close(self) -> None:
        """Release the file."""
        self._stream.close()

    def _walk(self) -> Iterator[PDFPage]:
        """Yield the pages up to the end, or to where the tree of pages is broken; raises what pdfminer raises when none is found."""
        pages = PDFPage.create_pages(self._document.doc)
        for index in count():
            try:
                page = next(pages, None)
            except Exception:
                if not index:
                    raise
                return
            if page is None:
                return
            if index % _PAGES_AT_ONCE == 0:
                self._forget()
            yield page

    def _forget(self) -> None:
        """Let go of the objects and fonts of the pages so far, which pdfminer keeps as long as the document is open."""
        for name in ("_cached_objs", "_parsed_objs"):
            getattr(self._document.doc, name, {}).clear()
        self._document.rsrcmgr = PDFResourceManager()

    def _read(self, found: PDFPage, number: int) -> RawPage:
        try:
            page = Page(self._document, found, page_number=number, initial_doctop=0)
            raw = RawPage(number, float(page.width), float(page.height))
        except Exception:  # noqa: BLE001  # the sides of a broken page may be anything
            return RawPage(number, 0.0, 0.0)
        try:
            left, top = page.bbox[0], page.bbox[1]
            items = page.extract_words(
                x_tolerance_ratio=0.15, keep_blank_chars=False, use_text_flow=True, extra_attrs=["fontname", "size"]
            )
            previous: Word | None = None
            for item in items:
                if not item.get("upright", True):
                    continue
                word = _word(item, left, top)
                if previous is not None and -1.0 < word.x0 - previous.x1 < 0.15 * previous.size:
                    word.raised = word.size < 0.82 * previous.size and word.bottom < previous.bottom - 0.1 * word.size
                raw.words.append(word)
                previous = word
            for item in [*page.lines, *page.rects]:
                if (item["width"] >= 15 and item["height"] <= 3) or (item["height"] >= 8 and item["width"] <= 3):
                    raw.rules.append(Rule(item["x0"] - left, item["top"] - top, item["x1"] - left, item["bottom"] - top))
                elif item["width"] >= _FRAME and item["height"] >= _FRAME:
                    raw.frames.append(Rule(item["x0"] - left, item["top"] - top, item["x1"] - left, item["bottom"] - top))
            raw.pictured = sum(item["width"] * item["height"] for item in page.images) / max(raw.width * raw.height, 1.0)
            # Whether text is painted cannot be asked here, so only scans in black and white are told.
            raw.scanned = raw.pictured > _COVERED and any(item.get("bits") == 1 for item in page.images)
        except Exception:  # noqa: BLE001  # pdfminer raises many kinds of errors on broken pages; the page is then empty
            raw.words, raw.rules, raw.frames = [], [], []
        finally:
            # Without this pdfplumber keeps the characters of every page it has seen.
            page.close()
        return raw


def _word(item: dict[str, Any], left: float, top: float) -> Word:
    name = str(item["fontname"]).lower()
    text = str(item["text"])
    letters = [c for c in text if c.isalpha()]
    leftward = bool(letters) and all(unicodedata.bidirectional(c) in ("R", "AL") for c in letters)
    if leftward and not any(c.isdigit() for c in text):
        # pdfplumber gives the glyphs from the left edge on; each may stand for two letters.
        text = "".join(unicodedata.normalize("NFKC", c) for c in reversed(text))
    return Word(
        text,
        item["x0"] - left,
        item["top"] - top,
        item["x1"] - left,
        item["bottom"] - top,
        float(item["size"]),
        item["bottom"] - top,
        "bold" in name or "black" in name,
        "italic" in name or "oblique" in name,
        leftward=leftward,
    )
