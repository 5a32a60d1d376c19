"""The ILO's catalogue (Labordoc) over SRU 1.2: queries in CQL, 50 records a page, cut by year where there are many."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lxml import etree
from pydantic import BaseModel, ConfigDict, Field

from sources.connector_settings import read_settings
from sources.dates import parse_date
from sources.description import Query, SourceDescription
from sources.ilo_marc import map_ilo_record
from sources.json_texts import clean, mark_of, signal
from sources.marc import MarcRecord, NotMarc, marc_of_element, parse_marcxml
from sources.selection import passes
from sources.types import Page, Record, Signal
from sources.web.errors import Refused

if TYPE_CHECKING:
    from sources.web.client import Client

_FIRST_YEAR = 1919


class _Settings(BaseModel):
    """What only this connector knows.

    Attributes:
        page_url: where a person sees a record, with `{id}` where its number stands.
        most_at_once: queries with more hits are cut into shorter spans of years, as the service limits how far one may page.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    page_url: str = ""
    most_at_once: int = Field(default=500, ge=1)


@dataclass
class _Listing:
    """One answer, taken apart."""

    total: int
    n_elements: int = 0
    records: list[tuple[MarcRecord, str]] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)


class IloCatalogueConnector:
    """Asks every query of the description in turn. The watermark is the day of the last discovery that came to its end.

    The service cannot be asked for what has changed. A later discovery asks for the years of publication since the watermark less the
    overlap; what is the same as before has the same `Record.version`.
    """

    def __init__(self, description: SourceDescription) -> None:
        self._description = description
        self._settings = read_settings(description, _Settings)
        self._base = description.base("sru")

    def discover(self, client: Client, watermark: str | None, now: datetime) -> Iterator[Page]:
        """List the records; see `Connector.discover`.

        A query that the service does not understand does not stop the others; it is raised when they are through.
        """
        last = parse_date(watermark)
        is_whole = True
        first_year = self._description.coverage_start or _FIRST_YEAR
        if last is not None:
            first_year = max(first_year, (last[0] - timedelta(days=self._description.overlap_days)).year)
        taken: set[str] = set()
        not_understood: Refused | None = None
        for query in self._description.queries:
            try:
                for page, is_short in self._span(client, query, (first_year, now.year + 1), taken):
                    is_whole = is_whole and not is_short
                    yield page
            except _NotUnderstood as error:
                not_understood = not_understood or error.refused
        if not_understood is not None:
            raise not_understood
        # Where records are missing the next discovery begins where this one did.
        yield Page((), watermark=now.date().isoformat() if is_whole else None, is_complete=is_whole and last is None)

    def _span(self, client: Client, query: Query, years: tuple[int, int], taken: set[str]) -> Iterator[tuple[Page, bool]]:
        """Yield the pages of a query for some years, each with whether fewer records came than the service counted."""
        first, last = years
        listing = self._ask(client, query, years, 1)
        if listing.total > self._settings.most_at_once and first < last:
            middle = (first + last) // 2
            yield from self._span(client, query, (first, middle), taken)
            yield from self._span(client, query, (middle + 1, last), taken)
            return
        n_came = listing.n_elements
        yield self._page(listing, query, taken), False
        while n_came < listing.total and listing.n_elements:
            listing = self._ask(client, query, years, n_came + 1)
            n_came += listing.n_elements
            yield self._page(listing, query, taken), False
        if n_came < listing.total:
            yield Page((), signals=(signal("unexpected_count", query.id, f"{n_came} of {listing.total} records came"),)), True

    def _ask(self, client: Client, query: Query, years: tuple[int, int], start: int) -> _Listing:
        first, last = years
        parameters = {
            "version": "1.2",
            "operation": "searchRetrieve",
            "recordSchema": "marcxml",
            "maximumRecords": str(self._description.page_size),
            "startRecord": str(start),
            "query": f'({query.query}) AND alma.main_pub_date>="{first}" AND alma.main_pub_date<="{last}"',
        }
        answer = client.get(self._base, params=parameters, expect="xml")
        return _taken_apart(answer.xml(), answer.url, answer.status)

    def _page(self, listing: _Listing, query: Query, taken: set[str]) -> Page:
        records: list[Record] = []
        signals = list(listing.signals)
        for marc, raw in listing.records:
            mapped = map_ilo_record(
                marc,
                source_id=self._description.id,
                query=query,
                languages=self._description.languages,
                version=_version(marc),
                raw=raw,
                page_url=self._settings.page_url,
            )
            signals.extend(mapped.signals)
            for record in mapped.records:
                if record.record_key not in taken and record.metadata.language in self._description.languages:
                    taken.add(record.record_key)
                    if passes(record, self._description.filters):
                        records.append(record)
        return Page(tuple(records), n_listed=listing.n_elements, signals=tuple(dict.fromkeys(signals)))


class _NotUnderstood(Exception):
    """The service answered with a diagnostic instead of a result."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(str(refused))
        self.refused = refused


def _taken_apart(root: Any, url: str, status: int) -> _Listing:
    if _name(root) != "searchRetrieveResponse":
        raise Refused("bad_answer", url, f"the answer is a {_name(root)[:60]!r}, no searchRetrieveResponse", status=status)
    parts = {_name(child): child for child in root if isinstance(child.tag, str)}
    total = clean(parts["numberOfRecords"].text or "") if "numberOfRecords" in parts else ""
    if "diagnostics" in parts and total in ("", "0"):
        said = clean("; ".join(_diagnostic(one) for one in parts["diagnostics"]))
        raise _NotUnderstood(Refused("bad_answer", url, f"the service reports {said[:300]!r}", status=status))
    if not total.isascii() or not total.isdigit() or len(total) > 9:
        raise Refused("bad_answer", url, f"numberOfRecords is {total[:60]!r}", status=status)
    listing = _Listing(int(total))
    if "diagnostics" in parts:
        listing.signals.extend(signal("difference", "diagnostics", _diagnostic(one)) for one in parts["diagnostics"])
    for element in parts.get("records", ()):
        if _name(element) == "record":
            listing.n_elements += 1
            _take(element, listing)
    return listing


def _take(element: Any, listing: _Listing) -> None:
    parts = {_name(child): child for child in element if isinstance(child.tag, str)}
    data = parts.get("recordData")
    inside = next((child for child in data if isinstance(child.tag, str)), None) if data is not None else None
    if inside is not None and _name(inside) == "record":
        raw = etree.tostring(inside, encoding="unicode", with_tail=False)
        listing.records.append((marc_of_element(inside), raw))
    elif inside is not None and "diagnostic" in _name(inside):
        listing.signals.append(signal("bad_value", "recordData", _diagnostic(inside)))
    elif inside is None and data is not None and (data.text or "").strip():
        # recordPacking `string`: the record is text inside the answer.
        try:
            listing.records.extend((marc, data.text) for marc in parse_marcxml(data.text.strip().encode("utf-8")))
        except NotMarc as error:
            listing.signals.append(signal("bad_value", "recordData", str(error)))
    else:
        listing.signals.append(signal("bad_value", "recordData", "a record without data"))


def _diagnostic(element: Any) -> str:
    return " ".join(clean(text) for text in element.itertext() if clean(text))


def _version(marc: MarcRecord) -> str:
    """Return when the record was changed and a hash of its content, without what tells of copies and loans."""
    content = [
        (one.tag, one.value, one.indicators, one.subfields) for one in marc.fields if one.tag != "005" and one.tag.isdigit()
    ]
    return f"{clean(marc.control('005') or '')}:{mark_of(repr(content))}"


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


CONNECTOR = IloCatalogueConnector
