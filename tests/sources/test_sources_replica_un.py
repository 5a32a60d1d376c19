"""The replica's UN services answer the documented examples: record API, file store, ODS, Digital Library."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.replica.library_query import BadQuery, parse
from sources.replica.server import ReplicaServer
from sources.replica.world import START, Document, Habits, SetClock
from tests.sources.replica_asking import MISSION, SAMPLE, VISIT, ask, sample_world

RECORDS = "metadata.un.org/editor/api/marc/bibs/records"
ACCESS = "documents.un.org/api/symbol/access"
OAI = "digitallibrary.un.org/oai2d"
MARC = {"m": "http://www.loc.gov/MARC21/slim"}
PROTOCOL = {"o": "http://www.openarchives.org/OAI/2.0/", **MARC}
PDF = {"Accept": "application/pdf"}


@pytest.fixture
def server() -> Iterator[ReplicaServer]:
    with ReplicaServer(sample_world()) as running:
        yield running


def known(server: ReplicaServer, symbol: str) -> Document:
    document = server.world.find(symbol)
    assert document is not None
    return document


def found(server: ReplicaServer, search: str) -> set[str]:
    """Return the symbols that a search finds."""
    answer = ask(server, RECORDS, {"search": search, "format": "brief", "limit": "1000"})
    assert answer.status == 200, answer.text
    return {item["symbol"] for item in answer.json["data"]}


# The record API


def test_a_list_is_an_envelope_with_addresses_unless_more_is_wanted(server: ReplicaServer) -> None:
    plain = ask(server, RECORDS, {"limit": "3"}).json
    assert set(plain) == {"_links", "_meta", "data"}
    assert all(url.startswith(f"https://{RECORDS}/") for url in plain["data"])
    brief = ask(server, RECORDS, {"limit": "3", "format": "brief"}).json["data"]
    assert [item["url"] for item in brief] == plain["data"]
    assert {"_id", "symbol", "title", "date", "types", "agendas", "f520"} <= set(brief[0])


def test_xml_is_a_collection_of_the_whole_page(server: ReplicaServer) -> None:
    tree = ask(server, RECORDS, {"search": f"symbol:'{VISIT}'", "format": "xml"}).xml
    (record,) = tree.findall("m:record", MARC)
    number = record.findtext("m:controlfield[@tag='001']", namespaces=MARC)
    assert ask(server, f"{RECORDS}/{number}").json["data"]["_id"] == int(number)
    link = record.find("m:datafield[@tag='856']", MARC)
    assert link.findtext("m:subfield[@code='y']", namespaces=MARC) == "English"
    assert link.findtext("m:subfield[@code='u']", namespaces=MARC).endswith("/files/A_HRC_990_17_Add.1-EN.pdf")


def test_fields_narrow_the_page_and_the_namespace_may_be_missing() -> None:
    with ReplicaServer(sample_world(Habits(record_api_has_namespace=False))) as server:
        tree = ask(server, RECORDS, {"format": "xml", "fields": "191,245", "limit": "2"}).xml
    assert {node.get("tag") for node in tree.iter("controlfield", "datafield")} == {"001", "191", "245"}


def test_pages_follow_one_another_and_the_next_one_carries_a_search_id(server: ReplicaServer) -> None:
    whole = ask(server, RECORDS, {"search": "989__b:Reports", "sort": "updated", "direction": "asc"}).json
    seen: list[str] = []
    url, counts = f"{RECORDS}?search=989__b:Reports&sort=updated&direction=asc&limit=4", []
    while page := ask(server, url).json:
        seen += page["data"]
        counts.append(page["_meta"]["count"])
        url = page["_links"]["_next"]
        assert "search_id=" in url
        if not page["data"]:
            break
    assert seen == whole["data"]
    assert counts[0] == len(seen)
    assert set(counts[1:]) == {-1}, "a count that was not made is -1"


@pytest.mark.parametrize("sort", ["updated", "created", "date", "symbol", "title"])
def test_orders(server: ReplicaServer, sort: str) -> None:
    up, down = (ask(server, RECORDS, {"sort": sort, "direction": direction}).json["data"] for direction in ("asc", "desc"))
    assert up == down[::-1]
    if sort == "updated":
        stamps = [parsedate_to_datetime(ask(server, url).json["data"]["updated"]) for url in up]
        assert stamps == sorted(stamps)


@pytest.mark.parametrize(
    ("search", "symbols"),
    [
        (f"symbol:'{VISIT}'", {VISIT}),
        ("symbol:A/HRC/990/17/Add.1", {VISIT}),
        ("191__b:A/HRC/* AND title:visit AND 520:*", {VISIT}),
        ("191__a:S/2090/* AND 089__b:B15 AND 089__b:B16", {"S/2090/19", "S/2090/21", f"{MISSION}; A/990/22", "S/2090/23"}),
        ('title:"commission of inquiry"', {"A/HRC/991/29"}),
        ('989__b:Reports AND 981:"Security Council" AND NOT title:mission', {"S/2090/19"}),
        ("191__a:/^CAT\\/OP/ OR symbol:'A/HRC/991/29'", {"CAT/OP/XAC/25", "A/HRC/991/29"}),
        ("title:nowhere", set()),
        ("id:1000119", {VISIT}),
        ("body:redress", {VISIT}),
        ("updated>2026-10-16 AND 089__b:B15", {f"{MISSION}; A/990/22"}),
        ("updated:2026-10-17", {f"{MISSION}; A/990/22"}),
        ("created<1999-01-01", set()),
    ],
)
def test_the_documented_queries(server: ReplicaServer, search: str, symbols: set[str]) -> None:
    assert found(server, search) == symbols
    count = ask(server, f"{RECORDS}/count", {"search": search}).json
    assert count["_meta"]["count"] == len(symbols)


def test_the_search_is_decoded_twice(server: ReplicaServer) -> None:
    assert found(server, "title:visit%20AND%20191__b:A/HRC/990*") == found(server, "title:visit AND 191__b:A/HRC/990*")


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"limit": "1001"}, 404),
        ({"search": "updated:[2026-01-01 TO 2026-02-01]"}, 500),
        ({"search": "title:'open"}, 422),
        ({"search": "nofield:x"}, 422),
        ({"search": "NOT title:visit"}, 422),
        ({"search": "title:visit AND"}, 422),
        ({"search": "updated>yesterday"}, 422),
    ],
)
def test_what_the_record_api_does_not_take(server: ReplicaServer, parameters: dict[str, str], status: int) -> None:
    assert ask(server, RECORDS, parameters).status == status


@given(text=st.text(st.sampled_from(list("abAND OR NOT'\"/*:_<>[]0189 \\updated>title:")), max_size=40) | st.text(max_size=30))
def test_no_query_breaks_the_parser(text: str) -> None:
    try:
        query = parse(text)
    except BadQuery as problem:
        assert problem.status in (422, 500)  # noqa: PT017  # what is raised is looked at
    else:
        assert query.groups


def test_a_record_by_tag_with_its_files(server: ReplicaServer) -> None:
    (url,) = ask(server, RECORDS, {"search": f"symbol:'{VISIT}'"}).json["data"]
    record: dict[str, Any] = ask(server, url).json["data"]
    (symbol,) = record["191"]
    assert symbol["indicators"] == ["_", "_"]
    assert {"code": "a", "value": VISIT} in symbol["subfields"]
    assert any(subfield["code"] == "b" and "xref" in subfield for subfield in symbol["subfields"])
    assert record["001"] == [str(record["_id"])]
    assert parsedate_to_datetime(record["updated"]) == known(server, VISIT).updated
    (file,) = record["files"]
    assert (file["mimetype"], file["language"]) == ("application/pdf", "en")
    pdf = (SAMPLE / "reports" / "cos-eom-castrel-2017.pdf").read_bytes()
    assert ask(server, file["url"], {"action": "download"}).body == pdf
    listed = {"identifier_type": "symbol", "identifier": VISIT, "language": "en"}
    assert ask(server, "metadata.un.org/editor/api/files", listed).json["data"] == [file["url"]]
    assert ask(server, f"undl-files.s3.amazonaws.com/{file['url'].rpartition('/')[2]}").body == pdf
    assert ask(server, f"{RECORDS}/7").status == 404
    assert ask(server, "undl-files.s3.amazonaws.com/00000000000000000000000000000000").status == 403


# ODS


def test_ods_gives_the_upper_case_path_and_only_the_lower_case_one_is_the_file(server: ReplicaServer) -> None:
    answer = ask(server, ACCESS, {"s": f" {VISIT} ", "l": "E", "t": "pdf"}, **PDF)
    location = answer.headers["location"]
    assert (answer.status, location.startswith("/doc/UNDOC/GEN/N17/"), location.endswith(".PDF")) == (302, True, True)
    page = ask(server, f"documents.un.org{location}")
    assert (page.status, page.headers["content-type"], len(page.body)) == (200, "text/html", 1303)
    file = ask(server, f"documents.un.org{location.lower()}")
    assert (file.headers["content-type"], file.body[:5]) == ("application/pdf", b"%PDF-")


def test_ods_upper_case_may_be_a_redirect_to_nowhere() -> None:
    with ReplicaServer(sample_world(Habits(upper_case_answer="redirect"))) as server:
        location = ask(server, ACCESS, {"s": VISIT, "l": "en", "t": "pdf"}).headers["location"]
        answer = ask(server, f"documents.un.org{location}")
    assert (answer.status, len(answer.body)) == (301, 162)


@pytest.mark.parametrize(
    ("parameters", "headers"),
    [
        ({"s": "A/HRC/1/99999", "l": "en", "t": "pdf"}, PDF),
        ({"s": "no symbol", "l": "en", "t": "pdf"}, PDF),
        ({"s": VISIT, "l": "en", "t": "pdf"}, {"Accept": "application/json"}),
        ({"s": VISIT, "l": "fr", "t": "pdf"}, PDF),
        ({"s": "S/2090/19", "l": "en", "t": "pdf"}, PDF),
    ],
)
def test_ods_sends_to_its_error_page(server: ReplicaServer, parameters: dict[str, str], headers: dict[str, str]) -> None:
    answer = ask(server, ACCESS, parameters, **headers)
    assert (answer.status, answer.headers["location"]) == (302, "https://documents.un.org/error")
    assert ask(server, "documents.un.org/error").status == 200


def test_ods_word_files_and_languages_that_are_none(server: ReplicaServer) -> None:
    word = ask(server, ACCESS, {"s": "S/2090/19", "l": "en", "t": "docx"}).headers["location"].lower()
    assert ask(server, f"documents.un.org{word}").body[:2] == b"PK"
    english = ask(server, ACCESS, {"s": VISIT, "l": "en", "t": "pdf"}).headers["location"]
    assert ask(server, ACCESS, {"s": VISIT, "l": "klingon", "t": "pdf"}).headers["location"] == english


def test_a_document_that_is_not_out_yet_is_nothing_with_status_200_until_it_is_out() -> None:
    clock = SetClock()
    world = sample_world(clock=clock)
    old = world.find(VISIT)
    assert old is not None
    world.change_record(old.number, is_out=False)
    with ReplicaServer(world) as server:
        question = {"s": VISIT, "l": "en", "t": "pdf"}
        empty = ask(server, ACCESS, question)
        assert (empty.status, empty.body) == (200, b"")
        (url,) = ask(server, RECORDS, {"search": f"symbol:'{VISIT}'"}).json["data"]
        assert ask(server, url).json["data"]["files"] == []
        clock.advance(timedelta(days=3))
        before = world.document(old.number)
        after = world.publish(old.number)
        assert before is not None
        assert after.updated == before.updated, "the record does not tell"
        assert ask(server, ACCESS, question).status == 302


def test_links_lead_to_a_page_that_names_the_symbol(server: ReplicaServer) -> None:
    way = ask(server, f"undocs.org/en/{VISIT}")
    assert (way.status, way.headers["location"]) == (301, f"https://docs.un.org:443/en/{VISIT}")
    assert "api/symbol/access?s=A/HRC/990/17/Add.1&amp;l=fr" in ask(server, f"docs.un.org/en/{VISIT}").text


# The Digital Library


def windows(server: ReplicaServer, prefix: str = "marcxml") -> list[Any]:
    """Harvest the two years before the world's now by windows of thirty days; returns all records."""
    records: list[Any] = []
    first = START - timedelta(days=750)
    while first < START + timedelta(days=60):
        last = first + timedelta(days=29)
        question = {"metadataPrefix": prefix, "from": f"{first:%Y-%m-%d}", "until": f"{last:%Y-%m-%d}"}
        tree = ask(server, OAI, {"verb": "ListRecords", **question}).xml
        while True:
            records += tree.findall(".//o:record", PROTOCOL)
            token = tree.findtext(".//o:resumptionToken", namespaces=PROTOCOL)
            if not token:
                break
            tree = ask(server, OAI, {"verb": "ListRecords", "resumptionToken": token}).xml
        first = last + timedelta(days=1)
    return records


