"""Where rules make tables of a page: drawn grids, rows between rules, what stands below a ruled header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from extractors.line import Line
from extractors.page import Rule

MIN_ROWS = 3
_TOUCH = 3.0  # points within which rules meet
MAX_RULES = 1500
_MIN_RULES = 5
_ALIKE = 5.0  # points by which the ends of rules of one table differ
_ROW = 45.0  # points; the highest row between two rules
_SMALL = 0.93  # of the type size of the text: tables are often set smaller
_FILLED = 0.7  # of its column: a line of prose
_PROSE_LINES = 4  # so many one below the other are prose
_CELL = 15.0  # points from the edge of a header's cell within which the cells below begin
Area = tuple[float, float, float, float]  # x0, top, x1, bottom


def within(line: Line, area: Area) -> bool:
    """True for a line between top and bottom of an area, the larger part of it between the sides too."""
    overlap = min(line.x1, area[2]) - max(line.x0, area[0])
    return area[1] - 3 <= line.top and line.bottom <= area[3] + 3 and overlap > 0.6 * (line.x1 - line.x0)


def grids(rules: Sequence[Rule]) -> list[Area]:
    """Return the rectangles of drawn grids: rules that meet, at least three levels of them across and three down."""
    if len(rules) > MAX_RULES or sum(not rule.is_horizontal for rule in rules) < 3:
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


def bands(lines: Sequence[Line], rules: Sequence[Rule], body: float, heads: Sequence[Line]) -> list[Area]:
    """Return the areas between rules of like width, one below the other, that hold rows with gaps."""
    if len(rules) > MAX_RULES:
        return []
    result: list[Area] = []
    for levels in _stacks(rule for rule in _whole(rules) if rule.x1 - rule.x0 > 120):
        result.extend(_below_header(levels, lines, body, heads))
        for upper, lower in pairwise(levels):
            area = (upper.x0, upper.bottom, upper.x1, lower.top)
            inside = [line for line in lines if within(line, area)]
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
        header = [line for line in (*lines, *heads) if within(line, (first.x0, first.bottom, first.x1, second.top))]
        body = [line for line in lines if within(line, (first.x0, second.bottom, first.x1, bottom))]
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
            kept = crossing <= 0.1 * len(body) and both >= max(MIN_ROWS, 0.1 * len(body))
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
