"""Which lines of a page are rows of a table: several rows with wide gaps in a run, or a grid drawn with rules; and lists of names."""

from __future__ import annotations

from collections.abc import Sequence

from extractors.lines import Line
from extractors.page import Rule

_MIN_ROWS = 3
_MIN_NAMES = 4
_NAME_WORDS = 12


def table_runs(lines: Sequence[Line], rules: Sequence[Rule]) -> list[tuple[int, int]]:
    """Return ranges (start, end) of indexes into `lines` that are tables."""
    grid = _grid(rules)
    marked = [
        line.gaps >= 1
        or any(
            x0 - 2 <= line.x0 and line.x1 <= x1 + 2 and y0 - 2 <= line.top and line.bottom <= y1 + 2 for x0, y0, x1, y1 in grid
        )
        for line in lines
    ]
    runs: list[tuple[int, int]] = []
    index = 0
    while index < len(lines):
        if not marked[index]:
            index += 1
            continue
        end, rows, misses = index, 0, 0
        for position in range(index, len(lines)):
            if marked[position]:
                rows, end, misses = rows + 1, position + 1, 0
            else:
                # A cell may run over two or three lines before the next row shows its gaps again.
                width = lines[position].column[1] - lines[position].column[0]
                misses += 1 if lines[position].x1 - lines[position].x0 < 0.6 * width else 3
                if misses >= 3:
                    break
        if rows >= _MIN_ROWS:
            runs.append((index, end))
        index = max(end, index + 1)
    return runs


def _grid(rules: Sequence[Rule]) -> list[tuple[float, float, float, float]]:
    """Return the rectangle of a drawn grid: three horizontal and three vertical rules or more that meet."""
    flat = [rule for rule in rules if rule.is_horizontal]
    upright = [rule for rule in rules if not rule.is_horizontal]
    if len(flat) < 3 or len({round(rule.x0 / 3) for rule in upright}) < 3:
        return []
    x0, x1 = min(rule.x0 for rule in upright), max(rule.x1 for rule in upright)
    top, bottom = min(rule.top for rule in upright), max(rule.bottom for rule in upright)
    meeting = [rule for rule in flat if rule.x1 > x0 - 3 and rule.x0 < x1 + 3 and top - 5 <= rule.top <= bottom + 5]
    return [(x0, top, x1, bottom)] if len(meeting) >= 3 else []


def is_name_list(lines: Sequence[Line]) -> bool:
    """True for lines that are names one below the other: four or more, each begins anew and none ends or leads on like a sentence."""
    return len(lines) >= _MIN_NAMES and all(
        not line.text[:1].islower()
        and line.text[:1].isalpha()
        and line.text[-1:].isalnum()
        and len(line.text.split()) <= _NAME_WORDS
        for line in lines
    )
