"""The bytes of the replica's files, read only when they are asked for, and how HTTP serves them: conditions, ranges, validators."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sources.replica.messages import Answer, Chunks, Purpose, Request, http_date, parse_http_date

_CHUNK = 1 << 16

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "doc": "application/msword",
    "html": "text/html; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True)
class Content:
    """Bytes that lie in a file or in memory (exactly one of the two is given)."""

    path: Path | None = None
    held: bytes | None = None

    @property
    def n_bytes(self) -> int:
        """The length."""
        return len(self.held) if self.held is not None else self._path.stat().st_size

    @cached_property
    def md5(self) -> str:
        """The MD5 as 32 digits; the UN Library names its files by it."""
        return self._digest(hashlib.md5(usedforsecurity=False)).hex()

    @cached_property
    def sha1_base32(self) -> str:
        """The SHA-1 as the Internet Archive writes it."""
        return base64.b32encode(self._digest(hashlib.sha1(usedforsecurity=False))).decode()

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 as 64 digits."""
        return self._digest(hashlib.sha256()).hex()

    def read(self, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` on, `length` of them or all."""
        end = self.n_bytes if length is None else start + length
        if self.held is not None:
            yield self.held[start:end]
            return
        with self._path.open("rb") as stream:
            stream.seek(start)
            left = end - start
            while left > 0 and (piece := stream.read(min(_CHUNK, left))):
                left -= len(piece)
                yield piece

    @property
    def _path(self) -> Path:
        if self.path is None:
            raise ValueError("a content needs a path or bytes")
        return self.path

    def _digest(self, digest: hashlib._Hash) -> bytes:
        for piece in self.read():
            digest.update(piece)
        return digest.digest()


def serve(
    request: Request,
    content: Content,
    media_type: str,
    modified: datetime,
    *,
    purpose: Purpose = "file",
    etag: str | None = None,
    has_ranges: bool = True,
) -> Answer:
    """Return the answer to a request for some bytes: whole, a part, "not modified" or "no such range".

    Args:
        etag: the strong validator without quotes; the MD5 of the bytes by default.
        has_ranges: whether this service gives parts of a file.
    """
    tag = f'"{etag or content.md5}"'
    validators = {"ETag": tag, "Last-Modified": http_date(modified)}
    if has_ranges:
        validators["Accept-Ranges"] = "bytes"
    if is_not_modified(request, tag, modified):
        return Answer(304, validators, b"", purpose)
    headers = {**validators, "Content-Type": media_type}
    size = content.n_bytes
    wanted = _range(request, tag, modified, size) if has_ranges else None
    if wanted is None:
        return Answer(200, headers, Chunks(content.read, size), purpose)
    start, length = wanted
    if start >= size or length <= 0:
        return Answer(416, {**validators, "Content-Range": f"bytes */{size}"}, b"", purpose)
    headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    return Answer(206, headers, Chunks(lambda: content.read(start, length), length), purpose)


def is_not_modified(request: Request, tag: str, modified: datetime) -> bool:
    """Return whether the client's copy still holds; If-None-Match counts before If-Modified-Since (RFC 9110)."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        bare = tag.removeprefix("W/")
        return tags.strip() == "*" or any(one.strip().removeprefix("W/") == bare for one in tags.split(","))
    since = parse_http_date(request.headers.get("if-modified-since", ""))
    return since is not None and modified.replace(microsecond=0) <= since


def _range(request: Request, tag: str, modified: datetime, size: int) -> tuple[int, int] | None:
    """Return start and length of the part that is asked for, or None where the whole is to be sent."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", "").strip())
    if request.method != "GET" or found is None or not (found[1] or found[2]):
        return None
    condition = request.headers.get("if-range")
    if condition is not None and condition.strip() not in (tag, http_date(modified)):
        return None
    if not found[1]:
        length = min(int(found[2]), size)
        return size - length, length
    start = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    return start, last - start + 1
