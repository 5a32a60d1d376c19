"""Footnotes of a page: small type at the foot, below a short rule or beginning with a mark; type of any size with a mark below a rule."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from extractors.block import Block
from extractors.boxes import block_of_lines
from extractors.line import Line
from extractors.mend import Hyphens
from extractors.page import Rule

_MARK = re.compile(
    r"^(?:(?:\d{1,3}|[a-z])/|\([a-z0-9]{1,3}\)|\d{1,3}(?=[ .)\t]|[^\W\d])|[*†‡§]{1,4}|[a-z](?=[.) ]\s*[A-Z“\"]))[ .\t)]*\s*(?=\S)"
)
_DRAWN_BY_TYPE = re.compile(r"^[_—–-]{5,}$")
_SMALL = 0.95
_SHORTEST_RULE = 20  # points
_ROW_GAPS = 2  # wide gaps in a row of a table; a note has none
_ROW_SHARE = 0.2


def footnote_lines(lines: Sequence[Line], rules: Sequence[Rule], body_size: float, height: float) -> list[Line]:
    """Return the lines of a page that belong to footnotes, in reading order.

    Args:
        lines: the page's lines without furniture.
        rules: ruling lines of the page.
        body_size: type size of the document's text, points.
        height: of the page, points.
    """
    result: list[Line] = []
    for column in {line.column for line in lines}:
        own = sorted((line for line in lines if line.column == column), key=lambda line: line.top)
        drawn = [index for index, line in enumerate(own) if _DRAWN_BY_TYPE.match(line.text) and line.top > 0.4 * height]
        if drawn and drawn[-1] + 1 < len(own) and _starts_note(own[drawn[-1] + 1]):
            # Notes in the type of the text below a rule of underscores, as typists drew it.
            result.extend(line for line in own[drawn[-1] + 1 :])
            continue
        if (ruled := _below_drawn_rule(own, rules, height)) is not None:
            result.extend(own[ruled:])
            continue
        start = len(own)
        while start and own[start - 1].size < _SMALL * body_size and not _DRAWN_BY_TYPE.match(own[start - 1].text):
            start -= 1
        tail = own[start:]
        if not tail or tail[-1].bottom < 0.5 * height:
            continue
        below_rule = (start and _DRAWN_BY_TYPE.match(own[start - 1].text)) or any(
            rule.is_horizontal
            and _SHORTEST_RULE < rule.x1 - rule.x0 < 0.45 * (column[1] - column[0]) + 30
            and tail[0].top - 25 < rule.top < tail[0].top + 4
            for rule in rules
        )
        first = next((i for i, line in enumerate(tail) if _starts_note(line)), None)
        if below_rule:
            result.extend(tail)
        elif first is not None and len(tail) < len(own) and not _are_rows(tail[first:]):
            result.extend(tail[first:])
    chosen = {id(line) for line in result}
    return [line for line in lines if id(line) in chosen]


def _below_drawn_rule(own: Sequence[Line], rules: Sequence[Rule], height: float) -> int | None:
    """Return the index of the first line that begins with a raised mark directly below a short rule, None where there is none."""
    for index, line in enumerate(own):
        left, right = line.column
        if (
            index
            and line.starts_raised
            and line.top > 0.4 * height
            and any(
                rule.is_horizontal
                and _SHORTEST_RULE < rule.x1 - rule.x0 < 0.45 * (right - left) + 30
                and left - 5 < rule.x0
                and rule.x1 < right + 5
                and own[index - 1].bottom - 4 < rule.top < line.top + 4
                and line.top - 25 < rule.top
                for rule in rules
            )
        ):
            return index
    return None


def _are_rows(lines: Sequence[Line]) -> bool:
    """True for the numbered rows of a table in small type with which a page ends."""
    return sum(line.gaps >= _ROW_GAPS for line in lines) >= max(2, _ROW_SHARE * len(lines))


def is_drawn_by_type(line: Line) -> bool:
    """True for a rule made of underscores or dashes."""
    return bool(_DRAWN_BY_TYPE.match(line.text))


def footnote_blocks(lines: Sequence[Line], hyphens: Hyphens | None = None) -> list[Block]:
    """Return one block a note; a note without a mark continues the one before."""
    groups: list[list[Line]] = []
    last: int | None = None
    for line in lines:
        number = _number(line)
        # A line that begins with a date or a page continues a note; the next note has the next number.
        if not groups or (_starts_note(line) and (line.starts_raised or None in (number, last) or number == (last or 0) + 1)):
            groups.append([])
            last = number if number is not None else last
        groups[-1].append(line)
    return [note_of_lines(group, hyphens) for group in groups]


def note_of_lines(lines: Sequence[Line], hyphens: Hyphens | None = None) -> Block:
    """Return a note, its mark apart from its text."""
    block = block_of_lines("footnote", lines, codable=False, hyphens=hyphens)
    if lines[0].starts_raised and lines[0].marks:
        block.marker, block.notes = lines[0].marks[0], block.notes[1:]
    elif match := _MARK.match(block.text):
        block.marker = match.group().strip().strip("().").rstrip("/")
        block.text = block.text[match.end() :]
        if block.spans and not lines[0].text.startswith(block.text[:1]):
            first = block.spans[0]
            block.spans[0] = replace(first, n_words=max(0, first.n_words - len(match.group().split())))
    return block


def _number(line: Line) -> int | None:
    """Return the number of the mark with which a line begins, None where it is no number."""
    mark = line.marks[0] if line.starts_raised and line.marks else ""
    if not mark and (match := _MARK.match(line.text)):
        mark = match.group().strip(" ./()\t")
    return int(mark) if mark.isdigit() else None


def _starts_note(line: Line) -> bool:
    return line.starts_raised or bool(_MARK.match(line.text))
