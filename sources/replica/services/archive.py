"""The Internet Archive (`web.archive.org`): its index of copies and the bytes of a copy.

Shape: rows and resume key as the index documents them. The copies are those that documents have (`Document.snapshots`): what was revised after
a copy was made is older there, and what was never copied is not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote

from sources.replica.content import MEDIA_TYPES, serve
from sources.replica.messages import Answer, Request, not_found, text_answer
from sources.replica.naming import (
    digital_library_file,
    ilo_file,
    ilo_file_in_catalogue,
    ods_path,
    reliefweb_file,
    worldbank_file,
)
from sources.replica.world import Document, File, World

_COLUMNS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")


@dataclass(frozen=True, slots=True)
class _Copy:
    key: str
    timestamp: str
    original: str
    moment: datetime
    file: File

    def row(self) -> dict[str, str]:
        content = self.file.content
        kind = MEDIA_TYPES[self.file.file_format].partition(";")[0]
        values = (self.key, self.timestamp, self.original, kind, "200", content.sha1_base32, str(content.n_bytes))
        return dict(zip(_COLUMNS, values, strict=True))


class Archive:
    """Answers for `web.archive.org`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._version = 0
        self._copies: list[_Copy] = []

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        if self._version != self._world.version:
            version = self._world.version
            copies = (copy for document in self._world.documents() for copy in _copies(document))
            self._copies = sorted(copies, key=lambda copy: (copy.key, copy.timestamp))
            self._version = version
        if request.plain_path == "/cdx/search/cdx":
            return self._index(request)
        found = re.match(r"/web/(\d{1,14})id_/(.+)", request.path)
        return self._bytes(request, found[1], found[2]) if found else not_found()

    def _index(self, request: Request) -> Answer:
        asked = request.parameters
        wanted = asked.get("url", "")
        if not wanted:
            return text_answer("url is required", "text/plain", 400, "listing")
        if asked.get("output") != "json":
            return text_answer("the replica gives its index as JSON only", "text/plain", 400, "listing")
        key = _key(wanted.removesuffix("*"))
        rows = [copy.row() for copy in self._copies if (copy.key.startswith(key) if wanted.endswith("*") else copy.key == key)]
        column, _, value = asked.get("filter", "").partition(":")
        rows = [row for row in rows if not column or re.fullmatch(value, row.get(column, ""))]
        if asked.get("collapse") == "digest":
            rows = [row for place, row in enumerate(rows) if not place or row["digest"] != rows[place - 1]["digest"]]
        first = next((place for place, row in enumerate(rows) if _resume_key(row) == asked.get("resumeKey")), -1) + 1
        limit = int(asked["limit"]) if asked.get("limit", "").isdigit() else len(rows)
        page = rows[first : first + limit]
        columns = [name for name in (asked.get("fl") or ",".join(_COLUMNS)).split(",") if name in _COLUMNS]
        lines: list[list[str]] = [columns] if page else []
        lines += [[row[name] for name in columns] for row in page]
        if asked.get("showResumeKey") == "true" and first + limit < len(rows) and page:
            lines += [[], [_resume_key(page[-1])]]
        return text_answer(json.dumps(lines), "application/json", purpose="listing")

    def _bytes(self, request: Request, timestamp: str, original: str) -> Answer:
        """Return the copy nearest to a time; exact bytes, with the archive's own headers."""
        key = _key(original + (f"?{request.query}" if request.query else ""))
        copies = [copy for copy in self._copies if copy.key == key]
        if not copies:
            return not_found(purpose="file")
        nearest = min(copies, key=lambda copy: abs(int(copy.timestamp) - int(timestamp.ljust(14, "0"))))
        if nearest.timestamp != timestamp:
            location = f"https://web.archive.org/web/{nearest.timestamp}id_/{nearest.original}"
            return Answer(302, {"Location": location}, b"", "resolve")
        return serve(request, nearest.file.content, MEDIA_TYPES[nearest.file.file_format], nearest.moment)


def _copies(document: Document) -> Iterator[_Copy]:
    for moment, file in document.snapshots:
        for address in dict.fromkeys(_addresses(document, file)):
            stamp = moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")
            yield _Copy(_key(address), stamp, address, moment, file)


def _addresses(document: Document, file: File) -> Iterator[str]:
    """Yield the addresses at which crawlers would have found a file."""
    if "un-library" in document.services:
        yield digital_library_file(document, file)
    if "ods" in document.services and file.file_format in ("pdf", "docx", "doc"):
        yield f"https://documents.un.org{ods_path(document, file)}"
    if "ilo-site" in document.services:
        yield ilo_file(document, file)
        yield ilo_file_in_catalogue(document, file)
    if "worldbank" in document.services:
        yield worldbank_file(document, file)
    if "reliefweb" in document.services:
        yield reliefweb_file(document, file)


def _key(address: str) -> str:
    """Return the form under which the index keeps an address: host backwards, no scheme, lower case."""
    plain = unquote(re.sub(r"^(https?:/{1,2})?(www\.)?", "", address)).lower()
    host, slash, path = plain.partition("/")
    return ",".join(reversed(host.partition(":")[0].split("."))) + ")" + (slash or "/") + path


def _resume_key(row: dict[str, str]) -> str:
    return f"{row['urlkey']}+{row['timestamp']}".replace(" ", "%20")
