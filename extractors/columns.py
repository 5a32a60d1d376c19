"""Columns of a page: where two columns of prose part, and the runs of lines in the order in which they are read."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from statistics import median

from extractors.page import RawPage
from extractors.rows import Segment, extent, regrouped
from extractors.ruled import RuledTable, ruled_tables

_MIN_COLUMN_LINES = 4


@dataclass(slots=True)
class ColumnMemory:
    """Where the last page in two columns parted: `gutter`, and the left edges of its columns. For pages with few lines in the second."""

    gutter: float
    left: float
    right: float


def column_runs(
    segments: list[Segment], memory: list[ColumnMemory], page: RawPage
) -> list[tuple[list[Segment], tuple[float, float]]]:
    """Return runs of segments in reading order, each with the edges of its column."""
    left, right = extent(segments)
    gutter = _gutter(segments, left, right)
    enough = _MIN_COLUMN_LINES
    if gutter is not None and (tables := _tables(segments, gutter, page, right - left)):
        # The columns of tables are none of the page: what stands around them is looked at by itself.
        return _around(segments, memory, page, tables)
    if gutter is not None:
        memory[:] = [ColumnMemory(gutter, left, min(s[0].x0 for s in segments if s[0].x0 >= gutter))]
    elif memory and _as_before(segments, memory[0]):
        gutter, enough = memory[0].gutter, 1
    if gutter is None:
        return [(segments, (left, right))]
    ordered = sorted(segments, key=lambda s: (s[0].baseline, s[0].x0))
    runs: list[tuple[list[Segment], tuple[float, float]]] = []
    stretch: list[Segment] = []

    def close() -> None:
        if not stretch:
            return
        sides = [s for s in stretch if s[-1].x1 <= gutter], [s for s in stretch if s[0].x0 >= gutter]
        if min(map(len, sides)) >= enough:
            runs.extend((side, extent(side)) for side in sides)
        else:
            runs.append((list(stretch), (left, right)))
        stretch.clear()

    crossing: list[Segment] = []
    for segment in ordered:
        if segment[0].x0 < gutter < max(w.x1 for w in segment):
            close()
            crossing.append(segment)
        else:
            if crossing:
                runs.append((list(crossing), (left, right)))
                crossing.clear()
            stretch.append(segment)
    close()
    if crossing:
        runs.append((crossing, (left, right)))
    return runs


def _tables(segments: list[Segment], gutter: float, page: RawPage, width: float) -> list[RuledTable]:
    """Return the ruled tables of a page that seems to have two columns; two columns of prose below a ruled head are none."""
    result = []
    for table in ruled_tables(segments, page.rules, width, page.height):
        right = [s[0].x0 for s in segments if table.holds(s) and s[0].x0 >= gutter]
        edge = min(right, default=0.0)
        if any(abs(cell - edge) < 15 for cell in table.cells) or len(table.cells) > 2:
            result.append(table)
    return result


def _around(
    segments: list[Segment], memory: list[ColumnMemory], page: RawPage, tables: list[RuledTable]
) -> list[tuple[list[Segment], tuple[float, float]]]:
    """Return the runs of a page with ruled tables: each table is one, and so is what stands between two."""
    left, right = extent(segments)
    runs: list[tuple[list[Segment], tuple[float, float]]] = []
    bare = RawPage(page.number, page.width, page.height)
    rest = segments
    for table in tables:
        above = [s for s in rest if s[0].baseline < table.top]
        inside = [s for s in rest if table.holds(s)]
        if above:
            runs.extend(_widened(column_runs(above, memory, bare), left, right))
        if inside:
            runs.append((inside, (left, right)))
        taken = {id(s) for s in (*above, *inside)}
        rest = [s for s in rest if id(s) not in taken]
    if rest:
        runs.extend(_widened(column_runs(rest, memory, bare), left, right))
    return runs


def _widened(
    runs: list[tuple[list[Segment], tuple[float, float]]], left: float, right: float
) -> list[tuple[list[Segment], tuple[float, float]]]:
    """Return a single run with the edges of the page's text: part of a page may be a few short lines."""
    return [(runs[0][0], (left, right))] if len(runs) == 1 else runs


def _gutter(segments: list[Segment], left: float, right: float) -> float | None:
    """Return where two columns of prose part, or None."""
    width = right - left
    if width < 200:
        return None
    starts = sorted(s[0].x0 for s in segments)
    ends = sorted(max(w.x1 for w in s) for s in segments)
    best: tuple[int, float, float] | None = None
    for step in range(int(width * 0.4 / 3) + 1):
        x = left + 0.3 * width + 3 * step
        found = bisect_left(starts, x) - bisect_right(ends, x), abs(x - left - width / 2), x
        best = found if best is None or found < best else best
    if best is None:
        return None
    x = best[2]
    sides = [
        _row_spans([s for s in segments if max(w.x1 for w in s) <= x]),
        _row_spans([s for s in segments if s[0].x0 >= x]),
    ]
    if min(map(len, sides)) < 2 * _MIN_COLUMN_LINES or best[0] > 0.6 * min(map(len, sides)) + 6:
        return None
    for side in sides:
        x0, x1 = min(s[0] for s in side), max(s[1] for s in side)
        # Prose fills its column; the cells of a table mostly do not.
        if x1 - x0 < 0.25 * width or median(s[1] - s[0] for s in side) < 0.6 * (x1 - x0):
            return None
    return x


def _as_before(segments: list[Segment], memory: ColumnMemory) -> bool:
    """True when a page whose second column holds few lines stands in the columns of the page before."""
    left = [s for s in segments if max(w.x1 for w in s) <= memory.gutter]
    right = [s for s in segments if s[0].x0 >= memory.gutter]
    crossing = len(segments) - len(left) - len(right)
    if len(left) < 2 * _MIN_COLUMN_LINES or not right or crossing > 3:
        return False
    starts = sum(abs(s[0].x0 - memory.right) < 15 for s in right)
    width = memory.gutter - memory.left
    full = median(max(w.x1 for w in s) - s[0].x0 for s in left) > 0.7 * width
    return full and abs(min(s[0].x0 for s in left) - memory.left) < 6 and starts >= 0.8 * len(right)


def _row_spans(segments: list[Segment]) -> list[tuple[float, float]]:
    return [extent(row) for row in regrouped(segments)]
