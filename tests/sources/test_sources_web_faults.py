"""Answers that lie, servers that falter and servers that mean harm: each is named, none crashes, hangs or fills the memory."""

from __future__ import annotations

import contextlib
import copy
import gzip
import itertools
import tracemalloc
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sources.web.answers import problem_of_file, problem_of_listing, problem_of_status, retry_after
from sources.web.client import Limits, Redirect, Refused
from sources.web.errors import NotPublic
from sources.web.results import Answer, Expect
from tests.sources.loopback import BEGIN, FakeClock, Loopback, Raw, Reply, bench, dripping, raw, reset

URL = "https://api.example.org/api"
SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "source_samples"
HTML = {"Content-Type": "text/html; charset=utf-8"}
JSON = {"Content-Type": "application/json"}
XML = {"Content-Type": "text/xml"}
CHALLENGE = (
    b"<!DOCTYPE html><html><head><script>window.gokuProps = {};</script><script src='https://x.token.awswaf.com/challenge.js'>"
)
JUST_A_MOMENT = (
    b"<html><head><title>Just a moment...</title></head><body><script src='https://challenges.cloudflare.com/x'></script>"
)
APPLICATION = (
    b"<!doctype html><html lang=en><head><title>Documents</title></head><body><app-root></app-root>"
    + b" " * 1200
    + b"</body></html>"
)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as started:
        yield started


@pytest.mark.parametrize(
    ("reply", "expect", "outcome"),
    [
        (Reply(202, b"", {"x-amzn-waf-action": "challenge"}), "json", "challenge_page"),
        (Reply(202, b""), "xml", "challenge_page"),
        (Reply(202, CHALLENGE, HTML), "any", "challenge_page"),
        (Reply(202, b"later", {"Content-Type": "text/plain"}), "any", "bad_answer"),
        (Reply(200, CHALLENGE, HTML), "xml", "challenge_page"),
        (Reply(200, CHALLENGE.decode().encode("utf-16"), HTML), "any", "challenge_page"),
        (Reply(405, b"", {"x-amzn-waf-action": "captcha"}), "json", "challenge_page"),
        (Reply(403, JUST_A_MOMENT, HTML), "html", "challenge_page"),
        (Reply(503, JUST_A_MOMENT, HTML), "html", "challenge_page"),
        (Reply(403, b"denied", {"cf-mitigated": "challenge"}), "html", "challenge_page"),
        (
            Reply(
                403,
                b'{"status": 403, "error": {"type": "AccessDeniedHttpException", "message": "You need an approved appname"}}',
                JSON,
            ),
            "json",
            "forbidden",
        ),
        (Reply(401), "json", "forbidden"),
        (Reply(404, b"<html><title>Not found</title></html>", HTML), "json", "not_found"),
        (Reply(410, b"v1 is off"), "json", "not_found"),
        (Reply(422, b'{"message": "Too many hits"}', JSON), "json", "error_page"),
        (Reply(200, b""), "json", "empty_answer"),
        (Reply(200, b""), "any", "empty_answer"),
        (Reply(204), "json", "empty_answer"),
        (Reply(206, b"[]", JSON), "json", "bad_answer"),
        (Reply(300, b"which?"), "any", "bad_answer"),
        (Reply(200, b"<!DOCTYPE html><html><body>Sorry</body></html>", XML), "xml", "error_page"),
        (Reply(200, b"<?xml version='1.0'?><!-- x --><html xmlns='x'><body/></html>", XML), "xml", "error_page"),
        (Reply(200, b"<html><body>Sorry</body></html>", JSON), "json", "error_page"),
        (Reply(200, b"<html><title>500 Internal</title></html>", HTML), "html", "error_page"),
        (Reply(200, b"<html><title>Error</title></html>", HTML), "any", "error_page"),
        (Reply(200, b"%PDF-1.4", {"Content-Type": "application/pdf"}), "json", "wrong_type"),
        (Reply(200, b"<a/>", XML), "json", "wrong_type"),
        (Reply(200, b"not xml", XML), "xml", "wrong_type"),
        (Reply(200, b"{}", JSON), "html", "wrong_type"),
        (Reply(200, b"The system was not able to generate the text", {"Content-Type": "text/plain"}), "text", "error_page"),
        (Reply(302, headers={"Location": "https://api.example.org/error"}), "any", "error_page"),
    ],
)
def test_answers_that_lie_are_named_and_not_asked_for_again(
    server: Loopback, tmp_path: Path, reply: Reply, expect: Expect, outcome: str
) -> None:
    server.on("/api", reply)
    with bench(server, tmp_path) as made, pytest.raises(Refused) as caught:
        made.client.get(URL, expect=expect)
    assert caught.value.outcome == outcome
    assert caught.value.status == reply.status
    assert made.outcomes() == [outcome]
    assert str(caught.value).startswith("api.example.org: ")
    assert "\n" not in str(caught.value)


