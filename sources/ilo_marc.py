"""ILO catalogue records (MARC 21 from Alma): every field is handled, ignored for a reason, or becomes a signal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlsplit

from sources.countries import Country, countries_in_title, default_countries, find_country
from sources.dates import parse_date
from sources.description import Query
from sources.ilo_marc_fields import CONTROL_SUBFIELDS, IGNORED_SUBFIELDS, READ, is_ignored
from sources.json_texts import clean, signal
from sources.languages import language_code
from sources.links import format_of_url, https_url, language_of_file, name_of_url
from sources.marc import MarcRecord
from sources.symbols import parse_symbol
from sources.types import DocumentMetadata, FileLink, Record, Signal

SITE = "www.ilo.org"
_KEY = re.compile(r"[0-9A-Za-z]{4,40}")
_FILE_PATHS = ("/sites/default/files/", "/wcmsp5/")
_OLD_PATH = re.compile(r"/wcmsp5/groups/public/(?P<rest>(?:---|@).+)")


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one record gave: records by language version (none where it has no usable number), signals, and which fields were ignored."""

    records: tuple[Record, ...]
    signals: tuple[Signal, ...]
    ignored: tuple[str, ...]


def map_ilo_record(
    marc: MarcRecord, *, source_id: str, query: Query, languages: Sequence[str], version: str, raw: str, page_url: str
) -> Mapped:
    """Make records of one MARC record of the ILO's catalogue: for the work's language, and for each language of which 856 names a file.

    Args:
        marc: the record.
        source_id: the source that it belongs to.
        query: the question that it answers; what that says goes before what the record says.
        languages: where a work is in several languages, the first of these that is among them counts.
        version: the mark of this version of the record.
        raw: the record as it came.
        page_url: the address of the record's page, with `{id}` where its number stands; empty for none.
    """
    signals: list[Signal] = [signal("bad_value", "marc", problem) for problem in marc.problems]
    ignored = _look_at_all(marc, signals)
    key = clean(marc.control("001") or "")
    if not _KEY.fullmatch(key):
        return Mapped((), (*signals, signal("bad_value", "001", key)), ignored)
    addresses = _addresses(marc, signals)
    own = _language(marc, languages, signals)
    title = _title(marc)
    countries = _countries(marc, title, signals)
    metadata = DocumentMetadata(
        igo=query.igo or "ILO",
        body=query.body or next(iter(_names(marc, "110", "710")), None),
        symbol=_symbol(marc),
        title=title,
        doc_type=query.doc_type,
        mission_kind=query.mission_kind,
        country_iso3=countries[0].iso3 if len(countries) == 1 else None,
        country_name="; ".join(country.name for country in countries) or None,
        published=_published(marc, signals),
        url=page_url.replace("{id}", key) or None,
        extra=_extra(marc, countries),
    )
    records = tuple(
        Record(
            source_id,
            f"{key}/{language or 'und'}",
            None,
            replace(metadata, language=language),
            links=_links(addresses, source_id, language),
            version=version,
            raw=raw,
        )
        for language in dict.fromkeys((own, *(told for _, told in addresses if told is not None)))
    )
    return Mapped(records, tuple(signals), ignored)


def moved_url(url: str) -> str | None:
    """Return where a file of the ILO's site before 2024 lies now, or None for any other address.

    >>> moved_url("https://www.ilo.org/wcmsp5/groups/public/---ed_norm/---ipec/documents/publication/wcms_000001.pdf")
    'https://www.ilo.org/sites/default/files/wcmsp5/groups/public/@ed_norm/@ipec/documents/publication/wcms_000001.pdf'
    """
    parts = urlsplit(url)
    match = _OLD_PATH.fullmatch(parts.path)
    if match is None or parts.hostname not in (SITE, "ilo.org"):
        return None
    return f"https://{SITE}/sites/default/files/wcmsp5/groups/public/{match['rest'].replace('---', '@')}"


def format_of_file(url: str) -> str | None:
    """Return the format of the file at an address; None for pages. Where the site keeps its files, web pages and texts are files too."""
    file_format = format_of_url(url)
    is_file = file_format in ("pdf", "docx", "doc") or urlsplit(url).path.startswith(_FILE_PATHS)
    return file_format if is_file else None


def _look_at_all(marc: MarcRecord, signals: list[Signal]) -> tuple[str, ...]:
    ignored: dict[str, None] = {}
    for one in marc.fields:
        if one.tag in ("001", "003", "005", "008"):
            continue
        read = READ.get(one.tag)
        if read is None:
            if is_ignored(one.tag):
                ignored[one.tag] = None
            else:
                signals.append(signal("unknown_field", one.tag, one.value or " ".join(text for _, text in one.subfields)))
            continue
        for code, text in one.subfields:
            if code in read:
                continue
            if code in CONTROL_SUBFIELDS or code in IGNORED_SUBFIELDS.get(one.tag, {}):
                ignored[f"{one.tag}${code}"] = None
            else:
                signals.append(signal("unknown_field", f"{one.tag}${code}", text))
    return tuple(ignored)


def _title(marc: MarcRecord) -> str | None:
    for one in marc.all("245"):
        title = clean(one.joined("abnp")).rstrip(" /:;,=").strip()
        if title:
            return title
    return None


