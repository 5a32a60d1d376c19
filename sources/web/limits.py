"""How long, how often and how much the polite client asks, where a description does not say it for a host."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of every request; seconds and bytes.

    Attributes:
        attempts: most tries of one request, the first included.
        backoff_seconds: wait after the first failure; doubled after each further one, with jitter.
        backoff_max_seconds: the longest such wait.
        longest_wait_seconds: the longest wait that a server may ask for (`Retry-After`, crawl delay). A server that asks for more is not
            asked again before its time is over: requests to it are refused meanwhile.
        connect_seconds: for the connection.
        read_seconds: longest silence between two parts of an answer.
        listing_seconds: for one try of a listing, from sending to the last byte.
        file_seconds: for one try of a file.
        grace_seconds: after so long a file must have come at `least_bytes_per_second` on average.
        redirects: most hops of one request.
        robots_seconds: how long a robots.txt holds.
        robots_failed_seconds: how long one that could not be read is taken for a prohibition before it is asked for again.
        cache_bytes: size of the cache of listings on the disk.
        cached_body_bytes: larger answers are not cached.
    """

    attempts: int = 4
    backoff_seconds: float = 2.0
    backoff_max_seconds: float = 120.0
    longest_wait_seconds: float = 300.0
    connect_seconds: float = 20.0
    read_seconds: float = 60.0
    listing_seconds: float = 300.0
    file_seconds: float = 3600.0
    grace_seconds: float = 60.0
    least_bytes_per_second: float = 1024.0
    redirects: int = 5
    robots_seconds: float = 86_400.0
    robots_failed_seconds: float = 600.0
    cache_bytes: int = 512 << 20
    cached_body_bytes: int = 64 << 20
