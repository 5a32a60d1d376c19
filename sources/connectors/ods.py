"""The United Nations' Official Document System: it lists nothing, but has the file of every document symbol.

Its symbol access answers with the place of the file, whose path comes in capitals although the file lies at the path in small letters; so the
answer is not followed but read. It says "unknown" by sending to an error page, and "not out yet" by sending nothing at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict

from sources.connector_settings import read_settings
from sources.description import SourceDescription
from sources.types import FileLink
from sources.web.errors import Refused
from sources.web.results import Download, NotModified, Redirect, Validators

if TYPE_CHECKING:
    from sources.web.client import Client

_PATH = "/api/symbol/access"


class OdsSettings(BaseModel):
    """What `settings` of the description may say.

    Attributes:
        accept: the header `Accept`, as the answer differs by it; by format of the link.
        referer: the page named as the one we come from; `{language}` and `{symbol}` stand for those of the link; empty sends none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    accept: dict[str, str] = {"pdf": "application/pdf"}
    referer: str = ""


def ods_url(base: str, symbol: str, language: str, kind: str) -> str:
    """Return the address that leads to a symbol's file.

    Args:
        base: `https://` and the host.
        symbol: as the organization writes it.
        language: en, fr, es, ru, ar or zh; any other silently gives English.
        kind: pdf, docx or doc (which gives whatever Word file there is).

    >>> ods_url("https://documents.un.org", "S/RES/2728 (2024)", "en", "pdf")
    'https://documents.un.org/api/symbol/access?s=S/RES/2728%20%282024%29&l=en&t=pdf'
    """
    return f"{base.rstrip('/')}{_PATH}?s={quote(symbol, safe='/')}&l={quote(language, safe='')}&t={quote(kind, safe='')}"


def is_scan(url: str) -> bool:
    """Tell whether the address of a file shows that it is a scan, whose text has to be recognised."""
    return "/img/" in urlsplit(url).path.lower()


def fetch_link(
    client: Client,
    description: SourceDescription,
    link: FileLink,
    target: Path,
    *,
    max_bytes: int,
    validators: Validators | None = None,
) -> Download | NotModified:
    """Fetch the file of a symbol (or a file of this host whose place is known); for arguments and errors see `FetchLink`."""
    headers = _headers(read_settings(description, OdsSettings), link)
    url = link.url
    if urlsplit(url).path == _PATH:
        answer = client.resolve(url, headers=headers)
        if not isinstance(answer, Redirect):
            raise _no_place(url, answer.body, answer.status)
        url = _place(url, answer)
    download = client.download(url, target, headers=headers, max_bytes=max_bytes, validators=validators)
    if isinstance(download, Download) and _is_page(download):
        target.unlink(missing_ok=True)
        raise Refused("error_page", url, f"a web page of {download.n_bytes} bytes instead of the file")
    return download


def _headers(settings: OdsSettings, link: FileLink) -> dict[str, str]:
    headers = {}
    accept = settings.accept.get(link.file_format or "pdf")
    if accept:
        headers["Accept"] = accept
    symbol = parse_qs(urlsplit(link.url).query).get("s", [""])[0]
    if settings.referer and symbol:
        page = settings.referer.replace("{language}", link.language or "en").replace("{symbol}", quote(symbol, safe="/"))
        headers["Referer"] = page
    return headers


def _place(url: str, answer: Redirect) -> str:
    parts = urlsplit(answer.location)
    path = parts.path.lower()
    if path.rstrip("/") == "/error":
        raise Refused("not_found", url, "the symbol is unknown there, in this language and format", status=answer.status)
    if path == _PATH:
        raise Refused("bad_answer", url, "the answer leads back to the same address", status=answer.status)
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def _no_place(url: str, body: bytes, status: int) -> Refused:
    if not body:
        return Refused("empty_answer", url, "the symbol is known, but the document is not out yet", status=status)
    if body.lstrip()[:1] == b"<":
        return Refused("not_found", url, f"the site's own page ({len(body)} bytes) instead of the place of a file", status=status)
    return Refused("bad_answer", url, f"{len(body)} bytes instead of the place of a file", status=status)


def _is_page(download: Download) -> bool:
    with download.path.open("rb") as stream:
        head = stream.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<!doctype html", b"<html"))
