"""Does a block look like a heading? By its type, its place in the column and its number, not by its words."""

from __future__ import annotations

from collections.abc import Sequence

from extractors.headings import MAX_HEADING_WORDS, is_capitals, section_marker
from extractors.line import Line
from extractors.markers import PARAGRAPH_KINDS, find_marker

_LONG_HEADING = 80  # words of a heading that is set in bold throughout


def looks_head(lines: Sequence[Line], body: float, last_decimal: str) -> bool:
    """True for lines that are set like a heading: bold, larger, in capitals, centred, numbered as sections are, short in italics.

    Args:
        lines: of one block.
        body: type size of the document's text.
        last_decimal: number of the last paragraph ("140.47").
    """
    text = " ".join(line.text for line in lines)
    words = len(text.split())
    if (
        not text
        or words > (_LONG_HEADING if (whole := all(line.bold for line in lines)) else MAX_HEADING_WORDS)
        or len(lines) > (8 if whole else 5)
        or (text[-1] in ".;,:" and not (text[-1] == "." and (words < 4 or _is_short_section(lines, words))))
        or _is_next_decimal(text, words, last_decimal)
    ):
        return False
    if not any(c.isalpha() for c in text) or (sum(c.isalpha() for c in text) < 3):
        return False
    bold, capitals = whole, is_capitals(text)
    larger = lines[0].size > 1.12 * body
    left, right = lines[0].column
    centred = all(
        abs((x.x0 - left) - (right - x.x1)) < 0.06 * (right - left) and x.x0 - left > 0.12 * (right - left) for x in lines
    )
    small = lines[0].size < 0.9 * body
    marker = section_marker(text)
    bare = find_marker(text)
    short = (
        words <= 14
        and lines[-1].x1 < right - 0.15 * (right - left)
        and (bare.rest if bare is not None and bare.kind in PARAGRAPH_KINDS else text)[:1].isupper()
    )
    return (
        bold
        or larger
        or (capitals and words >= 1 and not small)
        or (centred and not small and words <= 20)
        or (marker in ("roman_upper", "letter_upper", "section") and words <= 20 and not small)
        or (all(x.italic for x in lines) and short and not small)
    )


def _is_short_section(lines: Sequence[Line], words: int) -> bool:
    """True for "II. Legal obligations." on a line of its own."""
    left, right = lines[0].column
    marker = section_marker(lines[0].text)
    return marker in ("roman_upper", "section") and words <= 12 and lines[-1].x1 < right - 0.1 * (right - left)


def _is_next_decimal(text: str, words: int, last_decimal: str) -> bool:
    """True for "140.48" after the paragraph 140.47: recommendations are set in bold and end without a full stop."""
    marker = find_marker(text)
    if marker is None or marker.kind != "decimal" or words < 6:
        return False
    head, _, last = marker.value.rpartition(".")
    return last_decimal == f"{head}.{int(last) - 1}"
