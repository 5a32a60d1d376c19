"""Missions on site, as titles, abstracts and first pages speak of them. Titles and texts here are invented in the official style."""

from __future__ import annotations

import gzip
import json
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.errors import BadInput
from sources.countries import load_countries
from sources.description import Query
from sources.mission_rules import default_rules, load_rules
from sources.missions import Mission, mission_of, with_mission
from sources.types import DocumentMetadata

FIRST_PAGES = (
    Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "datasets" / "huridocs_rightdocs_hrc_firstpages.jsonl.gz"
)


def hosts(mission: Mission) -> list[str]:
    return [country.iso3 for country in mission.hosts]


@pytest.mark.parametrize(
    ("title", "kind", "host", "body"),
    [
        # Special procedures, in the styles of three decades.
        (
            "Visit to Tajikistan: report of the Special Rapporteur on the right to food",
            "country_visit",
            "TJK",
            "Special Rapporteur on the right to food",
        ),
        (
            "Visit to the Congo - Report of the Working Group on Arbitrary Detention",
            "country_visit",
            "COG",
            "Working Group on Arbitrary Detention",
        ),
        (
            "Report of the Special Rapporteur on torture and other cruel, inhuman or degrading treatment or punishment on his mission to Chad",
            "country_visit",
            "TCD",
            "Special Rapporteur on torture",
        ),
        (
            "Report of the Special Rapporteur on the question of torture, Jane M. Doe : addendum : mission to Azerbaijan",
            "country_visit",
            "AZE",
            "Special Rapporteur on torture",
        ),
        (
            "REPORT OF THE WORKING GROUP ON ENFORCED OR INVOLUNTARY DISAPPEARANCES ON ITS MISSION TO BOSNIA AND HERZEGOVINA",
            "country_visit",
            "BIH",
            "Working Group on Enforced or Involuntary Disappearances",
        ),
        (
            "Report of the Independent Expert on the situation of human rights in Orvania, John Doe, on his second visit to Kenya",
            "country_visit",
            "KEN",
            "Independent Expert on the situation of human rights in Orvania",
        ),
        (
            "Follow-up mission to Honduras - Report of the Special Rapporteur on the independence of judges and lawyers",
            "country_visit",
            "HND",
            "Special Rapporteur on the independence of judges and lawyers",
        ),
        (
            "Report of the Special Rapporteur on a matter not yet named, on her visit to Iran (Islamic Republic of)",
            "country_visit",
            "IRN",
            "Special Rapporteur on a matter not yet named",
        ),
        ("Informe del Relator Especial acerca de su visita a Chile", "country_visit", "CHL", None),
        # Replies, follow-up and reviews are about missions or about States, but nobody went on site for them.
        (
            "Report of the Special Rapporteur on the right to food on her visit to Tajikistan - Comments by the State",
            "government_reply",
            "TJK",
            "Special Rapporteur on the right to food",
        ),
        (
            "Visit to Italy: report of the Special Rapporteur on minority issues: comments by the State",
            "government_reply",
            "ITA",
            "Special Rapporteur on minority issues",
        ),
        (
            "Letter dated 3 May 2024 from the Permanent Representative of Kenya to the United Nations",
            "government_reply",
            "KEN",
            None,
        ),
        (
            "Follow-up on the visit of the Special Rapporteur to Botswana",
            "follow_up",
            "BWA",
            None,
        ),
        (
            "Implementation of the recommendations of the fact-finding mission on Guinea",
            "follow_up",
            "GIN",
            "Fact-finding mission on Guinea",
        ),
        (
            "Report of the Working Group on the Universal Periodic Review: Chad",
            "peer_review",
            "TCD",
            "Working Group on the Universal Periodic Review",
        ),
        # Inquiries.
        (
            "Report of the independent international commission of inquiry on Burundi",
            "commission_of_inquiry",
            "BDI",
            "Independent international commission of inquiry on Burundi",
        ),
        (
            "Report of the Commission on Human Rights in South Sudan",
            "commission_of_inquiry",
            "SSD",
            "Commission on Human Rights in South Sudan",
        ),
        (
            "Situation of human rights in Yemen: report of the Group of Eminent International and Regional Experts on Yemen",
            "commission_of_inquiry",
            "YEM",
            "Group of Eminent International and Regional Experts on Yemen",
        ),
        (
            "Report of the Commission of Inquiry appointed under article 26 of the Constitution of the International Labour "
            "Organization to examine the observance by the Government of Myanmar of the Forced Labour Convention, 1930 (No. 29)",
            "commission_of_inquiry",
            "MMR",
            "Commission of Inquiry",
        ),
        (
            "Report of the high-level fact-finding mission to Lebanon established under resolution S-9/1",
            "fact_finding_mission",
            "LBN",
            "High-level fact-finding mission to Lebanon",
        ),
        # The ILO.
        ("Report of the high-level mission to Bangladesh (24–28 November 2019)", "high_level_mission", "BGD", None),
        (
            "Report of the ILO high-level tripartite mission to Uzbekistan",
            "tripartite_mission",
            "UZB",
            "International Labour Office",
        ),
        (
            "Report of the United Nations High Commissioner for Human Rights on the visit by the Office of the High Commissioner to Yemen",
            "country_visit",
            "YEM",
            "Office of the United Nations High Commissioner for Human Rights",
        ),
        ("Direct contacts mission to Guatemala: report", "direct_contacts_mission", "GTM", None),
        (
            "Third-party monitoring of child labour and forced labour during the 2018 cotton harvest in Uzbekistan",
            "third_party_monitoring",
            "UZB",
            None,
        ),
        ("Third party monitoring of the use of forced labour during the cotton harvest", "third_party_monitoring", None, None),
        ("Report of the technical advisory mission to Qatar", "technical_mission", "QAT", None),
        (
            "Observation (CEACR) - adopted 2020, published 109th ILC session (2021): Turkmenistan",
            "supervisory",
            "TKM",
            "Committee of Experts on the Application of Conventions and Recommendations",
        ),
        (
            "Report of the Committee of Experts on the Application of Conventions and Recommendations. Report III (Part A)",
            "supervisory",
            None,
            "Committee of Experts on the Application of Conventions and Recommendations",
        ),
        # Others of the United Nations.
        (
            "Visit to Togo undertaken from 3 to 12 May 2021: recommendations and observations addressed to the State party: report of "
            "the Subcommittee on Prevention of Torture",
            "subcommittee_visit",
            "TGO",
            "Subcommittee on Prevention of Torture",
        ),
        ("Report of the Security Council mission to Haiti, 3 to 6 May 2011", "council_mission", "HTI", None),
        ("Report of the technical assessment mission to Libya", "assessment_mission", "LBY", None),
        (
            "Report on the human rights situation in Ukraine, 1 February to 31 July 2023",
            "monitoring_mission",
            "UKR",
            "Human Rights Monitoring Mission in Ukraine",
        ),
        ("Concluding observations on the fourth periodic report of Chad", "supervisory", "TCD", None),
        (
            "United Nations Interim Force in Lebanon: report of the Secretary-General",
            "field_mission",
            "LBN",
            "UNIFIL",
        ),
        (
            "Report of the Secretary-General on the United Nations Mission in South Sudan",
            "field_mission",
            "SSD",
            "UNMISS",
        ),
        # Nothing of the kind.
        ("Report of the Human Rights Council on its forty-third session", None, None, None),
        ("The right to food and climate change", None, None, None),
        ("", None, None, None),
        (None, None, None, None),
    ],
)
def test_titles_tell_kind_host_and_body(title: str | None, kind: str | None, host: str | None, body: str | None) -> None:
    mission = mission_of(title)
    assert (mission.kind, mission.host.iso3 if mission.host else None, mission.body) == (kind, host, body)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Rapporteur visited Chad from 3 to 14 March 2025.", [("2025-03-03", "2025-03-14")]),
        ("on his mission to Chad (20 May–3 June 2019)", [("2019-05-20", "2019-06-03")]),
        (
            "conducted an official visit to Chad, 3-14 March 2025, at the invitation of the Government",
            [("2025-03-03", "2025-03-14")],
        ),
        ("undertook a visit from 28 November to 9 December 2016", [("2016-11-28", "2016-12-09")]),
        ("visited the country between 13 and 27 September 2019", [("2019-09-13", "2019-09-27")]),
        ("The mission took place from 27 December 2016 to 5 January 2017", [("2016-12-27", "2017-01-05")]),
        ("visited Chad from 27 December to 5 January 2017", [("2016-12-27", "2017-01-05")]),
        ("The delegation travelled to Chad from November 28 to December 9, 2016", [("2016-11-28", "2016-12-09")]),
        ("The team visited Chad March 3-14, 2025", [("2025-03-03", "2025-03-14")]),
        (
            "two visits to Chad, from 4 to 14 March and from 10 to 18 April 2014",
            [("2014-03-04", "2014-03-14"), ("2014-04-10", "2014-04-18")],
        ),
        (
            "He visited Chad from 9 to 12 May 2020. On his second visit, from 3 to 5 June 2020, he saw more.",
            [("2020-05-09", "2020-05-12"), ("2020-06-03", "2020-06-05")],
        ),
        ("visited Chad from 3 to 14 March 2025, with a stay in the north from 5 to 7 March 2025", [("2025-03-03", "2025-03-14")]),
        ("visited the prison of Moundou on 6 May 2019", [("2019-05-06", "2019-05-06")]),
        ("visite en Tunisie du 3 au 14 mars 2025", []),
        # Days of something else.
        ("The visit was discussed at the session held from 3 to 14 March 2025", []),
        ("The report covers the period from 1 May to 29 December 2014", []),
        ("The visit, scheduled to take place from 12 to 16 November 2018, was suspended", []),
        ("The visit from 12 to 16 November 2018 was postponed", []),
        ("a mission established by a resolution of 2 to 4 June 2010", []),
        (
            "after the third visit the situation was calm, which the Office reflects for the period from 15 July to 15 December 2012",
            [],
        ),
        ("visited Chad from 31 to 32 March 2025", []),
        ("visited Chad from 3 March 2019 to 14 March 2025", []),
        ("visited Chad from 14 to 3 March 2025", []),
    ],
)
def test_days_of_visits_are_told_from_other_days(text: str, expected: list[tuple[str, str]]) -> None:
    mission = mission_of("Visit to Chad: report of the Special Rapporteur on the right to food", text)
    assert [(str(visit.start), str(visit.end)) for visit in mission.visits] == expected


