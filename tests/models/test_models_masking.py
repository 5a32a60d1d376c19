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
        ("The Iraqi and Syrian authorities met Israelis.", "The Examplia and Examplia authorities met Examplia."),
        ("Timorese and Sri Lankan officials, the Burmese Army", "Examplia and Examplia officials, the Examplia Army"),
        ("VISIT TO IRAQ AND THE SYRIAN ARAB REPUBLIC", "VISIT TO Examplia AND THE Examplia"),
        ("MISSION TO CÔTE D’IVOIRE, 3 MARCH 2014", "MISSION TO Examplia, that time"),
        ("The General Assembly adopted it.", "The General Assembly adopted it."),
        (
            "In General Comment No. 2 and the General Federation of Workers",
            "In General Comment No. 2 and the General Federation of Workers",
        ),
        ("General Haftar and General Min Aung Hlaing refused.", "General N. and General N. refused."),
        ("May the parties agree. March on. May 15 and May 2014.", "May the parties agree. March on. that time and that time."),
        (
            "In May it was signed, and since late March, until mid-August.",
            "In that time it was signed, and since late that time, until mid-that time.",
        ),
        ("The malt, the Chin State and the Sami stay.", "The malt, the Chin State and the Sami stay."),
    ],
)
def test_what_is_masked_and_what_stays(text: str, expected: str) -> None:
    assert masked(text, COUNTRIES) == expected