def _language(marc: MarcRecord, languages: Sequence[str], signals: list[Signal]) -> str | None:
    fixed = (marc.control("008") or "")[35:38].strip(" |#")
    # Older records run several codes of three letters together: `engfrespa`.
    listed = [text[at : at + 3] for text in marc.texts("041", "a") for at in range(0, len(text), 3)]
    codes = []
    for text in dict.fromkeys([fixed, *listed]):
        if not text or text in ("mul", "und", "zxx"):
            continue
        code = language_code(text)
        if code is None:
            signals.append(signal("unknown_value", "041$a", text))
        else:
            codes.append(code)
    if not codes:
        signals.append(signal("bad_value", "041$a", f"no language is told of {clean(marc.control('001') or '')}"))
    return next((code for code in languages if code in codes), codes[0] if codes else None)


def _countries(marc: MarcRecord, title: str | None, signals: list[Signal]) -> tuple[Country, ...]:
    """Return the countries of the title where it names some, else those of the subjects: a title names the host, subjects much besides."""
    in_title = countries_in_title(title or "")
    if in_title:
        return tuple(dict.fromkeys(in_title))
    found: dict[str, Country] = {}
    for name in [*marc.texts("651", "a"), *marc.texts("650", "z")]:
        plain = clean(name).rstrip(" .;,")
        country = find_country(plain)
        if country is not None:
            found.setdefault(country.iso3, country)
        elif plain and not default_countries().is_no_country(plain):
            signals.append(signal("unknown_value", "651$a", plain))
    return tuple(found.values())


def _published(marc: MarcRecord, signals: list[Signal]) -> date | None:
    for text in [*marc.texts("264", "c"), *marc.texts("260", "c")]:
        parsed = parse_date(text.strip(" .,;[]©c"))
        if parsed is not None:
            return parsed[0]
        signals.append(signal("bad_value", "264$c", text))
    parsed = parse_date((marc.control("008") or "")[7:11])
    return parsed[0] if parsed is not None else None


def _symbol(marc: MarcRecord) -> str | None:
    for tag in ("088", "086"):
        for text in marc.texts(tag, "a"):
            symbol = parse_symbol(text)
            if symbol is not None:
                return symbol.text
    return None


def _names(marc: MarcRecord, *tags: str) -> list[str]:
    return [name for one in marc.all(*tags) if (name := clean(one.joined("ab")).rstrip(" .,;"))]


def _extra(marc: MarcRecord, countries: Sequence[Country]) -> dict[str, str]:
    numbers = marc.texts("024", "a")
    extra = {
        "abstract": clean(" ".join(one.joined("ab") for one in marc.all("520"))),
        "isbn": "; ".join(_first_word(text) for text in marc.texts("020", "a")),
        "doi": "; ".join(clean(text) for text in numbers if text.startswith("10.")),
        "bodies": "; ".join(_names(marc, "110", "710", "111", "711")),
        "authors": "; ".join(_names(marc, "100", "700")),
        "series": "; ".join(clean(one.joined("av")) for one in marc.all("490", "830")),
        "other_title": "; ".join(clean(text) for text in marc.texts("246", "a")),
        "notes": " ".join(clean(text) for text in marc.texts("500", "a")),
        "licence": "; ".join(clean(one.joined("au")) for one in marc.all("540", "506")),
        "subjects": "; ".join(dict.fromkeys(clean(text) for text in marc.texts("650", "a"))),
        "report_number": "; ".join(clean(text) for tag in ("086", "088") for text in marc.texts(tag, "a")),
        "countries": " ".join(country.iso3 for country in countries) if len(countries) > 1 else "",
    }
    return {name: text for name, text in extra.items() if text}


def _first_word(text: str) -> str:
    return clean(text).partition(" ")[0]


def _addresses(marc: MarcRecord, signals: list[Signal]) -> list[tuple[str, str | None]]:
    """Return the addresses of 856, each with the language of its file where the field or the name of the file tells it."""
    addresses = []
    for one in marc.all("856"):
        for text in (text for code, text in one.subfields if code == "u"):
            url = https_url(text)
            if url is None:
                signals.append(signal("bad_value", "856$u", text))
                continue
            words = (said for code in "3yz" if (said := one.first(code)))
            addresses.append((url, language_of_file(*words, name_of_url(url)) if format_of_file(url) else None))
    return addresses


def _links(addresses: Sequence[tuple[str, str | None]], source_id: str, language: str | None) -> tuple[FileLink, ...]:
    """Return files of the language or of none in particular first, then pages of the ILO's site, on which a file may be found."""
    files: list[FileLink] = []
    pages: list[FileLink] = []
    for url, told in addresses:
        if told not in (None, language):
            continue
        is_site = urlsplit(url).hostname in (SITE, "ilo.org")
        route = "ilo-site" if is_site else source_id
        file_format = format_of_file(url)
        if file_format is not None:
            files.extend(FileLink(address, route, file_format, language) for address in (moved_url(url), url) if address)
        elif is_site:
            pages.append(FileLink(url, route, None, language))
    return tuple({link.url: link for link in [*files, *pages]}.values())
