"""A world made from a folder of reports and its manifest: the shipped sample with invented organizations, or a folder of real reports.

What an organization of the manifest becomes in the world (the mapping is the same on every run):

| manifest | in the world | identity | listed by |
| --- | --- | --- | --- |
| COS, or `UN` with a symbol | a UN document | symbol (see below) | record API, OAI-PMH, ODS; UHRI for human-rights symbols |
| COS, mission kind `field_mission` | the same | | and ReliefWeb |
| CLO, or `ILO` | an ILO publication | MMS id, address | catalogue, site |
| CLO, kind `monitoring_report` | the same | | and the World Bank, with the same bytes |
| `WB`, `World Bank` | a World Bank document | id, guid | World Bank |
| everything else | a report of somebody | id | ReliefWeb |

Invented symbols, so that no real document is claimed (<n> is the number of the document in the world):

| kind | symbol |
| --- | --- |
| Secretary-General's report | `S/2090/<n>`, every second also `A/990/<n>` |
| country visit, end-of-mission statement | `A/HRC/990/<n>/Add.1` |
| commission of inquiry | `A/HRC/991/<n>` |
| report of a mission | `CAT/OP/<country>/<n>` |
| others | `A/HRC/990/<n>` |

Symbols of a `UN` row are kept; `A/79/797-S/2025/109` is one document with two symbols. Rows with the same organization and symbol are one
document with several files. Invented countries keep their names.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

from sources.replica.content import Content
from sources.replica.world import ILO_SERVICES, START, UN_SERVICES, Document, File, Habits, Place, World

_FORMATS = {".pdf": "pdf", ".docx": "docx", ".doc": "doc", ".html": "html", ".htm": "html", ".txt": "txt"}
_ORGANIZATIONS = {"COS": "UN", "CLO": "ILO", "WORLD BANK": "WB"}
_INVENTED = ("COS", "CLO")
_NOTHING = frozenset({"", "n/a", "multiple", "none", "(none)"})
_HUMAN_RIGHTS = re.compile(r"(A/HRC|E/CN\.4|CAT|CEDAW|CRC|CCPR|E/C\.12|CERD|CMW|CRPD|CED)/")
_COLUMNS = {"symbol": "symbol_or_id", "body": "body_or_mandate", "country_name": "country", "published": "year"}
_VISIT_KINDS = ("country_visit_report", "end_of_mission_statement")
_KIND_WORDS = (
    ("sg mission report", "sg_mission_report"),
    ("sg report", "sg_mission_report"),
    ("concluding observations", "concluding_observations"),
    ("resolution", "resolution"),
    ("verbatim", "verbatim_record"),
    ("letter", "letter"),
    ("upr working group report", "upr_report"),
)


def world_from_manifest(
    folder: Path,
    manifest: Path,
    *,
    broken: Path | None = None,
    clock: Callable[[], datetime] | None = None,
    habits: Habits | None = None,
) -> World:
    """Return a world of the documents of a manifest; arguments as for `documents_from_manifest` and `World`."""
    now = clock() if clock else START
    return World(documents_from_manifest(folder, manifest, broken=broken, now=now), clock, habits)


def documents_from_manifest(folder: Path, manifest: Path, *, broken: Path | None = None, now: datetime = START) -> list[Document]:
    """Return the documents of a manifest, numbered from 1 in its order.

    Args:
        folder: the paths of the manifest's column `file` begin here.
        manifest: a CSV with the columns of `sample/manifest.csv`; `symbol_or_id`, `body_or_mandate`, `country` and `year` are understood too.
        broken: a folder of files that nobody can read; each becomes the file of a UN document `A/HRC/992/<n>`.
        now: all stamps lie before it.

    Raises:
        OSError: when the manifest cannot be read.
    """
    with manifest.open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if _is_usable(folder, row)]
    groups: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        symbol = _cell(row, "symbol")
        groups.setdefault((_cell(row, "igo"), symbol or row["file"]), []).append(row)
    documents: list[Document] = []
    for group in groups.values():
        documents.append(_document(len(documents) + 1, folder, group, now))
    for path in sorted(broken.iterdir()) if broken else ():
        if path.suffix in _FORMATS:
            documents.append(_broken_document(len(documents) + 1, path, now))
    return documents


def _is_usable(folder: Path, row: Mapping[str, str]) -> bool:
    path = folder / row["file"]
    return path.suffix.lower() in _FORMATS and path.is_file() and path.parts[-2] not in ("text", "passages")


def _document(number: int, folder: Path, rows: list[dict[str, str]], now: datetime) -> Document:
    first = rows[0]
    igo = _cell(first, "igo").upper()
    organization = _ORGANIZATIONS.get(igo, igo)
    is_invented = igo in _INVENTED
    kind = _kind(_cell(first, "doc_type"))
    iso3 = _cell(first, "country_iso3") or None
    places = tuple(
        Place(name.strip(), iso3) for name in _cell(first, "country_name").split(";") if name.strip().lower() not in _NOTHING
    )
    symbols = _symbols(number, organization, kind, iso3, is_invented, _cell(first, "symbol"))
    published, precision = _date(_cell(first, "published"))
    created, updated = stamps(number, now)
    files = tuple(_files(folder, rows, created))
    return Document(
        number=number,
        igo=organization,
        body=_cell(first, "body"),
        title=_cell(first, "title"),
        subtitle=_subtitle(kind, places) if is_invented else "",
        abstract=_abstract(first),
        kind=kind,
        published=published,
        precision=precision,
        services=_services(organization, kind, symbols, _cell(first, "mission_kind")),
        created=created,
        updated=updated,
        symbols=symbols,
        places=places,
        files=files,
        is_scan="scan" in _cell(first, "doc_type").lower(),
        snapshots=tuple((created + timedelta(days=1), file) for file in files),
    )


def _broken_document(number: int, path: Path, now: datetime) -> Document:
    created, updated = stamps(number, now)
    file = File("en", _FORMATS[path.suffix], Content(path), created)
    return Document(
        number=number,
        igo="UN",
        body="Special Rapporteur on unreadable files",
        title=f"Visit to Tirvane: report that nobody can read, No. {number}",
        kind="country_visit_report",
        published=date(2020, 1, 1) + timedelta(days=number),
        services=UN_SERVICES,
        created=created,
        updated=updated,
        symbols=(f"A/HRC/992/{number}",),
        places=(Place("Tirvane", "XAC"),),
        files=(file,),
    )


def stamps(number: int, now: datetime) -> tuple[datetime, datetime]:
    """Return when the record of a document was made and last changed: spread over the two years before `now`, the last ten days left out."""
    created = now - timedelta(days=730 - (number * 131) % 600, seconds=number * 7919 % 80_000)
    days = int((now - created).total_seconds() // 86_400) - 10
    updated = created + timedelta(days=(number * 53) % max(days, 1))
    return created.replace(microsecond=0), updated.replace(microsecond=0)


def _files(folder: Path, rows: Iterable[Mapping[str, str]], modified: datetime) -> Iterable[File]:
    seen: set[tuple[str, str]] = set()
    for row in rows:
        path = folder / row["file"]
        language = _cell(row, "language").partition("+")[0] or "en"
        key = (language, _FORMATS[path.suffix.lower()])
        if key not in seen:
            seen.add(key)
            yield File(*key, Content(path.resolve()), modified)


def _cell(row: Mapping[str, str], name: str) -> str:
    return (row.get(name) or row.get(_COLUMNS.get(name, name)) or "").strip()


def _kind(text: str) -> str:
    plain = text.lower()
    return next((kind for words, kind in _KIND_WORDS if words in plain), re.sub(r"\W+", "_", plain).strip("_") or "report")


def _symbols(number: int, organization: str, kind: str, iso3: str | None, is_invented: bool, said: str) -> tuple[str, ...]:
    if organization != "UN":
        return ()
    if not is_invented:
        plain = said if said.lower() not in _NOTHING else ""
        return tuple(re.split(r"-(?=[A-Z]+/)", plain)) if "/" in plain else ()
    if kind == "sg_mission_report":
        return (f"S/2090/{number}", f"A/990/{number}") if number % 2 == 0 else (f"S/2090/{number}",)
    if kind in _VISIT_KINDS:
        return (f"A/HRC/990/{number}/Add.1",)
    if kind == "commission_of_inquiry":
        return (f"A/HRC/991/{number}",)
    return (f"CAT/OP/{iso3 or 'XAA'}/{number}",) if kind == "mission_report" else (f"A/HRC/990/{number}",)


def _services(organization: str, kind: str, symbols: tuple[str, ...], mission_kind: str) -> frozenset[str]:
    if organization == "ILO":
        return ILO_SERVICES | ({"worldbank"} if kind == "monitoring_report" else set())
    if organization == "WB":
        return frozenset({"worldbank"})
    if organization != "UN" or not symbols:
        return frozenset({"reliefweb"})
    services = set(UN_SERVICES)
    if _HUMAN_RIGHTS.match(symbols[0]):
        services.add("uhri")
    if mission_kind == "field_mission":
        services.add("reliefweb")
    return frozenset(services)


def _date(text: str) -> tuple[date, Literal["day", "month", "year"]]:
    """Return a date of the forms YYYY, YYYY-MM, YYYY-MM-DD and how much of it is known; the year 2000 where nothing is."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return date.fromisoformat(text), "day"
    if re.fullmatch(r"\d{4}-\d\d", text):
        return date.fromisoformat(f"{text}-01"), "month"
    return date(int(text) if re.fullmatch(r"\d{4}", text) else 2000, 1, 1), "year"


def _subtitle(kind: str, places: tuple[Place, ...]) -> str:
    """Return the rest of the title as the Library words it."""
    if not places:
        return ""
    words = {
        "country_visit_report": "visit to",
        "mission_report": "mission to",
        "commission_of_inquiry": "commission of inquiry on",
    }
    return f"{words[kind]} {places[0].name}" if kind in words else ""


def _abstract(row: Mapping[str, str]) -> str:
    start, end, place = _cell(row, "mission_start"), _cell(row, "mission_end"), _cell(row, "country_name")
    if not (start and end and place):
        return ""
    first, last = (datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) for day in (start, end))
    dates = f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}"
    return f"The report sets out what was seen in {place} from {dates}."


def renumbered(documents: Iterable[Document], first: int) -> list[Document]:
    """Return documents with new numbers from `first` on, so that two lists can be joined in one world."""
    return [replace(document, number=first + place) for place, document in enumerate(documents)]
