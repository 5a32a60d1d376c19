"""PDF: choose the engine page by page, hand lines to the layout, judge each page's text layer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from extractors.assemble import passages_of
from extractors.block import Block
from extractors.blocks_pdf import PageLines, blocks_of
from extractors.cover_title import title_of
from extractors.engines import LazySpare, open_engine
from extractors.failure import ExtractionError
from extractors.language import is_of, language_of
from extractors.lines import ColumnMemory, Line, page_lines
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.page import RawPage
from extractors.quality import LEFTWARD_QUALITY, USABLE, is_leftward, text_quality
from extractors.types import Extraction, PageInfo
from extractors.units import units_of
from extractors.version import EXTRACTOR_VERSION
from warehouse.states import Reason

_SYMBOL = re.compile(r"\b(?:[A-Z]{1,5}(?:/[A-Z0-9][\w.()-]*){2,}|[AS]/(?:RES/)?\d{1,4}(?:/[\w.]+)*|GB\.\d+/[\w/.]+)")
_DATE = re.compile(r"\b\d{1,2}\s+[A-Za-zÀ-ÿ]{3,10}\s+(?:19|20)\d\d\b")


@dataclass(slots=True)
class PdfStructure:
    """What the layout made of a PDF, before the rules of passages: pages, blocks in reading order, cover, language, warnings."""

    infos: list[PageInfo]
    blocks: list[Block]
    cover: dict[str, str]
    language: str | None
    warnings: list[str]


def read_pdf(path: Path, file_sha256: str, options: ExtractOptions, limits: ExtractionLimits) -> Extraction:
    """Return the extraction of a PDF.

    Raises:
        ExtractionError: encrypted, broken_file, no_pages, too_large, no_text_layer.
    """
    found = pdf_structure(path, options, limits)
    passages = passages_of(
        units_of(found.blocks),
        file_sha256,
        found.language,
        {info.number: info.language for info in found.infos},
        {info.number: info.quality for info in found.infos},
    )
    if not passages:
        raise ExtractionError(Reason.NO_PASSAGES, "The file has text, but nothing that is a passage.")
    return Extraction(
        file_sha256, "pdf", EXTRACTOR_VERSION, found.language, tuple(found.infos), passages, found.cover, tuple(found.warnings)
    )


def pdf_structure(path: Path, options: ExtractOptions, limits: ExtractionLimits) -> PdfStructure:
    """Return pages and blocks of a PDF; raises what `read_pdf` raises."""
    engine, spare = open_engine(path, options.engine)
    try:
        count = engine.page_count()
        if not count:
            raise ExtractionError(Reason.NO_PAGES, "The PDF has no pages.")
        if count > limits.max_pages:
            raise ExtractionError(
                Reason.TOO_LARGE,
                f"The PDF has {count} pages; at most {limits.max_pages} are read (setting extraction.max_pages).",
            )
        pages: list[PageLines] = []
        infos: list[PageInfo] = []
        warnings: list[str] = []
        columns: list[ColumnMemory] = []
        for number in range(1, count + 1):
            raw, by_spare = engine.page(number), False
            lines, quality = _read(raw, columns)
            if spare is not None and (quality or 0.0) < USABLE and (other := _spare_page(spare, number)) is not None:
                again, better = _read(other, columns)
                if (better or 0.0) > max(quality or 0.0, USABLE):
                    raw, by_spare, lines, quality = other, True, again, better
            text = "\n".join(line.text for line in lines)
            usable = quality is not None and quality >= USABLE
            if by_spare:
                warnings.append(f"page {number}: read with pdfplumber, PDFium found no usable text")
            if quality is not None and not usable:
                warnings.append(f"page {number}: the text layer is unreadable (quality {quality:.2f}) and was left out")
            if not usable:
                lines = []
            elif is_leftward(text):
                quality = min(quality or 0.0, LEFTWARD_QUALITY)
                warnings.append(
                    f"page {number}: written from right to left; letters and their order are not reliable, not to be coded"
                )
            infos.append(
                PageInfo(
                    number,
                    round(raw.width, 2),
                    round(raw.height, 2),
                    "none" if not usable else "ocr_layer" if raw.scanned else "text_layer",
                    sum(len(line.text) for line in lines),
                    sum(len(line.text.split()) for line in lines),
                    _page_language(text, infos[-1].language if infos else None) if usable else None,
                    quality,
                )
            )
            pages.append(PageLines(number, raw.width, raw.height, lines, raw.rules))
    finally:
        engine.close()
        if spare is not None:
            spare.close()
    if all(info.text_source == "none" for info in infos):
        raise ExtractionError(Reason.NO_TEXT_LAYER, f"None of the {len(infos)} pages has readable text; they are images.")
    language = _document_language(pages)
    cover = _cover(pages)
    return PdfStructure(infos, blocks_of(pages), cover, language, warnings)


def _read(raw: RawPage, columns: list[ColumnMemory]) -> tuple[list[Line], float | None]:
    """Return the lines of a page and how good their text looks."""
    lines = page_lines(raw, columns)
    return lines, text_quality("\n".join(line.text for line in lines))


def _spare_page(spare: LazySpare, number: int) -> RawPage | None:
    """Return the page as the second engine reads it, None where that does not open the file or ends before."""
    engine = spare.engine()
    return None if engine is None or number > engine.page_count() else engine.page(number)


def _page_language(text: str, before: str | None) -> str | None:
    """Return the language of a page, that of the page before where its small words say so."""
    if before is not None and is_of(text[:3000].split(), before):
        return before
    return language_of(text, None)


def _document_language(pages: Sequence[PageLines]) -> str | None:
    """Judge by text from the middle pages, where covers and lists are rarest."""
    texts = ["\n".join(line.text for line in page.lines) for page in pages]
    order = sorted(range(len(texts)), key=lambda i: abs(i - len(texts) // 2))
    sample = ""
    for index in order:
        sample += texts[index][:1500] + "\n"
        if len(sample) > 3500:
            break
    return language_of(sample, None, own_words=5)


def _cover(pages: Sequence[PageLines]) -> dict[str, str]:
    if not pages or not pages[0].lines:
        return {}
    lines = pages[0].lines
    text = "\n".join(line.text for line in lines)
    cover: dict[str, str] = {}
    if match := _SYMBOL.search(text):
        cover["symbol"] = match.group(0)
    if match := _DATE.search(text):
        cover["date"] = match.group(0)
    if title := title_of(lines, pages[0].height):
        cover["title"] = title
    return cover
