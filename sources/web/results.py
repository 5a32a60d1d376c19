"""What a request brings: an answer in memory, a redirect, a file on the disk, or the word that nothing has changed."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sources.web.errors import Refused

Expect = Literal["json", "xml", "html", "text", "any"]


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server said by which it can tell whether a file has changed: `ETag` and `Last-Modified`, as they came."""

    etag: str | None = None
    last_modified: str | None = None

    def __bool__(self) -> bool:
        return self.etag is not None or self.last_modified is not None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Validators:
        """Take them from the headers of an answer (lower-case keys)."""
        return cls(headers.get("etag") or None, headers.get("last-modified") or None)

    def headers(self) -> dict[str, str]:
        """Return the headers of a request that asks only for what has changed."""
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in asked.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was read whole and is what was expected.

    Attributes:
        url: where it came from, after redirects.
        headers: keys in lower case.
        body: decoded bytes.
        from_cache: the server said that the body known from before still holds.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    from_cache: bool = False

    def json(self) -> Any:
        """Parse as JSON; raises `Refused` (`bad_answer`) when that fails."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise self._unparsable("JSON", error) from None

    def xml(self) -> Any:
        """Parse as XML, without entities, network or huge trees, and return the root; raises `Refused` (`bad_answer`) when that fails."""
        from lxml import etree

        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
        try:
            return etree.fromstring(self.body, parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise self._unparsable("XML", error) from None

    def text(self) -> str:
        """Return the body as text: by its byte order mark, else the charset that the server named, else UTF-8, else Windows-1252."""
        for mark, encoding in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
            if self.body.startswith(mark):
                return self.body.decode(encoding, errors="replace")
        for encoding in (_charset(self.headers.get("content-type", "")), "utf-8"):
            try:
                return self.body.decode(encoding)
            except (LookupError, ValueError):
                continue
        return self.body.decode("cp1252", errors="replace")

    def _unparsable(self, language: str, error: Exception) -> Refused:
        return Refused("bad_answer", self.url, f"the answer is no {language} ({_short(error)})", status=self.status)


@dataclass(frozen=True, slots=True)
class Redirect:
    """An answer that points elsewhere; `location` is absolute, https and on a host of the description."""

    url: str
    status: int
    headers: Mapping[str, str]
    location: str


@dataclass(frozen=True, slots=True)
class Download:
    """A file that was fetched whole.

    Attributes:
        url: where it came from, after redirects.
        sha256, md5: of the bytes in `path`, hexadecimal.
        validators: what to ask with the next time.
    """

    path: Path
    n_bytes: int
    sha256: str
    md5: str
    url: str
    content_type: str
    validators: Validators


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server says that the file is still the one that the validators belong to."""

    url: str
    validators: Validators


def _charset(content_type: str) -> str:
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'") or "utf-8"
    return "utf-8"


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