def test_several_visits_have_one_first_and_one_last_day() -> None:
    mission = mission_of("Visit to Chad", "The visits took place from 4 to 14 March and from 10 to 18 April 2014")
    assert (mission.start, mission.end) == (date(2014, 3, 4), date(2014, 4, 18))
    nothing = mission_of("Visit to Chad")
    assert (nothing.start, nothing.end) == (None, None)


def test_the_day_of_publication_places_days_without_a_year_and_refuses_later_ones() -> None:
    text = "The Special Rapporteur visited Chad from 28 November to 9 December"
    assert mission_of("Visit to Chad", text).visits == ()
    placed = mission_of("Visit to Chad", text, published=date(2017, 6, 1))
    assert (placed.start, placed.end) == (date(2016, 11, 28), date(2016, 12, 9))
    later = "The Special Rapporteur visited Chad from 3 to 14 March 2025"
    assert mission_of("Visit to Chad", later, published=date(2025, 3, 1)).visits == ()


def test_the_first_page_tells_what_the_title_leaves_open() -> None:
    page = """
        A/HRC/99/10/Add.2
        Distr.: General
        2 July 2031
        Human Rights Council
        Ninety-ninth session
        15 June–3 July 2031
        Report of the Special Rapporteur on the independence of judges and lawyers*
        Summary
        The Special Rapporteur, Jane Doe, conducted an official visit to Uzbekistan from 19 to 25
        September 2030, at the invitation of the Government. She thanks the State.
    """
    mission = mission_of("Report of the Special Rapporteur on the independence of judges and lawyers", first_page=page)
    assert (mission.kind, hosts(mission)) == ("country_visit", ["UZB"])
    assert [(visit.start, visit.end) for visit in mission.visits] == [(date(2030, 9, 19), date(2030, 9, 25))]


