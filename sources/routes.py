"""From a record to its file: its addresses are tried in order, each by the rules of its route, then copies in the Internet Archive.

What comes is checked like any other file before it is kept. An answer that lies is named, and the next address is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sources.checks import MIME, sniff
from sources.connectors.archive import Copy, copy_url, download_copy, find_copies, settings_of
from sources.connectors.base import route_for
from sources.description import SourceDescription
from sources.links import format_of_url
from sources.store import Store
from sources.types import FileLink, Outcome, Record, Refusal, StoredFile
from sources.web.errors import Refused
from sources.web.results import Download, NotModified, Validators

if TYPE_CHECKING:
    from pathlib import Path

    from sources.web.client import Client

ARCHIVE = "archive"
_FORMAT_OF_MIME = {mime: file_format for file_format, mime in MIME.items() if file_format not in ("html", "txt")}
# States and reasons of the document ledger (`warehouse/states.py`) for the outcomes of requests; any other outcome is a bad answer.
_STATES: dict[Outcome, tuple[str, str]] = {
    "not_found": ("missing", "not_found"),
    "empty_answer": ("missing", "not_published_yet"),
}
_SAME_NAME: frozenset[Outcome] = frozenset(
    (
        "challenge_page",
        "forbidden",
        "robots_disallowed",
        "host_not_allowed",
        "rate_limited",
        "server_error",
        "connection_failed",
        "timed_out",
        "too_large",
        "wrong_type",
        "error_page",
    )
)
# Of several failures the first of these is the record's: what is known of the file itself, then who turned us away, then what came in its
# place, then what may pass, then what the source says of the file's absence. An address that we may not ask says least but for a plain
# "not found": somebody may have to allow its host.
_MOST_TELLING = (
    ("too_large", "encrypted", "unsupported_type"),
    ("challenge_page", "forbidden", "robots_disallowed"),
    ("wrong_type", "error_page", "truncated", "empty_file", "bad_answer"),
    ("rate_limited", "timed_out", "connection_failed", "server_error"),
    ("not_published_yet",),
    ("host_not_allowed",),
)
# A copy elsewhere helps against these. It does not where the bytes were seen and are the fault, where the document is not out yet, where
# robots.txt asks programs to stay away, or where the fault will pass by itself.
_A_COPY_HELPS = frozenset(
    (
        "challenge_page",
        "forbidden",
        "host_not_allowed",
        "connection_failed",
        "not_found",
        "wrong_type",
        "error_page",
        "truncated",
        "empty_file",
    )
)


class Attempt(NamedTuple):
    """One address that was tried: how it ended, and a sentence."""

    url: str
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was taken.

    Attributes:
        stored: the file in the store.
        link: the record's link through which it was found; for a copy the link of whose address it is a copy.
        url: where the bytes came from in the end; for a copy its address in the Archive, which holds the time of the copy.
        validators: what to send with the link the next time; None for a copy.
        attempts: every address that was tried before, and this one.
        copy: the copy in the Archive, where it is one.
    """

    stored: StoredFile
    link: FileLink
    url: str
    validators: Validators | None
    attempts: tuple[Attempt, ...]
    copy: Copy | None = None


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The file is the one that is here already: the server says so, or the same bytes came again.

    Attributes:
        link, url, attempts: as of `Fetched`.
        validators: what to send with the link the next time; None for a copy.
    """

    link: FileLink
    url: str
    attempts: tuple[Attempt, ...]
    validators: Validators | None = None


@dataclass(frozen=True, slots=True)
class _Failure:
    link: FileLink
    refusal: Refusal


def fetch_file(
    clients: Callable[[str], Client],
    descriptions: Mapping[str, SourceDescription],
    record: Record,
    store: Store,
    *,
    max_bytes: int,
    validators: Mapping[str, Validators],
    archive: bool,
    known_sha256: str | None = None,
) -> Fetched | Unchanged | Refusal:
    """Get the file of a record.

    Copies in the Archive are only looked for where no file of the record is here: an old copy must not take the place of a newer file.

    Args:
        clients: gives the client of a source or route.
        descriptions: of all routes, by id.
        record: what was listed; its links are tried in order.
        store: where the file is kept.
        max_bytes: larger files are refused.
        validators: by address, what servers said of the files that they gave before. An address that is not in it was never taken from; an
            address that is has a file here that belongs to this record.
        archive: whether copies in the Archive may be used (its description must be among `descriptions`).
        known_sha256: of the record's present file.

    Returns:
        The file, word that it is unchanged, or the most telling refusal with all that was tried.

    Raises:
        BadInput: when the description of a route is wrong.
        Unavailable: when the store cannot be written.
    """
    if not record.links:
        return Refusal("missing", "no_link", f"{_name(record)}: the source names no address of a file.")
    run = _Run(clients, descriptions, record, store, max_bytes, known_sha256)
    for link in record.links:
        taken = run.try_link(link, validators.get(link.url))
        if taken is not None:
            return taken
    is_here = known_sha256 is not None or any(link.url in validators for link in record.links)
    if archive and ARCHIVE in descriptions and not is_here:
        taken = run.try_copies()
        if taken is not None:
            return taken
    return run.most_telling()


class _Run:
    """The attempts at one record."""

    def __init__(
        self,
        clients: Callable[[str], Client],
        descriptions: Mapping[str, SourceDescription],
        record: Record,
        store: Store,
        max_bytes: int,
        known_sha256: str | None,
    ) -> None:
        self._clients, self._descriptions, self._record, self._store = clients, descriptions, record, store
        self._max_bytes, self._known_sha256 = max_bytes, known_sha256
        self._attempts: list[Attempt] = []
        self._failures: list[_Failure] = []

    def try_link(self, link: FileLink, validators: Validators | None) -> Fetched | Unchanged | None:
        """Try one link; None when its file was not to be had, which is noted."""
        description = self._descriptions.get(link.route)
        if description is None:
            detail = f"no description says how to fetch files by the rules of {link.route!r}"
            self._failed(link, link.url, Refusal("refused", "host_not_allowed", f"{link.url}: {detail}."))
            return None
        part = self._part(link.url)
        fetch = route_for(description)
        client = self._clients(link.route)
        try:
            came = fetch(client, description, link, part, max_bytes=self._max_bytes, validators=validators or None)
        except Refused as refused:
            self._failed(link, refused.url, refusal_of(refused))
            return None
        if isinstance(came, NotModified):
            self._attempts.append(Attempt(came.url, "not_modified", "the server says that it has not changed"))
            return Unchanged(link, came.url, tuple(self._attempts), came.validators)
        return self._keep(link, came, came.validators, None)

    def try_copies(self) -> Fetched | Unchanged | None:
        """Look for copies of the addresses that refused the file or did not have it, and try the newest ones."""
        description = self._descriptions[ARCHIVE]
        settings = settings_of(description)
        for link in self._worth_a_copy()[: settings.addresses]:
            client = self._clients(ARCHIVE)
            try:
                copies = find_copies(client, description, link.url, link.file_format)
            except Refused as refused:
                # What the Archive says of itself says nothing of the file: it is an attempt, not the record's refusal.
                self._attempts.append(Attempt(refused.url, refused.outcome, str(refused)))
                continue
            if not copies:
                self._attempts.append(Attempt(link.url, "not_found", "the Internet Archive has no copy of it"))
            for copy in copies[: settings.copies]:
                url = copy_url(description, copy)
                try:
                    came = download_copy(client, description, copy, self._part(url), max_bytes=self._max_bytes)
                except Refused as refused:
                    self._attempts.append(Attempt(url, refused.outcome, str(refused)))
                    continue
                taken = self._keep(link, came, None, copy)
                if taken is not None:
                    return taken
        return None

    def most_telling(self) -> Refusal:
        """Return the refusal that says most, with the other addresses that were tried."""
        rank = {reason: place for place, reasons in enumerate(_MOST_TELLING) for reason in reasons}
        chosen = min(self._failures, key=lambda failure: rank.get(failure.refusal.reason, len(_MOST_TELLING))).refusal
        others = [attempt for attempt in self._attempts if attempt.detail != chosen.detail]
        tried = "; ".join(f"{attempt.url} ({attempt.outcome})" for attempt in others)
        return Refusal(chosen.state, chosen.reason, f"{chosen.detail} Tried besides: {tried}." if tried else chosen.detail)

    def _part(self, url: str) -> Path:
        return self._store.part_for(f"{self._record.record_id}\n{url}")

    def _keep(
        self, link: FileLink, came: Download, validators: Validators | None, copy: Copy | None
    ) -> Fetched | Unchanged | None:
        name = f"{_name(self._record)}.{_claimed_format(link, came)}"
        stored = self._store.put_part(came.path, name, max_bytes=self._max_bytes, sha256=came.sha256)
        if isinstance(stored, Refusal):
            if copy is None:
                self._failed(link, came.url, stored)
                return None
            self._attempts.append(Attempt(came.url, stored.reason, stored.detail))
            return None
        self._attempts.append(Attempt(came.url, "ok", f"{stored.n_bytes} bytes"))
        if stored.sha256 == self._known_sha256:
            return Unchanged(link, came.url, tuple(self._attempts), validators)
        return Fetched(stored, link, came.url, validators, tuple(self._attempts), copy)

    def _failed(self, link: FileLink, url: str, refusal: Refusal) -> None:
        self._attempts.append(Attempt(url, refusal.reason, refusal.detail))
        self._failures.append(_Failure(link, refusal))

    def _worth_a_copy(self) -> Sequence[FileLink]:
        links = (failure.link for failure in self._failures if failure.refusal.reason in _A_COPY_HELPS)
        return list({link.url: link for link in links if link.url.startswith("https://")}.values())


def refusal_of(refused: Refused) -> Refusal:
    """Return the state and reason of the document ledger for a request that was refused."""
    if refused.outcome in _SAME_NAME:
        state, reason = "refused", str(refused.outcome)
    else:
        state, reason = _STATES.get(refused.outcome, ("refused", "bad_answer"))
    return Refusal(state, reason, str(refused))


def _claimed_format(link: FileLink, came: Download) -> str:
    """Return what a download claims to be: by the link, the server's word, the address; else what it is, if that is a document at all."""
    for claimed in _claims(link, came):
        if claimed is not None and claimed in MIME:
            return claimed
    shown = sniff(came.path).file_format
    # A web page where nobody said what is due is the usual form of an error.
    return shown if shown in ("pdf", "docx", "doc") else "pdf"


def _claims(link: FileLink, came: Download) -> Iterator[str | None]:
    """Yield what is claimed, the strongest first. That a document is a web page, only the source's own word makes believe."""
    yield link.file_format
    yield _unless_page(format_of_url(link.url))
    yield _FORMAT_OF_MIME.get(came.content_type.partition(";")[0].strip().lower())
    yield _unless_page(format_of_url(came.url))


def _unless_page(file_format: str | None) -> str | None:
    return None if file_format == "html" else file_format


def _name(record: Record) -> str:
    return record.metadata.symbol or record.record_key
