"""Days of stays on site in running text: "from 3 to 14 March 2025", "(20 May-3 June 2019)", "November 28 to December 9, 2016"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sources.dates import MONTH, month_number
from sources.mission_rules import MissionRules
from sources.texts import fold, squeeze

# A stay longer than this is a period of reporting, or a misprint.
_LONGEST_DAYS = 200
_DAY = r"\d{1,2}(?:st|nd|rd|th|er)?"
_TILL = r"(?: ?- ?| ?/ ?| to | and | until | through | till )"
_DAY_FIRST = re.compile(
    rf"\b(?P<day1>{_DAY})(?: (?P<month1>{MONTH})\b)?(?:,? (?P<year1>\d{{4}}))?{_TILL}"
    rf"(?P<day2>{_DAY}) (?P<month2>{MONTH})\b\.?(?:,? (?P<year2>\d{{4}})\b)?"
)
_MONTH_FIRST = re.compile(
    rf"\b(?P<month1>{MONTH})\.? (?P<day1>{_DAY})(?:, (?P<year1>\d{{4}}))?{_TILL}"
    rf"(?:(?P<month2>{MONTH})\.? )?(?P<day2>{_DAY})\b(?:,? (?P<year2>\d{{4}})\b)?"
)
_ONE_DAY = re.compile(rf"\bon (?P<day>{_DAY}) (?P<month>{MONTH})\b\.?,? (?P<year>\d{{4}})\b")
# What may stand between the days of two stays of one visit word: "from 4 to 14 March and from 10 to 18 April", "..., and to Greece, from ...".
_NEXT_STAY = re.compile(r"\)?[,;]?(?: and(?: again)?)?(?: (?:to|in) [\w' ()-]{2,70})?,? ?\(?(?:from |between )?")
_SENTENCE_END = re.compile(r"(?<=[a-z0-9)\]”\"’'][.;!?])\s+(?=[A-Z“\"(])")


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day of a stay, both inclusive."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Stay:
    """A period, the words between the visit and its days, where the country stands as a rule, and the whole sentence."""

    period: Period
    words: str
    sentence: str


def find_stays(text: str | None, rules: MissionRules, published: date | None = None) -> tuple[Stay, ...]:
    """Return the stays on site of which a text speaks, in order of time; never raises.

    Each period comes once, and none that lies within another: a day in the field is part of the stay.

    Args:
        text: any text.
        rules: which words speak of a visit, and which of something else.
        published: stays after it are left out; days without a year are placed before it, and left out where it is unknown.
    """
    found: dict[Period, Stay] = {}
    for sentence in _SENTENCE_END.split(squeeze(text or "")):
        for stay in _in_sentence(sentence, rules, published):
            found.setdefault(stay.period, stay)
    stays = sorted(found.values(), key=lambda stay: (stay.period.start, stay.period.end))
    return tuple(stay for stay in stays if not any(_is_part(stay.period, other.period) for other in stays))


def _is_part(one: Period, other: Period) -> bool:
    return one != other and other.start <= one.start and one.end <= other.end


def _in_sentence(sentence: str, rules: MissionRules, published: date | None) -> Iterator[Stay]:
    plain = fold(sentence)
    ranges = sorted(
        (match for form in (_DAY_FIRST, _MONTH_FIRST) for match in form.finditer(plain)), key=lambda match: match.start()
    )
    years: list[str | None] = []
    # From the end, as "from 4 to 14 March and from 10 to 18 April 2014" names the year once, at its end.
    for match in reversed(ranges):
        years.insert(0, match["year2"] or match["year1"] or (years[0] if years else None))
    before: re.Match[str] | None = None
    for match, year in zip(ranges, years, strict=True):
        words = _words_before(plain[: match.start()], rules)
        if before is not None and words is not None and len(words) > match.start() - before.end():
            gap = plain[before.end() : match.start()]
            words = gap if _NEXT_STAY.fullmatch(gap) else None
        if words is None or rules.taken_back.search(plain[match.end() :]):
            continue
        before = match
        period = _period(match, year, published)
        if period is not None:
            yield Stay(period, words, sentence)
    if not ranges:
        for match in _ONE_DAY.finditer(plain):
            words = _words_before(plain[: match.start()], rules)
            day = _date(match["year"], match["month"], match["day"])
            # A single day is that of a letter or a resolution more often than that of a visit: the visit must stand just before it.
            if words is not None and len(words) < 80 and day is not None and not (published and day > published):
                yield Stay(Period(day, day), words, sentence)


def _words_before(before: str, rules: MissionRules) -> str | None:
    """Return what stands between the last word of a visit and the days; None where other words come between, or no visit is named."""
    ends = [visit.end() for visit in rules.visit_words.finditer(before)]
    if not ends or rules.no_visit_words.search(before, ends[-1]):
        return None
    return before[ends[-1] :]


def _period(match: re.Match[str], year: str | None, published: date | None) -> Period | None:
    last_month = match["month2"] or match["month1"]
    first_month = match["month1"] or last_month
    if year is None:
        return _placed(match, first_month, last_month, published)
    end = _date(year, last_month, match["day2"])
    start = _date(match["year1"] or year, first_month, match["day1"])
    if start is not None and end is not None and start > end and not match["year1"]:
        start = _date(str(end.year - 1), first_month, match["day1"])
    return _checked(start, end, published)


def _placed(match: re.Match[str], first_month: str, last_month: str, published: date | None) -> Period | None:
    if published is None:
        return None
    for year in (published.year, published.year - 1):
        end = _date(str(year), last_month, match["day2"])
        start = _date(str(year), first_month, match["day1"])
        if start is not None and end is not None and start > end:
            start = _date(str(year - 1), first_month, match["day1"])
        if (period := _checked(start, end, published)) is not None:
            return period
    return None


def _checked(start: date | None, end: date | None, published: date | None) -> Period | None:
    if start is None or end is None or not 0 <= (end - start).days <= _LONGEST_DAYS:
        return None
    return None if published is not None and end > published else Period(start, end)


def _date(year: str, month: str, day: str) -> date | None:
    number = month_number(month)
    try:
        return date(int(year), number or 0, int(re.sub(r"\D", "", day)))
    except ValueError:
        return None
