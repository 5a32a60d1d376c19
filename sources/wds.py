"""World Bank documents: one object of the service's answer becomes one record, with every field handled, ignored for a reason, or signalled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sources.countries import Country, default_countries
from sources.dates import parse_date
from sources.description import Query
from sources.json_texts import clean, is_shallow, mark_of, raw_text, signal
from sources.languages import language_code
from sources.links import https_url
from sources.types import DocumentMetadata, FileLink, Record, Signal

_MOST_DEPTH = 8
_KEY = re.compile(r"[A-Za-z0-9_.-]{1,80}")

# Fields that become metadata, links or the record's key.
_TITLES = ("display_title", "docna", "repnme")
_DATES = ("docdt", "disclosure_date")
_LINKS = (("pdfurl", "pdf"), ("txturl", "txt"))
# A document whose value is another one is not public, or something new.
_USUAL = (("seccl", "public"), ("disclstat", "disclosed"))
_ALONE = ("id", "abstracts", "docty", "majdocty", "count", "lang", "url", "guid", "repnb", "volnb", "totvolnb")
READ = frozenset((*_TITLES, *_DATES, *_ALONE, *(name for name, _ in _LINKS), *(name for name, _ in _USUAL)))
# Fields that are kept as they are, under these names.
KEPT = {
    "projectid": "project",
    "projn": "project_name",
    "authors": "authors",
    "admreg": "region",
    "available_in": "available_in",
    "versiontyp": "version_of_text",
    "isbn": "isbn",
    "dois": "doi",
    "alt_title": "other_title",
    "prdln": "product_line",
    "owner": "owner",
    "colti": "collection",
    "loan_no": "loan",
    "credit_no": "credit",
}
IGNORED = {
    "alt_titl": "the older name of alt_title",
    "bdmdt": "the day of the Board's meeting is not used",
    "chronical_docm_id": "a number of the Bank's own archive",
    "datestored": "when the Bank stored it says nothing of when it was made or made public",
    "disclosure_type": "how it was disclosed is not used",
    "disclosure_type_date": "the same day as disclosure_date",
    "docm_id": "a number of the Bank's own archive",
    "entityids": "a number of the Bank's own archive",
    "fileType": "the bytes decide what a file is",
    "fullavailablein": "names the document itself again; other languages share the report number",
    "geo_region_mdks": "parts of the world; countries come from count",
    "geo_regions": "parts of the world; countries come from count",
    "historic_topic": "the Bank's subjects are not used",
    "keywd": "words made by machine from the text",
    "last_modified_date": "the hash of what was said tells a change",
    "lndinstr": "the kind of lending is not used",
    "listing_relative_url": "another address of the same page",
    "majtheme": "the Bank's subjects are not used",
    "new_url": "another address of the same page",
    "publishtoextweb_dt": "when it was put on the Bank's site; disclosure_date says when it became public",
    "sectr": "the Bank's subjects are not used",
    "subsc": "the Bank's subjects are not used",
    "subtopic": "the Bank's subjects are not used",
    "teratopic": "the Bank's subjects are not used",
    "theme": "the Bank's subjects are not used",
    "topic": "the Bank's subjects are not used",
    "topicv3": "the Bank's subjects are not used",
    "trustfund": "who paid is not used",
    "unregnbr": "a number of the Bank's own archive",
    "url_friendly_title": "another address of the same page",
    "versiontyp_key": "a number of the Bank's own archive",
}


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one object gave: a record (None where it has no usable key), what nobody has decided about, and which fields were ignored."""

    record: Record | None
    signals: tuple[Signal, ...]
    ignored: tuple[str, ...]