def test_a_yearly_report_that_lists_visits_is_no_report_on_one() -> None:
    page = (
        "The Special Rapporteur visited Chad from 3 to 14 March 2025 and Togo from 3 to 9 June 2025. "
        "She paid her third visit to Mali from 1 to 5 July 2025."
    )
    mission = mission_of("Report of the Special Rapporteur on the right to food", first_page=page)
    assert (mission.kind, mission.is_mission, mission.visits) == (None, False, ())


def test_the_reports_of_a_peace_operation_have_no_days_of_stay() -> None:
    mission = mission_of(
        "United Nations Mission in South Sudan: report of the Secretary-General",
        first_page="The Council visited the mission from 3 to 5 May 2024. The report covers developments from 1 to 30 April 2024.",
        symbol="S/2024/999",
    )
    assert (mission.kind, mission.doc_type, mission.body, mission.visits) == ("field_mission", "sg_report", "UNMISS", ())


def test_operations_and_resolutions_stand_for_their_countries() -> None:
    mission = mission_of(
        "Implementation of Security Council resolution 1701 (2006): report of the Secretary-General",
        first_page="an assessment of the work of the United Nations Interim Force in Lebanon (UNIFIL)",
        symbol="S/2031/1",
    )
    assert (mission.kind, hosts(mission), mission.body) == ("field_mission", ["LBN"], "UNIFIL")
    abyei = mission_of("Situation in Abyei: report of the Secretary-General")
    assert abyei.body == "Secretary-General"
    assert (hosts(abyei), abyei.host) == (["SDN", "SSD"], None)


