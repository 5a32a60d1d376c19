"""A file on its way: written beside its place, hashed while it comes, and taken up again where a broken download ended.

What is there of `NAME` lies in `.NAME.part`, and what is needed to go on in `.NAME.note.part`, so that a download that was killed can be
resumed by a later run. It is only resumed where the server accepts ranges and gave a validator that is strong in the sense of RFC 9110.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from entente.errors import Unavailable
from entente.files import fsync_directory, write_text_whole
from sources.web.answers import HEAD
from sources.web.errors import Refused
from sources.web.results import Download, Validators

_CHUNK = 1 << 20
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
# A second is the grain of Last-Modified: only a minute later is it sure that nothing else has the same one (RFC 9110, 8.8.2.2).
_STRONG_AFTER = timedelta(seconds=60)


class Part:
    """The part of one file that is here."""

    def __init__(self, target: Path) -> None:
        """Look for what an earlier download has left.

        Args:
            target: where the file shall lie; its folder is made if need be.
        """
        self._target = target
        self._path = target.with_name(f".{target.name}.part")
        self._note = target.with_name(f".{target.name}.note.part")
        self._url, self._validator = self._read_note()
        with _disk(target):
            target.parent.mkdir(parents=True, exist_ok=True)

    @property
    def offset(self) -> int:
        """Bytes that need not come again; 0 where the file must come from the beginning."""
        if not self._validator:
            return 0
        with contextlib.suppress(OSError):
            return self._path.stat().st_size
        return 0

    def headers(self, url: str) -> dict[str, str]:
        """Return the headers that ask for the rest, none where everything must come."""
        offset = self.offset if url == self._url else 0
        return {"Range": f"bytes={offset}-", "If-Range": self._validator} if offset else {}

    def begin(self, url: str, status: int, headers: Mapping[str, str]) -> int:
        """Prepare for a body and return from where it goes on.

        Args:
            url: where it comes from.
            status: 206 continues, everything else begins anew.
            headers: of the answer, keys in lower case.

        Raises:
            Refused: transient, when a 206 is not the part that was asked for; what is here is dropped.
        """
        if status == 206:
            found = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
            etag = headers.get("etag", "")
            is_other = etag.startswith('"') and self._validator.startswith('"') and etag != self._validator
            if url != self._url or not self.offset or is_other or found is None or int(found[1]) != self.offset:
                self.drop()
                raise Refused(
                    "bad_answer", url, "sent another part of the file than was asked for", status=status, is_transient=True
                )
            return self.offset
        self.drop()
        self._url, self._validator = url, _strong_validator(headers)
        if self._validator:
            with _disk(self._target):
                write_text_whole(self._note, json.dumps({"url": url, "validator": self._validator}))
        return 0

    def append(self, pieces: Iterator[bytes]) -> int:
        """Write what comes; returns how many bytes the part has then. What came before a failure stays."""
        with _disk(self._target), self._path.open("ab") as stream:
            for piece in pieces:
                stream.write(piece)
            stream.flush()
            os.fsync(stream.fileno())
            return stream.tell()

    def head(self) -> bytes:
        """Return its first bytes."""
        with self._path.open("rb") as stream:
            return stream.read(HEAD)

    def finish(self, url: str, headers: Mapping[str, str]) -> Download:
        """Put the whole file in its place."""
        sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
        with _disk(self._target):
            with self._path.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    sha256.update(chunk)
                    md5.update(chunk)
                n_bytes = stream.tell()
            self._path.replace(self._target)
            fsync_directory(self._target.parent)
        self.drop()
        return Download(
            path=self._target,
            n_bytes=n_bytes,
            sha256=sha256.hexdigest(),
            md5=md5.hexdigest(),
            url=url,
            content_type=headers.get("content-type", ""),
            validators=Validators.of(headers),
        )

    def drop(self) -> None:
        """Forget what is here."""
        self._url, self._validator = "", ""
        for path in (self._path, self._note):
            path.unlink(missing_ok=True)

    def drop_unless_resumable(self) -> None:
        """Keep only what can be gone on with."""
        if not self.offset:
            self.drop()

    def _read_note(self) -> tuple[str, str]:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            note = json.loads(self._note.read_text(encoding="utf-8"))
            return str(note["url"]), str(note["validator"])
        return "", ""


def _strong_validator(headers: Mapping[str, str]) -> str:
    if "bytes" not in headers.get("accept-ranges", "").lower() or headers.get("content-encoding", "identity") != "identity":
        return ""
    etag = headers.get("etag", "")
    if etag.startswith('"'):
        return etag
    last_modified = headers.get("last-modified", "")
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        modified, sent = (parsedate_to_datetime(value) for value in (last_modified, headers.get("date", "")))
        if sent.astimezone(UTC) - modified.astimezone(UTC) >= _STRONG_AFTER:
            return last_modified
    return ""


@contextlib.contextmanager
def _disk(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable(f"No room left on the disk for {target}. Free some space and run the command again.") from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise Unavailable(f"{target} cannot be written ({error.strerror}). Choose a folder that can be.") from error
        raise
