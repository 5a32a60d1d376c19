"""Texts of services become plain, and whatever differs without meaning is the same after folding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.texts import fold, plain_text, squeeze


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("  one\n\ttwo\u00a0 three\r\n", "one two three"),
        ("zero\u200bwidth, soft\u00adhyphen, \ufeffmark, bell\x07", "zerowidth, softhyphen, mark, bell"),
        ("line\u2028separator", "line separator"),
        ("right\u202eto left", "rightto left"),
        ("", ""),
    ],
)
def test_texts_come_in_one_line_without_what_cannot_be_seen(given_text: str, expected: str) -> None:
    assert squeeze(given_text) == expected


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("CÔTE  D’IVOIRE", "cote d'ivoire"),
        ("Co\u0302te d'Ivoire", "cote d'ivoire"),
        ("Türkiye", "turkiye"),
        ("São Tomé – Príncipe", "sao tome - principe"),
        ("Łódź, Ærø, Þingvellir, straße", "lodz, aero, thingvellir, strasse"),
        ("“quoted” «too»", '"quoted" "too"'),
        ("ﬁnal №5", "final no5"),
    ],
)
def test_folding_takes_away_case_accents_and_printers_characters(given_text: str, expected: str) -> None:
    assert fold(given_text) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>The Committee:</p><p>(a) <b>Notes</b> this;</p>", "The Committee: (a) Notes this;"),
        ("one<br/>two<br>three", "one two three"),
        ("<style>p {color: red}</style><script>var a = '<p>no</p>';</script>text", "text"),
        ("A&amp;B &lt;5 &#233;t&eacute; &amp;nbsp;twice", "A&B <5 été twice"),
        ("without markup: 3 < 5 and 7 > 6", "without markup: 3 < 5 and 7 > 6"),
        ("<!-- a remark --><td>cell</td><td>cell</td>", "cell cell"),
        ("<![CDATA[kept]]> and <![if !supportLists]>-<![endif]> list", "kept and - list"),
        ("<p>never closed <b>at all", "never closed at all"),
        ("inter<i>national</i>", "international"),
        ("", ""),
    ],
)
def test_markup_becomes_text(html: str, expected: str) -> None:
    assert plain_text(html) == expected


@given(st.text())
def test_squeezing_and_folding_twice_change_nothing_more(text: str) -> None:
    assert squeeze(squeeze(text)) == squeeze(text)
    assert fold(fold(text)) == fold(text)
    assert fold(squeeze(text)) == fold(text)


@given(
    st.lists(
        st.sampled_from(
            ["<", ">", "<p>", "</p>", "<![", "]]>", "<!--", "-->", "&", "&#x110000;", "&lt", "<script", '"', "a", " "]
        )
    )
)
def test_no_markup_however_broken_stops_anything(pieces: list[str]) -> None:
    text = plain_text("".join(pieces))
    assert text == squeeze(text)


@given(st.text(alphabet=st.characters(exclude_characters="<>&", exclude_categories=["C"])))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert plain_text(text) == squeeze(text)
