"""From lines to a block: text joined and mended, one rectangle for each column that the lines stand in."""

from __future__ import annotations

from collections.abc import Sequence

from extractors.block import Block, Span
from extractors.line import Line
from extractors.mend import Hyphens, join_lines
from extractors.types import Box


def boxes_of(spans: Sequence[Span]) -> list[Box]:
    """Return one box for each run of spans of the same page and column, in reading order."""
    runs: list[list[Span]] = []
    for span in spans:
        last = runs[-1][-1] if runs else None
        if last is None or not _follows_on(last, span):
            runs.append([])
        runs[-1].append(span)
    return [
        Box(
            run[0].box.page,
            min(span.box.x0 for span in run),
            min(span.box.top for span in run),
            max(span.box.x1 for span in run),
            max(span.box.bottom for span in run),
        )
        for run in runs
    ]


def _follows_on(last: Span, span: Span) -> bool:
    """True when no other line fits between two spans of one column."""
    same = last.run == span.run and last.box.page == span.box.page
    return same and span.box.top > last.box.top - 4 and span.box.top - last.box.bottom < 1.2 * (span.box.bottom - span.box.top)


def block_of_lines(
    kind: str,
    lines: Sequence[Line],
    *,
    codable: bool = True,
    hyphens: Hyphens | None = None,
    drop: int = 0,
) -> Block:
    """Return a block of these lines; `drop` characters (a marker) are left out at its start."""
    text, counts = join_lines((line.text for line in lines), hyphens)
    counts[0] = max(0, counts[0] - len(text[:drop].split()))
    spans = _spans(lines, counts)
    return Block(
        kind,
        text[drop:].strip(),
        boxes=boxes_of(spans),
        page_first=lines[0].page,
        page_last=max(line.page for line in lines),
        codable=codable,
        spans=spans,
        notes=tuple(mark for line in lines for mark in line.marks),
    )


def _spans(lines: Sequence[Line], counts: Sequence[int]) -> list[Span]:
    rows = any(line.gaps for line in lines)
    return [
        Span(
            count,
            Box(line.page, round(line.x0, 1), round(line.top, 1), round(line.x1, 1), round(line.bottom, 1)),
            # Rows of cells keep a box each: text beside the table must not fall into it.
            (line.page, -1 - index if rows else line.flow),
            index > 0 and count < len(line.text.split()),
            line.marks,
        )
        for index, (line, count) in enumerate(zip(lines, counts, strict=True))
    ]
