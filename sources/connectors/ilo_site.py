"""The ILO's website by its site map: pages whose address tells what they are, and the files that these pages are about."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from entente.errors import BadInput
from sources.connector_settings import read_settings
from sources.dates import parse_date
from sources.description import Query, SourceDescription
from sources.ilo_marc import format_of_file
from sources.ilo_pages import LANGUAGE_PART, NotAPage, key_of_page, language_of_page, read_page, records_of_page
from sources.json_texts import signal
from sources.links import https_url
from sources.selection import passes
from sources.sitemap import Entry, NotASitemap, read_sitemap
from sources.texts import fold
from sources.types import FileLink, Page, Record, Signal
from sources.web.errors import Refused
from sources.web.results import Validators

if TYPE_CHECKING:
    from sources.web.client import Client
    from sources.web.results import Download, NotModified

_MOST_PAGE_BYTES = 8_000_000
# What may pass by itself: tried again at each discovery until it has. Everything else said of a page is tried so many times.
_PASSING = frozenset(("challenge_page", "forbidden", "rate_limited", "server_error", "timed_out", "connection_failed"))
_MOST_TRIES = 4
_ROUTES = {"researchrepository.ilo.org": "ilo-catalogue", "labordoc.ilo.org": "ilo-catalogue"}


class _Settings(BaseModel):
    """What only this connector knows.

    Attributes:
        sections: beginnings of the paths (without the language) under which pages count.
        last_pages: where the index does not say which of its pages have changed, so many of the last ones are read each time ...
        earlier_pages: ... and so many of the others, those that were not read for the longest time.
        most_failures: so many pages in a row that cannot be had end the discovery.
        most_files: a page with more files is a list, not a report; only so many are taken, and a signal says so.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sections: tuple[str, ...] = Field(min_length=1)
    last_pages: int = Field(default=2, ge=1)
    earlier_pages: int = Field(default=3, ge=0)
    most_failures: int = Field(default=5, ge=1)
    most_files: int = Field(default=10, ge=1)


