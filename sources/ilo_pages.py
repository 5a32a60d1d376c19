"""Pages of the ILO's website: what they say of themselves, the files that they are about, and the records that these become.

Strict: what is not plainly there is not guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from lxml import etree
from lxml import html as lxml_html

from sources.dates import parse_date
from sources.description import Query
from sources.ilo_marc import SITE, format_of_file, moved_url
from sources.json_texts import clean, mark_of, raw_text, signal
from sources.languages import language_code
from sources.links import group_files, https_url, language_of_file, name_of_url
from sources.missions import mission_of
from sources.symbols import parse_symbol
from sources.types import DocumentMetadata, FileLink, Record, Signal

LANGUAGE_PART = re.compile(r"/(?P<code>[a-z]{2})(?=/)")
"""The language at the beginning of a path; English has none."""
_BESIDE = frozenset(("nav", "header", "footer", "aside"))
_DATES = ("article:published_time", "dcterms.date", "dcterms.issued", "dc.date", "citation_publication_date")
_SYMBOL_WORDS = ("GB.", "ILC.")
_SCRIPT_DEPTH = 6


class NotAPage(ValueError):
    """The text is no page that can be read."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that a page is about: its addresses in the order in which to try them, what the page calls it, format, language if told."""

    urls: tuple[str, ...]
    words: str
    file_format: str
    language: str | None


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a page says; None and empty where it does not say it.

    Attributes:
        symbol: a document symbol of the ILO (`GB.340/INS/12`) with which the title begins or that stands in it.
        files: those within the page's own part, without what stands in menus, at the side and below.
    """

    title: str | None
    published: date | None
    language: str | None
    summary: str | None
    symbol: str | None
    files: tuple[FoundFile, ...]


def read_page(text: str, url: str) -> PageFacts:
    """Read a page.

    Args:
        text: the page.
        url: its address, against which links are resolved.

    Raises:
        NotAPage: when it cannot be read at all.
    """
    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    try:
        root = lxml_html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError) as error:
        raise NotAPage(clean(str(error)) or "nothing to read") from None
    title = _title(root)
    return PageFacts(
        title=title,
        published=_published(root),
        language=language_code(root.get("lang")),
        summary=_meta(root, "og:description", "description"),
        symbol=_symbol(title),
        files=tuple(_files(root, url)),
    )


def records_of_page(
    facts: PageFacts, url: str, changed: str, query: Query, *, source_id: str, routes: Mapping[str, str], most_files: int
) -> tuple[list[Record], list[Signal]]:
    """Make a record of each document of a page, and signals of what is missing on it.

    The first document in each language has the page's own key, further ones have their file's name with it. A document in several formats is
    one record.

    Args:
        facts: what the page says.
        url: its address.
        changed: when the site map says that it was changed.
        query: the question that it answers.
        source_id: the source that the records belong to; also the route of their links.
        routes: other routes, by host.
        most_files: so many are taken.
    """
    if facts.title is None or not facts.files:
        return [], [signal("difference", "page", f"{url}: no {'title' if facts.title is None else 'file'} on it")]
    signals = []
    if facts.published is None:
        signals.append(signal("difference", "published", f"{url}: no day of publication on it"))
    if len(facts.files) > most_files:
        signals.append(signal("unexpected_count", "files", f"{url}: {len(facts.files)} files"))
    host = mission_of(facts.title, facts.summary, defaults=query).host
    metadata = DocumentMetadata(
        igo=query.igo or "ILO",
        body=query.body,
        symbol=facts.symbol,
        title=facts.title,
        doc_type=query.doc_type,
        mission_kind=query.mission_kind,
        country_iso3=host.iso3 if host else None,
        country_name=host.name if host else None,
        published=facts.published,
        url=url,
        extra={"abstract": facts.summary} if facts.summary else {},
    )
    files = facts.files[:most_files]
    languages = [found.language or language_of_page(facts, url) for found in files]
    listed = [(name_of_url(found.urls[0]), found.file_format, language) for found, language in zip(files, languages, strict=True)]
    used: set[str] = set()
    records = []
    for group in group_files(listed):
        found, language = files[group[0]], languages[group[0]]
        said = replace(metadata, language=language)
        key = key_of_page(url)
        if language in used:
            key = f"{key}#{name_of_url(found.urls[0])}"
            said = replace(said, symbol=None, title=f"{facts.title} ({found.words})" if found.words else facts.title)
        used.add(language)
        links = tuple(
            FileLink(one, routes.get(urlsplit(one).hostname or "", source_id), files[place].file_format, language)
            for place in group
            for one in files[place].urls
        )
        raw = raw_text(
            {
                "url": url, "changed": changed, "title": facts.title, "published": facts.published and facts.published.isoformat(),
                "language": language, "summary": facts.summary, "files": [link.url for link in links], "words": found.words,
            }
        )  # fmt: skip
        records.append(
            Record(source_id, f"{key}/{language}", None, said, links=links, version=f"{changed}:{mark_of(raw)}", raw=raw)
        )
    return records, signals


def key_of_page(url: str) -> str:
    """Return the key of a page: its path."""
    return clean(unquote(urlsplit(url).path)).strip("/")


def language_of_page(facts: PageFacts, url: str) -> str:
    """Return the language that a page names, or that its address does; English is the one without a mark."""
    match = LANGUAGE_PART.match(urlsplit(url).path)
    return facts.language or (match["code"] if match else "en")


def _meta(root: Any, *names: str) -> str | None:
    for name in names:
        for element in root.iter("meta"):
            if (element.get("property") or element.get("name") or "").lower() == name:
                text = clean(element.get("content") or "")
                if text:
                    return text
    return None


def _title(root: Any) -> str | None:
    heading = next((text for one in root.iter("h1") if (text := clean(one.text_content()))), None)
    whole = _meta(root, "og:title") or heading or next((clean(one.text_content()) for one in root.iter("title")), "")
    return whole.rpartition(" | ")[0].strip() or whole or None


def _published(root: Any) -> date | None:
    texts = [_meta(root, name) for name in _DATES]
    texts += [
        text for one in root.iter("script") if one.get("type") == "application/ld+json" for text in _in_script(one.text or "")
    ]
    texts += [one.get("datetime") for one in (_main(root).iter("time"))]
    return next((parsed[0] for text in texts if (parsed := parse_date(text)) is not None), None)


def _in_script(text: str) -> Iterator[str]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return
    yield from _values(content, "datePublished", 0)


def _values(content: object, key: str, depth: int) -> Iterator[str]:
    if depth > _SCRIPT_DEPTH:
        return
    if isinstance(content, dict):
        value = content.get(key)
        if isinstance(value, str):
            yield value
        for inner in content.values():
            yield from _values(inner, key, depth + 1)
    elif isinstance(content, list):
        for inner in content:
            yield from _values(inner, key, depth + 1)


def _symbol(title: str | None) -> str | None:
    for word in (title or "").split():
        if word.startswith(_SYMBOL_WORDS):
            symbol = parse_symbol(word.strip(".,;:–-"))
            if symbol is not None:
                return symbol.text
    return None


def _main(root: Any) -> Any:
    for element in root.iter("main"):
        return element
    for element in root.iter():
        if isinstance(element.tag, str) and element.get("role") == "main":
            return element
    return next(root.iter("body"), root)


def _files(root: Any, url: str) -> Iterator[FoundFile]:
    seen: set[str] = set()
    for anchor in _main(root).iter("a"):
        if any(isinstance(above.tag, str) and above.tag in _BESIDE for above in anchor.iterancestors()):
            continue
        address = _absolute(url, anchor.get("href"))
        file_format = format_of_file(address) if address else None
        if address is None or file_format is None or not _is_of_ilo(address):
            continue
        moved = moved_url(address)
        urls = tuple(one for one in (moved, address) if one)
        if urls[0] in seen:
            continue
        seen.add(urls[0])
        words = clean(anchor.text_content()) or clean(anchor.get("title") or "")
        told = (language_code(anchor.get("hreflang")), language_of_file(words), language_of_file(name_of_url(address)))
        yield FoundFile(urls, words, file_format, next((one for one in told if one), None))


def _absolute(url: str, href: str | None) -> str | None:
    try:
        return https_url(urljoin(url, (href or "").strip())) if href else None
    except ValueError:
        return None


def _is_of_ilo(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == SITE or host == "ilo.org" or host.endswith(".ilo.org")
