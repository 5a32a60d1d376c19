"""robots.txt is read once a day for each host and kept to, by RFC 9309."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sources.web.client import Limits, Refused
from sources.web.robots import LARGEST
from tests.sources.loopback import FakeClock, Loopback, Raw, Reply, bench, raw, reset

URL = "https://api.example.org/api"
JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain"}


@pytest.fixture
def server() -> Iterator[Loopback]:
    with Loopback() as started:
        started.on("/api", Reply(body=b"[]", headers=JSON))
        started.on("/private", Reply(body=b"[]", headers=JSON))
        yield started


def asked_for_robots(server: Loopback) -> int:
    return sum(seen.path == "/robots.txt" for seen in server.seen)


def test_what_is_disallowed_is_not_asked_for(server: Loopback, tmp_path: Path) -> None:
    server.on(
        "/robots.txt", Reply(body=b"User-agent: *\nDisallow: /api\n\nUser-agent: entente\nDisallow: /private\n", headers=TEXT)
    )
    with bench(server, tmp_path) as made:
        made.client.get(URL, expect="json")  # the group of our own name counts, not that of all
        with pytest.raises(Refused) as caught:
            made.client.get("https://api.example.org/private?x=1", expect="json")
    assert caught.value.outcome == "robots_disallowed"
    assert server.paths() == ["/api"]
    assert (made.events[-1].status, made.events[-1].outcome) == (None, "robots_disallowed")


def test_a_redirect_to_what_is_disallowed_is_not_followed(server: Loopback, tmp_path: Path) -> None:
    server.on("/robots.txt", Reply(body=b"User-agent: *\nDisallow: /private\n", headers=TEXT))
    server.on("/api", Reply(302, headers={"Location": "/private"}))
    with bench(server, tmp_path) as made, pytest.raises(Refused) as caught:
        made.client.get(URL, expect="json")
    assert caught.value.outcome == "robots_disallowed"
    assert server.paths() == ["/api"]


def test_it_is_read_once_a_day_by_all_runs(server: Loopback, tmp_path: Path) -> None:
    clock = FakeClock()
    for _ in range(3):
        with bench(server, tmp_path, clock=clock) as made:
            made.client.get(URL, expect="json")
            made.client.get(URL, expect="json")
    assert asked_for_robots(server) == 1
    clock.sleep(86_400)
    with bench(server, tmp_path, clock=clock) as made:
        made.client.get(URL, expect="json")
        clock.sleep(86_400)
        made.client.get(URL, expect="json")
    assert asked_for_robots(server) == 3


def test_its_delay_is_kept_up_to_the_limit(server: Loopback, tmp_path: Path) -> None:
    for wish, kept in (
        (b"Crawl-delay: 30", 30),
        (b"Request-rate: 1/45", 45),
        (b"Crawl-delay: 99999", 300),
        (b"Crawl-delay: 0.1", 1),
    ):
        server.on("/robots.txt", Reply(body=b"User-agent: *\n" + wish + b"\n", headers=TEXT))
        with bench(server, tmp_path / wish.decode().replace("/", "-")) as made:
            made.client.get(URL, expect="json")
            made.client.get(URL, expect="json")
            made.client.get(URL, expect="json")
        begins = [event.at.timestamp() for event in made.events[1:]]
        assert kept <= begins[2] - begins[1] <= kept * 1.2


@pytest.mark.parametrize(
    ("reply", "note"),
    [
        (Reply(404), "status 404"),
        (Reply(403, b"<html><title>Just a moment...</title>", {"Content-Type": "text/html"}), "challenge"),
        (Reply(401), "status 401"),
        (Reply(202, b"", {"x-amzn-waf-action": "challenge"}), "challenge"),
        (Reply(200, b"<html><script>gokuProps</script>User-agent: *\nDisallow: /", {"Content-Type": "text/html"}), "challenge"),
        (Reply(200, b"<!doctype html><html>\nUser-agent: *\nDisallow: /", {"Content-Type": "text/html"}), "web page"),
        (Reply(301, headers={"Location": "https://elsewhere.example.com/robots.txt"}), "elsewhere"),
        (Reply(301, headers={"Location": "/robots.txt"}), "redirected more than"),
        (Reply(200, b""), None),
        (Reply(204), None),
    ],
)
def test_where_there_is_none_everything_is_allowed_and_the_oddity_noted(
    server: Loopback, tmp_path: Path, reply: Reply, note: str | None
) -> None:
    server.on("/robots.txt", reply)
    for _ in range(2):  # the note outlives the run
        with bench(server, tmp_path) as made:
            assert made.client.get(URL, expect="json").json() == []
            assert (note is None and not made.client.robots_notes()) or str(note) in made.client.robots_notes()["api.example.org"]


def test_a_robots_txt_elsewhere_on_the_hosts_of_the_source_counts(server: Loopback, tmp_path: Path) -> None:
    server.on("/robots.txt", Reply(301, headers={"Location": "https://www.example.org/robots.txt"}))
    server.on("/robots.txt", Reply(body=b"User-agent: *\nDisallow: /api\n", headers=TEXT), host="www.example.org")
    with bench(server, tmp_path, "api.example.org", "www.example.org") as made, pytest.raises(Refused) as caught:
        made.client.get(URL, expect="json")
    assert caught.value.outcome == "robots_disallowed"


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Reply(500), "server_error"),
        (Reply(503), "server_error"),
        (Reply(429), "rate_limited"),
        (reset, "connection_failed"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nUser-"), "connection_failed"),
    ],
)
def test_where_it_cannot_be_read_nothing_is_asked_for_until_it_can(
    server: Loopback, tmp_path: Path, fault: Reply | Raw, outcome: str
) -> None:
    server.on("/robots.txt", *[fault] * 4, Reply(body=b"User-agent: *\nDisallow: /private\n", headers=TEXT))
    clock = FakeClock()
    with bench(server, tmp_path, clock=clock, limits=Limits(attempts=4)) as made:
        for _ in range(3):
            with pytest.raises(Refused, match=r"robots\.txt cannot be read") as caught:
                made.client.get(URL, expect="json")
            # A host that is down is not one that does not want to be asked.
            assert caught.value.outcome == outcome
        assert made.outcomes() == [outcome] * 3
        assert asked_for_robots(server) == 4
        assert server.paths() == []
        clock.sleep(600)
        assert made.client.get(URL, expect="json").json() == []
    assert made.events[0].purpose == "robots"


def test_only_its_beginning_is_read(server: Loopback, tmp_path: Path) -> None:
    long = b"User-agent: *\nDisallow: /private\n" + b"# filler\n" * (LARGEST // 9) + b"Disallow: /api\n" + b"#" * (8 << 20)
    server.on("/robots.txt", Reply(body=long, headers=TEXT))
    with bench(server, tmp_path) as made:
        made.client.get(URL, expect="json")
        with pytest.raises(Refused):
            made.client.get("https://api.example.org/private", expect="json")


def test_a_damaged_file_of_an_earlier_run_is_read_again(server: Loopback, tmp_path: Path) -> None:
    for content in (b"", b"{", b"[]", b'{"fetched_at": "2026-11-25", "text": "", "note": ""}', b"\xff"):
        kept = tmp_path / "replica" / "robots" / "api.example.org.json"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(content)
        with bench(server, tmp_path) as made:
            made.client.get(URL, expect="json")
    assert asked_for_robots(server) == 5


def test_what_a_replica_says_is_not_kept_for_the_real_host(server: Loopback, tmp_path: Path) -> None:
    with bench(server, tmp_path) as made:
        made.client.get(URL, expect="json")
    assert [path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*.json")] == ["replica"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.lists(
            st.sampled_from(
                [
                    "User-agent: *",
                    "Disallow: /*a*a*a*$",
                    "Crawl-delay: -1e9",
                    "Crawl-delay: nan",
                    "Request-rate: 0/0",
                    "Allow",
                    ":",
                    "\ufeff",
                ]
            )
        ).map(lambda lines: "\n".join(lines).encode()),
    )
)
def test_no_robots_txt_breaks_a_run(server: Loopback, tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    server.on("/robots.txt", Reply(body=content, headers=TEXT))
    with bench(server, tmp_path_factory.mktemp("state")) as made, contextlib.suppress(Refused):
        made.client.get(URL, expect="json")
