"""The three countries have the paths they were given, in the codes of the material itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest

from sample.story import renamed, reports, shifted

STEPS = ("initiation", "trust_building", "information_exchange", "policy_influence", "compliance")
Codes = dict[str, Any]


def coded() -> dict[str, dict[int, list[Codes]]]:
    """The codes of the passages that stand in the reports, by country and year of publication; each report once."""
    found: dict[str, dict[int, list[Codes]]] = defaultdict(lambda: defaultdict(list))
    for report in reports():
        for block in report.blocks:
            codes = getattr(block, "codes", None)
            if codes and codes["stage"] != "none":
                found[report.country_name][report.published.year].append(codes)
    return found


def counts(codes: list[Codes]) -> Counter[str]:
    """How many passages lean to cooperation, how many to contestation, how many report a step refused or undone."""
    return Counter(
        lean
        for one in codes
        for lean, holds in (
            ("cooperation", one["cooperation_intensity"] > one["contestation_intensity"]),
            ("contestation", one["contestation_intensity"] > one["cooperation_intensity"]),
            ("negated", one["realization"] == "negated"),
        )
        if holds
    )


def highest_step(codes: list[Codes]) -> int:
    """The highest step that the organization itself reports as taken, in a passage that leans to cooperation (0 for none)."""
    taken = [
        STEPS.index(one["stage"]) + 1
        for one in codes
        if one["realization"] == "realized"
        and one["cooperation_intensity"] > one["contestation_intensity"]
        and one["voice"] in ("igo", "joint")
    ]
    return max(taken, default=0)


def between(years: dict[int, list[Codes]], first: int, last: int) -> list[Codes]:
    return [one for year, codes in years.items() if first <= year <= last for one in codes]


def test_orvania_climbs_the_steps() -> None:
    years = coded()["Orvania"]
    assert [highest_step(between(years, *span)) for span in ((2012, 2013), (2014, 2015), (2019, 2020), (2021, 2023))] == [
        0,
        3,
        4,
        5,
    ]
    early, late = counts(between(years, 2012, 2013)), counts(between(years, 2020, 2023))
    assert early["contestation"] > 2 * early["cooperation"]
    assert late["cooperation"] > 2 * late["contestation"]


def test_castrel_climbs_and_falls_back() -> None:
    years = coded()["Castrel"]
    assert highest_step(years[2012]) == 0
    assert highest_step(years[2013]) == 3
    assert highest_step(years[2014]) == 4
    assert highest_step(between(years, 2019, 2023)) == 0
    up, down = counts(between(years, 2013, 2015)), counts(between(years, 2019, 2023))
    assert up["cooperation"] > 3 * up["contestation"]
    assert down["contestation"] > 5 * down["cooperation"]
    assert down["negated"] > 10 > up["negated"]


def test_tirvane_never_opens() -> None:
    years = coded()["Tirvane"]
    assert len(years) >= 6
    for year, codes in years.items():
        assert counts(codes)["cooperation"] == 0, year
        assert counts(codes)["contestation"] >= 3, year


def test_no_passage_stands_in_two_reports() -> None:
    sources = [source for report in reports() for block in report.blocks if (source := getattr(block, "source", None))]
    assert len(sources) > 180
    assert len(set(sources)) == len(sources)


@pytest.mark.parametrize(
    ("text", "years", "expected"),
    [
        ("in 2013 and 1998", 2, "in 2015 and 1998"),
        ("some 2,012 persons, No. 2013/4", 1, "some 2,012 persons, No. 2014/4"),
        ("2021 to 2025", -2, "2019 to 2023"),
        ("on 31 August 2009, and since", 2, "on 31 August 2011, and since"),
        ("a share of 12.2013", 1, "a share of 12.2013"),
    ],
)
def test_years_move_and_numbers_stay(text: str, years: int, expected: str) -> None:
    assert shifted(text, years) == expected


def test_names_change_only_as_whole_words_and_by_document() -> None:
    assert (
        renamed("The ILO in Geneva; philology; the United Nations", "any")
        == "The CLO in Lansen; philology; the Concord of States"
    )
    assert renamed("the Government of Ulvar", "debates-ulvar-2012") == "the Government of Castrel"
    assert renamed("the member for Ulvar", "ccas-eastmark-c087-2016") == "the member for Ulvar"
