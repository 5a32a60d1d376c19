"""The ILO's website (`www.ilo.org`): its site map in pages, pages of publications, and their files.

Shape, not recording: nobody has kept a page of the site map or of a publication; these are written by hand to what is reported of them. Among
the addresses are pages that are no reports (news, training material), as in the real map.
"""

from __future__ import annotations

from datetime import timedelta
from xml.sax.saxutils import escape, quoteattr

from sources.replica.content import MEDIA_TYPES, Content, serve
from sources.replica.messages import Answer, Request, not_found, text_answer, zulu
from sources.replica.naming import ilo_file, ilo_page
from sources.replica.world import START, Document, File, World

_HOST = "https://www.ilo.org"
_SERVICE = "ilo-site"
_OTHER_PAGES = (
    "/about-ilo",
    "/resource/news/replica-opens-its-doors",
    "/resource/news/a-day-without-reports",
    "/resource/training-material/how-to-invent-a-world",
    "/fr/resource/news/la-replique-ouvre-ses-portes",
    "/publications",
)


class IloSite:
    """Answers for `www.ilo.org`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._version = 0
        self._pages: dict[str, tuple[Document, str]] = {}
        self._files: dict[str, File] = {}
        self._entries: list[tuple[str, str]] = []

    def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        self._look_around()
        path = request.path
        if path == "/sitemap.xml":
            return self._map(request)
        if path in self._files:
            file = self._files[path]
            return serve(request, file.content, MEDIA_TYPES[file.file_format], file.modified)
        if path in self._pages:
            document, language = self._pages[path]
            text = _page(document, language).encode()
            return serve(
                request, Content(held=text), "text/html; charset=UTF-8", document.updated, purpose="page", has_ranges=False
            )
        if path in _OTHER_PAGES:
            return text_answer("<!DOCTYPE html><html><head><title>Another page</title></head><body></body></html>")
        return not_found(purpose="file" if "." in path.rpartition("/")[2] else "page")

    def _map(self, request: Request) -> Answer:
        size = self._world.habits.sitemap_page_size
        n_pages = max(1, -(-len(self._entries) // size))
        page = request.parameters.get("page")
        if page is None:
            entries = "".join(
                f"<sitemap><loc>{_HOST}/sitemap.xml?page={number}</loc><lastmod>{zulu(self._world.now)}</lastmod></sitemap>"
                for number in range(1, n_pages + 1)
            )
            return _xml(f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</sitemapindex>')
        if not page.isdigit() or not 1 <= int(page) <= n_pages:
            return not_found(purpose="listing")
        first = (int(page) - 1) * size
        urls = "".join(
            f"<url><loc>{escape(address)}</loc><lastmod>{stamp}</lastmod><changefreq>weekly</changefreq></url>"
            for stamp, address in self._entries[first : first + size]
        )
        return _xml(f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>')

    def _look_around(self) -> None:
        """Learn all addresses anew when the world has changed."""
        if self._version == self._world.version:
            return
        version = self._world.version
        pages: dict[str, tuple[Document, str]] = {}
        files: dict[str, File] = {}
        entries = [
            (zulu(START - timedelta(days=900 - 30 * number)), f"{_HOST}{path}") for number, path in enumerate(_OTHER_PAGES)
        ]
        for document in self._world.documents(_SERVICE):
            if document.withdrawn or not document.is_out:
                continue
            for language in document.languages:
                address = ilo_page(document, language)
                pages[address.removeprefix(_HOST)] = (document, language)
                entries.append((zulu(document.updated), address))
            files |= {ilo_file(document, file).removeprefix(_HOST): file for file in document.files}
        self._pages, self._files, self._entries = pages, files, sorted(entries)
        self._version = version


def _page(document: Document, language: str) -> str:
    files = [file for file in document.files if file.language == language]
    links = "".join(
        f'<a class="ilo--file" href={quoteattr(ilo_file(document, file).removeprefix(_HOST))}>Download ({file.file_format.upper()})</a>'
        for file in files
    )
    day = document.published
    date = f"{day.day} {day:%B %Y}"
    return (
        f'<!DOCTYPE html><html lang="{language}" dir="ltr"><head><meta charset="utf-8">'
        f"<title>{escape(document.title)} | International Labour Organization</title>"
        f'<link rel="canonical" href={quoteattr(ilo_page(document, language))}>'
        f'<meta property="og:title" content={quoteattr(document.title)}>'
        f'<meta name="description" content={quoteattr(document.abstract or document.title)}>'
        f'</head><body><header><a href="/about-ilo">About</a></header><main><h1>{escape(document.title)}</h1>'
        f'<time datetime="{day.isoformat()}T12:00:00Z">{date}</time><p>{escape(document.abstract)}</p>{links}</main>'
        '<footer><a href="/sites/default/files/privacy-notice.pdf">Privacy</a></footer></body></html>'
    )


def _xml(body: str) -> Answer:
    return text_answer(f'<?xml version="1.0" encoding="UTF-8"?>{body}', "text/xml; charset=utf-8", purpose="listing")
