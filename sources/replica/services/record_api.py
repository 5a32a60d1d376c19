"""The UN Library's record API (`metadata.un.org/editor/api`) and the store of its files (`undl-files.s3.amazonaws.com`).

Shape, not recording: written by hand to the documented envelope and fields. What the facts leave open is answered so that a client must be
careful: `_next` is there on the last page too, `count` is -1 on pages that are asked for with a `search_id`.
"""

from __future__ import annotations

import hashlib
import threading
from urllib.parse import quote, unquote_plus, urlencode

from sources.replica.content import MEDIA_TYPES, serve
from sources.replica.library_query import BadQuery, parse
from sources.replica.marc import MARC_NAMESPACE, to_json, to_xml, un_fields
from sources.replica.messages import Answer, Request, http_date, json_answer, not_found, text_answer
from sources.replica.naming import dlx_id, iso_date, number_of_dlx_id
from sources.replica.world import Document, File, World

_HOST = "https://metadata.un.org"
_BASE = "/editor/api"
_RECORDS = f"{_BASE}/marc/bibs/records"
_SORTS = {"relevance", "updated", "created", "date", "symbol", "title", "subject", "body", "agenda"}
_SERVICE = "un-library"


class RecordApi:
    """Answers for `metadata.un.org`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._found: dict[tuple[str, str, str], tuple[int, tuple[int, ...]]] = {}
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        path = request.plain_path
        try:
            if path == f"{_BASE}/":
                return text_answer(
                    "<!DOCTYPE html><html><head><title>Replica of a record API</title></head><body>Swagger</body></html>"
                )
            if path == _RECORDS:
                return self._list(request)
            if path == f"{_RECORDS}/count":
                return self._count(request)
            if path.startswith(f"{_RECORDS}/"):
                return self._record(request, path.removeprefix(f"{_RECORDS}/"))
            if path == f"{_BASE}/files":
                return self._files(request)
            if path.startswith(f"{_BASE}/files/"):
                return self._file(request, path.removeprefix(f"{_BASE}/files/"))
        except BadQuery as problem:
            return _problem(problem.status, str(problem))
        return _problem(404, "no such resource")

    def _list(self, request: Request) -> Answer:
        asked = request.parameters
        start, limit = _whole(asked.get("start", "1")), _whole(asked.get("limit", "100"))
        sort, direction = asked.get("sort", "relevance"), asked.get("direction", "asc")
        if start < 1 or not 1 <= limit <= 1000 or sort not in _SORTS:
            return _problem(404, "start counts from 1, limit is at most 1000")
        search = asked.get("search", "")
        numbers = self._search(search, sort, direction)
        page = [document for number in numbers[start - 1 : start - 1 + limit] if (document := self._world.document(number))]
        form = asked.get("format")
        if form == "xml":
            return self._xml(page, asked.get("fields", ""))
        if form not in (None, "", "brief"):
            return _problem(404, f"the replica has no format {form}")
        count = -1 if "search_id" in asked else len(numbers)
        search_id = hashlib.sha256(f"{self._world.version}|{search}|{sort}".encode()).hexdigest()[:24]
        links: dict[str, object] = {"_self": request.url, "_next": _page(asked, start + limit, limit, search_id)}
        links["_prev"] = _page(asked, max(1, start - limit), limit, search_id) if start > 1 else None
        links["format"] = {name: _page({**asked, "format": name}, start, limit, search_id) for name in ("brief", "xml")}
        data = [_brief(document) for document in page] if form == "brief" else [_record_url(document) for document in page]
        return json_answer({"_links": links, "_meta": self._meta("api_records_list", "api.urllist", count), "data": data})

    def _xml(self, page: list[Document], fields: str) -> Answer:
        wanted = {name[:3] for name in fields.split(",") if name}
        namespace = f' xmlns="{MARC_NAMESPACE}"' if self._world.habits.record_api_has_namespace else ""
        records = (
            to_xml((field for field in un_fields(document, "dlx") if not wanted or field.tag in wanted | {"001"}), namespace=None)
            for document in page
        )
        body = f'<?xml version="1.0" encoding="UTF-8"?><collection{namespace}>{"".join(records)}</collection>'
        return text_answer(body, "text/xml; charset=utf-8", purpose="listing")

    def _count(self, request: Request) -> Answer:
        numbers = self._search(request.parameters.get("search", ""), "relevance", "asc")
        return json_answer(
            {
                "_links": {"_self": request.url},
                "_meta": self._meta("api_records_list_count", "api.integer", len(numbers)),
                "data": len(numbers),
            }
        )

    def _record(self, request: Request, name: str) -> Answer:
        document = self._listed(number_of_dlx_id(int(name))) if name.isdigit() else None
        if document is None:
            return _problem(404, "no such record")
        form = request.parameters.get("format")
        if form == "xml":
            return text_answer(to_xml(un_fields(document, "dlx")), "text/xml; charset=utf-8", purpose="listing")
        if form:
            return _problem(404, f"the replica has no format {form}")
        data = {
            "_id": dlx_id(document.number),
            "created": http_date(document.created),
            "updated": http_date(document.updated),
            "user": "replica",
            **to_json(un_fields(document, "dlx")),
            "files": [
                {"mimetype": MEDIA_TYPES[file.file_format].partition(";")[0], "language": file.language, "url": _file_url(file)}
                for file in document.main_files()
            ],
        }
        return json_answer({"_links": {"_self": request.url}, "_meta": self._meta("api_record", "jmarc", None), "data": data})

    def _files(self, request: Request) -> Answer:
        asked = request.parameters
        document = self._world.find(asked.get("identifier", "")) if asked.get("identifier_type") == "symbol" else None
        language = asked.get("language", "").lower()
        files = document.main_files() if document and _is_listed(document) else ()
        data = [_file_url(file) for file in files if not language or file.language == language]
        return json_answer(
            {"_links": {"_self": request.url}, "_meta": self._meta("api_files", "api.urllist", len(data)), "data": data}
        )

    def _file(self, request: Request, md5: str) -> Answer:
        found = file_by_md5(self._world, md5)
        if found is None or request.parameters.get("action") not in ("download", "open"):
            return _problem(404, "no such file")
        return serve(request, found.content, MEDIA_TYPES[found.file_format], found.modified)

    def _search(self, search: str, sort: str, direction: str) -> tuple[int, ...]:
        """Return the numbers of what is found, in order; kept until the world changes, as the real server keeps its searches."""
        key = (search, sort, direction)
        version = self._world.version
        with self._lock:
            known = self._found.get(key)
        if known is not None and known[0] == version:
            return known[1]
        # The real server decodes this parameter a second time.
        query = parse(unquote_plus(search))
        found = (
            document
            for _, number in self._world.by_stamp(_SERVICE)
            if (document := self._world.document(number)) is not None and _is_listed(document) and query.matches(document)
        )
        if sort == "updated":
            numbers = tuple(document.number for document in found)
        else:
            numbers = tuple(number for _, number in sorted((_sort_key(document, sort), document.number) for document in found))
        numbers = numbers[::-1] if direction == "desc" else numbers
        with self._lock:
            self._found[key] = (version, numbers)
        return numbers

    def _listed(self, number: int | None) -> Document | None:
        document = self._world.document(number) if number else None
        return document if document and _is_listed(document) else None

    def _meta(self, name: str, returns: str, count: int | None) -> dict[str, object]:
        meta: dict[str, object] = {"name": name, "returns": f"{_HOST}{_BASE}/schemas/{returns}"}
        if count is not None:
            meta["count"] = count
        return {**meta, "timestamp": http_date(self._world.now)}


class FileStore:
    """Answers for `undl-files.s3.amazonaws.com`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, request: Request) -> Answer:
        """Answer one request: the path is the MD5 of the content."""
        found = file_by_md5(self._world, request.plain_path.strip("/"))
        if found is None:
            body = (
                '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
            )
            return text_answer(body, "application/xml", 403, "file")
        return serve(request, found.content, MEDIA_TYPES[found.file_format], found.modified)


