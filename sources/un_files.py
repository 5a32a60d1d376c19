"""Where the file of a UN document may be had: by its symbol, by the addresses that its record carries, by the Library's own store."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from sources.connectors.ods import ods_url
from sources.languages import language_code
from sources.links import format_of_url, https_url, language_of_file
from sources.marc import MarcField
from sources.types import FileLink, Signal

_UN_LANGUAGES = ("en", "fr", "es", "ru", "ar", "zh")
_LANGUAGE_AT_END = re.compile(r"-(EN|FR|ES|RU|AR|ZH)\.[a-z]+$", re.IGNORECASE)


class FileRoutes(BaseModel):
    """How files are found; part of the settings of the UN sources.

    Attributes:
        ods_base: `https://` and the host of symbol access; empty asks it for nothing.
        ods_formats: in the order in which they are tried.
        library_files: address of the Library's list of files; empty asks it for nothing.
        hosts: host of an address in a record to the id of the source by whose rules it is fetched; empty text leaves such addresses aside.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    ods_base: str = ""
    ods_formats: Annotated[tuple[str, ...], Field(min_length=1)] = ("pdf",)
    library_files: str = ""
    hosts: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Files:
    """The addresses that a record carries, by language (None where it says none), and what nobody has decided about."""

    by_language: Mapping[str | None, tuple[FileLink, ...]]
    signals: tuple[Signal, ...]

    def languages(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return the wanted languages that the record names; all wanted ones where it names none of them.

        Records name the languages of the Library's copies, and those are often fewer than there are: so none named is no reason to leave a
        document out.
        """
        named = tuple(language for language in wanted if language in self.by_language)
        return named or tuple(wanted)


def files_of(fields: Sequence[MarcField], routes: FileRoutes) -> Files:
    """Read the fields 856 of a record: `u` address, `y` language in words."""
    found: dict[str | None, list[FileLink]] = {}
    signals: list[Signal] = []
    for one in fields:
        for raw in (text for code, text in one.subfields if code == "u"):
            url = https_url(raw)
            if url is None:
                signals.append(Signal("bad_value", "856$u", raw[:200]))
                continue
            host = url.split("/")[2]
            route = routes.hosts.get(host)
            if route is None:
                signals.append(Signal("unknown_value", "856$u", f"host {host}"[:200]))
                continue
            if not route:
                continue
            said = one.first("y") or one.first("3") or one.first("z")
            language = language_code(said) or _language_of(url)
            if language is None and said:
                signals.append(Signal("unknown_value", "856$y", said[:200]))
            link = FileLink(url, route, format_of_url(url), language)
            if link not in found.setdefault(language, []):
                found[language].append(link)
    return Files({language: tuple(links) for language, links in found.items()}, tuple(signals))


def links_for(symbol: str | None, language: str, files: Files, routes: FileRoutes) -> tuple[FileLink, ...]:
    """Return where to try for one language version, in order: by symbol, the record's own addresses, the Library's store."""
    links: list[FileLink] = []
    by_symbol = symbol is not None and language in _UN_LANGUAGES
    if by_symbol and symbol and routes.ods_base:
        links += [
            FileLink(ods_url(routes.ods_base, symbol, language, kind), "ods", kind, language) for kind in routes.ods_formats
        ]
    links += files.by_language.get(language, ())
    if language == "en" or not any(key for key in files.by_language):
        links += files.by_language.get(None, ())
    if by_symbol and symbol and routes.library_files:
        query = f"identifier_type=symbol&identifier={quote(symbol, safe='/')}&language={language}"
        links.append(FileLink(f"{routes.library_files}?{query}", "un-library", None, language))
    return tuple(links)


def _language_of(url: str) -> str | None:
    match = _LANGUAGE_AT_END.search(url)
    return match[1].lower() if match else language_of_file(url.rpartition("/")[2].rpartition(".")[0])
