"""The replica's other services answer the documented examples: UHRI, World Bank, ILO catalogue and site, ReliefWeb, Internet Archive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.replica.cql import CqlError, parse
from sources.replica.naming import ilo_file, ilo_file_in_catalogue
from sources.replica.server import ReplicaServer
from sources.replica.services.uhri import export
from sources.replica.world import Habits, SetClock
from tests.sources.replica_asking import SAMPLE, VISIT, ask, sample_world

EXPORT = "dataex.ohchr.org/uhri/export-results/export-full-en.json"
WDS = "search.worldbank.org/api/{}/wds"
SRU = "ilo.alma.exlibrisgroup.com/view/sru/41ILO_INST"
SRW = {"s": "http://www.loc.gov/zing/srw/", "d": "http://www.loc.gov/zing/srw/diagnostic/", "m": "http://www.loc.gov/MARC21/slim"}
MAP = {"m": "http://www.sitemaps.org/schemas/sitemap/0.9"}
REPORTS = "api.reliefweb.int/v2/reports?appname=entente-replica"
CDX = "web.archive.org/cdx/search/cdx"


@pytest.fixture
def server() -> Iterator[ReplicaServer]:
    with ReplicaServer(sample_world()) as running:
        yield running


# The Universal Human Rights Index


def test_the_export_is_one_array_of_paragraphs_at_two_addresses(server: ReplicaServer) -> None:
    answer = ask(server, EXPORT)
    assert answer.headers["transfer-encoding"] == "chunked"
    rows = answer.json
    assert rows == ask(server, "uhri.ohchr.org/api/uhri/export-results/export-full-en.json").json
    assert {row["Symbol"] for row in rows} >= {VISIT, "A/HRC/991/29", "CAT/OP/XAC/25"}
    assert len(rows) == 3 * len({row["DocumentId"] for row in rows}) == len({row["AnnotationId"] for row in rows})
    keys = (
        "AnnotationId DocumentId Symbol AnnotationType Body Countries Regions Text PublicationDate PublicationDateOnUhri Themes"
    )
    keys += " AffectedPersons Sdgs UprCycle UprSession UprPositions UprRecommendingCountry UprRecommendingRegions"
    assert all(set(row) == set(keys.split()) for row in rows)
    assert all(row["Body"].startswith("- ") and row["AnnotationType"].startswith("- ") for row in rows)
    assert ask(server, f"uhri.ohchr.org/en/document/{rows[0]['DocumentId']}").status == 200
    assert ask(server, "dataex.ohchr.org/uhri/api/FilterList").status == 401


def test_the_export_is_sent_again_only_after_a_change() -> None:
    clock = SetClock()
    with ReplicaServer(sample_world(clock=clock)) as server:
        first = ask(server, EXPORT)
        unchanged = ask(server, EXPORT, If_None_Match=first.headers["etag"])
        assert (unchanged.status, unchanged.body) == (304, b"")
        assert ask(server, EXPORT, If_Modified_Since=first.headers["last-modified"]).status == 304
        clock.advance(timedelta(days=1))
        visit = server.world.find(VISIT)
        assert visit is not None
        server.world.withdraw(visit.number)
        second = ask(server, EXPORT, If_None_Match=first.headers["etag"])
        assert second.status == 200
        assert VISIT not in {row["Symbol"] for row in second.json}


def test_the_export_is_made_in_pieces() -> None:
    world = sample_world()
    visit = world.find(VISIT)
    assert visit is not None
    world.change_record(visit.number, n_paragraphs=5_000)
    pieces = list(export(world))
    assert max(map(len, pieces)) < 200_000 < sum(map(len, pieces))
    assert len([row for row in json.loads(b"".join(pieces)) if row["Symbol"] == VISIT]) == 5_000


# The World Bank


def listed(answer: Any) -> dict[str, Any]:
    return {key: value for key, value in answer["documents"].items() if key != "facets"}


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_an_answer_of_the_world_bank(server: ReplicaServer, version: str) -> None:
    answer = ask(server, WDS.format(version), {"format": "json", "qterm": "third party monitoring", "rows": "2"}).json
    assert (answer["rows"], answer["os"], answer["total"]) == (2, 0, 3)
    documents = listed(answer)
    assert len(documents) == 2
    assert all(key == f"D{document['id']}" for key, document in documents.items())
    rest = ask(server, WDS.format(version), {"format": "json", "rows": "2", "os": "2"}).json
    assert not set(listed(rest)) & set(documents)
    dates = {document["docdt"] for document in listed(ask(server, WDS.format(version)).json).values()}
    in_words = {"14-Dec-2017", "10-Dec-2021"} if version == "v3" else {"2017-12-14T00:00:00Z", "2021-12-10T00:00:00Z"}
    assert dates == in_words | {"2023-12-01T00:00:00Z"}


def test_the_world_bank_of_2017_writes_numbers_as_text_and_titles_as_lists() -> None:
    with ReplicaServer(sample_world(Habits(wds_shape="2017"))) as server:
        answer = ask(server, WDS.format("v2"), {"rows": "1"}).json
        (key, document), *_ = listed(answer).items()
        assert (answer["os"], answer["page"], answer["total"], answer["rows"]) == ("", "1", "3", 1)
    assert key.isdigit()
    assert "\n            " in document["display_title"][0]["display_title"]
    assert set(document["repnme"]) == {"cdata!"}


@pytest.mark.parametrize(
    ("parameters", "total"),
    [
        ({"count_exact": "Orvania"}, 3),
        ({"count_exact": "Castrel"}, 0),
        ({"strdate": "2021-01-01"}, 2),
        ({"strdate": "2021-01-01", "enddate": "2022-01-01"}, 1),
        ({"lang_exact": "French"}, 0),
        ({"projectid": "P990006"}, 1),
        ({"display_title": "hazelnut"}, 1),
    ],
)
def test_what_the_world_bank_can_be_asked(server: ReplicaServer, parameters: dict[str, str], total: int) -> None:
    assert ask(server, WDS.format("v3"), parameters).json["total"] == total


def test_fields_can_be_chosen_and_files_fetched(server: ReplicaServer) -> None:
    answer = ask(server, WDS.format("v3"), {"fl": "id,pdfurl,txturl,docdt", "srt": "docdt", "order": "desc"}).json
    documents = list(listed(answer).values())
    assert all(set(document) <= {"id", "pdfurl", "txturl", "docdt"} for document in documents)
    assert all(document["pdfurl"].startswith("http://documents.worldbank.org/curated/en/") for document in documents)
    newest = (SAMPLE / "reports" / "clo-mon-orvania-2023.pdf").read_bytes()
    assert ask(server, documents[0]["pdfurl"]).body == newest


def test_a_text_layer_that_is_not_there_says_so_with_status_200(server: ReplicaServer) -> None:
    documents = listed(ask(server, WDS.format("v3"), {"srt": "docdt", "order": "asc"}).json)
    first, _, last = (ask(server, document["txturl"]) for document in documents.values())
    assert (first.status, "The system was not able to generate" in first.text) == (200, True)
    assert (last.status, "hazelnut harvest" in last.text) == (200, True)


# The ILO's catalogue


def search(server: ReplicaServer, query: str, **parameters: str) -> Any:
    question = {"version": "1.2", "operation": "searchRetrieve", "recordSchema": "marcxml", "query": query, **parameters}
    return ask(server, SRU, question).xml


def test_explain_lists_the_indexes(server: ReplicaServer) -> None:
    tree = ask(server, SRU, {"version": "1.2", "operation": "explain"}).xml
    assert {"title", "subjects", "main_pub_date"} <= {node.text for node in tree.iter("{*}title")}


def test_a_search_goes_page_by_page(server: ReplicaServer) -> None:
    query = 'alma.subjects="ILO pub" AND alma.language="eng"'
    numbers, start = [], 1
    while start:
        tree = search(server, query, maximumRecords="5", startRecord=str(start))
        numbers += [node.text for node in tree.iter("{*}recordIdentifier")]
        start = int(tree.findtext("s:nextRecordPosition", "0", SRW))
    assert len(numbers) == len(set(numbers)) == int(tree.findtext("s:numberOfRecords", namespaces=SRW)) == 20
    record = tree.find(".//s:recordData/m:record", SRW)
    assert record.findtext("m:controlfield[@tag='001']", namespaces=SRW) == numbers[15]
    assert record.findtext("m:datafield[@tag='024']/m:subfield[@code='a']", namespaces=SRW).startswith("10.54394/")
    assert len(search(server, query, maximumRecords="500").findall(".//s:record", SRW)) == 20


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ('alma.title="commission of inquiry"', 1),
        ('alma.title="high-level mission"', 2),
        ('alma.main_pub_date>="2021" AND alma.main_pub_date<="2022"', 2),
        ('alma.all_for_ui="liaison officer" NOT alma.main_pub_date="2013"', 1),
        ('(alma.title="hazelnut" OR alma.title="tea") AND alma.language="eng" sortBy alma.main_pub_date/sort.descending', 3),
        ('alma.mms_id="99520000602676"', 1),
        ('alma.title="nowhere"', 0),
    ],
)
def test_the_documented_cql(server: ReplicaServer, query: str, count: int) -> None:
    tree = search(server, query)
    assert int(tree.findtext("s:numberOfRecords", namespaces=SRW)) == count == len(tree.findall(".//s:record", SRW))


def test_the_latest_come_first_if_wanted(server: ReplicaServer) -> None:
    tree = search(server, 'alma.subjects="ILO pub" sortBy alma.main_pub_date/sort.descending', maximumRecords="50")
    years = [node.text for node in tree.iterfind(".//m:datafield[@tag='264']/m:subfield[@code='c']", SRW)]
    assert years == sorted(years, reverse=True)


@pytest.mark.parametrize(
    ("query", "parameters", "number"),
    [
        ('alma.nothing="x"', {}, 16),
        ('alma.title>"x"', {}, 19),
        ("alma.title=", {}, 10),
        ('(alma.title="x"', {}, 10),
        ("", {}, 7),
        ('alma.title="x"', {"startRecord": "0"}, 6),
        ('alma.title="mission"', {"startRecord": "10001"}, 61),
        ('alma.title="x"', {"recordSchema": "mods"}, 66),
        ('alma.title="x"', {"version": "9"}, 5),
    ],
)
def test_diagnostics(server: ReplicaServer, query: str, parameters: dict[str, str], number: int) -> None:
    question = {"version": "1.2", "operation": "searchRetrieve", "recordSchema": "marcxml", "query": query, **parameters}
    answer = ask(server, SRU, question)
    assert (answer.status, answer.xml.findtext(".//d:uri", namespaces=SRW)) == (200, f"info:srw/diagnostic/1/{number}")


@given(text=st.text(st.sampled_from(list('alma.title="x" ANDORNOT()<>= sortBy\\')), max_size=40) | st.text(max_size=30))
def test_no_cql_breaks_the_parser(text: str) -> None:
    try:
        query = parse(text)
    except CqlError as problem:
        assert problem.number in (10, 16, 19)  # noqa: PT017  # what is raised is looked at
    else:
        assert callable(query.matches)


# The ILO's site


def test_the_site_map_leads_to_every_report_and_to_its_file() -> None:
    with ReplicaServer(sample_world(Habits(sitemap_page_size=10))) as server:
        index = ask(server, "www.ilo.org/sitemap.xml").xml
        pages = [node.text for node in index.iterfind("m:sitemap/m:loc", MAP)]
        assert pages[0] == "https://www.ilo.org/sitemap.xml?page=1"
        entries = [
            (url.findtext("m:lastmod", namespaces=MAP), url.findtext("m:loc", namespaces=MAP))
            for page in pages
            for url in ask(server, page).xml.iterfind("m:url", MAP)
        ]
        assert entries == sorted(entries), "oldest first"
        assert all(ask(server, url).status == 200 for _, url in entries)
        page = next(url for _, url in entries if "high-level-mission-to-castrel" in url)
        text = ask(server, page).text
        link = text.partition('class="ilo--file" href="')[2].partition('"')[0]
        assert link.startswith("/sites/default/files/2018-10/")
        file = ask(server, f"www.ilo.org{link}")
        assert file.body == (SAMPLE / "reports" / "clo-hlm-castrel-2018.pdf").read_bytes()
        assert ask(server, f"www.ilo.org{link}", If_None_Match=file.headers["etag"]).status == 304
        assert any("/resource/news/" in url for _, url in entries), "pages that are no reports"
        assert ask(server, f"www.ilo.org/sitemap.xml?page={len(pages) + 1}").status == 404
        assert ask(server, "www.ilo.org/rss.xml").status == 404


def test_an_old_address_of_the_catalogue_no_longer_works_but_its_moved_form_does(server: ReplicaServer) -> None:
    old = next(document for document in server.world.documents("ilo-site") if document.published.year < 2016)
    file = old.files[0]
    in_catalogue, moved = ilo_file_in_catalogue(old, file), ilo_file(old, file)
    assert "/wcmsp5/groups/public/---ed_norm/---normes/" in in_catalogue
    assert moved == in_catalogue.replace("/wcmsp5/", "/sites/default/files/wcmsp5/").replace("---", "@")
    assert (ask(server, in_catalogue).status, ask(server, moved).status) == (404, 200)


# ReliefWeb


def test_reliefweb_wants_an_approved_name_and_version_2(server: ReplicaServer) -> None:
    for url in ("api.reliefweb.int/v2/reports", "api.reliefweb.int/v2/reports?appname=somebody"):
        refused = ask(server, url, method="POST", body={})
        assert (refused.status, refused.json["error"]["type"]) == (403, "AccessDeniedHttpException")
    assert ask(server, "api.reliefweb.int/v1/reports?appname=entente-replica").status == 410


def test_reports_since_a_day_with_their_files(server: ReplicaServer) -> None:
    question = {
        "filter": {
            "operator": "AND",
            "conditions": [
                {"field": "date.changed", "value": {"from": "2026-01-01T00:00:00+00:00"}},
                {"field": "country.iso3", "value": ["xab"]},
            ],
        },
        "fields": {"include": ["title", "date", "source", "country", "file", "language", "url_alias"]},
        "sort": ["date.changed:asc"],
        "limit": 1,
    }
    seen: list[Any] = []
    while len(seen) < (answer := ask(server, REPORTS, method="POST", body={**question, "offset": len(seen)}).json)["totalCount"]:
        assert ("next" in answer["links"]) == (len(seen) == 0)
        seen += answer["data"]
    changed = [item["fields"]["date"]["changed"] for item in seen]
    assert changed == sorted(changed)
    assert len({item["id"] for item in seen}) == len(seen) == 2
    assert isinstance(seen[0]["id"], str)
    (file,) = seen[1]["fields"]["file"]
    assert (file["mimetype"], file["filesize"]) == ("application/pdf", str(len(ask(server, file["url"]).body)))
    assert ask(server, seen[0]["fields"]["url_alias"]).status == 200


def test_other_ways_to_ask_reliefweb(server: ReplicaServer) -> None:
    by_get = ask(server, f"{REPORTS}&filter[field]=country.name&filter[value]=Castrel&limit=5").json
    assert by_get["totalCount"] == 3
    words = ask(server, REPORTS, method="POST", body={"query": {"value": "Mission Concord"}}).json
    assert words["totalCount"] == 3
    negated = {"filter": {"field": "country.name", "value": "Castrel", "negate": True}}
    assert ask(server, REPORTS, method="POST", body=negated).json["totalCount"] == 0
    assert ask(server, REPORTS, method="POST", body={"limit": 1001}).status == 400
    assert ask(server, REPORTS, method="POST", body=[]).status == 400
    sources = ask(server, "api.reliefweb.int/v2/sources?appname=entente-replica&fields[include][]=shortname").json
    assert sources["totalCount"] == 1


def test_reliefweb_counts_the_calls_of_a_day() -> None:
    clock = SetClock()
    with ReplicaServer(sample_world(Habits(reliefweb_calls_a_day=1), clock)) as server:
        assert [ask(server, REPORTS).status for _ in range(2)] == [200, 429]
        clock.advance(timedelta(days=1))
        assert ask(server, REPORTS).status == 200


# The Internet Archive


def test_a_copy_is_found_and_is_byte_for_byte_what_it_was() -> None:
    clock = SetClock()
    with ReplicaServer(sample_world(clock=clock)) as server:
        link = "https://digitallibrary.un.org/record/3900051/files/A_HRC_990_17_Add.1-EN.pdf"
        question = {
            "url": link,
            "output": "json",
            "fl": "timestamp,original,mimetype,statuscode,digest",
            "filter": "statuscode:200",
        }
        header, row = ask(server, CDX, question).json
        assert header == ["timestamp", "original", "mimetype", "statuscode", "digest"]
        assert row[1:4] == [link, "application/pdf", "200"]
        copy = f"web.archive.org/web/{row[0]}id_/{link}"
        pdf = (SAMPLE / "reports" / "cos-eom-castrel-2017.pdf").read_bytes()
        assert ask(server, copy).body == pdf
        nearest = ask(server, f"web.archive.org/web/2020id_/{link}")
        assert (nearest.status, nearest.headers["location"]) == (302, f"https://{copy}")
        server.world.revise(17, b"%PDF-1.4 newer %%EOF")
        assert ask(server, copy).body == pdf, "a copy stays what it was"
        assert ask(server, CDX, {"url": "https://example.org/", "output": "json"}).json == []
        assert ask(server, "web.archive.org/web/2020id_/https://example.org/").status == 404


def test_the_index_goes_page_by_page(server: ReplicaServer) -> None:
    question = {
        "url": "www.ilo.org/sites/default/files/*",
        "output": "json",
        "collapse": "digest",
        "limit": "7",
        "showResumeKey": "true",
    }
    whole = ask(server, CDX, {**question, "limit": "1000"}).json[1:]
    seen: list[list[str]] = []
    page = ask(server, CDX, question).json
    while page[-2] == []:
        seen += page[1:-2]
        page = ask(server, CDX, {**question, "resumeKey": page[-1][0]}).json
    assert [*seen, *page[1:]] == whole
    assert len(whole) == 21


def test_hosts_that_refuse_every_program(server: ReplicaServer) -> None:
    for host in ("www.ohchr.org", "normlex.ilo.org", "natlex.ilo.org", "www.refworld.org"):
        answer = ask(server, f"{host}/anything")
        assert (answer.status, "<title>Just a moment...</title>" in answer.text) == (403, True)
    assert ask(server, "www.ohchr.org/robots.txt").status == 200
