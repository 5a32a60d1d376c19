"""ReliefWeb, version 2 of its service: field missions' own reports, by the time of their last change. Silent until an approved name is set."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from entente.errors import BadInput
from sources.connector_settings import read_settings
from sources.description import Query, SourceDescription
from sources.json_texts import signal
from sources.reliefweb_reports import FIELDS, changed_of, map_report
from sources.selection import passes
from sources.types import Page, Record, Signal
from sources.web.errors import Refused

if TYPE_CHECKING:
    from sources.web.client import Client

_KEY = re.compile(r"[0-9A-Za-z]{1,40}")
# Words of `Query.parameters` and the fields of the service that they ask for.
_CONDITIONS = {
    "source": "source.shortname",
    "format": "format.name",
    "country": "country.iso3",
    "theme": "theme.name",
    "language": "language.code",
}


class _Settings(BaseModel):
    """What only this connector knows.

    Attributes:
        appname: the name that ReliefWeb has approved for this project; without one nothing is asked.
        calls_per_run: most calls of one discovery; the service allows 1,000 a day.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    appname: str | None = None
    calls_per_run: int = Field(default=200, ge=1, le=1000)


@dataclass
class _Listing:
    """One answer, taken apart; `stamp` is the last time of change in it."""

    items: list[tuple[str, Mapping[str, object]]]
    n_items: int
    total: int | None
    stamp: datetime | None = None
    signals: list[Signal] = field(default_factory=list)


class ReliefwebConnector:
    """Asks every query of the description in turn, oldest change first. The watermark is a time of change for each query.

    The next call begins at the last time seen, not at a number of items: items that change meanwhile move to the end, and a count would
    then leave others out.
    """

    def __init__(self, description: SourceDescription) -> None:
        self._description = description
        self._settings = read_settings(description, _Settings)
        self._base = description.base("reports")
        for query in description.queries:
            unknown = sorted(set(query.parameters) - set(_CONDITIONS))
            if unknown:
                raise BadInput(
                    f"configs/sources/{description.id}.yaml, key queries.{query.id}.parameters: {', '.join(unknown)} is unknown; "
                    f"known are {', '.join(_CONDITIONS)}."
                )

    def discover(self, client: Client, watermark: str | None, now: datetime) -> Iterator[Page]:
        """List the reports; see `Connector.discover`. Without an approved name one page says so and nothing is asked."""
        if not self._settings.appname:
            yield Page((), signals=(signal("difference", "settings.appname", "no approved name is set; nothing was asked"),))
            return
        stamps = _stamps(watermark)
        is_whole = not stamps
        n_calls = 0
        taken: set[str] = set()
        for query in self._description.queries:
            ids: set[str] = set()
            last = _time(stamps.get(query.id))
            since = None if last is None else last - timedelta(days=self._description.overlap_days)
            offset = n_barren = 0
            total: int | None = None
            while True:
                if n_calls >= self._settings.calls_per_run:
                    # The rest comes with the next discovery: the watermark stands where this one stopped.
                    yield Page((), signals=(signal("difference", "settings.calls_per_run", f"{n_calls} calls were not enough"),))
                    return
                listing = self._ask(client, query, since, offset)
                n_calls += 1
                total = listing.total if total is None else total
                new = {key for key, _ in listing.items} - ids
                ids |= new
                if listing.stamp is not None and (since is None or listing.stamp > since):
                    since, offset = listing.stamp, 0
                else:
                    offset += listing.n_items
                n_barren = 0 if new else n_barren + 1
                is_last = listing.n_items < self._description.page_size or n_barren > 1
                if listing.stamp is not None:
                    stamps[query.id] = listing.stamp.isoformat()
                elif not listing.n_items:
                    stamps.setdefault(query.id, now.astimezone(UTC).isoformat())
                yield self._page(listing, query, taken, json.dumps(stamps, sort_keys=True))
                if is_last:
                    break
            if last is None and total is not None and len(ids) < total:
                is_whole = False
                yield Page((), signals=(signal("unexpected_count", query.id, f"{len(ids)} of {total} reports came"),))
        yield Page((), watermark=json.dumps(stamps, sort_keys=True), is_complete=is_whole)

    def _ask(self, client: Client, query: Query, since: datetime | None, offset: int) -> _Listing:
        conditions: list[dict[str, object]] = []
        if since is not None:
            conditions.append({"field": "date.changed", "value": {"from": since.isoformat()}})
        if self._description.coverage_start is not None:
            first = date(self._description.coverage_start, 1, 1)
            conditions.append({"field": "date.original", "value": {"from": f"{first.isoformat()}T00:00:00+00:00"}})
        for word, values in query.parameters.items():
            listed = [value.strip() for value in values.split(";") if value.strip()]
            conditions.append({"field": _CONDITIONS[word], "value": listed, "operator": "OR"})
        question: dict[str, object] = {
            "fields": {"include": list(FIELDS)},
            "sort": ["date.changed:asc"],
            "limit": self._description.page_size,
            "offset": offset,
        }
        if conditions:
            question["filter"] = {"operator": "AND", "conditions": conditions}
        if query.query:
            question["query"] = {"value": query.query, "fields": ["title"], "operator": "AND"}
        appname = self._settings.appname or ""
        try:
            answer = client.post(self._base, params={"appname": appname}, json=question)
        except Refused as refused:
            if refused.outcome != "forbidden":
                raise
            detail = (
                f"the name {appname!r} (settings.appname) is not approved; a person has to ask for it once, "
                f"see {self._description.documentation}; {refused.detail}"
            )
            raise Refused("forbidden", refused.url, detail, status=refused.status) from None
        return _taken_apart(answer.json(), answer.url, answer.status)

    def _page(self, listing: _Listing, query: Query, taken: set[str], watermark: str) -> Page:
        records: list[Record] = []
        signals = list(listing.signals)
        for key, fields in listing.items:
            mapped = map_report(key, fields, source_id=self._description.id, query=query)
            signals.extend(mapped.signals)
            for record in mapped.records:
                if record.record_key not in taken and record.metadata.language in self._description.languages:
                    taken.add(record.record_key)
                    if passes(record, self._description.filters):
                        records.append(record)
        return Page(tuple(records), n_listed=listing.n_items, watermark=watermark, signals=tuple(dict.fromkeys(signals)))


def _stamps(watermark: str | None) -> dict[str, str]:
    try:
        content = json.loads(watermark or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in content.items()} if isinstance(content, dict) else {}


def _taken_apart(content: object, url: str, status: int) -> _Listing:
    data = content.get("data") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(data, list):
        raise Refused("bad_answer", url, "the answer has no list 'data'", status=status)
    total = content.get("totalCount")
    listing = _Listing([], len(data), total if isinstance(total, int) else None)
    for item in data:
        key = item.get("id") if isinstance(item, dict) else None
        fields = item.get("fields") if isinstance(item, dict) else None
        own = str(key) if isinstance(key, str | int) else ""
        if not _KEY.fullmatch(own) or not isinstance(fields, dict):
            listing.signals.append(signal("bad_value", "data", item))
            continue
        listing.items.append((own, fields))
        stamp = _time(changed_of(fields))
        if stamp is None:
            listing.signals.append(signal("bad_value", "date.changed", fields.get("date")))
        else:
            listing.stamp = max(stamp, listing.stamp or stamp)
    return listing


def _time(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


CONNECTOR = ReliefwebConnector
