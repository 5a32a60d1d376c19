"""Words of a page become lines in reading order: rows by baseline, cut at wide gaps, columns one after the other."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from itertools import pairwise

from extractors.columns import ColumnMemory, column_runs
from extractors.frames import framed
from extractors.line import Line
from extractors.mend import clean
from extractors.page import RawPage, Word
from extractors.rows import Segment, cut_at_gaps, extent, regrouped, rows_of

_ORDINALS = frozenset(("st", "nd", "rd", "th", "er", "re", "e", "ème", "ème.", "o", "os", "º", "ª"))
_SINGLE = re.compile(r"\d+|[*†‡§]+|[^\W\d]+")  # "3, 4" are two marks
_DOUBT = "\ue000"  # stands for a doubtful space while a line is put together; of private use, no text has it
_ROMAN = re.compile(r"[IVXLC]{2,}")


def page_lines(page: RawPage, memory: list[ColumnMemory] | None = None) -> list[Line]:
    """Return the lines of a page in reading order.

    Args:
        page: words of the page.
        memory: at most one element; what the pages before have shown of columns, changed by this page.
    """
    segments = [segment for row in rows_of(page.words) for segment in cut_at_gaps(row)]
    if not segments:
        return []
    boxes = framed(segments, page)
    taken = {id(segment) for box in boxes for segment in box}
    text = [segment for segment in segments if id(segment) not in taken]
    runs = [*column_runs(text, [] if memory is None else memory, page), *((box, extent(box)) for box in boxes)]
    lines: list[Line] = []
    for flow, (run, column) in enumerate(runs):
        for row in regrouped(run):
            lines.append(_line(page.number, row, column, flow))
            lines[-1].aside = flow >= len(runs) - len(boxes)
    return [line for line in lines if line.text]


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
