"""The wire: connects to addresses that were checked, keeps the deadline of a request over every read, and reaches a replica by a gateway."""

from __future__ import annotations

import contextlib
import ipaddress
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

import httpcore2
import httpx2

from entente.errors import BadInput
from sources.web.hosts import Resolver, public_addresses, resolve

Connect = Callable[[str, int, float | None], httpcore2.NetworkStream]
"""Opens a connection to an address (never a name) and a port within so many seconds; raises the exceptions of httpcore2."""

_DEADLINE: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextlib.contextmanager
def deadline(at: float) -> Iterator[None]:
    """Let all reads and writes of this thread end at a time of the wire's monotonic clock."""
    token = _DEADLINE.set(at)
    try:
        yield
    finally:
        _DEADLINE.reset(token)


def connect_to_address(address: str, port: int, timeout: float | None) -> httpcore2.NetworkStream:
    """Open a connection to an address."""
    return httpcore2.SyncBackend().connect_tcp(address, port, timeout, socket_options=[])


class Wire(httpx2.BaseTransport):
    """Sends requests for https addresses, over TLS verified for the host name, or in the clear to a gateway on this machine.

    The environment's proxies are not used: a proxy would look names up by itself, and the check of addresses would be void. A list of
    trusted authorities named by `SSL_CERT_FILE` or `SSL_CERT_DIR` is.
    """

    def __init__(
        self,
        *,
        gateway: str | None = None,
        resolver: Resolver = resolve,
        connect: Connect = connect_to_address,
        monotonic: Callable[[], float] = time.monotonic,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Make the wire; nothing is connected yet.

        Args:
            gateway: `http://127.0.0.1:PORT`; every request goes there instead, its `Host` header unchanged.
            resolver: looks names up.
            connect: opens connections to addresses.
            monotonic: seconds, for deadlines.
            context: which certificates are trusted; those of this machine when None.

        Raises:
            BadInput: when the gateway is not http to a loopback address.
        """
        self._gateway = None if gateway is None else _loopback(gateway)
        self._pool = httpcore2.ConnectionPool(
            ssl_context=None if self._gateway is not None else context or httpx2.create_ssl_context(),
            max_connections=32,
            max_keepalive_connections=8,
            keepalive_expiry=15.0,
            network_backend=_Backend(None if self._gateway is None else self._gateway[0], resolver, connect, monotonic),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and return the answer with its body still to come.

        Raises:
            httpx2.TransportError: when that fails.
            Refused: when the host's address is not public.
        """
        url = httpcore2.URL(scheme=b"https", host=request.url.raw_host, port=443, target=request.url.raw_path)
        if self._gateway is not None:
            address, port = self._gateway
            url = httpcore2.URL(scheme=b"http", host=address.encode(), port=port, target=request.url.raw_path)
        sent = httpcore2.Request(
            method=request.method, url=url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
        )
        with _as_httpx2():
            answer = self._pool.handle_request(sent)
        stream: Any = answer.stream
        return httpx2.Response(
            status_code=answer.status, headers=answer.headers, stream=_Body(stream), extensions=answer.extensions
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx2():
            yield from self._stream

    def close(self) -> None:
        close = getattr(self._stream, "close", None)
        if close is not None:
            with _as_httpx2():
                close()


class _Backend(httpcore2.NetworkBackend):
    """Looks a name up once, checks what comes, and connects to exactly that: a second look-up could lead elsewhere."""

    def __init__(self, gateway: str | None, resolver: Resolver, connect: Connect, monotonic: Callable[[], float]) -> None:
        self._gateway = gateway
        self._resolver = resolver
        self._connect = connect
        self._monotonic = monotonic

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        last: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in self._addresses(host):
            try:
                stream = self._connect(address, port, _left(timeout, self._monotonic, httpcore2.ConnectTimeout))
                return _Stream(stream, self._monotonic)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                last = error
        raise last

    def _addresses(self, host: str) -> list[str]:
        if self._gateway is not None:
            return [self._gateway]
        try:
            return public_addresses(host, self._resolver)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"the name {host} cannot be looked up ({error})") from error


class _Stream(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream, monotonic: Callable[[], float]) -> None:
        self._stream = stream
        self._monotonic = monotonic

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, self._monotonic, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, self._monotonic, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, self._monotonic, httpcore2.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._monotonic)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, monotonic: Callable[[], float], too_late: type[Exception]) -> float | None:
    end = _DEADLINE.get()
    if end is None:
        return timeout
    left = end - monotonic()
    if left <= 0:
        raise too_late("the time for the whole answer is over")
    return left if timeout is None else min(left, timeout)


@contextlib.contextmanager
def _as_httpx2() -> Iterator[None]:
    try:
        yield
    except (httpcore2.TimeoutException, httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.UnsupportedProtocol) as error:
        same_name: type[httpx2.TransportError] = getattr(httpx2, type(error).__name__, httpx2.TransportError)
        raise same_name(str(error)) from error


def _loopback(gateway: str) -> tuple[str, int]:
    try:
        url = httpx2.URL(gateway)
        is_loopback = url.scheme == "http" and url.port is not None and ipaddress.ip_address(url.host).is_loopback
    except (httpx2.InvalidURL, ValueError):
        is_loopback = False
    if not is_loopback or url.raw_path not in (b"", b"/") or url.userinfo:
        raise BadInput(f"A gateway must be http to this machine, as in http://127.0.0.1:8080; {gateway!r} is not.")
    assert url.port is not None  # noqa: S101  # looked at above
    return url.host, url.port
