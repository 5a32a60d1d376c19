"""What there is in the replica's world: documents with their files, who lists them, and the changes that happen to them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from sources.replica.content import Content

START = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
"""When a world begins whose clock nobody gives."""

UN_SERVICES = frozenset({"un-library", "un-oai", "ods"})
ILO_SERVICES = frozenset({"ilo-catalogue", "ilo-site"})


class SetClock:
    """A clock that stands still until it is set: tests decide what time it is."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the time of the world, UTC."""
        return self.now

    def advance(self, step: timedelta) -> None:
        """Let time pass."""
        self.now += step


@dataclass(frozen=True, slots=True)
class Place:
    """A country as an organization names it, with the code where there is one."""

    name: str
    iso3: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """One language version of a document in one format (pdf, docx, doc, html, txt); `modified` is the moment that HTTP gives."""

    language: str
    file_format: str
    content: Content
    modified: datetime


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the world, whoever lists it.

    Attributes:
        number: its place in the world, from 1; all identifiers that the services give are made of it.
        symbols: UN symbols; the first is the main one.
        title, subtitle, abstract: in the language of the first file.
        kind: as the manifests of the project name it, e.g. `country_visit_report`.
        precision: how much of `published` the services tell.
        services: identifiers of the sources that know it.
        created, updated: when its record was made and last changed.
        is_out: False while its symbol is known and its files are not to be had.
        withdrawn: when its record was taken back.
        is_scan: its pages are pictures.
        snapshots: copies that the Internet Archive holds, with the moment at which each was made.
        n_paragraphs: how many paragraphs the Universal Human Rights Index has of it.
    """

    number: int
    igo: str
    body: str
    title: str
    kind: str
    published: date
    services: frozenset[str]
    created: datetime
    updated: datetime
    symbols: tuple[str, ...] = ()
    subtitle: str = ""
    abstract: str = ""
    precision: Literal["day", "month", "year"] = "day"
    places: tuple[Place, ...] = ()
    files: tuple[File, ...] = ()
    is_out: bool = True
    withdrawn: datetime | None = None
    is_scan: bool = False
    snapshots: tuple[tuple[datetime, File], ...] = ()
    n_paragraphs: int = 3

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of its files, in order, each once."""
        return tuple(dict.fromkeys(file.language for file in self.files))

    def file(self, language: str, formats: Sequence[str] = ("pdf", "docx", "doc", "html", "txt")) -> File | None:
        """Return its file in a language, in the first of these formats that it has."""
        if not self.is_out:
            return None
        for file_format in formats:
            for file in self.files:
                if (file.language, file.file_format) == (language, file_format):
                    return file
        return None

    def main_files(self) -> tuple[File, ...]:
        """Return one file a language, nothing while they are not out."""
        return tuple(file for language in self.languages if (file := self.file(language)))


@dataclass(frozen=True, slots=True)
class Habits:
    """What the facts leave open, or what was seen to differ from day to day; tests choose.

    Attributes:
        oai_error_status: status of an answer of OAI-PMH that is an error.
        oai_page_size: records a page.
        oai_window_days: longer or open-ended windows end in 503.
        token_life: how long a resumption token holds.
        digital_library_is_open: False: its files and pages answer with a challenge.
        record_api_has_namespace: whether the MARCXML of the record API names its namespace.
        upper_case_answer: what the upper-case path of ODS gives: the application page or a 301.
        wds_shape: the World Bank's answers of v2 as of 2017 or of 2026.
        reliefweb_names: approved values of `appname`.
        sitemap_page_size: addresses a page of the ILO's site map.
    """

    oai_error_status: int = 200
    oai_page_size: int = 60
    oai_window_days: int = 32
    token_life: timedelta = timedelta(hours=24)
    digital_library_is_open: bool = False
    record_api_has_namespace: bool = True
    upper_case_answer: Literal["page", "redirect"] = "page"
    wds_shape: Literal["2017", "2026"] = "2026"
    reliefweb_names: frozenset[str] = frozenset({"entente-replica"})
    reliefweb_calls_a_day: int = 1000
    sitemap_page_size: int = 25


@dataclass(frozen=True, slots=True)
class _Index:
    version: int
    numbers: tuple[int, ...]
    by_stamp: tuple[tuple[datetime, int], ...] = field(repr=False)


