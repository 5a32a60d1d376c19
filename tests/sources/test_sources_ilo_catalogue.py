"""The ILO's catalogue: MARC mapped strictly, versions that change with the content, and no answer that does harm."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.errors import BadInput
from sources import ilo_marc, ilo_marc_fields
from sources.connectors.base import connector_for
from sources.description import Query
from sources.ilo_marc import map_ilo_record, moved_url
from sources.ilo_marc_fields import reason_for
from sources.links import format_of_url, group_files, https_url, language_of_file, name_of_url
from sources.marc import MarcField, MarcRecord, parse_marcxml
from tests.sources.given_answers import NOW, discover, is_storable, mangled
from tests.sources.playback import EXAMPLES, described

PAGE = (EXAMPLES / "ilo-catalogue" / "first-listing" / "page1.xml").read_bytes()
QUERY = Query(id="all", igo="ILO")
ONE_QUERY = {"queries": [{"id": "all", "query": 'alma.title="mission"'}]}


def mapped_with(*fields: MarcField) -> ilo_marc.Mapped:
    card = MarcRecord("", (MarcField("001", value="995000000000001"), *fields))
    return map_ilo_record(card, source_id="ilo-catalogue", query=QUERY, languages=("en",), version="1", raw="", page_url="")


def datafield(tag: str, *subfields: tuple[str, str]) -> MarcField:
    return MarcField(tag, indicators="  ", subfields=subfields)


def test_every_ignored_field_and_subfield_has_a_reason_and_one_fate() -> None:
    assert not set(ilo_marc_fields.IGNORED) & set(ilo_marc_fields.READ)
    for tag, codes in ilo_marc_fields.IGNORED_SUBFIELDS.items():
        assert not set(codes) & set(ilo_marc_fields.READ[tag]), tag
    card = next(parse_marcxml(PAGE))
    mapped = map_ilo_record(card, source_id="s", query=QUERY, languages=("en",), version="", raw="", page_url="")
    assert mapped.ignored
    assert all(reason_for(place) for place in (*mapped.ignored, "650$0", "997"))
    with pytest.raises(KeyError):
        reason_for("ZZ9")


@pytest.mark.parametrize(
    ("tag", "codes", "place"), [("258", "a", "258"), ("245", "ax", "245$x"), ("856", "uw", "856$w"), ("1XX", "a", "1XX")]
)
def test_what_nobody_decided_about_is_a_signal(tag: str, codes: str, place: str) -> None:
    mapped = mapped_with(datafield(tag, *((code, f"https://example.org/{code}") for code in codes)))
    assert ("unknown_field", place) in [(one.kind, one.field) for one in mapped.signals]


def test_a_card_without_a_number_is_no_record() -> None:
    card = MarcRecord("", (datafield("245", ("a", "A title")),), problems=("unknown element x",))
    mapped = map_ilo_record(card, source_id="s", query=QUERY, languages=("en",), version="", raw="", page_url="")
    assert mapped.records == ()
    assert [one.field for one in mapped.signals] == ["marc", "001"]


@pytest.mark.parametrize(
    ("field", "language"),
    [
        (MarcField("008", value="190101s2019    sz a    o    i000 0 fre d"), "fr"),
        (datafield("041", ("a", "engfrespa")), "en"),
        (datafield("041", ("a", "spa"), ("a", "fre")), "es"),
        (datafield("041", ("a", "mul")), None),
        (datafield("041", ("a", "qqq")), None),
    ],
)
def test_the_language_comes_from_the_codes(field: MarcField, language: str | None) -> None:
    assert mapped_with(field).records[0].metadata.language == language


def test_countries_of_the_title_go_before_those_of_the_subjects() -> None:
    subjects = (datafield("651", ("a", "Kenya")), datafield("650", ("a", "forced labour"), ("z", "Chad")))
    titled = mapped_with(datafield("245", ("a", "Report of the mission to Uzbekistan /")), *subjects).records[0].metadata
    assert (titled.title, titled.country_iso3) == ("Report of the mission to Uzbekistan", "UZB")
    untitled = mapped_with(datafield("245", ("a", "A report")), *subjects).records[0].metadata
    assert (untitled.country_iso3, untitled.extra["countries"]) == (None, "KEN TCD")


@pytest.mark.parametrize(
    ("url", "moved"),
    [
        (
            "https://www.ilo.org/wcmsp5/groups/public/---ed_norm/---declaration/documents/publication/wcms_000001.pdf",
            "https://www.ilo.org/sites/default/files/wcmsp5/groups/public/@ed_norm/@declaration/documents/publication/wcms_000001.pdf",
        ),
        (
            "https://www.ilo.org/wcmsp5/groups/public/@a/@b/x.pdf",
            "https://www.ilo.org/sites/default/files/wcmsp5/groups/public/@a/@b/x.pdf",
        ),
        ("https://www.ilo.org/sites/default/files/wcmsp5/groups/public/@a/x.pdf", None),
        ("https://example.org/wcmsp5/groups/public/---a/---b/x.pdf", None),
    ],
)
def test_addresses_of_the_old_site_are_rewritten(url: str, moved: str | None) -> None:
    assert moved_url(url) == moved


def test_the_version_changes_with_the_content_but_not_with_copies_on_the_shelf() -> None:
    def version(body: bytes) -> str:
        pages, _ = discover(described("ilo-catalogue", ONE_QUERY), lambda _: body)
        return pages[0].records[0].version

    before = version(PAGE)
    assert version(PAGE.replace(b"53000000000001", b"53000000000002")) == before
    assert version(PAGE.replace(b"round nine", b"round ten")) != before
    assert version(PAGE.replace(b"20260102030405.0", b"20260202030405.0")) != before


def test_questions_are_for_the_years_since_the_watermark() -> None:
    asked: list[str] = []

    class Asked:
        def get(self, url: str, *, params: dict[str, str], **_: Any) -> Any:
            asked.append(params["query"])
            raise AssertionError

    description = described("ilo-catalogue", {"queries": [{"id": "all", "query": 'alma.title="a" OR alma.title="b"'}]})
    for watermark in (None, "2026-11-18", "2024-02-01", "no day"):
        with pytest.raises(AssertionError):
            list(connector_for(description).discover(Asked(), watermark, NOW))  # type: ignore[arg-type]  # a stand-in for the client
    years = [re.findall(r'"(\d{4})"', question) for question in asked]
    assert years == [["1990", "2027"], ["2025", "2027"], ["2023", "2027"], ["1990", "2027"]]
    assert all(question.startswith('(alma.title="a" OR alma.title="b") AND ') for question in asked)


def test_a_wrong_description_is_named() -> None:
    with pytest.raises(BadInput, match=r"ilo-catalogue\.yaml, key settings\.most_at_once: 0 is not allowed"):
        connector_for(described("ilo-catalogue", {"settings": {"most_at_once": 0}}))


@given(st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 60), st.binary(max_size=8)), min_size=1, max_size=4))
def test_a_mangled_answer_is_read_or_refused(cuts: list[tuple[int, int, bytes]]) -> None:
    pages, _ = discover(described("ilo-catalogue", ONE_QUERY), lambda _: mangled(PAGE, cuts))
    assert is_storable(pages)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["008", "020", "024", "041", "245", "264", "520", "650", "651", "856", "880", "999", "ZZZ"]),
            st.lists(st.tuples(st.sampled_from("abcnpuyz309"), st.text(min_size=1)), max_size=4),
            st.text(max_size=50),
        ),
        max_size=8,
    )
)
def test_any_card_becomes_records_and_signals(fields: list[tuple[str, list[tuple[str, str]], str]]) -> None:
    mapped = mapped_with(*(MarcField(tag, text, "  ", tuple(subfields)) for tag, subfields, text in fields))
    assert mapped.records
    for record in mapped.records:
        assert all(link.url.startswith("https://") for link in record.links)
        assert str(replace(record, raw="")).encode("utf-8")


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_none(text: str) -> None:
    url = https_url(text)
    if url is not None:
        assert url.isascii()
        assert https_url(url) == url
        assert not set(' <>"\\') & set(url)
        assert isinstance(name_of_url(url), str)
    language_of_file(text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("HTTP://Example.ORG", "https://example.org/"),
        ("https://example.org/a b.pdf?x=y z#part", "https://example.org/a%20b.pdf?x=y%20z"),
        ("https://example.org/%E1%9E%91.pdf", "https://example.org/%E1%9E%91.pdf"),
        ("https://example.org/ទ.pdf", "https://example.org/%E1%9E%91.pdf"),
        ("https://user:secret@example.org/a.pdf", None),
        ("https://example.org:8443/a.pdf", None),
        ("file:///etc/passwd", None),
        ("javascript:alert(1)", None),
        ("https:///a.pdf", None),
        ("https://[::1]/a.pdf", None),
        ("", None),
        (None, None),
    ],
)
def test_addresses_are_made_whole(text: object, url: str | None) -> None:
    assert https_url(text) == url


def test_the_last_part_of_an_address_tells_the_format() -> None:
    assert [format_of_url(f"https://example.org/{name}") for name in ("a.PDF", "a.docx?x=1", "a", "a.zip")] == [
        "pdf",
        "docx",
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (("English",), "en"),
        (("Download the report (French)",), "fr"),
        (("wcms_000001_ru",), "ru"),
        (("A_HRC_44_52-FR",), "fr"),
        (("Turkish workers in the textile industry of Orvania",), None),
        (("English and French",), None),
        (("English", "rapport_fr"), None),
        (("", ""), None),
    ],
)
def test_names_of_files_and_links_tell_the_language(texts: tuple[str, ...], language: str | None) -> None:
    assert language_of_file(*texts) == language


@pytest.mark.parametrize(
    ("files", "groups"),
    [
        ([("a", "docx", "en"), ("b", "pdf", "en")], [[1, 0]]),
        ([("a", "pdf", "en"), ("a", "docx", "en"), ("b", "pdf", "en"), ("c", "docx", "en")], [[0, 1], [2], [3]]),
        ([("a", "pdf", "en"), ("a", "pdf", "fr"), ("a", "docx", "fr")], [[0], [1, 2]]),
        ([], []),
    ],
)
def test_formats_of_one_document_are_put_together(files: list[tuple[str, str, str]], groups: list[list[int]]) -> None:
    assert group_files(files) == groups
