"""From lines to a block: text joined and mended, one rectangle for each column that the lines stand in."""

from __future__ import annotations

from collections.abc import Sequence

from extractors.block import Block
from extractors.lines import Line
from extractors.mend import join_lines
from extractors.types import Box


def boxes_of(lines: Sequence[Line], *, by_line: bool = False) -> list[Box]:
    """Return one box for each run of lines of the same page and column (or for each line: rows of cells), in reading order."""
    runs: list[list[Line]] = []
    for line in lines:
        last = runs[-1][-1] if runs else None
        if by_line or last is None or (last.page, last.flow) != (line.page, line.flow) or line.top < last.top - 0.5 * last.size:
            runs.append([])
        runs[-1].append(line)
    return [
        Box(
            run[0].page,
            round(min(line.x0 for line in run), 1),
            round(min(line.top for line in run), 1),
            round(max(line.x1 for line in run), 1),
            round(max(line.bottom for line in run), 1),
        )
        for run in runs
    ]


def block_of_lines(
    kind: str,
    lines: Sequence[Line],
    *,
    codable: bool = True,
    compounds: frozenset[str] = frozenset(),
    drop: int = 0,
) -> Block:
    """Return a block of these lines; `drop` characters (a marker) are left out at its start."""
    text = join_lines((line.text for line in lines), compounds)[drop:].strip()
    return Block(
        kind,
        text,
        boxes=boxes_of(lines, by_line=any(line.gaps for line in lines)),
        page_first=lines[0].page,
        page_last=max(line.page for line in lines),
        codable=codable,
    )
