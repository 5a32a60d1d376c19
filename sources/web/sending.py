"""One request, politely: robots.txt, pace, deadline, retries with growing waits, and one event in the log for each try."""

from __future__ import annotations

import contextlib
import logging
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar
from urllib.parse import urlsplit

import httpx2
import stamina

from sources.types import Outcome, RequestEvent
from sources.web.errors import NotPublic, Refused
from sources.web.limits import Limits
from sources.web.pace import Pace, Resting
from sources.web.recording import NotRecorded
from sources.web.transport import deadline

Purpose = Literal["robots", "listing", "file"]
T = TypeVar("T")
Consume = Callable[[httpx2.Response], "tuple[T, Outcome]"]
"""Takes an answer whose body is still to come; returns what was asked for and how the request ended, or raises `Refused`."""

_NOT_AGAIN = (NotRecorded, httpx2.LocalProtocolError, httpx2.UnsupportedProtocol)
_LONGEST_REST = 86_400.0

# Each try is an event of ours; without a handler of its own stamina's log would write to the terminal.
logging.getLogger("stamina").addHandler(logging.NullHandler())
logging.getLogger("stamina").propagate = False


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked: the purpose, the method, a checked address, the body, and the seconds that one try may take."""

    purpose: Purpose
    method: str
    url: str
    seconds: float
    content: bytes | None = None


class Sender:
    """Sends the requests of one source."""

    def __init__(
        self,
        source_id: str,
        http: httpx2.Client,
        *,
        pace: Pace,
        limits: Limits,
        log: Callable[[RequestEvent], None],
        is_replay: bool,
    ) -> None:
        """Make a sender.

        Args:
            source_id: for the events.
            http: follows no redirects and keeps no cookies.
            pace: of all hosts.
            limits: of each request.
            log: takes the events, in the thread of the request.
            is_replay: answers come from a recording: nobody needs to be spared.
        """
        self._source_id = source_id
        self._http = http
        self._pace = pace
        self._clock = pace.clock
        self._limits = limits
        self._log = log
        self._is_replay = is_replay

    def send(self, ask: Ask, headers: Callable[[], Mapping[str, str]], consume: Consume[T]) -> T:
        """Send a request, again where that may help, and return what came of it.

        Args:
            ask: what.
            headers: the headers of the next try.
            consume: takes the answer.

        Raises:
            Refused: when no try brought what was asked for.
        """
        for attempt in stamina.retry_context(
            on=lambda error: 0.0 if isinstance(error, Refused) and error.is_transient else False,
            attempts=self._limits.attempts,
            timeout=None,
            wait_initial=self._limits.backoff_seconds,
            wait_max=self._limits.backoff_max_seconds,
            wait_jitter=0.0,
        ):
            with attempt:
                try:
                    return self._once(ask, dict(headers()), consume, attempt.num)
                except Refused as refusal:
                    # The wait is kept by the pace and not by stamina, so that nobody else asks the host meanwhile.
                    self._rest(ask.url, refusal, attempt.next_wait)
                    raise
        raise AssertionError("unreachable")

    def refuse(self, purpose: Purpose, method: str, refusal: Refused) -> Refused:
        """Write the event of a request that is not made, and return the refusal."""
        self._event(Ask(purpose, method, refusal.url, 0.0), refusal.outcome)
        return refusal

    def _once(self, ask: Ask, headers: Mapping[str, str], consume: Consume[T], attempt: int) -> T:
        is_conditional = any(name.lower() in ("if-none-match", "if-modified-since") for name in headers)
        request = self._http.build_request(ask.method, ask.url, headers=headers, content=ask.content)
        with self._turn(ask, attempt):
            begun = self._clock.monotonic()
            at = self._clock.now()
            response: httpx2.Response | None = None
            outcome: Outcome = "connection_failed"
            try:
                with deadline(begun + ask.seconds):
                    response = self._http.send(request, stream=True)
                    with contextlib.closing(response):
                        result, outcome = consume(response)
                return result
            except Refused as refusal:
                outcome = refusal.outcome
                if isinstance(refusal, NotPublic):
                    # The wire knows only the name of the host.
                    raise NotPublic(ask.url, refusal.detail) from None
                raise
            except httpx2.TransportError as error:
                failure = _of_transport(ask.url, error, None if response is None else response.status_code)
                outcome = failure.outcome
                raise failure from error
            finally:
                self._log(
                    RequestEvent(
                        source_id=self._source_id,
                        purpose=ask.purpose,
                        method=ask.method,
                        url=ask.url,
                        host=host_of(ask.url),
                        at=at,
                        status=None if response is None else response.status_code,
                        outcome=outcome,
                        seconds=self._clock.monotonic() - begun,
                        n_bytes=0 if response is None else response.num_bytes_downloaded,
                        is_conditional=is_conditional,
                        attempt=attempt,
                    )
                )

    @contextlib.contextmanager
    def _turn(self, ask: Ask, attempt: int) -> Iterator[None]:
        if self._is_replay:
            yield
            return
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self._pace.turn(host_of(ask.url), longest_rest=self._limits.longest_wait_seconds))
            except Resting as resting:
                self._event(ask, "rate_limited", attempt)
                raise Refused("rate_limited", ask.url, f"not asked, because {resting}") from None
            yield

    def _rest(self, url: str, refusal: Refused, wait: float) -> None:
        if self._is_replay or not refusal.is_transient:
            return
        wait = self._pace.lengthened(wait)
        if refusal.retry_after is not None:
            # A server's wish is never kept for less than our own wait: some say one second whatever happens.
            wait = max(wait, min(refusal.retry_after, _LONGEST_REST))
        if wait > self._limits.longest_wait_seconds:
            refusal.is_transient = False
        self._pace.rest(host_of(url), wait)

    def _event(self, ask: Ask, outcome: Outcome, attempt: int = 1) -> None:
        self._log(
            RequestEvent(
                self._source_id,
                ask.purpose,
                ask.method,
                ask.url,
                host_of(ask.url),
                self._clock.now(),
                None,
                outcome,
                0.0,
                0,
                is_conditional=False,
                attempt=attempt,
            )
        )


def host_of(url: str) -> str:
    """Return the host of an address, in lower case; empty where it has none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _of_transport(url: str, error: httpx2.TransportError, status: int | None) -> Refused:
    said = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, httpx2.TimeoutException):
        return Refused("timed_out", url, f"no (whole) answer in time ({said})", status=status, is_transient=True)
    is_transient = not isinstance(error, _NOT_AGAIN) and not _is_about_certificate(error)
    return Refused("connection_failed", url, f"the connection failed ({said})", status=status, is_transient=is_transient)


def _is_about_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
