"""Running heads, running feet and page numbers: what repeats in the margins of many pages is not text."""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby

from extractors.line import Line
from extractors.page_numbers import NumberLine, counting, number_line

_DIGITS = re.compile(r"\d+")
_BARCODE = re.compile(r"^\*\s?\d{5,10}\s?\*$")
# Job number of the United Nations' conference services at the foot of a first page: 25-05603 (E) 010525, GE.07-13682.
_JOB_NUMBER = re.compile(r"^(?:GE\.|V\.|K)?\d{2}-\d{5}\b\*{0,3}(?:\s*\([A-Z]\))?[\s\d*]*$")
_TO_BE_CONTINUED = re.compile(r"^/?\s*\.{2,3}$")  # "/..." at the foot of typed pages
_OUTER_NUMBER = re.compile(r"^\W*\d{1,4}\s+(?=\D)|(?<=\S)\s+\d{1,4}\W*$")
_DEPTH = 4  # outermost lines at either end of a page that may be furniture
_ZONE = 0.16  # share of the page's height


def _candidates(lines: list[Line], height: float) -> list[tuple[str, int, Line]]:
    by_top = sorted(enumerate(lines), key=lambda item: item[1].top)
    upper = [("top", place, line) for place, line in by_top[:_DEPTH] if line.bottom < _ZONE * height]
    lower = [("bottom", place, line) for place, line in by_top[-_DEPTH:] if line.top > (1 - _ZONE) * height]
    return upper + lower


def furniture_of(pages: Iterable[tuple[float, list[Line]]]) -> dict[int, set[int]]:
    """Return the indexes of the lines that belong to the furniture, by the index of their page.

    A line does when the same words (numbers may change) stand in the same margin of three pages or more, or of every page of a
    document of two; and when it is nothing but a page number at the very edge. Odd and even pages may differ. A bare number counts with
    the pages or stands apart from the text, else it is the end of a sentence.

    Args:
        pages: height in points and lines of each page.
    """
    seen = _Candidates()
    result: dict[int, set[int]] = defaultdict(set)
    bare: dict[tuple[int, int], NumberLine] = {}
    outermost: list[NumberLine] = []
    n_pages = 0
    for index, (height, lines) in enumerate(pages):
        n_pages += 1
        candidates = _candidates(lines, height)
        for zone, at, line in candidates:
            seen.add(zone, _key(line.text), index, at, round(line.top / 6))
            if (number := number_line(index, at, lines)) is not None:
                bare[index, at] = number
            if _BARCODE.match(line.text) or (
                zone == "bottom" and (_JOB_NUMBER.match(line.text) or _TO_BE_CONTINUED.match(line.text))
            ):
                result[index].add(at)
        for zone in ("top", "bottom"):
            edge = [at for place, at, _ in candidates if place == zone]
            if edge and (number := bare.get((index, edge[0 if zone == "top" else -1]))) is not None:
                outermost.append(number)
    for number in counting(outermost):
        result[number.page].add(number.at)
    needed = 2 if n_pages <= 3 else 3
    for found in seen.alike():
        page_indexes = {index for index, _, _ in found}
        if len(page_indexes) < needed or n_pages < 2:
            continue
        places = Counter(height for _, _, height in found)
        near = {place + shift for place, n in places.items() if n >= 2 for shift in (-1, 0, 1)}
        numbers = {(line.page, line.at) for line in counting(bare[page, at] for page, at, _ in found if (page, at) in bare)}
        # Running heads do not move: lines of the same words elsewhere are text.
        for index, at, height_there in found:
            if height_there in near and ((index, at) not in bare or (index, at) in numbers):
                result[index].add(at)
    return result


class _Candidates:
    """The lines in the margins of all pages: a hash of zone and words, page, line and height of each, in flat arrays.

    Most stand on one page only; as texts in a mapping those of 3,000 pages took eight megabytes.
    """

    def __init__(self) -> None:
        self._keys = array("q")
        self._places = array("i")  # page, line, height on the page

    def add(self, zone: str, key: str, page: int, at: int, height: int) -> None:
        """Add a line; one without words is like no other."""
        if key:
            self._keys.append(hash((zone, key)))
            self._places.extend((page, at, height))

    def alike(self) -> Iterator[list[tuple[int, int, int]]]:
        """Yield page, line and height of the lines of the same zone and words, in their order."""
        order = array("i", sorted(range(len(self._keys)), key=self._keys.__getitem__))
        for _, group in groupby(order, key=self._keys.__getitem__):
            yield [(self._places[3 * i], self._places[3 * i + 1], self._places[3 * i + 2]) for i in group]


def _key(text: str) -> str:
    # The page number stands left of the running head on one side and right of it on the other.
    bare = _OUTER_NUMBER.sub("", text.lower())
    return " ".join(_DIGITS.sub("#", bare if any(c.isalpha() for c in bare) else text.lower()).split())
