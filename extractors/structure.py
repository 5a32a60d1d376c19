"""The blocks of a file as the layout read them, before the rules of passages join and cut them: for benchmarks and for the eye."""

from __future__ import annotations

from pathlib import Path

from extractors.block import Block
from extractors.failure import ExtractionError
from extractors.options import ExtractionLimits, ExtractOptions
from warehouse.states import Reason


def structure_of(path: Path, file_format: str, options: ExtractOptions, limits: ExtractionLimits) -> list[Block]:
    """Return headings, paragraphs, items, tables and notes of a PDF or DOCX in reading order.

    Raises:
        ExtractionError: as `extract_file` does, and unsupported_type for other formats.
    """
    if file_format == "pdf":
        from extractors.read_pdf import pdf_structure

        return pdf_structure(path, options, limits).blocks
    if file_format == "docx":
        from extractors.cover import mark_cover_without_pages
        from extractors.read_docx import docx_blocks

        return mark_cover_without_pages(docx_blocks(path)[0])
    raise ExtractionError(Reason.UNSUPPORTED_TYPE, f"The structure of the format {file_format!r} is not shown; pdf and docx are.")
