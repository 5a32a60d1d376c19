"""Site maps are read as the protocol says, packed or not, and nothing that a site sends in their place does harm."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sources.sitemap import Entry, NotASitemap, read_sitemap

NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
INDEX = f"""<?xml version="1.0" encoding="UTF-8"?>
<sitemapindex xmlns="{NAMESPACE}">
  <sitemap><loc>https://www.example.org/sitemap.xml?page=1</loc><lastmod>2026-01-02T03:04:05+00:00</lastmod></sitemap>
  <sitemap><loc>https://www.example.org/sitemap.xml?page=2</loc></sitemap>
</sitemapindex>""".encode()
PAGE = f"""<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="/sitemap.xsl"?>
<urlset xmlns="{NAMESPACE}" xmlns:xhtml="http://www.w3.org/1999/xhtml">
  <!-- made by the site -->
  <url><loc> https://www.example.org/publications/one </loc><lastmod>2026-01-02</lastmod>
    <xhtml:link rel="alternate" hreflang="fr" href="https://www.example.org/fr/publications/un"/></url>
  <url><lastmod>2026-01-03</lastmod></url>
</urlset>""".encode()


def test_an_index_and_a_page_are_read_with_what_they_say_of_changes() -> None:
    assert list(read_sitemap(INDEX)) == [
        Entry("https://www.example.org/sitemap.xml?page=1", "2026-01-02T03:04:05+00:00", True),
        Entry("https://www.example.org/sitemap.xml?page=2", "", True),
    ]
    assert list(read_sitemap(PAGE)) == [
        Entry("https://www.example.org/publications/one", "2026-01-02", False),
        Entry("", "2026-01-03", False),
    ]


def test_a_packed_page_and_one_without_a_namespace_are_read() -> None:
    assert list(read_sitemap(gzip.compress(PAGE))) == list(read_sitemap(PAGE))
    plain = b"<urlset><url><loc>https://www.example.org/a</loc></url></urlset>"
    assert list(read_sitemap(plain)) == [Entry("https://www.example.org/a", "", False)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><body>Just a moment</body></html>",
        PAGE[:-30],
        gzip.compress(PAGE)[:-12],
        b"\x1f\x8b" + b"nothing packed at all",
        b"<urlset>" + b"<url><loc>https://www.example.org/</loc></url>" * 11 + b"</urlset>",
    ],
)
def test_what_is_no_site_map_or_too_large_a_one_is_said(data: bytes) -> None:
    with pytest.raises(NotASitemap):
        list(read_sitemap(data, most_entries=10))


def test_a_small_file_that_unpacks_to_a_large_one_is_stopped() -> None:
    bomb = gzip.compress(b"<urlset>" + b" " * 5_000_000 + b"</urlset>")
    assert len(bomb) < 10_000
    with pytest.raises(NotASitemap, match="larger"):
        list(read_sitemap(bomb, most_bytes=1_000_000))


def test_entities_are_not_resolved() -> None:
    data = b"""<!DOCTYPE urlset [<!ENTITY file SYSTEM "file:///etc/hostname"><!ENTITY a "aaaa">]>
    <urlset><url><loc>https://www.example.org/&a;&file;</loc></url></urlset>"""
    assert [entry.url for entry in read_sitemap(data)] == ["https://www.example.org/"]


@example(b"", 154, 155, False)
@given(st.binary(max_size=60), st.integers(0, len(PAGE)), st.integers(0, len(PAGE)), st.booleans())
def test_a_mangled_site_map_is_read_or_refused(junk: bytes, start: int, end: int, packed: bool) -> None:
    data = PAGE[:start] + junk + PAGE[end:]
    try:
        entries = list(read_sitemap(gzip.compress(data) if packed else data))
    except NotASitemap:
        return
    assert all(isinstance(entry.url, str) for entry in entries)
