"""Is this file what it claims to be? The bytes decide, not the name and not a status code.

The signs of refusals, error pages and half files come from the answers that the real services are known to give; each is recognised by a
pure function of the bytes, so that connectors and the folder source share them.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

from sources.marks import folded, is_challenge, is_error_page, looks_like_html, says_no_text
from sources.types import Refusal

_HEAD = 65_536
_TAIL = 4_096

MIME = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "doc": "application/msword",
    "html": "text/html",
    "txt": "text/plain",
}
FORMAT_OF_SUFFIX = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".doc": "doc",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".txt": "txt",
}

_OLE2 = b"\xd0\xcf\x11\xe0"
_WORDPERFECT = b"\xffWPC"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What the bytes of a file show: its format, or None with the reason and a sentence."""

    file_format: str | None
    reason: str
    detail: str


def check_file(path: Path, claimed_name: str, *, max_bytes: int) -> str | Refusal:
    """Return the format that a file's bytes show (pdf, docx, doc, html, txt), or a refusal.

    Args:
        path: the file to look at; it should not change meanwhile (check the copy in the store, not the original).
        claimed_name: the name under which it was offered; its suffix is the claim that the bytes must bear out.
        max_bytes: larger files are refused unread.
    """
    size = path.stat().st_size
    suffix = Path(claimed_name).suffix.lower()
    claimed = FORMAT_OF_SUFFIX.get(suffix)
    if claimed is None:
        known = ", ".join(sorted(FORMAT_OF_SUFFIX))
        return Refusal(
            "refused",
            "unsupported_type",
            f"{claimed_name}: files ending in {suffix or 'nothing'} are not read; known are {known}.",
        )
    if size == 0:
        return Refusal("refused", "empty_file", f"{claimed_name}: the file has no bytes.")
    if size > max_bytes:
        return Refusal("refused", "too_large", f"{claimed_name}: {size} bytes; the limit is {max_bytes} (sources.max_file_mb).")
    sniffed = sniff(path)
    if sniffed.file_format is None:
        return Refusal("refused", sniffed.reason, f"{claimed_name}: {sniffed.detail}")
    if sniffed.file_format != claimed:
        if sniffed.file_format == "html":
            return Refusal("refused", "error_page", f"{claimed_name}: a web page was served where {claimed} was due.")
        if {sniffed.file_format, claimed} == {"doc", "docx"} or (sniffed.file_format, claimed) == ("txt", "html"):
            # Services hand out new Word files under the old suffix, and pages may be fragments without any frame.
            return "html" if claimed == "html" else sniffed.file_format
        return Refusal(
            "refused",
            "wrong_type",
            f"{claimed_name}: named as {claimed}, but the bytes are {sniffed.file_format}; rename it if they are right.",
        )
    return sniffed.file_format


def sniff(path: Path) -> Sniffed:
    """Tell a file's format from its first and last bytes; a refusal, a challenge, an error page or a half file is named as such."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
        stream.seek(max(0, size - _TAIL))
        tail = stream.read(_TAIL)
    if head.startswith(b"%PDF-"):
        if b"%%EOF" not in tail:
            return Sniffed(None, "truncated", "begins as PDF but has no end mark (%%EOF): the file is cut off.")
        return Sniffed("pdf", "ok", "")
    if head.startswith(b"PK"):
        return _sniff_zip(path)
    if head.startswith(_OLE2):
        return _sniff_ole2(path)
    if head.startswith(_WORDPERFECT):
        return Sniffed(None, "unsupported_type", "a WordPerfect file; convert it to PDF or DOCX.")
    return _sniff_text(head)


def _sniff_zip(path: Path) -> Sniffed:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return Sniffed(
            None, "truncated", "begins as a ZIP container (DOCX) but has no readable directory: the file is cut off or damaged."
        )
    if "word/document.xml" in names:
        return Sniffed("docx", "ok", "")
    return Sniffed(None, "wrong_type", "a ZIP container without word/document.xml: no Word document.")


def _sniff_ole2(path: Path) -> Sniffed:
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            if _ENCRYPTED_PACKAGE in chunk:
                return Sniffed(None, "encrypted", "a Word file protected by a password; save it without one.")
            if len(chunk) == 1 << 20:
                stream.seek(-len(_ENCRYPTED_PACKAGE), 1)
    return Sniffed("doc", "ok", "")


def _sniff_text(head: bytes) -> Sniffed:
    text = folded(head)
    if is_challenge(text):
        return Sniffed(None, "challenge_page", "the service answered with a challenge for browsers instead of the document.")
    if looks_like_html(text) or text.lstrip()[:5] == b"<?xml":
        if is_error_page(text):
            return Sniffed(None, "error_page", "a web page that reports an error, not a document.")
        return Sniffed("html", "ok", "")
    if says_no_text(text):
        return Sniffed(None, "error_page", "the service says that it could not make a text of this document.")
    if not text.strip(b" \t\r\n\x0c\x00"):
        return Sniffed(None, "empty_file", "nothing but blanks.")
    if _is_binary(head):
        return Sniffed(None, "wrong_type", "neither PDF, Word, HTML nor text.")
    return Sniffed("txt", "ok", "")


def _is_binary(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    controls = sum(byte < 9 or 13 < byte < 32 for byte in head)
    return b"\x00" in head or controls > len(head) * 0.02
