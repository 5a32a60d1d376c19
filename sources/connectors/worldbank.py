"""World Bank Documents and Reports: lists what answers its queries, in pages, by the date of the document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from entente.errors import BadInput
from sources.connector_settings import read_settings
from sources.dates import parse_date
from sources.description import Query, SourceDescription
from sources.json_texts import signal
from sources.selection import passes
from sources.types import Page, Record, Signal
from sources.wds import map_document
from sources.web.errors import Refused

if TYPE_CHECKING:
    from sources.web.client import Client

_OWN_PARAMETERS = frozenset(("format", "rows", "os", "strdate", "srt", "order", "fl"))
_ENOUGH = 0.98


class _Settings(BaseModel):
    """Attributes: fields (which fields are asked for, `*` for all), most_pages (for one query; a listing without end is stopped there)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fields: str = "*"
    most_pages: int = Field(default=500, ge=1)


@dataclass
class _Listing:
    """One answer, taken apart."""

    total: int | None
    objects: list[tuple[str, Mapping[str, object]]]
    signals: list[Signal] = field(default_factory=list)


class WorldbankConnector:
    """Asks every query of the description in turn. The watermark is the day of the last discovery that came to its end."""

    def __init__(self, description: SourceDescription) -> None:
        self._description = description
        self._settings = read_settings(description, _Settings)
        self._bases = [
            description.base(role) for role in ("search", "search_second") if role == "search" or role in description.base_urls
        ]
        self._notes: list[Signal] = []
        for query in description.queries:
            taken = _OWN_PARAMETERS & set(query.parameters)
            if taken:
                raise BadInput(
                    f"configs/sources/{description.id}.yaml, key queries.{query.id}.parameters: {', '.join(sorted(taken))} "
                    "is set by the connector; leave it out."
                )

    def discover(self, client: Client, watermark: str | None, now: datetime) -> Iterator[Page]:
        """List the documents since the watermark, with the description's overlap; see `Connector.discover`.

        A full listing is complete when every query gave as many documents as the service counted. Counts are a little off at times (objects
        that cannot be read count too), so a few missing ones do not keep the watermark back.
        """
        since = self._since(watermark)
        taken: set[str] = set()
        is_whole = self._day(watermark) is None
        is_enough = True
        for query in self._description.queries:
            keys: set[str] = set()
            total: int | None = None
            for number in range(self._settings.most_pages):
                listing = self._ask(client, query, since, number * self._description.page_size)
                total = listing.total if listing.total is not None else total
                new = {key for key, _ in listing.objects} - keys
                keys |= new
                yield self._page(listing, query, taken)
                # A service that forgets the offset gives the first page again and again.
                if not new or (total is not None and len(keys) >= total):
                    break
            if total is None or len(keys) < total:
                is_whole = False
                is_enough = is_enough and total is not None and len(keys) >= total * _ENOUGH
                yield Page((), signals=(signal("unexpected_count", query.id, f"{len(keys)} of {total} documents came"),))
        # Where much is missing the next discovery begins where this one did.
        yield Page((), watermark=now.date().isoformat() if is_enough else None, is_complete=is_whole)

    def _since(self, watermark: str | None) -> date | None:
        last = self._day(watermark)
        if last is not None:
            return last - timedelta(days=self._description.overlap_days)
        year = self._description.coverage_start
        return date(year, 1, 1) if year is not None else None

    @staticmethod
    def _day(watermark: str | None) -> date | None:
        """Return the day of the last discovery; a watermark that is no day is none, which costs a full listing but loses nothing."""
        parsed = parse_date(watermark)
        return parsed[0] if parsed is not None else None

    def _ask(self, client: Client, query: Query, since: date | None, offset: int) -> _Listing:
        parameters = {
            "format": "json",
            **query.parameters,
            **({"qterm": query.query} if query.query else {}),
            **({"strdate": since.isoformat()} if since else {}),
            "fl": self._settings.fields,
            "rows": str(self._description.page_size),
            "os": str(offset),
            "srt": "docdt",
            "order": "desc",
        }
        while True:
            try:
                answer = client.get(self._bases[0], params=parameters, expect="json")
                return _taken_apart(answer.json(), answer.url, answer.status)
            except Refused as refused:
                # One version of the service may be switched off while the other goes on; what the second one refuses is refused.
                if len(self._bases) == 1 or refused.outcome in ("robots_disallowed", "rate_limited"):
                    raise
                self._notes.append(
                    signal("difference", "base_urls.search", f"refused ({refused.outcome}); the second address was used")
                )
                del self._bases[0]

    def _page(self, listing: _Listing, query: Query, taken: set[str]) -> Page:
        records: list[Record] = []
        signals = [*self._notes, *listing.signals]
        self._notes.clear()
        for key, content in listing.objects:
            mapped = map_document(
                key, content, source_id=self._description.id, query=query, languages=self._description.languages
            )
            signals.extend(mapped.signals)
            record = mapped.record
            if record is None or record.record_key in taken:
                continue
            taken.add(record.record_key)
            if record.metadata.language in self._description.languages and passes(record, self._description.filters):
                records.append(record)
        return Page(tuple(records), n_listed=len(listing.objects), signals=tuple(dict.fromkeys(signals)))


def _taken_apart(content: object, url: str, status: int) -> _Listing:
    documents = content.get("documents") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(documents, dict):
        raise Refused("bad_answer", url, "the answer has no object 'documents'", status=status)
    listing = _Listing(_count(content.get("total")), [])
    for key, value in documents.items():
        if key == "facets":
            continue
        if isinstance(value, dict):
            listing.objects.append((key, value))
        else:
            listing.signals.append(signal("bad_value", f"documents.{key}"[:80], value))
    if listing.total is None:
        listing.signals.append(signal("bad_value", "total", content.get("total")))
    return listing


def _count(value: object) -> int | None:
    text = str(value).replace(",", "").strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


CONNECTOR = WorldbankConnector
