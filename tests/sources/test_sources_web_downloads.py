"""A file is fetched straight to the disk, whole or not at all, and not a byte twice where the server can help it."""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from entente.errors import Unavailable
from sources.web.client import Download, Limits, NotModified, Refused, Validators
from tests.sources.loopback import FakeClock, Loopback, Raw, Reply, bench, dripping, raw, reset

URL = "https://api.example.org/x.pdf"
PDF = b"%PDF-1.7\n" + hashlib.shake_128(b"a report").digest(300_000) + b"\n%%EOF\n"
ETAG = '"v1"'
MODIFIED = "Mon, 02 Nov 2026 00:00:00 GMT"
TYPE = {"Content-Type": "application/pdf"}
MAX = 1 << 20


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as started:
        yield started


def broken(n: int, *headers: str, status: str = "200 OK", begin: int = 0) -> Raw:
    """Announces the rest of the file and breaks off after `n` bytes of it."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/pdf", f"Content-Length: {len(PDF) - begin}", *headers, "", ""]
    return raw("\r\n".join(lines).encode() + PDF[begin : begin + n])


def rest(begin: int, etag: str = ETAG) -> Reply:
    return Reply(206, PDF[begin:], {**TYPE, "Content-Range": f"bytes {begin}-{len(PDF) - 1}/{len(PDF)}", "ETag": etag})


def ranges(server: Loopback) -> list[tuple[str | None, str | None]]:
    return [(seen.headers.get("range"), seen.headers.get("if-range")) for seen in server.seen if seen.path != "/robots.txt"]


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def check_whole(result: Download | NotModified, target: Path) -> Download:
    assert isinstance(result, Download)
    assert result.path == target
    assert target.read_bytes() == PDF
    assert (result.n_bytes, result.sha256, result.md5) == (
        len(PDF),
        hashlib.sha256(PDF).hexdigest(),
        hashlib.md5(PDF, usedforsecurity=False).hexdigest(),
    )
    return result


def test_a_file_comes_whole_with_its_hashes_and_validators(server: Loopback, tmp_path: Path) -> None:
    server.on("/x.pdf", Reply(302, headers={"Location": "/y.pdf"}))
    server.on("/y.pdf", Reply(body=PDF, headers={**TYPE, "ETag": ETAG, "Last-Modified": MODIFIED}))
    target = tmp_path / "files" / "x.pdf"
    with bench(server, tmp_path) as made:
        result = check_whole(made.client.download(URL, target, max_bytes=MAX, headers={"Accept": "application/pdf"}), target)
    assert result.url == "https://api.example.org/y.pdf"
    assert result.content_type == "application/pdf"
    assert result.validators == Validators(ETAG, MODIFIED)
    assert left(target.parent) == ["x.pdf"]
    assert {seen.headers["accept-encoding"] for seen in server.seen[1:]} == {"identity"}
    assert {seen.headers["accept"] for seen in server.seen[1:]} == {"application/pdf"}
    assert [(event.purpose, event.outcome) for event in made.events[1:]] == [("file", "redirect"), ("file", "ok")]
    assert made.events[-1].n_bytes == len(PDF)


def test_a_file_that_has_not_changed_is_not_sent_again(server: Loopback, tmp_path: Path) -> None:
    server.on("/x.pdf", Reply(304, headers={"ETag": ETAG}))
    target = tmp_path / "x.pdf"
    target.write_bytes(b"what is here")
    known = Validators(ETAG, MODIFIED)
    with bench(server, tmp_path) as made:
        result = made.client.download(URL, target, max_bytes=MAX, validators=known)
    assert result == NotModified(URL, known)
    assert target.read_bytes() == b"what is here"
    asked = server.seen[-1].headers
    assert (asked["if-none-match"], asked["if-modified-since"]) == (ETAG, MODIFIED)
    assert made.events[-1].is_conditional
    assert made.outcomes() == ["not_modified"]


def test_a_304_that_nobody_asked_for_is_a_bad_answer(server: Loopback, tmp_path: Path) -> None:
    server.on("/x.pdf", Reply(304))
    with bench(server, tmp_path) as made, pytest.raises(Refused) as caught:
        made.client.download(URL, tmp_path / "x.pdf", max_bytes=MAX)
    assert caught.value.outcome == "bad_answer"


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ((f"ETag: {ETAG}", "Accept-Ranges: bytes"), ETAG),
        ((f"Last-Modified: {MODIFIED}", "Date: Wed, 25 Nov 2026 12:00:00 GMT", "Accept-Ranges: bytes"), MODIFIED),
    ],
)
def test_a_broken_download_goes_on_where_it_ended(
    server: Loopback, tmp_path: Path, headers: tuple[str, ...], validator: str
) -> None:
    again = broken(50_000, f"Content-Range: bytes 100000-{len(PDF) - 1}/{len(PDF)}", status="206 Partial Content", begin=100_000)
    server.on("/x.pdf", broken(100_000, *headers), again, rest(150_000))
    target = tmp_path / "x.pdf"
    with bench(server, tmp_path) as made:
        check_whole(made.client.download(URL, target, max_bytes=MAX), target)
    assert ranges(server) == [(None, None), ("bytes=100000-", validator), ("bytes=150000-", validator)]
    assert made.outcomes() == ["connection_failed", "connection_failed", "ok"]
    assert left(tmp_path) == ["x.pdf"]


def test_a_later_run_goes_on_where_an_earlier_one_was_broken_off(server: Loopback, tmp_path: Path) -> None:
    server.on("/x.pdf", broken(100_000, f"ETag: {ETAG}", "Accept-Ranges: bytes"), Reply(503), rest(100_000))
    target = tmp_path / "x.pdf"
    with bench(server, tmp_path, limits=Limits(attempts=2)) as made, pytest.raises(Refused) as caught:
        made.client.download(URL, target, max_bytes=MAX)
    assert caught.value.outcome == "server_error"
    assert not target.exists()
    with bench(server, tmp_path, limits=Limits(attempts=1)) as made:
        check_whole(made.client.download(URL, target, max_bytes=MAX, validators=Validators('"old"')), target)
    assert ranges(server)[-1] == ("bytes=100000-", ETAG)
    assert left(tmp_path) == ["x.pdf"]


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (f"ETag: {ETAG}",),
        ('ETag: W/"v1"', "Accept-Ranges: bytes"),
        (f"ETag: {ETAG}", "Accept-Ranges: none"),
        (f"Last-Modified: {MODIFIED}", "Accept-Ranges: bytes"),
        (f"Last-Modified: {MODIFIED}", "Date: Mon, 02 Nov 2026 00:00:30 GMT", "Accept-Ranges: bytes"),
    ],
)
def test_without_a_strong_promise_a_broken_download_begins_anew(
    server: Loopback, tmp_path: Path, headers: tuple[str, ...]
) -> None:
    server.on("/x.pdf", broken(100_000, *headers), Reply(body=PDF, headers=TYPE))
    target = tmp_path / "x.pdf"
    with bench(server, tmp_path) as made:
        check_whole(made.client.download(URL, target, max_bytes=MAX), target)
    assert ranges(server) == [(None, None)] * 2


@pytest.mark.parametrize(
    "second",
    [
        Reply(body=PDF, headers=TYPE),  # the file has changed, or the server does not care for ranges
        Reply(416),
        rest(100_001),
        Reply(206, PDF[100_000:], TYPE),
        rest(100_000, etag='"other"'),
    ],
)
def test_a_server_that_sends_something_else_than_the_rest_makes_it_begin_anew(
    server: Loopback, tmp_path: Path, second: Reply
) -> None:
    server.on("/x.pdf", broken(100_000, f"ETag: {ETAG}", "Accept-Ranges: bytes"), second, Reply(body=PDF, headers=TYPE))
    target = tmp_path / "x.pdf"
    with bench(server, tmp_path) as made:
        check_whole(made.client.download(URL, target, max_bytes=MAX), target)
    assert ranges(server)[1] == ("bytes=100000-", ETAG)
    assert left(tmp_path) == ["x.pdf"]


def test_what_is_left_of_another_address_is_not_gone_on_with(server: Loopback, tmp_path: Path) -> None:
    server.on("/x.pdf", broken(100_000, f"ETag: {ETAG}", "Accept-Ranges: bytes"))
    server.on("/z.pdf", Reply(body=PDF, headers={**TYPE, "ETag": ETAG}))
    target = tmp_path / "x.pdf"
    with bench(server, tmp_path, limits=Limits(attempts=1)) as made:
        with pytest.raises(Refused):
            made.client.download(URL, target, max_bytes=MAX)
        check_whole(made.client.download("https://api.example.org/z.pdf", target, max_bytes=MAX), target)
    assert ranges(server)[-1] == (None, None)


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(200, b""), "empty_answer"),
        (Reply(202, b"", {"x-amzn-waf-action": "challenge"}), "challenge_page"),
        (Reply(200, b"<html><script>window.gokuProps = {}</script></html>", {"Content-Type": "text/html"}), "challenge_page"),
        (Reply(403, b"<html><title>Just a moment...</title>", {"Content-Type": "text/html"}), "challenge_page"),
        (Reply(200, b"<!doctype html><html><app-root></app-root></html>" + b" " * 1250), "error_page"),
        (Reply(200, b"<html><title>404 Not Found</title></html>"), "error_page"),
        (Reply(200, b"The system was not able to generate the text."), "error_page"),
        (Reply(404), "not_found"),
        (Reply(500), "server_error"),
        (Reply(302, headers={"Location": "/error"}), "error_page"),
        (Reply(302, headers={"Location": "file:///etc/passwd"}), "host_not_allowed"),
        (Reply(200, PDF[:1000], TYPE, claims=2000), "connection_failed"),
        (Reply(body=b"x" * (MAX + 1)), "too_large"),
        (Reply(body=b"x" * (MAX + 1), is_chunked=True), "too_large"),
        (Reply(206, PDF, TYPE), "bad_answer"),
        (reset, "connection_failed"),
    ],
)
def test_what_is_no_file_leaves_nothing_behind(server: Loopback, tmp_path: Path, reply: Reply | Raw, outcome: str) -> None:
    server.on("/x.pdf", reply)
    target = tmp_path / "files" / "x.pdf"
    with bench(server, tmp_path, limits=Limits(attempts=2)) as made, pytest.raises(Refused) as caught:
        made.client.download(URL, target, max_bytes=MAX, file_format="pdf")
    assert caught.value.outcome == outcome
    assert left(target.parent) == []


def test_a_page_is_a_file_where_a_page_is_due(server: Loopback, tmp_path: Path) -> None:
    page = b"<!doctype html><html><title>Report</title><body>Text</body></html>"
    server.on("/x.pdf", Reply(body=page, headers={"Content-Type": "text/html"}))
    with bench(server, tmp_path) as made:
        made.client.download(URL, tmp_path / "x.html", max_bytes=MAX, file_format="html")
    assert (tmp_path / "x.html").read_bytes() == page


@pytest.mark.parametrize(
    "limits", [Limits(attempts=1, file_seconds=40), Limits(attempts=1, grace_seconds=20, least_bytes_per_second=1e9)]
)
def test_a_file_that_only_drips_is_given_up_on(server: Loopback, tmp_path: Path, limits: Limits) -> None:
    server.on("/x.pdf", dripping(b'HTTP/1.1 200 OK\r\nAccept-Ranges: bytes\r\nETag: "v1"\r\n\r\n%PDF', b"x"))
    with bench(server, tmp_path, clock=FakeClock(tick=1.0), limits=limits) as made, pytest.raises(Refused) as caught:
        made.client.download(URL, tmp_path / "x.pdf", max_bytes=1 << 40)
    assert caught.value.outcome == "timed_out"
    assert left(tmp_path) == [".x.pdf.note.part", ".x.pdf.part"]  # what came is kept for the next time


def test_a_large_file_never_lies_in_memory(server: Loopback, tmp_path: Path) -> None:
    chunk = hashlib.shake_128(b"a large file").digest(1 << 20)

    def large(handler: object) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (96 << 20))  # type: ignore[attr-defined]  # the handler of the standard library
        for _ in range(96):
            handler.wfile.write(chunk)  # type: ignore[attr-defined]  # the handler of the standard library

    server.on("/x.pdf", large)
    with bench(server, tmp_path) as made:
        made.client.robots_notes()
        tracemalloc.start()
        result = made.client.download(URL, tmp_path / "x.bin", max_bytes=100 << 20)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert isinstance(result, Download)
    assert result.n_bytes == 96 << 20
    assert peak < 8 << 20


def test_a_disk_that_cannot_be_written_is_said_so(server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.on("/x.pdf", Reply(body=PDF, headers=TYPE))

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with bench(server, tmp_path) as made:
        made.client.resolve("https://api.example.org/x.pdf")
        monkeypatch.setattr("sources.web.part.os.fsync", full)
        with pytest.raises(Unavailable, match="No room left"):
            made.client.download(URL, tmp_path / "x.pdf", max_bytes=MAX)
