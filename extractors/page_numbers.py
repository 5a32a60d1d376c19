"""Which lines that are nothing but a number are page numbers: those that count with the pages, or stand apart from the text.

The last words of a paragraph may be a year, a number or letters that a Roman numeral has, and they too may stand outermost on a page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from extractors.line import Line

_NUMBER = re.compile(
    r"[\W_]*(?:(?:page|página|pagina|стр\.?|p\.)\s*)?(?P<value>\d{1,4}|[ivxlc]{1,7})(?:\s*(?:/|of|de|sur|из)\s*\d{1,4})?(?P<end>[\W_]*)",
    re.I,
)
_ROMAN = re.compile(r"c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})", re.I)
_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_PUNCTUATION = re.compile(r"[.,;:?!)\]”\"’»]")
_APART = 1.5  # usual distances of baselines on the page
_APART_OF_FEW = 2.2  # type sizes, where a page has too few lines for a usual distance
_FEW = 3


@dataclass(frozen=True, slots=True)
class NumberLine:
    """A line that may be a page number: its value, and whether it stands apart from the lines of the page as page numbers do."""

    page: int
    at: int
    value: int
    apart: bool


def number_line(page: int, at: int, lines: Sequence[Line]) -> NumberLine | None:
    """Return what is known of a line that is nothing but a number, None for any other line.

    Args:
        page: index of the page.
        at: index of the line.
        lines: all lines of the page.
    """
    match = _NUMBER.fullmatch(lines[at].text)
    if match is None or (value := _value(match["value"])) is None:
        return None
    # "12." ends a sentence, "- 12 -" none.
    ends = match.start("value") == 0 and bool(_PUNCTUATION.search(match["end"]))
    return NumberLine(page, at, value, not ends and _is_apart(lines[at], lines))


def counting(found: Iterable[NumberLine]) -> list[NumberLine]:
    """Return the lines that are page numbers: those that count with the pages on two pages or more, and those that stand apart."""
    numbers = list(found)
    steps = Counter(step for step, _ in {(line.value - line.page, line.page) for line in numbers})
    return [line for line in numbers if line.apart or steps[line.value - line.page] >= 2]


def _value(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    if not _ROMAN.fullmatch(text) or text not in (text.lower(), text.upper()):
        return None
    values = [_DIGITS[letter] for letter in text.lower()]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))


def _is_apart(line: Line, lines: Sequence[Line]) -> bool:
    """True when a line is clearly farther from the next one than lines of the text are from one another."""
    heights = sorted(other.bottom for other in lines if abs(other.bottom - line.bottom) > 0.5 * line.size)
    if not heights:
        return True
    steps = [step for a, b in pairwise(heights) if (step := b - a) > 0.5 * line.size]
    usual = _APART * median(steps) if len(steps) >= _FEW else _APART_OF_FEW * line.size
    return min(abs(height - line.bottom) for height in heights) > usual