def test_what_a_service_says_reaches_the_reader(server: Loopback, tmp_path: Path) -> None:
    server.on("/api", Reply(403, b'{"error": {"type": "AccessDenied", "message": "You need an\\n approved appname"}}', JSON))
    with bench(server, tmp_path) as made, pytest.raises(Refused, match="You need an approved appname"):
        made.client.get(URL, expect="json")


@pytest.mark.parametrize(
    ("body", "expect"),
    [
        (b'\xef\xbb\xbf{"text": "<html><body><title>Error</title>"}', "json"),
        (b'"a string"', "json"),
        ('{"a": "é"}'.encode("utf-16"), "any"),
        (b"<?xml version='1.0'?><records><record>&lt;html&gt; <html/></record></records>", "xml"),
        (b"\n<OAI-PMH/>", "xml"),
        (b"Plain words about <html>", "text"),
        (b"<!doctype html><html><title>Reports</title></html>", "html"),
    ],
)
def test_honest_answers_pass(server: Loopback, tmp_path: Path, body: bytes, expect: Expect) -> None:
    server.on("/api", Reply(body=body))
    with bench(server, tmp_path) as made:
        assert made.client.get(URL, expect=expect).body == body


def test_an_oai_error_is_an_answer_whatever_its_status(server: Loopback, tmp_path: Path) -> None:
    body = (
        b"<?xml version='1.0'?>\n<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><error code='noRecordsMatch'/></OAI-PMH>"
    )
    server.on("/api", Reply(422, body, XML), Reply(200, body, XML))
    with bench(server, tmp_path) as made:
        answers = [made.client.get(URL, expect="xml") for _ in range(2)]
    assert [answer.status for answer in answers] == [422, 200]
    assert [answer.xml()[0].get("code") for answer in answers] == ["noRecordsMatch"] * 2


@pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"the recorded answers are not there ({SAMPLES})")
def test_recorded_protocol_errors_pass_and_the_recorded_page_does_not(server: Loopback, tmp_path: Path) -> None:
    folder = SAMPLES / "oai_pmh_recorded"
    with bench(server, tmp_path) as made:
        for path in sorted(folder.glob("*_http422.xml")):
            server.on("/api", Reply(422, path.read_bytes(), XML))
            root = made.client.get(URL, expect="xml").xml()
            assert root.find("{http://www.openarchives.org/OAI/2.0/}error") is not None
        server.on("/api", Reply(200, (folder / "identify_html_instead_of_xml.html").read_bytes(), HTML))
        with pytest.raises(Refused) as caught:
            made.client.get(URL, expect="xml")
    assert caught.value.outcome == "error_page"


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(200, b""), "empty_answer"),
        (Reply(200, APPLICATION, HTML), "error_page"),
        (Reply(302, headers={"Location": "https://api.example.org/error"}), "error_page"),
        (Reply(302, headers={"Location": "https://elsewhere.example.com/x.pdf"}), "host_not_allowed"),
        (Reply(202, b"", {"x-amzn-waf-action": "challenge"}), "challenge_page"),
    ],
)
def test_where_a_file_is_due_a_page_or_nothing_is_none(server: Loopback, tmp_path: Path, reply: Reply, outcome: str) -> None:
    server.on("/api", reply)
    with bench(server, tmp_path) as made, pytest.raises(Refused) as caught:
        made.client.resolve(URL)
    assert caught.value.outcome == outcome


