"""OAI-PMH: recorded answers of real servers are read at envelope level, and the Digital Library's replica is harvested without a gap."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.errors import BadInput
from sources.connectors.base import connector_for
from sources.connectors.un_oai import UnOaiConnector, _shorter, _windows
from sources.oai import TokenExpired, list_records, read_identity, read_page
from sources.replica.generated import generated_world
from sources.replica.server import ReplicaServer
from sources.replica.world import START, Habits, SetClock
from sources.types import Page
from sources.web.errors import Refused
from sources.web.results import Answer
from tests.sources.playback import described
from tests.sources.un_listing import listed

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "source_samples"
recorded = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples are not here")
ALL = [{"id": "all", "parameters": {"symbol": ".*"}, "igo": "UN"}]


def sample(name: str, status: int = 200) -> Answer:
    return Answer("https://example.org/oai", status, {}, (SAMPLES / name).read_bytes())


def said(inner: str) -> bytes:
    return f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">{inner}</OAI-PMH>'.encode()


class Scripted:
    """A client that answers from a function."""

    def __init__(self, answer: Callable[[dict[str, str]], bytes]) -> None:
        self._answer = answer
        self.asked: list[dict[str, str]] = []

    def get(self, url: str, *, params: dict[str, str] | None = None, **_: object) -> Answer:
        self.asked.append(dict(params or {}))
        return Answer(url, 200, {}, self._answer(self.asked[-1]))


@recorded
def test_recorded_pages_are_read_and_joined_by_their_token() -> None:
    first = read_page(sample("oai_pmh_recorded/listrecords_page1.xml"))
    second = read_page(sample("oai_pmh_recorded/listrecords_page2.xml"))
    assert first.records[0].identifier == "oai:zenodo.org:8435696"
    assert first.records[0].datestamp == "2023-10-12T14:26:07Z"
    assert first.records[0].local_id == "8435696"
    assert first.records[0].metadata is not None
    assert first.token is not None
    assert first.list_size == 8091628
    assert {record.identifier for record in first.records}.isdisjoint(record.identifier for record in second.records)
    assert not first.n_unreadable + second.n_unreadable


@recorded
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("oai_pmh_recorded/listrecords_noRecordsMatch_http422.xml", "noRecordsMatch"),
        ("oai_pmh_recorded/listrecords_badResumptionToken_http422.xml", "badResumptionToken"),
        ("oai_pmh_recorded/getrecord_cannotDisseminateFormat_http422.xml", "badArgument"),
        ("oai_pmh_recorded/idDoesNotExist_http422.xml", "idDoesNotExist"),
        ("oai_pmh_protocol/badArgument.xml", "badArgument"),
        ("oai_pmh_protocol/cannotDisseminateFormat.xml", "cannotDisseminateFormat"),
        ("oai_pmh_protocol/badResumptionToken.xml", "badResumptionToken"),
        ("oai_pmh_protocol/noRecordsMatch.xml", "noRecordsMatch"),
        ("oai_pmh_protocol/noSetHierarchy.xml", "noSetHierarchy"),
    ],
)
def test_the_error_code_counts_not_the_status(name: str, code: str) -> None:
    page = read_page(sample(name, 422 if "422" in name else 200))
    assert page.error is not None
    assert page.error[0] == code
    assert not page.records


@recorded
def test_deleted_records_and_linked_pages_of_the_protocol_samples_are_read() -> None:
    folder = SAMPLES / "oai_pmh_protocol"
    client = Scripted(lambda asked: (folder / asked.get("resumptionToken", "ListRecords.xml")).read_bytes())
    pages = list(list_records(cast("Any", client), "https://example.org/oai", {"metadataPrefix": "oai_dc"}))
    assert [len(page.records) for page in pages] == [2, 2, 2, 1]
    assert sum(record.is_deleted for page in pages for record in page.records) == 3
    assert pages[3].n_unreadable == 1, "a deleted record without an identifier"
    assert all((record.metadata is None) == record.is_deleted for page in pages for record in page.records)
    assert client.asked[1] == {"verb": "ListRecords", "resumptionToken": "ListRecords2.xml"}


@recorded
@pytest.mark.parametrize(
    "name",
    [
        "oai_pmh_recorded/identify_html_instead_of_xml.html",
        "oai_pmh_protocol/ListRecordsBroken.xml",
        "oai_pmh_recorded/listsets_page1.xml",
    ],
)
def test_what_is_no_list_of_records_is_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        read_page(sample(name))
    assert refused.value.outcome == "bad_answer"


@recorded
@pytest.mark.parametrize("name", ["identify_zenodo.xml", "identify_eperiodica.xml"])
def test_servers_say_what_they_are(name: str) -> None:
    identity = read_identity(sample(f"oai_pmh_recorded/{name}"))
    assert identity.earliest[:4].isdigit()
    assert identity.deleted in ("no", "transient", "persistent")
    assert identity.granularity.startswith("YYYY-MM-DD")


def test_a_token_that_leads_back_to_itself_is_refused() -> None:
    page = said(
        "<ListRecords><record><header><identifier>x:1</identifier></header></record><resumptionToken>t</resumptionToken></ListRecords>"
    )
    with pytest.raises(Refused, match="used before"):
        list(list_records(cast("Any", Scripted(lambda _: page)), "https://example.org/oai", {}))


def test_an_expired_token_is_told_from_a_wrong_question() -> None:
    expired = said('<error code="badResumptionToken">gone</error>')
    page = said("<ListRecords><resumptionToken>t</resumptionToken></ListRecords>")
    client = Scripted(lambda asked: expired if "resumptionToken" in asked else page)
    with pytest.raises(TokenExpired):
        list(list_records(cast("Any", client), "https://example.org/oai", {}))
    with pytest.raises(Refused, match="badResumptionToken"):
        list(list_records(cast("Any", Scripted(lambda _: expired)), "https://example.org/oai", {}))


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(-5, 900), st.integers(1, 400))
def test_windows_cover_each_day_once(begin: date, n_days: int, size: int) -> None:
    end = begin + timedelta(days=n_days - 1)
    days = [first + timedelta(days=i) for first, last in _windows(begin, end, size) for i in range((last - first).days + 1)]
    assert days == [begin + timedelta(days=i) for i in range(n_days)]
    if n_days > 0:
        shorter = _shorter((begin, end))
        assert all((last - first).days < 7 for first, last in shorter)
        assert (not shorter) == (n_days == 1)


def test_a_full_harvest_has_every_card_once_and_windows_have_an_end(tmp_path: Path) -> None:
    world = generated_world(500, clock=SetClock(), habits=Habits(oai_page_size=60))
    with ReplicaServer(world) as replica:
        listing = listed(replica, tmp_path, "un-oai", queries=ALL, settings={"first_day": "2026-09-01"})
    assert len(listing.keys) == len(set(listing.keys)) == 500
    assert listing.is_complete
    assert [page.is_complete for page in listing.pages].count(True) == 1
    assert all("until=" in url or "resumptionToken=" in url or "Identify" in url for url in listing.asked)
    assert listing.watermark == world.now.date().isoformat()


def test_the_next_harvest_lists_what_was_changed_and_withdrawn(tmp_path: Path) -> None:
    clock = SetClock()
    with ReplicaServer(generated_world(40, clock=clock, habits=Habits(oai_error_status=422))) as replica:
        first = listed(replica, tmp_path, "un-oai", queries=ALL, settings={"first_day": "2026-11-01"})
        clock.advance(timedelta(days=10))
        second = listed(replica, tmp_path, "un-oai", queries=ALL, watermark=first.watermark)
        clock.advance(timedelta(days=10))
        replica.world.change_record(3, title="Visit to Fiji")
        replica.world.withdraw(4)
        third = listed(replica, tmp_path, "un-oai", queries=ALL, watermark=second.watermark)
    assert len(first.keys) == 40
    # Two days before the watermark are listed again; the same versions change nothing.
    assert {(record.record_key, record.version) for page in second.pages for record in page.records} <= {
        (record.record_key, record.version) for page in first.pages for record in page.records
    }
    assert len(second.asked) == 1
    assert second.watermark == (START + timedelta(days=10)).date().isoformat()
    assert len(third.keys) == 1
    (withdrawn,) = (key for page in third.pages for key in page.withdrawn)
    assert f"{withdrawn}/en" in first.keys


def test_a_killed_harvest_begins_at_the_window_that_it_had_not_finished(tmp_path: Path) -> None:
    world = generated_world(3000, clock=SetClock(), habits=Habits(oai_page_size=200))
    settings = {"first_day": "2026-10-20", "window_days": 7}
    with ReplicaServer(world) as replica:
        killed = listed(replica, tmp_path, "un-oai", queries=ALL, settings=settings, pages=14)
        rest = listed(replica, tmp_path, "un-oai", queries=ALL, settings=settings, watermark=killed.watermark)
    assert killed.watermark is not None
    assert len(set(killed.keys) | set(rest.keys)) == 3000
    assert len(rest.keys) < 3000
    assert not rest.is_complete


def test_a_month_that_is_too_much_for_the_server_is_asked_for_in_weeks(tmp_path: Path) -> None:
    world = generated_world(300, clock=SetClock(), habits=Habits(oai_window_days=8))
    with ReplicaServer(world) as replica:
        listing = listed(replica, tmp_path, "un-oai", queries=ALL, settings={"first_day": "2026-10-20"})
    assert listing.refused is None
    assert len(set(listing.keys)) == 300
    assert {event.outcome for event in listing.events} >= {"server_error", "ok"}
    assert listing.is_complete


def test_tokens_that_always_run_out_are_refused_at_last(tmp_path: Path) -> None:
    world = generated_world(100, clock=SetClock(), habits=Habits(oai_page_size=30, token_life=timedelta(0)))
    with ReplicaServer(world) as replica:
        listing = listed(replica, tmp_path, "un-oai", queries=ALL, settings={"first_day": "2026-11-10", "restarts": 2})
    assert listing.refused is not None
    assert "ran out 3 times" in str(listing.refused)
    assert listing.watermark is None


def test_the_default_rules_choose_reports_of_missions(tmp_path: Path) -> None:
    with ReplicaServer(generated_world(40, clock=SetClock())) as replica:
        listing = listed(replica, tmp_path, "un-oai", settings={"first_day": "2026-11-01"})
    symbols = {record.metadata.symbol or "" for page in listing.pages for record in page.records}
    assert len(symbols) == 20
    assert all(symbol.startswith(("A/HRC/990/", "S/2090/")) for symbol in symbols)
    assert sum(page.n_listed for page in listing.pages) == 40


def discovered(body: bytes) -> list[Page]:
    connector = UnOaiConnector(described("un-oai", {"queries": ALL}))
    return list(connector.discover(cast("Any", Scripted(lambda _: body)), "2026-11-20", START))


PIECES = st.sampled_from(
    [
        *("<record>", "</record>", "<header>", '<header status="deleted">', "</header>", "<identifier>a:1</identifier>"),
        *("<metadata>", "</metadata>", "<ListRecords>", "</ListRecords>", "<resumptionToken/>", '<error code="x"/>'),
        *("&amp;", "text", "<datafield/>", '<controlfield tag="001">1</controlfield>'),
    ]
)


@given(st.binary() | st.lists(PIECES).map(lambda pieces: said("".join(pieces))))
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(Refused):
        discovered(body)


def test_records_that_cannot_be_known_are_signals() -> None:
    body = said(
        "<ListRecords><record/><record><header><identifier>oai:x:5</identifier></header><metadata><dc/></metadata></record>"
        '<resumptionToken completeListSize="9"/></ListRecords>'
    )
    (page,) = discovered(body)
    assert not page.records
    assert page.n_listed == 2
    assert [signal.field for signal in page.signals] == ["completeListSize", "header", "metadata"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"queries": []}, "queries: at least one"),
        ({"queries": [{"id": "odd", "parameters": {"title": "("}}]}, "regular expression"),
        ({"settings": {"window_days": 0}}, r"settings\.window_days"),
        ({"base_urls": {}}, "no 'oai'"),
    ],
)
def test_a_wrong_description_is_named_with_file_and_key(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=rf"un-oai\.yaml.*{message}"):
        connector_for(described("un-oai", changes))
