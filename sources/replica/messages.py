"""What goes over the wire of the replica: a request as it came, an answer as it is to be sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cached_property
from typing import Literal
from urllib.parse import parse_qsl, unquote

Purpose = Literal["robots", "listing", "resolve", "file", "page"]
"""What a request was for. `resolve`: it asks where a file is; `page`: a page for people."""

Wire = Literal["whole", "truncated", "broken_chunk", "drip", "reset"]
"""How the bytes of an answer are sent; all but `whole` are faults."""


@dataclass(frozen=True)
class Request:
    """One request. Header names are in lower case; path and query stand as they were sent (percent-encoded)."""

    method: str
    host: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def url(self) -> str:
        """The address that the client meant."""
        return f"https://{self.host}{self.path}" + (f"?{self.query}" if self.query else "")

    @cached_property
    def plain_path(self) -> str:
        """The path with its escapes resolved."""
        return unquote(self.path)

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The parameters of the query; of one that is given twice, the last value."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Chunks:
    """A body that is made while it is sent; `n_bytes` is None where its length is not known beforehand."""

    parts: Callable[[], Iterator[bytes]]
    n_bytes: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `Content-Length`, `Date` and `Connection` are added when it is sent."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Chunks = b""
    purpose: Purpose = "listing"
    wire: Wire = "whole"


Service = Callable[[Request], Answer]
"""One host of the replica."""


def http_date(moment: datetime) -> str:
    """Return a moment as HTTP and the record API write it, e.g. `Fri, 20 Nov 2026 06:00:00 GMT`."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def parse_http_date(text: str) -> datetime | None:
    """Return the moment of an HTTP date, or None where it is none."""
    try:
        parsed = parsedate_to_datetime(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def zulu(moment: datetime) -> str:
    """Return a moment as `2026-11-20T06:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def json_answer(content: object, status: int = 200, purpose: Purpose = "listing", **headers: str) -> Answer:
    """Return an answer in JSON; an underscore in the name of a header stands for a hyphen."""
    body = json.dumps(content, ensure_ascii=False).encode()
    return Answer(status, {"Content-Type": "application/json", **_header_names(headers)}, body, purpose)


def text_answer(
    text: str, media_type: str = "text/html; charset=utf-8", status: int = 200, purpose: Purpose = "page", **headers: str
) -> Answer:
    """Return an answer of text, HTML or XML; an underscore in the name of a header stands for a hyphen."""
    return Answer(status, {"Content-Type": media_type, **_header_names(headers)}, text.encode(), purpose)


def redirect(location: str, status: int = 302, purpose: Purpose = "page", **headers: str) -> Answer:
    """Return an answer that sends the client elsewhere."""
    return Answer(status, {"Location": location, **_header_names(headers)}, b"", purpose)


def not_found(what: str = "Not Found", purpose: Purpose = "page") -> Answer:
    """Return an error page with status 404."""
    return text_answer(
        f"<!DOCTYPE html><html><head><title>404 {what}</title></head><body>{what}</body></html>", status=404, purpose=purpose
    )


def _header_names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
