"""The replica's server: one address for all hosts, files in parts and under conditions, nothing but loopback, and a memory of every request."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sources.replica.manifest_world import world_from_manifest
from sources.replica.server import ReplicaServer
from sources.replica.world import SetClock, World

SAMPLE = Path(__file__).resolve().parents[2] / "sample"


@pytest.fixture
def world() -> World:
    return world_from_manifest(SAMPLE, SAMPLE / "manifest.csv", clock=SetClock())


@pytest.fixture
def server(world: World) -> Iterator[ReplicaServer]:
    with ReplicaServer(world) as running:
        yield running


def ask(server: ReplicaServer, host: str, target: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=10)
    try:
        connection.request(
            method, target, headers={"Host": host, **{name.replace("_", "-"): text for name, text in headers.items()}}
        )
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def file_of(server: ReplicaServer, symbol: str) -> str:
    """Return the path of a document's file in the Library's store."""
    document = server.world.find(symbol)
    assert document is not None
    return f"/{document.files[0].content.md5}"


STORE = "undl-files.s3.amazonaws.com"
VISIT = "A/HRC/990/17/Add.1"


def test_a_host_that_is_not_there_is_named(server: ReplicaServer) -> None:
    status, _, body = ask(server, "example.org", "/")
    assert (status, b"example.org" in body) == (421, True)


def test_a_file_is_the_bytes_of_the_sample_and_head_says_as_much_without_them(server: ReplicaServer) -> None:
    target = file_of(server, VISIT)
    status, headers, body = ask(server, STORE, target)
    assert (status, body) == (200, (SAMPLE / "reports" / "cos-eom-castrel-2017.pdf").read_bytes())
    assert headers["content-length"] == str(len(body))
    head = ask(server, STORE, target, "HEAD")
    assert (head[0], head[1], head[2]) == (200, headers, b"")


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
    target = file_of(server, VISIT)
    whole = ask(server, STORE, target)[2]
    answer = ask(server, STORE, target, Range=asked)
    assert (answer[0], answer[2]) == (status, whole[part])


def test_a_part_beyond_the_end_and_a_part_of_another_version(server: ReplicaServer) -> None:
    target = file_of(server, VISIT)
    _, headers, whole = ask(server, STORE, target)
    assert ask(server, STORE, target, Range="bytes=99999999-")[0] == 416
    assert ask(server, STORE, target, Range="bytes=5-", If_Range=headers["etag"])[0] == 206
    assert ask(server, STORE, target, Range="bytes=5-", If_Range='"older"')[::2] == (200, whole)


def test_what_has_not_changed_is_not_sent_again(server: ReplicaServer, world: World) -> None:
    target = "/doc" + ask(server, "documents.un.org", f"/api/symbol/access?s={VISIT}&l=en&t=pdf")[1]["location"].lower()[4:]
    _, headers, _ = ask(server, "documents.un.org", target)
    assert ask(server, "documents.un.org", target, If_None_Match=headers["etag"])[::2] == (304, b"")
    assert ask(server, "documents.un.org", target, If_Modified_Since=headers["last-modified"])[0] == 304
    clock = world.clock
    assert isinstance(clock, SetClock)
    clock.advance(timedelta(days=1))
    document = world.find(VISIT)
    assert document is not None
    world.revise(document.number, b"%PDF-1.4 another version %%EOF")
    status, _, body = ask(
        server, "documents.un.org", target, If_None_Match=headers["etag"], If_Modified_Since=headers["last-modified"]
    )
    assert (status, body) == (200, b"%PDF-1.4 another version %%EOF")


def test_every_request_is_remembered_before_its_answer_is_read(server: ReplicaServer) -> None:
    ask(server, STORE, file_of(server, VISIT), If_None_Match='"x"', User_Agent="test")
    ask(server, "metadata.un.org", "/editor/api/marc/bibs/records?limit=1")
    first, second = server.log
    assert (first.host, first.purpose, first.status, first.is_conditional) == (STORE, "file", 200, True)
    assert (second.host, second.purpose, second.headers.get("user-agent")) == ("metadata.un.org", "listing", None)
    assert (server.log.n_files, server.log.n_conditional, server.log.by_host()) == (1, 1, {"metadata.un.org": 1, STORE: 1})
    server.log.clear()
    assert len(server.log) == 0


def test_the_log_tells_how_fast_a_client_was(world: World) -> None:
    ticks = iter([0.0, 0.1, 0.2, 0.3, 5.0, 5.1])
    with ReplicaServer(world, log_clock=lambda: next(ticks)) as server:
        for _ in range(3):
            ask(server, STORE, "/none")
    # The clock is read at the beginning and the end of each request.
    assert server.log.most_in(1.0, STORE) == 2
    assert server.log.least_gap(STORE) == pytest.approx(0.2)
    assert server.log.most_at_once(STORE) == 1


def test_the_same_world_gives_the_same_bytes(server: ReplicaServer) -> None:
    target = "/editor/api/marc/bibs/records?search=989__b:Reports&sort=updated&format=brief&limit=5"
    other = world_from_manifest(SAMPLE, SAMPLE / "manifest.csv")
    with ReplicaServer(other) as second:
        assert ask(server, "metadata.un.org", target) == ask(second, "metadata.un.org", target)
    assert json.loads(ask(server, "metadata.un.org", target)[2])["_meta"]["count"] > 5