def test_a_harvest_by_windows_gives_each_record_once_whatever_the_page_size() -> None:
    names: list[list[str]] = []
    for size in (60, 1):
        with ReplicaServer(sample_world(Habits(oai_page_size=size))) as server:
            records = windows(server)
            names.append([record.findtext("o:header/o:identifier", namespaces=PROTOCOL) for record in records])
            expected = len(server.world.numbers("un-oai"))
            prefixes = {record.find("o:metadata/m:record", PROTOCOL).prefix for record in records}
            notes = [record.findtext(".//m:datafield[@tag='035']/m:subfield", namespaces=PROTOCOL) for record in records]
    assert names[0] == names[1]
    assert len(set(names[0])) == len(names[0]) == expected
    assert prefixes == {None, "marc"}, "both ways to write the namespace"
    assert all(note.startswith("(DHL)") for note in notes), "the Library's own number stands in 035"


def test_open_ended_and_long_ranges_end_in_503(server: ReplicaServer) -> None:
    for dates in ({}, {"from": "2026-10-01"}, {"from": "2025-01-01", "until": "2026-10-01"}):
        answer = ask(server, OAI, {"verb": "ListRecords", "metadataPrefix": "marcxml", **dates})
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize("status", [200, 422])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"verb": "Nonsense"}, "badVerb"),
        ({"verb": "ListRecords"}, "badArgument"),
        ({"verb": "ListRecords", "resumptionToken": "x", "from": "2026-01-01"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "marcxml", "from": "never", "until": "2026-01-01"}, "badArgument"),
        ({"verb": "ListRecords", "metadataPrefix": "mods"}, "cannotDisseminateFormat"),
        ({"verb": "ListRecords", "resumptionToken": "___unknown1"}, "badResumptionToken"),
        ({"verb": "ListRecords", "metadataPrefix": "marcxml", "from": "2001-01-01", "until": "2001-01-31"}, "noRecordsMatch"),
        ({"verb": "GetRecord", "metadataPrefix": "marcxml", "identifier": "oai:digitallibrary.un.org:1"}, "idDoesNotExist"),
    ],
)
def test_errors_of_the_protocol_come_with_either_status(status: int, arguments: dict[str, str], code: str) -> None:
    with ReplicaServer(sample_world(Habits(oai_error_status=status))) as server:
        answer = ask(server, OAI, arguments)
    assert (answer.status, answer.xml.find("o:error", PROTOCOL).get("code")) == (status, code)