def test_a_resolver_that_hands_the_file_out_itself_is_believed(server: Loopback, tmp_path: Path) -> None:
    server.on("/api", Reply(body=b"%PDF-1.7 ..."), Reply(302, headers={"Location": "/DOC/X.PDF"}))
    with bench(server, tmp_path) as made:
        file, place = made.client.resolve(URL), made.client.resolve(URL)
    assert isinstance(file, Answer)
    assert file.body.startswith(b"%PDF")
    assert isinstance(place, Redirect)
    assert place.location == "https://api.example.org/DOC/X.PDF"


GOOD = Reply(body=b"[1]", headers=JSON)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Reply(429), "rate_limited"),
        (Reply(500), "server_error"),
        (Reply(502, b"<html><title>502 Bad Gateway</title>", HTML), "server_error"),
        (Reply(503), "server_error"),
        (Reply(504), "server_error"),
        (reset, "connection_failed"),
        (raw(), "connection_failed"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,"), "connection_failed"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,"), "connection_failed"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n[1]\r\n0\r\n\r\n"), "connection_failed"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"[1]" * 99)[:-9]), "connection_failed"),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 900) for n in range(400))), "connection_failed"),
        (raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000), "connection_failed"),
        (raw(b"SSH-2.0-nobody\r\n\r\n"), "connection_failed"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n"), "connection_failed"),
        (raw(b"\x00" * 5000), "connection_failed"),
    ],
)
def test_a_server_that_falters_is_asked_again(server: Loopback, tmp_path: Path, fault: Reply | Raw, outcome: str) -> None:
    server.on("/api", fault, fault, GOOD)
    with bench(server, tmp_path) as made:
        assert made.client.get(URL, expect="json").json() == [1]
    assert made.outcomes() == [outcome, outcome, "ok"]
    assert [event.attempt for event in made.events[1:]] == [1, 2, 3]


def test_a_server_that_falters_for_ever_is_given_up_on_after_growing_waits(server: Loopback, tmp_path: Path) -> None:
    server.on("/api", Reply(503))
    with bench(server, tmp_path, limits=Limits(attempts=4, backoff_seconds=2.0)) as made:
        with pytest.raises(Refused) as caught:
            made.client.get(URL, expect="json")
        begins = [event.at.timestamp() for event in made.events[1:]]
    assert caught.value.outcome == "server_error"
    waits = [round(later - earlier, 1) for earlier, later in itertools.pairwise(begins)]
    assert waits == [2.2, 4.4, 8.8]  # doubled, with the jitter of this test


@pytest.mark.parametrize(
    ("asked", "waits"),
    [("1", 10.0), ("120", 120.0), ("Wed, 25 Nov 2026 12:02:00 GMT", 108.8), ("soon", 10.0), ("-5", 10.0), ("0", 10.0)],
)
def test_a_wish_to_wait_is_kept_but_never_for_less_than_our_own_wait(
    server: Loopback, tmp_path: Path, asked: str, waits: float
) -> None:
    server.on("/api", Reply(503, headers={"Retry-After": asked}), GOOD)
    clock = FakeClock()
    with bench(server, tmp_path, clock=clock, limits=Limits(backoff_seconds=10.0)) as made:
        made.client.get(URL, expect="json")
    first, second = (event.at.timestamp() for event in made.events[1:])
    assert second - first >= waits
    assert second - first <= waits * 1.2


def test_a_host_that_asks_for_a_long_rest_gets_it(server: Loopback, tmp_path: Path) -> None:
    server.on("/api", Reply(429, headers={"Retry-After": "7200"}), GOOD)
    clock = FakeClock()
    with bench(server, tmp_path, clock=clock) as made:
        for _ in range(2):
            with pytest.raises(Refused) as caught:
                made.client.get(URL, expect="json")
            assert caught.value.outcome == "rate_limited"
        assert server.paths() == ["/api"]  # it was not asked a second time, and nobody waited two hours
        assert [(event.status, event.outcome) for event in made.events[1:]] == [(429, "rate_limited"), (None, "rate_limited")]
        clock.sleep(7200)
        assert made.client.get(URL, expect="json").json() == [1]


