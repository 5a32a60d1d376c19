"""The UN Digital Library (`digitallibrary.un.org`): OAI-PMH, and everything else behind a challenge.

Shape, not recording: the protocol's own forms with the habits that harvesters report (short windows only, opaque tokens, two ways to write
the namespace, deleted records).
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

from sources.replica.content import MEDIA_TYPES, serve
from sources.replica.marc import dublin_core, to_xml, un_fields
from sources.replica.messages import Answer, Request, not_found, text_answer, zulu
from sources.replica.naming import digital_library_file, number_of_recid, recid
from sources.replica.world import Document, World

_HOST = "https://digitallibrary.un.org"
_SERVICE = "un-oai"
_ITEM = "oai:digitallibrary.un.org:"
_PREFIXES = {
    "marcxml": ("http://www.loc.gov/standards/marcxml/schema/MARC21slim.xsd", "http://www.loc.gov/MARC21/slim"),
    "oai_dc": ("http://www.openarchives.org/OAI/2.0/oai_dc.xsd", "http://www.openarchives.org/OAI/2.0/oai_dc/"),
}
_ARGUMENTS = {
    "Identify": set[str](),
    "ListSets": {"resumptionToken"},
    "ListMetadataFormats": {"identifier"},
    "GetRecord": {"identifier", "metadataPrefix"},
    "ListRecords": {"metadataPrefix", "from", "until", "set", "resumptionToken"},
    "ListIdentifiers": {"metadataPrefix", "from", "until", "set", "resumptionToken"},
}
_UNAVAILABLE = "<html><head><title>503 Service Temporarily Unavailable</title></head><body></body></html>"


class ProtocolError(Exception):
    """An error of OAI-PMH, sent as an answer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Listing:
    """What a token stands for: the rest of one listing."""

    verb: str
    prefix: str
    numbers: tuple[int, ...]
    done: int
    issued: datetime


