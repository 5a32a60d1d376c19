"""Tables of contents set with leaders: which lines of a page belong to one, also entries without leaders, and over pages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from extractors.line import Line

_LEADERS = re.compile(r"(?:\.\s?){5,}|…{2,}|_{6,}")
_PAGE = re.compile(r"\s\d{1,4}$")
_MIN_LEADERS = 3  # lines with leaders on a page; fewer are blanks to be filled in
_BETWEEN = 2  # lines without leaders before one with them
_BETWEEN_KNOWN = 5  # the same where a table of contents is known to be
_TIGHT = 1.6  # type sizes between the lines of one entry


def has_contents(lines: Sequence[Line]) -> bool:
    """True for a page with so many leaders that they are those of a table of contents."""
    return sum(map(_has_leaders, lines)) >= _MIN_LEADERS


def contents_end(lines: Sequence[Line], start: int, *, known: bool) -> int:
    """Return where a stretch of entries ends that begins with the line `start`; `start` where none begins.

    Args:
        lines: of a page that has contents, in reading order.
        start: index of a line.
        known: that the page goes on with a table of contents is known by its heading or by the page before.
    """
    ahead = _BETWEEN_KNOWN if known else _BETWEEN
    if not _has_leaders(lines[start]) and not (known and any(map(_has_leaders, lines[start : start + ahead]))):
        return start
    end = start + 1
    while end < len(lines) and (
        any(map(_has_leaders, lines[end : end + 1 + ahead])) or (known and _is_entry(lines[end - 1], lines[end]))
    ):
        end += 1
    return end


def _has_leaders(line: Line) -> bool:
    return bool(_LEADERS.search(line.text))


def _is_entry(before: Line, line: Line) -> bool:
    """True for a line that ends with the number of a page, or goes on with the entry of the line before."""
    if _PAGE.search(line.text) and line.gaps:
        return True
    follows = bool(_PAGE.search(before.text)) and line.x0 > before.x0 - 2 and line.bottom - before.bottom < _TIGHT * line.size
    return follows and not line.text.endswith((".", ":", ";"))
