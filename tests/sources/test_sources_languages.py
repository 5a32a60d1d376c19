"""Languages by whatever a service calls them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.languages import language_code


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("English", "en"),
        ("ENGLISH", "en"),
        ("E", "en"),
        ("eng", "en"),
        ("fr", "fr"),
        ("fre", "fr"),
        ("fra", "fr"),
        ("F", "fr"),
        ("Français", "fr"),
        ("S", "es"),
        ("Español", "es"),
        ("Espan\u0303ol", "es"),
        ("R", "ru"),
        ("Русский", "ru"),
        ("A", "ar"),
        ("العربية", "ar"),
        ("C", "zh"),
        ("中文", "zh"),
        ("Chinese (Simplified)", "zh"),
        ("Chinese, Simplified", "zh"),
        ("per", "fa"),
        ("Persian", "fa"),
        ("Uzbek", "uz"),
        ("Vietnamese", "vi"),
        ("en-US", "en"),
        ("en_GB", "en"),
        ("pt-BR", "pt"),
        ("zh-Hans-CN", "zh"),
        (" english. ", "en"),
        ("[English]", "en"),
    ],
)
def test_names_codes_and_letters_mean_a_language(text: str, expected: str) -> None:
    assert language_code(text) == expected


@pytest.mark.parametrize(
    "text", [None, "", "mul", "und", "zxx", "Klingon", "English, French", "Multiple", "x", "12", "en-français", "as-is"]
)
def test_what_is_no_single_known_language_has_no_code(text: str | None) -> None:
    assert language_code(text) is None


@given(st.text(max_size=30))
def test_a_code_means_itself_and_no_text_stops_anything(text: str) -> None:
    code = language_code(text)
    assert code is None or (len(code) == 2 and language_code(code) == code and language_code(text.upper()) is not None)
