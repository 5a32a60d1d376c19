"""Answers that lie: what an answer really is, whatever its status says. The table of the source guide, as pure functions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from sources.marks import folded, is_challenge, is_error_page, looks_like_html, says_no_text
from sources.types import Outcome
from sources.web.errors import Refused
from sources.web.results import Expect

HEAD = 65_536
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRANSIENT = frozenset({429, 500, 502, 503, 504})
_OF_STATUS: dict[int, Outcome] = {
    401: "forbidden",
    403: "forbidden",
    451: "forbidden",
    404: "not_found",
    410: "not_found",
    429: "rate_limited",
}
_CHALLENGE_HEADERS = ("x-amzn-waf-action", "cf-mitigated")
_JSON_BEGINS = b'{["-0123456789tfn'
_BEFORE_ROOT = re.compile(rb"^(?:(?:<\?[^>]*>|<!--.*?-->)\s*)+", re.DOTALL)
_APPLICATION_PAGE = 2_048


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an answer: an outcome of the closed list and what was seen, as a clause."""

    outcome: Outcome
    detail: str


def problem_of_status(status: int, headers: Mapping[str, str], head: bytes) -> Problem | None:
    """Say what is wrong by status, headers and first bytes; None for 200, 203 and 206 without the marks of a challenge.

    Args:
        status: of the answer; 304 and redirects are nobody's business here.
        headers: keys in lower case.
        head: the first bytes of the body, decoded.
    """
    text = folded(head[:HEAD])
    is_page = looks_like_html(text) or "html" in headers.get("content-type", "").lower()
    if any(name in headers for name in _CHALLENGE_HEADERS) or (is_page and is_challenge(text)):
        return Problem("challenge_page", "the service answered with a challenge for browsers")
    if status == 202 and not head:
        return Problem(
            "challenge_page", "the service accepted the request and sent nothing, as it does when it challenges programs"
        )
    if status in (204, 205):
        return Problem("empty_answer", "there is no content")
    if status in (200, 203, 206):
        return None
    if status in _OF_STATUS:
        outcome: Outcome = _OF_STATUS[status]
    elif status >= 500:
        outcome = "server_error"
    elif status >= 400:
        outcome = "error_page"
    else:
        outcome = "bad_answer"
    said = _said(head)
    return Problem(outcome, f"the service says: {said}" if said else "the service refused the request")


def problem_of_listing(headers: Mapping[str, str], body: bytes, expect: Expect) -> Problem | None:
    """Say what is wrong with the body of an answer with status 200; None when it is what was expected."""
    if not body:
        return Problem("empty_answer", "the answer has no content")
    text = folded(body[:HEAD])
    begins = _beginning(text)
    is_page = _is_page(text)
    if expect in ("html", "any"):
        if is_page and is_error_page(text):
            return Problem("error_page", "a web page that reports an error")
        if expect == "html" and not is_page and "html" not in headers.get("content-type", "").lower():
            return Problem("wrong_type", "no web page came where one is due")
        return None
    if is_page:
        return Problem("error_page", f"a web page came where {_NAMES[expect]} is due")
    if expect == "text":
        return Problem("error_page", "the service says that it has no text of this document") if says_no_text(text) else None
    if expect == "json" and not (begins and begins[0] in _JSON_BEGINS):
        return Problem("wrong_type", "no JSON came where it is due")
    if expect == "xml" and not begins.startswith(b"<"):
        return Problem("wrong_type", "no XML came where it is due")
    return None


def problem_of_file(headers: Mapping[str, str], head: bytes, n_bytes: int, file_format: str | None) -> Problem | None:
    """Say what is wrong with a file that came with status 200; None where nothing shows yet (the store looks closer).

    Args:
        headers: keys in lower case.
        head: its first bytes.
        n_bytes: all of them.
        file_format: pdf, docx, doc, html, txt or another name of what is due; None when nobody knows.
    """
    if n_bytes == 0:
        return Problem("empty_answer", "the answer has no content: known, but not out yet")
    text = folded(head[:HEAD])
    if says_no_text(text[:4096]):
        return Problem("error_page", "the service says that it has no text of this document")
    if not _is_page(text):
        return None
    if is_error_page(text):
        return Problem("error_page", "a web page that reports an error")
    if file_format not in (None, "html"):
        if n_bytes <= _APPLICATION_PAGE:
            return Problem(
                "error_page", f"an empty application page came where {file_format} is due (unknown path, or in the wrong case)"
            )
        return Problem("error_page", f"a web page came where {file_format} is due")
    return None


def problem_of_redirect(location: str) -> Problem | None:
    """Say whether a redirect leads to a page that only reports an error."""
    last = urlsplit(location).path.rstrip("/").rpartition("/")[2].lower()
    if last in ("error", "error.html", "error.aspx", "404"):
        return Problem("error_page", "redirected to an error page: the service does not know or does not like what was asked for")
    return None


def is_protocol_error(status: int, body: bytes) -> bool:
    """Say whether a refusal is an answer of OAI-PMH, which some servers send with 4xx: the error code in it counts, not the status."""
    return 400 <= status < 500 and b"<OAI-PMH" in body[:2048]


def refused(problem: Problem, url: str, status: int, headers: Mapping[str, str], now: datetime) -> Refused:
    """Make the error of a problem: with the server's wish to wait, and transient where asking again may help."""
    is_transient = status in _TRANSIENT and problem.outcome != "challenge_page"
    wait = retry_after(headers.get("retry-after", ""), now) if is_transient else None
    return Refused(problem.outcome, url, problem.detail, status=status, is_transient=is_transient, retry_after=wait)


def retry_after(value: str, now: datetime) -> float | None:
    """Return how many seconds a `Retry-After` header asks to wait (a number or a date); None when it says nothing usable."""
    value = value.strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())


_NAMES: dict[Expect, str] = {"json": "JSON", "xml": "XML", "text": "text", "html": "a web page", "any": "something"}


def _beginning(text: bytes) -> bytes:
    return text.removeprefix(b"\xef\xbb\xbf").lstrip()


def _is_page(text: bytes) -> bool:
    """Records may quote pages; a page itself begins with its own root, after declarations and comments at most."""
    after = _BEFORE_ROOT.sub(b"", _beginning(text))
    return after.startswith((b"<!doctype html", b"<html", b"<head", b"<body"))


def _said(head: bytes) -> str:
    """Return a short text of what an error says, for people: the message of a JSON answer, the title of a page, or its beginning."""
    try:
        content = json.loads(head)
    except (ValueError, RecursionError):
        content = None
    if isinstance(content, dict):
        for holder in (content, content.get("error")):
            if isinstance(holder, dict):
                for key in ("message", "detail", "error", "title", "type"):
                    if isinstance(holder.get(key), str):
                        return _one_line(holder[key])
    text = head[:4096].decode("utf-8", errors="replace")
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    if title:
        return _one_line(title[1])
    return _one_line(re.sub(r"<[^>]*>", " ", text))


def _one_line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:200]
