"""Which host is answered by which service, and what each host's robots.txt says."""

from __future__ import annotations

from sources.replica.messages import Answer, Service, not_found, text_answer
from sources.replica.services.ods import DocumentLinks, DocumentSystem
from sources.replica.services.record_api import FileStore, RecordApi
from sources.replica.world import World

_OPEN = "User-agent: *\nDisallow:\n"
_ROBOTS = {
    "documents.un.org": _OPEN,
}
"""Only the lines of digitallibrary.un.org are known from reports; the others are invented, and hosts that are not named here have none (404)."""


def services_of(world: World) -> dict[str, Service]:
    """Return the services of a world by host."""
    links = DocumentLinks(world)
    return {
        "metadata.un.org": RecordApi(world),
        "undl-files.s3.amazonaws.com": FileStore(world),
        "documents.un.org": DocumentSystem(world),
        "undocs.org": links,
        "docs.un.org": links,
    }


def robots_of(host: str) -> Answer:
    """Return the answer to a request for a host's robots.txt."""
    text = _ROBOTS.get(host)
    return not_found(purpose="robots") if text is None else text_answer(text, "text/plain; charset=utf-8", purpose="robots")
