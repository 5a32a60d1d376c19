"""Which host is answered by which service, and what each host's robots.txt says."""

from __future__ import annotations

from sources.replica.messages import Answer, Service, not_found, text_answer
from sources.replica.services.archive import Archive
from sources.replica.services.challenged import CHALLENGED_HOSTS, challenged
from sources.replica.services.digital_library import DigitalLibrary
from sources.replica.services.ilo_catalogue import Catalogue
from sources.replica.services.ilo_site import IloSite
from sources.replica.services.ods import DocumentLinks, DocumentSystem
from sources.replica.services.record_api import FileStore, RecordApi
from sources.replica.services.reliefweb import ReliefWebApi, ReliefWebFiles
from sources.replica.services.uhri import HumanRightsIndex
from sources.replica.services.worldbank import DocumentFiles, DocumentSearch
from sources.replica.world import World

_OPEN = "User-agent: *\nDisallow:\n"
_ROBOTS = {
    "digitallibrary.un.org": "User-agent: *\nCrawl-delay: 5\nDisallow: /search\nDisallow: /rss\n",
    "documents.un.org": _OPEN,
    "www.ilo.org": "User-agent: *\nDisallow: /admin/\nDisallow: /user/\nDisallow: /search/\nSitemap: https://www.ilo.org/sitemap.xml\n",
    "search.worldbank.org": _OPEN,
    "documents.worldbank.org": _OPEN,
    "reliefweb.int": "User-agent: *\nDisallow: /admin/\n",
    "web.archive.org": _OPEN,
    "www.ohchr.org": "User-agent: *\nDisallow: /admin/\n",
}
"""Known from reports are the lines of digitallibrary.un.org and that www.ohchr.org lets its robots.txt be read; the rest is invented. Hosts that
are not named here have none (404)."""


def services_of(world: World) -> dict[str, Service]:
    """Return the services of a world by host."""
    links, index = DocumentLinks(world), HumanRightsIndex(world)
    return {
        "metadata.un.org": RecordApi(world),
        "undl-files.s3.amazonaws.com": FileStore(world),
        "digitallibrary.un.org": DigitalLibrary(world),
        "documents.un.org": DocumentSystem(world),
        "undocs.org": links,
        "docs.un.org": links,
        "dataex.ohchr.org": index,
        "uhri.ohchr.org": index,
        "search.worldbank.org": DocumentSearch(world),
        "documents.worldbank.org": DocumentFiles(world),
        "ilo.alma.exlibrisgroup.com": Catalogue(world),
        "www.ilo.org": IloSite(world),
        "api.reliefweb.int": ReliefWebApi(world),
        "reliefweb.int": ReliefWebFiles(world),
        "web.archive.org": Archive(world),
        **dict.fromkeys(CHALLENGED_HOSTS, challenged),
    }


def robots_of(host: str) -> Answer:
    """Return the answer to a request for a host's robots.txt."""
    text = _ROBOTS.get(host)
    return not_found(purpose="robots") if text is None else text_answer(text, "text/plain; charset=utf-8", purpose="robots")
