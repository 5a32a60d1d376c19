"""Words of a page become lines in reading order: rows by baseline, cut at wide gaps, columns one after the other."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from extractors.frames import framed
from extractors.mend import clean
from extractors.page import RawPage, Word
from extractors.ruled import RuledTable, ruled_tables

_GAP = 1.0  # in type sizes: the narrowest gutters; wide spaces of justified text are put together again in `_regroup`
_MIN_COLUMN_LINES = 4
_ORDINALS = frozenset(("st", "nd", "rd", "th", "er", "re", "e", "ème", "ème.", "o", "os", "º", "ª"))
_SINGLE = re.compile(r"\d+|[*†‡§]+|[^\W\d]+")  # "3, 4" are two marks
_DOUBT = "\ue000"  # stands for a doubtful space while a line is put together; of private use, no text has it
_ROMAN = re.compile(r"[IVXLC]{2,}")


@dataclass(slots=True)
class Line:
    """One line of type. `text` has footnote marks left out; `gaps` counts wide gaps inside (a sign of a table)."""

    page: int
    x0: float
    top: float
    x1: float
    bottom: float
    text: str
    size: float
    bold: bool
    italic: bool
    column: tuple[float, float]  # left and right edge of the column it stands in
    flow: int  # number of the column run on its page: lines of another flow never continue this one's baseline spacing
    gaps: int = 0
    starts_raised: bool = False
    cells: tuple[float, ...] = ()  # left edges of what follows a wide gap
    starts: Sequence[float] = ()  # left edges of the words
    ends: Sequence[float] = ()  # their right edges
    marks: tuple[str, ...] = ()  # marks of notes that were left out
    doubts: tuple[int, ...] = ()  # places in the text of spaces that may stand inside a word
    aside: bool = False  # in a box beside the text


Segment = list[Word]


@dataclass(slots=True)
class ColumnMemory:
    """Where the last page in two columns parted: `gutter`, and the left edges of its columns. For pages with few lines in the second."""

    gutter: float
    left: float
    right: float


def page_lines(page: RawPage, memory: list[ColumnMemory] | None = None) -> list[Line]:
    """Return the lines of a page in reading order.

    Args:
        page: words of the page.
        memory: at most one element; what the pages before have shown of columns, changed by this page.
    """
    segments = [segment for row in _rows(page.words) for segment in _cut(row)]
    if not segments:
        return []
    boxes = framed(segments, page)
    taken = {id(segment) for box in boxes for segment in box}
    text = [segment for segment in segments if id(segment) not in taken]
    runs = [*_runs(text, [] if memory is None else memory, page), *((box, _extent(box)) for box in boxes)]
    lines: list[Line] = []
    for flow, (run, column) in enumerate(runs):
        for row in _regroup(run):
            lines.append(_line(page.number, row, column, flow))
            lines[-1].aside = flow >= len(runs) - len(boxes)
    return [line for line in lines if line.text]


def _rows(words: Sequence[Word]) -> list[list[Word]]:
    """Group words by baseline, raised ones with the word that they follow."""
    rows: list[tuple[float, list[Word]]] = []
    anchor: Word | None = None
    attached: dict[int, list[Word]] = {}
    plain: list[Word] = []
    for word in words:
        if word.raised and anchor is not None:
            attached.setdefault(id(anchor), []).append(word)
        else:
            anchor = word
            plain.append(word)
    for word in sorted(plain, key=lambda w: (w.baseline, w.x0)):
        for baseline, row in reversed(rows[-4:]):
            if abs(word.baseline - baseline) <= 0.25 * word.size:
                row.append(word)
                break
        else:
            rows.append((word.baseline, [word]))
    rows = _with_marks(rows, attached)
    result = []
    for _, row in rows:
        row.sort(key=lambda w: w.x0)
        result.append([part for word in row for part in (*attached.get(-id(word), ()), word, *attached.get(id(word), ()))])
    return result


def _with_marks(rows: list[tuple[float, list[Word]]], attached: dict[int, list[Word]]) -> list[tuple[float, list[Word]]]:
    """Return the rows without those that are nothing but marks of notes, put to the word of a neighbouring row that they touch."""
    result = []
    for index, (baseline, row) in enumerate(rows):
        if len(row) > 4 or any(len(word.text) > 4 for word in row):
            result.append((baseline, row))
            continue
        near = [word for _, other in rows[max(0, index - 2) : index + 3] if other is not row for word in other]
        left = [word for word in row if not _attach(word, near, attached)]
        if left:
            result.append((baseline, left))
    return result


def _attach(mark: Word, words: Sequence[Word], attached: dict[int, list[Word]]) -> bool:
    """Hang a mark on the larger word that it follows, or make it one that a larger word follows; False where there is none."""
    height = mark.bottom - mark.top
    for word in words:
        tall = word.bottom - word.top
        if height > 0.82 * tall or mark.top < word.top - 0.4 * tall or mark.baseline > word.baseline - 0.1 * height:
            continue
        if mark.bottom < word.top + 0.2 * tall:
            continue
        if -1.0 < mark.x0 - word.x1 < 0.6 * tall:
            mark.raised, mark.spaced = True, False
            attached.setdefault(id(word), []).append(mark)
            return True
        if -1.0 < word.x0 - mark.x1 < 1.2 * tall:
            mark.raised = True
            mark.baseline = word.baseline
            attached.setdefault(-id(word), []).append(mark)
            return True
    return False


def _cut(row: list[Word]) -> list[Segment]:
    segments = [[row[0]]]
    reach = row[0].x1
    for word in row[1:]:
        if word.x0 - reach > _GAP * max(word.size, 4.0):
            segments.append([])
        segments[-1].append(word)
        reach = max(reach, word.x1)
    return segments


def _extent(segments: Sequence[Segment]) -> tuple[float, float]:
    return min(s[0].x0 for s in segments), max(w.x1 for s in segments for w in s)


def _runs(segments: list[Segment], memory: list[ColumnMemory], page: RawPage) -> list[tuple[list[Segment], tuple[float, float]]]:
    """Return runs of segments in reading order, each with the edges of its column."""
    left, right = _extent(segments)
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
            runs.extend((side, _extent(side)) for side in sides)
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
    left, right = _extent(segments)
    runs: list[tuple[list[Segment], tuple[float, float]]] = []
    bare = RawPage(page.number, page.width, page.height)
    rest = segments
    for table in tables:
        above = [s for s in rest if s[0].baseline < table.top]
        inside = [s for s in rest if table.holds(s)]
        if above:
            runs.extend(_widened(_runs(above, memory, bare), left, right))
        if inside:
            runs.append((inside, (left, right)))
        taken = {id(s) for s in (*above, *inside)}
        rest = [s for s in rest if id(s) not in taken]
    if rest:
        runs.extend(_widened(_runs(rest, memory, bare), left, right))
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
    return [_extent(row) for row in _regroup(segments)]


def _regroup(segments: list[Segment]) -> list[list[Segment]]:
    """Put the segments of one run that share a baseline into rows again, from top to bottom."""
    rows: list[list[Segment]] = []
    for segment in sorted(segments, key=lambda s: s[0].baseline):
        if rows and abs(segment[0].baseline - rows[-1][0][0].baseline) <= 0.25 * segment[0].size:
            rows[-1].append(segment)
        else:
            rows.append([segment])
    for row in rows:
        row.sort(key=lambda s: s[0].x0)
    return rows


def _leftward(words: list[Word]) -> list[Word]:
    """Return the words of a line that is written from right to left in the order of reading; numbers in it run the other way."""
    result: list[Word] = []
    for word in sorted(words, key=lambda w: -w.x1):
        at = len(result)
        while not word.leftward and at and not result[at - 1].leftward:
            at -= 1
        result.insert(at, word)
    return result


def _usual_size(words: Sequence[Word]) -> float:
    """Return the type size of most letters of a line."""
    sizes: dict[float, int] = {}
    for word in words:
        sizes[word.size] = sizes.get(word.size, 0) + min(len(word.text), 20)
    if len(sizes) == 1:
        return words[0].size
    half = sum(sizes.values()) / 2
    for size in sorted(sizes):
        half -= sizes[size]
        if half <= 0:
            return size
    return words[0].size


def _is_mark(text: str, before: str) -> bool:
    """True for raised text that is the mark of a note; the ending of an ordinal ("16th", "1er", "Nº") is text."""
    ordinal = text.lower() in _ORDINALS and (before[-1:].isdigit() or before in ("N", "n", "Nr") or _ROMAN.fullmatch(before))
    return not ordinal and (not text.isalpha() or len(text) <= 4)


def _line(page: int, row: list[Segment], column: tuple[float, float], flow: int) -> Line:
    words = [word for segment in row for word in segment]
    marks = [w for index, w in enumerate(words) if w.raised and _is_mark(w.text, words[index - 1].text if index else "")]
    left_out = set(map(id, marks))
    kept = [w for w in words if id(w) not in left_out]
    letters = sum(len(w.text) for w in kept) or 1
    leftward = sum(len(w.text) for w in kept if w.leftward) > 0.5 * letters
    if leftward:
        kept = _leftward(kept)
    parts: list[str] = []
    previous: Word | None = None
    for word in kept:
        # Pieces of one printed word (a change of font inside it) stand closer than any space; but the frame of a slanted letter
        # reaches into the space after it.
        if previous is not None and (
            word.spaced
            or max(word.x0 - previous.x1, previous.x0 - word.x1 if leftward else 0) > 0.12 * word.size
            or (word.x0 < previous.x0 and not leftward)
        ):
            parts.append(_DOUBT if word.narrow else " ")
        parts.append(word.text)
        previous = word
    text, doubts = _without_doubts(clean("".join(parts)))
    first = "".join(w.text for w in row[0])
    # A wide gap after the number or mark of a paragraph is no gap between cells.
    is_mark = len(first) <= 6 and not (len(first) > 2 and first.isalpha()) and not (len(first) > 3 and first.isdigit())
    cells = tuple(b[0].x0 for a, b in list(pairwise(row))[int(is_mark) :] if b[0].x0 - a[-1].x1 > 2 * b[0].size)
    return Line(
        page,
        min(w.x0 for w in words),
        min(w.top for w in words),
        max(w.x1 for w in words),
        max(w.bottom for w in words),
        text,
        _usual_size(kept or words),
        sum(len(w.text) for w in kept if w.bold) / letters > 0.8,
        sum(len(w.text) for w in kept if w.italic) / letters > 0.8,
        column,
        flow,
        len(cells),
        bool(words) and (words[0].raised or (len(words) > 1 and words[0].size < 0.8 * words[1].size)),
        cells,
        array("f", [w.x0 for w in kept]),  # many lines are held at once, and tuples of floats take six times the room
        array("f", [w.x1 for w in kept]),
        tuple(mark for word in marks for mark in _SINGLE.findall(word.text)),
        doubts,
    )


def _without_doubts(text: str) -> tuple[str, tuple[int, ...]]:
    """Return the text with its doubtful spaces as plain ones, and where they stand."""
    if _DOUBT not in text:
        return text, ()
    return text.replace(_DOUBT, " "), tuple(place for place, character in enumerate(text) if character == _DOUBT)
