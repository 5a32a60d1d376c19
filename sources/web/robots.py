"""robots.txt by RFC 9309: read once a day for each host, kept on the disk, the delay it asks for kept too."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from protego import Protego

from entente.files import write_text_whole
from sources.marks import folded, is_challenge, looks_like_html
from sources.types import Outcome
from sources.web.errors import NotPublic, Refused
from sources.web.limits import Limits
from sources.web.pace import Clock

AGENT = "Entente"
LARGEST = 512 << 10


@dataclass(frozen=True, slots=True)
class RobotsAnswer:
    """What a host answered when asked for its robots.txt: the status and the first `LARGEST` bytes of the body."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one host.

    Attributes:
        fetched_at: UTC, with zone.
        text: what is to be read as robots.txt; empty where there is none, which allows everything.
        note: why the text is empty, or why nothing is allowed; empty for a usual file.
        closed_by: how asking for the file ended where it could not be read: then nothing may be asked for.
    """

    fetched_at: datetime
    text: str
    note: str = ""
    closed_by: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an address may be asked for.

    Attributes:
        refusal: None where it may; `robots_disallowed` where the rules say no; where they could not be read, how that ended, so that a host
            that is down is not taken for one that does not want to be asked.
        delay_seconds: what the host asks for; 0 for nothing.
        note: for people.
    """

    refusal: Outcome | None
    delay_seconds: float
    note: str


class Robots:
    """The rules of all hosts that a client talks to."""

    def __init__(self, folder: Path, fetch: Callable[[str], RobotsAnswer], *, clock: Clock, limits: Limits) -> None:
        """Read nothing yet.

        Args:
            folder: one file a host is kept there.
            fetch: asks a host for its robots.txt; raises `Refused` when the host cannot be reached or answers with 5xx.
            clock: the time.
            limits: how long rules hold.
        """
        self._folder = folder
        self._fetch = fetch
        self._clock = clock
        self._limits = limits
        self._known: dict[str, tuple[Rules, Protego]] = {}
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def verdict(self, url: str, host: str) -> Verdict:
        """Say whether an address of a host may be asked for; asks the host where its rules are not known or too old.

        Raises:
            NotPublic: when the host's name leads into a private network.
        """
        with self._lock:
            of_host = self._locks.setdefault(host, threading.Lock())
        # One host that is slow to answer does not hold the others up.
        with of_host:
            rules, parsed = self._rules(host)
        if rules.closed_by is not None:
            return Verdict(rules.closed_by, 0.0, rules.note)
        if not parsed.can_fetch(url, AGENT):
            return Verdict("robots_disallowed", _delay(parsed), "robots.txt of the host asks programs not to")
        return Verdict(None, _delay(parsed), rules.note)

    def notes(self) -> Mapping[str, str]:
        """Return for each host asked so far whose robots.txt was not a usual one what was there instead."""
        with self._lock:
            return {host: rules.note for host, (rules, _) in list(self._known.items()) if rules.note}

    def _rules(self, host: str) -> tuple[Rules, Protego]:
        known = self._known.get(host)
        if known is None or not self._is_fresh(known[0]):
            rules = self._kept(host)
            if rules is None or not self._is_fresh(rules):
                rules = self._ask(host)
            known = rules, _parse(rules.text)
            self._known[host] = known
        return known

    def _is_fresh(self, rules: Rules) -> bool:
        holds = self._limits.robots_failed_seconds if rules.closed_by else self._limits.robots_seconds
        return timedelta(0) <= self._clock.now() - rules.fetched_at < timedelta(seconds=holds)

    def _ask(self, host: str) -> Rules:
        now = self._clock.now()
        try:
            answer = self._fetch(host)
        except NotPublic:
            raise
        except Refused as refusal:
            if refusal.outcome in ("redirect", "host_not_allowed"):
                return self._keep(host, Rules(now, "", f"no robots.txt: it is elsewhere ({refusal.detail})"))
            # Not kept on the disk: the next run asks again.
            return Rules(
                now, "", f"its robots.txt cannot be read ({refusal.detail}), so nothing is asked for", closed_by=refusal.outcome
            )
        return self._keep(host, _read(now, answer))

    def _path(self, host: str) -> Path:
        return self._folder / f"{host}.json"

    def _kept(self, host: str) -> Rules | None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            content = json.loads(self._path(host).read_text(encoding="utf-8"))
            fetched_at = datetime.fromisoformat(content["fetched_at"])
            if fetched_at.tzinfo is not None:
                return Rules(fetched_at, str(content["text"]), str(content["note"]))
        return None

    def _keep(self, host: str, rules: Rules) -> Rules:
        content = {"host": host, "fetched_at": rules.fetched_at.isoformat(), "note": rules.note, "text": rules.text}
        with contextlib.suppress(OSError):  # without the file the host is only asked once more
            write_text_whole(self._path(host), json.dumps(content, ensure_ascii=False, indent=1))
        return rules


def _read(now: datetime, answer: RobotsAnswer) -> Rules:
    text = folded(answer.body)
    if is_challenge(text) or answer.status == 202:
        return Rules(
            now,
            "",
            f"no robots.txt: a challenge for browsers came instead (status {answer.status}); taken as allowed, as RFC 9309 says",
        )
    if answer.status >= 400:
        return Rules(now, "", f"no robots.txt (status {answer.status})")
    if looks_like_html(text):
        return Rules(now, "", "no robots.txt: a web page came instead")
    return Rules(now, answer.body.decode("utf-8-sig", errors="replace"))


def _parse(text: str) -> Protego:
    return Protego.parse(text)


def _delay(parsed: Protego) -> float:
    delay = float(parsed.crawl_delay(AGENT) or 0.0)
    rate = parsed.request_rate(AGENT)
    if rate is not None and rate.requests > 0:
        delay = max(delay, rate.seconds / rate.requests)
    return max(delay, 0.0)
