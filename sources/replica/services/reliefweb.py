"""ReliefWeb's API (`api.reliefweb.int`) and the attachments (`reliefweb.int`).

Shape: envelope and fields of transcribed answers, with invented content. Without an approved name the door stays shut.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sources.replica.content import MEDIA_TYPES, serve
from sources.replica.messages import Answer, Request, json_answer, not_found, text_answer
from sources.replica.naming import ENGLISH_NAMES, reliefweb_file, reliefweb_id, reliefweb_page, stable_uuid
from sources.replica.world import Document, World

_SERVICE = "reliefweb"
_HOST = "https://api.reliefweb.int"
_MOST = 1000


class BadRequest(Exception):
    """A request that the API cannot make sense of (400)."""


class ReliefWebApi:
    """Answers for `api.reliefweb.int`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._calls: dict[str, int] = {}

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        path = request.plain_path.rstrip("/")
        if path.startswith("/v1/"):
            return _error(410, "GoneHttpException", "Version 1 of the API was switched off. Use version 2.")
        if path not in ("/v2/reports", "/v2/sources"):
            return _error(404, "NotFoundHttpException", "No such resource")
        if request.parameters.get("appname") not in self._world.habits.reliefweb_names:
            return _error(403, "AccessDeniedHttpException", "You are not using an approved appname.")
        day = self._world.now.date().isoformat()
        self._calls[day] = self._calls.get(day, 0) + 1
        if self._calls[day] > self._world.habits.reliefweb_calls_a_day:
            return _error(429, "TooManyRequestsHttpException", "Too many calls today.")
        try:
            return self._list(request, path, _question(request))
        except BadRequest as problem:
            return _error(400, "BadRequestHttpException", str(problem))

    def _list(self, request: Request, path: str, question: Mapping[str, Any]) -> Answer:
        items = self._sources() if path == "/v2/sources" else self._reports()
        text = str(question.get("query", {}).get("value", ""))
        found = [item for item in items if _speaks_of(item, text) and _passes(item, question.get("filter"))]
        for order in reversed(question.get("sort", [])):
            name, _, direction = str(order).partition(":")
            found.sort(key=lambda item: str(_values(item["fields"], name)), reverse=direction == "desc")
        limit, offset = int(question.get("limit", 10)), int(question.get("offset", 0))
        if not 0 <= limit <= _MOST or offset < 0:
            raise BadRequest(f"limit must be between 0 and {_MOST}")
        page = found[offset : offset + limit]
        include = question.get("fields", {}).get("include", ["title"])
        data = [
            {
                "id": item["id"],
                "score": 1,
                "href": f"{_HOST}{path}/{item['id']}",
                "fields": {name: item["fields"][name] for name in include if name in item["fields"]},
            }
            for item in page
        ]
        links: dict[str, object] = {"self": {"href": request.url}}
        if offset + limit < len(found):
            links["next"] = {
                "href": f"{_HOST}{path}?appname={request.parameters['appname']}&offset={offset + limit}&limit={limit}"
            }
        return json_answer(
            {
                "time": 1,
                "href": request.url,
                "links": links,
                "took": 1,
                "totalCount": len(found),
                "count": len(page),
                "data": data,
            }
        )

    def _reports(self) -> list[dict[str, Any]]:
        documents = self._world.documents(_SERVICE)
        return [_report(document) for document in documents if not document.withdrawn and document.is_out]

    def _sources(self) -> list[dict[str, Any]]:
        names = {_source(document)["shortname"]: _source(document) for document in self._world.documents(_SERVICE)}
        return [{"id": one["id"], "fields": one} for _, one in sorted(names.items())]


class ReliefWebFiles:
    """Answers for `reliefweb.int`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, request: Request) -> Answer:
        """Answer one request: an attachment or a report's page."""
        for document in self._world.documents(_SERVICE):
            if document.withdrawn:
                continue
            if stable_uuid("attachment", document.number) in request.path:
                for file in document.main_files():
                    if reliefweb_file(document, file) == request.url:
                        return serve(request, file.content, MEDIA_TYPES[file.file_format], file.modified)
            if reliefweb_page(document) == request.url:
                return text_answer(f"<!DOCTYPE html><html><head><title>{document.title}</title></head><body></body></html>")
        return not_found(purpose="file" if request.path.startswith("/attachments/") else "page")


