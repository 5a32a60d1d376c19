"""The pages of a PDF, one at a time: the engine that reads a page best, recognition of pictures, and a judgement of each page's text."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from extractors.columns import ColumnMemory
from extractors.engines import LazySpare, open_engine
from extractors.language import is_of, language_of
from extractors.line import Line
from extractors.lines import page_lines
from extractors.ocr import PageRecognizer, is_available
from extractors.options import ExtractOptions
from extractors.page import RawPage
from extractors.page_lines import PageLines
from extractors.quality import (
    LEFTWARD_QUALITY,
    USABLE,
    alphabetic_share,
    continuity,
    is_leftward,
    lexical_share,
    misread_share,
    text_quality,
)
from extractors.turned import Turn
from extractors.types import PageInfo

_PICTURED = 0.2  # share of a page that pictures cover at least where recognition is worth a try
_FEW_TURNED = 100  # letters: the titles of axes, a mark in the margin
_RUNNING_HEAD = 150  # letters: what may stand upright on a page that is read turned, and is then left out
_READ_TURNED = "most of its text is turned on the page; it was read turned by"
_MISREAD = 0.01  # share of misread words from which what a scanner recognized is recognized anew


@dataclass(slots=True)
class ReadPage:
    """A page with its lines in reading order and what is known of it."""

    lines: PageLines
    info: PageInfo
    warnings: list[str]
    turn: Turn | None = None  # the lines are those of the page turned upright, what is known of it is of the page as it is


class PageReader:
    """Reads the pages of one PDF. Raises `ExtractionError` (encrypted, broken_file) when no engine opens it."""

    def __init__(self, path: Path, options: ExtractOptions) -> None:
        self._engine, self._spare = open_engine(path, options.engine)
        self._recognizes = options.ocr != "off"
        self._recognizer = PageRecognizer(path) if self._recognizes and is_available() else None
        self._columns: list[ColumnMemory] = []
        self._language: str | None = None

    def page_count(self) -> int:
        """Return the number of pages."""
        return self._engine.page_count()

    def close(self) -> None:
        """Release the file."""
        self._engine.close()
        if self._spare is not None:
            self._spare.close()
        if self._recognizer is not None:
            self._recognizer.close()

    def page(self, number: int) -> ReadPage:
        """Return a page, counted from 1; text that cannot be used is left out, and a warning says so."""
        warnings: list[str] = []
        raw, source = self._engine.page(number), "text_layer"
        turn: Turn | None = None
        lines, text, quality = self._read(raw)
        if raw.turned > max(_FEW_TURNED, _letters(text)):
            if (found := self._upright(raw, text)) is not None:
                turn = Turn(raw.quarters, raw.width, raw.height)
                left_out = _letters(text)
                warnings.append(
                    f"page {number}: {_READ_TURNED} {_turned_by(turn)}"
                    + (f", and what stands upright was left out ({left_out} letters)" if left_out else "")
                )
                raw, lines, text, quality = found
            else:
                raw, lines, text, quality = self._turned(raw, lines, text, quality, warnings)
        if (quality or 0.0) < USABLE:
            if (other := _spare_page(self._spare, number)) is not None:
                again = self._read(other)
                if (again[2] or 0.0) > max(quality or 0.0, USABLE):
                    raw, (lines, text, quality) = other, again
                    warnings.append(f"page {number}: read with pdfplumber, PDFium found no usable text")
            unread = quality is not None and quality < USABLE
            if unread:
                warnings.append(f"page {number}: the text layer is unreadable (quality {quality:.2f}) and was left out")
            if (quality or 0.0) < USABLE:
                lines, text = [], ""
                source = "none"
                if unread or raw.pictured > _PICTURED:
                    found = self._recognized(number, warnings)
                    if found is not None:
                        raw, lines, text, quality = found
                        source = "ocr"
        elif raw.scanned:
            source = "ocr_layer"
            if self._recognizer is not None and (odd := misread_share(text)) > _MISREAD:
                found = self._recognized(number, warnings)
                if found is not None and misread_share(found[2]) < odd:
                    raw, lines, text, quality = found
                    source, turn = "ocr", None
                    warnings = [one for one in warnings if _READ_TURNED not in one]
        if lines and is_leftward(text):
            quality = min(quality or 0.0, LEFTWARD_QUALITY)
            warnings.append(
                f"page {number}: written from right to left; letters and their order are not reliable, not to be coded"
            )
        language = self._language_of(text) if lines else None
        info = PageInfo(
            number,
            round(turn.width if turn else raw.width, 2),
            round(turn.height if turn else raw.height, 2),
            source,
            sum(len(line.text) for line in lines),
            sum(len(line.text.split()) for line in lines),
            language,
            quality,
            alphabetic=alphabetic_share(text),
            lexical=lexical_share(text, language) if language else None,
            continuity=continuity([line.text for line in lines]),
        )
        return ReadPage(PageLines(number, raw.width, raw.height, lines, raw.rules), info, warnings, turn)

    def _upright(self, raw: RawPage, text: str) -> tuple[RawPage, list[Line], str, float | None] | None:
        """Return a page that is shown as it is in the file turned upright, None where that gives no usable text or loses a paragraph."""
        if _letters(text) > _RUNNING_HEAD:
            return None
        upright = self._engine.upright(raw.number, raw.quarters)
        if upright is None:
            return None
        again = self._read(upright)
        return (upright, *again) if (again[2] or 0.0) >= USABLE and len(again[1]) > 2 * len(text) else None

    def _turned(
        self, raw: RawPage, lines: list[Line], text: str, quality: float | None, warnings: list[str]
    ) -> tuple[RawPage, list[Line], str, float | None]:
        """Return a page most of which is turned in the file: as the second engine reads it, where that finds it upright on the page."""
        if (other := _spare_page(self._spare, raw.number)) is not None:
            again = self._read(other)
            if (again[2] or 0.0) > USABLE and len(again[1]) > 2 * len(text):
                warnings.append(f"page {raw.number}: read with pdfplumber, most of its text is turned in the file")
                return other, *again
        warnings.append(f"page {raw.number}: most of its text is turned on the page and was not read ({raw.turned} letters)")
        return raw, lines, text, quality

    def _read(self, raw: RawPage) -> tuple[list[Line], str, float | None]:
        raw.leave_out_what_stands_nowhere()
        lines = page_lines(raw, self._columns)
        text = "\n".join(line.text for line in lines)
        return lines, text, text_quality(text)

    def _recognized(self, number: int, warnings: list[str]) -> tuple[RawPage, list[Line], str, float] | None:
        """Return the page as it was recognized, None where that is not possible or gives nothing."""
        if self._recognizer is None:
            if self._recognizes:
                warnings.append(f"page {number}: a picture, and tesseract, which would read it, is not installed")
            return None
        found = self._recognizer.page(number, self._language)
        if found is None:
            return None
        raw, confidence = found
        lines, text, quality = self._read(raw)
        if not lines or confidence * (quality or 0.0) < USABLE:
            warnings.append(f"page {number}: a picture in which no text was recognized")
            return None
        return raw, lines, text, round(confidence * (quality or 0.0), 3)

    def _language_of(self, text: str) -> str | None:
        """Return the language of a page, that of the page before where its small words say so."""
        if self._language is not None and is_of(text[:3000].split(), self._language):
            return self._language
        found = language_of(text, None)
        self._language = found or self._language
        return found


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _turned_by(turn: Turn) -> str:
    return {1: "90 degrees to the left", 2: "180 degrees", 3: "90 degrees to the right"}[turn.quarters]


def _spare_page(spare: LazySpare | None, number: int) -> RawPage | None:
    """Return the page as the second engine reads it, None where that does not open the file or ends before."""
    engine = spare.engine() if spare is not None else None
    with contextlib.suppress(IndexError):
        return engine.page(number) if engine is not None else None
    return None
