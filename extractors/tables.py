"""Which lines of a page are rows of a table: rows with wide gaps in a run, what stands between rules; and lists of names, and charts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from extractors.keyed import keyed_rows
from extractors.lines import Line
from extractors.page import Rule

_MIN_ROWS = 3
_MIN_NAMES = 4
_NAME_WORDS = 12
_MISSES = 6.0
_TOUCH = 3.0  # points within which rules meet
_MAX_RULES = 1500
_MIN_RULES = 5
_ALIKE = 5.0  # points by which the ends of rules of one table differ
_ROW = 45.0  # points; the highest row between two rules
_SMALL = 0.93  # of the type size of the text: tables are often set smaller
_LARGER = 1.12
_NUMBERED = re.compile(r"\d{1,4}\.\s?[A-ZÀ-ÝА-Я]")
_FILLED = 0.7  # of its column: a line of prose
_PROSE_LINES = 4  # so many one below the other are prose
_CELL = 15.0  # points from the edge of a header's cell within which the cells below begin
_WIDER = 1.4  # a gap between cells beside the spaces of its line

Area = tuple[float, float, float, float]  # x0, top, x1, bottom


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
    areas = _grids(rules) + _bands(lines, rules, body, heads)
    columned = _columned(lines, rules) | keyed_rows(lines)
    ruled = [index in columned or any(_within(line, area) for area in areas) for index, line in enumerate(lines)]
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
        if rows >= _MIN_ROWS or (all(ruled[index:end]) and (rows == _MIN_ROWS - 1 or lines[index].gaps >= _MIN_ROWS)):
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


def _within(line: Line, area: Area) -> bool:
    """True for a line between top and bottom of an area, the larger part of it between the sides too."""
    overlap = min(line.x1, area[2]) - max(line.x0, area[0])
    return area[1] - 3 <= line.top and line.bottom <= area[3] + 3 and overlap > 0.6 * (line.x1 - line.x0)


def _grids(rules: Sequence[Rule]) -> list[Area]:
    """Return the rectangles of drawn grids: rules that meet, at least three levels of them across and three down."""
    if len(rules) > _MAX_RULES or sum(not rule.is_horizontal for rule in rules) < 3:
        return []
    groups: list[tuple[Area, list[Rule]]] = []
    for rule in sorted(rules, key=lambda rule: rule.top):
        area: Area = (rule.x0, rule.top, rule.x1, rule.bottom)
        members, apart = [rule], []
        for other, held in groups:
            if _meet(area, other):
                area = (min(area[0], other[0]), min(area[1], other[1]), max(area[2], other[2]), max(area[3], other[3]))
                members.extend(held)
            else:
                apart.append((other, held))
        groups = [*apart, (area, members)]
    result = []
    for area, members in groups:
        across = {round(rule.top / 4) for rule in members if rule.is_horizontal}
        down = {round(rule.x0 / 4) for rule in members if not rule.is_horizontal}
        if len(across) >= 3 and len(down) >= 3:
            result.append(area)
    return result


def _meet(a: Area, b: Area) -> bool:
    return a[0] <= b[2] + _TOUCH and b[0] <= a[2] + _TOUCH and a[1] <= b[3] + _TOUCH and b[1] <= a[3] + _TOUCH


def _columned(lines: Sequence[Line], rules: Sequence[Rule]) -> set[int]:
    """Return the indexes of lines below a rule that is drawn cell by cell, as long as no word crosses from one of its columns to another."""
    if len(rules) > _MAX_RULES:
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
        if across >= _MIN_ROWS:
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


def _bands(lines: Sequence[Line], rules: Sequence[Rule], body: float, heads: Sequence[Line]) -> list[Area]:
    """Return the areas between rules of like width, one below the other, that hold rows with gaps."""
    if len(rules) > _MAX_RULES:
        return []
    result: list[Area] = []
    for levels in _stacks(rule for rule in _whole(rules) if rule.x1 - rule.x0 > 120):
        result.extend(_below_header(levels, lines, body, heads))
        for upper, lower in pairwise(levels):
            area = (upper.x0, upper.bottom, upper.x1, lower.top)
            inside = [line for line in lines if _within(line, area)]
            gaps = sum(line.gaps > 0 for line in inside)
            # A drawn row of one line with a gap, or more lines of which many have gaps; a page's text between two rules has none.
            if inside and gaps >= max(1, 0.3 * len(inside)) and not _holds_prose(inside):
                result.append(area)
        result.extend(_rows_between(levels))
    return result


def _stacks(rules: Iterable[Rule]) -> list[list[Rule]]:
    """Return the rules that begin and end alike, each group from top to bottom; thick rules reach a little further than thin ones."""
    stacks: list[list[Rule]] = []
    for rule in sorted(rules, key=lambda rule: rule.top):
        alike = [stack for stack in stacks if abs(stack[-1].x0 - rule.x0) < _ALIKE and abs(stack[-1].x1 - rule.x1) < _ALIKE]
        if alike:
            alike[0].append(rule)
        else:
            stacks.append([rule])
    return stacks


def _holds_prose(lines: Sequence[Line]) -> bool:
    """True where several lines one below the other fill their column without a gap."""
    run = 0
    for line in lines:
        fills = not line.gaps and line.x1 - line.x0 > _FILLED * (line.column[1] - line.column[0])
        run = run + 1 if fills else 0
        if run >= _PROSE_LINES:
            return True
    return False


def _below_header(levels: Sequence[Rule], lines: Sequence[Line], size: float, heads: Sequence[Line]) -> list[Area]:
    """Return the areas of tables between three rules: a header with gaps, then rows that keep to its columns or are of small type."""
    result: list[Area] = []
    foot = max((line.bottom for line in lines), default=0.0)
    for first, second, third in zip(levels, levels[1:], [*levels[2:], None], strict=False):
        bottom = foot if third is None else third.top
        if not 4 < second.top - first.top < 2 * _ROW:
            continue
        header = [line for line in (*lines, *heads) if _within(line, (first.x0, first.bottom, first.x1, second.top))]
        body = [line for line in lines if _within(line, (first.x0, second.bottom, first.x1, bottom))]
        cells = [_edge(cell, body) for cell in _header_cells(header)]
        if not (cells and body):
            continue
        small = sum(line.size < _SMALL * size for line in body) >= 0.8 * len(body) and header[0].size < _SMALL * size
        # The rows of a table do not begin left of it; paragraphs in small type below it do.
        small = small and all(line.x0 > first.x0 - _CELL for line in body)
        crossing = sum(
            any(x0 < cell - 3 and x1 > cell + 1 for cell in cells for x0, x1 in zip(line.starts, line.ends, strict=True))
            for line in body
        )
        beside = sum(any(abs(start - cell) < 4 for cell in cells for start in line.starts) for line in body)
        kept = second.top - first.top < _ROW and len(header) <= 3 and crossing <= 0.1 * len(body) and beside
        if third is None:
            # Open at the foot of the page: rows must have words on both sides of a cell's edge.
            both = sum(
                any(line.x0 < cell - 2 * _CELL and -4 < start - cell < _CELL for cell in cells for start in line.starts)
                for line in body
            )
            small = small and all(line.size < _SMALL * size for line in lines if line.top > second.bottom)
            kept = crossing <= 0.1 * len(body) and both >= max(_MIN_ROWS, 0.1 * len(body))
        if small or kept:
            result.append((first.x0, first.top, first.x1, bottom))
    return result


def _edge(cell: float, body: Sequence[Line]) -> float:
    """Return where the words below a cell of the header begin: headers are often set in or centred."""
    near = Counter(round(start) for line in body for start in line.starts if abs(start - cell) < _CELL)
    found, count = near.most_common(1)[0] if near else (0, 0)
    return float(found) if count >= 0.3 * len(body) else cell


def _header_cells(header: Sequence[Line]) -> list[float]:
    """Return the left edges of the cells of a header but its first, also where its cells were read as lines of two columns."""
    cells = [cell for line in header for cell in line.cells]
    for line in header:
        beside = [other for other in header if other.flow < line.flow and abs(other.bottom - line.bottom) < 0.5 * line.size]
        if any(other.x1 < line.x0 - 2 * line.size for other in beside):
            cells.append(line.x0)
    return cells


def _rows_between(levels: Sequence[Rule]) -> list[Area]:
    """Return the areas of rows that are parted by rules close to one another, four and more, whatever the rows hold."""
    result: list[Area] = []
    run: list[Rule] = []
    for rule in levels:
        if run and not 6 < rule.top - run[-1].top < _ROW:
            run = []
        run.append(rule)
        if len(run) >= _MIN_RULES:
            result.append((run[0].x0, run[0].bottom, run[0].x1, run[-1].top))
    return result


def _whole(rules: Sequence[Rule]) -> list[Rule]:
    """Return horizontal rules with those joined that continue one another (a rule is often drawn cell by cell)."""
    result: list[Rule] = []
    for rule in sorted((r for r in rules if r.is_horizontal), key=lambda r: (round(r.top / 2), r.x0)):
        last = result[-1] if result else None
        if last is not None and abs(last.top - rule.top) < 2.5 and -30 < rule.x0 - last.x1 < 5:
            result[-1] = Rule(last.x0, last.top, max(last.x1, rule.x1), max(last.bottom, rule.bottom))
        else:
            result.append(rule)
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
