"""The memory of the replica: every request with what was answered, so that tests can count what a client did."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from sources.replica.messages import Purpose

_KEPT_HEADERS = (
    "user-agent",
    "accept",
    "range",
    "if-range",
    "if-none-match",
    "if-modified-since",
    "referer",
    "content-type",
    "accept-encoding",
)


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request and the answer to it.

    Attributes:
        began, ended: when its head had come and when the last byte of the answer was given away, in seconds of the log's clock.
        target: path and query as sent.
        headers: those of `User-Agent`, `Accept`, conditions, ranges and referrer, names in lower case.
        status: None where the connection was reset without an answer.
        fault: the kind of fault that was put in, if any.
        n_bytes: bytes of the body that were sent.
    """

    began: float
    ended: float
    host: str
    method: str
    target: str
    headers: Mapping[str, str]
    purpose: Purpose
    status: int | None
    fault: str | None
    n_bytes: int

    @property
    def url(self) -> str:
        """The address that the client meant."""
        return f"https://{self.host}{self.target}"

    @property
    def is_conditional(self) -> bool:
        """Whether it asked only for what has changed."""
        return "if-none-match" in self.headers or "if-modified-since" in self.headers


class RequestLog:
    """All requests since the start or the last `clear`, in the order in which they came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: dict[int, LoggedRequest] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[LoggedRequest]:
        with self._lock:
            return iter(list(self._rows.values()))

    def add(self, row: LoggedRequest) -> int:
        """Remember one request; returns its place for `change`."""
        with self._lock:
            self._next += 1
            self._rows[self._next] = row
            return self._next

    def change(self, place: int, row: LoggedRequest) -> None:
        """Complete what is remembered of a request once its answer is sent, unless it is forgotten by now."""
        with self._lock:
            if place in self._rows:
                self._rows[place] = row

    def clear(self) -> None:
        """Forget everything, e.g. before a second refresh is counted."""
        with self._lock:
            self._rows.clear()

    def of(self, *, host: str | None = None, purpose: Purpose | None = None, fault: str | None = None) -> list[LoggedRequest]:
        """Return the requests to a host, for a purpose, with a fault; all where nothing is said."""
        return [
            row
            for row in self
            if (host is None or row.host == host)
            and (purpose is None or row.purpose == purpose)
            and (fault is None or row.fault == fault)
        ]

    @property
    def n_files(self) -> int:
        """How many requests were for files."""
        return len(self.of(purpose="file"))

    @property
    def n_conditional(self) -> int:
        """How many requests were conditional."""
        return sum(row.is_conditional for row in self)

    def by_host(self) -> dict[str, int]:
        """Return how many requests each host got."""
        return dict(sorted(Counter(row.host for row in self).items()))

    def most_in(self, seconds: float, host: str) -> int:
        """Return the most requests to a host that began within any span of so many seconds."""
        times = sorted(row.began for row in self.of(host=host))
        most, first = 0, 0
        for last, time in enumerate(times):
            while time - times[first] >= seconds:
                first += 1
            most = max(most, last - first + 1)
        return most

    def least_gap(self, host: str) -> float | None:
        """Return the shortest time between the beginnings of two requests to a host, in seconds; None for fewer than two."""
        times = sorted(row.began for row in self.of(host=host))
        return min((later - earlier for earlier, later in pairwise(times)), default=None)

    def most_at_once(self, host: str) -> int:
        """Return the most requests to a host that were under way at the same time."""
        edges = sorted(edge for row in self.of(host=host) for edge in ((row.began, 1), (row.ended, -1)))
        now = most = 0
        for _, step in edges:
            now += step
            most = max(most, now)
        return most


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return those headers of a request that tests look at."""
    return {name: headers[name] for name in _KEPT_HEADERS if name in headers}
