"""Masking: names of countries, people and dates become unknown, the rest of a passage stays."""

from __future__ import annotations

import pytest

from models.masking import country_pattern, masked

COUNTRIES = country_pattern()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Government of Uzbekistan replied.", "The Government of Examplia replied."),
        ("The Libyan authorities refused.", "The Examplia authorities refused."),
        ("A report by the Islamic Republic of Iran was late.", "A report by the Examplia was late."),
        ("On 12 March 2019 the visit began.", "On that time the visit began."),
        ("Since 2011 nothing has changed.", "Since that time nothing has changed."),
        ("Mr. John Smith met the mission.", "Mr. N. met the mission."),
        ("The Committee urges the Government to ratify.", "The Committee urges the Government to ratify."),
    ],
)
def test_what_is_masked_and_what_stays(text: str, expected: str) -> None:
    assert masked(text, COUNTRIES) == expected