class World:
    """The documents and their history. Changes may be made while the server answers.

    Args:
        documents: all of them, numbered from 1 without a gap; may be made lazily (see `generated.py`).
        clock: what time it is in the world, UTC.
        habits: what the services do where the facts leave it open.
    """

    def __init__(
        self, documents: Sequence[Document], clock: Callable[[], datetime] | None = None, habits: Habits | None = None
    ) -> None:
        self.clock = clock or SetClock()
        self.habits = habits or Habits()
        self.version = 1
        self._base = documents
        self._changed: dict[int, Document] = {}
        self._n = len(documents)
        self._symbols: dict[str, int] = {}
        self._symbols_version = 0
        self._indexes: dict[str, _Index] = {}
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return self._n

    @property
    def now(self) -> datetime:
        """The time of the world, UTC."""
        return self.clock()

    def document(self, number: int) -> Document | None:
        """Return a document by its number, or None where there is none."""
        changed = self._changed.get(number)
        if changed is not None:
            return changed
        return self._base[number - 1] if 1 <= number <= len(self._base) else None

    def documents(self, service: str | None = None) -> Iterator[Document]:
        """Yield the documents that a service knows (all where none is named), withdrawn ones included, by number."""
        for number in range(1, len(self) + 1):
            document = self.document(number)
            if document is not None and (service is None or service in document.services):
                yield document

    def numbers(self, service: str) -> tuple[int, ...]:
        """Return the numbers of the documents that a service knows, withdrawn ones included, in order."""
        return self._index(service).numbers

    def by_stamp(self, service: str) -> tuple[tuple[datetime, int], ...]:
        """Return the stamp of the last change (a withdrawal counts) and the number of each document of a service, in order of time."""
        return self._index(service).by_stamp

    def find(self, symbol: str) -> Document | None:
        """Return the document with this symbol; case and blanks at the ends do not matter."""
        wanted = symbol.strip().upper()
        with self._lock:
            if self._symbols_version != self.version:
                self._symbols = {one.upper(): document.number for document in self.documents() for one in document.symbols}
                self._symbols_version = self.version
        number = self._symbols.get(wanted)
        return self.document(number) if number else None

    def add(self, document: Document) -> Document:
        """Take in a new document; its number is set to the next one and its stamps to now."""
        with self._lock:
            return self._put(replace(document, number=len(self) + 1, created=self.now, updated=self.now))

    def revise(self, number: int, content: bytes, *, language: str | None = None, file_format: str | None = None) -> Document:
        """Put new bytes in the place of a document's file (the first that fits) and stamp record and file with now.

        Raises:
            LookupError: when there is no such document or file.
        """
        with self._lock:
            document = self._existing(number)
            for place, file in enumerate(document.files):
                if language in (None, file.language) and file_format in (None, file.file_format):
                    files = list(document.files)
                    files[place] = replace(file, content=Content(held=content), modified=self.now)
                    return self._put(replace(document, files=tuple(files), updated=self.now))
        raise LookupError(f"document {number} has no such file")

    def change_record(self, number: int, **fields: object) -> Document:
        """Change what is said of a document (`title=...`) and stamp its record with now; its files stay.

        Raises:
            LookupError: when there is no such document.
        """
        with self._lock:
            return self._put(replace(self._existing(number), updated=self.now, **fields))  # type: ignore[arg-type]  # the caller names fields

    def withdraw(self, number: int) -> Document:
        """Take a record back: lists no longer have it, OAI-PMH says that it is deleted; raises `LookupError`."""
        with self._lock:
            return self._put(replace(self._existing(number), withdrawn=self.now))

    def publish(self, number: int, *, touches_record: bool = False) -> Document:
        """Bring out the files of a document; its record is stamped anew only where `touches_record`; raises `LookupError`."""
        with self._lock:
            document = self._existing(number)
            files = tuple(replace(file, modified=self.now) for file in document.files)
            updated = self.now if touches_record else document.updated
            return self._put(replace(document, is_out=True, files=files, updated=updated))

    def _existing(self, number: int) -> Document:
        document = self.document(number)
        if document is None:
            raise LookupError(f"there is no document {number}")
        return document

    def _put(self, document: Document) -> Document:
        self._changed[document.number] = document
        self._n = max(self._n, document.number)
        self.version += 1
        return document

    def _index(self, service: str) -> _Index:
        with self._lock:
            index = self._indexes.get(service)
            if index is None or index.version != self.version:
                stamps = [(document.withdrawn or document.updated, document.number) for document in self.documents(service)]
                index = _Index(self.version, tuple(number for _, number in stamps), tuple(sorted(stamps)))
                self._indexes[service] = index
            return index
