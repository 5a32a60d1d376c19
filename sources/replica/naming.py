"""The identifiers and addresses that services give to the world's documents: all made from a document's number, so that they never change."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from urllib.parse import quote

from sources.replica.world import Document, File

LANGUAGE_NAMES = {"en": "English", "fr": "Français", "es": "Español", "ru": "Русский", "ar": "العربية", "zh": "中文"}
LANGUAGE_NAMES |= {"de": "Deutsch", "pt": "Português"}
ENGLISH_NAMES = {
    "en": "English",
    "fr": "French",
    "es": "Spanish",
    "ru": "Russian",
    "ar": "Arabic",
    "zh": "Chinese",
    "pt": "Portuguese",
}
_ODS_ORDER = ("zh", "ar", "en", "fr", "ru", "es")
_NAMESPACE = uuid.UUID("6f1c1f5e-2d0a-4a9b-9d0e-0d6a2e7c4b11")


def dlx_id(number: int) -> int:
    """Return the number of the record in the Library's own database."""
    return 1_000_000 + 7 * number


def number_of_dlx_id(record: int) -> int | None:
    """Return the number of the document with this record in the Library's own database, or None where it can have none."""
    number, rest = divmod(record - 1_000_000, 7)
    return number if rest == 0 and number > 0 else None


def recid(number: int) -> int:
    """Return the number of the record in the Digital Library, which counts in another way."""
    return 3_900_000 + 3 * number


def number_of_recid(record: int) -> int | None:
    """Return the number of the document with this record in the Digital Library, or None where it can have none."""
    number, rest = divmod(record - 3_900_000, 3)
    return number if rest == 0 and number > 0 else None


def mms_id(number: int) -> str:
    """Return the identifier in the ILO's catalogue."""
    return f"99{5_200_000 + number}02676"


def worldbank_id(number: int) -> str:
    """Return the identifier of a document of the World Bank."""
    return str(34_000_000 + number)


def worldbank_guid(number: int) -> str:
    """Return the long number in the World Bank's addresses."""
    return f"0999{number:06}12345678"


def reliefweb_id(number: int) -> str:
    """Return the identifier of a report on ReliefWeb."""
    return str(4_200_000 + number)


def stable_uuid(kind: str, number: int) -> str:
    """Return an identifier in the form of a UUID, e.g. for a document of the Universal Human Rights Index."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{number}"))


def full_symbol_series(symbol: str) -> tuple[str, str]:
    """Return what 191 $b and $c say of a symbol: the series and the session.

    >>> full_symbol_series("A/HRC/44/52")
    ('A/HRC/', '44')
    >>> full_symbol_series("S/2026/12")
    ('S/', '')
    """
    parts = symbol.split("/")
    digits = next((place for place, part in enumerate(parts) if part[:1].isdigit()), len(parts) - 1)
    series = "/".join(parts[:digits]) + "/" if digits else symbol
    session = parts[digits] if 0 < digits < len(parts) - 1 and len(parts[digits]) < 4 and parts[digits].isdigit() else ""
    return series, session


def iso_date(document: Document) -> str:
    """Return the date of a document with the precision that its services tell."""
    return document.published.isoformat()[: {"year": 4, "month": 7, "day": 10}[document.precision]]


def words_date(document: Document) -> str:
    """Return the date in words, e.g. `20 May 2019`."""
    form = {"year": "%Y", "month": "%B %Y", "day": "%d %B %Y"}[document.precision]
    return document.published.strftime(form).lstrip("0")


def symbol_file_name(symbol: str, language: str, file_format: str) -> str:
    """Return the Library's name of a file: slashes and blanks as `_`, brackets as `^`, asterisks as `!`, the language at the end."""
    plain = re.sub(r"[/ ]", "_", symbol)
    plain = re.sub(r"[\[\]]", "^", plain).replace("*", "!")
    return f"{plain}-{language.upper()}.{file_format}"


def digital_library_file(document: Document, file: File) -> str:
    """Return the address of a file in the Digital Library."""
    symbol = document.symbols[0] if document.symbols else f"document {document.number}"
    name = quote(symbol_file_name(symbol, file.language, file.file_format), safe="()^!")
    return f"https://digitallibrary.un.org/record/{recid(document.number)}/files/{name}"


