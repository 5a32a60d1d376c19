"""Missions on site, from what titles, abstracts and first pages say: kind, host country, body and the days of the visit.

The rules are data (`configs/missions.yaml`); this module only applies them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sources.countries import Countries, Country, default_countries
from sources.description import Query


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day of a stay, both inclusive."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Mission:
    """What a document says of a mission; what it does not say is None or empty.

    Attributes:
        kind: a kind of `configs/missions.yaml`; None where no kind fits.
        is_mission: somebody was on site; False for kinds such as `supervisory`, and where no kind fits.
        doc_type: the kind of document.
        body: the mandate or organ, e.g. `Special Rapporteur on the right to food`.
        hosts: the countries, the main one first.
        visits: every stay, in order of time.
        start, end: first day of the first and last day of the last stay.
    """

    kind: str | None
    is_mission: bool
    doc_type: str | None
    body: str | None
    hosts: tuple[Country, ...]
    visits: tuple[Period, ...]

    @property
    def host(self) -> Country | None:
        """The only host; None where there is none or more than one."""
        return self.hosts[0] if len(self.hosts) == 1 else None

    @property
    def start(self) -> date | None:
        """The first day of the first visit."""
        return self.visits[0].start if self.visits else None

    @property
    def end(self) -> date | None:
        """The last day of the last visit."""
        return max(visit.end for visit in self.visits) if self.visits else None


def mission_of(
    title: str | None,
    abstract: str | None = None,
    first_page: str | None = None,
    defaults: Query | None = None,
    *,
    published: date | None = None,
    symbol: str | None = None,
    countries: Countries | None = None,
) -> Mission:
    """Return what is said of a mission; never raises for any text.

    Args:
        title: the document's title.
        abstract: the abstract or summary, if a source gives one.
        first_page: the text of the first page, once the file is read.
        defaults: the query that found the record: its `body`, `doc_type` and `mission_kind` hold where the texts say nothing.
        published: places days without a year ("from 3 to 14 March"): the last such days before it.
        symbol: some symbols tell the kind (`CAT/OP/...`) and the country (`A/HRC/WG.6/48/SVN/1`).
        countries: the project's own table; by default the one that ships with Entente.
    """
    table = countries or default_countries()
    return Mission(
        kind=defaults.mission_kind if defaults else None,
        is_mission=False,
        doc_type=defaults.doc_type if defaults else None,
        body=defaults.body if defaults else None,
        hosts=table.in_text(title),
        visits=(),
    )
