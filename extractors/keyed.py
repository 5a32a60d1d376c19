"""Tables without a rule: keys on the left, titles that begin at one edge beside them, as in lists of resolutions or abbreviations.

What is aligned over several rows by words, not by rules, is a table. Hanging paragraphs look alike, but have the number of a paragraph or
item for a key; and prose beside a key ends in full stops, which titles do not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from extractors.line import Line
from extractors.markers import find_marker

_MIN_KEYS = 3
_WIDEST_KEY = 0.5  # of the column
_NARROWEST = 3.0  # type sizes from the edge of keys to that of titles: less is the indent of an item
_NEAR = 1.5  # points between edges that are one
_ENDS = (".", ";", ":", "!", "?")
_PROSE = 1 / 3  # share of titles that end like sentences from which on they are prose
_BREAKS = re.compile(r"[.;:!?]\s+[A-ZÀ-ÝА-Я]")


def keyed_rows(lines: Sequence[Line]) -> set[int]:
    """Return the indexes of lines of a page, in reading order, that are rows of keys and titles."""
    result: set[int] = set()
    for flow in dict.fromkeys(line.flow for line in lines):
        own = [index for index, line in enumerate(lines) if line.flow == flow]
        result.update(_rows(lines, own))
    return result


def _rows(lines: Sequence[Line], own: Sequence[int]) -> set[int]:
    found = _edges([lines[index] for index in own])
    if found is None:
        return set()
    left, edge = found
    result: set[int] = set()
    run: list[int] = []
    for index in [*own, -1]:
        if index >= 0 and (_is_keyed(lines[index], left, edge) or (run and _is_rest(lines[index], left, edge))):
            run.append(index)
            continue
        if _is_list([lines[i] for i in run], edge):
            result.update(run)
        run = []
    return result


def _edges(lines: Sequence[Line]) -> tuple[float, float] | None:
    """Return where keys and titles begin, by the commonest edge of lines inside the column and the commonest before it."""
    left = min((line.x0 for line in lines), default=0.0)
    inner = Counter(
        round(line.x0)
        for line in lines
        if _NARROWEST * line.size < line.x0 - left < _WIDEST_KEY * (line.column[1] - line.column[0])
    )
    if not inner:
        return None
    edge = float(max(inner, key=lambda x: (inner[x], -x)))
    near = [line.x0 for line in lines if abs(line.x0 - edge) < 1]
    edge = sum(near) / len(near) if near else edge
    return left, edge


def _is_keyed(line: Line, left: float, edge: float) -> bool:
    """True for a line with words on both sides of the edge of titles, one of which begins there."""
    if abs(line.x0 - left) > 2 * _NEAR or not any(abs(start - edge) < _NEAR for start in line.starts):
        return False
    return not any(start < edge - _NEAR and end > edge - 0.5 for start, end in zip(line.starts, line.ends, strict=True))


def _is_rest(line: Line, left: float, edge: float) -> bool:
    """True for a line that only goes on with a title, or only with a key."""
    return abs(line.x0 - edge) < _NEAR or (abs(line.x0 - left) < 2 * _NEAR and line.x1 < edge - _NEAR)


def _is_list(lines: Sequence[Line], edge: float) -> bool:
    """True for enough rows whose keys are no numbers of paragraphs and whose titles are no sentences."""
    rows: list[list[Line]] = []
    for line in lines:
        if line.x0 < edge - _NEAR and line.x1 > edge:
            rows.append([])
        if rows:
            rows[-1].append(line)
    if len(rows) < _MIN_KEYS or sum(find_marker(row[0].text) is not None for row in rows) > _PROSE * len(rows):
        return False
    wide = sum(_space(row[0], edge) > row[0].size for row in rows)
    prose = sum(row[-1].text.endswith(_ENDS) or any(_BREAKS.search(line.text) for line in row) for row in rows)
    return 2 * wide >= len(rows) and prose <= _PROSE * len(rows)


def _space(line: Line, edge: float) -> float:
    """Return the width of the space before the title."""
    return edge - max(end for start, end in zip(line.starts, line.ends, strict=True) if start < edge - _NEAR)