def test_symbols_tell_kind_and_country() -> None:
    assert mission_of("Report", symbol="CAT/OP/MEX/R.1").kind == "subcommittee_visit"
    assert hosts(mission_of("Report", symbol="CAT/OP/MEX/R.1")) == ["MEX"]
    review = mission_of("National report", symbol="A/HRC/WG.6/48/SVN/1")
    assert (review.kind, hosts(review)) == ("peer_review", ["SVN"])
    assert mission_of("Report", symbol="CRC/C/PER/CO/6-7").kind == "supervisory"


def test_a_visit_to_several_countries_has_all_of_them_and_no_single_host() -> None:
    mission = mission_of("Missions to Lebanon and Israel (7 to 14 September 2006): report of four mandate holders")
    assert (hosts(mission), mission.host) == (["LBN", "ISR"], None)


def test_the_query_holds_where_the_title_says_nothing() -> None:
    query = Query(id="reports", body="Secretary-General", doc_type="sg_report", mission_kind="field_mission")
    silent = mission_of("The situation in Chad", defaults=query)
    assert (silent.kind, silent.is_mission, silent.body, silent.doc_type) == (
        "field_mission",
        True,
        "Secretary-General",
        "sg_report",
    )
    reply = mission_of("Visit to Chad: comments by the State", defaults=query)
    assert (reply.kind, reply.is_mission, reply.doc_type) == ("government_reply", False, "government_reply")


def test_what_a_source_said_stays_and_gaps_are_filled() -> None:
    mission = mission_of(
        "Visit to Chad: report of the Special Rapporteur on the right to food", "visited Chad from 3 to 14 March 2025"
    )
    filled = with_mission(DocumentMetadata(igo="UN", body="Secretary-General", extra={"kept": "yes"}), mission)
    assert (filled.body, filled.doc_type, filled.country_iso3, filled.country_name) == (
        "Secretary-General",
        "country_visit_report",
        "TCD",
        "Chad",
    )
    assert (filled.mission_kind, filled.mission_start, filled.mission_end) == (
        "country_visit",
        date(2025, 3, 3),
        date(2025, 3, 14),
    )
    assert filled.extra == {"kept": "yes"}


def test_a_reply_of_a_state_opens_no_mission() -> None:
    filled = with_mission(DocumentMetadata(), mission_of("Visit to Chad (3 to 14 March 2025): comments by the State"))
    assert (filled.country_iso3, filled.mission_kind, filled.mission_start) == ("TCD", None, None)


