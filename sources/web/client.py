"""The polite client of one source: asks only its hosts, by their rules, and says by name what came instead of an answer."""

from __future__ import annotations

import http.cookiejar
import json as json_module
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from sources.description import SourceDescription
from sources.types import RequestEvent
from sources.web.asking import Headers, asked_headers, user_agent, with_params
from sources.web.cache import ListingCache
from sources.web.errors import Refused
from sources.web.hosts import AllowedHosts, Resolver, resolve
from sources.web.limits import Limits
from sources.web.pace import Clock, Pace
from sources.web.part import Part
from sources.web.recording import Recorded, Recorder
from sources.web.results import Answer, Download, Expect, NotModified, Redirect, Validators
from sources.web.robots import Robots, RobotsAnswer
from sources.web.sending import Ask, Consume, Purpose, Sender, T, host_of
from sources.web.taking import Came, take_file, take_listing, take_robots
from sources.web.transport import Connect, Wire, connect_to_address

__all__ = ["Answer", "Client", "Clock", "Download", "Limits", "NotModified", "Pace", "Redirect", "Refused", "Validators"]

MAX_LISTING_BYTES = 64 << 20
# After these a later run may go on where the download broke off; after all others what came is worthless.
_WORTH_GOING_ON = frozenset({"connection_failed", "timed_out", "server_error", "rate_limited"})
_PROBE_HEADERS = frozenset({"Accept", "Accept-Encoding"})


