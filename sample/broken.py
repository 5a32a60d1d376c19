"""Files that no one can read, for tests: what servers and copies really leave behind. They are kept apart from the reports."""

from __future__ import annotations

import io

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from sample.pagestyle import PAGE_HEIGHT, PAGE_WIDTH
from sample.pdf import picture_pdf, scanned
from sample.typeset import Page

_ERROR_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>404 Not Found</title></head>\n"
    "<body><h1>Not Found</h1><p>The requested document was not found on this server.</p></body></html>\n"
)
_ZERO_PAGES = (
    b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
    b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000058 00000 n \n"
    b"trailer\n<< /Size 3 /Root 1 0 R >>\nstartxref\n110\n%%EOF\n"
)


def broken_files(good_pdf: bytes, good_docx: bytes, body_page: Page) -> dict[str, bytes]:
    """Return name and bytes of each broken file, made from a good PDF, a good Word file and a page of text."""
    return {
        "error-page.pdf": _ERROR_PAGE.encode(),
        "truncated.pdf": good_pdf[: len(good_pdf) * 3 // 5],
        "empty.pdf": b"",
        "encrypted.pdf": _encrypted(),
        "zero-pages.pdf": _ZERO_PAGES,
        "image-only.pdf": picture_pdf([scanned(body_page)]),
        "not-a-zip.docx": b"Invented for Entente: this is text under the name of a Word file, and no zip archive.\n",
        "truncated.docx": good_docx[: len(good_docx) // 2],
    }


def _encrypted() -> bytes:
    stream = io.BytesIO()
    lock = StandardEncryption("a password that no one was told", ownerPassword="another one", canPrint=0, canCopy=0)
    canvas = Canvas(stream, pagesize=(PAGE_WIDTH, PAGE_HEIGHT), invariant=1, encrypt=lock)
    canvas.drawString(72, 720, "Invented for Entente. This page is locked.")
    canvas.showPage()
    canvas.save()
    return stream.getvalue()
