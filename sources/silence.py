"""The silence report: is what a source gave in a run what a healthy source gives? A source that silently gives nothing is the worst of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sources.description import Expected
from sources.types import RequestCounts, RequestEvent

_REFUSED = frozenset({"challenge_page", "forbidden", "rate_limited", "robots_disallowed", "host_not_allowed"})
_ERRORS = frozenset(
    {"server_error", "timed_out", "connection_failed", "error_page", "wrong_type", "bad_answer", "too_large", "not_found"}
)
_FEW = 5
_MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Given:
    """What a source gave: in this run, and as far as is remembered.

    Attributes:
        is_full: the listing was asked for everything.
        n_records: records that passed the filters in this run.
        first_listed_at: end of its first good listing before this run; None where there was none. UTC, as all times here.
        n_new_30_days: records first seen in the last 30 days, this run included.
        newest_at: when its newest record was first seen; None where it has none.
        requests: what became of the requests.
        n_known: records of it that are not withdrawn, this run included; None where it lists none.
    """

    is_full: bool
    n_records: int
    first_listed_at: datetime | None
    n_new_30_days: int
    newest_at: datetime | None
    requests: RequestCounts
    n_known: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`ok`, `warned` or `failed`, and a sentence for each finding."""

    status: str
    findings: tuple[str, ...]


def count_requests(events: Sequence[RequestEvent]) -> RequestCounts:
    """Count what became of these requests; those for robots.txt are left out, and what was not allowed to be asked counts as refused."""
    asked = [event for event in events if event.purpose != "robots"]
    return RequestCounts(
        n_requests=len(asked),
        n_file_requests=sum(event.purpose == "file" for event in asked),
        n_conditional=sum(event.is_conditional for event in asked),
        n_not_modified=sum(event.outcome == "not_modified" for event in asked),
        n_refused=sum(event.outcome in _REFUSED for event in asked),
        n_errors=sum(event.outcome in _ERRORS for event in asked),
        n_empty=sum(event.outcome == "empty_answer" for event in asked),
    )


def judge(expected: Expected, given: Given, now: datetime) -> Verdict:
    """Compare what a source gave with what its description expects: too little fails, too much or too old warns.

    Args:
        expected: the part `expected` of the description.
        given: what came, with the past.
        now: UTC, like the times in `given`.
    """
    failures: list[str] = []
    warnings: list[str] = []
    if given.is_full and given.n_records < expected.first_listing_min:
        failures.append(
            f"a full listing gave {given.n_records} records, at least {expected.first_listing_min} are expected: "
            "the service, the queries or the filters have changed."
        )
    if given.n_known is not None:
        failures += _known(expected, given.is_full, given.n_records, given.n_known)
    if given.first_listed_at is not None and now - given.first_listed_at >= _MONTH:
        if given.n_new_30_days < expected.new_per_30_days_min:
            failures.append(
                f"{given.n_new_30_days} new records in 30 days, at least {expected.new_per_30_days_min} are expected: it may be silent."
            )
        if given.n_new_30_days > expected.new_per_30_days_max:
            warnings.append(
                f"{given.n_new_30_days} new records in 30 days, at most {expected.new_per_30_days_max} are expected: are the filters right?"
            )
    if given.newest_at is not None and now - given.newest_at > timedelta(days=expected.fresh_within_days):
        # Late is worth a word; twice as late is silence.
        is_silent = now - given.newest_at > timedelta(days=2 * expected.fresh_within_days)
        (failures if is_silent else warnings).append(
            f"its newest record was first seen on {given.newest_at:%Y-%m-%d}, more than {expected.fresh_within_days} days ago."
        )
    failures += _shares(expected, given.requests)
    counts = given.requests
    if 0 < counts.n_requests < _FEW and counts.n_refused == counts.n_requests:
        # Too few for a share; but a source that adds little would else be refused every day and nobody told.
        warnings.append(f"each of its {counts.n_requests} requests was refused.")
    status = "failed" if failures else "warned" if warnings else "ok"
    return Verdict(status, (*failures, *warnings))


def is_believable(expected: Expected, n_records: int, n_known: int) -> bool:
    """Say whether a full listing of so many records shows that others, of those known before it, are gone.

    A service that lost its index, or a query that it does not understand any more, gives a short list too.
    """
    return n_records >= max(expected.first_listing_min, expected.full_listing_share_min * n_known)


def _known(expected: Expected, is_full: bool, n_records: int, n_known: int) -> list[str]:
    if not is_full and n_known < expected.first_listing_min:
        return [
            f"{n_known} records of it are known, at least {expected.first_listing_min} are expected: "
            "no listing has given enough yet; see what is wrong, then refresh with --full."
        ]
    if is_full and n_records < n_known and not is_believable(expected, n_records, n_known):
        return [
            f"a full listing gave {n_records} records and {n_known} are known: what it did not list is not taken for withdrawn "
            "(expected.full_listing_share_min)."
        ]
    return []


def _shares(expected: Expected, counts: RequestCounts) -> list[str]:
    if counts.n_requests < _FEW:
        return []
    named = (
        ("refused", counts.n_refused, expected.refused_share_max),
        ("answered with errors", counts.n_errors, expected.error_share_max),
        ("answered with nothing", counts.n_empty, expected.empty_share_max),
    )
    return [
        f"{number} of {counts.n_requests} requests were {what}, a share of at most {most:g} is expected."
        for what, number, most in named
        if number / counts.n_requests > most
    ]
