"""Which lines of a page are rows of a table: rows with wide gaps in a run, what stands between rules; and lists of names, and charts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from extractors.keyed import keyed_rows
from extractors.line import Line
from extractors.page import Rule
from extractors.table_areas import MAX_RULES, MIN_ROWS, bands, grids, within

_MIN_NAMES = 4
_NAME_WORDS = 12
_MISSES = 6.0
_LARGER = 1.12
_NUMBERED = re.compile(r"\d{1,4}\.\s?[A-ZÀ-ÝА-Я]")
_WIDER = 1.4  # a gap between cells beside the spaces of its line


def table_runs(
    lines: Sequence[Line], rules: Sequence[Rule], body: float = 0.0, heads: Sequence[Line] = ()
) -> list[tuple[int, int]]:
    """Return ranges (start, end) of indexes into `lines` that are tables.

    Args:
        lines: of a page, in reading order.
        rules: its ruling lines.
        body: type size of the document's text, 0 where that is not known.
        heads: lines that were taken for running heads: so may be the head of a table that goes on over pages.
    """
    areas = grids(rules) + bands(lines, rules, body, heads)
    columned = _columned(lines, rules) | keyed_rows(lines)
    ruled = [index in columned or any(within(line, area) for area in areas) for index, line in enumerate(lines)]
    runs: list[tuple[int, int]] = []
    index = 0
    while index < len(lines):
        if not (lines[index].gaps or ruled[index]):
            index += 1
            continue
        end, rows, misses = index, 0, 0.0
        starts: list[float] = []
        for position in range(index, len(lines)):
            line = lines[position]
            if line.gaps or ruled[position]:
                rows, end, misses = rows + 1, position + 1, 0.0
                starts = [*starts, *(round(cell) for cell in line.cells)][-40:]
            else:
                misses += _MISSES if _is_text(line, lines[end - 1]) else _miss(line, starts)
                if misses >= _MISSES:
                    break
        if rows >= MIN_ROWS or (all(ruled[index:end]) and (rows == MIN_ROWS - 1 or lines[index].gaps >= MIN_ROWS)):
            end = _with_last_cells(lines, end, starts)
            runs.append((index, end))
        index = max(end, index + 1)
    return runs


def _is_text(line: Line, row: Line) -> bool:
    """True for a heading in larger type than the last row, and for the first line of a numbered paragraph."""
    left, right = line.column
    full = line.x1 > right - 0.1 * (right - left) or line.text.endswith((".", ":"))
    return (line.bold and line.size > _LARGER * row.size) or (full and bool(_NUMBERED.match(line.text)))


def _miss(line: Line, starts: Sequence[float]) -> float:
    """How strongly a line without gaps speaks against the table going on: a cell may run over several lines."""
    if _is_cell(line, starts):
        return 1.0
    width = line.column[1] - line.column[0]
    return 2.0 if line.x1 - line.x0 < 0.6 * width else _MISSES


def _is_cell(line: Line, starts: Sequence[float]) -> bool:
    """True when a line begins where an inner cell of the rows above does, ends before their last cells begin, or has a word there."""
    if not starts:
        return False
    return (
        line.x1 < max(starts)
        or any(abs(line.x0 - start) < 4 for start in starts)
        or any(abs(word - start) < 1.5 and starts.count(start) > 1 for start in set(starts) for word in _after_wide_spaces(line))
    )


def _after_wide_spaces(line: Line) -> list[float]:
    """Return the left edges of the words after a space wider than the others of the line, which in justified text no space is."""
    spaces = [start - end for start, end in zip(line.starts[1:], line.ends, strict=False)]
    usual = median(spaces) if spaces else 0.0
    return [start for start, space in zip(line.starts[1:], spaces, strict=True) if space > _WIDER * usual or len(spaces) < 3]


def _with_last_cells(lines: Sequence[Line], end: int, starts: Sequence[float]) -> int:
    """Return the end of a run with the lines that only continue inner cells of its last row."""
    inner = [start for start in starts if start > lines[end - 1].column[0] + 20]
    while (
        end < len(lines)
        and lines[end].flow == lines[end - 1].flow
        and lines[end].top - lines[end - 1].top < 1.6 * lines[end].size
        and any(abs(lines[end].x0 - start) < 4 for start in inner)
    ):
        end += 1
    return end


def _columned(lines: Sequence[Line], rules: Sequence[Rule]) -> set[int]:
    """Return the indexes of lines below a rule that is drawn cell by cell, as long as no word crosses from one of its columns to another."""
    if len(rules) > MAX_RULES:
        return set()
    result: set[int] = set()
    for top, edges in _heads(rules):
        run: list[int] = []
        across = 0
        for index, line in enumerate(lines):
            if line.top < top - 2:
                continue
            crossings = [_crossing(line, edge) for edge in edges]
            if False in crossings:
                break
            run.append(index)
            across += True in crossings
        if across >= MIN_ROWS:
            result.update(run)
    return result


def _crossing(line: Line, edge: float) -> bool | None:
    """Return True where a line has words on both sides of an edge with a wide gap there, False where they run over it, None for one side."""
    left = max((x1 for x0, x1 in zip(line.starts, line.ends, strict=True) if x0 < edge - 1.5), default=None)
    right = min((x0 for x0 in line.starts if x0 >= edge - 1.5), default=None)
    if left is None or (right is None and left <= edge + 1.5):
        return None
    return right is not None and left <= edge + 1.5 and right - left > 0.8 * line.size


def _heads(rules: Sequence[Rule]) -> list[tuple[float, list[float]]]:
    """Return the height of each rule that is drawn cell by cell, and where its cells meet."""
    levels: list[list[Rule]] = []
    for rule in sorted((rule for rule in rules if rule.is_horizontal), key=lambda rule: rule.top):
        if levels and rule.top - levels[-1][0].top < 2.5:
            levels[-1].append(rule)
        else:
            levels.append([rule])
    result = []
    for level in levels:
        level.sort(key=lambda rule: rule.x0)
        edges = [(a.x1 + b.x0) / 2 for a, b in pairwise(level) if -1 < b.x0 - a.x1 < 5]
        if edges:
            result.append((level[0].top, edges))
    return result


def is_name_list(lines: Sequence[Line]) -> bool:
    """True for lines that are names one below the other: four or more, each begins anew and none ends or leads on like a sentence."""
    return len(lines) >= _MIN_NAMES and all(
        not line.text[:1].islower()
        and line.text[:1].isalpha()
        and line.text[-1:].isalnum()
        and len(line.text.split()) <= _NAME_WORDS
        for line in lines
    )


def is_cells(lines: Sequence[Line]) -> bool:
    """True for what no table run caught but is no prose: rows with gaps mostly, or numbers mostly (the axes of a chart)."""
    words = [word for line in lines for word in line.text.split()]
    wordless = sum(not word.isalpha() and not any(c.isalpha() for c in word) for word in words)
    numbers = (
        (len(words) >= 2 or words[0][:1] in "($€£")
        and wordless > 0.5 * len(words)
        and not any(line.text.endswith((".", ";", ":", ",")) for line in lines[-1:])
    )
    return numbers or (len(lines) > 1 and 2 * sum(line.gaps > 0 for line in lines) >= len(lines))
