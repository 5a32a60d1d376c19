"""What the formats without pages share: blocks to an extraction, and the decoding of bytes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

from extractors.assemble import passages_of
from extractors.block import Block
from extractors.cover import mark_cover_without_pages
from extractors.failure import ExtractionError
from extractors.language import language_of
from extractors.types import Extraction
from extractors.units import units_of
from extractors.version import EXTRACTOR_VERSION
from warehouse.states import Reason

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_META = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml[^>]+encoding\s*=\s*[\"']([\w.:-]+)", re.I)


def decode(content: bytes, *, looks_for_meta: bool = False) -> str:
    """Return the text of bytes: byte order mark, UTF-16 without one, declared encoding (HTML), UTF-8, Windows-1252.

    Args:
        content: the file's bytes.
        looks_for_meta: whether the first 4 kB may declare an encoding as HTML and XML do.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    head = content[:4096]
    if len(head) >= 4 and head.count(0) > len(head) // 4:
        return content.decode("utf-16-le" if head[1::2].count(0) >= head[0::2].count(0) else "utf-16-be", "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    if looks_for_meta and (match := _META.search(head)):
        name = (match.group(1) or match.group(2)).decode("ascii", "replace").lower()
        name = "cp1252" if name in ("iso-8859-1", "latin-1", "us-ascii", "ascii") else name
        try:
            return content.decode(codecs.lookup(name).name, "replace")
        except (LookupError, UnicodeError):
            pass
    return content.decode("cp1252", "replace")


def extraction_of(blocks: Sequence[Block], file_sha256: str, file_format: str, cover: dict[str, str]) -> Extraction:
    """Return the extraction of a document without pages; raises `ExtractionError` (no_passages) when there is no text."""
    sample = "\n".join(block.text for block in blocks if block.kind in ("paragraph", "list_item"))
    middle = max(0, len(sample) // 2 - 2000)
    language = language_of(sample[middle : middle + 4000], None, own_words=5)
    passages = passages_of(units_of(mark_cover_without_pages(list(blocks))), file_sha256, language)
    if not passages:
        raise ExtractionError(Reason.NO_PASSAGES, "The file holds no text that is a passage.")
    return Extraction(file_sha256, file_format, EXTRACTOR_VERSION, language, (), passages, cover)
