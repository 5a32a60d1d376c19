"""For tests of the client: a small real HTTP server with scripted answers, honest and otherwise, and a clock that nobody waits for."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sources.description import Host, SourceDescription
from sources.types import RequestEvent
from sources.web.client import Client, Limits
from sources.web.pace import Clock, Pace
from sources.web.recording import Recorded, Recorder

BEGIN = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Reply:
    """An answer: with its true length, or with the one that is claimed, or in chunks."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    claims: int | None = None
    is_chunked: bool = False


Raw = Callable[["_Handler"], None]


@dataclass(frozen=True)
class Seen:
    method: str
    host: str
    path: str
    headers: dict[str, str]
    body: bytes


class Loopback:
    """Answers by host and path; the last of several answers is repeated. What nobody scripted is 404."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self._script: dict[tuple[str, str], list[Reply | Raw]] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._server.loopback = self  # type: ignore[attr-defined]  # the handler finds us by it
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def on(self, path: str, *replies: Reply | Raw, host: str = "api.example.org") -> None:
        self._script[host, path] = list(replies)

    def paths(self) -> list[str]:
        return [one.path for one in self.seen if one.path != "/robots.txt"]

    def next_reply(self, seen: Seen) -> Reply | Raw:
        with self._lock:
            self.seen.append(seen)
            replies = self._script.get((seen.host, seen.path)) or self._script.get((seen.host, seen.path.partition("?")[0]))
            if not replies:
                return Reply(404, b"nothing here", {"Content-Type": "text/plain"})
            return replies.pop(0) if len(replies) > 1 else replies[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        seen = Seen(
            self.command,
            self.headers.get("Host", ""),
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        server: Any = self.server
        reply = server.loopback.next_reply(seen)
        with contextlib.suppress(OSError):
            if isinstance(reply, Reply):
                self._send(reply)
            else:
                self.close_connection = True
                reply(self)

    do_POST = do_GET

    def _send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif reply.status not in (204, 304):
            self.send_header("Content-Length", str(len(reply.body) if reply.claims is None else reply.claims))
        self.end_headers()
        if reply.is_chunked:
            self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(reply.body), reply.body))
        else:
            self.wfile.write(reply.body)
        if reply.claims is not None and reply.claims != len(reply.body):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


def raw(*parts: bytes) -> Raw:
    """Sends these bytes, whatever they are, and closes the connection."""

    def answer(handler: _Handler) -> None:
        for part in parts:
            handler.wfile.write(part)

    return answer


def reset(handler: _Handler) -> None:
    """Breaks the connection off without an answer."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def dripping(begin: bytes, drop: bytes) -> Raw:
    """Sends a beginning and then the same drop for ever, until the other side has had enough."""

    def answer(handler: _Handler) -> None:
        handler.connection.settimeout(10)
        handler.wfile.write(begin)
        while True:
            handler.wfile.write(drop)

    return answer


class FakeClock:
    """Time goes on only when somebody sleeps, or by `tick` each time it is asked for."""

    def __init__(self, tick: float = 0.0) -> None:
        self.seconds = 0.0
        self.tick = tick
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        with self._lock:
            self.seconds += self.tick
            return self.seconds

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.seconds += seconds

    def clock(self) -> Clock:
        return Clock(self.monotonic, self.now, self.sleep)


def describe(*hosts: Host | str, **more: Any) -> SourceDescription:
    """A description of an invented source."""
    listed = tuple(
        host if isinstance(host, Host) else Host(host=host, delay_seconds=1.0) for host in hosts or ("api.example.org",)
    )
    return SourceDescription(
        id="example",
        name="Example",
        publisher="Example",
        connector="example",
        gives="both",
        about="Invented.",
        licence="none",
        confidence="C",
        hosts=listed,
        base_urls={"api": f"https://{listed[0].host}/api"},
        **more,
    )


@dataclass
class Bench:
    """A client before a loopback server, its events, and its clock."""

    client: Client
    server: Loopback
    clock: FakeClock
    events: list[RequestEvent]

    def outcomes(self) -> list[str]:
        return [event.outcome for event in self.events if event.purpose != "robots"]


@contextlib.contextmanager
def bench(
    server: Loopback,
    state: Path,
    *hosts: Host | str,
    clock: FakeClock | None = None,
    limits: Limits | None = None,
    pace: Pace | None = None,
    recorder: Recorder | None = None,
    replay: Recorded | None = None,
) -> Iterator[Bench]:
    """Make a client that reaches the server by its gateway."""
    clock = clock or FakeClock()
    events: list[RequestEvent] = []
    with Client(
        describe(*hosts),
        contact="who@example.org",
        version="9.9",
        project_url="https://example.org/entente",
        log=events.append,
        state=state,
        gateway=None if replay is not None else server.gateway,
        pace=pace or Pace(clock.clock(), random=lambda: 0.5),
        recorder=recorder,
        replay=replay,
        limits=limits,
    ) as client:
        yield Bench(client, server, clock, events)
