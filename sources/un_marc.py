"""From a MARC record of the UN Library to records of Entente: one for each language version, with all that the card says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sources.countries import default_countries
from sources.dates import parse_date
from sources.description import Query, SourceDescription
from sources.marc import MarcRecord
from sources.symbols import parse_symbol
from sources.texts import squeeze
from sources.types import DocumentMetadata, Record, Relation, Signal
from sources.un_files import FileRoutes, Files, files_of, links_for
from sources.un_marc_fields import unknown_fields

DOCUMENT_TYPES = {
    "B01": "resolution or decision",
    "B02": "draft resolution or decision",
    "B03": "meeting record",
    "B04": "annual or sessional report",
    "B08": "draft report",
    "B13": "publication",
    "B14": "periodic report",
    "B15": "by the Secretary-General",
    "B16": "report",
    "B17": "presidential statement",
    "B18": "letter",
    "B20": "press release",
    "B21": "statement of a non-governmental organization",
    "B22": "speech",
    "B23": "voting data",
    "B24": "concluding observations",
}
"""The Library's codes in 089 $b."""

_RELATIONS = {"2": "draft", "3": "committee_report", "4": "meeting_record", "6": "draft"}
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class UnDocument:
    """What one card says.

    Attributes:
        number: the record's number in the catalogue that it comes from.
        symbols: the document's own first; a document of two bodies has two.
        types: codes of 089 $b.
        extra: what has no place of its own in `DocumentMetadata`.
        raw: the card as it came.
    """

    number: str
    symbols: tuple[str, ...]
    title: str | None
    published: date | None
    body: str | None
    doc_type: str | None
    types: tuple[str, ...]
    country_iso3: str | None
    country_name: str | None
    relations: tuple[Relation, ...]
    files: Files
    extra: dict[str, str]
    raw: str


def read_card(marc: MarcRecord, routes: FileRoutes, number: str | None = None) -> tuple[UnDocument | None, tuple[Signal, ...]]:
    """Read one record; None where it has no number, which leaves nothing to know it by. What nobody has decided about comes as signals.

    Args:
        marc: the card.
        routes: how files are found.
        number: the record's number where the source says it outside the card; else 001 has it.
    """
    signals = list(unknown_fields(marc))
    title = _text(" ".join(one.joined("abcnp") for one in marc.all("245")[:1]))
    number = squeeze(number or marc.control("001") or "")
    if not number or "/" in number or len(number) > 40:
        return None, (*signals, Signal("bad_value", "001", (number or f"no number: {title}")[:200]))
    symbols = _symbols(marc, signals)
    if title is None:
        signals.append(Signal("bad_value", "245", f"record {number} has no title"))
    published, precision = _published(marc, signals)
    iso3, country = _country(title, marc, symbols, signals)
    files = files_of(marc.all("856"), routes)
    signals += files.signals
    types = tuple(dict.fromkeys(marc.texts("089", "b")))
    signals += [Signal("unknown_value", "089$b", code[:200]) for code in types if code not in DOCUMENT_TYPES]
    relations = tuple(dict.fromkeys(_relations(marc, symbols, signals)))
    extra = _extra(marc)
    if precision not in (None, "day"):
        extra["published_precision"] = str(precision)
    document = UnDocument(
        number=number,
        symbols=symbols,
        title=title,
        published=published,
        body=marc.first("981", "a"),
        doc_type=_doc_type(marc, types),
        types=types,
        country_iso3=iso3,
        country_name=country,
        relations=relations,
        files=files,
        extra=extra,
        raw=marc.raw,
    )
    return document, tuple(signals)


def records_of(
    document: UnDocument, description: SourceDescription, query: Query, routes: FileRoutes, page: str
) -> Iterator[Record]:
    """Yield one record for each language version that the description wants.

    Args:
        document: what the card says.
        description: of the source; its languages are taken.
        query: what the question says of its answers; a body or type that it names counts more than the card's.
        routes: how files are found.
        page: address of the record for people; `{number}`, `{symbol}` and `{language}` stand for those of the record; left out where the
            record has no symbol and the address asks for one.
    """
    symbol = document.symbols[0] if document.symbols else None
    version = hashlib.sha256(document.raw.encode()).hexdigest()[:16]
    for language in document.files.languages(description.languages):
        url = None if "{symbol}" in page and symbol is None else page
        if url is not None:
            quoted = (symbol or "").replace(" ", "%20")
            url = url.replace("{number}", document.number).replace("{symbol}", quoted).replace("{language}", language)
        metadata = DocumentMetadata(
            igo=query.igo,
            body=query.body or document.body,
            symbol=symbol,
            title=document.title,
            doc_type=query.doc_type or document.doc_type,
            country_iso3=document.country_iso3,
            country_name=document.country_name,
            published=document.published,
            language=language,
            url=url,
            mission_kind=query.mission_kind,
            extra={**document.extra, "query": query.id},
        )
        yield Record(
            source_id=description.id,
            record_key=f"{document.number}/{language}",
            location=None,
            metadata=metadata,
            links=links_for(symbol, language, document.files, routes),
            version=version,
            relations=document.relations,
            raw=document.raw,
        )


