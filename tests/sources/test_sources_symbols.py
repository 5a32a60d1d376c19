"""Symbols of documents: one key for all spellings, and which document one adds to, corrects or revises."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.identity import normalise_symbol
from sources.symbols import parse_symbol, symbol_for_file, symbol_key

MANIFEST = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "manifest.csv"


@pytest.mark.parametrize(
    ("text", "family", "session", "number"),
    [
        ("A/HRC/44/52", "A/HRC", "44", "52"),
        ("A/HRC/41/39/Add.1", "A/HRC", "41", "39"),
        ("S/2026/12", "S", "2026", "12"),
        ("S/19443", "S", None, "19443"),
        ("S/RES/2728(2024)", "S/RES", "2024", "2728"),
        ("S/PRST/2024/5", "S/PRST", "2024", "5"),
        ("S/PV.9876 (Resumption 1)", "S", None, "PV.9876 (RESUMPTION 1)"),
        ("A/RES/2625(XXV)", "A/RES", "XXV", "2625"),
        ("A/RES/48/75[A-L]", "A/RES", "48", "75[A-L]"),
        ("A/79/PV.64", "A", "79", "PV.64"),
        ("A/C.3/79/L.21", "A/C.3", "79", "L.21"),
        ("A/ES-10/948", "A", "ES-10", "948"),
        ("A/HRC/S-33/1", "A/HRC", "S-33", "1"),
        ("A/80/6 (Sect. 3)/Add.2", "A", "80", "6 (SECT. 3)"),
        ("E/CN.4/2004/7/Add.2/Corr.1", "E/CN.4", "2004", "7"),
        ("E/CN.4/149", "E/CN.4", None, "149"),
        ("HRI/GEN/1/Rev.9 (Vol. I)", "HRI/GEN", None, "1"),
        ("FCCC/PA/CMA/2022/10/Add.2", "FCCC/PA/CMA", "2022", "10"),
        ("ST/SGB/2019/8", "ST/SGB", "2019", "8"),
        ("GB.340/INS/12(Rev.1)", "GB", "340", "INS/12"),
        ("ILC.109/III(A)", "ILC", "109", "III (A)"),
        ("A/79/775-S/2025/11", "A", "79", "775"),
    ],
)
def test_symbols_are_taken_apart(text: str, family: str, session: str | None, number: str) -> None:
    symbol = parse_symbol(text)
    assert symbol is not None
    assert (symbol.family, symbol.session, symbol.number) == (family, session, number)


@pytest.mark.parametrize(
    ("text", "country", "family", "session", "number"),
    [
        ("CRC/C/PER/CO/6-7", "PER", "CRC/C", None, "CO/6-7"),
        ("E/C.12/SVN/CO/2", "SVN", "E/C.12", None, "CO/2"),
        ("A/HRC/WG.6/48/SVN/1", "SVN", "A/HRC/WG.6", "48", "1"),
        ("HRI/CORE/SVN/2014", "SVN", "HRI/CORE", None, "2014"),
        ("CAT/OP/MEX/R.1", "MEX", "CAT/OP", None, "R.1"),
        ("CRPD/CSP/2019/2", None, "CRPD/CSP", "2019", "2"),
        ("CEDAW/C/GC/35", None, "CEDAW/C/GC", None, "35"),
        ("CEDAW/C/82/NGO/1", None, "CEDAW/C", "82", "NGO/1"),
    ],
)
def test_symbols_of_treaty_bodies_name_the_state(
    text: str, country: str | None, family: str, session: str | None, number: str
) -> None:
    symbol = parse_symbol(text)
    assert symbol is not None
    assert (symbol.country_code, symbol.family, symbol.session, symbol.number) == (country, family, session, number)


@pytest.mark.parametrize(
    ("text", "base", "parent", "kind"),
    [
        ("A/HRC/44/52", "A/HRC/44/52", None, None),
        ("A/HRC/44/47/Add.1", "A/HRC/44/47", "A/HRC/44/47", "addendum_of"),
        ("A/HRC/44/47/Add.1/Rev.2", "A/HRC/44/47", "A/HRC/44/47/ADD.1", "revision_of"),
        ("A/HRC/44/47/Add.1/Rev.2/Corr.1", "A/HRC/44/47", "A/HRC/44/47/ADD.1/REV.2", "corrigendum_of"),
        ("A/80/6 (Sect. 24)/Corr.1", "A/80/6 (SECT. 24)", "A/80/6 (SECT. 24)", "corrigendum_of"),
        ("A/520/Rev.20", "A/520", "A/520", "revision_of"),
        ("A/46/20/Rev.1 (Vol. II)", "A/46/20", "A/46/20", "revision_of"),
        ("GB.340/INS/12(Rev.1)", "GB.340/INS/12", "GB.340/INS/12", "revision_of"),
        ("S/2025/71/Rev.1", "S/2025/71", "S/2025/71", "revision_of"),
    ],
)
def test_addenda_corrigenda_and_revisions_know_their_document(text: str, base: str, parent: str | None, kind: str | None) -> None:
    symbol = parse_symbol(text)
    assert symbol is not None
    assert (symbol.base, symbol.parent, symbol.parent_kind) == (base, parent, kind)


def test_the_numbers_of_a_chain_are_kept_apart() -> None:
    symbol = parse_symbol("A/HRC/44/47/Add.3/Rev.2/Corr.1")
    assert symbol is not None
    assert (symbol.addendum, symbol.revision, symbol.corrigendum) == ("3", "2", "1")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a/hrc/44/52", "A/HRC/44/52"),
        ("  A/HRC/44/ 52 ", "A/HRC/44/52"),
        ("A/HRC/44/52*", "A/HRC/44/52"),
        ("A/HRC/44/52 **", "A/HRC/44/52"),
        ("A/HRC/44/52 (E)", "A/HRC/44/52"),
        ("[A/HRC/44/52]", "A/HRC/44/52"),
        ("A/HRC/44/52 [GE.20-01234 (E)]", "A/HRC/44/52"),
        ("A/HRC/44/52.", "A/HRC/44/52"),
        ("A/HRC/44/47/Add. 1", "A/HRC/44/47/Add.1"),
        ("A/HRC/44/47/ADD 1", "A/HRC/44/47/Add.1"),
        ("S/RES/2728(2024)", "S/RES/2728 (2024)"),
        ("A/80/6(Sect.3)/Add.2", "A/80/6 (Sect. 3)/Add.2"),
        ("CRC/C/PER/CO/6–7", "CRC/C/PER/CO/6-7"),
        ("A/HRC/44/\u200b52", "A/HRC/44/52"),
    ],
)
def test_spellings_of_one_symbol_have_one_key(one: str, other: str) -> None:
    assert symbol_key(one) == symbol_key(other) is not None


def test_language_marks_are_no_parts_of_conference_reports() -> None:
    assert symbol_key("ILC.109/III(A)") != symbol_key("ILC.109/III(B)")


def test_a_document_with_two_symbols_names_both() -> None:
    symbol = parse_symbol("A/79/775-S/2025/11")
    assert symbol is not None
    assert symbol.joint == ("A/79/775", "S/2025/11")
    alone = parse_symbol("CRC/C/PER/CO/6-7")
    assert alone is not None
    assert alone.joint == ()


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "n/a",
        "and/or",
        "and/or 2",
        "24/7",
        "12/03/2019",
        "App. 013/2021",
        "policy brief 49",
        "https://example.org/a/1",
        "995123456702676",
        "978-92-2-000000-0",
        "N2408081",
        "Report A/HRC/44/52 of the Council",
        "A/HRC/",
        "/44/52",
        "A//52",
        "A/HRC/44/52; A/HRC/44/53",
        "x" * 10_000,
        "A/" * 5_000 + "1",
    ],
)
def test_what_is_no_symbol_is_none(text: str | None) -> None:
    assert parse_symbol(text) is None


def test_a_symbol_can_name_a_file() -> None:
    assert symbol_for_file("A/80/6 (Sect. 3)/Add.2") == "A_80_6(SECT.3)_ADD.2"
    assert symbol_for_file("../../etc/passwd") == "_.._ETC_PASSWD"
    assert symbol_for_file("") == "-"


_NUMBERS = st.integers(1, 9999).map(str)
_SUFFIXES = st.lists(st.tuples(st.sampled_from(["Add", "Corr", "Rev"]), st.integers(1, 30)), max_size=3)
_BASES = st.tuples(
    st.sampled_from(["A/HRC", "A", "S", "E/CN.4", "CRC/C/PER/CO", "GB.340/INS", "A/HRC/WG.6", "S/RES"]),
    _NUMBERS,
    st.none() | _NUMBERS,
).map(lambda parts: "/".join(part for part in parts if part is not None))


@given(_BASES, _SUFFIXES)
def test_chains_of_any_length_lead_back_to_the_base(base: str, suffixes: list[tuple[str, int]]) -> None:
    text = base + "".join(f"/{kind}.{number}" for kind, number in suffixes)
    symbol = parse_symbol(text)
    assert symbol is not None
    assert symbol.text == text
    assert symbol.base == base.upper()
    assert parse_symbol(symbol.text) == symbol
    steps = 0
    while symbol.parent is not None:
        above = parse_symbol(symbol.parent)
        assert above is not None
        assert above.base == symbol.base
        symbol, steps = above, steps + 1
    assert (symbol.key, steps) == (base.upper(), len(suffixes))


@given(st.text(max_size=60) | st.text(alphabet="ASHRC/0123456789.() []*-acdorv", max_size=40))
def test_no_text_stops_anything_and_a_key_is_its_own_key(text: str) -> None:
    symbol = parse_symbol(text)
    if symbol is not None:
        again = parse_symbol(symbol.key)
        assert again is not None
        assert (again.key, again.base, again.parent) == (symbol.key, symbol.base, symbol.parent)
        assert parse_symbol(symbol.text) == symbol
        assert normalise_symbol(text) == symbol.key
    name = symbol_for_file(text)
    assert name
    assert "/" not in name
    assert not name.startswith(".")


@pytest.mark.corpus
def test_every_symbol_of_the_corpus_is_read() -> None:
    if not MANIFEST.exists():
        pytest.skip("the shared corpus is not here")
    with MANIFEST.open(encoding="utf-8", newline="") as lines:
        symbols = {row["symbol_or_id"] for row in csv.DictReader(lines) if row["igo"] == "UN" and "/" in row["symbol_or_id"]}
    assert len(symbols) > 100
    assert {text for text in symbols if parse_symbol(text) is None} == set()
