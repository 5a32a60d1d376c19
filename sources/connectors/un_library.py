"""The UN Library's record API: whole pages of catalogue cards as MARCXML, asked for by query, first all, later what has changed.

A page of XML carries neither a count nor when a card was changed, but is the cheapest way to harvest. So the pages are XML; the count is asked
for once in a full listing, and the date of one card now and then, to know how far a listing has come. A full listing is sorted by the date
of creation, which never changes, so that no card slips from a page that is still to come to one that has been read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from entente.errors import BadInput
from sources.connector_settings import read_settings
from sources.dates import parse_date
from sources.description import Query, SourceDescription
from sources.marc import MarcRecord, NotMarc, parse_marcxml
from sources.selection import passes
from sources.types import Page, Record, Signal
from sources.un_files import FileRoutes
from sources.un_library_files import fetch_link
from sources.un_marc import distinct, read_card, records_of
from sources.web.errors import Refused

if TYPE_CHECKING:
    from sources.web.client import Client

__all__ = ["CONNECTOR", "LibrarySettings", "UnLibraryConnector", "fetch_link"]

_MOST_A_PAGE = 1000
# What the service answers to a clause that it does not understand.
_CLAUSE_REFUSED = (400, 422, 500)


class LibrarySettings(BaseModel):
    """What `settings` of the description may say.

    Attributes:
        files: how files are found.
        record_page: address of a record for people; see `records_of`.
        pages_between_marks: after so many pages of a long listing it is noted how far it has come.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: FileRoutes = FileRoutes()
    record_page: str
    pages_between_marks: Annotated[int, Field(ge=1)] = 5


@dataclass(slots=True)
class _Run:
    """What one discovery remembers: the marks of all queries, and which cards it has listed (the first query that finds one describes it)."""

    client: Client
    marks: dict[str, dict[str, str]]
    today: date
    seen: set[str] = field(default_factory=set)
    knows_dates: bool = True
    is_complete: bool = True

    def watermark(self) -> str:
        return json.dumps(self.marks, sort_keys=True)


