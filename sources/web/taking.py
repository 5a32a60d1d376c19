"""What is taken from an answer whose body is still to come: a listing in memory, a file on the disk, or a robots.txt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx2

from sources.types import Outcome
from sources.web import answers
from sources.web.bodies import first_bytes, pieces
from sources.web.errors import Refused
from sources.web.limits import Limits
from sources.web.pace import Clock
from sources.web.part import Part
from sources.web.results import Download, Expect
from sources.web.robots import LARGEST

_EXPLANATION_BYTES = 1 << 20
_WITH_BODY = frozenset({200, 203, 206})


@dataclass(frozen=True, slots=True)
class Came:
    """What came: `location` is set for a redirect (as the server wrote it), `download` for a file."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    location: str | None = None
    download: Download | None = None


def take_listing(
    response: httpx2.Response, url: str, *, expect: Expect | None, max_bytes: int, now: datetime
) -> tuple[Came, Outcome]:
    """Read an answer into memory.

    Args:
        response: its body must not have been read.
        url: where it comes from.
        expect: what is due; None for a file, which is never a web page.
        max_bytes: more is refused.
        now: UTC, for `Retry-After`.

    Raises:
        Refused: when it is not what is due.
    """
    status, headers = response.status_code, _headers(response)
    elsewhere = _elsewhere(status, headers, url, now)
    if elsewhere is not None:
        return elsewhere
    body = _body(response, url, max_bytes) if status in _WITH_BODY else first_bytes(response, url, at_most=_EXPLANATION_BYTES)
    if expect == "xml" and answers.is_protocol_error(status, body):
        return Came(status, headers, body), "ok"
    problem = answers.problem_of_status(status, headers, body)
    if problem is None and status == 206:
        problem = answers.Problem("bad_answer", "a part came where the whole was asked for")
    if problem is None and expect is None:
        problem = answers.problem_of_file(headers, body, len(body), "a file")
    elif problem is None and expect is not None:
        problem = answers.problem_of_listing(headers, body, expect)
    if problem is not None:
        raise answers.refused(problem, url, status, headers, now)
    return Came(status, headers, body), "ok"


def take_file(
    response: httpx2.Response, url: str, part: Part, *, max_bytes: int, file_format: str | None, clock: Clock, limits: Limits
) -> tuple[Came, Outcome]:
    """Write an answer to the disk.

    Args:
        response: its body must not have been read.
        url: where it comes from.
        part: what is here of it already.
        max_bytes: a larger file is refused.
        file_format: what is due, where that is known.
        clock: the time.
        limits: how slow a file may come.

    Raises:
        Refused: when it is not what is due; the part is dropped by the caller.
        Unavailable: when the disk is full.
    """
    status, headers, now = response.status_code, _headers(response), clock.now()
    elsewhere = _elsewhere(status, headers, url, now)
    if elsewhere is not None:
        return elsewhere
    if status == 416:
        part.drop()
        raise Refused("bad_answer", url, "the server does not have the part that was asked for", status=status, is_transient=True)
    if status not in _WITH_BODY:
        head = first_bytes(response, url, at_most=_EXPLANATION_BYTES)
        refusal = answers.problem_of_status(status, headers, head) or answers.Problem("bad_answer", "no file")
        raise answers.refused(refusal, url, status, headers, now)
    offset = part.begin(url, status, headers)
    n_bytes = part.append(_at_least(pieces(response, url, max_bytes=max_bytes - offset), url, clock, limits))
    claimed = headers.get("content-length", "")
    if "content-encoding" not in headers and claimed.isdecimal() and n_bytes - offset != int(claimed):
        if n_bytes - offset > int(claimed):
            part.drop()
        raise Refused("connection_failed", url, "the file is shorter or longer than announced", status=status, is_transient=True)
    head = part.head()
    problem = answers.problem_of_status(status, headers, head) or answers.problem_of_file(headers, head, n_bytes, file_format)
    if problem is not None:
        raise answers.refused(problem, url, status, headers, now)
    return Came(status, headers, download=part.finish(url, headers)), "ok"


def take_robots(response: httpx2.Response, url: str, *, now: datetime) -> tuple[Came, Outcome]:
    """Read the beginning of a robots.txt, whatever the status below 500.

    Raises:
        Refused: for 429 and 5xx, which mean that nobody knows what is allowed.
    """
    status, headers = response.status_code, _headers(response)
    elsewhere = _elsewhere(status, headers, url, now)
    if elsewhere is not None and elsewhere[0].location is not None:
        return elsewhere
    body = bytearray()
    for piece in pieces(response, url, max_bytes=1 << 30):
        body += piece
        if len(body) >= LARGEST:
            break
    came = Came(status, headers, bytes(body[:LARGEST]))
    problem = answers.problem_of_status(status, headers, came.body)
    if problem is not None and (status == 429 or status >= 500):
        raise answers.refused(problem, url, status, headers, now)
    return came, "ok" if problem is None else problem.outcome


def _elsewhere(status: int, headers: Mapping[str, str], url: str, now: datetime) -> tuple[Came, Outcome] | None:
    if status == 304:
        return Came(status, headers), "not_modified"
    if status not in answers.REDIRECTS:
        return None
    location = headers.get("location", "")
    problem = answers.problem_of_redirect(location)
    if problem is not None:
        raise answers.refused(problem, url, status, headers, now)
    return Came(status, headers, location=location), "redirect"


def _body(response: httpx2.Response, url: str, max_bytes: int) -> bytes:
    return b"".join(pieces(response, url, max_bytes=max_bytes))


def _at_least(parts: Iterator[bytes], url: str, clock: Clock, limits: Limits) -> Iterator[bytes]:
    """Give up on a file that only drips; what has come is kept where it can be gone on with."""
    begun, n_bytes = clock.monotonic(), 0
    for piece in parts:
        n_bytes += len(piece)
        yield piece
        passed = clock.monotonic() - begun
        if passed > limits.grace_seconds and n_bytes < passed * limits.least_bytes_per_second:
            raise Refused("timed_out", url, f"the file only drips ({n_bytes} bytes in {passed:.0f} seconds)", is_transient=True)


def _headers(response: httpx2.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}
