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
# Subfields that control the record itself (authority numbers, sources, linkage), in any field.
_CONTROL_SUBFIELDS = frozenset("0123456789")

# Fields whose subfields are read; the others of these fields are signalled unless IGNORED_SUBFIELDS names them.
_READ = {
    "020": "a",
    "024": "a",
    "041": "a",
    "086": "a",
    "088": "a",
    "100": "a",
    "110": "ab",
    "111": "a",
    "245": "abnp",
    "246": "a",
    "260": "c",
    "264": "c",
    "500": "a",
    "506": "a",
    "520": "ab",
    "540": "au",
    "650": "az",
    "651": "a",
    "700": "a",
    "710": "ab",
    "711": "a",
    "830": "av",
    "490": "av",
    "856": "u3yz",
}
IGNORED_SUBFIELDS = {
    "020": {"c": "price", "q": "binding", "z": "a cancelled number"},
    "024": {"q": "binding", "z": "a cancelled number"},
    "041": {"b": "languages of summaries", "h": "the language it was translated from", "f": "languages of contents"},
    "100": {
        "e": "the role",
        "q": "the fuller name",
        "d": "dates of a person",
        "c": "titles of a person",
        "u": "where a person works",
    },
    "110": {"e": "the role", "n": "number of the meeting", "d": "date of the meeting", "c": "place of the meeting"},
    "111": {"e": "the role", "n": "number of the meeting", "d": "date of the meeting", "c": "place of the meeting"},
    "245": {"c": "who is responsible stands in 1XX and 7XX", "h": "the medium"},
    "246": {"b": "the rest of another title", "i": "the kind of another title", "n": "a part", "p": "a part"},
    "260": {"a": "place", "b": "publisher"},
    "264": {"a": "place", "b": "publisher"},
    "506": {"f": "a code of access", "u": "an address of terms"},
    "540": {"f": "a code of terms"},
    "650": {"v": "the form", "x": "a part of the subject", "y": "a period"},
    "651": {"v": "the form", "x": "a part of the subject", "y": "a period"},
    "700": {
        "e": "the role",
        "t": "a work inside",
        "d": "dates of a person",
        "q": "the fuller name",
        "c": "titles of a person",
        "u": "where",
    },
    "710": {"e": "the role", "t": "a work inside", "n": "a number", "d": "a date", "c": "a place"},
    "711": {"e": "the role", "n": "number of the meeting", "d": "date of the meeting", "c": "place of the meeting"},
    "490": {"x": "the number of the series as a serial"},
    "830": {"x": "the number of the series as a serial", "n": "a part", "p": "a part"},
    "856": {"q": "the bytes decide what a file is", "s": "the size", "x": "notes of the cataloguers", "m": "whom to ask"},
}
IGNORED = {
    "006": "codes of the kind of material",
    "007": "codes of the kind of material",
    "010": "numbers of other catalogues",
    "015": "numbers of other catalogues",
    "016": "numbers of other catalogues",
    "022": "the number of a serial",
    "027": "numbers of other catalogues",
    "035": "numbers of other catalogues",
    "040": "who catalogued it",
    "042": "who catalogued it",
    "043": "codes of places; countries come from names",
    "044": "where it was published",
    "045": "codes of periods",
    "050": "shelf marks",
    "072": "codes of subjects",
    "080": "shelf marks",
    "082": "shelf marks",
    "084": "shelf marks",
    "090": "shelf marks",
    "099": "shelf marks",
    "130": "uniform titles",
    "240": "uniform titles",
    "242": "translated titles made by cataloguers",
    "247": "former titles",
    "250": "the edition",
    "263": "when it was expected",
    "300": "number of pages",
    "310": "how often a serial appears",
    "336": "codes of the kind of material",
    "337": "codes of the kind of material",
    "338": "codes of the kind of material",
    "340": "codes of the kind of material",
    "347": "codes of the kind of material",
    "362": "first and last issue of a serial",
    "501": "notes on the copy",
    "504": "note on the bibliography",
    "505": "table of contents",
    "515": "numbering of a serial",
    "516": "kind of the file",
    "525": "supplements",
    "530": "other forms of it",
    "533": "notes on a reproduction",
    "534": "notes on the original",
    "536": "who paid",
    "538": "what is needed to open it",
    "546": "the language in words; codes are read",
    "550": "who issues it",
    "580": "related serials",
    "583": "work of the cataloguers",
    "588": "from what it was described",
    "590": "notes of the library",
    "599": "notes of the library",
    "600": "persons as subjects",
    "610": "bodies as subjects",
    "611": "meetings as subjects",
    "630": "works as subjects",
    "648": "periods as subjects",
    "653": "free words",
    "655": "the form",
    "690": "subjects of the library's own list",
    "730": "related works",
    "740": "related titles",
    "765": "related works",
    "767": "related works",
    "770": "related works",
    "772": "related works",
    "773": "the work that it is a part of",
    "775": "other editions; each has a record of its own",
    "776": "other forms of it",
    "777": "related works",
    "780": "earlier titles of a serial",
    "785": "later titles of a serial",
    "787": "related works",
    "852": "where a copy stands",
    "866": "which issues are held",
    "880": "the same in another script",
    "887": "data of no MARC kind",
    "AVA": "where printed copies stand",
    "AVD": "where digital copies are kept; the addresses come from 856",
    "AVE": "where licensed copies are kept; the addresses come from 856",
}
_IGNORED_GROUP = re.compile(r"9\d\d|[A-Z]{3}|59\d|69\d|09\d")


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
        read = _READ.get(one.tag)
        if read is None:
            if one.tag in IGNORED or _IGNORED_GROUP.fullmatch(one.tag):
                ignored[one.tag] = None
            else:
                signals.append(signal("unknown_field", one.tag, one.value or " ".join(text for _, text in one.subfields)))
            continue
        for code, text in one.subfields:
            if code in read:
                continue
            if code in _CONTROL_SUBFIELDS or code in IGNORED_SUBFIELDS.get(one.tag, {}):
                ignored[f"{one.tag}${code}"] = None
            else:
                signals.append(signal("unknown_field", f"{one.tag}${code}", text))
    return tuple(ignored)


def reason_for(place: str) -> str:
    """Return why a field (`300`) or a subfield (`245$c`) is ignored; raises `KeyError` for one that is not."""
    tag, _, code = place.partition("$")
    if code:
        return "control of the record" if code in _CONTROL_SUBFIELDS else IGNORED_SUBFIELDS[tag][code]
    if tag not in IGNORED and _IGNORED_GROUP.fullmatch(tag):
        return "a field of the library's own"
    return IGNORED[tag]


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