class UnLibraryConnector:
    """Lists what the queries of the description find; the marks of all queries make up the watermark."""

    def __init__(self, description: SourceDescription) -> None:
        place = f"configs/sources/{description.id}.yaml"
        self._description = description
        self._settings = read_settings(description, LibrarySettings)
        self._records = f"{description.base('api')}/marc/bibs/records"
        if not description.queries or not all(query.query for query in description.queries):
            raise BadInput(
                f"{place}, key queries: at least one is needed, each with a text; else the whole library would be listed."
            )
        if not 2 <= description.page_size <= _MOST_A_PAGE:
            raise BadInput(f"{place}, key page_size: {description.page_size} is not allowed: 2 to {_MOST_A_PAGE}.")

    def discover(self, client: Client, watermark: str | None, now: datetime) -> Iterator[Page]:
        """List what is new, or everything; see `Connector.discover`."""
        run = _Run(client, _read_marks(watermark), now.date())
        queries = self._description.queries
        run.marks = {
            query.id: run.marks[query.id] for query in queries if run.marks.get(query.id, {}).get("query") == _mark_of(query)
        }
        run.is_complete = watermark is None
        for place, query in enumerate(queries):
            is_last = place == len(queries) - 1
            mark = run.marks.get(query.id, {})
            if "updated" in mark:
                yield from self._changed(run, query, mark["updated"])
            else:
                yield from self._all(run, query, mark, is_last)

    def _all(self, run: _Run, query: Query, mark: Mapping[str, str], is_last: bool) -> Iterator[Page]:
        """List all of a query from the beginning, or from where a listing that was broken off had come."""
        begun = mark.get("begun", run.today.isoformat())
        created = mark.get("created")
        search = f"created>{self._before(created).isoformat()} AND {query.query}" if created else query.query
        envelope = self._envelope(run.client, search, "created")
        n_listed = 0
        for n_pages, cards, is_end in self._pages(run.client, search, "created", "asc", envelope.search_id or ""):
            n_listed += len(cards)
            signals = []
            if is_end:
                run.marks[query.id] = {"query": _mark_of(query), "updated": begun}
                if n_listed < envelope.count:
                    signals.append(Signal("unexpected_count", query.id, f"{n_listed} listed of {envelope.count} counted"))
                    run.is_complete = False
            elif n_pages % self._settings.pages_between_marks == 0:
                reached = self._date_of(run.client, cards[-1], "created")
                if reached is not None:
                    run.marks[query.id] = {"query": _mark_of(query), "begun": begun, "created": reached.isoformat()}
            yield self._page(run, query, cards, signals, is_complete=is_end and is_last and run.is_complete)

    def _changed(self, run: _Run, query: Query, since: str) -> Iterator[Page]:
        """List what was changed since a day, the oldest change first."""
        day = self._before(since)
        if not run.knows_dates:
            yield from self._newest(run, query, day)
            return
        search = f"updated>{day.isoformat()} AND {query.query}"
        n_before = 0
        try:
            for n_pages, cards, is_end in self._pages(run.client, search, "updated", "asc"):
                n_before = n_pages
                reached: date | None = run.today
                if not is_end:
                    is_due = n_pages % self._settings.pages_between_marks == 0
                    reached = self._date_of(run.client, cards[-1], "updated") if is_due else None
                if reached is not None:
                    run.marks[query.id] = {"query": _mark_of(query), "updated": reached.isoformat()}
                yield self._page(run, query, cards)
        except Refused as refused:
            if n_before or refused.status not in _CLAUSE_REFUSED:
                raise
            run.knows_dates = False
            yield from self._newest(run, query, day)

    def _newest(self, run: _Run, query: Query, day: date) -> Iterator[Page]:
        """Where the service does not understand dates: list from the newest change down until below the day."""
        for _, cards, is_end in self._pages(run.client, query.query, "updated", "desc"):
            reached = None if is_end else self._date_of(run.client, cards[-1], "updated")
            is_enough = is_end or (reached is not None and reached < day)
            if is_enough:
                run.marks[query.id] = {"query": _mark_of(query), "updated": run.today.isoformat()}
            yield self._page(run, query, cards)
            if is_enough:
                return

    def _before(self, day: str) -> date:
        """Return the day after which is asked; a day earlier at least, as nobody is on record whether the day itself is meant by `>`."""
        return date.fromisoformat(day) - timedelta(days=max(1, self._description.overlap_days))

    def _page(
        self, run: _Run, query: Query, cards: list[MarcRecord], signals: list[Signal] | None = None, *, is_complete: bool = False
    ) -> Page:
        records: list[Record] = []
        signals = signals or []
        for card in cards:
            document, said = read_card(card, self._settings.files)
            signals += said
            if document is None or document.number in run.seen:
                continue
            run.seen.add(document.number)
            found = records_of(document, self._description, query, self._settings.files, self._settings.record_page)
            records += [record for record in found if passes(record, self._description.filters)]
        return Page(
            records=tuple(records),
            n_listed=len(cards),
            watermark=run.watermark() if run.marks else None,
            signals=distinct(signals),
            is_complete=is_complete,
        )

    def _pages(
        self, client: Client, search: str, sort: str, direction: Literal["asc", "desc"], search_id: str | None = None
    ) -> Iterator[tuple[int, list[MarcRecord], bool]]:
        """Yield the number of each page, its cards, and whether it is the last: one with fewer cards than were asked for.

        Sorted by the date of change, a card that is changed meanwhile moves to the end and all behind it move up by one; so each page begins
        with the last card of the page before, and where it does not, half a page is read again.
        """
        limit = self._description.page_size
        overlap = 1 if sort == "updated" and direction == "asc" else 0
        start, n_pages = 1, 0
        first: str | None = None
        last: str | None = None
        is_second_look = False
        while True:
            params = (
                _asked(search, sort, direction, start, limit)
                | {"format": "xml"}
                | ({"search_id": search_id} if search_id else {})
            )
            cards = self._cards(client, params)
            own_first = _number(cards[0]) if cards else None
            if overlap and last is not None and own_first != last and not is_second_look:
                start, is_second_look = max(1, start - limit // 2), True
                continue
            is_second_look = False
            if cards and own_first is not None and own_first == first:
                raise Refused(
                    "bad_answer", self._records, f"page {n_pages + 1} of {search!r} is the page before it again", status=200
                )
            n_pages += 1
            is_end = len(cards) < limit
            yield n_pages, cards, is_end
            if is_end:
                return
            if search_id is None:
                search_id = self._envelope(client, search, sort, direction).search_id or ""
            first, last = own_first, _number(cards[-1])
            start += len(cards) - overlap

    def _cards(self, client: Client, params: dict[str, str]) -> list[MarcRecord]:
        answer = client.get(self._records, params=params, expect="xml")
        try:
            return list(parse_marcxml(answer.body))
        except NotMarc as error:
            raise Refused("bad_answer", answer.url, str(error).rstrip("."), status=answer.status) from None

    def _envelope(self, client: Client, search: str, sort: str, direction: str = "asc") -> _Envelope:
        """Ask for the count of a listing, and for the mark that makes its further pages cheap for the service."""
        answer = client.get(self._records, params=_asked(search, sort, direction, 1, 1), expect="json")
        content = answer.json()
        if not isinstance(content, dict) or not isinstance(content.get("data"), list):
            raise Refused("bad_answer", answer.url, "the list of records has no data", status=answer.status)
        meta, links = content.get("_meta"), content.get("_links")
        count = meta.get("count") if isinstance(meta, dict) else None
        following = links.get("_next") if isinstance(links, dict) else None
        marks = parse_qs(urlsplit(following).query).get("search_id", []) if isinstance(following, str) else []
        return _Envelope(count if isinstance(count, int) else -1, marks[0] if marks else None)

    def _date_of(self, client: Client, card: MarcRecord, key: Literal["created", "updated"]) -> date | None:
        """Return the day on which a card was made or changed; None where that is not said. Pages of XML do not tell it."""
        number = _number(card)
        if number is None:
            return None
        try:
            content: Any = client.get(f"{self._records}/{number}", expect="json").json()
        except Refused:
            # Only a note of how far the listing has come is lost.
            return None
        data = content.get("data") if isinstance(content, dict) else None
        text = data.get(key) if isinstance(data, dict) else None
        found = parse_date(text) if isinstance(text, str) else None
        return found[0] if found is not None else None


@dataclass(frozen=True, slots=True)
class _Envelope:
    """`count` is -1 where the service did not count."""

    count: int
    search_id: str | None


def _asked(search: str, sort: str, direction: str, start: int, limit: int) -> dict[str, str]:
    # The service decodes `search` a second time.
    twice = search.replace("%", "%25").replace("+", "%2B")
    return {"search": twice, "sort": sort, "direction": direction, "start": str(start), "limit": str(limit)}


def _number(card: MarcRecord) -> str | None:
    number = card.control("001")
    return number if number is not None and number.isascii() and number.isdigit() else None


def _mark_of(query: Query) -> str:
    """A query that was rewritten begins anew."""
    return hashlib.sha256(query.query.encode()).hexdigest()[:12]


def _read_marks(watermark: str | None) -> dict[str, dict[str, str]]:
    """Return the marks; one that cannot be read counts as none, which lists its query anew."""
    try:
        content = json.loads(watermark or "{}")
    except ValueError:
        return {}
    marks = content.items() if isinstance(content, dict) else ()
    return {name: mark for name, mark in marks if isinstance(mark, dict) and _is_mark(mark)}


def _is_mark(mark: Mapping[object, object]) -> bool:
    days = [mark[key] for key in ("updated", "begun", "created") if key in mark]
    try:
        return all(isinstance(day, str) and bool(date.fromisoformat(day)) for day in days)
    except ValueError:
        return False


CONNECTOR = UnLibraryConnector
