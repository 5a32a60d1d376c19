"""The UN Library's record API: everything once, then what has changed, and nothing lost when a run is killed or the catalogue moves."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.errors import BadInput
from sources.connectors.base import connector_for
from sources.connectors.un_library import UnLibraryConnector
from sources.replica.generated import generated_world
from sources.replica.server import ReplicaServer
from sources.replica.world import SetClock, World
from sources.types import Page
from sources.web.errors import Refused
from sources.web.results import Answer
from tests.sources.playback import described
from tests.sources.un_listing import asking, listed

VISITS = {"id": "visits", "query": "191__b:A/HRC/* AND title:visit", "igo": "UN", "mission_kind": "country_visit"}
ALL = {"id": "all", "query": "191:*", "igo": "UN"}
LETTERS = {"id": "letters", "query": "title:letter", "igo": "UN"}


def small_world(n: int = 60) -> World:
    return generated_world(n, clock=SetClock())


def test_a_full_listing_has_everything_once_and_says_that_it_is_complete(tmp_path: Path) -> None:
    with ReplicaServer(small_world()) as replica:
        listing = listed(replica, tmp_path, "un-library", queries=[ALL], page_size=25)
    assert len(listing.keys) == len(set(listing.keys)) == 60
    assert [page.n_listed for page in listing.pages] == [25, 25, 10]
    assert [page.is_complete for page in listing.pages] == [False, False, True]
    assert [page.watermark is not None for page in listing.pages] == [False, False, True]
    # One question for the count, then the pages, the further ones with the mark that makes them cheap for the service.
    marks = [parse_qs(urlsplit(url).query).get("search_id") for url in listing.asked]
    assert len(marks) == 4
    assert marks[0] is None
    assert marks[1] is not None


def test_an_unchanged_catalogue_costs_one_request_a_query(tmp_path: Path) -> None:
    with ReplicaServer(small_world()) as replica:
        first = listed(replica, tmp_path, "un-library", queries=[VISITS, LETTERS], page_size=10)
        later = replica.world.now + timedelta(days=3)
        second = listed(
            replica, tmp_path, "un-library", queries=[VISITS, LETTERS], page_size=10, watermark=first.watermark, now=later
        )
        third = listed(
            replica, tmp_path, "un-library", queries=[VISITS, LETTERS], page_size=10, watermark=second.watermark, now=later
        )
    assert first.is_complete
    assert len(first.keys) == 30
    assert second.keys == third.keys == []
    assert len(second.asked) == len(third.asked) == 2
    assert not second.is_complete


def test_after_one_change_exactly_that_is_listed(tmp_path: Path) -> None:
    clock = SetClock()
    with ReplicaServer(generated_world(60, clock=clock)) as replica:
        first = listed(replica, tmp_path, "un-library", queries=[ALL], page_size=25)
        clock.advance(timedelta(days=5))
        second = listed(replica, tmp_path, "un-library", queries=[ALL], page_size=25, watermark=first.watermark)
        before = {record.record_key: record.version for page in first.pages for record in page.records}
        clock.advance(timedelta(days=5))
        changed = replica.world.change_record(7, title="Visit to Fiji")
        third = listed(replica, tmp_path, "un-library", queries=[ALL], page_size=25, watermark=second.watermark)
    assert second.keys == []
    (record,) = (record for page in third.pages for record in page.records)
    assert record.metadata.symbol == changed.symbols[0]
    assert record.version != before[record.record_key]


def test_the_first_query_that_finds_a_card_describes_it(tmp_path: Path) -> None:
    with ReplicaServer(small_world()) as replica:
        listing = listed(replica, tmp_path, "un-library", queries=[VISITS, ALL], page_size=100)
    records = [record for page in listing.pages for record in page.records]
    assert len(records) == 60
    assert {record.metadata.mission_kind for record in records[:15]} == {"country_visit"}
    assert {record.metadata.mission_kind for record in records[15:]} == {None}


@pytest.mark.parametrize("n_pages", [1, 2, 3, 5, 8])
def test_a_run_that_is_killed_goes_on_where_it_was_and_loses_nothing(tmp_path: Path, n_pages: int) -> None:
    settings = {"pages_between_marks": 2}
    # One card a day, so that the days of marks differ.
    with ReplicaServer(generated_world(1500, clock=SetClock())) as replica:
        asked: dict[str, Any] = {"queries": [ALL], "page_size": 150, "settings": settings}
        killed = listed(replica, tmp_path, "un-library", pages=n_pages, **asked)
        rest = listed(replica, tmp_path, "un-library", watermark=killed.watermark, **asked)
    assert len(set(killed.keys) | set(rest.keys)) == 1500
    if killed.watermark is not None:
        assert len(rest.keys) < 1500
        assert not rest.is_complete, "what was listed before the kill was not listed in this run"
    last = json.loads(rest.watermark or "")["all"]
    assert last["updated"] == replica.world.now.date().isoformat()


def test_changes_during_a_long_listing_of_changes_lose_no_card(tmp_path: Path) -> None:
    clock = SetClock()
    with ReplicaServer(generated_world(40, clock=clock)) as replica:
        first = listed(replica, tmp_path, "un-library", queries=[ALL], page_size=50)
        clock.advance(timedelta(days=3))
        for number in range(1, 31):
            clock.advance(timedelta(minutes=1))
            replica.world.change_record(number, abstract="new")
        description = described("un-library", {"queries": [ALL], "page_size": 10})
        keys: list[str] = []
        with asking(replica, tmp_path, description, []) as client:
            for page in connector_for(description).discover(client, first.watermark, replica.world.now):
                keys += [record.record_key for record in page.records]
                if len(keys) == 10:
                    # Cards of the first page move to the end, so all others move up.
                    replica.world.change_record(1, abstract="newer")
                    replica.world.change_record(2, abstract="newer")
    assert len(set(keys)) == 30
    assert len(keys) == 30


def test_a_changed_query_and_an_unreadable_watermark_begin_anew(tmp_path: Path) -> None:
    with ReplicaServer(small_world()) as replica:
        first = listed(replica, tmp_path, "un-library", queries=[LETTERS, VISITS])
        wider = {**LETTERS, "query": "title:letter OR title:visit"}
        second = listed(replica, tmp_path, "un-library", queries=[wider, VISITS], watermark=first.watermark)
        third = listed(replica, tmp_path, "un-library", queries=[LETTERS], watermark="no mark")
        fourth = listed(replica, tmp_path, "un-library", queries=[LETTERS], watermark='{"letters": {"updated": "never"}}')
    assert len(second.keys) == 30
    assert len(third.keys) == len(fourth.keys) == 15


def test_filters_choose_and_what_they_leave_out_is_still_counted(tmp_path: Path) -> None:
    with ReplicaServer(small_world()) as replica:
        listing = listed(replica, tmp_path, "un-library", queries=[ALL], filters={"title_none": ["letter"]})
    assert len(listing.keys) == 45
    assert sum(page.n_listed for page in listing.pages) == 60


class Scripted:
    """A client that answers from a function; for services that break their own rules."""

    def __init__(self, answer: Callable[[dict[str, str]], bytes | Refused]) -> None:
        self._answer = answer
        self.asked: list[dict[str, str]] = []

    def get(self, url: str, *, params: dict[str, str] | None = None, **_: object) -> Answer:
        asked = dict(params or {})
        self.asked.append(asked)
        answer = self._answer(asked)
        if isinstance(answer, Refused):
            raise answer
        return Answer(url, 200, {}, answer)


def discovered(client: Scripted, watermark: str | None = None, **changes: Any) -> list[Page]:
    connector = UnLibraryConnector(described("un-library", {"queries": [ALL], "page_size": 2, **changes}))
    return list(connector.discover(cast("Any", client), watermark, SetClock().now))


def cards(*numbers: int) -> bytes:
    one = '<record><controlfield tag="001">{}</controlfield><datafield tag="245"><subfield code="a">t</subfield></datafield></record>'
    return f"<collection>{''.join(one.format(number) for number in numbers)}</collection>".encode()


ENVELOPE = b'{"_meta": {"count": 5}, "data": []}'


def test_a_service_that_sends_the_same_page_for_ever_is_refused() -> None:
    client = Scripted(lambda asked: cards(1, 2) if asked.get("format") == "xml" else ENVELOPE)
    with pytest.raises(Refused, match="again"):
        discovered(client)
    assert len(client.asked) < 10


def test_fewer_cards_than_were_counted_are_a_signal_and_not_complete() -> None:
    pages = discovered(Scripted(lambda asked: cards(1) if asked.get("format") == "xml" else ENVELOPE))
    assert [(signal.kind, signal.example) for signal in pages[-1].signals] == [("unexpected_count", "1 listed of 5 counted")]
    assert not pages[-1].is_complete


def test_an_error_in_the_middle_keeps_the_pages_before_it() -> None:
    def answer(asked: dict[str, str]) -> bytes | Refused:
        if asked.get("format") != "xml":
            return ENVELOPE
        return cards(1, 2) if asked["start"] == "1" else Refused("server_error", "https://metadata.un.org", "broken", status=500)

    connector = UnLibraryConnector(described("un-library", {"queries": [ALL], "page_size": 2}))
    pages = connector.discover(cast("Any", Scripted(answer)), None, SetClock().now)
    assert len(next(pages).records) == 2
    with pytest.raises(Refused, match="broken"):
        next(pages)


def test_signs_that_the_service_decodes_twice_are_encoded_twice() -> None:
    client = Scripted(lambda asked: cards() if asked.get("format") == "xml" else ENVELOPE)
    discovered(client, queries=[{"id": "odd", "query": "title:'100% + more'"}])
    assert {asked["search"] for asked in client.asked if asked} == {"title:'100%25 %2B more'"}


@given(
    st.binary()
    | st.sampled_from([b"[]", b"{}", b'{"data": {}}', b'{"data": [], "_meta": 3, "_links": []}', b"<a/>", cards(1, 1), b"null"])
)
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    for watermark in (None, json.dumps({"all": {"query": "x", "updated": "2026-01-01"}})):
        with contextlib.suppress(Refused):
            discovered(Scripted(lambda _: body), watermark)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"queries": []}, "queries: at least one"),
        ({"queries": [{"id": "none"}]}, "queries: at least one"),
        ({"page_size": 5000}, "page_size: 5000"),
        ({"settings": {"record_pages": "x"}}, r"settings\.record_pages"),
        ({"base_urls": {}}, "no 'api'"),
    ],
)
def test_a_wrong_description_is_named_with_file_and_key(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=rf"un-library\.yaml.*{message}"):
        connector_for(described("un-library", changes))
