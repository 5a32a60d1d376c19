"""Automatic numbers of Word paragraphs: counted as Word counts them, since the text does not hold them (ECMA-376, part 1, 17.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from extractors.docx_package import W, value

_PLACE = re.compile(r"%(\d)")
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
    (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


@dataclass(slots=True)
class _Level:
    start: int = 1
    form: str = "decimal"
    text: str = ""


@dataclass(slots=True)
class _List:
    abstract: str
    levels: dict[int, _Level] = field(default_factory=dict)


class Numbering:
    """Counts the automatic numbers of a document in reading order."""

    def __init__(self, root: Any | None) -> None:
        abstracts: dict[str, dict[int, _Level]] = {}
        self._lists: dict[str, _List] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._restarted: set[str] = set()
        self._overrides: dict[str, dict[int, int]] = {}
        if root is None:
            return
        for item in root.findall(W + "abstractNum"):
            levels = {int(level.get(W + "ilvl", "0")): _level(level) for level in item.findall(W + "lvl")}
            abstracts[item.get(W + "abstractNumId", "")] = levels
        for item in root.findall(W + "num"):
            abstract = value(item, "abstractNumId") or ""
            levels = dict(abstracts.get(abstract, {}))
            number_id = item.get(W + "numId", "")
            for override in item.findall(W + "lvlOverride"):
                depth = int(override.get(W + "ilvl", "0"))
                if (own := override.find(W + "lvl")) is not None:
                    levels[depth] = _level(own)
                if (start := value(override, "startOverride")) is not None and start.isdigit():
                    self._overrides.setdefault(number_id, {})[depth] = int(start)
            self._lists[number_id] = _List(abstract, levels)

    def next_label(self, number_id: str, depth: int) -> tuple[str, str] | None:
        """Count one paragraph of a list and return its label as printed and its number format, None without a label."""
        found = self._lists.get(number_id)
        if found is None or depth not in found.levels:
            return None
        counts = self._counts.setdefault(found.abstract, {})
        if number_id in self._overrides and number_id not in self._restarted:
            self._restarted.add(number_id)
            for place, start in self._overrides[number_id].items():
                counts[place] = start - 1
        level = found.levels[depth]
        counts[depth] = counts.get(depth, level.start - 1) + 1
        for deeper in [other for other in counts if other > depth]:
            del counts[deeper]
        if level.form == "bullet":
            return "•", "bullet"
        if level.form == "none" or not level.text:
            return None

        def fill(match: re.Match[str]) -> str:
            place = int(match.group(1)) - 1
            shown = found.levels.get(place, _Level())
            return _written(counts.get(place, shown.start), shown.form)

        return _PLACE.sub(fill, level.text).strip(), level.form


def _level(element: Any) -> _Level:
    start = value(element, "start") or "1"
    return _Level(int(start) if start.isdigit() else 1, value(element, "numFmt") or "decimal", value(element, "lvlText") or "")


def _written(number: int, form: str) -> str:
    if form in ("lowerLetter", "upperLetter") and number > 0:
        letter = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter if form == "lowerLetter" else letter.upper()
    if form in ("lowerRoman", "upperRoman") and 0 < number < 4000:
        result, left = "", number
        for worth, sign in _ROMAN:
            result += sign * (left // worth)
            left %= worth
        return result if form == "lowerRoman" else result.upper()
    return str(number)
