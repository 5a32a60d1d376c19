"""The one loopback server of the replica: it chooses the service by the `Host` header, spoils answers where faults are wanted, remembers all."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from sources.replica.faults import Faults, faulty
from sources.replica.hosts import robots_of, services_of
from sources.replica.log import LoggedRequest, RequestLog, kept_headers
from sources.replica.messages import Answer, Chunks, Request, Service, http_date, text_answer
from sources.replica.world import World

_LINE = 1 << 16
_DRIPPED = 20


class ReplicaServer:
    """All services of a world at one loopback address; a context manager.

    A client reaches a service by sending its requests to `address` with the service's own name in `Host`.

    Args:
        world: what there is.
        faults: which answers go wrong; none by default.
        mounted: services that are asked first, by host, and may pass by returning None (recorded answers).
        log_clock: seconds for the log.
        port: 0 takes a free one.
    """

    def __init__(
        self,
        world: World,
        faults: Faults | None = None,
        *,
        mounted: Callable[[Request], Answer | None] | None = None,
        log_clock: Callable[[], float] = time.monotonic,
        port: int = 0,
    ) -> None:
        self.world = world
        self.faults = faults
        self.log = RequestLog()
        self._services: dict[str, Service] = services_of(world)
        self._mounted = mounted
        self._log_clock = log_clock
        self._closing = threading.Event()
        self._http = _Http(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), name="replica", daemon=True)

    @property
    def address(self) -> str:
        """Where it listens, as a gateway is named: `http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts for which it answers, in alphabetical order."""
        return tuple(sorted(self._services))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.close_connections()
        self._http.server_close()
        self._thread.join()

    def wait(self) -> None:
        """Serve until the process is interrupted."""
        self._closing.wait()

    def answer(self, request: Request) -> Answer:
        """Return the right answer to a request, faults left aside."""
        if self._mounted is not None:
            mounted = self._mounted(request)
            if mounted is not None:
                return mounted
        service = self._services.get(request.host)
        if service is None:
            return text_answer(f"The replica has no host {request.host!r}.", "text/plain; charset=utf-8", 421)
        if request.path == "/robots.txt":
            return robots_of(request.host)
        if request.method not in ("GET", "HEAD", "POST"):
            return text_answer("Method Not Allowed", "text/plain", 405)
        return service(request)

    def spoiled_answer(self, request: Request) -> tuple[Answer, str | None]:
        """Return the answer that is to be sent and the kind of its fault, None where it is right."""
        fault, variant = self.faults.choose(request) if self.faults else (None, 0)
        if fault is None or self.faults is None:
            return self.answer(request), None
        right = self.answer(request)
        wrong = faulty(fault, variant, request, lambda: right, self.world.now, self.faults.retry_after)
        return replace(wrong, purpose=right.purpose), fault

    def pause(self) -> None:
        """Wait as long as a slow answer waits after a byte; ends at once when the server closes."""
        if self.faults is not None and self.faults.drip_seconds:
            self._closing.wait(self.faults.drip_seconds)

    def log_time(self) -> float:
        """Return the time of the log's clock, in seconds."""
        return self._log_clock()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], replica: ReplicaServer) -> None:
        self.replica = replica
        self._open: set[socket.socket] = set()
        self._to_reset: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, _Conversation)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def reset(self, connection: socket.socket) -> None:
        """Have a connection end so that the client sees a reset, not an end."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._to_reset.add(connection)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        if request in self._to_reset:
            # A polite shutdown would send an end first, and the client would never see the reset.
            self._to_reset.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a client goes away in the middle; anything else is a mistake of the replica and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def close_connections(self) -> None:
        """End idle connections, so that no thread outlives the server."""
        with self._open_lock:
            sockets = list(self._open)
        for one in sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = _LINE
    server: _Http

    def do_GET(self) -> None:
        self._converse()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_GET  # names of the standard library

    def log_message(self, format: str, *args: Any) -> None:  # the name of the standard library
        """Print nothing; the log has it."""

    def _converse(self) -> None:
        replica = self.server.replica
        began = replica.log_time()
        request = self._request()
        answer, fault = replica.spoiled_answer(request)
        target = request.path + (f"?{request.query}" if request.query else "")
        status = None if answer.wire == "reset" else answer.status
        headers = kept_headers(request.headers)
        row = LoggedRequest(began, began, request.host, request.method, target, headers, answer.purpose, status, fault, 0)
        # Remembered before it is sent: a client that has its answer finds itself in the log.
        place = replica.log.add(row)
        sent = 0
        try:
            sent = self._send(request, answer)
        except OSError:
            self.close_connection = True
        finally:
            replica.log.change(place, replace(row, ended=replica.log_time(), n_bytes=sent))

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        host = (parts.hostname or headers.get("host", "").rpartition(":")[0] or headers.get("host", "")).lower()
        length = headers.get("content-length", "0")
        body = self.rfile.read(int(length)) if length.isdigit() else b""
        return Request(self.command, host, parts.path or "/", parts.query, headers, body)

    def _send(self, request: Request, answer: Answer) -> int:
        """Send an answer and return how many bytes of its body went out."""
        if answer.wire == "reset":
            self.close_connection = True
            self.server.reset(self.connection)
            return 0
        body = answer.body if isinstance(answer.body, Chunks) else _chunks(answer.body)
        has_body = request.method != "HEAD" and answer.status not in (204, 304)
        is_chunked = has_body and (body.n_bytes is None or answer.wire == "broken_chunk")
        self.send_response_only(answer.status)
        self.send_header("Date", http_date(self.server.replica.world.now))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif body.n_bytes is not None and answer.status != 304:
            self.send_header("Content-Length", str(body.n_bytes))
        self.end_headers()
        sent = 0
        if has_body:
            send = {"whole": self._whole, "drip": self._drip, "truncated": self._half, "broken_chunk": self._half}[answer.wire]
            sent = send(body, is_chunked)
        self.wfile.flush()
        return sent

    def _whole(self, body: Chunks, is_chunked: bool) -> int:
        sent = 0
        for piece in body.parts():
            sent += self._write(piece, is_chunked)
        if is_chunked:
            self.wfile.write(b"0\r\n\r\n")
        return sent

    def _drip(self, body: Chunks, is_chunked: bool) -> int:
        """Send the last bytes one by one, with a pause after each."""
        sent, held = 0, b""
        for piece in body.parts():
            sent += self._write(held, is_chunked)
            held = piece
        sent += self._write(held[:-_DRIPPED], is_chunked)
        for byte in held[-_DRIPPED:]:
            sent += self._write(bytes([byte]), is_chunked)
            self.wfile.flush()
            self.server.replica.pause()
        if is_chunked:
            self.wfile.write(b"0\r\n\r\n")
        return sent

    def _half(self, body: Chunks, is_chunked: bool) -> int:
        """Send half of the body (of one without known length its first piece) and hang up, in the middle of a chunk where there are any."""
        self.close_connection = True
        pieces = body.parts()
        half = next(pieces, b"")
        if body.n_bytes is not None:
            while len(half) < body.n_bytes // 2 and (piece := next(pieces, b"")):
                half += piece
            half = half[: body.n_bytes // 2]
        if is_chunked:
            self.wfile.write(b"%x\r\n" % (len(half) + 2))
        self.wfile.write(half)
        return len(half)

    def _write(self, piece: bytes, is_chunked: bool) -> int:
        if piece:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
        return len(piece)


def _chunks(body: bytes) -> Chunks:
    def parts() -> Iterator[bytes]:
        yield body

    return Chunks(parts, len(body))
