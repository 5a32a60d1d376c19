"""The last step of every format: units become passages with identifier, ordinal, language, duplicates and quality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from extractors.duplicates import Seen, sketch_of
from extractors.language import language_of
from extractors.mend import clean, normal_form
from extractors.passage_id import passage_id
from extractors.quality import USABLE
from extractors.types import Passage
from extractors.unit import Unit


def passages_of(
    units: Iterable[Unit],
    file_sha256: str,
    language: str | None,
    page_language: Mapping[int, str | None] | None = None,
    page_quality: Mapping[int, float | None] | None = None,
) -> tuple[Passage, ...]:
    """Return the passages of a document; the arguments are those of `passages_in_order`."""
    return tuple(passages_in_order(units, file_sha256, language, page_language, page_quality))


def passages_in_order(
    units: Iterable[Unit],
    file_sha256: str,
    language: str | None,
    page_language: Mapping[int, str | None] | None = None,
    page_quality: Mapping[int, float | None] | None = None,
) -> Iterator[Passage]:
    """Yield the passages of a document one after the other; of those before only sketches and numbers are kept.

    Args:
        units: in reading order.
        file_sha256: hash of the file's bytes.
        language: of the document, inherited by short passages.
        page_language: language by page number, in formats with pages.
        page_quality: quality of the text layer by page number.
    """
    repeats: Counter[int] = Counter()
    seen = Seen()
    ordinal = 0
    titles: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    for unit in units:
        text = clean(unit.text)
        normal = normal_form(text)
        if not normal:
            continue
        sketch = sketch_of(normal)
        if unit.heading_path != titles:
            titles, path = unit.heading_path, tuple(map(clean, unit.heading_path))
        key = (unit.page_first, unit.para_no, text)
        identifier = passage_id(file_sha256, *key, 0)
        short = int(identifier[2:14], 36)  # in place of page, number and text, which would be held to the end
        if (occurrence := repeats[short]) > 0:
            identifier = passage_id(file_sha256, *key, occurrence)
        repeats[short] += 1
        pages = range(unit.page_first or 0, (unit.page_last or unit.page_first or 0) + 1)
        known = [score for number in pages if (score := (page_quality or {}).get(number)) is not None]
        quality = min(known, default=None)
        inherited = (page_language or {}).get(unit.page_first or 0) or language
        yield Passage(
            passage_id=identifier,
            ordinal=ordinal,
            kind=unit.kind,
            text=text,
            n_words=len(text.split()),
            heading_path=path,
            para_no=unit.para_no,
            part=unit.part,
            lead_in=clean(unit.lead_in) if unit.lead_in else None,
            page_first=unit.page_first,
            page_last=unit.page_last,
            boxes=tuple(unit.boxes),
            language=language_of(text, inherited),
            is_codable=unit.codable and (quality is None or quality >= USABLE),
            is_summary=unit.summary,
            is_duplicate=seen.repeats(sketch),
            quality=quality,
            notes=unit.notes,
            sketch=sketch,
        )
        ordinal += 1