@pytest.mark.parametrize(
    "begin",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n[",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_an_answer_that_drips_for_ever_ends_with_its_time(server: Loopback, tmp_path: Path, begin: bytes) -> None:
    server.on("/api", dripping(begin, b"1\r\n \r\n" if b"chunked" in begin else b" "))
    limits = Limits(attempts=2, listing_seconds=12)
    with bench(server, tmp_path, clock=FakeClock(tick=1.0), limits=limits) as made, pytest.raises(Refused) as caught:
        made.client.get(URL, expect="json", max_bytes=1 << 40)
    assert caught.value.outcome == "timed_out"
    assert made.outcomes() == ["timed_out"] * 2
    assert made.events[-1].n_bytes > 0


def test_headers_that_drip_for_ever_end_with_their_time(server: Loopback, tmp_path: Path) -> None:
    server.on("/api", dripping(b"HTTP/1.1 200 OK\r\n", b"X"))
    limits = Limits(attempts=1, listing_seconds=12)
    with bench(server, tmp_path, clock=FakeClock(tick=1.0), limits=limits) as made, pytest.raises(Refused) as caught:
        made.client.get(URL, expect="json")
    assert caught.value.outcome in ("timed_out", "connection_failed")  # its time is over, or there are too many


def test_silence_ends_with_the_limit_for_silence(server: Loopback, tmp_path: Path) -> None:
    def silent(handler: object) -> None:
        handler.connection.recv(1)  # type: ignore[attr-defined]  # until the other side hangs up

    server.on("/api", silent)
    with bench(server, tmp_path, limits=Limits(attempts=1, read_seconds=0.05)) as made, pytest.raises(Refused) as caught:
        made.client.get(URL, expect="json")
    assert caught.value.outcome == "timed_out"


BOMB = gzip.compress(gzip.compress(b"\0" * (64 << 20), 9) + b"\0" * (192 << 20), 9)


@pytest.mark.parametrize("is_file", [False, True])
def test_a_small_answer_cannot_become_a_huge_one(server: Loopback, tmp_path: Path, is_file: bool) -> None:
    server.on("/api", Reply(body=BOMB, headers={**JSON, "Content-Encoding": "gzip"}))
    with bench(server, tmp_path) as made:
        made.client.robots_notes()
        tracemalloc.start()
        ask = partial(made.client.download, URL, tmp_path / "x.pdf") if is_file else partial(made.client.get, URL)
        with pytest.raises(Refused) as caught:
            ask(max_bytes=5 << 20)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert caught.value.outcome == "too_large"
    assert peak < 16 << 20
    assert made.outcomes() == ["too_large"]
    assert list(tmp_path.glob("*x.pdf*")) == list(tmp_path.glob(".x.pdf*")) == []


@pytest.mark.parametrize(
    "reply", [Reply(body=b"[" + b"1," * 900 + b"1]", headers=JSON), Reply(body=b"x" * 900, is_chunked=True), Reply(claims=900)]
)
def test_answers_beyond_the_limit_are_refused(server: Loopback, tmp_path: Path, reply: Reply) -> None:
    server.on("/api", reply)
    with bench(server, tmp_path) as made, pytest.raises(Refused) as caught:
        made.client.get(URL, max_bytes=899)
    assert caught.value.outcome == "too_large"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b"[1]")),
        ("gzip", gzip.compress(b"[1") + gzip.compress(b"]") + b"\0\0"),
        ("deflate", zlib.compress(b"[1]")),
        ("identity", b"[1]"),
    ],
)
def test_compressed_answers_are_read(server: Loopback, tmp_path: Path, encoding: str, body: bytes) -> None:
    server.on("/api", Reply(body=body, headers={**JSON, "Content-Encoding": encoding}))
    with bench(server, tmp_path) as made:
        assert made.client.get(URL, expect="json").json() == [1]


