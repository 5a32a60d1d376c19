"""The ILO's website: pages chosen by address and read strictly; an interrupted listing goes on; a site that fails is no empty site."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.errors import BadInput
from sources.connectors.base import connector_for
from sources.ilo_pages import NotAPage, read_page
from sources.types import Page, Record
from sources.web.errors import Refused
from sources.web.results import Answer
from tests.sources.given_answers import NOW, discover, is_storable, mangled
from tests.sources.playback import EXAMPLES, described

URL = "https://www.ilo.org/publications/third-party-monitoring-one"
INDEX = "https://www.ilo.org/sitemap.xml"
REPORT = (EXAMPLES / "ilo-site" / "first-listing" / "report.html").read_text(encoding="utf-8")


class Site:
    """Answers by address: bytes, a text, or a refusal."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = answers
        self.asked: list[str] = []

    def get(self, url: str, **_: Any) -> Answer:
        self.asked.append(url)
        found = self.answers.get(url, "not_found")
        if isinstance(found, str) and "<" not in found:
            raise Refused(found, url, "scripted")  # type: ignore[arg-type]  # outcomes by name
        return Answer(url, 200, {}, found.encode() if isinstance(found, str) else found)


def page_of(*paths: str, changed: str = "2026-01-02") -> str:
    entries = "".join(f"<url><loc>https://www.ilo.org{path}</loc><lastmod>{changed}</lastmod></url>" for path in paths)
    return f"<urlset>{entries}</urlset>"


def index_of(n_pages: int) -> str:
    return (
        "<sitemapindex>"
        + "".join(f"<sitemap><loc>{INDEX}?page={n}</loc></sitemap>" for n in range(1, n_pages + 1))
        + "</sitemapindex>"
    )


def html(*files: str, title: str = "A title") -> str:
    links = "".join(f'<a href="{file}">PDF</a>' for file in files)
    return f'<!doctype html><html lang="en"><body><main><h1>{title}</h1><time datetime="2026-01-02">2</time>{links}</main></body></html>'


def run(site: Site, watermark: str | None = None, **change: Any) -> tuple[list[Page], Refused | None]:
    pages: list[Page] = []
    try:
        for page in connector_for(described("ilo-site", change)).discover(site, watermark, NOW):  # type: ignore[arg-type]  # a stand-in for the client
            pages.append(page)
    except Refused as refused:
        return pages, refused
    return pages, None


def records(pages: list[Page]) -> list[Record]:
    return [record for page in pages for record in page.records]


def last_mark(pages: list[Page]) -> str | None:
    return next((page.watermark for page in reversed(pages) if page.watermark is not None), None)


def test_a_listing_that_was_killed_goes_on_where_it_stopped() -> None:
    path = "/publications/third-party-monitoring-{}"
    site = Site(**{INDEX: index_of(3), **{f"{INDEX}?page={n}": page_of(path.format(n)) for n in (1, 2, 3)}})
    site.answers |= {f"https://www.ilo.org{path.format(n)}": html(f"/f/{n}.pdf") for n in (1, 2, 3)}
    site.answers[f"{INDEX}?page=3"] = "server_error"
    pages, refused = run(site)
    assert refused is not None
    assert [record.record_key for record in records(pages)] == [f"publications/third-party-monitoring-{n}/en" for n in (1, 2)]
    site.answers[f"{INDEX}?page=3"] = page_of(path.format(3))
    site.asked.clear()
    pages, refused = run(site, last_mark(pages), settings={"earlier_pages": 0, "last_pages": 1})
    assert refused is None
    assert [record.record_key for record in records(pages)] == ["publications/third-party-monitoring-3/en"]
    assert site.asked == [INDEX, f"{INDEX}?page=3", f"https://www.ilo.org{path.format(3)}"]
    assert not pages[-1].is_complete


def test_a_page_that_fails_for_the_moment_is_tried_again_later() -> None:
    site = Site(**{INDEX: page_of("/publications/third-party-monitoring-one"), URL: "timed_out"})
    pages, refused = run(site)
    assert refused is None
    assert not records(pages)
    assert not pages[-1].is_complete
    site.answers[URL] = html("/f/a.pdf")
    pages, _ = run(site, last_mark(pages))
    assert [record.record_key for record in records(pages)] == ["publications/third-party-monitoring-one/en"]
    assert json.loads(last_mark(pages) or "")["again"] == {}


def test_a_page_without_a_file_is_looked_at_some_times_more_and_then_left_alone() -> None:
    site = Site(**{INDEX: page_of("/publications/third-party-monitoring-one"), URL: html()})
    mark: str | None = None
    for _ in range(6):
        mark = last_mark(run(site, mark)[0])
    assert site.asked.count(URL) == 4
    site.answers[URL] = html("/f/a.pdf")
    site.answers[INDEX] = page_of("/publications/third-party-monitoring-one", changed="2026-11-25")
    assert len(records(run(site, mark)[0])) == 1


def test_a_page_that_is_never_found_is_gone_but_not_at_once() -> None:
    site = Site(**{INDEX: page_of("/publications/third-party-monitoring-one")})
    mark: str | None = None
    gone: list[tuple[str, ...]] = []
    for _ in range(5):
        pages, _refused = run(site, mark)
        mark = last_mark(pages)
        gone.append(tuple(key for page in pages for key in page.withdrawn))
    assert gone == [(), (), (), ("publications/third-party-monitoring-one",), ()]


def test_a_site_that_refuses_page_after_page_ends_the_discovery() -> None:
    paths = [f"/publications/third-party-monitoring-{n}" for n in range(9)]
    site = Site(**{INDEX: page_of(*paths)} | {f"https://www.ilo.org{path}": "challenge_page" for path in paths})
    pages, refused = run(site, settings={"most_failures": 4})
    assert refused is not None
    assert refused.outcome == "challenge_page"
    assert len(site.asked) == 5
    assert last_mark(pages) is None


