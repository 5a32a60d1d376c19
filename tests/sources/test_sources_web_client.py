"""A listing is asked for honestly and gently, and asked again only in so far as it may have changed."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from entente.errors import BadInput
from sources.description import Host
from sources.web.client import Client, Limits, Redirect, Refused
from sources.web.pace import Pace
from tests.sources.loopback import FakeClock, Loopback, Reply, bench, describe

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as started:
        yield started


def test_a_request_names_who_asks_and_keeps_no_cookies(server: Loopback, tmp_path: Path) -> None:
    server.on("/api", Reply(body=b'{"a": 1}', headers={**JSON, "Set-Cookie": "who=you; Path=/"}))
    with bench(server, tmp_path) as made:
        assert made.client.get("https://api.example.org/api", expect="json").json() == {"a": 1}
        made.client.get("https://api.example.org/api", expect="json")
    robots, first, second = server.seen
    assert robots.path == "/robots.txt"
    assert first.host == "api.example.org"
    assert first.headers["user-agent"] == "Entente/9.9 (+https://example.org/entente; who@example.org)"
    assert first.headers["accept"].startswith("application/json")
    assert "cookie" not in second.headers


@pytest.mark.parametrize("contact", ["", "  ", "a\r\nEvil: b", "Ж", "me (you)"])
def test_a_contact_that_cannot_stand_in_a_header_is_the_users_to_mend(contact: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="contact"):
        Client(describe(), contact=contact, version="1", log=print, state=tmp_path)


@pytest.mark.parametrize(
    "gateway", ["http://10.0.0.1:80", "https://127.0.0.1:80", "http://127.0.0.1", "http://example.org:1", "x"]
)
def test_a_gateway_is_on_this_machine(gateway: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="gateway"):
        Client(describe(), contact="a@b", version="1", log=print, state=tmp_path, gateway=gateway)


def test_every_request_makes_one_event(server: Loopback, tmp_path: Path) -> None:
    server.on("/api", Reply(503), Reply(body=b"[]", headers=JSON))
    with bench(server, tmp_path) as made:
        made.client.get("https://api.example.org/api", params={"q": "a b/c&d"}, expect="json")
        with pytest.raises(Refused):
            made.client.get("https://elsewhere.example.org/api")
    assert [(event.purpose, event.status, event.outcome, event.attempt) for event in made.events] == [
        ("robots", 404, "not_found", 1),
        ("listing", 503, "server_error", 1),
        ("listing", 200, "ok", 2),
        ("listing", None, "host_not_allowed", 1),
    ]
    asked = made.events[2]
    assert asked.url == "https://api.example.org/api?q=a%20b%2Fc%26d"
    assert (asked.source_id, asked.host, asked.n_bytes, asked.is_conditional) == ("example", "api.example.org", 2, False)
    assert asked.at.tzinfo is not None


def test_requests_to_a_host_keep_its_delay_and_are_never_hastened(server: Loopback, tmp_path: Path) -> None:
    server.on("/api", Reply(body=b"[]", headers=JSON))
    with bench(server, tmp_path, Host(host="api.example.org", delay_seconds=5)) as made:
        for _ in range(3):
            made.client.get("https://api.example.org/api", expect="json")
    begins = [(event.at - made.events[0].at).total_seconds() for event in made.events]
    assert all(later - earlier >= 5 for earlier, later in itertools.pairwise(begins))


def test_two_sources_that_share_a_host_keep_the_stricter_pace(server: Loopback, tmp_path: Path) -> None:
    server.on("/api", Reply(body=b"[]", headers=JSON))
    clock = FakeClock()
    pace = Pace(clock.clock(), jitter=0.0)
    strict, lax = Host(host="api.example.org", delay_seconds=9), Host(host="api.example.org", delay_seconds=0)
    with (
        bench(server, tmp_path, strict, clock=clock, pace=pace) as one,
        bench(server, tmp_path, lax, clock=clock, pace=pace) as other,
    ):
        one.client.get("https://api.example.org/api", expect="json")
        other.client.get("https://api.example.org/api", expect="json")
    # One robots.txt for both, then two listings, nine seconds apart.
    assert [seen.path for seen in server.seen] == ["/robots.txt", "/api", "/api"]
    assert clock.seconds == 18


def test_an_unchanged_listing_is_confirmed_and_not_sent_again(server: Loopback, tmp_path: Path) -> None:
    server.on(
        "/api",
        Reply(body=b"[1]", headers={**JSON, "ETag": '"v1"', "Cache-Control": "max-age=99999"}),
        Reply(304, headers={"ETag": '"v1"'}),
        Reply(body=b"[2]", headers={**JSON, "ETag": '"v2"'}),
        Reply(304, headers={"ETag": '"v2"'}),
    )
    answers = []
    for _ in range(4):  # a new client each time: what is known lies on the disk
        with bench(server, tmp_path) as made:
            answers.append(made.client.get("https://api.example.org/api", expect="json"))
    assert [answer.json() for answer in answers] == [[1], [1], [2], [2]]
    assert [answer.from_cache for answer in answers] == [False, True, False, True]
    assert made.outcomes() == ["not_modified"]
    assert made.events[-1].is_conditional
    # The server is asked every time, even where it said that the answer would hold for long.
    assert [seen.headers.get("if-none-match") for seen in server.seen if seen.path == "/api"] == [None, '"v1"', '"v1"', '"v2"']


def test_last_modified_serves_where_there_is_no_tag(server: Loopback, tmp_path: Path) -> None:
    stamp = "Mon, 02 Nov 2026 00:00:00 GMT"
    server.on("/api", Reply(body=b"[1]", headers={**JSON, "Last-Modified": stamp}), Reply(304), Reply(body=b"[2]", headers=JSON))
    with bench(server, tmp_path) as made:
        made.client.get("https://api.example.org/api", expect="json")
        again = made.client.get("https://api.example.org/api", expect="json")
        other = made.client.get("https://api.example.org/api", expect="any")
    assert again.from_cache
    assert again.json() == [1]
    assert server.seen[2].headers["if-modified-since"] == stamp
    assert "if-modified-since" not in server.seen[3].headers  # another Accept is another answer
    assert other.json() == [2]


def test_what_may_not_or_cannot_be_confirmed_is_not_kept(server: Loopback, tmp_path: Path) -> None:
    server.on("/none", Reply(body=b"[1]", headers=JSON))
    server.on("/secret", Reply(body=b"[1]", headers={**JSON, "ETag": '"v1"'}))
    server.on("/nostore", Reply(body=b"[1]", headers={**JSON, "ETag": '"v1"', "Cache-Control": "no-store"}))
    with bench(server, tmp_path) as made:
        for _ in range(2):
            made.client.get("https://api.example.org/none", expect="json")
            made.client.get("https://api.example.org/nostore", expect="json")
            made.client.get("https://api.example.org/secret", expect="json", headers={"authorization": "Bearer x"})
    assert not any("if-none-match" in seen.headers or "if-modified-since" in seen.headers for seen in server.seen)


def test_a_304_that_nobody_asked_for_is_no_answer(server: Loopback, tmp_path: Path) -> None:
    server.on("/api", Reply(304))
    with bench(server, tmp_path) as made, pytest.raises(Refused) as caught:
        made.client.get("https://api.example.org/api", expect="json")
    assert caught.value.outcome == "bad_answer"


def test_a_304_for_something_forgotten_is_asked_for_whole(server: Loopback, tmp_path: Path) -> None:
    server.on(
        "/api",
        Reply(body=b"[1]", headers={**JSON, "ETag": '"v1"'}),
        Reply(304, headers={"ETag": '"another"'}),
        Reply(body=b"[2]", headers=JSON),
    )
    with bench(server, tmp_path) as made:
        made.client.get("https://api.example.org/api", expect="json")
        assert made.client.get("https://api.example.org/api", expect="json").json() == [2]


def test_a_cache_file_that_is_none_is_begun_anew(server: Loopback, tmp_path: Path) -> None:
    broken = tmp_path / "replica" / "http-cache" / "listings.db"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"this is no database" * 100)
    server.on("/api", Reply(body=b"[1]", headers={**JSON, "ETag": '"v1"'}), Reply(304, headers={"ETag": '"v1"'}))
    with bench(server, tmp_path) as made:
        made.client.get("https://api.example.org/api", expect="json")
        assert made.client.get("https://api.example.org/api", expect="json").from_cache


def test_redirects_lead_to_hosts_of_the_source_and_leave_secrets_behind(server: Loopback, tmp_path: Path) -> None:
    server.on("/old", Reply(301, headers={"Location": "http://files.example.org:80/new?x=1#part"}))
    server.on("/new", Reply(body=b"[1]", headers=JSON), host="files.example.org")
    with bench(server, tmp_path, "api.example.org", "files.example.org") as made:
        answer = made.client.get("https://api.example.org/old", expect="json", headers={"Authorization": "Bearer secret"})
    assert answer.url == "https://files.example.org/new?x=1"
    assert made.outcomes() == ["redirect", "ok"]
    assert server.seen[1].headers["authorization"] == "Bearer secret"
    assert "authorization" not in server.seen[-1].headers
    assert [seen.host for seen in server.seen if seen.path == "/robots.txt"] == ["api.example.org", "files.example.org"]


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example.com/",
        "//evil.example.com/x",
        "HTTPS://EVIL.EXAMPLE.COM/",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "ftp://api.example.org/x",
        "data:text/html,x",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "http://2130706433/",
        "https://api.example.org:8443/",
        "https://user:secret@api.example.org/",
        "https://api.example.org@evil.example.com/",
        "https://api.example.org.evil.example.com/",
        "/\\evil.example.com",
        "",
    ],
)
def test_redirects_elsewhere_are_not_followed(server: Loopback, tmp_path: Path, location: str) -> None:
    server.on("/api", Reply(302, headers={"Location": location}))
    with bench(server, tmp_path) as made, pytest.raises(Refused) as caught:
        made.client.get("https://api.example.org/api")
    assert caught.value.outcome == "host_not_allowed"
    assert server.paths() == ["/api"]
    assert [(event.status, event.outcome) for event in made.events[1:]] == [(302, "redirect"), (None, "host_not_allowed")]


def test_upper_case_redirects_stay_as_they_are_but_the_host(server: Loopback, tmp_path: Path) -> None:
    server.on("/api", Reply(302, headers={"Location": "https://API.EXAMPLE.ORG/DOC/N24.PDF"}))
    with bench(server, tmp_path) as made:
        found = made.client.resolve("https://api.example.org/api", headers={"Accept": "application/pdf"})
    assert isinstance(found, Redirect)
    assert found.location == "https://api.example.org/DOC/N24.PDF"
    assert server.seen[-1].headers["accept"] == "application/pdf"
    assert [event.purpose for event in made.events] == ["robots", "file"]


def test_endless_redirects_end(server: Loopback, tmp_path: Path) -> None:
    server.on("/api", Reply(302, headers={"Location": "/api"}))
    with bench(server, tmp_path) as made, pytest.raises(Refused) as caught:
        made.client.get("https://api.example.org/api")
    assert caught.value.outcome == "redirect"
    assert len(server.paths()) == Limits().redirects + 1


def test_a_question_with_a_body_is_sent_as_json_and_not_redirected(server: Loopback, tmp_path: Path) -> None:
    server.on("/api", Reply(body=b'{"data": []}', headers=JSON), Reply(307, headers={"Location": "/other"}))
    with bench(server, tmp_path) as made:
        assert made.client.post("https://api.example.org/api", json={"q": "é"}, params={"appname": "x"}).json() == {"data": []}
        with pytest.raises(Refused) as caught:
            made.client.post("https://api.example.org/api", json={})
    assert caught.value.outcome == "redirect"
    asked = server.seen[1]
    assert (asked.method, asked.path, asked.body) == ("POST", "/api?appname=x", '{"q": "é"}'.encode())
    assert asked.headers["content-type"] == "application/json"


def test_paths_that_a_description_does_not_name_are_not_asked_for(server: Loopback, tmp_path: Path) -> None:
    server.on("/api/x", Reply(body=b"[]", headers=JSON))
    with bench(server, tmp_path, Host(host="api.example.org", paths=("/api/",))) as made:
        made.client.get("https://api.example.org/api/x", expect="json")
        for path in ("/other", "/api/../other", "/api/%2e%2e/other", "/api/..%2Fother"):
            with pytest.raises(Refused) as caught:
                made.client.get(f"https://api.example.org{path}")
            assert caught.value.outcome == "host_not_allowed"
    assert server.paths() == ["/api/x"]


def test_no_more_requests_at_once_than_a_host_allows(server: Loopback, tmp_path: Path) -> None:
    release, waiting = threading.Event(), threading.Semaphore(0)
    at_once: list[int] = []
    lock = threading.Lock()
    under_way = 0

    def slow(handler: object) -> None:
        nonlocal under_way
        with lock:
            under_way += 1
            at_once.append(under_way)
        waiting.release()
        release.wait(10)
        with lock:
            under_way -= 1
        # Said, because this handler keeps no connection: a client that took it up again would have to begin anew.
        answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n[]"
        handler.wfile.write(answer)  # type: ignore[attr-defined]  # the handler of the standard library

    server.on("/api", slow)
    with bench(server, tmp_path, Host(host="api.example.org", delay_seconds=0, concurrency=2)) as made:
        threads = [
            threading.Thread(target=made.client.get, args=("https://api.example.org/api",), kwargs={"expect": "json"})
            for _ in range(5)
        ]
        for thread in threads:
            thread.start()
        assert waiting.acquire(timeout=10)
        assert waiting.acquire(timeout=10)
        release.set()
        for thread in threads:
            thread.join(10)
    assert made.outcomes() == ["ok"] * 5
    assert max(at_once) == 2
