"""One file to one extraction, in this process. For files from outside use the pool, which does the same in child processes."""

from __future__ import annotations

from pathlib import Path

from extractors.failure import ExtractionError
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.parts import Parts, in_parts
from extractors.types import Extraction
from warehouse.states import Reason


def extract_file(path: Path, file_format: str, file_sha256: str, options: ExtractOptions, limits: ExtractionLimits) -> Extraction:
    """Return pages and passages of a file.

    Args:
        path: the file.
        file_format: pdf, docx, html, txt or doc, as the sources found it to be.
        file_sha256: hash of the file's bytes, hexadecimal.
        options: choices that change the result.
        limits: of these only `max_pages` and `output_mb` are kept here; time and memory are kept by the pool.

    Raises:
        ExtractionError: with a reason of the closed list, when there is nothing to read.
    """
    if file_format == "pdf":
        from extractors.read_pdf import read_pdf

        return read_pdf(path, file_sha256, options, limits)
    if file_format == "docx":
        from extractors.read_docx import read_docx

        return read_docx(path, file_sha256)
    if file_format == "html":
        from extractors.read_html import read_html

        return read_html(path, file_sha256)
    if file_format == "txt":
        from extractors.read_txt import read_txt

        return read_txt(path, file_sha256)
    if file_format == "doc":
        from extractors.read_doc import read_doc

        return read_doc(path, file_sha256)
    raise ExtractionError(Reason.UNSUPPORTED_TYPE, f"The format {file_format!r} is not read; pdf, docx, html, txt and doc are.")


def extract_in_parts(path: Path, file_format: str, file_sha256: str, options: ExtractOptions, limits: ExtractionLimits) -> Parts:
    """Yield the passages of a file as they are made, and end with the rest; arguments and errors are those of `extract_file`."""
    if file_format == "pdf":
        from extractors.read_pdf import pdf_in_parts

        return pdf_in_parts(path, file_sha256, options, limits)
    return in_parts(extract_file(path, file_format, file_sha256, options, limits))
