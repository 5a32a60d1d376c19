"""Dates as the services and title pages write them."""

from __future__ import annotations

from datetime import date, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.dates import month_number, parse_date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23", (date(2026, 11, 23), "day")),
        ("2017-08-01T00:00:00Z", (date(2017, 8, 1), "day")),
        ("2025-03-03T10:53:45.827", (date(2025, 3, 3), "day")),
        ("2026-11-01T23:30:00+00:00", (date(2026, 11, 1), "day")),
        ("2026-11-01 23:30:00", (date(2026, 11, 1), "day")),
        ("Wed, 21 Oct 2015 07:28:00 GMT", (date(2015, 10, 21), "day")),
        ("19-Aug-2026", (date(2026, 8, 19), "day")),
        ("20 May 2019", (date(2019, 5, 20), "day")),
        ("20 MAY 2019.", (date(2019, 5, 20), "day")),
        ("3rd of March 2019", (date(2019, 3, 3), "day")),
        ("Sept. 5, 2019", (date(2019, 9, 5), "day")),
        ("May 20th, 2019", (date(2019, 5, 20), "day")),
        ("1er août 2019", (date(2019, 8, 1), "day")),
        ("20 de mayo de 2019", (date(2019, 5, 20), "day")),
        ("20190520", (date(2019, 5, 20), "day")),
        ("31/12/2019", (date(2019, 12, 31), "day")),
        ("05/05/2019", (date(2019, 5, 5), "day")),
        ("2019/12/31", (date(2019, 12, 31), "day")),
        ("2026-11", (date(2026, 11, 1), "month")),
        ("May 2019", (date(2019, 5, 1), "month")),
        ("Aug-2026", (date(2026, 8, 1), "month")),
        ("201905", (date(2019, 5, 1), "month")),
        ("2019-05-00", (date(2019, 5, 1), "month")),
        ("2019", (date(2019, 1, 1), "year")),
        ("[2019]", (date(2019, 1, 1), "year")),
        ("c2019.", (date(2019, 1, 1), "year")),
        ("©2019", (date(2019, 1, 1), "year")),
        ("2019-00-00", (date(2019, 1, 1), "year")),
        ("20190000", (date(2019, 1, 1), "year")),
    ],
)
def test_dates_are_read_with_their_precision(text: str, expected: tuple[date, str]) -> None:
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "n.d.",
        "soon",
        "2019-13-01",
        "2019-02-30",
        "30 February 2019",
        "0000",
        "9999",
        "2019-00-05",
        "03/04/2019",
        "2018-2019",
        "2018-19",
        "5 May",
        "12 sun 2019",
        "20 May 2019 and later",
        "1" * 500,
    ],
)
def test_what_is_no_single_date_is_none(text: str | None) -> None:
    assert parse_date(text) is None


@given(st.dates(min_value=date(1800, 1, 1), max_value=date(2199, 12, 31)))
def test_every_day_is_read_in_every_form(day: date) -> None:
    moment = datetime(day.year, day.month, day.day, 12, 30)  # noqa: DTZ001  # the written day counts, whatever the zone
    english = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
    name = english[day.month - 1]
    forms = [
        day.isoformat(),
        f"{day.isoformat()}T01:02:03Z",
        format_datetime(moment),
        f"{day.day:02}-{name[:3]}-{day.year}",
        f"{day.day} {name} {day.year}",
        f"{name} {day.day}, {day.year}",
        day.strftime("%Y%m%d") if day.year >= 1000 else day.isoformat(),
    ]
    assert {parse_date(form) for form in forms} == {(day, "day")}


@given(st.text(max_size=80))
def test_no_text_stops_anything(text: str) -> None:
    found = parse_date(text)
    assert found is None or found[1] in ("day", "month", "year")


def test_months_have_numbers_in_three_languages() -> None:
    assert [month_number(name) for name in ("March", "SEPT.", "août", "enero", "Mon")] == [3, 9, 8, 1, None]
