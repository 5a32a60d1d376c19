"""Stored examples of what a source answers, played back without a network: a stand-in for the client, and a reader of the folders.

An example is a folder `sources/examples/<source>/<case>/` with

- `exchanges.json`: a list of `{"request": {"method", "url", "json"?, "if_none_match"?}, "status", "headers", "body_file" | "body"}` in the
  order in which the connector asks. Parameters of addresses may stand in any order. Each exchange is used once; one that is never asked for
  fails the example, and so does a request that is not among them.
- `expected.json`: `given` (`now`, `watermark`; `description`: keys of the description that differ in this case, `settings` key by key;
  `link` for files), and what must result: `records`, `withdrawn`, `signals`, `watermark`, `n_listed`, `is_complete`, `refused`; or
  `download`, `refused`.

`python -m tests.sources.playback sources/examples/<source>/<case>` prints what results now, for a person to check and to keep.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from sources.connectors.base import connector_for, route_for
from sources.description import SourceDescription, read_description
from sources.types import FileLink, Page, Record
from sources.web import answers
from sources.web.errors import Refused
from sources.web.results import Answer, Download, Expect, NotModified, Redirect, Validators

if TYPE_CHECKING:
    from sources.web.client import Client

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "sources" / "examples"
CONFIGS = ROOT / "configs" / "sources"
_NOW = datetime(2026, 11, 25, tzinfo=UTC)


class Unexpected(AssertionError):
    """A request that the example has no answer for."""


class PlaybackClient:
    """Answers from stored exchanges, and refuses by the same rules as the real client; keeps what was asked."""

    def __init__(self, exchanges: list[dict[str, Any]], folder: Path, state: Path) -> None:
        self._left = list(exchanges)
        self._folder = folder
        self.state = state
        self.asked: list[str] = []

    @property
    def unused(self) -> list[str]:
        """The addresses that were never asked for."""
        return [one["request"]["url"] for one in self._left]

    def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Expect = "any",
        max_bytes: int = 64 << 20,
        conditional: bool = True,
        purpose: str = "listing",
    ) -> Answer:
        """See the real client."""
        return self._listing("GET", url, params, None, expect, max_bytes)

    def post(
        self,
        url: str,
        *,
        json: object,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Expect = "json",
        max_bytes: int = 64 << 20,
        purpose: str = "listing",
    ) -> Answer:
        """See the real client."""
        return self._listing("POST", url, params, json, expect, max_bytes)

    def resolve(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        purpose: str = "file",
    ) -> Redirect | Answer:
        """See the real client."""
        url = _whole(url, params)
        status, said, body = self._take("GET", url, None, headers)
        if status in answers.REDIRECTS:
            _raise(answers.problem_of_redirect(said.get("location", "")), url, status, said)
            return Redirect(url, status, said, urljoin(url, said.get("location", "")))
        _raise(answers.problem_of_status(status, said, body), url, status, said)
        _raise(answers.problem_of_file(said, body, len(body), "a file"), url, status, said)
        return Answer(url, status, said, body)

    def download(
        self,
        url: str,
        target: Path,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int,
        validators: Validators | None = None,
        file_format: str | None = None,
        purpose: str = "file",
    ) -> Download | NotModified:
        """See the real client."""
        asked = {**(headers or {}), **(validators.headers() if validators else {})}
        status, said, body = self._take("GET", url, None, asked)
        if status == 304:
            return NotModified(url, validators or Validators())
        if status in answers.REDIRECTS:
            return self.download(
                urljoin(url, said.get("location", "")), target, headers=headers, max_bytes=max_bytes, file_format=file_format
            )
        _raise(answers.problem_of_status(status, said, body), url, status, said)
        _raise(answers.problem_of_file(said, body, len(body), file_format), url, status, said)
        if len(body) > max_bytes:
            raise Refused("too_large", url, f"more than {max_bytes} bytes", status=status)
        target.write_bytes(body)
        digests = hashlib.sha256(body).hexdigest(), hashlib.md5(body, usedforsecurity=False).hexdigest()
        return Download(target, len(body), *digests, url, said.get("content-type", ""), Validators.of(said))

    def _listing(
        self, method: str, url: str, params: Mapping[str, str] | None, content: object, expect: Expect, max_bytes: int
    ) -> Answer:
        url = _whole(url, params)
        status, said, body = self._take(method, url, content, None)
        if status in answers.REDIRECTS:
            _raise(answers.problem_of_redirect(said.get("location", "")), url, status, said)
            return self._listing(method, urljoin(url, said.get("location", "")), None, content, expect, max_bytes)
        if not (expect == "xml" and answers.is_protocol_error(status, body)):
            _raise(answers.problem_of_status(status, said, body), url, status, said)
            _raise(answers.problem_of_listing(said, body, expect), url, status, said)
        if len(body) > max_bytes:
            raise Refused("too_large", url, f"more than {max_bytes} bytes", status=status)
        return Answer(url, status, said, body)

    def _take(self, method: str, url: str, content: object, asked: Mapping[str, str] | None) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(url)
        for one in self._left:
            request = one["request"]
            if request.get("method", "GET") != method or _sorted(request["url"]) != _sorted(url):
                continue
            if "json" in request and request["json"] != content:
                continue
            if request.get("if_none_match") != (asked or {}).get("If-None-Match"):
                continue
            self._left.remove(one)
            headers = {name.lower(): value for name, value in one.get("headers", {}).items()}
            return one.get("status", 200), headers, self._body(one)
        shown = "" if content is None else f" with {json.dumps(content)}"
        raise Unexpected(f"{self._folder}: nothing stored for {method} {url}{shown}; left are {self.unused}")

    def _body(self, one: Mapping[str, Any]) -> bytes:
        if "body_file" in one:
            return (self._folder / str(one["body_file"])).read_bytes()
        body = one.get("body", "")
        return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def cases(source_id: str) -> list[Path]:
    """Return the folders of the examples of a source."""
    return sorted(path.parent for path in (EXAMPLES / source_id).glob("*/expected.json"))


def replay(case: Path, state: Path) -> dict[str, Any]:
    """Play an example back and return what results, in the form of `expected.json` without `given`.

    Args:
        case: the folder of the example.
        state: an empty folder.

    Raises:
        Unexpected: when the connector asks for something else, or does not ask for everything.
    """
    given = json.loads((case / "expected.json").read_text(encoding="utf-8"))["given"]
    description = described(case.parent.name, given.get("description", {}))
    fake = PlaybackClient(json.loads((case / "exchanges.json").read_text(encoding="utf-8")), case, state)
    client = cast("Client", fake)
    result = _fetched(description, client, given, state) if "link" in given else _discovered(description, client, given)
    if fake.unused:
        raise Unexpected(f"{case}: never asked for {fake.unused}")
    return result


def described(source_id: str, changes: Mapping[str, Any]) -> SourceDescription:
    """Return the shipped description of a source with some keys changed; settings are changed key by key."""
    shipped = read_description(CONFIGS / f"{source_id}.yaml").model_dump()
    settings = {**shipped["settings"], **changes.get("settings", {})}
    return SourceDescription.model_validate({**shipped, **changes, "settings": settings})


def _discovered(description: SourceDescription, client: Client, given: Mapping[str, Any]) -> dict[str, Any]:
    now = datetime.fromisoformat(given["now"]) if "now" in given else _NOW
    pages: list[Page] = []
    refused = None
    try:
        for page in connector_for(description).discover(client, _text(given.get("watermark")), now):
            pages.append(page)
    except Refused as refusal:
        refused = refusal.outcome
    marks = [page.watermark for page in pages if page.watermark is not None]
    return {
        "n_pages": len(pages),
        "n_listed": sum(page.n_listed for page in pages),
        "is_complete": any(page.is_complete for page in pages),
        "watermark": _value(marks[-1]) if marks else None,
        "records": [shown(record) for page in pages for record in page.records],
        "withdrawn": [key for page in pages for key in page.withdrawn],
        "signals": [asdict(signal) for page in pages for signal in page.signals],
        "refused": refused,
    }


def _fetched(description: SourceDescription, client: Client, given: Mapping[str, Any], state: Path) -> dict[str, Any]:
    validators = Validators(**given["validators"]) if "validators" in given else None
    target = state / "fetched"
    try:
        got = route_for(description)(
            client,
            description,
            FileLink(**given["link"]),
            target,
            max_bytes=given.get("max_bytes", 1 << 20),
            validators=validators,
        )
    except Refused as refused:
        return {"download": None, "refused": refused.outcome}
    if isinstance(got, NotModified):
        return {"download": "not modified", "refused": None}
    return {"download": {"url": got.url, "text": target.read_text(encoding="utf-8", errors="replace")}, "refused": None}


def shown(record: Record) -> dict[str, Any]:
    """Return a record as an example has it: without what was said in the source's own words, and without empty values."""
    said = {name: value for name, value in asdict(record.metadata).items() if value not in (None, {})}
    content: dict[str, Any] = {
        "record_key": record.record_key,
        "metadata": said,
        "links": [{name: value for name, value in asdict(link).items() if value is not None} for link in record.links],
        "relations": [asdict(relation) for relation in record.relations],
    }
    return cast("dict[str, Any]", json.loads(json.dumps(content, default=str)))


def _value(watermark: str) -> Any:
    """Watermarks that are JSON are shown as such, so that people can read them; without the mark of the configuration, which may change."""
    if not watermark.startswith("{"):
        return watermark
    return {name: value for name, value in json.loads(watermark).items() if name != "meaning"}


def _text(watermark: object) -> str | None:
    return watermark if watermark is None or isinstance(watermark, str) else json.dumps(watermark)


def _raise(problem: answers.Problem | None, url: str, status: int, headers: Mapping[str, str]) -> None:
    if problem is not None:
        raise answers.refused(problem, url, status, headers, _NOW)


def _whole(url: str, params: Mapping[str, str] | None) -> str:
    if not params:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params, quote_via=quote, safe='')}"


def _sorted(url: str) -> tuple[str, list[tuple[str, str]]]:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}", sorted(parse_qsl(parts.query, keep_blank_values=True))


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as folder:
            sys.stdout.write(json.dumps(replay(Path(name).resolve(), Path(folder)), indent=1, ensure_ascii=False) + "\n")
