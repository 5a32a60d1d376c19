"""From a record to its file: links in order, answers that lie named, copies last. With the real client before a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from sources.description import SourceDescription
from sources.routes import _MOST_TELLING, Fetched, Unchanged, fetch_file, refusal_of
from sources.store import Store
from sources.types import DocumentMetadata, FileLink, Outcome, Record, Refusal
from sources.web.client import Client
from sources.web.errors import Refused
from sources.web.limits import Limits
from sources.web.pace import Pace
from sources.web.results import Validators
from tests.sources.loopback import FakeClock, Loopback, Reply, reset
from tests.sources.playback import described
from tests.sources.test_sources_checks import PDF
from warehouse.states import Reason, State

BANK, SITE, ARCHIVE = "documents.worldbank.org", "www.ilo.org", "web.archive.org"
FIRST, SECOND = f"https://{BANK}/pdf/first.pdf", f"https://{BANK}/pdf/second.pdf"
OTHER = PDF.replace(b"%PDF-1.4", b"%PDF-1.5")
PDF_TYPE = {"Content-Type": "application/pdf"}
CHALLENGE = Reply(202, b"", {"x-amzn-waf-action": "challenge"})
PAGE = Reply(
    200, b"<!doctype html><html><head><title>Documents</title></head><body>Welcome</body></html>", {"Content-Type": "text/html"}
)
HEADER = ["timestamp", "original", "mimetype", "statuscode", "digest", "length"]
LIMIT = 1_000_000


class Desk:
    """Everything that `fetch_file` needs, before a loopback server."""

    def __init__(self, server: Loopback, folder: Path) -> None:
        self.server = server
        self.store = Store(folder / "store")
        self.descriptions: dict[str, SourceDescription] = {
            key: described(key, {}) for key in ("worldbank", "ilo-site", "archive")
        }
        clock = FakeClock()
        pace = Pace(clock.clock(), random=lambda: 0.5)
        self.clients = {
            key: Client(
                one, contact="who@example.org", version="9.9", log=lambda _: None, state=folder / "state",
                gateway=server.gateway, pace=pace, limits=Limits(),
            )
            for key, one in self.descriptions.items()
        }  # fmt: skip

    def fetch(
        self, *links: FileLink, validators: Mapping[str, Validators] | None = None, **more: Any
    ) -> Fetched | Unchanged | Refusal:
        record = Record("worldbank", "7/en", None, DocumentMetadata(symbol="900001", language="en"), links=links)
        given: dict[str, Any] = {"max_bytes": LIMIT, "archive": False, **more}
        return fetch_file(self.clients.__getitem__, self.descriptions, record, self.store, validators=validators or {}, **given)

    def kept(self) -> list[str]:
        return sorted(path.name for path in self.store.root.rglob("*") if path.is_file())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Loopback() as server:
        made = Desk(server, tmp_path)
        yield made
        for client in made.clients.values():
            client.close()


def link(url: str, route: str = "worldbank", file_format: str | None = "pdf") -> FileLink:
    return FileLink(url, route, file_format, "en")


def on(desk: Desk, url: str, *replies: Any) -> None:
    host, _, path = url.removeprefix("https://").partition("/")
    desk.server.on(f"/{path}", *replies, host=host)


def asked(desk: Desk) -> list[str]:
    return [f"https://{one.host}{one.path}" for one in desk.server.seen if one.path != "/robots.txt"]


def test_the_first_link_that_gives_the_file_is_the_last_one_asked(desk: Desk) -> None:
    on(desk, FIRST, Reply(200, PDF, {**PDF_TYPE, "ETag": '"one"'}))
    outcome = desk.fetch(link(FIRST), link(SECOND))
    assert isinstance(outcome, Fetched)
    assert (outcome.link.url, outcome.url, outcome.validators, outcome.copy) == (FIRST, FIRST, Validators('"one"'), None)
    assert [(one.url, one.outcome) for one in outcome.attempts] == [(FIRST, "ok")]
    assert outcome.stored.path.read_bytes() == PDF
    assert asked(desk) == [FIRST]
    assert desk.kept() == [outcome.stored.path.name]


@pytest.mark.parametrize(
    ("lie", "named"),
    [
        (CHALLENGE, "challenge_page"),
        (PAGE, "error_page"),
        (Reply(200, b"", PDF_TYPE), "not_published_yet"),
        (Reply(404, b"gone", {"Content-Type": "text/plain"}), "not_found"),
        (Reply(403, b"no", {"Content-Type": "text/plain"}), "forbidden"),
        (Reply(500, b"oh", {"Content-Type": "text/plain"}), "server_error"),
        (Reply(200, PDF[:-6], PDF_TYPE), "truncated"),
        (Reply(200, b"\x00\x01\x02" * 100, PDF_TYPE), "wrong_type"),
        (Reply(200, PDF + b" " * LIMIT + b"%%EOF", PDF_TYPE), "too_large"),
        (Reply(302, b"", {"Location": "https://elsewhere.example.org/a.pdf"}), "host_not_allowed"),
        (Reply(302, b"", {"Location": "https://documents.worldbank.org/error"}), "error_page"),
    ],
)
def test_an_answer_that_lies_is_named_and_the_next_link_is_tried(desk: Desk, lie: Reply, named: str) -> None:
    on(desk, FIRST, lie)
    on(desk, SECOND, Reply(200, PDF, PDF_TYPE))
    taken = desk.fetch(link(FIRST), link(SECOND))
    assert isinstance(taken, Fetched)
    assert taken.link.url == SECOND
    assert [one.outcome for one in taken.attempts] == [named, "ok"]
    refused = desk.fetch(link(FIRST))
    assert isinstance(refused, Refusal)
    assert refused.reason == named
    assert refused.state == ("missing" if named in ("not_published_yet", "not_found") else "refused")
    assert desk.kept() == [taken.stored.path.name]


def test_a_record_without_links_is_missing(desk: Desk) -> None:
    outcome = desk.fetch()
    assert isinstance(outcome, Refusal)
    assert (outcome.state, outcome.reason) == ("missing", "no_link")


def test_a_link_of_a_route_that_nobody_described_is_named(desk: Desk) -> None:
    outcome = desk.fetch(link(FIRST, route="nowhere"))
    assert isinstance(outcome, Refusal)
    assert outcome.reason == "host_not_allowed"
    assert "nowhere" in outcome.detail
    assert not asked(desk)


@pytest.mark.parametrize(
    ("replies", "reason"),
    [
        ((Reply(404), CHALLENGE), "challenge_page"),
        ((CHALLENGE, Reply(404)), "challenge_page"),
        ((Reply(200, b""), Reply(404)), "not_published_yet"),
        ((Reply(200, b""), Reply(302, b"", {"Location": "https://elsewhere.example.org/"})), "not_published_yet"),
        ((Reply(302, b"", {"Location": "https://elsewhere.example.org/"}), Reply(404)), "host_not_allowed"),
        ((Reply(500), PAGE), "error_page"),
        ((CHALLENGE, Reply(200, b"\xffWPC" + b"\x01" * 100, {})), "unsupported_type"),
        ((Reply(404), Reply(404)), "not_found"),
    ],
)
def test_of_several_failures_the_most_telling_one_is_the_refusal(desk: Desk, replies: tuple[Reply, Reply], reason: str) -> None:
    on(desk, FIRST, replies[0])
    on(desk, SECOND, replies[1])
    outcome = desk.fetch(link(FIRST), link(SECOND))
    assert isinstance(outcome, Refusal)
    assert outcome.reason == reason
    assert FIRST in outcome.detail or SECOND in outcome.detail


def test_a_file_that_has_not_changed_is_not_sent_again(desk: Desk) -> None:
    on(desk, FIRST, Reply(304))
    outcome = desk.fetch(link(FIRST), validators={FIRST: Validators('"one"')})
    assert isinstance(outcome, Unchanged)
    assert desk.server.seen[-1].headers["if-none-match"] == '"one"'
    assert desk.kept() == []


def test_the_same_bytes_again_are_no_change(desk: Desk) -> None:
    on(desk, FIRST, Reply(200, PDF, PDF_TYPE))
    taken = desk.fetch(link(FIRST))
    assert isinstance(taken, Fetched)
    again = desk.fetch(link(FIRST), known_sha256=taken.stored.sha256)
    assert isinstance(again, Unchanged)
    on(desk, FIRST, Reply(200, OTHER, PDF_TYPE))
    changed = desk.fetch(link(FIRST), known_sha256=taken.stored.sha256)
    assert isinstance(changed, Fetched)
    assert len(desk.kept()) == 2


def test_a_download_that_broke_off_is_gone_on_with_by_the_next_run(desk: Desk) -> None:
    said = {**PDF_TYPE, "ETag": '"one"', "Accept-Ranges": "bytes"}
    on(desk, FIRST, Reply(200, PDF[:40], said, claims=len(PDF)), reset)
    broken = desk.fetch(link(FIRST))
    assert isinstance(broken, Refusal)
    assert broken.state == "refused"
    desk.store.remove_leftovers()
    on(desk, FIRST, Reply(206, PDF[40:], {**said, "Content-Range": f"bytes 40-{len(PDF) - 1}/{len(PDF)}"}))
    outcome = desk.fetch(link(FIRST))
    assert isinstance(outcome, Fetched)
    assert outcome.stored.path.read_bytes() == PDF
    assert desk.server.seen[-1].headers["range"] == "bytes=40-"
    assert desk.kept() == [outcome.stored.path.name]


def test_a_page_of_the_site_leads_to_its_file(desk: Desk) -> None:
    page = f"https://{SITE}/publications/one"
    on(
        desk,
        page,
        Reply(
            200,
            b'<!doctype html><html lang="en"><body><main><a href="/f/a.pdf">PDF</a></main></body></html>',
            {"Content-Type": "text/html"},
        ),
    )
    on(desk, f"https://{SITE}/f/a.pdf", Reply(200, PDF, PDF_TYPE))
    outcome = desk.fetch(link(page, "ilo-site", None))
    assert isinstance(outcome, Fetched)
    assert (outcome.link.url, outcome.url) == (page, f"https://{SITE}/f/a.pdf")


@pytest.mark.parametrize(
    ("content_type", "body", "reason"),
    [
        ("application/pdf", PDF, None),
        ("application/octet-stream", PDF, None),
        ("", PDF, None),
        ("text/html", PAGE.body, "error_page"),
        ("application/octet-stream", PAGE.body, "error_page"),
        ("application/octet-stream", b"just a text that claims nothing", "wrong_type"),
    ],
)
def test_where_nobody_said_what_is_due_only_a_document_is_taken(
    desk: Desk, content_type: str, body: bytes, reason: str | None
) -> None:
    for url in (f"https://{BANK}/bitstream/7/download", f"https://{BANK}/lang--en/index.htm"):
        on(desk, url, Reply(200, body, {"Content-Type": content_type} if content_type else {}))
        outcome = desk.fetch(link(url, file_format=None))
        assert (outcome.reason if isinstance(outcome, Refusal) else None) == reason


def test_a_document_that_is_a_web_page_by_the_sources_own_word_is_taken(desk: Desk) -> None:
    on(desk, FIRST, PAGE)
    outcome = desk.fetch(link(FIRST, file_format="html"))
    assert isinstance(outcome, Fetched)
    assert outcome.stored.file_format == "html"


def copies(desk: Desk, *rows: list[str]) -> None:
    desk.server.on(
        "/cdx/search/cdx",
        Reply(200, json.dumps([HEADER, *rows] if rows else []).encode(), {"Content-Type": "application/json"}),
        host=ARCHIVE,
    )


def on_copy(desk: Desk, stamp: str, reply: Reply) -> str:
    url = f"https://{ARCHIVE}/web/{stamp}id_/{FIRST}"
    on(desk, url, reply)
    return url


def row(stamp: str, mime: str = "application/pdf") -> list[str]:
    return [stamp, FIRST, mime, "200", "D" + stamp, "100"]


@pytest.mark.parametrize("lie", [CHALLENGE, Reply(404), Reply(403), PAGE, Reply(200, PDF[:-6])])
def test_a_copy_is_taken_where_the_source_refuses_or_has_lost_the_file(desk: Desk, lie: Reply) -> None:
    on(desk, FIRST, lie)
    copies(desk, row("20190102030405"), row("20210102030405"))
    url = on_copy(desk, "20210102030405", Reply(200, PDF, {**PDF_TYPE, "ETag": '"copy"'}))
    outcome = desk.fetch(link(FIRST), archive=True)
    assert isinstance(outcome, Fetched)
    assert outcome.url == url
    assert outcome.link.url == FIRST
    assert outcome.copy is not None
    assert (outcome.copy.made_at.isoformat(), outcome.copy.original) == ("2021-01-02T03:04:05+00:00", FIRST)
    # What the Archive says of its copy must not be sent to the source.
    assert outcome.validators is None


def test_a_copy_that_lies_is_passed_over_for_an_older_one(desk: Desk) -> None:
    on(desk, FIRST, Reply(404))
    copies(desk, row("20190102030405"), row("20210102030405"))
    on_copy(desk, "20210102030405", PAGE)
    on_copy(desk, "20190102030405", Reply(200, PDF, PDF_TYPE))
    outcome = desk.fetch(link(FIRST), archive=True)
    assert isinstance(outcome, Fetched)
    assert [one.outcome for one in outcome.attempts] == ["not_found", "error_page", "ok"]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(200, b""), "not_published_yet"),
        (Reply(503), "server_error"),
        (Reply(200, PDF + b" " * LIMIT + b"%%EOF", PDF_TYPE), "too_large"),
    ],
)
def test_no_copy_is_looked_for_where_it_would_not_help(desk: Desk, reply: Reply, reason: str) -> None:
    on(desk, FIRST, reply)
    copies(desk, row("20210102030405"))
    outcome = desk.fetch(link(FIRST), archive=True)
    assert isinstance(outcome, Refusal)
    assert outcome.reason == reason
    assert not any(ARCHIVE in url for url in asked(desk))


def test_an_old_copy_never_takes_the_place_of_a_file_that_is_here(desk: Desk) -> None:
    on(desk, FIRST, Reply(403))
    copies(desk, row("20210102030405"))
    for given in ({"validators": {FIRST: Validators()}}, {"known_sha256": "0" * 64}):
        outcome = desk.fetch(link(FIRST), archive=True, **given)
        assert isinstance(outcome, Refusal)
        assert outcome.reason == "forbidden"
    assert not any(ARCHIVE in url for url in asked(desk))


def test_what_the_archive_says_of_itself_is_not_the_refusal_of_the_record(desk: Desk) -> None:
    on(desk, FIRST, Reply(404))
    desk.server.on("/cdx/search/cdx", Reply(403, b"blocked"), host=ARCHIVE)
    outcome = desk.fetch(link(FIRST), archive=True)
    assert isinstance(outcome, Refusal)
    assert (outcome.state, outcome.reason) == ("missing", "not_found")
    assert "web.archive.org" in outcome.detail


def test_every_outcome_has_a_state_and_a_reason_of_the_ledger() -> None:
    for outcome in get_args(Outcome):
        refusal = refusal_of(Refused(outcome, "https://example.org/a", "seen"))
        assert State(refusal.state)
        assert Reason(refusal.reason)
        assert refusal.reason in {reason for reasons in _MOST_TELLING for reason in reasons} | {"not_found"}
