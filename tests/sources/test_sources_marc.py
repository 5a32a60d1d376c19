"""Reading MARC in both of its forms, and UN cards: nothing is dropped in silence, and nothing that is mangled stops a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.description import Query
from sources.marc import MARCXML, MarcField, MarcRecord, NotMarc, parse_jmarc, parse_marcxml
from sources.un_files import FileRoutes
from sources.un_marc import DOCUMENT_TYPES, distinct, read_card, records_of
from sources.un_marc_fields import LEFT, TAKEN, unknown_fields
from tests.sources.playback import described

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "source_samples"
ROUTES = FileRoutes(
    ods_base="https://documents.un.org",
    ods_formats=("pdf",),
    library_files="https://metadata.un.org/editor/api/files",
    hosts={"digitallibrary.un.org": "un-oai", "undocs.org": ""},
)


def field(tag: str, *subfields: tuple[str, str], indicators: str = "  ") -> MarcField:
    return MarcField(tag, indicators=indicators, subfields=subfields)


def card(*fields: MarcField, number: str = "1900001") -> MarcRecord:
    return MarcRecord("", (MarcField("001", value=number), *fields), (), "raw")


def xml(prefix: str = "", namespace: str = MARCXML) -> bytes:
    p = f"{prefix}:" if prefix else ""
    declared = f'xmlns:{prefix}="{namespace}"' if prefix else f'xmlns="{namespace}"' if namespace else ""
    return (
        f'<{p}collection {declared}><{p}record><{p}leader>00000nam</{p}leader><{p}controlfield tag="001">12</{p}controlfield>'
        f'<{p}datafield tag="245" ind1="1" ind2="_"><{p}subfield code="a"> Visit to Fiji </{p}subfield><{p}subfield code="b"/>'
        f"</{p}datafield></{p}record></{p}collection>"
    ).encode()


@pytest.mark.parametrize("data", [xml(), xml("marc"), xml("x"), xml(namespace="")])
def test_marcxml_is_read_by_namespace_whatever_its_prefix(data: bytes) -> None:
    (record,) = parse_marcxml(data)
    assert record.leader == "00000nam"
    assert record.control("001") == "12"
    assert record.fields[1] == field("245", ("a", "Visit to Fiji"), indicators="1 ")
    assert "Visit to Fiji" in record.raw
    assert not record.problems


def test_records_inside_another_answer_are_found_and_other_records_are_none() -> None:
    oai = f"<OAI-PMH><record><header/><metadata>{xml('m').decode()}</metadata></record><record><header/></record></OAI-PMH>"
    assert [record.control("001") for record in parse_marcxml(oai.encode())] == ["12"]


def test_an_empty_collection_is_an_answer_and_a_page_is_none() -> None:
    assert list(parse_marcxml(b"<collection/>")) == []
    for data in (b"", b"plain", b"<html><body>no</body></html>", xml()[:-20]):
        with pytest.raises(NotMarc):
            list(parse_marcxml(data))


def test_entities_are_not_resolved_and_nothing_is_loaded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret", encoding="utf-8")
    data = f'<!DOCTYPE c [<!ENTITY e SYSTEM "{secret.as_uri()}">]>' + xml(namespace="").decode().replace("Fiji", "&e;")
    (record,) = parse_marcxml(data.encode())
    assert "secret" not in (record.first("245", "a") or "")


def test_what_cannot_be_read_in_a_record_is_named_and_the_rest_stands() -> None:
    inside = b'<controlfield tag="1">x</controlfield><datafield tag="245"><subfield code="">y</subfield></datafield><note/>'
    data = b"<collection><record>" + inside + b"</record></collection>"
    (record,) = parse_marcxml(data)
    assert record.fields == (field("245"),)
    assert len(record.problems) == 3


def test_the_library_s_json_says_the_same_as_its_xml() -> None:
    content = {
        "_id": 12,
        "updated": "Mon, 05 Apr 2098 11:00:00 GMT",
        "245": [{"indicators": ["1", "_"], "subfields": [{"code": "a", "value": " Visit to Fiji ", "xref": 3}, {"code": "b"}]}],
        "files": [{"mimetype": "application/pdf", "language": "en", "url": "https://example.org"}],
    }
    record = parse_jmarc(content)
    assert record.control("001") == "12"
    assert record.fields[1] == field("245", ("a", "Visit to Fiji"), indicators="1 ")
    assert not record.problems


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["001", "245", "191", "subfields", "code", "value", "indicators", "?"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_mangled_json_is_no_marc_or_has_problems_and_maps_without_an_error(content: Any) -> None:
    try:
        record = parse_jmarc(content)
    except NotMarc:
        return
    read_card(record, ROUTES)
    record.raw.encode()


@settings(max_examples=200)
@given(st.data())
def test_mangled_xml_is_no_marc_or_has_problems_and_maps_without_an_error(data: st.DataObject) -> None:
    mangled = bytearray(xml(data.draw(st.sampled_from(["", "marc"]))))
    for _ in range(data.draw(st.integers(0, 6))):
        place = data.draw(st.integers(0, len(mangled)))
        piece = data.draw(
            st.sampled_from([b"", b"<", b"&", b"\x00", b"\xff", b"]]>", b'tag="191"', b"<record>", b"</record>", b"<!--"])
        )
        mangled[place : place + data.draw(st.integers(0, 8))] = piece
    try:
        for record in parse_marcxml(bytes(mangled)):
            document, _ = read_card(record, ROUTES)
            if document is not None:
                list(
                    records_of(
                        document, described("un-library", {}), Query(id="q"), ROUTES, "https://docs.un.org/{language}/{symbol}"
                    )
                )
    except NotMarc:
        pass


@given(
    st.lists(
        st.builds(
            lambda tag, code, text: field(tag, (code, text)),
            st.sampled_from(sorted(TAKEN)),
            st.sampled_from("abcuyz3"),
            st.text(),
        )
    )
)
def test_any_text_in_any_field_maps_without_an_error(fields: list[MarcField]) -> None:
    document, signals = read_card(card(*fields), ROUTES)
    assert document is not None
    assert all(len(signal.example) <= 200 for signal in signals)


def test_every_known_field_is_either_taken_or_left_aside_for_a_reason() -> None:
    assert not set(TAKEN) & set(LEFT)
    assert all(reason for reason in LEFT.values())
    for place in LEFT:
        tag, _, code = place.partition("$")
        assert tag == "*" or not code or tag in TAKEN, f"{place} belongs to a field that is left aside as a whole"
        assert tag == "*" or not code or code not in TAKEN[tag], place


def test_unknown_fields_and_subfields_are_signals_once_each() -> None:
    marc = card(
        field("987", ("a", "x")),
        field("987", ("a", "y")),
        field("245", ("a", "t"), ("k", "z")),
        field("650", ("a", "T"), ("0", "1")),
    )
    assert [(signal.kind, signal.field, signal.example) for signal in unknown_fields(marc)] == [
        ("unknown_field", "987", "x"),
        ("unknown_field", "245$k", "z"),
    ]


def test_a_card_becomes_one_record_a_language_with_its_files_in_order() -> None:
    marc = card(
        field("191", ("a", "A/HRC/990/12/Add.1")),
        field("245", ("a", "Visit to Fiji :"), ("b", "report"), ("c", "an expert")),
        field("269", ("a", "2098-03")),
        field("856", ("u", "http://digitallibrary.un.org/record/1/files/A_HRC_990_12_Add.1-EN.pdf"), ("y", "English")),
        field("856", ("u", "https://digitallibrary.un.org/record/1/files/A_HRC_990_12_Add.1-FR.pdf"), ("y", "French")),
        field("856", ("u", "https://undocs.org/A/HRC/990/12/Add.1")),
    )
    document, signals = read_card(marc, ROUTES)
    assert document is not None
    assert not signals
    query = Query(id="visits", igo="UN", body="Human Rights Council", mission_kind="country_visit")
    page = "https://docs.un.org/{language}/{symbol}"
    english, french = records_of(document, described("un-library", {"languages": ("en", "fr", "es")}), query, ROUTES, page)
    assert (english.record_key, french.record_key) == ("1900001/en", "1900001/fr")
    assert english.metadata.title == "Visit to Fiji : report an expert"
    assert (english.metadata.country_iso3, english.metadata.body, english.metadata.mission_kind) == (
        "FJI",
        "Human Rights Council",
        "country_visit",
    )
    assert english.metadata.extra["published_precision"] == "month"
    assert [link.route for link in english.links] == ["ods", "un-oai", "un-library"]
    assert english.links[1].url == "https://digitallibrary.un.org/record/1/files/A_HRC_990_12_Add.1-EN.pdf"
    assert french.links[0].url.endswith("&l=fr&t=pdf")
    assert english.version == french.version != ""


def test_a_record_that_names_none_of_the_wanted_languages_is_looked_for_all_the_same() -> None:
    marc = card(
        field("191", ("a", "A/990/1")), field("245", ("a", "t")), field("856", ("u", "https://digitallibrary.un.org/x-RU.pdf"))
    )
    document, _ = read_card(marc, ROUTES)
    assert document is not None
    (record,) = records_of(document, described("un-library", {}), Query(id="q"), ROUTES, "")
    assert [link.route for link in record.links] == ["ods", "un-library"]


def test_a_document_without_symbol_has_only_its_own_addresses() -> None:
    marc = card(field("245", ("a", "t")), field("856", ("u", "https://digitallibrary.un.org/record/1/files/report.pdf")))
    document, _ = read_card(marc, ROUTES)
    assert document is not None
    (record,) = records_of(
        document, described("un-library", {}), Query(id="q"), ROUTES, "https://docs.un.org/{language}/{symbol}"
    )
    assert [link.url for link in record.links] == ["https://digitallibrary.un.org/record/1/files/report.pdf"]
    assert record.metadata.url is None


def test_other_documents_are_named_with_what_they_are() -> None:
    marc = card(
        field("191", ("a", "A/990/12")),
        field("191", ("a", "S/2099/3"), ("z", "A/990/CRP.1")),
        field("245", ("a", "t")),
        field("993", ("a", "A/C.3/990/L.7"), indicators="2 "),
        field("993", ("a", "A/990/SR.4"), indicators="4 "),
        field("993", ("a", "A/990/13"), indicators="9 "),
    )
    document, signals = read_card(marc, ROUTES)
    assert document is not None
    assert [(one.kind, one.symbol) for one in document.relations] == [
        ("same_document", "S/2099/3"),
        ("supersedes", "A/990/CRP.1"),
        ("draft", "A/C.3/990/L.7"),
        ("meeting_record", "A/990/SR.4"),
    ]
    assert [signal.field for signal in signals] == ["993 ind1"]


@pytest.mark.parametrize(
    ("odd", "kind", "place"),
    [
        (field("191", ("a", "no symbol at all")), "bad_value", "191$a"),
        (field("269", ("a", "some day")), "bad_value", "269$a"),
        (field("089", ("b", "B99")), "unknown_value", "089$b"),
        (field("651", ("a", "ORVANIA")), "unknown_value", "651$a"),
        (field("856", ("u", "ftp://example.org/x.pdf")), "bad_value", "856$u"),
        (field("856", ("u", "https://example.org/x.pdf")), "unknown_value", "856$u"),
        (field("856", ("u", "https://digitallibrary.un.org/x.pdf"), ("y", "Klingon")), "unknown_value", "856$y"),
    ],
)
def test_values_that_nobody_has_decided_about_are_signals(odd: MarcField, kind: str, place: str) -> None:
    document, signals = read_card(card(field("245", ("a", "t")), odd), ROUTES)
    assert document is not None
    assert (kind, place) in {(signal.kind, signal.field) for signal in signals}


def test_a_card_without_a_number_is_skipped_and_named() -> None:
    document, signals = read_card(MarcRecord("", (field("245", ("a", "Visit to Fiji")),)), ROUTES)
    assert document is None
    assert "Visit to Fiji" in signals[-1].example


def test_two_countries_in_a_title_are_no_country() -> None:
    document, _ = read_card(card(field("245", ("a", "Visits to Fiji and Iceland"))), ROUTES)
    assert document is not None
    assert document.country_iso3 is None


def test_the_same_signal_is_said_once_a_page() -> None:
    _, first = read_card(card(field("245", ("a", "t")), field("987", ("a", "x"))), ROUTES)
    _, second = read_card(card(field("245", ("a", "t")), field("987", ("a", "y"))), ROUTES)
    assert len(distinct((*first, *second))) == 1


def test_types_of_the_guide_are_known() -> None:
    assert {"B15", "B16", "B24"} <= set(DOCUMENT_TYPES)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples are not here")
@pytest.mark.parametrize(
    ("name", "symbol", "related"),
    [
        (
            "sample_marc_xml.xml",
            "A/RES/80/142",
            [("draft", "A/C.2/80/L.35/Rev.1"), ("meeting_record", "A/80/PV.64"), ("draft", "A/80/555")],
        ),
        ("sample_marc_xml_multiple_drafts.xml", "A/RES/80/100", [("draft", "A/80/L.50"), ("draft", "A/80/L.51")]),
        ("sample_marc_xml_no_draft.xml", "A/RES/80/166", [("meeting_record", "A/80/PV.70")]),
    ],
)
def test_cards_of_the_digital_library_map(name: str, symbol: str, related: list[tuple[str, str]]) -> None:
    (marc,) = parse_marcxml((SAMPLES / "undl_marcxml" / name).read_bytes())
    document, signals = read_card(marc, ROUTES, number="1")
    assert document is not None
    assert document.symbols == (symbol,)
    assert [(one.kind, one.symbol) for one in document.relations] == related
    # The extracts are cut down to two fields.
    assert {signal.field for signal in signals} == {"245"}


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples are not here")
def test_the_library_s_schema_of_a_record_is_what_is_read() -> None:
    schema = json.loads((SAMPLES / "undl_dlx_api" / "jmarc.schema.json").read_text(encoding="utf-8"))
    own = {key for key in schema["properties"] if key != "_id"}
    record = parse_jmarc(
        {
            "_id": 5,
            **dict.fromkeys(own, "said"),
            "191": [{"indicators": ["_", "_"], "subfields": [{"code": "a", "value": "A/990/1", "xref": 7}]}],
        }
    )
    assert not record.problems
    assert record.first("191", "a") == "A/990/1"
