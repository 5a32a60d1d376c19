"""Missions on site, from what titles, abstracts and first pages say: kind, host countries, body and the days of the visits.

The rules are data (`configs/missions.yaml`, read by `sources.mission_rules`); this module only applies them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sources.countries import Countries, Country, default_countries
from sources.description import Query
from sources.mission_rules import Kind, MissionRules, default_rules
from sources.symbols import parse_symbol
from sources.texts import fold, squeeze
from sources.types import DocumentMetadata
from sources.visits import Period, Stay, find_stays

# What a title calls an organ, up to where something else begins.
_BODY = re.compile(
    r"\b(?:(?:Special|Independent|International|High-Level|Joint|United Nations) )*"
    r"(?:(?:Rapporteur|Expert|Expert Mechanism|Working Group|Special Representative|Panel of Experts),? (?:on|of|for|in) .+"
    r"|(?:Commission of (?:Inquiry|Enquiry)|Commission on Human Rights|Fact-? ?Finding Mission|Investigative Mechanism"
    r"|Group of Eminent[\w ]+ Experts|Team of[\w ]+ Experts)\b(?:,? (?:on|of|for|in|to) .+)?)",
    re.IGNORECASE,
)
_PERSON = r"[A-Z][\w.'’-]+ (?:(?:[A-Z][\w.'’-]*|de|da|dos|van|von|der|el|al|bin) ){0,3}[A-Z][\w.'’-]+"
_BODY_ENDS = re.compile(
    r"\*|\s[-–—]|[-–—]\s|[:;(\n]|,? on (?:his|her|its|their|the)(?: \w+){0,2} (?:visit|mission|activities)|, (?:Mr|Ms|Mrs|Dr)s?\.? "
    rf"|, {_PERSON}(?=,|$)|,? submitted |,? (?:pursuant|established|appointed|created) |,? in accordance with| by all |, including |\.$"
)
_LONGEST_BODY = 160
# A first page has about 4,000 characters; more is no first page, and would cost time.
_LONGEST_TITLE, _LONGEST_TEXT = 2_000, 12_000
_AFTER_VISIT = re.compile(r"\b(?:visit|mission|delegation)s?(?: [\w'’-]+){0,12}? (?:to|in) (?:the )?", re.IGNORECASE)
_HOSTS_END = re.compile(
    r" - |\s[–—]\s|[:;(]| (?:from|between|undertaken|carried out|conducted|pursuant|on) |\breport\b|\. ", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Mission:
    """What a document says of a mission; what it does not say is None or empty.

    Attributes:
        kind: a kind of `configs/missions.yaml`; None where none fits.
        is_mission: somebody went on site; False for kinds such as `supervisory` and `government_reply`, and where no kind fits.
        doc_type: the kind of document.
        body: the mandate or organ, e.g. `Special Rapporteur on the right to food`.
        hosts: the countries, in the order in which they are named.
        visits: every stay of which the document speaks, in order of time.
    """

    kind: str | None
    is_mission: bool
    doc_type: str | None
    body: str | None
    hosts: tuple[Country, ...]
    visits: tuple[Period, ...]

    @property
    def host(self) -> Country | None:
        """The only host; None where there is none, or more than one."""
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
    rules: MissionRules | None = None,
) -> Mission:
    """Return what is said of a mission; never raises for any text.

    Args:
        title: the document's title.
        abstract: the abstract or summary, if a source gives one.
        first_page: the text of the first page, once the file is read.
        defaults: the query that found the record: its `mission_kind`, `doc_type` and `body` hold where title and symbol say nothing.
        published: the day of publication; stays after it are not believed, and days without a year are placed before it.
        symbol: some symbols tell the kind (`CAT/OP/...`) and the country (`A/HRC/WG.6/48/SVN/1`).
        countries, rules: other tables than those that ship with Entente.
    """
    table = countries or default_countries()
    rules = rules or default_rules()
    heading = squeeze(title or "")[:_LONGEST_TITLE]
    running = ". ".join(squeeze(text)[:_LONGEST_TEXT] for text in (abstract, first_page) if text)
    kind, told_by = _kind(fold(heading), fold(running), symbol, defaults, rules)
    has_visits = kind is not None and kind.is_mission and kind.has_visits
    stays = find_stays(f"{heading}. {running}", rules, published) if has_visits else ()
    hosts = _hosts(heading, running, symbol, stays, has_visits, table, rules)
    if told_by == "text" and len(hosts) != 1:
        # Yearly reports list all visits of the year and are about none of them.
        kind, stays = None, ()
    doc_type = defaults.doc_type if defaults and (told_by == "query" or kind is None) else None
    return Mission(
        kind=kind.id if kind else None,
        is_mission=kind is not None and kind.is_mission,
        doc_type=doc_type or (kind.doc_type if kind else None),
        body=_body(heading, running, kind, defaults, rules),
        hosts=hosts,
        visits=tuple(stay.period for stay in stays),
    )


def with_mission(metadata: DocumentMetadata, mission: Mission) -> DocumentMetadata:
    """Return metadata in which the gaps are filled with what is known of the mission; what a source said itself stays.

    Kind and days go in only where somebody went on site, so that a reply of a State opens no mission of its own. Several hosts are no country
    of a document; their codes go into `extra["hosts"]`, several visits into `extra["visits"]`.
    """
    host = mission.host
    extra = dict(metadata.extra)
    if len(mission.hosts) > 1:
        extra.setdefault("hosts", " ".join(country.iso3 for country in mission.hosts))
    if len(mission.visits) > 1:
        extra.setdefault("visits", " ".join(f"{visit.start}/{visit.end}" for visit in mission.visits))
    filled = replace(
        metadata,
        body=metadata.body or mission.body,
        doc_type=metadata.doc_type or mission.doc_type,
        country_iso3=metadata.country_iso3 or (host.iso3 if host else None),
        country_name=metadata.country_name or (host.name if host else None),
        extra=extra,
    )
    if not mission.is_mission:
        return filled
    return replace(
        filled,
        mission_kind=metadata.mission_kind or mission.kind,
        mission_start=metadata.mission_start or mission.start,
        mission_end=metadata.mission_end or mission.end,
    )


def _kind(title: str, text: str, symbol: str | None, defaults: Query | None, rules: MissionRules) -> tuple[Kind | None, str]:
    """Return the kind, and what told it: `title` (or the symbol), `query` or `text`."""
    parsed = parse_symbol(symbol)
    key = parsed.key if parsed else ""
    clues = [(kind, clue) for kind in rules.kinds for clue in kind.any]
    for kind, clue in clues:
        if not clue.is_weak and clue.fits(title, text, key):
            return kind, "title"
    asked = rules.kind(defaults.mission_kind) if defaults and defaults.mission_kind else None
    if asked is not None:
        return asked, "query"
    return next((kind for kind, clue in clues if clue.is_weak and clue.fits(title, text, key)), None), "text"


def _body(title: str, text: str, kind: Kind | None, defaults: Query | None, rules: MissionRules) -> str | None:
    plain = fold(title)
    named = _first_named(plain, rules.bodies) or _written_body(title)
    if named is not None:
        return named
    in_text = _first_named(fold(text), rules.bodies) if kind else None
    if in_text and kind and not kind.has_visits:
        # The operation says more than the Secretary-General, who signs the reports of all of them.
        return in_text
    asked = defaults.body if defaults else None
    return asked or in_text or _first_named(plain, rules.authors) or (kind.body if kind else None)


def _first_named(text: str, names: Mapping[str, re.Pattern[str]]) -> str | None:
    """Return the name of which a pattern is found first in the text."""
    found = [(match.start(), name) for name, pattern in names.items() if (match := pattern.search(text))]
    return min(found)[1] if found else None


def _written_body(title: str) -> str | None:
    match = _BODY.search(title)
    if match is None:
        return None
    words = _BODY_ENDS.split(match.group(), maxsplit=1)[0].strip(" ,.*")[:_LONGEST_BODY]
    return words[0].upper() + words[1:] if words else None


def _hosts(
    title: str, text: str, symbol: str | None, stays: tuple[Stay, ...], has_visits: bool, table: Countries, rules: MissionRules
) -> tuple[Country, ...]:
    named = _visited(title, table)
    if named:
        return named
    parsed = parse_symbol(symbol)
    of_symbol = table.by_code(parsed.country_code) if parsed and parsed.country_code else None
    if of_symbol is not None:
        return (of_symbol,)
    named = table.in_text(title) or _placed(fold(title), table, rules)
    if named or not has_visits:
        return named
    beside = dict.fromkeys(country for stay in stays for country in table.in_text(stay.words))
    around = dict.fromkeys(country for stay in stays for country in table.in_text(stay.sentence))
    return tuple(beside) or tuple(around) or _visited(text, table) or _placed(fold(text), table, rules)


def _visited(text: str, table: Countries) -> tuple[Country, ...]:
    """Return the countries that stand behind the first "visit to" or "mission to" with a country behind it."""
    pieces = (_HOSTS_END.split(text[match.end() : match.end() + 200], maxsplit=1)[0] for match in _AFTER_VISIT.finditer(text))
    return next((named for piece in pieces if (named := table.in_text(piece))), ())


def _placed(text: str, table: Countries, rules: MissionRules) -> tuple[Country, ...]:
    place = next((place for place in rules.places if place.pattern.search(text)), None)
    return tuple(country for code in place.countries if (country := table.by_code(code))) if place else ()