def test_a_token_expires() -> None:
    clock = SetClock()
    with ReplicaServer(sample_world(Habits(oai_page_size=1, token_life=timedelta(hours=1)), clock)) as server:
        listing = {"verb": "ListRecords", "metadataPrefix": "marcxml", "from": "2026-10-01", "until": "2026-10-31"}
        token = ask(server, OAI, listing).xml.findtext(".//o:resumptionToken", namespaces=PROTOCOL)
        assert token.startswith("___")
        rest = {"verb": "ListRecords", "resumptionToken": token}
        assert ask(server, OAI, rest).xml.find("o:error", PROTOCOL) is None
        clock.advance(timedelta(hours=1))
        assert ask(server, OAI, rest).xml.find("o:error", PROTOCOL).get("code") == "badResumptionToken"


def test_a_record_that_was_taken_back_is_deleted_here_and_gone_there() -> None:
    clock = SetClock()
    with ReplicaServer(sample_world(clock=clock)) as server:
        clock.advance(timedelta(days=2))
        server.world.withdraw(known(server, VISIT).number)
        listing = {"verb": "ListRecords", "metadataPrefix": "marcxml", "from": "2026-11-22", "until": "2026-11-22"}
        (record,) = ask(server, OAI, listing).xml.findall(".//o:record", PROTOCOL)
        assert record.find("o:header", PROTOCOL).get("status") == "deleted"
        assert record.find("o:metadata", PROTOCOL) is None
        assert found(server, f"symbol:'{VISIT}'") == set()