class Client:
    """Asks the hosts of one source. A context manager; safe to use from several threads.

    Attributes:
        state: the folder where a connector may keep a large listing while it reads it; a replica has one of its own.
    """

    def __init__(
        self,
        description: SourceDescription,
        *,
        contact: str,
        version: str,
        log: Callable[[RequestEvent], None],
        state: Path,
        project_url: str = "",
        gateway: str | None = None,
        pace: Pace | None = None,
        recorder: Recorder | None = None,
        replay: Recorded | None = None,
        limits: Limits | None = None,
        resolver: Resolver = resolve,
        connect: Connect = connect_to_address,
    ) -> None:
        """Make a client; nothing is asked yet.

        Args:
            description: the source.
            contact: whom a server's owner can write to, in the `User-Agent` of every request.
            version: of Entente.
            log: takes one event for each request, in the thread of the request.
            state: a folder for robots.txt files and the cache of listings.
            project_url: where a server's owner can read what Entente is.
            gateway: `http://127.0.0.1:PORT`: a replica that is asked instead of every host; all other rules stay.
            pace: to be shared by all clients of a run; it brings the clock.
            recorder: writes every request down.
            replay: answers instead of the network; then nobody is waited for and no robots.txt is read.
            limits: where they are not the usual ones.
            resolver: looks host names up.
            connect: opens connections to addresses.

        Raises:
            BadInput: when the contact cannot stand in a header, or the gateway is not on this machine.
        """
        self._hosts = AllowedHosts(description)
        self._limits = limits or Limits()
        self._pace = pace or Pace()
        self._clock = self._pace.clock
        for host in description.hosts:
            self._pace.register(host.host, delay_seconds=host.delay_seconds, concurrency=host.concurrency)
        self._recorder = recorder
        self._is_replay = replay is not None
        transport: httpx2.BaseTransport = replay or Wire(
            gateway=gateway, resolver=resolver, connect=connect, monotonic=self._clock.monotonic
        )
        if recorder is not None:
            transport = recorder.wrap(transport)
        self._http = httpx2.Client(
            transport=transport,
            headers={"User-Agent": user_agent(version, project_url, contact)},
            cookies=http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=[])),
            timeout=httpx2.Timeout(
                connect=self._limits.connect_seconds, read=self._limits.read_seconds, write=self._limits.read_seconds, pool=None
            ),
            follow_redirects=False,
            trust_env=False,
        )
        self._sender = Sender(
            description.id, self._http, pace=self._pace, limits=self._limits, log=log, is_replay=self._is_replay
        )
        # What a replica said must never be taken for what a host said.
        folder = self.state = state if gateway is None and replay is None else state / "replica"
        self._robots = Robots(folder / "robots", self._fetch_robots, clock=self._clock, limits=self._limits)
        self._cache = ListingCache(
            folder / "http-cache", max_bytes=self._limits.cache_bytes, max_body_bytes=self._limits.cached_body_bytes
        )

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Headers | None = None,
        expect: Expect = "any",
        max_bytes: int = MAX_LISTING_BYTES,
        conditional: bool = True,
        purpose: Purpose = "listing",
    ) -> Answer:
        """Ask for something that fits in memory, follow redirects to the source's hosts, and return it when it is what is due.

        Args:
            url: https, of a host of the description.
            params: query to add, percent-encoded here.
            headers: to add; dropped when a redirect leads to another host.
            expect: what is due. An OAI-PMH error with a 4xx status counts as an answer where XML is due.
            max_bytes: more (decoded) is refused.
            conditional: send what is known from before, so that the server can say that it still holds.
            purpose: for the event.

        Raises:
            Refused: when nothing or something else came; `outcome` says what.
        """
        asked: Headers = asked_headers(headers, expect)
        original = url = self._allowed(purpose, "GET", with_params(url, params))
        for _ in range(self._limits.redirects + 1):
            came, is_confirmed = self._get_once(purpose, url, asked, expect, max_bytes, conditional)
            if came.location is None:
                return Answer(url, came.status, came.headers, came.body, is_confirmed)
            url, asked = self._follow(purpose, "GET", url, came.location, asked)
        raise self._endless(original)

    def post(
        self,
        url: str,
        *,
        json: object,
        params: Mapping[str, str] | None = None,
        headers: Headers | None = None,
        expect: Expect = "json",
        max_bytes: int = MAX_LISTING_BYTES,
        purpose: Purpose = "listing",
    ) -> Answer:
        """Send JSON as a question that may be asked twice, and return the answer; redirects are refused. For the rest see `get`."""
        url = self._allowed(purpose, "POST", with_params(url, params))
        asked = {**asked_headers(headers, expect), "Content-Type": "application/json"}
        content = json_module.dumps(json, ensure_ascii=False).encode()
        ask = Ask(purpose, "POST", url, self._limits.listing_seconds, content)
        came = self._send(ask, lambda: asked, self._listing(url, expect, max_bytes))
        if came.location is not None:
            raise Refused("redirect", url, "a question with a body was redirected", status=came.status)
        return Answer(url, came.status, came.headers, came.body)

    def resolve(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Headers | None = None,
        max_bytes: int = MAX_LISTING_BYTES,
        purpose: Purpose = "file",
    ) -> Redirect | Answer:
        """Ask where a file is, without going there.

        Returns:
            A redirect to a host of the description, or the file itself.

        Raises:
            Refused: `empty_answer` for 200 with nothing, `error_page` for a web page or a redirect to one that reports an error; for the
                rest see `get`.
        """
        url = self._allowed(purpose, "GET", with_params(url, params))
        asked = asked_headers(headers, "any")
        ask = Ask(purpose, "GET", url, self._limits.listing_seconds)
        came = self._send(ask, lambda: asked, self._listing(url, None, max_bytes))
        if came.location is None:
            return Answer(url, came.status, came.headers, came.body)
        location = self._allowed(purpose, "GET", url, came.location)
        return Redirect(url, came.status, came.headers, location)

    def download(
        self,
        url: str,
        target: Path,
        *,
        headers: Headers | None = None,
        max_bytes: int,
        validators: Validators | None = None,
        file_format: str | None = None,
        purpose: Purpose = "file",
    ) -> Download | NotModified:
        """Fetch a file straight to the disk, resuming what broke off where the server allows that.

        Args:
            url: https, of a host of the description; redirects to its hosts are followed.
            target: where the file shall lie; replaced whole or not at all.
            headers: to add; dropped when a redirect leads to another host.
            max_bytes: more is refused.
            validators: of the file that is here already; a server that still has the same one says so.
            file_format: pdf, docx, doc, html, txt or another name of what is due; a web page instead is then refused as such.
            purpose: for the event.

        Raises:
            Refused: when the file is not to be had; `outcome` says why.
            Unavailable: when the disk is full or cannot be written.
        """
        asked: Headers = {**asked_headers(headers, "any"), "Accept-Encoding": "identity"}
        original = url = self._allowed(purpose, "GET", url)
        part = Part(target)
        try:
            for _ in range(self._limits.redirects + 1):
                came = self._download_once(purpose, url, asked, part, max_bytes, validators, file_format)
                if came.download is not None:
                    return came.download
                if came.location is None:
                    part.drop()
                    return NotModified(url, validators or Validators())
                url, asked = self._follow(purpose, "GET", url, came.location, asked)
            raise self._endless(original)
        except Refused as refusal:
            if refusal.outcome not in _WORTH_GOING_ON:
                part.drop()
            part.drop_unless_resumable()
            raise

    def robots_notes(self) -> Mapping[str, str]:
        """Return for each host asked so far whose robots.txt was not a usual one what was there instead."""
        return self._robots.notes()

    def close(self) -> None:
        """Close connections and cache."""
        self._http.close()
        self._cache.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _get_once(
        self, purpose: Purpose, url: str, asked: Headers, expect: Expect, max_bytes: int, conditional: bool
    ) -> tuple[Came, bool]:
        recalled = self._cache.recall(url, asked) if conditional else None
        conditions = {} if recalled is None else {name.title(): value for name, value in recalled.conditions.items()}
        ask = Ask(purpose, "GET", url, self._limits.listing_seconds)
        came = self._send(ask, lambda: {**asked, **conditions}, self._listing(url, expect, max_bytes))
        if came.status == 304:
            if recalled is None:
                raise _unasked(url)
            known = self._cache.confirm(recalled, came.headers)
            if known is not None:
                headers, body = known
                if self._recorder is not None:
                    self._recorder.confirmed(url, headers, body)
                return Came(200, headers, body), True
            # The body went meanwhile, or the server means another one: ask for all of it.
            came = self._send(ask, lambda: asked, self._listing(url, expect, max_bytes))
            if came.status == 304:
                raise _unasked(url)
        if came.status == 200:
            self._cache.remember(url, asked, came.headers, came.body)
        return came, False

    def _download_once(
        self,
        purpose: Purpose,
        url: str,
        asked: Headers,
        part: Part,
        max_bytes: int,
        validators: Validators | None,
        file_format: str | None,
    ) -> Came:
        conditions = validators.headers() if validators else {}

        def headers() -> Headers:
            return {**asked, **(part.headers(url) or conditions)}

        take: Consume[Came] = partial(
            take_file, url=url, part=part, max_bytes=max_bytes, file_format=file_format, clock=self._clock, limits=self._limits
        )
        came = self._send(Ask(purpose, "GET", url, self._limits.file_seconds), headers, take)
        if came.status == 304 and not conditions:
            raise _unasked(url)
        return came

    def _listing(self, url: str, expect: Expect | None, max_bytes: int) -> Consume[Came]:
        return partial(take_listing, url=url, expect=expect, max_bytes=max_bytes, now=self._clock.now())

    def _send(self, ask: Ask, headers: Callable[[], Headers], consume: Consume[T]) -> T:
        if not self._is_replay:
            host = host_of(ask.url)
            verdict = self._robots.verdict(ask.url, host)
            if verdict.refusal is not None:
                raise self._sender.refuse(ask.purpose, ask.method, Refused(verdict.refusal, ask.url, verdict.note))
            self._pace.register(host, delay_seconds=min(verdict.delay_seconds, self._limits.longest_wait_seconds))
        return self._sender.send(ask, headers, consume)

    def _fetch_robots(self, host: str) -> RobotsAnswer:
        url = original = f"https://{host}/robots.txt"
        for _ in range(self._limits.redirects + 1):
            ask = Ask("robots", "GET", url, self._limits.listing_seconds)
            take: Consume[Came] = partial(take_robots, url=url, now=self._clock.now())
            came = self._sender.send(ask, lambda: asked_headers(None, "text"), take)
            if came.location is None:
                return RobotsAnswer(came.status, came.body)
            url = self._allowed("robots", "GET", url, came.location)
        raise self._endless(original)

    def _follow(self, purpose: Purpose, method: str, url: str, location: str, asked: Headers) -> tuple[str, Headers]:
        target = self._allowed(purpose, method, url, location)
        if host_of(target) == host_of(url):
            return target, asked
        # What was meant for one host (a token, a referrer) is nobody else's.
        return target, {name: value for name, value in asked.items() if name in _PROBE_HEADERS}

    def _allowed(self, purpose: Purpose, method: str, url: str, location: str | None = None) -> str:
        try:
            return self._hosts.check(url) if location is None else self._hosts.follow(url, location)
        except Refused as refusal:
            raise self._sender.refuse(purpose, method, refusal) from None

    def _endless(self, url: str) -> Refused:
        return Refused("redirect", url, f"redirected more than {self._limits.redirects} times")


def _unasked(url: str) -> Refused:
    return Refused("bad_answer", url, "said not to be modified, though nobody asked that", status=304)
