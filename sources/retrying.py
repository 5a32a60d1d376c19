"""When a record that could not be taken is tried again: soon where the fault may pass, late where only the service can mend it."""

from __future__ import annotations

from datetime import datetime, timedelta

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_FIRST_AND_MOST = {
    "not_published_yet": (_DAY, _DAY),
    "not_found": (7 * _DAY, 60 * _DAY),
    "no_link": (7 * _DAY, 60 * _DAY),
    "challenge_page": (_DAY, 30 * _DAY),
    "forbidden": (_DAY, 30 * _DAY),
    "robots_disallowed": (_DAY, 30 * _DAY),
    "rate_limited": (6 * _HOUR, 7 * _DAY),
    "server_error": (_HOUR, 7 * _DAY),
    "timed_out": (_HOUR, 7 * _DAY),
    "connection_failed": (_HOUR, 7 * _DAY),
    "truncated": (_HOUR, 7 * _DAY),
    "bad_answer": (_HOUR, 7 * _DAY),
    "empty_file": (_DAY, 30 * _DAY),
    "error_page": (_DAY, 30 * _DAY),
}
_OTHERWISE = (30 * _DAY, 90 * _DAY)


def next_attempt(reason: str, attempts: int, now: datetime) -> datetime:
    """Return the time before which a record is not asked for again.

    The wait doubles with each attempt up to a bound; both depend on the reason. A refresh with `--retry` asks at once.

    Args:
        reason: why the last attempt failed (the closed list of the document ledger).
        attempts: how many have failed, this one included, from 1.
        now: the time of the last one.
    """
    first, most = _FIRST_AND_MOST.get(reason, _OTHERWISE)
    wait: timedelta = first * (1 << min(attempts - 1, 16))
    return now + min(wait, most)
