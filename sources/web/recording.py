"""Recordings of a run: every request and answer in one WARC file on demand, and a transport that answers from such a file.

A recorded run can be replayed without network. Where a server confirmed a listing that was known from before (304), the known body is
recorded too, so that the replay needs no cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import threading
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from zlib import error as ZlibError

import httpx2
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from entente.errors import BadInput

_IN_MEMORY = 1 << 20
_CHUNK = 1 << 16
_ERROR = "error"
# The body is recorded as it came, but no longer in chunks.
_OF_THE_TRANSFER = frozenset({"transfer-encoding", "connection", "keep-alive"})
_SECRET = frozenset({"authorization", "proxy-authorization", "cookie"})
_CONDITIONS = ("if-none-match", "if-modified-since")

Key = tuple[str, str, str]


class NotRecorded(httpx2.TransportError):
    """A replay asked for something that is not in the recording, or more often than it is there."""


class Recorder:
    """Writes one WARC file; safe to share between the clients and threads of a run."""

    def __init__(self, path: Path) -> None:
        """Begin a file.

        Args:
            path: a new file; compressed where it ends in `.gz`.

        Raises:
            BadInput: when it exists or cannot be made.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = path.open("xb")
        except OSError as error:
            raise BadInput(f"The recording {path} cannot be begun ({error.strerror}); name a new file.") from error
        self._writer = WARCWriter(self._stream, gzip=path.suffix == ".gz")
        self._lock = threading.Lock()

    def wrap(self, transport: httpx2.BaseTransport) -> httpx2.BaseTransport:
        """Return a transport that records what goes through another one."""
        return _Recording(transport, self)

    def confirmed(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Record the body that a 304 confirmed."""
        with self._lock:
            self._write(url, "resource", BytesIO(body), {}, content_type=headers.get("content-type", "application/octet-stream"))

    def exchange(
        self, request: httpx2.Request, response: httpx2.Response | None, body: IO[bytes], error: str, truncated: str
    ) -> None:
        """Record a request and what came of it.

        Args:
            request: its body must have been read.
            response: None when nothing came.
            body: what came of the body, as it came.
            error: the failure as text, empty for none.
            truncated: why the body is not whole (`disconnect`, `length`), empty when it is.
        """
        url = str(request.url)
        target = request.url.raw_path.decode("ascii", "replace")
        sent = [(name, "hidden" if name.lower() in _SECRET else value) for name, value in request.headers.items()]
        with self._lock:
            asked = self._write(
                url, "request", BytesIO(request.content), {}, StatusAndHeaders(f"{request.method} {target} HTTP/1.1", sent)
            )
            links = {"WARC-Concurrent-To": asked}
            if response is not None:
                if truncated:
                    links["WARC-Truncated"] = truncated
                came = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in _OF_THE_TRANSFER]
                status = f"{response.status_code} {response.reason_phrase or 'none'}"
                self._write(url, "response", body, links, StatusAndHeaders(status, came, protocol="HTTP/1.1"))
            else:
                said = f"{_ERROR}: {' '.join(error.split())}\r\n".encode()
                self._write(url, "metadata", BytesIO(said), links, content_type="application/warc-fields")

    def close(self) -> None:
        """End the file."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _write(
        self, url: str, kind: str, body: IO[bytes], links: dict[str, str], http: Any = None, content_type: str = ""
    ) -> str:
        length = body.seek(0, 2)
        body.seek(0)
        record = self._writer.create_warc_record(
            url, kind, payload=body, length=length, http_headers=http, warc_headers_dict=links, warc_content_type=content_type
        )
        self._writer.write_record(record)
        self._stream.flush()
        return str(record.rec_headers.get_header("WARC-Record-ID"))


class _Recording(httpx2.BaseTransport):
    def __init__(self, transport: httpx2.BaseTransport, recorder: Recorder) -> None:
        self._transport = transport
        self._recorder = recorder

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        try:
            response = self._transport.handle_request(request)
        except httpx2.TransportError as error:
            self._recorder.exchange(request, None, BytesIO(), f"{type(error).__name__} {error}", "")
            raise
        stream: Any = response.stream
        copied = _Copied(stream, request, response, self._recorder)
        return httpx2.Response(response.status_code, headers=response.headers, stream=copied, extensions=response.extensions)

    def close(self) -> None:
        self._transport.close()


class _Copied(httpx2.SyncByteStream):
    """A body that is written down while it is read; the record is written when it is closed."""

    def __init__(
        self, stream: httpx2.SyncByteStream, request: httpx2.Request, response: httpx2.Response, recorder: Recorder
    ) -> None:
        self._stream = stream
        self._exchange = request, response
        self._recorder = recorder
        self._copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # closed with the copy of the body
        self._truncated = "length"
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._stream:
                self._copy.write(chunk)
                yield chunk
            self._truncated = ""
        except httpx2.TransportError:
            self._truncated = "disconnect"
            raise

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        try:
            request, response = self._exchange
            self._recorder.exchange(request, response, self._copy, "", self._truncated)
        finally:
            self._copy.close()
            self._stream.close()


