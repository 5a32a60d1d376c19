"""All text of a file without pages, without any idea of structure: what verification searches."""

from __future__ import annotations

from pathlib import Path

from lxml import html

from extractors.document import decode
from extractors.docx_package import DocxPackage, W
from extractors.failure import ExtractionError
from warehouse.states import Reason


def whole_text(path: Path, file_format: str) -> str:
    """Return the text of a docx, doc, html or txt file; raises `ExtractionError` when it cannot be opened."""
    if file_format == "doc":
        from extractors.read_doc import as_docx

        with as_docx(path) as made:
            return whole_text(made, "docx")
    if file_format == "docx":
        pieces: list[str] = []
        with DocxPackage(path) as package:
            for name in ("word/document.xml", "word/footnotes.xml"):
                root = package.part(name)
                if root is not None:
                    for paragraph in root.iter(W + "p"):
                        pieces.append("".join(node.text or "" for node in paragraph.iter(W + "t")))
        return "\n".join(pieces)
    if file_format == "html":
        parser = html.HTMLParser(no_network=True, huge_tree=False, encoding="utf-8")
        text = decode(path.read_bytes(), looks_for_meta=True)
        return str(html.document_fromstring(text.encode("utf-8", "replace"), parser=parser).text_content())
    if file_format == "txt":
        return decode(path.read_bytes())
    raise ExtractionError(Reason.UNSUPPORTED_TYPE, f"Passages of the format {file_format!r} cannot be looked up again.")
