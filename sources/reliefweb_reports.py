"""ReliefWeb reports: one report becomes a record for each document in each language; each field is handled, ignored or signalled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sources.countries import Country, default_countries
from sources.dates import parse_date
from sources.description import Query
from sources.json_texts import clean, is_shallow, mark_of, raw_text, signal
from sources.languages import language_code
from sources.links import format_of_url, group_files, https_url, language_of_file, name_of_url
from sources.texts import plain_text
from sources.types import DocumentMetadata, FileLink, Record, Signal

FIELDS = (
    "title",
    "date",
    "source",
    "country",
    "primary_country",
    "format",
    "theme",
    "language",
    "url",
    "url_alias",
    "file",
    "body",
    "status",
)
IGNORED = {
    "id": "the same as the item's id",
    "body-html": "the same text as body",
    "disaster": "what disaster it is about is not used",
    "disaster_type": "what disaster it is about is not used",
    "feature": "where the site shows it",
    "headline": "where the site shows it",
    "image": "pictures of the site",
    "ocha_product": "the kind of OCHA's own products",
    "origin": "where ReliefWeb found it",
    "redirects": "older addresses of the page",
    "vulnerable_groups": "subjects are not used",
}
_FILES = ("pdf", "docx", "doc")
_MOST_ABSTRACT = 4_000
_PUBLIC = ("published", "to-review")


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one report gave."""

    records: tuple[Record, ...]
    signals: tuple[Signal, ...]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _File:
    key: str
    url: str
    file_format: str
    words: str
    language: str | None


def map_report(key: str, fields: Mapping[str, object], *, source_id: str, query: Query) -> Mapped:
    """Make records of one report.

    A report without files of a kind that is read gives one record without links for its language, so that it is seen to be missing.

    Args:
        key: the report's id.
        fields: what the service says of it.
        source_id: the source that the records belong to; also the route of their links.
        query: the question that it answers; what that says goes before what the service says.
    """
    if not is_shallow(fields):
        return Mapped((), (signal("bad_value", "fields", fields),))
    signals = [
        signal("unknown_field", name, value) for name, value in fields.items() if name not in FIELDS and name not in IGNORED
    ]
    ignored = tuple(name for name in fields if name in IGNORED)
    status = _text(fields.get("status"))
    if status and status not in _PUBLIC:
        signals.append(signal("unknown_value", "status", status))
    languages = _languages(fields, signals)
    files = _files(fields, signals)
    raw = raw_text(dict(fields))
    own = languages[0] if languages else "und"
    metadata = _metadata(fields, query, signals)
    used: set[str] = set()
    records: list[Record] = []
    for group in group_files([(name_of_url(one.url), one.file_format, one.language or own) for one in files]):
        found = files[group[0]]
        language = found.language or own
        said = replace(metadata, language=language)
        own_key = key
        if language in used:
            own_key = f"{key}#{found.key}"
            said = replace(said, title=f"{metadata.title or ''} ({found.words})".strip()) if found.words else said
        used.add(language)
        links = tuple(FileLink(files[place].url, source_id, files[place].file_format, language) for place in group)
        records.append(Record(source_id, f"{own_key}/{language}", None, said, links=links, version=mark_of(raw), raw=raw))
    if not records:
        records.append(Record(source_id, f"{key}/{own}", None, replace(metadata, language=own), version=mark_of(raw), raw=raw))
    return Mapped(tuple(records), tuple(signals), ignored)


def changed_of(fields: Mapping[str, object]) -> str | None:
    """Return the time of the last change as the service wrote it."""
    dates = fields.get("date")
    return _text(dates.get("changed")) or None if isinstance(dates, Mapping) else None


def _metadata(fields: Mapping[str, object], query: Query, signals: list[Signal]) -> DocumentMetadata:
    countries = _countries(fields, signals)
    publishers = [_text(one.get("shortname")) or _text(one.get("name")) for one in _objects(fields.get("source"))]
    primary = _primary(fields)
    country = primary or (countries[0] if len(countries) == 1 else None)
    url = https_url(fields.get("url_alias")) or https_url(fields.get("url"))
    extra = {
        "publishers": "; ".join(name for name in publishers if name),
        "formats": "; ".join(name for one in _objects(fields.get("format")) if (name := _text(one.get("name")))),
        "themes": "; ".join(name for one in _objects(fields.get("theme")) if (name := _text(one.get("name")))),
        "countries": " ".join(one.iso3 for one in countries) if len(countries) > 1 else "",
        "abstract": clean(plain_text(_text(fields.get("body")))[:_MOST_ABSTRACT]),
    }
    return DocumentMetadata(
        igo=query.igo,
        body=query.body or next((name for name in publishers if name), None),
        title=_text(fields.get("title")) or None,
        doc_type=query.doc_type or next((_text(one.get("name")) for one in _objects(fields.get("format"))), None) or None,
        mission_kind=query.mission_kind,
        country_iso3=country.iso3 if country else None,
        country_name=country.name if country else "; ".join(one.name for one in countries) or None,
        published=_published(fields, signals),
        url=url,
        extra={name: text for name, text in extra.items() if text},
    )


def _published(fields: Mapping[str, object], signals: list[Signal]) -> date | None:
    dates = fields.get("date")
    for name in ("original", "created"):
        text = _text(dates.get(name)) if isinstance(dates, Mapping) else ""
        if not text:
            continue
        parsed = parse_date(text)
        if parsed is not None:
            return parsed[0]
        signals.append(signal("bad_value", f"date.{name}", text))
    return None


def _countries(fields: Mapping[str, object], signals: list[Signal]) -> list[Country]:
    found: dict[str, Country] = {}
    for one in _objects(fields.get("country")):
        country = _country(one)
        name = _text(one.get("name"))
        if country is not None:
            found.setdefault(country.iso3, country)
        elif name and not default_countries().is_no_country(name):
            signals.append(signal("unknown_value", "country", name))
    return list(found.values())


def _primary(fields: Mapping[str, object]) -> Country | None:
    value = fields.get("primary_country")
    return _country(value) if isinstance(value, Mapping) else None


def _country(one: Mapping[str, object]) -> Country | None:
    return default_countries().by_code(_text(one.get("iso3"))) or default_countries().find(_text(one.get("name")))


def _languages(fields: Mapping[str, object], signals: list[Signal]) -> list[str]:
    codes = []
    for one in _objects(fields.get("language")):
        text = _text(one.get("code")) or _text(one.get("name"))
        code = language_code(text) or language_code(_text(one.get("name")))
        if code is not None:
            codes.append(code)
        elif text:
            signals.append(signal("unknown_value", "language", text))
    if not codes:
        signals.append(signal("bad_value", "language", f"none is told of {_text(fields.get('title'))!r}"))
    return codes


def _files(fields: Mapping[str, object], signals: list[Signal]) -> list[_File]:
    files = []
    for one in _objects(fields.get("file")):
        url = https_url(one.get("url"))
        if url is None:
            signals.append(signal("bad_value", "file.url", one.get("url")))
            continue
        file_format = format_of_url(url)
        if file_format not in _FILES:
            continue
        words = _text(one.get("description"))
        language = language_of_file(words) or language_of_file(name_of_url(url))
        files.append(_File(_text(one.get("id")) or name_of_url(url), url, file_format, words, language))
    return files


def _objects(value: object) -> list[Mapping[str, object]]:
    """Return the objects of a list; the service writes a single one without the list at times."""
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, Mapping)]


def _text(value: object) -> str:
    if isinstance(value, str):
        return clean(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
