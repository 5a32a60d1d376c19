"""A run can be written down and replayed without network, its failures included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from entente.errors import BadInput
from sources.web.client import Client, Download, Limits, NotModified, Redirect, Refused, Validators
from sources.web.recording import Recorded, Recorder
from tests.sources.loopback import FakeClock, Loopback, Reply, bench, raw, reset

HOST = "https://api.example.org"
JSON = {"Content-Type": "application/json"}
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 400 + b"\n%%EOF\n"
BROKEN = raw(b'HTTP/1.1 200 OK\r\nETag: "v1"\r\nAccept-Ranges: bytes\r\nContent-Length: %d\r\n\r\n%s' % (len(PDF), PDF[:9000]))


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as started:
        started.on(
            "/list", Reply(503), Reply(body=b"[1]", headers={**JSON, "ETag": '"v1"'}), Reply(304, headers={"ETag": '"v1"'})
        )
        started.on("/ask", Reply(body=b'{"n": 1}', headers=JSON), Reply(body=b'{"n": 2}', headers=JSON))
        started.on("/chunks", Reply(body=b"[2]", headers=JSON, is_chunked=True))
        started.on("/old", Reply(301, headers={"Location": "/chunks"}))
        started.on("/where", Reply(302, headers={"Location": "/DOC/X.PDF"}))
        started.on(
            "/x.pdf",
            BROKEN,
            Reply(206, PDF[9000:], {"ETag": '"v1"', "Content-Range": f"bytes 9000-{len(PDF) - 1}/{len(PDF)}"}),
        )
        started.on("/same.pdf", Reply(304))
        started.on("/gone", reset)
        yield started


def run(client: Client, folder: Path) -> list[Any]:
    """A run with a bit of everything; returns what it saw."""
    folder.mkdir()
    seen: list[Any] = []
    for _ in range(2):
        answer = client.get(f"{HOST}/list", expect="json")
        seen.append((answer.json(), answer.url, answer.headers["content-type"]))
    for question in ({"a": 1}, {"b": "é"}, {"a": 1}):
        seen.append(client.post(f"{HOST}/ask", json=question).json())
    seen.append(client.get(f"{HOST}/old", expect="json", headers={"Authorization": "Bearer secret"}).url)
    found = client.resolve(f"{HOST}/where")
    assert isinstance(found, Redirect)
    seen.append(found.location)
    file = client.download(f"{HOST}/x.pdf", folder / "x.pdf", max_bytes=1 << 20)
    assert isinstance(file, Download)
    seen.append((file.sha256, (folder / "x.pdf").read_bytes() == PDF))
    seen.append(
        isinstance(
            client.download(f"{HOST}/same.pdf", folder / "y.pdf", max_bytes=99, validators=Validators('"v1"')), NotModified
        )
    )
    for path in ("/gone", "/missing"):
        with pytest.raises(Refused) as caught:
            client.get(f"{HOST}{path}", expect="json")
        seen.append((caught.value.outcome, caught.value.status))
    return seen


@pytest.mark.parametrize("name", ["run.warc.gz", "run.warc"])
def test_a_recorded_run_can_be_replayed(server: Loopback, tmp_path: Path, name: str) -> None:
    path = tmp_path / "recordings" / name
    with Recorder(path) as recorder, bench(server, tmp_path / "a", recorder=recorder, limits=Limits(attempts=3)) as made:
        first = run(made.client, tmp_path / "first")
    asked = len(server.seen)
    clock = FakeClock()
    for time in ("second", "third"):
        with bench(server, tmp_path / time, clock=clock, replay=Recorded(path), limits=Limits(attempts=3)) as again:
            assert run(again.client, tmp_path / f"files-{time}") == first
    assert len(server.seen) == asked  # nobody was asked,
    assert clock.slept == []  # and nobody waited
    assert [(event.url, event.outcome, event.attempt) for event in again.events] == [
        (event.url, event.outcome, event.attempt) for event in made.events if event.purpose != "robots"
    ]


def test_a_replay_needs_no_cache_for_what_was_confirmed(server: Loopback, tmp_path: Path) -> None:
    path = tmp_path / "run.warc.gz"
    with bench(server, tmp_path / "a") as before:
        before.client.get(f"{HOST}/list", expect="json")
    with Recorder(path) as recorder, bench(server, tmp_path / "a", recorder=recorder) as made:
        assert made.client.get(f"{HOST}/list", expect="json").from_cache
    with bench(server, tmp_path / "b", replay=Recorded(path)) as again:
        answer = again.client.get(f"{HOST}/list", expect="json")
    assert (answer.json(), answer.from_cache) == ([1], False)


def test_a_recording_is_a_sound_archive_without_secrets(server: Loopback, tmp_path: Path) -> None:
    path = tmp_path / "run.warc"
    with Recorder(path) as recorder, bench(server, tmp_path / "a", recorder=recorder) as made:
        run(made.client, tmp_path / "files")
    with path.open("rb") as stream:
        kinds = [record.rec_type for record in ArchiveIterator(stream)]
    assert kinds.count("request") == kinds.count("response") + kinds.count("metadata") == len(made.events)
    assert kinds.count("resource") == 1
    assert b"Bearer secret" not in path.read_bytes()
    assert b"https://api.example.org/robots.txt" in path.read_bytes()


def test_what_is_not_in_the_recording_is_refused_at_once(server: Loopback, tmp_path: Path) -> None:
    path = tmp_path / "run.warc.gz"
    with Recorder(path) as recorder, bench(server, tmp_path / "a", recorder=recorder) as made:
        made.client.get(f"{HOST}/chunks", expect="json")
    with bench(server, tmp_path / "b", replay=Recorded(path)) as again:
        again.client.get(f"{HOST}/chunks", expect="json")
        for url in (f"{HOST}/chunks", f"{HOST}/never"):
            with pytest.raises(Refused, match="not in the recording"):
                again.client.get(url, expect="json")
        with pytest.raises(Refused) as caught:
            again.client.get("https://elsewhere.example.com/")
    assert caught.value.outcome == "host_not_allowed"
    assert [event.attempt for event in again.events] == [1, 1, 1, 1]


@pytest.mark.parametrize("cut", [1, 10, 40, 200])
def test_a_recording_of_a_killed_run_serves_as_far_as_it_goes(server: Loopback, tmp_path: Path, cut: int) -> None:
    path = tmp_path / "run.warc.gz"
    with Recorder(path) as recorder, bench(server, tmp_path / "a", recorder=recorder) as made:
        made.client.get(f"{HOST}/chunks", expect="json")
        made.client.post(f"{HOST}/ask", json={})
    path.write_bytes(path.read_bytes()[:-cut])
    with bench(server, tmp_path / "b", replay=Recorded(path)) as again:
        assert again.client.get(f"{HOST}/chunks", expect="json").json() == [2]


def test_files_that_are_no_recordings_are_the_users_to_mend(tmp_path: Path) -> None:
    for name, content in (
        ("empty", b""),
        ("text", b"hello\nworld\n"),
        ("binary", bytes(range(256)) * 20),
        ("zip", b"\x1f\x8b\x08\x00"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(BadInput, match=name):
            Recorded(path)
        with pytest.raises(BadInput, match="new file"):
            Recorder(path)
        assert path.read_bytes() == content
    with pytest.raises(BadInput, match="cannot be read"):
        Recorded(tmp_path / "none")