def test_several_hosts_and_visits_are_kept_beside() -> None:
    mission = mission_of(
        "Missions to Lebanon and Israel", "The visits took place from 4 to 14 March and from 10 to 18 April 2014"
    )
    filled = with_mission(DocumentMetadata(), mission)
    assert filled.country_iso3 is None
    assert filled.extra == {"hosts": "LBN ISR", "visits": "2014-03-04/2014-03-14 2014-04-10/2014-04-18"}


def test_a_project_may_bring_its_own_countries() -> None:
    mission = mission_of("Report of the high-level mission to Orvania", countries=load_countries({"Orvania": "XAA"}))
    assert hosts(mission) == ["XAA"]


def test_kinds_are_a_closed_list_with_those_that_are_no_mission_marked() -> None:
    kinds = default_rules().kinds
    assert len({kind.id for kind in kinds}) == len(kinds)
    assert {kind.id for kind in kinds if not kind.is_mission} == {"government_reply", "peer_review", "follow_up", "supervisory"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("'universal periodic review'", "'universal (periodic'"), r"kinds.1.any.0.title.*no regular expression"),
        (("doc_type: peer_review", "doctype: peer_review"), r"kinds.1.doc_type.*required"),
        (("id: peer_review", "id: government_reply"), "'government_reply' stands there twice"),
        (("countries: [LBN]", "countries: [Lebanon]"), r"places.0.countries.0"),
    ],
)
def test_rules_with_a_mistake_are_refused_with_their_place(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    shipped = (Path(__file__).resolve().parents[2] / "configs" / "missions.yaml").read_text(encoding="utf-8")
    assert change[0] in shipped
    path = tmp_path / "missions.yaml"
    path.write_text(shipped.replace(*change), encoding="utf-8")
    with pytest.raises(BadInput, match=message):
        load_rules(path)


_PIECES = (
    "visit mission to Chad the from 3 14 to and March 2025 - ( ) : , . Special Rapporteur on of report Niger between period [ * é"
)
_WORDS = st.sampled_from(_PIECES.split())


@given(st.lists(_WORDS, max_size=40), st.text(max_size=40), st.none() | st.dates())
def test_no_text_stops_anything_and_stays_are_in_order(words: list[str], noise: str, published: date | None) -> None:
    mission = mission_of(" ".join(words), noise, " ".join(words[::-1]), published=published, symbol=noise)
    assert all(visit.start <= visit.end for visit in mission.visits)
    assert list(mission.visits) == sorted(mission.visits, key=lambda visit: (visit.start, visit.end))
    assert published is None or all(visit.end <= published for visit in mission.visits)
    assert len(set(mission.hosts)) == len(mission.hosts)


@pytest.mark.corpus
def test_real_titles_and_first_pages_of_missions_are_understood() -> None:
    if not FIRST_PAGES.exists():
        pytest.skip("the shared corpus is not here")
    with gzip.open(FIRST_PAGES, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    about_none = re.compile(
        r"comments? (by|from|of)|comentarios|follow-up (on|to)|implementation of|progress made|database|compilation",
        re.IGNORECASE,
    )
    known = [row for row in rows if re.search(r"\b(visit|mission)\b", row["title"], re.IGNORECASE)]
    # The data set puts the number of the document before its title.
    titles = [re.sub(r"^\d+/[^:]*: *", "", row["title"]) for row in known]
    understood = [(title, mission_of(title, first_page=row["text"])) for title, row in zip(titles, known, strict=True)]
    missions = [(title, mission) for title, mission in understood if not about_none.search(title)]
    assert len(missions) > 100
    assert [title for title, mission in missions if not mission.is_mission or not mission.hosts] == []
    assert [title for title, mission in understood if about_none.search(title) and mission.is_mission] == []
    visits = [mission for _, mission in missions if mission.kind == "country_visit"]
    # The first pages of the others name no days.
    assert sum(bool(mission.visits) for mission in visits) >= 0.85 * len(visits)
