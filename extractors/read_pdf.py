"""PDF: pages read one by one, their lines handed to the layout, and what the first page says of the document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from extractors.assemble import passages_of
from extractors.block import Block
from extractors.blocks_pdf import PageLines, blocks_of
from extractors.cover_title import title_of
from extractors.failure import ExtractionError
from extractors.language import language_of
from extractors.ocr import is_available
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.pdf_pages import PageReader
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
    reader = PageReader(path, options)
    try:
        count = reader.page_count()
        if not count:
            raise ExtractionError(Reason.NO_PAGES, "The PDF has no pages.")
        if count > limits.max_pages:
            raise ExtractionError(
                Reason.TOO_LARGE,
                f"The PDF has {count} pages; at most {limits.max_pages} are read (setting extraction.max_pages).",
            )
        read = [reader.page(number) for number in range(1, count + 1)]
    finally:
        reader.close()
    infos = [page.info for page in read]
    if all(info.text_source == "none" for info in infos):
        wanted = (
            "" if options.ocr == "off" or is_available() else " The program that would read them, tesseract, is not installed."
        )
        raise ExtractionError(Reason.NO_TEXT_LAYER, f"None of the {len(infos)} pages has readable text; they are images.{wanted}")
    pages = [page.lines for page in read]
    language = _document_language(pages)
    cover = _cover(pages)
    blocks = blocks_of(pages)
    warnings = [warning for page in read for warning in page.warnings]
    return PdfStructure(_completed(infos, pages, blocks), blocks, cover, language, warnings)


def _completed(infos: Sequence[PageInfo], pages: Sequence[PageLines], blocks: Sequence[Block]) -> list[PageInfo]:
    """Return the pages with their furniture and the share of their words that stands in blocks; the rest is furniture, mostly."""
    words: Counter[int] = Counter()
    for block in blocks:
        for span in block.spans:
            words[span.box.page] += span.n_words + span.continues  # the page counted the two halves of such a word
    return [
        replace(
            info,
            coverage=round(min(1.0, words[info.number] / info.n_words), 3) if info.n_words else None,
            furniture=page.furniture,
        )
        for info, page in zip(infos, pages, strict=True)
    ]


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