def test_other_verbs(server: ReplicaServer) -> None:
    identify = ask(server, OAI, {"verb": "Identify"}).xml
    assert identify.findtext(".//o:granularity", namespaces=PROTOCOL) == "YYYY-MM-DDThh:mm:ssZ"
    sets = ask(server, OAI, {"verb": "ListSets"}).xml
    assert [node.text for node in sets.iter("{*}setSpec")] == ["sanctions"]
    formats = ask(server, OAI, {"verb": "ListMetadataFormats"}).xml
    assert [node.text for node in formats.iter("{*}metadataPrefix")] == ["marcxml", "oai_dc"]
    name = windows(server, "oai_dc")[0].findtext("o:header/o:identifier", namespaces=PROTOCOL)
    one = ask(server, OAI, {"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": name}).xml
    assert one.findtext(".//{http://purl.org/dc/elements/1.1/}title")
    dates = {"from": "2026-10-01", "until": "2026-10-31"}
    headers = ask(server, OAI, {"verb": "ListIdentifiers", "metadataPrefix": "marcxml", **dates}).xml
    assert len(headers.findall("o:ListIdentifiers/o:header", PROTOCOL)) > 1


def test_everything_else_of_the_digital_library_is_a_challenge_unless_it_is_open(server: ReplicaServer) -> None:
    link = "https://digitallibrary.un.org/record/3900051/files/A_HRC_990_17_Add.1-EN.pdf"
    for url in (link, "digitallibrary.un.org/record/3900051", "digitallibrary.un.org/search?p=x"):
        answer = ask(server, url)
        assert (answer.status, answer.headers["x-amzn-waf-action"], answer.body) == (202, "challenge", b"")
    with ReplicaServer(sample_world(Habits(digital_library_is_open=True))) as other:
        assert ask(other, link).body[:5] == b"%PDF-"
        assert ask(other, "digitallibrary.un.org/record/3900051").status == 200
