"""Reading OAI-PMH 2.0: the envelope of an answer, and a list of records from its first page to its last. Knows no metadata format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sources.texts import squeeze
from sources.web.errors import Refused
from sources.web.results import Answer

if TYPE_CHECKING:
    from sources.web.client import Client


@dataclass(frozen=True, slots=True)
class OaiRecord:
    """One record of a list.

    Attributes:
        identifier: as the server writes it, e.g. `oai:example.org:123`.
        datestamp: when the record (not the document) was changed.
        metadata: the lxml element inside `metadata`; None for a deleted record and where the server left it out.
    """

    identifier: str
    datestamp: str
    is_deleted: bool
    metadata: Any

    @property
    def local_id(self) -> str:
        """The server's own number: what stands behind the last colon."""
        return self.identifier.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class OaiPage:
    """One answer to ListRecords.

    Attributes:
        token: what to ask for the next page with; None on the last page.
        list_size: how many records the whole list has, where the server says so.
        error: code and text of a protocol error; the list is empty then.
        n_unreadable: records without header or identifier.
    """

    records: tuple[OaiRecord, ...]
    token: str | None = None
    list_size: int | None = None
    error: tuple[str, str] | None = None
    n_unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """What a server says of itself: its oldest datestamp, how long it keeps deleted records, how fine its dates are."""

    earliest: str
    deleted: str
    granularity: str


class TokenExpired(Exception):
    """The server no longer knows the token of the next page: the list has to be asked for from its beginning."""


def read_page(answer: Answer) -> OaiPage:
    """Read an answer to ListRecords.

    Raises:
        Refused: `bad_answer` when it is no XML or no OAI-PMH; protocol errors are no refusal but `OaiPage.error`.
    """
    root = _root(answer)
    error = _error(root)
    if error is not None:
        return OaiPage((), error=error)
    listed = _child(root, "ListRecords")
    if listed is None:
        raise Refused("bad_answer", answer.url, "an OAI answer with neither records nor an error", status=answer.status)
    records = []
    n_unreadable = 0
    for element in _children(listed, "record"):
        record = _record(element)
        if record is None:
            n_unreadable += 1
        else:
            records.append(record)
    token = _child(listed, "resumptionToken")
    text = (token.text or "").strip() if token is not None else ""
    size = token.get("completeListSize", "") if token is not None else ""
    return OaiPage(tuple(records), text or None, int(size) if size.isascii() and size.isdigit() else None, None, n_unreadable)


def read_identity(answer: Answer) -> Identity:
    """Read an answer to Identify.

    Raises:
        Refused: `bad_answer` when it is no such answer.
    """
    root = _root(answer)
    said = _child(root, "Identify")
    if said is None:
        code, text = _error(root) or ("no Identify", "")
        raise Refused("bad_answer", answer.url, f"{code} {text}".strip(), status=answer.status)
    return Identity(
        *(squeeze(_text(_child(said, name))) for name in ("earliestDatestamp", "deletedRecord", "granularity")),
    )


def list_records(client: Client, base: str, asked: Mapping[str, str]) -> Iterator[OaiPage]:
    """Yield the pages of a list, one request each; an empty page where nothing matches.

    Args:
        client: of the source.
        base: address of the server's OAI interface.
        asked: metadataPrefix, from, until, set.

    Raises:
        TokenExpired: when the token of a further page is refused; what was yielded stands.
        Refused: for any other error, and where a token leads back to itself.
    """
    params = {"verb": "ListRecords", **asked}
    used: set[str] = set()
    while True:
        answer = client.get(base, params=params, expect="xml")
        page = read_page(answer)
        if page.error is not None:
            code, text = page.error
            if code == "badResumptionToken" and used:
                raise TokenExpired(text)
            if code != "noRecordsMatch":
                raise Refused("bad_answer", answer.url, f"OAI error {code}: {text}".rstrip(": "), status=answer.status)
        yield page
        if page.token is None:
            return
        if page.token in used:
            raise Refused("bad_answer", answer.url, "the token of the next page was used before", status=answer.status)
        used.add(page.token)
        # A token stands for the whole question; nothing else may be sent with it.
        params = {"verb": "ListRecords", "resumptionToken": page.token}


def _root(answer: Answer) -> Any:
    root = answer.xml()
    if _local(root) != "OAI-PMH":
        raise Refused("bad_answer", answer.url, f"{_local(root)[:60]} instead of OAI-PMH", status=answer.status)
    return root


def _error(root: Any) -> tuple[str, str] | None:
    element = _child(root, "error")
    if element is None:
        return None
    return element.get("code", "no code")[:60], squeeze(_text(element))[:200]


def _record(element: Any) -> OaiRecord | None:
    header = _child(element, "header")
    identifier = squeeze(_text(_child(header, "identifier"))) if header is not None else ""
    if not identifier:
        return None
    metadata = _child(element, "metadata")
    content = next((child for child in metadata if isinstance(child.tag, str)), None) if metadata is not None else None
    is_deleted = header.get("status", "").strip().lower() == "deleted"
    return OaiRecord(identifier, squeeze(_text(_child(header, "datestamp"))), is_deleted, content)


def _child(element: Any, name: str) -> Any:
    return next(_children(element, name), None)


def _children(element: Any, name: str) -> Iterator[Any]:
    """By local name: some servers forget the namespace."""
    return (child for child in element if isinstance(child.tag, str) and _local(child) == name)


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: Any) -> str:
    return "" if element is None else "".join(element.itertext())