@pytest.mark.parametrize(("encoding", "body"), [("br", b"[1]"), ("gzip", b"[1]"), ("gzip, gzip", b"[1]")])
def test_encodings_that_nobody_asked_for_or_that_are_not_so_are_bad_answers(
    server: Loopback, tmp_path: Path, encoding: str, body: bytes
) -> None:
    server.on("/api", Reply(body=body, headers={**JSON, "Content-Encoding": encoding}))
    with bench(server, tmp_path) as made, pytest.raises(Refused) as caught:
        made.client.get(URL, expect="json")
    assert caught.value.outcome == "bad_answer"


def test_a_refusal_can_be_carried_to_another_process() -> None:
    for refusal in (Refused("forbidden", URL, "no", status=403, retry_after=2.0), NotPublic(URL, "private")):
        again = copy.copy(refusal)  # by the same road as pickling
        assert type(again) is type(refusal)
        assert (str(again), again.__dict__) == (str(refusal), refusal.__dict__)


@pytest.mark.parametrize(
    "body",
    [b"{", b"[" * 100_000, b"[1] 2", b'{"a": "\xff"}', b"9" * 10_000],
)
def test_what_is_no_json_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        Answer(URL, 200, {}, body).json()
    assert caught.value.outcome == "bad_answer"


@pytest.mark.parametrize(
    "body",
    [
        b"<a>",
        b"",
        b"<a>&nothing;</a>",
        b"<?xml version='1.0' encoding='none-such'?><a/>",
        b"<!DOCTYPE a [<!ENTITY b 'bbbbbbbbbb'>"
        + b"".join(b"<!ENTITY c%d '%s'>" % (n, b"&b;" * 999) for n in range(9))
        + b"]><a>",
    ],
)
def test_what_is_no_xml_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(Refused) as caught:
        Answer(URL, 200, {}, body).xml()
    assert caught.value.outcome == "bad_answer"


def test_entities_bring_nothing_in_from_outside(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    body = f"<!DOCTYPE a [<!ENTITY x SYSTEM '{secret.as_uri()}'>]><a>&x;</a>".encode()
    assert "secret" not in "".join(Answer(URL, 200, {}, body).xml().itertext(with_tail=False))


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("é".encode(), "", "é"),
        ("é".encode("latin-1"), "text/plain; charset=ISO-8859-1", "é"),
        ("é".encode("cp1252"), "text/plain", "é"),
        ("é".encode("utf-16"), "text/html; charset=utf-8", "é"),
        ("é".encode("utf-8-sig"), "text/plain; charset=none-such", "é"),
        ("é".encode(), "text/plain; charset=rot13", "é"),
    ],
)
def test_text_is_read_in_its_own_charset(body: bytes, content_type: str, text: str) -> None:
    assert Answer(URL, 200, {"content-type": content_type}, body).text() == text


@settings(max_examples=200, deadline=None)
@given(
    status=st.integers(100, 599),
    body=st.one_of(
        st.binary(max_size=300), st.sampled_from([CHALLENGE, JUST_A_MOMENT, APPLICATION, b"<?", b"<!--", b"\xff\xfe<"])
    ),
    kind=st.sampled_from(["", "text/html", "application/json", "\udcff"]),
    expect=st.sampled_from(["json", "xml", "html", "text", "any"]),
    wish=st.text(max_size=30),
)
def test_no_answer_breaks_the_recognition(status: int, body: bytes, kind: str, expect: Expect, wish: str) -> None:
    headers = {"content-type": kind}
    assert problem_of_status(status, headers, body) is not None or status in (200, 203, 206)
    problem_of_listing(headers, body, expect)
    problem_of_file(headers, body, len(body), "pdf")
    seconds = retry_after(wish, BEGIN)
    assert seconds is None or seconds >= 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(lambda body: b"HTTP/1.1 200 OK\r\n\r\n" + body)))
def test_whatever_a_server_sends_is_an_answer_or_a_refusal(server: Loopback, tmp_path: Path, answer: bytes) -> None:
    server.on("/api", raw(answer))
    with bench(server, tmp_path, limits=Limits(attempts=1)) as made, contextlib.suppress(Refused):
        made.client.get(URL, expect="json").json()
    assert len(made.outcomes()) == 1