def distinct(signals: Sequence[Signal]) -> tuple[Signal, ...]:
    """Return one signal for each kind, place and example, so that a page of a thousand cards does not say the same a thousand times.

    Of unknown fields the place alone counts: the first example stands for all.
    """
    seen: dict[tuple[str, str, str], Signal] = {}
    for one in signals:
        seen.setdefault((one.kind, one.field, "" if one.kind == "unknown_field" else one.example), one)
    return tuple(seen.values())


def _text(text: str) -> str | None:
    return squeeze(text)[:_LONGEST] or None


def _symbols(marc: MarcRecord, signals: list[Signal]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for text in marc.texts("191", "a"):
        symbol = parse_symbol(text)
        if symbol is None:
            signals.append(Signal("bad_value", "191$a", text[:200]))
        else:
            found.setdefault(symbol.key, symbol.text)
    return tuple(found.values())


def _published(marc: MarcRecord, signals: list[Signal]) -> tuple[date | None, str | None]:
    for tag, code in (("269", "a"), ("260", "c"), ("992", "a")):
        text = marc.first(tag, code)
        if text is None:
            continue
        found = parse_date(text)
        if found is not None:
            return found
        if tag == "269":
            signals.append(Signal("bad_value", "269$a", text[:200]))
    return None, None


def _country(title: str | None, marc: MarcRecord, symbols: Sequence[str], signals: list[Signal]) -> tuple[str | None, str | None]:
    """The one country of the title, else of the symbol (treaty bodies), else of the places; several are no answer."""
    countries = default_countries()
    named = {country.iso3: country for country in countries.in_text(title)}
    if not named:
        codes = (symbol.country_code for symbol in map(parse_symbol, symbols) if symbol is not None)
        named = {country.iso3: country for country in map(countries.by_code, codes) if country is not None}
    places = marc.texts("651", "a")
    if not named:
        found = {place: countries.find(place) for place in places}
        named = {country.iso3: country for country in found.values() if country is not None}
        if not named:
            unknown = [place for place in places if not countries.is_no_country(place)]
            signals += [Signal("unknown_value", "651$a", place[:200]) for place in unknown]
    if len(named) != 1:
        return None, None
    (country,) = named.values()
    return country.iso3, country.name


def _doc_type(marc: MarcRecord, types: Sequence[str]) -> str | None:
    """The finest of the Library's resource types, else the words of its codes."""
    for one in marc.all("989"):
        finest = one.first("c") or one.first("b") or one.first("a")
        if finest:
            return finest
    return next((DOCUMENT_TYPES[code] for code in types if code in DOCUMENT_TYPES), None)


def _relations(marc: MarcRecord, symbols: Sequence[str], signals: list[Signal]) -> Iterator[Relation]:
    for other in symbols[1:]:
        yield Relation("same_document", other)
    for text in marc.texts("191", "z"):
        yield from _relation("supersedes", text, "191$z", signals)
    for one in marc.all("993"):
        related = one.first("a")
        kind = _RELATIONS.get(one.indicators[:1])
        if related is None:
            continue
        if kind is None:
            signals.append(Signal("unknown_value", "993 ind1", f"{one.indicators[:1]!r}: {related}"[:200]))
        else:
            yield from _relation(kind, related, "993$a", signals)


def _relation(kind: str, text: str, place: str, signals: list[Signal]) -> Iterator[Relation]:
    symbol = parse_symbol(text)
    if symbol is None:
        signals.append(Signal("bad_value", place, text[:200]))
    else:
        yield Relation(kind, symbol.text)


def _extra(marc: MarcRecord) -> dict[str, str]:
    said = {
        "abstract": marc.texts("520", "a"),
        "notes": marc.texts("500", "a") + marc.texts("515", "a"),
        "other_titles": tuple(one.joined("ab") for one in marc.all("246")),
        "session": marc.texts("191", "c"),
        "series_symbol": marc.texts("191", "b"),
        "system_numbers": marc.texts("035", "a"),
        "languages_of_text": marc.texts("041", "a"),
        "document_types": tuple(f"{code} {DOCUMENT_TYPES.get(code, '')}".strip() for code in marc.texts("089", "b")),
        "resource_types": tuple(one.joined("abc", " :: ") for one in marc.all("989")),
        "subjects": marc.texts("650", "a") + tuple(one.joined("ab") for one in marc.all("600", "610", "611", "630")),
        "places": marc.texts("651", "a"),
        "persons": marc.texts("700", "a"),
        "corporate_bodies": tuple(one.joined("ab") for one in marc.all("110", "111", "710", "711")),
        "issuing_bodies": marc.texts("981", "a"),
        "agenda": tuple(one.joined("abcd") for one in marc.all("991")),
        "action_date": marc.texts("992", "a"),
        "imprint_year": marc.texts("260", "c"),
    }
    joined = {name: _text("; ".join(dict.fromkeys(texts))) for name, texts in said.items()}
    return {name: text for name, text in joined.items() if text}