@dataclass(frozen=True, slots=True)
class _Entry:
    offset: int
    error: str = ""


class Recorded(httpx2.BaseTransport):
    """Answers from a recording: for each method, address and body the recorded answers in their order, failures included.

    Attributes:
        began: the moment of the first exchange, UTC: a run that is played again has to take it for now.
    """

    def __init__(self, path: Path) -> None:
        """Read what is in the file; bodies are read when they are asked for.

        Raises:
            BadInput: when there is no such file or it is no WARC.
        """
        self._path = path
        self._answers: dict[Key, deque[_Entry]] = defaultdict(deque)
        self._confirmed: dict[str, deque[int]] = defaultdict(deque)
        self._lock = threading.Lock()
        self.began: datetime | None = None
        try:
            with path.open("rb") as stream:
                self._index(ArchiveIterator(stream))
        except OSError as error:
            raise BadInput(f"The recording {path} cannot be read ({error.strerror}).") from error
        if not self._answers:
            raise BadInput(f"{path} is no recording of requests (WARC), or an empty one.")

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer as the recorded server did.

        Raises:
            httpx2.TransportError: where the recorded request failed; `NotRecorded` where there is none.
        """
        request.read()
        url = str(request.url)
        key = _key(request.method, url, request.content)
        with self._lock:
            waiting = self._answers.get(key)
            if not waiting:
                raise NotRecorded(f"{request.method} {url} is not in the recording (any more)")
            entry = waiting.popleft()
        if entry.error:
            name, _, said = entry.error.partition(" ")
            kind = getattr(httpx2, name, None)
            is_failure = isinstance(kind, type) and issubclass(kind, httpx2.TransportError)
            raise (kind if is_failure else httpx2.TransportError)(said)  # type: ignore[misc]  # checked to be an exception above
        record, file = self._record(entry.offset)
        status = int(record.http_headers.get_statuscode())
        if status == 304 and not any(name in request.headers for name in _CONDITIONS):
            file.close()
            return self._confirmed_body(url)
        body = _Replayed(record.raw_stream, record.rec_headers.get_header("WARC-Truncated") == "disconnect", file)
        return httpx2.Response(status, headers=record.http_headers.headers, stream=body)

    def _confirmed_body(self, url: str) -> httpx2.Response:
        with self._lock:
            waiting = self._confirmed.get(url)
            if not waiting:
                raise NotRecorded(
                    f"{url} was not modified when it was recorded, and the body known before is not in the recording"
                )
            offset = waiting.popleft()
        record, file = self._record(offset)
        headers = {"content-type": record.rec_headers.get_header("Content-Type")}
        return httpx2.Response(200, headers=headers, stream=_Replayed(record.raw_stream, False, file))

    def _index(self, records: Any) -> None:
        asked: dict[str, Key] = {}
        # A run that was killed leaves half a record at the end; what stands before it is good.
        with contextlib.suppress(ArchiveLoadFailed, ZlibError, EOFError, ValueError, AttributeError):
            for record in records:
                headers = record.rec_headers
                self.began = self.began or _moment(headers.get_header("WARC-Date"))
                url = headers.get_header("WARC-Target-URI") or ""
                key = asked.get(headers.get_header("WARC-Concurrent-To") or "")
                if record.rec_type == "request":
                    body = record.raw_stream.read()
                    asked[headers.get_header("WARC-Record-ID")] = _key(record.http_headers.protocol, url, body)
                elif record.rec_type == "resource":
                    self._confirmed[url].append(records.get_record_offset())
                elif key is not None and record.rec_type == "response":
                    self._answers[key].append(_Entry(records.get_record_offset()))
                elif key is not None and record.rec_type == "metadata":
                    said = record.raw_stream.read().decode("utf-8", "replace").removeprefix(f"{_ERROR}: ").strip()
                    self._answers[key].append(_Entry(0, said or "TransportError"))

    def _record(self, offset: int) -> tuple[Any, IO[bytes]]:
        stream = self._path.open("rb")
        stream.seek(offset)
        return next(ArchiveIterator(stream)), stream


class _Replayed(httpx2.SyncByteStream):
    def __init__(self, stream: Any, is_broken: bool, file: IO[bytes]) -> None:
        self._stream = stream
        self._is_broken = is_broken
        self._file = file

    def __iter__(self) -> Iterator[bytes]:
        chunks: Iterable[bytes] = iter(lambda: self._stream.read(_CHUNK), b"")
        yield from chunks
        if self._is_broken:
            raise httpx2.ReadError("the recorded answer broke off here")

    def close(self) -> None:
        self._file.close()


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _key(method: str, url: str, body: bytes) -> Key:
    return method.upper(), url, hashlib.sha256(body).hexdigest()