@dataclass
class _State:
    """The watermark.

    Attributes:
        read_on: the day on which each page of the index was read to its end.
        again: addresses that could not be had or had no file, each with the day of its change and how often it was tried.
    """

    read_on: dict[str, str] = field(default_factory=dict)
    again: dict[str, tuple[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, watermark: str | None) -> _State:
        try:
            content = json.loads(watermark or "{}")
            again = {str(url): (str(changed), int(tries)) for url, (changed, tries) in content["again"].items()}
            return cls({str(key): str(value) for key, value in content["read_on"].items()}, again)
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls()

    def text(self) -> str:
        return json.dumps({"read_on": self.read_on, "again": self.again}, sort_keys=True)


@dataclass
class _Run:
    """What one discovery remembers: the state as it grows, how often what failed was tried before, what was read, and how it goes."""

    state: _State
    tries: dict[str, int]
    read: set[str] = field(default_factory=set)
    n_failures: int = 0
    n_unread: int = 0
    n_useful: int = 0
    n_useless: int = 0

    def not_read(self, url: str, changed: str, *, is_passing: bool) -> bool:
        """Note that a page could not be had: what passes is tried until it has passed, the rest some times. True when it is given up."""
        self.n_unread += 1
        self.n_failures += is_passing
        return self._given_up(url, changed, math.inf if is_passing else _MOST_TRIES)

    def note(self, url: str, changed: str, *, is_useful: bool) -> None:
        """Note that a page was read; one without a file may have been something else in its place, or may get its file later."""
        self.n_useful += is_useful
        self.n_useless += not is_useful
        if not is_useful:
            self._given_up(url, changed, _MOST_TRIES)

    def looks_whole(self) -> bool:
        """Tell whether what was not listed may be taken as gone: not where pages failed, nor where most pages had no file on them.

        The latter is how a site looks that has changed its form.
        """
        return not self.n_unread and self.n_useful >= self.n_useless

    def _given_up(self, url: str, changed: str, most: float) -> bool:
        tries = self.tries.get(url, 0) + 1
        if tries < most:
            self.state.again[url] = (changed, tries)
        return tries >= most


class IloSiteConnector:
    """Reads the index, those of its pages that may have changed, and of these the addresses that one of the queries means.

    A query is a regular expression for the path in lower case. An interrupted first listing is taken up where it stopped.
    """

    def __init__(self, description: SourceDescription) -> None:
        self._description = description
        self._settings = read_settings(description, _Settings)
        self._base = description.base("sitemap")
        self._hosts = {host.host for host in description.hosts}
        self._queries = [(query, _pattern(description, query)) for query in description.queries]

    def discover(self, client: Client, watermark: str | None, now: datetime) -> Iterator[Page]:
        """List what the pages name; see `Connector.discover`."""
        state = _State.of(watermark)
        is_whole = not state.read_on
        index = self._sitemap(client, self._base)
        if not index:
            raise Refused("bad_answer", self._base, "the site map names no addresses")
        maps = [(url, entry.changed) for entry in index if entry.is_map and (url := self._own(entry.url))]
        known = {url for url, _ in maps} | {self._base}
        state.read_on = {url: day for url, day in state.read_on.items() if url in known}
        before, state.again = state.again, {}
        run = _Run(state, {url: tries for url, (_, tries) in before.items()})
        yield from self._read(client, [Entry(url, changed, False) for url, (changed, _) in before.items()], run)
        if not maps:
            yield from self._map(client, self._base, index, run, now)
        for url in self._to_read(maps, state):
            yield from self._map(client, url, self._sitemap(client, url), run, now)
        yield Page((), watermark=state.text(), is_complete=is_whole and run.looks_whole())

    def _to_read(self, maps: list[tuple[str, str]], state: _State) -> list[str]:
        silent = [url for url, changed in maps if parse_date(changed) is None]
        wanted = {
            url
            for url, changed in maps
            if url not in state.read_on or (url not in silent and self._is_new(changed, state.read_on[url]))
        }
        if silent:
            wanted |= {url for url, _ in maps[-self._settings.last_pages :]}
            others = sorted((url for url, _ in maps if url not in wanted), key=lambda url: state.read_on[url])
            wanted |= set(others[: self._settings.earlier_pages])
        return [url for url, _ in maps if url in wanted]

    def _is_new(self, changed: str, read_on: str | None) -> bool:
        """Tell whether something may have changed since a day, less the overlap; what has no day may have changed."""
        day, last = parse_date(changed), parse_date(read_on)
        return day is None or last is None or day[0] >= last[0] - timedelta(days=self._description.overlap_days)

    def _sitemap(self, client: Client, url: str) -> list[Entry]:
        answer = client.get(url, expect="any")
        try:
            return list(read_sitemap(answer.body))
        except NotASitemap as error:
            raise Refused("bad_answer", url, str(error).rstrip("."), status=answer.status) from None

    def _map(self, client: Client, url: str, entries: list[Entry], run: _Run, now: datetime) -> Iterator[Page]:
        """Read one page of the index to its end; only then is it noted as read."""
        read_on = run.state.read_on.get(url)
        entries = [entry for entry in entries if not entry.is_map]
        meant = [entry for entry in entries if self._query_of(entry.url) is not None]
        yield Page((), n_listed=len(entries), signals=tuple(self._signals_of(entries, meant)))
        yield from self._read(client, [one for one in meant if read_on is None or self._is_new(one.changed, read_on)], run)
        run.state.read_on[url] = now.date().isoformat()
        yield Page((), watermark=run.state.text())

    def _signals_of(self, entries: list[Entry], meant: list[Entry]) -> Iterator[Signal]:
        bad = next((entry for entry in entries if self._own(entry.url) is None), None)
        if bad is not None:
            yield signal("bad_value", "sitemap.loc", bad.url)
        dateless = next((entry for entry in meant if parse_date(entry.changed) is None), None)
        if dateless is not None:
            yield signal("bad_value", "sitemap.lastmod", f"{dateless.changed!r} of {dateless.url}")

    def _read(self, client: Client, entries: list[Entry], run: _Run) -> Iterator[Page]:
        records: list[Record] = []
        signals: list[Signal] = []
        for entry in entries:
            url, query = self._own(entry.url), self._query_of(entry.url)
            if url is None or query is None or url in run.read:
                continue
            run.read.add(url)
            try:
                answer = client.get(url, expect="html", max_bytes=_MOST_PAGE_BYTES)
                facts = read_page(answer.text(), answer.url)
            except NotAPage as error:
                signals.append(signal("difference", "page", f"{url}: {error}"))
                run.not_read(url, entry.changed, is_passing=False)
                continue
            except Refused as refused:
                signals.append(signal("difference", "page", str(refused)))
                is_given_up = run.not_read(url, entry.changed, is_passing=refused.outcome in _PASSING)
                if is_given_up and refused.outcome == "not_found":
                    # Once may be a fault on the way; a page that is never found is gone.
                    yield Page((), withdrawn=(key_of_page(url),))
                if run.n_failures >= self._settings.most_failures:
                    yield Page(tuple(records), signals=tuple(signals))
                    raise
                continue
            run.n_failures = 0
            made, said = records_of_page(
                facts,
                url,
                entry.changed,
                query,
                source_id=self._description.id,
                routes=_ROUTES,
                most_files=self._settings.most_files,
            )
            run.note(url, entry.changed, is_useful=bool(made))
            signals.extend(said)
            records.extend(
                one
                for one in made
                if one.metadata.language in self._description.languages and passes(one, self._description.filters)
            )
            if len(records) >= self._description.page_size:
                yield Page(tuple(records), signals=tuple(signals))
                records, signals = [], []
        if records or signals:
            yield Page(tuple(records), signals=tuple(signals))

    def _own(self, text: str) -> str | None:
        url = https_url(text)
        return url if url is not None and urlsplit(url).hostname in self._hosts else None

    def _query_of(self, text: str) -> Query | None:
        url = self._own(text)
        if url is None:
            return None
        path = fold(unquote(urlsplit(url).path))
        match = LANGUAGE_PART.match(path)
        if match is not None:
            path = path[match.end() :]
        if not path.startswith(self._settings.sections):
            return None
        return next((query for query, pattern in self._queries if pattern.search(path)), None)


def fetch_link(
    client: Client,
    description: SourceDescription,
    link: FileLink,
    target: Path,
    *,
    max_bytes: int,
    validators: Validators | None = None,
) -> Download | NotModified:
    """Fetch a file, or the first file in the link's language that a page names; see `FetchLink`."""
    if format_of_file(link.url) is not None:
        return client.download(link.url, target, max_bytes=max_bytes, validators=validators)
    answer = client.get(link.url, expect="html", max_bytes=_MOST_PAGE_BYTES)
    try:
        facts = read_page(answer.text(), answer.url)
    except NotAPage as error:
        raise Refused("bad_answer", link.url, f"the page cannot be read ({error})", status=answer.status) from None
    own_language = language_of_page(facts, answer.url)
    found = next((one for one in facts.files if link.language in (None, one.language or own_language)), None)
    if found is None:
        raise Refused("not_found", link.url, "the page names no file of this language", status=answer.status)
    # The page may name another file by now, so only the mark that belongs to one file alone is sent.
    own = Validators(etag=validators.etag) if validators and validators.etag else None
    last: Refused | None = None
    for url in found.urls:
        try:
            return client.download(url, target, max_bytes=max_bytes, validators=own)
        except Refused as refused:
            last = refused
    raise last or Refused("not_found", link.url, "the page names no file")


def _pattern(description: SourceDescription, query: Query) -> re.Pattern[str]:
    place = f"configs/sources/{description.id}.yaml, key queries ({query.id})"
    if query.parameters or not query.query:
        raise BadInput(f"{place}: query is a regular expression for the path of the page, and there are no parameters.")
    try:
        return re.compile(query.query)
    except re.error as error:
        raise BadInput(f"{place}: {query.query!r} is no regular expression ({error}).") from None


CONNECTOR = IloSiteConnector
