"""Dates as services and title pages write them, with how exact they are."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from sources.texts import fold

Precision = Literal["day", "month", "year"]

# English, French and Spanish names and their usual short forms, folded.
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan janvier janv enero ene",
            "february feb fevrier fevr fev febrero",
            "march mar mars marzo",
            "april apr avril avr abril abr",
            "may mai mayo",
            "june jun juin junio",
            "july jul juillet juil julio",
            "august aug aout agosto ago",
            "september sept sep septembre septiembre setiembre",
            "october oct octobre octubre",
            "november nov novembre noviembre",
            "december dec decembre diciembre dic",
        ),
        start=1,
    )
    for name in names.split()
}
MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + ")"
"""A regular expression for the name of a month in folded text."""
_FIRST_YEAR, _LAST_YEAR = 1800, 2199
_YEAR = r"(?P<year>\d{4})"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? )?"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"{_YEAR}-(?P<month>\d{{1,2}})(?:-(?P<day>\d{{1,2}}))?(?:[t ]\d{{1,2}}:.*)?",
        rf"{_YEAR}[/.](?P<month>\d{{1,2}})(?:[/.](?P<day>\d{{1,2}}))?(?: \d{{1,2}}:.*)?",
        rf"{_YEAR}(?P<month>\d{{2}})(?P<day>\d{{2}})?",
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|o)?[ -](?:de |of )?(?P<name>{MONTH})\.?,?[ -](?:de |del )?{_YEAR}"
        r"(?: \d{1,2}:.*)?",
        rf"{_WEEKDAY}(?P<name>{MONTH})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? {_YEAR}(?: \d{{1,2}}:.*)?",
        rf"(?P<name>{MONTH})\.?,?[ -](?:de |del )?{_YEAR}",
        rf"[c©p(\[]*{_YEAR}[?)\]]*",
    )
)
# Only where no month can be taken for a day.
_DAY_FIRST = re.compile(rf"(?P<day>\d{{1,2}})[/.](?P<month>\d{{1,2}})[/.]{_YEAR}")


def month_number(name: str) -> int | None:
    """Return 1 to 12 for the name of a month in English, French or Spanish, or its usual short form; None for anything else."""
    return _MONTHS.get(fold(name).rstrip("."))


def parse_date(text: str | None) -> tuple[date, Precision] | None:
    """Return a date and how exact it is; a month or a year stands for its first day. None where no date can be read.

    Read are ISO 8601 (whole or in part, with or without a time, of which the written day counts), RFC 1123, `19-Aug-2026`, `20 May 2019`,
    `May 20, 2019`, `May 2019`, `20190520`, MARC's `c2019` and `[2019]`, months in English, French and Spanish, and `31/12/2019` where the
    day cannot be taken for the month. A month or day of zero means that it is not known.

    >>> parse_date("19-Aug-2026"), parse_date("2019-05")
    ((datetime.date(2026, 8, 19), 'day'), (datetime.date(2019, 5, 1), 'month'))
    """
    plain = fold(text or "").strip(" .,;")
    if not plain or len(plain) > 60:
        return None
    for form in _FORMS:
        match = form.fullmatch(plain)
        if match is not None:
            found = match.groupdict()
            month = _MONTHS[found["name"]] if found.get("name") else int(found.get("month") or 0)
            return _checked(int(found["year"]), month, int(found.get("day") or 0))
    match = _DAY_FIRST.fullmatch(plain)
    if match is not None and (int(match["day"]) > 12 or match["day"].lstrip("0") == match["month"].lstrip("0")):
        return _checked(int(match["year"]), int(match["month"]), int(match["day"]))
    return None


def _checked(year: int, month: int, day: int) -> tuple[date, Precision] | None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR or (day and not month):
        return None
    try:
        value = date(year, month or 1, day or 1)
    except ValueError:
        return None
    return value, "day" if day else "month" if month else "year"