def test_a_site_that_has_changed_its_form_is_not_taken_for_one_whose_pages_are_gone() -> None:
    paths = [f"/publications/third-party-monitoring-{n}" for n in range(4)]
    site = Site(**{INDEX: page_of(*paths)} | {f"https://www.ilo.org{path}": html() for path in paths})
    site.answers[f"https://www.ilo.org{paths[0]}"] = html("/f/a.pdf")
    pages, _ = run(site)
    assert len(records(pages)) == 1
    assert len([one for page in pages for one in page.signals if one.field == "page"]) == 3
    assert not pages[-1].is_complete


def test_only_addresses_of_the_host_the_sections_and_the_queries_are_asked_for() -> None:
    entries = [
        "https://www.ilo.org/about/third-party-monitoring",
        "https://www.ilo.org/publications/cotton",
        "https://elsewhere.example.org/publications/third-party-monitoring",
        "file:///publications/third-party-monitoring",
        "https://www.ilo.org/es/publications/third-party-monitoring",
    ]
    urls = "".join(f"<url><loc>{entry}</loc><lastmod>2026-01-02</lastmod></url>" for entry in entries)
    site = Site(**{INDEX: f"<urlset>{urls}</urlset>"})
    pages, _ = run(site)
    assert site.asked == [INDEX, entries[-1]]
    assert ("bad_value", "sitemap.loc") in [(one.kind, one.field) for page in pages for one in page.signals]


def test_a_changed_day_is_a_new_version() -> None:
    def version(changed: str) -> str:
        site = Site(**{INDEX: page_of("/publications/third-party-monitoring-one", changed=changed), URL: html("/f/a.pdf")})
        return records(run(site)[0])[0].version

    assert version("2026-01-02") == version("2026-01-02") != version("2026-01-03")


def test_a_page_with_too_many_files_is_a_list_and_says_so() -> None:
    site = Site(**{INDEX: page_of("/publications/third-party-monitoring-one"), URL: html(*(f"/f/{n}.pdf" for n in range(5)))})
    pages, _ = run(site, settings={"most_files": 2})
    assert [record.record_key for record in records(pages)] == [
        "publications/third-party-monitoring-one/en",
        "publications/third-party-monitoring-one#1/en",
    ]
    assert [one.example for page in pages for one in page.signals if one.kind == "unexpected_count"] == [f"{URL}: 5 files"]


def test_what_stands_beside_the_page_is_not_its_file() -> None:
    facts = read_page(REPORT, URL)
    assert facts.title == "Third-party monitoring of the invented harvest in Uzbekistan"
    assert [(file.file_format, file.language, len(file.urls)) for file in facts.files] == [
        ("pdf", "en", 1),
        ("pdf", "ru", 1),
        ("pdf", None, 2),
    ]
    assert not any(word in str(facts.files) for word in ("menu", "terms", "related", "elsewhere"))


@pytest.mark.parametrize(
    ("head", "body", "day"),
    [
        ('<meta property="article:published_time" content="2026-10-02T08:00:00+02:00">', "", "2026-10-02"),
        ('<meta name="dcterms.date" content="2026-10">', "", "2026-10-01"),
        ('<script type="application/ld+json">[{"a": {"datePublished": "2026-10-03"}}]</script>', "", "2026-10-03"),
        ('<script type="application/ld+json">{not json</script>', '<time datetime="2026-10-04">then</time>', "2026-10-04"),
        ("", "<time>yesterday</time>", None),
    ],
)
def test_the_day_is_read_where_pages_have_it(head: str, body: str, day: str | None) -> None:
    facts = read_page(f"<html><head>{head}</head><body><main><h1>T</h1>{body}</main></body></html>", URL)
    assert (facts.published.isoformat() if facts.published else None) == day


@pytest.mark.parametrize("text", ["", "   ", "<!-- -->"])
def test_what_is_no_page_is_said(text: str) -> None:
    with pytest.raises(NotAPage):
        read_page(text, URL)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": {"sections": []}}, r"ilo-site\.yaml, key settings\.sections"),
        ({"queries": [{"id": "one", "query": "("}]}, r"queries \(one\).*no regular expression"),
        ({"queries": [{"id": "one", "parameters": {"a": "b"}}]}, r"queries \(one\)"),
    ],
)
def test_a_wrong_description_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        connector_for(described("ilo-site", change))


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 60), st.binary(max_size=8)), max_size=4), st.booleans())
def test_a_mangled_page_is_read_or_signalled(cuts: list[tuple[int, int, bytes]], in_map: bool) -> None:
    sitemap = page_of("/publications/third-party-monitoring-one").encode()
    bodies = {1: mangled(sitemap, cuts) if in_map else sitemap}
    pages, _ = discover(described("ilo-site", {}), lambda n: bodies.get(n, mangled(REPORT.encode(), cuts)))
    assert is_storable(pages)


@given(st.text(max_size=200))
def test_any_text_is_a_page_or_none(text: str) -> None:
    try:
        facts = read_page(text, URL)
    except NotAPage:
        return
    assert all(url.startswith("https://") for file in facts.files for url in file.urls)


@given(st.text(max_size=100) | st.from_regex(r'\{"read_on": .{0,20}\}', fullmatch=True))
def test_a_watermark_that_cannot_be_read_means_a_full_listing(watermark: str) -> None:
    site = Site(**{INDEX: page_of("/publications/third-party-monitoring-one"), URL: html("/f/a.pdf")})
    assert len(records(run(site, watermark)[0])) == 1