def _question(request: Request) -> Mapping[str, Any]:
    if request.method != "POST":
        asked = request.parameters
        question: dict[str, Any] = {name: int(asked[name]) for name in ("limit", "offset") if asked.get(name, "").isdigit()}
        if "filter[field]" in asked:
            question["filter"] = {"field": asked["filter[field]"], "value": asked.get("filter[value]")}
        if "query[value]" in asked:
            question["query"] = {"value": asked["query[value]"]}
        included = [value for name, value in asked.items() if name.startswith("fields[include]")]
        return {**question, "fields": {"include": included}} if included else question
    try:
        question = json.loads(request.body or b"{}")
    except ValueError:
        raise BadRequest("the body is no JSON") from None
    if not isinstance(question, dict):
        raise BadRequest("the body is no object")
    return question


def _report(document: Document) -> dict[str, Any]:
    created, changed = (_stamp(moment) for moment in (document.created, document.updated))
    country = [{"name": place.name, "shortname": place.name, "iso3": (place.iso3 or "").lower()} for place in document.places]
    language = document.languages[0] if document.languages else "en"
    files = [
        {
            "id": str(1_700_000 + document.number * 10 + place),
            "url": reliefweb_file(document, file),
            "filename": reliefweb_file(document, file).rpartition("/")[2],
            "filesize": str(file.content.n_bytes),
            "mimetype": MEDIA_TYPES[file.file_format].partition(";")[0],
            "description": "",
        }
        for place, file in enumerate(document.main_files())
    ]
    fields: dict[str, Any] = {
        "title": document.title,
        "status": "published",
        "format": [{"name": "Situation Report"}],
        "country": country,
        "source": [_source(document)],
        "theme": [{"name": "Protection and Human Rights"}],
        "date": {"created": created, "changed": changed, "original": f"{document.published.isoformat()}T00:00:00+00:00"},
        "url": f"https://reliefweb.int/node/{reliefweb_id(document.number)}",
        "url_alias": reliefweb_page(document),
        "language": [{"name": ENGLISH_NAMES.get(language, "English"), "code": language}],
        "body": document.abstract or document.title,
    }
    if country:
        fields["primary_country"] = country[0]
    if files:
        fields["file"] = files
    return {"id": reliefweb_id(document.number), "fields": fields}


def _source(document: Document) -> dict[str, str]:
    name = document.body or document.igo or "Unnamed mission"
    short = "".join(word[0] for word in re.findall(r"\w+", name) if word[0].isupper()) or name[:8]
    return {"id": str(1000 + sum(name.encode()) % 9000), "name": name, "shortname": short}


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _speaks_of(item: Mapping[str, Any], text: str) -> bool:
    fields = item["fields"]
    known = f"{fields.get('title', '')} {fields.get('body', '')} {fields.get('name', '')}".casefold()
    return all(word in known for word in re.findall(r"\w+", text.casefold()) if word not in ("and", "or"))


def _passes(item: Mapping[str, Any], condition: Any) -> bool:
    if not condition:
        return True
    if not isinstance(condition, dict):
        raise BadRequest("a filter is an object")
    if "conditions" in condition:
        results = [_passes(item, one) for one in condition["conditions"]]
        passes = any(results) if str(condition.get("operator", "AND")).upper() == "OR" else all(results)
    else:
        found = _values(item["fields"], str(condition.get("field", "")))
        passes = _fits(found, condition.get("value"), str(condition.get("operator", "OR")).upper())
    return passes is not bool(condition.get("negate", False))


def _fits(found: list[str], wanted: Any, operator: str) -> bool:
    if wanted is None:
        return bool(found)
    if isinstance(wanted, dict):
        return any(str(wanted.get("from", "")) <= value <= str(wanted.get("to") or "9999") for value in found)
    one_by_one = wanted if isinstance(wanted, list) else [wanted]
    folded = [value.casefold() for value in found]
    results = [str(value).casefold() in folded for value in one_by_one]
    return all(results) if operator == "AND" else any(results)


def _values(content: Any, name: str) -> list[str]:
    """Return the values at a dotted name, through lists."""
    head, _, rest = name.partition(".")
    if isinstance(content, list):
        return [value for one in content for value in _values(one, name)]
    if not head:
        return [str(content)]
    if not isinstance(content, dict) or head not in content:
        return []
    below = content[head]
    if not rest and isinstance(below, dict):
        below = below.get("original", below.get("name", ""))
    return _values(below, rest)


def _error(status: int, kind: str, message: str) -> Answer:
    return json_answer({"status": status, "time": 1, "error": {"type": kind, "message": message}}, status)
