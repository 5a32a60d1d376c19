"""The UN's document system (`documents.un.org`) and its links (`undocs.org`, `docs.un.org`), written to the reported exchanges."""

from __future__ import annotations

import re
from urllib.parse import quote

from sources.replica.content import MEDIA_TYPES, serve
from sources.replica.messages import Answer, Request, redirect, text_answer
from sources.replica.naming import ods_job, ods_path
from sources.replica.world import Document, File, World

_LANGUAGES = {"e": "en", "f": "fr", "s": "es", "r": "ru", "a": "ar", "c": "zh"}
_SIX = ("en", "fr", "es", "ru", "ar", "zh")
_FORMATS: dict[str, tuple[str, ...]] = {"pdf": ("pdf",), "doc": ("docx", "doc"), "docx": ("docx", "doc")}
_ERROR = "https://documents.un.org/error"
_PAGE_BYTES = 1303


class DocumentSystem:
    """Answers for `documents.un.org`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._paths: dict[str, File] = {}
        self._paths_version = 0

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        path = request.plain_path
        if path == "/api/symbol/access":
            return self._access(request)
        if path.lower().startswith("/doc/"):
            return self._file(request, path)
        return _application_page()

    def _access(self, request: Request) -> Answer:
        asked = request.parameters
        document = self._world.find(asked.get("s", ""))
        formats = _FORMATS.get(asked.get("t", "pdf").lower())
        if document is None or "ods" not in document.services or formats is None or not _is_acceptable(request):
            return redirect(_ERROR, purpose="resolve")
        if not document.is_out:
            return Answer(200, {"Content-Type": "application/pdf"}, b"", "resolve")
        language = asked.get("l", "en").lower()
        language = _LANGUAGES.get(language, language)
        # What is no code of the six languages silently means English.
        found = document.file(language if language in _SIX else "en", formats)
        if found is None:
            return redirect(_ERROR, purpose="resolve")
        location = _upper_case(document, found)
        return redirect(
            location, purpose="resolve", Vary="Origin, Accept", Set_Cookie="ApplicationGatewayAffinity=replica; Path=/"
        )

    def _file(self, request: Request, path: str) -> Answer:
        if self._paths_version != self._world.version:
            version = self._world.version
            documents = self._world.documents("ods")
            self._paths = {ods_path(document, file): file for document in documents if document.is_out for file in document.files}
            self._paths_version = version
        file = self._paths.get(path)
        if file is not None:
            return serve(request, file.content, MEDIA_TYPES[file.file_format], file.modified)
        if path.lower() in self._paths and self._world.habits.upper_case_answer == "redirect":
            body = "<html>\r\n<head><title>301 Moved Permanently</title></head>\r\n<body>\r\n<center><h1>301 Moved Permanently</h1></center>\r\n"
            return text_answer(body.ljust(162), "text/html", 301, "file", Location="https://documents.un.org/")
        return _application_page("file")


class DocumentLinks:
    """Answers for `undocs.org` and `docs.un.org`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __call__(self, request: Request) -> Answer:
        """Answer one request: `/<language>/<symbol>`."""
        if request.host == "undocs.org":
            return redirect(f"https://docs.un.org:443{request.path}", 301)
        found = re.fullmatch(r"/(\w\w)/(.+)", request.plain_path)
        document = self._world.find(found[2]) if found else None
        if found is None or document is None:
            return redirect(_ERROR)
        symbol = document.symbols[0]
        links = "".join(
            f'<a href="https://documents.un.org/api/symbol/access?s={quote(symbol)}&amp;l={code}&amp;t=pdf">{code}</a>'
            for code in _SIX
        )
        return text_answer(f"<!DOCTYPE html><html><head><title>{symbol}</title></head><body>{links}</body></html>")


def _upper_case(document: Document, file: File) -> str:
    """Return the path as ODS gives it: in upper case but for its first part."""
    return "/doc" + ods_path(document, file).removeprefix("/doc").upper() if ods_job(document, file.language) else ""


def _is_acceptable(request: Request) -> bool:
    accept = request.headers.get("accept", "*/*")
    return any(part.strip().partition(";")[0] in ("*/*", "application/pdf", "application/*") for part in accept.split(","))


def _application_page(purpose: str = "page") -> Answer:
    """Return the page of the application, 1,303 bytes of HTML with status 200, for every path that is no file."""
    head = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>ODS</title></head><body><app-root></app-root>'
    end = "</body></html>"
    body = head + " " * (_PAGE_BYTES - len(head) - len(end)) + end
    return text_answer(body, "text/html", purpose="file" if purpose == "file" else "page")
