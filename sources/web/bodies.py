"""Bodies of answers, decoded piece by piece under a limit that counts decoded bytes, so that a small answer cannot become a huge one."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import httpx2

from sources.web.errors import Refused

_PIECE = 1 << 18
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


def pieces(response: httpx2.Response, url: str, *, max_bytes: int) -> Iterator[bytes]:
    """Yield the decoded body, never more than `max_bytes` and never more than a few hundred kilobytes at once.

    Args:
        response: its body must not have been read.
        url: for messages.
        max_bytes: more is refused.

    Raises:
        Refused: `too_large` when there is more, `bad_answer` for an encoding nobody asked for or a body that is not in its encoding,
            `connection_failed` (transient) when it ends too early.
        httpx2.TransportError: when the connection fails.
    """
    claimed = response.headers.get("content-length", "")
    encoding = response.headers.get("content-encoding", "").strip().lower() or "identity"
    if encoding == "identity" and claimed.isdecimal() and int(claimed) > max_bytes:
        raise _too_large(response, url, max_bytes)
    n_bytes = 0
    for piece in _decoded(response, encoding, url):
        n_bytes += len(piece)
        if n_bytes > max_bytes:
            raise _too_large(response, url, max_bytes)
        yield piece


def first_bytes(response: httpx2.Response, url: str, *, at_most: int) -> bytes:
    """Return the beginning of a body that is only looked at to explain a refusal; whatever goes wrong ends it there."""
    body = bytearray()
    try:
        for piece in pieces(response, url, max_bytes=at_most):
            body += piece
    except (Refused, httpx2.TransportError):
        pass
    return bytes(body)


def _decoded(response: httpx2.Response, encoding: str, url: str) -> Iterator[bytes]:
    if encoding == "identity":
        yield from response.iter_raw()
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise Refused(
            "bad_answer", url, f"sent in the encoding {encoding!r}, which nobody asked for", status=response.status_code
        )
    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
    is_empty = True
    try:
        for raw in response.iter_raw():
            is_empty = is_empty and not raw
            waiting = raw
            while waiting:
                yield decoder.decompress(waiting, _PIECE)
                waiting = decoder.unconsumed_tail
                if decoder.eof and decoder.unused_data.strip(b"\0"):
                    waiting = decoder.unused_data
                    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
    except zlib.error:
        raise Refused("bad_answer", url, f"said to be {encoding}, but it is not", status=response.status_code) from None
    if not decoder.eof and not is_empty:
        raise Refused(
            "connection_failed", url, "the compressed answer ends too early", status=response.status_code, is_transient=True
        )


def _too_large(response: httpx2.Response, url: str, max_bytes: int) -> Refused:
    return Refused("too_large", url, f"the answer is larger than {max_bytes} bytes", status=response.status_code)
