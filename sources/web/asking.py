"""What every request carries: who asks, what is due, and the query."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from entente.errors import BadInput
from sources.web.results import Expect

Headers = Mapping[str, str]

_ACCEPT: dict[Expect, str] = {
    "json": "application/json, */*;q=0.1",
    "xml": "application/xml, text/xml;q=0.9, */*;q=0.1",
    "html": "text/html, application/xhtml+xml;q=0.9, */*;q=0.1",
    "text": "text/plain, */*;q=0.1",
    "any": "*/*",
}


def user_agent(version: str, project_url: str, contact: str) -> str:
    """Return how Entente names itself: product, version, where to read about it, whom to write to.

    Raises:
        BadInput: when the contact is empty or cannot stand in a header.
    """
    about = "; ".join(part for part in (f"+{project_url}" if project_url else "", contact.strip()) if part)
    if not contact.strip() or not about.isascii() or not about.isprintable() or set("()\\") & set(about):
        raise BadInput(
            f"The contact {contact!r} cannot be used: give an address (mail or https) in plain letters, without brackets, so that "
            "the owners of the servers that are asked can write to somebody."
        )
    return f"Entente/{version} ({about})"


def asked_headers(headers: Headers | None, expect: Expect) -> dict[str, str]:
    """Return the headers of a request: what is due, then what the caller adds or puts in place of it."""
    asked = {"Accept": _ACCEPT[expect], "Accept-Encoding": "gzip, deflate"}
    return asked | {name.title(): value for name, value in (headers or {}).items()}


def with_params(url: str, params: Mapping[str, str] | None) -> str:
    """Return an address with a query added, all of it percent-encoded (blanks as %20)."""
    if not params:
        return url
    separator = "&" if "?" in url else "?"
    return f"{url}{separator}{urlencode(params, quote_via=quote, safe='')}"
