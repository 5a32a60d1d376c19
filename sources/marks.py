"""The marks by which answers that are not what they seem are recognised: challenges for browsers, error pages, pages where a file is due.

Pure functions of the first bytes; the check of files and the polite client share them. All take bytes folded by `folded`.
"""

from __future__ import annotations

import re

_CHALLENGES = (
    b"gokuprops",
    b"awswaf.com",
    b"challenges.cloudflare.com",
    b"<title>just a moment...</title>",
    b"cf-browser-verification",
)
_ERROR_TITLE = re.compile(
    rb"<title>\s*(?:(?:40\d|5\d\d)\b|error\b|access denied|(?:page )?not found|forbidden|bad gateway|internal server error|request rejected"
    rb"|[^<]{0,80}?(?:temporarily unavailable|service unavailable|unavailable</|under maintenance|something went wrong|page (?:was )?not found))"
)
_ERROR_WORDS = re.compile(
    rb"\b(?:try again|unavailable|maintenance|an error|went wrong|access denied|not found|forbidden|request rejected|incident id)\b"
)
_THIN_PAGE = 300  # characters that a reader sees; no report is so short
_NOT_SEEN = re.compile(rb"<(script|style|head)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.S)
_NO_TEXT_ANSWER = b"the system was not able to generate"
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body")
_BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


def folded(head: bytes) -> bytes:
    """Return bytes in lower case, UTF-16 folded to its ASCII part, so that marks are seen in pages that some services send as UTF-16."""
    if head.startswith(_BYTE_ORDER_MARKS):
        return head.decode("utf-16", errors="ignore").encode("ascii", errors="ignore").lower()
    return head.lower()


def looks_like_html(text: bytes) -> bool:
    """Say whether folded bytes begin as a web page does."""
    return any(mark in text[:4096] for mark in _HTML)


def is_challenge(text: bytes) -> bool:
    """Say whether folded bytes carry a mark of a challenge for browsers."""
    return any(mark in text for mark in _CHALLENGES)


def is_error_page(text: bytes) -> bool:
    """Say whether a folded web page reports an error: in its title, or in the few words that are all it has."""
    if _ERROR_TITLE.search(text) is not None:
        return True
    seen = b" ".join(_NOT_SEEN.sub(b" ", text).split())
    return len(seen) < _THIN_PAGE and _ERROR_WORDS.search(seen) is not None


def says_no_text(text: bytes) -> bool:
    """Say whether folded bytes are the World Bank's sentence for documents of which it has no text."""
    return _NO_TEXT_ANSWER in text