def ods_job(document: Document, language: str) -> str:
    """Return the job number of a language version, e.g. `N2408081`; the languages of a document have neighbouring numbers."""
    place = _ODS_ORDER.index(language) if language in _ODS_ORDER else 2
    return f"N{document.published.year % 100:02}{(document.number * 6 + place) % 100_000:05}"


def ods_path(document: Document, file: File) -> str:
    """Return the path of a file of ODS, in lower case as it works."""
    job = ods_job(document, file.language).lower()
    folder = "img" if document.is_scan else ("pdf" if file.file_format == "pdf" else "doc")
    return f"/doc/undoc/gen/{job[:3]}/{job[3:6]}/{job[6:]}/{folder}/{job}.{file.file_format}"


def slug(document: Document) -> str:
    """Return the title as it stands in addresses."""
    words = re.sub(r"[^a-z0-9]+", "-", document.title.lower()).strip("-")
    return f"{words[:60].strip('-')}-{document.number}"


def ilo_section(document: Document) -> str:
    """Return the section of the ILO's site in which a document lies."""
    sections = {
        "governing_organ_paper": "resource/gb",
        "government_reply": "resource/gb",
        "committee_record": "resource/record-proceedings",
        "news": "resource/news",
        "training_material": "resource/training-material",
    }
    return sections.get(document.kind, "publications")


def ilo_page(document: Document, language: str) -> str:
    """Return the address of a document's page on the ILO's site."""
    prefix = "" if language == "en" else f"{language}/"
    return f"https://www.ilo.org/{prefix}{ilo_section(document)}/{slug(document)}"


def ilo_file(document: Document, file: File) -> str:
    """Return the address of a file on the ILO's site as it is today: moved there (older than 2016) or new."""
    if document.published.year < 2016:
        return f"https://www.ilo.org/sites/default/files/wcmsp5/groups/public/@ed_norm/@normes/documents/publication/{_wcms(document, file)}"
    folder = f"{document.published:%Y-%m}"
    return f"https://www.ilo.org/sites/default/files/{folder}/{slug(document)}-{file.language}.{file.file_format}"


def ilo_file_in_catalogue(document: Document, file: File) -> str:
    """Return the address as the catalogue has it: of what has moved, still the old one."""
    if document.published.year < 2016:
        return f"https://www.ilo.org/wcmsp5/groups/public/---ed_norm/---normes/documents/publication/{_wcms(document, file)}"
    return ilo_file(document, file)


def _wcms(document: Document, file: File) -> str:
    return f"wcms_{(200_000 + document.number) * 10 + sum(file.language.encode()) % 10}.{file.file_format}"


def worldbank_file(document: Document, file: File) -> str:
    """Return the address of a file as the World Bank writes it (http)."""
    guid = worldbank_guid(document.number)
    return f"http://documents.worldbank.org/curated/en/{guid}/{file.file_format}/{slug(document)}.{file.file_format}"


def worldbank_text(document: Document) -> str:
    """Return the address of a document's plain text as the World Bank writes it (http)."""
    return f"http://documents.worldbank.org/curated/en/{worldbank_guid(document.number)}/text/{slug(document)}.txt"


def reliefweb_file(document: Document, file: File) -> str:
    """Return the address of an attachment on ReliefWeb."""
    return f"https://reliefweb.int/attachments/{stable_uuid('attachment', document.number)}/{reliefweb_file_name(document, file)}"


def reliefweb_file_name(document: Document, file: File) -> str:
    """Return the name of an attachment on ReliefWeb."""
    name = file.content.path.name if file.content.path else f"{slug(document)}.{file.file_format}"
    return quote(Path(name).name)


def reliefweb_page(document: Document) -> str:
    """Return the address of a report's page on ReliefWeb."""
    place = document.places[0].name.lower().replace(" ", "-") if document.places else "world"
    return f"https://reliefweb.int/report/{place}/{slug(document)}"
