"""The records that extractors hand on to the other rooms. No logic.

Coordinates are PDF points with the origin at the top left of the page; pages count from 1. Formats without pages (DOCX, HTML, TXT) have
no page numbers and no boxes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page that holds (part of) a passage."""

    page: int
    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True, slots=True)
class PageInfo:
    """What is known of a page: where its text came from, how much there is, how good it looks.

    `text_source` is text_layer, ocr_layer (a scan that holds recognized text), ocr (recognized here) or none. From 0 to 1: `quality`
    (characters and words that could be writing; times the confidence of recognition), `coverage` (words that stand in passages or
    headings), `alphabetic` (characters that are letters), `lexical` (words that are the small words of the language), `continuity`
    (lines broken off in a sentence that are followed by one that continues it; low where columns were read across). `furniture` holds
    the lines that are no text: running heads and feet, page numbers, job numbers.
    """

    number: int
    width: float
    height: float
    text_source: str
    n_chars: int
    n_words: int
    language: str | None
    quality: float | None
    coverage: float | None = None
    alphabetic: float | None = None
    lexical: float | None = None
    continuity: float | None = None
    furniture: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """The unit of coding (codebook section 2).

    `passage_id` depends on the file's hash, the page, the paragraph number and the text, not on what stands before it, so that codes
    survive a new extraction. `lead_in` is the repeated lead-in sentence of a list item; `text` begins with it. `part` numbers the
    pieces of a paragraph that was cut because of its length, from 1. `kind` is paragraph, list_item, quotation, table, footnote or
    annex_list; only codable kinds (paragraph, list_item, quotation) with `is_codable` are classified. `notes` are the marks of the
    footnotes to the text; the `para_no` of a footnote is its mark. `sketch` serves to find near-duplicates (see
    `duplicates`); `is_duplicate` marks those of the same document.
    """

    passage_id: str
    ordinal: int
    kind: str
    text: str
    n_words: int
    heading_path: tuple[str, ...]
    para_no: str | None = None
    part: int | None = None
    lead_in: str | None = None
    page_first: int | None = None
    page_last: int | None = None
    boxes: tuple[Box, ...] = ()
    language: str | None = None
    is_codable: bool = True
    is_summary: bool = False
    is_duplicate: bool = False
    quality: float | None = None
    notes: tuple[str, ...] = ()
    sketch: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that was read out of one file by one extractor version; `cover` holds what the first page says (symbol, date, title)."""

    file_sha256: str
    file_format: str
    extractor_version: str
    language: str | None
    pages: tuple[PageInfo, ...]
    passages: tuple[Passage, ...]
    cover: dict[str, str]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExtractionFailure:
    """Why a file could not be read: a reason of the closed list in `warehouse/states.py` and a sentence for people."""

    file_sha256: str
    reason: str
    detail: str
