"""The UN Digital Library over OAI-PMH: catalogue cards by the day on which they were changed, in windows of a month.

The server breaks down over long ranges, so every question has an end; where it breaks down over a month, the month is asked for in weeks,
and a week in days. It cannot be asked for reports, so the cards are chosen here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from sources.connector_settings import read_settings
from sources.dates import parse_date
from sources.description import SourceDescription
from sources.marc import MarcRecord, marc_of_element
from sources.oai import OaiPage, OaiRecord, TokenExpired, list_records, read_identity
from sources.selection import LocalQueries, passes
from sources.types import Page, Record, Signal
from sources.un_files import FileRoutes
from sources.un_marc import distinct, read_card, records_of
from sources.web.errors import Refused

if TYPE_CHECKING:
    from sources.web.client import Client

# What the server answers when a range is too long for it.
_TOO_LONG = ("server_error", "timed_out")


class OaiSettings(BaseModel):
    """What `settings` of the description may say.

    Attributes:
        prefix: the metadata format, MARCXML.
        set: the server's name of a part of its records; empty for all.
        first_day: no card was changed before; the server's own word counts where it is later.
        window_days: how many days one question spans.
        restarts: how often a window is begun anew because its token ran out.
        files: how files are found.
        record_page: address of a record for people; see `records_of`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    prefix: str = "marcxml"
    set: str = ""
    first_day: date = date(2000, 1, 1)
    window_days: Annotated[int, Field(ge=1, le=366)] = 31
    restarts: Annotated[int, Field(ge=0, le=20)] = 3
    files: FileRoutes = FileRoutes()
    record_page: str


class UnOaiConnector:
    """Lists the cards that were changed, window by window; the watermark is the last day that was listed whole."""

    def __init__(self, description: SourceDescription) -> None:
        self._description = description
        self._settings = read_settings(description, OaiSettings)
        self._queries = LocalQueries(description)
        self._base = description.base("oai")

    def discover(self, client: Client, watermark: str | None, now: datetime) -> Iterator[Page]:
        """List what was changed since the watermark, or everything; see `Connector.discover`."""
        today = now.date()
        since = _day(watermark)
        overlap = timedelta(days=self._description.overlap_days)
        begin = self._earliest(client, today) if since is None else min(since, today) - overlap
        windows = deque(_windows(begin, today, self._settings.window_days))
        while windows:
            window = windows.popleft()
            try:
                yield from self._window(client, window, is_complete=since is None and not windows)
            except Refused as refused:
                shorter = _shorter(window)
                if refused.outcome not in _TOO_LONG or not shorter:
                    raise
                windows.extendleft(reversed(shorter))

    def _earliest(self, client: Client, today: date) -> date:
        identity = read_identity(client.get(self._base, params={"verb": "Identify"}, expect="xml"))
        said = _day(identity.earliest)
        return min(max(said or self._settings.first_day, self._settings.first_day), today)

    def _window(self, client: Client, window: tuple[date, date], *, is_complete: bool) -> Iterator[Page]:
        asked = {"metadataPrefix": self._settings.prefix, "from": window[0].isoformat(), "until": window[1].isoformat()}
        if self._settings.set:
            asked["set"] = self._settings.set
        for restart in range(self._settings.restarts + 1):
            n_listed = 0
            try:
                for page in list_records(client, self._base, asked):
                    n_listed += len(page.records) + page.n_unreadable
                    is_end = page.token is None
                    signals = []
                    if is_end and page.list_size is not None and n_listed < page.list_size:
                        span = f"{asked['from']} to {asked['until']}"
                        signals.append(
                            Signal(
                                "unexpected_count", "completeListSize", f"{span}: {n_listed} listed of {page.list_size} counted"
                            )
                        )
                    yield self._page(
                        page, signals, window[1] if is_end else None, is_complete=is_end and is_complete and not signals
                    )
                return
            except TokenExpired as expired:
                if restart == self._settings.restarts:
                    raise Refused(
                        "bad_answer",
                        self._base,
                        f"the token of the next page ran out {restart + 1} times ({expired})",
                        status=None,
                    ) from None

    def _page(self, page: OaiPage, signals: list[Signal], until: date | None, *, is_complete: bool) -> Page:
        records: list[Record] = []
        withdrawn: list[str] = []
        if page.n_unreadable:
            signals.append(Signal("bad_value", "header", f"{page.n_unreadable} records without an identifier"))
        for one in page.records:
            if one.is_deleted:
                withdrawn.append(one.local_id)
                continue
            found, said = self._records(one)
            records += found
            signals += said
        return Page(
            records=tuple(records),
            withdrawn=tuple(withdrawn),
            n_listed=len(page.records) + page.n_unreadable,
            watermark=until.isoformat() if until is not None else None,
            signals=distinct(signals),
            is_complete=is_complete,
        )

    def _records(self, one: OaiRecord) -> tuple[list[Record], tuple[Signal, ...]]:
        card = _card(one)
        if card is None:
            return [], (Signal("bad_value", "metadata", f"{one.identifier} has no MARC record"[:200]),)
        document, signals = read_card(card, self._settings.files, number=one.local_id)
        if document is None:
            return [], signals
        query = self._queries.first(document.symbols, document.title, document.types, document.body)
        if query is None:
            # Of what does not count nothing has to be decided either.
            return [], ()
        found = records_of(document, self._description, query, self._settings.files, self._settings.record_page)
        return [record for record in found if passes(record, self._description.filters)], signals


def _card(one: OaiRecord) -> MarcRecord | None:
    """The MARC record, which some servers wrap in a collection."""
    if one.metadata is None:
        return None
    for element in one.metadata.iter("{*}record"):
        card = marc_of_element(element)
        if card.fields:
            return card
    return None


def _day(text: str | None) -> date | None:
    found = parse_date(text)
    return found[0] if found is not None else None


def _windows(begin: date, end: date, n_days: int) -> Iterator[tuple[date, date]]:
    """Yield spans of days, both ends included, that cover the days from `begin` to `end` without a gap and without a day twice."""
    while begin <= end:
        last = min(begin + timedelta(days=n_days - 1), end)
        yield begin, last
        begin = last + timedelta(days=1)


def _shorter(window: tuple[date, date]) -> list[tuple[date, date]]:
    """A month in weeks, a week in days; a day cannot be made shorter."""
    begin, end = window
    n_days = (end - begin).days + 1
    if n_days == 1:
        return []
    return list(_windows(begin, end, 7 if n_days > 7 else 1))


CONNECTOR = UnOaiConnector
