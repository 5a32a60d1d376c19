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
_REDIRECTS = (301, 302, 303, 307, 308)


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
        url = _place(client, url, headers)
    return client.download(url, target, headers=headers, max_bytes=max_bytes, validators=validators, file_format=link.file_format)


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


def _place(client: Client, url: str, headers: dict[str, str]) -> str:
    """Return where the file is; the address itself where the service hands the file out at once."""
    try:
        answer = client.resolve(url, headers=headers)
    except Refused as refused:
        if refused.outcome == "error_page" and refused.status in _REDIRECTS:
            raise Refused(
                "not_found", url, "the symbol is unknown there, in this language and format", status=refused.status
            ) from None
        raise
    if not isinstance(answer, Redirect):
        return url
    parts = urlsplit(answer.location)
    path = parts.path.lower()
    if path == _PATH:
        raise Refused("bad_answer", url, "the answer leads back to the same address", status=answer.status)
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