class DigitalLibrary:
    """Answers for `digitallibrary.un.org`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._tokens: dict[str, _Listing] = {}
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        path = request.plain_path
        if path == "/oai2d":
            return self._oai(request)
        if path.startswith("/api/v1/"):
            return text_answer('{"error": "API token needed"}', "application/json", 401)
        if not self._world.habits.digital_library_is_open:
            purpose = "file" if "/files/" in path else "page"
            return Answer(
                202, {"Server": "awselb/2.0", "x-amzn-waf-action": "challenge"}, b"", "file" if purpose == "file" else "page"
            )
        return self._record(request, path)

    def _record(self, request: Request, path: str) -> Answer:
        """Return a record's page or one of its files, where no challenge stands before them."""
        parts = path.strip("/").split("/")
        number = number_of_recid(int(parts[1])) if len(parts) > 1 and parts[0] == "record" and parts[1].isdigit() else None
        document = self._world.document(number) if number else None
        if document is None or _SERVICE not in document.services:
            return not_found()
        if len(parts) == 2:
            return text_answer(f"<!DOCTYPE html><html><head><title>{escape(document.title)}</title></head><body></body></html>")
        for file in document.main_files():
            if digital_library_file(document, file) == f"{_HOST}{request.path}":
                return serve(request, file.content, MEDIA_TYPES[file.file_format], file.modified)
        return not_found(purpose="file")

    def _oai(self, request: Request) -> Answer:
        arguments = request.parameters
        try:
            verb = arguments.get("verb", "")
            if verb not in _ARGUMENTS:
                raise ProtocolError("badVerb", "Illegal OAI verb")
            names = set(arguments) - {"verb"}
            if names - _ARGUMENTS[verb] or ("resumptionToken" in names and len(names) > 1):
                raise ProtocolError("badArgument", "The request includes illegal arguments")
            return self._document(request, self._verb(verb, arguments))
        except ProtocolError as problem:
            body = f'<error code="{problem.code}">{escape(str(problem))}</error>'
            return self._document(request, body, self._world.habits.oai_error_status)
        except _TooLong:
            return text_answer(_UNAVAILABLE, status=503, purpose="listing", Retry_After="1")

    def _document(self, request: Request, body: str, status: int = 200) -> Answer:
        arguments = "" if status != 200 or "<error" in body[:10] else _attributes(request.parameters)
        text = (
            '<?xml version="1.0" encoding="UTF-8"?><OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"'
            ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
            ' xsi:schemaLocation="http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd">'
            f"<responseDate>{zulu(self._world.now)}</responseDate><request{arguments}>{_HOST}/oai2d</request>{body}</OAI-PMH>"
        )
        return text_answer(text, "text/xml; charset=utf-8", status, "listing")

    def _verb(self, verb: str, arguments: dict[str, str]) -> str:
        match verb:
            case "Identify":
                return (
                    "<Identify><repositoryName>Replica of a digital library</repositoryName>"
                    f"<baseURL>{_HOST}/oai2d</baseURL><protocolVersion>2.0</protocolVersion><adminEmail>nobody@example.org</adminEmail>"
                    "<earliestDatestamp>2015-01-01T00:00:00Z</earliestDatestamp><deletedRecord>persistent</deletedRecord>"
                    "<granularity>YYYY-MM-DDThh:mm:ssZ</granularity></Identify>"
                )
            case "ListSets":
                return "<ListSets><set><setSpec>sanctions</setSpec><setName>sanctions</setName></set></ListSets>"
            case "ListMetadataFormats":
                formats = (
                    f"<metadataFormat><metadataPrefix>{name}</metadataPrefix><schema>{schema}</schema>"
                    f"<metadataNamespace>{namespace}</metadataNamespace></metadataFormat>"
                    for name, (schema, namespace) in _PREFIXES.items()
                )
                return f"<ListMetadataFormats>{''.join(formats)}</ListMetadataFormats>"
            case "GetRecord":
                return f"<GetRecord>{self._get(arguments)}</GetRecord>"
        return self._list(verb, arguments)

    def _get(self, arguments: dict[str, str]) -> str:
        prefix = _prefix(arguments)
        name = arguments.get("identifier", "").removeprefix(_ITEM)
        number = number_of_recid(int(name)) if name.isdigit() else None
        document = self._world.document(number) if number else None
        if document is None or _SERVICE not in document.services:
            raise ProtocolError("idDoesNotExist", "No such item")
        return _item(document, prefix, "ListRecords")

    def _list(self, verb: str, arguments: dict[str, str]) -> str:
        token = arguments.get("resumptionToken")
        listing = self._resumed(verb, token) if token is not None else self._new(verb, arguments)
        size = self._world.habits.oai_page_size
        page = listing.numbers[listing.done : listing.done + size]
        items = "".join(_item(document, listing.prefix, verb) for number in page if (document := self._world.document(number)))
        done = listing.done + len(page)
        end = ""
        if done < len(listing.numbers):
            issued = self._world.now
            # The same listing at the same place always gets the same token, so that answers do not depend on who asked before.
            mark = f"{verb}|{listing.prefix}|{done}|{listing.numbers}|{issued.date()}"
            name = "___" + _base36(hashlib.sha256(mark.encode()).digest())
            with self._lock:
                self._tokens[name] = _Listing(verb, listing.prefix, listing.numbers, done, issued)
            until = zulu(issued + self._world.habits.token_life)
            sizes = f'completeListSize="{len(listing.numbers)}" cursor="{listing.done}"'
            end = f'<resumptionToken expirationDate="{until}" {sizes}>{name}</resumptionToken>'
        elif token is not None:
            end = f'<resumptionToken completeListSize="{len(listing.numbers)}" cursor="{listing.done}"/>'
        return f"<{verb}>{items}{end}</{verb}>"

    def _resumed(self, verb: str, token: str) -> _Listing:
        with self._lock:
            listing = self._tokens.get(token)
        if listing is None or listing.verb != verb or self._world.now >= listing.issued + self._world.habits.token_life:
            raise ProtocolError("badResumptionToken", "The value of the resumptionToken argument is invalid or expired.")
        return listing

    def _new(self, verb: str, arguments: dict[str, str]) -> _Listing:
        prefix = _prefix(arguments)
        if arguments.get("set", "sanctions") != "sanctions":
            raise ProtocolError("noRecordsMatch", "No such set")
        first = _moment(arguments.get("from"), is_end=False)
        last = _moment(arguments.get("until"), is_end=True)
        if first is not None and last is not None and first > last:
            raise ProtocolError("badArgument", "from is later than until")
        # Open-ended and long ranges bring the real server down.
        if first is None or last is None or last - first > timedelta(days=self._world.habits.oai_window_days):
            raise _TooLong
        numbers = tuple(number for stamp, number in self._world.by_stamp(_SERVICE) if first <= stamp <= last)
        if not numbers or "set" in arguments:
            raise ProtocolError("noRecordsMatch", "No records match")
        return _Listing(verb, prefix, numbers, 0, self._world.now)


class _TooLong(Exception):
    pass


def _prefix(arguments: dict[str, str]) -> str:
    prefix = arguments.get("metadataPrefix")
    if prefix is None:
        raise ProtocolError("badArgument", "metadataPrefix is missing")
    if prefix not in _PREFIXES:
        raise ProtocolError("cannotDisseminateFormat", f"no format {prefix}")
    return prefix


def _moment(text: str | None, *, is_end: bool) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ProtocolError("badArgument", f"{text} is no date") from None
    if len(text) == 10 and is_end:
        moment += timedelta(days=1, seconds=-1)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _item(document: Document, prefix: str, verb: str) -> str:
    is_deleted = document.withdrawn is not None
    status = ' status="deleted"' if is_deleted else ""
    header = (
        f"<header{status}><identifier>{_ITEM}{recid(document.number)}</identifier>"
        f"<datestamp>{zulu(document.withdrawn or document.updated)}</datestamp></header>"
    )
    if verb == "ListIdentifiers":
        return header
    if is_deleted:
        return f"<record>{header}</record>"
    if prefix == "oai_dc":
        return f"<record>{header}<metadata>{dublin_core(document)}</metadata></record>"
    content = to_xml(un_fields(document, "recid"), "marc:" if document.number % 2 else "")
    return f"<record>{header}<metadata>{content}</metadata></record>"


def _attributes(arguments: dict[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in sorted(arguments.items()))


def _base36(digest: bytes) -> str:
    number, digits = int.from_bytes(digest[:6], "big"), ""
    while len(digits) < 8:
        number, rest = divmod(number, 36)
        digits += "0123456789abcdefghijklmnopqrstuvwxyz"[rest]
    return digits