def map_document(key: str, document: Mapping[str, object], *, source_id: str, query: Query, languages: Sequence[str]) -> Mapped:
    """Make a record of one object of `documents`.

    Args:
        key: its key in the answer (`D33872155`, or the bare number).
        document: the object.
        source_id: the source that the record belongs to; also the route of its links.
        query: the question that it answers; what that says of the document goes before what the service says.
        languages: where a file is in several languages, the first of these that is among them counts as the file's.
    """
    if not is_shallow(document):
        return Mapped(None, (signal("bad_value", "documents", document),), ())
    signals: list[Signal] = []
    ignored = []
    for field, value in document.items():
        if field in IGNORED:
            ignored.append(field)
        elif field not in READ and field not in KEPT:
            signals.append(signal("unknown_field", field, value))
    own_key = first_text(document.get("id")) or key.removeprefix("D")
    if not _KEY.fullmatch(own_key):
        return Mapped(None, (*signals, signal("bad_value", "id", own_key)), tuple(ignored))
    language = _language(document, languages, signals)
    countries = _countries(document, signals)
    for field, usual in _USUAL:
        said = first_text(document.get(field))
        if said and said.casefold() != usual:
            signals.append(signal("unknown_value", field, said))
    document_type = first_text(document.get("docty"))
    extra = _extra(document, countries, document_type)
    metadata = DocumentMetadata(
        igo=query.igo,
        body=query.body,
        symbol=_symbol(document),
        title=next((text for field in _TITLES if (text := first_text(document.get(field)))), None),
        doc_type=query.doc_type or document_type,
        mission_kind=query.mission_kind,
        country_iso3=countries[0].iso3 if len(countries) == 1 else None,
        country_name="; ".join(country.name for country in countries) or None,
        published=_published(document, signals),
        language=language,
        url=_address("url", document, signals),
        extra=extra,
    )
    raw = raw_text(document)
    record = Record(
        source_id,
        f"{own_key}/{language or 'und'}",
        None,
        metadata,
        links=_links(document, source_id, language, signals),
        version=mark_of(raw),
        raw=raw,
    )
    return Mapped(record, tuple(signals), tuple(ignored))


def texts_of(value: object) -> tuple[str, ...]:
    """Return the texts in a value however it is wrapped (`{"cdata!": ...}`, `{"0": {"docna": ...}}`, lists), in one line each, in order."""
    return tuple(_texts(value, 0))


def first_text(value: object) -> str | None:
    """Return the first text in a value however it is wrapped; None where there is none."""
    return next(iter(_texts(value, 0)), None)


def _texts(value: object, depth: int) -> list[str]:
    if isinstance(value, str):
        plain = clean(value)
        return [plain] if plain else []
    if isinstance(value, bool) or value is None or depth >= _MOST_DEPTH:
        return []
    if isinstance(value, int | float):
        return [str(value)]
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _texts(inner, depth + 1)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner, depth + 1)]
    return []


def _language(document: Mapping[str, object], languages: Sequence[str], signals: list[Signal]) -> str | None:
    codes = []
    for text in texts_of(document.get("lang")):
        for name in text.split(","):
            code = language_code(name)
            if code is not None:
                codes.append(code)
            elif name.strip():
                signals.append(signal("unknown_value", "lang", name))
    if not codes:
        signals.append(signal("bad_value", "lang", f"none is told of {first_text(document.get('id')) or 'a document'}"))
    return next((code for code in languages if code in codes), codes[0] if codes else None)


def _countries(document: Mapping[str, object], signals: list[Signal]) -> tuple[Country, ...]:
    countries, unknown = default_countries().find_all(",".join(texts_of(document.get("count"))))
    signals.extend(signal("unknown_value", "count", name) for name in unknown)
    return countries


def _symbol(document: Mapping[str, object]) -> str | None:
    """Return the report number, with the volume where there are several: it is what the language versions of a volume share."""
    number, volume, volumes = (first_text(document.get(field)) for field in ("repnb", "volnb", "totvolnb"))
    if number is None or volume is None or volumes in (None, "0", "1"):
        return number
    return f"{number} (Vol. {volume})"


def _published(document: Mapping[str, object], signals: list[Signal]) -> date | None:
    for field in _DATES:
        text = first_text(document.get(field))
        if text is None:
            continue
        parsed = parse_date(text)
        if parsed is not None:
            return parsed[0]
        signals.append(signal("bad_value", field, text))
    return None


def _extra(document: Mapping[str, object], countries: Sequence[Country], document_type: str | None) -> dict[str, str]:
    extra = {name: "; ".join(texts_of(document.get(field))) for field, name in KEPT.items()}
    extra["abstract"] = " ".join(texts_of(document.get("abstracts")))
    extra["document_type"] = document_type or ""
    extra["document_group"] = first_text(document.get("majdocty")) or ""
    extra["guid"] = first_text(document.get("guid")) or ""
    disclosed = parse_date(first_text(document.get("disclosure_date")))
    extra["disclosed"] = disclosed[0].isoformat() if disclosed else ""
    extra["countries"] = " ".join(country.iso3 for country in countries) if len(countries) > 1 else ""
    return {name: text for name, text in extra.items() if text}


def _links(document: Mapping[str, object], route: str, language: str | None, signals: list[Signal]) -> tuple[FileLink, ...]:
    links = []
    for field, file_format in _LINKS:
        url = _address(field, document, signals)
        if url is not None:
            links.append(FileLink(url, route, file_format, language))
    return tuple(links)


def _address(field: str, document: Mapping[str, object], signals: list[Signal]) -> str | None:
    text = first_text(document.get(field))
    if text is None:
        return None
    url = https_url(text)
    if url is None:
        signals.append(signal("bad_value", field, text))
    return url
