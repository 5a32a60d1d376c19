"""The replica's server: one address for all hosts, files in parts and under conditions, nothing but loopback, and a memory of every request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.replica.content import Content, serve
from sources.replica.hosts import services_of
from sources.replica.log import LoggedRequest, RequestLog
from sources.replica.messages import Chunks, Request
from sources.replica.server import ReplicaServer
from sources.replica.world import START, SetClock
from tests.sources.replica_asking import SAMPLE, VISIT, ask, sample_world

STORE = "undl-files.s3.amazonaws.com"


@pytest.fixture
def server() -> Iterator[ReplicaServer]:
    with ReplicaServer(sample_world()) as running:
        yield running


def stored(server: ReplicaServer, symbol: str) -> str:
    """Return the address of a document's file in the Library's store."""
    document = server.world.find(symbol)
    assert document is not None
    return f"{STORE}/{document.files[0].content.md5}"


def test_a_host_that_is_not_there_is_named(server: ReplicaServer) -> None:
    answer = ask(server, "example.org/")
    assert (answer.status, "example.org" in answer.text) == (421, True)


def test_a_file_is_the_bytes_of_the_sample_and_head_says_as_much_without_them(server: ReplicaServer) -> None:
    whole = ask(server, stored(server, VISIT))
    assert (whole.status, whole.body) == (200, (SAMPLE / "reports" / "cos-eom-castrel-2017.pdf").read_bytes())
    assert whole.headers["content-length"] == str(len(whole.body))
    head = ask(server, stored(server, VISIT), method="HEAD")
    assert (head.status, head.headers, head.body) == (200, whole.headers, b"")


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=10-19", 206, slice(10, 20)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=nonsense", 200, slice(None)),
        ("bytes=0-1,4-5", 200, slice(None)),
    ],
)
def test_parts_of_a_file(server: ReplicaServer, asked: str, status: int, part: slice) -> None:
    whole = ask(server, stored(server, VISIT)).body
    answer = ask(server, stored(server, VISIT), Range=asked)
    assert (answer.status, answer.body) == (status, whole[part])


def test_a_part_beyond_the_end_and_a_part_of_another_version(server: ReplicaServer) -> None:
    url = stored(server, VISIT)
    whole = ask(server, url)
    assert ask(server, url, Range="bytes=99999999-").status == 416
    assert ask(server, url, Range="bytes=5-", If_Range=whole.headers["etag"]).status == 206
    assert ask(server, url, Range="bytes=5-", If_Range='"older"').body == whole.body


def test_what_has_not_changed_is_not_sent_again() -> None:
    clock = SetClock()
    with ReplicaServer(sample_world(clock=clock)) as server:
        way = ask(server, "documents.un.org/api/symbol/access", {"s": VISIT, "l": "en", "t": "pdf"})
        url = "documents.un.org" + way.headers["location"].lower()
        first = ask(server, url)
        tag, date = first.headers["etag"], first.headers["last-modified"]
        assert (ask(server, url, If_None_Match=tag).status, ask(server, url, If_None_Match=tag).body) == (304, b"")
        assert ask(server, url, If_Modified_Since=date).status == 304
        clock.advance(timedelta(days=1))
        document = server.world.find(VISIT)
        assert document is not None
        server.world.revise(document.number, b"%PDF-1.4 another version %%EOF")
        second = ask(server, url, If_None_Match=tag, If_Modified_Since=date)
        assert (second.status, second.body) == (200, b"%PDF-1.4 another version %%EOF")


def test_every_request_is_remembered_before_its_answer_is_read(server: ReplicaServer) -> None:
    ask(server, stored(server, VISIT), If_None_Match='"x"', User_Agent="test")
    ask(server, "metadata.un.org/editor/api/marc/bibs/records", {"limit": "1"})
    first, second = server.log
    assert (first.host, first.purpose, first.status, first.is_conditional) == (STORE, "file", 200, True)
    assert (second.host, second.purpose, second.headers.get("user-agent")) == ("metadata.un.org", "listing", None)
    assert second.url == "https://metadata.un.org/editor/api/marc/bibs/records?limit=1"
    assert (server.log.n_files, server.log.n_conditional, server.log.by_host()) == (1, 1, {"metadata.un.org": 1, STORE: 1})
    server.log.clear()
    assert len(server.log) == 0


def test_the_log_tells_how_fast_a_client_was() -> None:
    log = RequestLog()
    for began, ended in ((0.0, 0.3), (0.2, 0.4), (5.0, 5.1), (5.05, 5.07), (5.06, 5.08)):
        log.add(LoggedRequest(began, ended, STORE, "GET", "/", {}, "file", 200, None, 0))
    assert (log.most_in(1.0, STORE), log.most_in(1.0, "example.org")) == (3, 0)
    assert log.least_gap(STORE) == pytest.approx(0.01)
    assert log.least_gap("example.org") is None
    assert log.most_at_once(STORE) == 3


def test_the_same_world_gives_the_same_bytes(server: ReplicaServer) -> None:
    url = "metadata.un.org/editor/api/marc/bibs/records?search=989__b:Reports&sort=updated&format=brief&limit=5"
    with ReplicaServer(sample_world()) as other:
        assert ask(server, url) == ask(other, url)
    assert ask(server, url).json["_meta"]["count"] > 5


def test_every_host_has_an_answer_for_its_robots_file(server: ReplicaServer) -> None:
    for host in server.hosts:
        answer = ask(server, f"{host}/robots.txt")
        assert answer.status in (200, 404), host
        assert (answer.status == 404) == ("user-agent" not in answer.text.lower()), host
    library = ask(server, "digitallibrary.un.org/robots.txt").text
    assert {"Crawl-delay: 5", "Disallow: /search", "Disallow: /rss"} <= set(library.splitlines())
    assert server.log.of(purpose="listing") == []


def test_every_host_survives_any_path(server: ReplicaServer) -> None:
    for host in server.hosts:
        for path in (
            "/",
            "/%00",
            "/../..",
            "/api/symbol/access",
            "/doc/",
            "/web/1id_/",
            "/record/x/files/y",
            "/sitemap.xml?page=x",
        ):
            assert ask(server, host + path).status in (200, 202, 301, 302, 400, 401, 403, 404, 410), (host, path)


def test_no_thread_outlives_the_server() -> None:
    before = threading.active_count()
    with ReplicaServer(sample_world()) as server:
        for _ in range(5):
            ask(server, f"{STORE}/none")
    # Threads of connections end on their own once their sockets are closed; the server's own is joined.
    assert not [thread for thread in threading.enumerate() if thread.name == "replica"]
    assert threading.active_count() <= before + 5


@given(content=st.binary(max_size=300), start=st.integers(0, 320), end=st.none() | st.integers(0, 320))
def test_any_part_is_that_part_of_the_whole(content: bytes, start: int, end: int | None) -> None:
    asked = f"bytes={start}-{'' if end is None else end}"
    answer = serve(Request("GET", "host", "/", headers={"range": asked}), Content(held=content), "text/plain", START)
    assert isinstance(answer.body, Chunks) or answer.status == 416
    if isinstance(answer.body, Chunks):
        body = b"".join(answer.body.parts())
        assert (answer.status, body) == (206, content[start : len(content) if end is None else end + 1])
        assert answer.body.n_bytes == len(body) > 0


def test_each_host_of_the_guide_is_served() -> None:
    assert set(services_of(sample_world())) >= {
        "metadata.un.org",
        STORE,
        "digitallibrary.un.org",
        "documents.un.org",
        "dataex.ohchr.org",
        "uhri.ohchr.org",
        "search.worldbank.org",
        "documents.worldbank.org",
        "ilo.alma.exlibrisgroup.com",
        "www.ilo.org",
        "api.reliefweb.int",
        "reliefweb.int",
        "web.archive.org",
    }