def file_by_md5(world: World, md5: str) -> File | None:
    """Return the file of the Library with this MD5, or None."""
    for document in world.documents(_SERVICE):
        for file in document.main_files():
            if file.content.md5 == md5:
                return file
    return None


def _is_listed(document: Document) -> bool:
    return document.withdrawn is None and _SERVICE in document.services


def _record_url(document: Document) -> str:
    return f"{_HOST}{_RECORDS}/{dlx_id(document.number)}"


def _file_url(file: File) -> str:
    return f"{_HOST}{_BASE}/files/{file.content.md5}"


def _brief(document: Document) -> dict[str, object]:
    fields = un_fields(document, "dlx")
    types = ["::".join(field.all()) for field in fields if field.tag == "989"]
    return {
        "_id": dlx_id(document.number),
        "url": _record_url(document),
        "symbol": "; ".join(document.symbols),
        "title": " ".join(value for field in fields if field.tag == "245" for value in field.all()),
        "date": iso_date(document),
        "types": "; ".join(types),
        "agendas": [],
        "f596": [],
        "f520": [document.abstract] if document.abstract else [],
        "f099c": [],
    }


def _sort_key(document: Document, sort: str) -> str:
    match sort:
        case "created":
            return document.created.isoformat()
        case "date":
            return document.published.isoformat()
        case "symbol":
            return document.symbols[0] if document.symbols else ""
        case "title":
            return document.title
    return f"{document.number:09}"


def _page(asked: dict[str, str], start: int, limit: int, search_id: str) -> str:
    kept = {name: value for name, value in asked.items() if name not in ("start", "limit", "search_id")}
    return f"{_HOST}{_RECORDS}?" + urlencode({**kept, "start": start, "limit": limit, "search_id": search_id}, quote_via=quote)


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1


def _problem(status: int, message: str) -> Answer:
    if status == 500:
        return text_answer("<html><head><title>500 Internal Server Error</title></head></html>", status=500, purpose="listing")
    if status == 404 and not message:
        return not_found()
    return json_answer({"message": message}, status)
