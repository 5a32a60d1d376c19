"""PDF: pages read one by one, their lines handed to the layout, and what the first page says of the document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from extractors.assemble import passages_in_order
from extractors.block import Block
from extractors.blocks_pdf import blocks_of
from extractors.cover_title import title_of
from extractors.failure import ExtractionError
from extractors.habits import Habits, habits_of
from extractors.language import language_of
from extractors.memory import give_back_memory
from extractors.ocr import is_available
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.page_lines import PageLines
from extractors.page_store import PageStore
from extractors.parts import Ending, Parts, gathered
from extractors.pdf_pages import PageReader
from extractors.turned import Turn, placed
from extractors.types import Extraction, PageInfo
from extractors.units import SummaryTally, units_in_order
from extractors.version import EXTRACTOR_VERSION
from warehouse.states import Reason

_SYMBOL = re.compile(r"\b(?:[A-Z]{1,5}(?:/[A-Z0-9][\w.()-]*){2,}|[AS]/(?:RES/)?\d{1,4}(?:/[\w.]+)*|GB\.\d+/[\w/.]+)")
_DATE = re.compile(r"\b\d{1,2}\s+[A-Za-zÀ-ÿ]{3,10}\s+(?:19|20)\d\d\b")
_MANY_PAGES = 200  # from which what PDFium held of them is worth giving back


@dataclass(slots=True)
class PdfStructure:
    """What the layout made of a PDF, before the rules of passages: pages, blocks in reading order, cover, language, warnings."""

    infos: list[PageInfo]
    blocks: list[Block]
    cover: dict[str, str]
    language: str | None
    warnings: list[str]


@dataclass(slots=True)
class _Pages:
    """The pages of a PDF as they were read, before the layout."""

    store: PageStore
    infos: list[PageInfo]
    warnings: list[str]
    turns: dict[int, Turn]  # by page number


def read_pdf(path: Path, file_sha256: str, options: ExtractOptions, limits: ExtractionLimits) -> Extraction:
    """Return the extraction of a PDF.

    Raises:
        ExtractionError: encrypted, broken_file, no_pages, too_large, no_text_layer, no_passages.
    """
    return gathered(pdf_in_parts(path, file_sha256, options, limits))


def pdf_in_parts(path: Path, file_sha256: str, options: ExtractOptions, limits: ExtractionLimits) -> Parts:
    """Yield the passages of a PDF; of a long one only the lines of one page and the blocks of one section are held at a time.

    Raises:
        ExtractionError: what `read_pdf` raises.
    """
    read = _read(path, options, limits)
    count = 0
    with closing(read.store):
        language, cover = _document_language(read.store), _cover(read.store)
        habits = habits_of(read.store)
        words: Counter[int] = Counter()
        tally = SummaryTally()
        for passage in passages_in_order(
            units_in_order(_counted(blocks_of(read.store, habits), words), tally),
            file_sha256,
            language,
            {info.number: info.language for info in read.infos},
            {info.number: info.quality for info in read.infos},
        ):
            count += 1
            yield placed(passage, read.turns)
    if not count:
        raise ExtractionError(Reason.NO_PASSAGES, "The file has text, but nothing that is a passage.")
    infos = tuple(_completed(read.infos, habits, words))
    extraction = Extraction(file_sha256, "pdf", EXTRACTOR_VERSION, language, infos, (), cover, tuple(read.warnings))
    return Ending(extraction, summaries_hold=not tally.is_misread())


def pdf_structure(path: Path, options: ExtractOptions, limits: ExtractionLimits) -> PdfStructure:
    """Return pages and blocks of a PDF; raises what `read_pdf` raises."""
    read = _read(path, options, limits)
    with closing(read.store):
        language, cover = _document_language(read.store), _cover(read.store)
        habits = habits_of(read.store)
        words: Counter[int] = Counter()
        blocks = list(_counted(blocks_of(read.store, habits), words))
    return PdfStructure(_completed(read.infos, habits, words), blocks, cover, language, read.warnings)


def _read(path: Path, options: ExtractOptions, limits: ExtractionLimits) -> _Pages:
    read = _Pages(PageStore(), [], [], {})
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
        for number in range(1, count + 1):
            page = reader.page(number)
            read.store.append(page.lines)
            read.infos.append(page.info)
            read.warnings.extend(page.warnings)
            if page.turn is not None:
                read.turns[number] = page.turn
    finally:
        reader.close()
    if count > _MANY_PAGES:
        give_back_memory()
    if all(info.text_source == "none" for info in read.infos):
        wanted = (
            "" if options.ocr == "off" or is_available() else " The program that would read them, tesseract, is not installed."
        )
        raise ExtractionError(
            Reason.NO_TEXT_LAYER, f"None of the {len(read.infos)} pages has readable text; they are images.{wanted}"
        )
    return read


def _counted(blocks: Iterable[Block], words: Counter[int]) -> Iterator[Block]:
    """Yield the blocks, their words counted by page."""
    for block in blocks:
        for span in block.spans:
            words[span.box.page] += span.n_words + span.continues  # the page counted the two halves of such a word
        yield block


def _completed(infos: Sequence[PageInfo], habits: Habits, words: Mapping[int, int]) -> list[PageInfo]:
    """Return the pages with their furniture and the share of their words that stands in blocks; the rest is furniture, mostly."""
    return [
        replace(
            info,
            coverage=round(min(1.0, words[info.number] / info.n_words), 3) if info.n_words else None,
            furniture=habits.heads.get(info.number, ()),
        )
        for info in infos
    ]


def _document_language(pages: Sequence[PageLines]) -> str | None:
    """Judge by text from the middle pages, where covers and lists are rarest."""
    order = sorted(range(len(pages)), key=lambda i: abs(i - len(pages) // 2))
    sample = ""
    for index in order:
        sample += "\n".join(line.text for line in pages[index].lines)[:1500] + "\n"
        if len(sample) > 3500:
            break
    return language_of(sample, None, own_words=5)


def _cover(pages: Sequence[PageLines]) -> dict[str, str]:
    first = pages[0] if pages else None
    if first is None or not first.lines:
        return {}
    lines = first.lines
    text = "\n".join(line.text for line in lines)
    cover: dict[str, str] = {}
    if match := _SYMBOL.search(text):
        cover["symbol"] = match.group(0)
    if match := _DATE.search(text):
        cover["date"] = match.group(0)
    if title := title_of(lines, first.height):
        cover["title"] = title
    return cover
