"""Where ruled tables stand on a page, told by rules and pieces of lines alone, before its columns are looked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from extractors.page import Rule, Word

Piece = list[Word]

_MAX_RULES = 1500
_HEADER = 90.0  # points; the highest header
_WIDE = 0.5  # of the text's width: shorter rules are those of notes and of single columns
_NEAR = 6.0  # points between edges that are one


@dataclass(frozen=True, slots=True)
class RuledTable:
    """A table below a ruled header: its frame, and where the columns after the first begin."""

    x0: float
    top: float
    x1: float
    bottom: float
    cells: tuple[float, ...]

    def holds(self, piece: Piece) -> bool:
        """True for a piece of a line inside the frame."""
        inside = self.top - 2 < piece[0].baseline < self.bottom + 2
        return inside and piece[0].x0 > self.x0 - _NEAR and piece[-1].x1 < self.x1 + _NEAR


def ruled_tables(pieces: Sequence[Piece], rules: Sequence[Rule], width: float, bottom: float) -> list[RuledTable]:
    """Return the tables of a page, from top to bottom.

    A header stands between two rules of like width and has pieces beside one another; a third rule closes the table, or the foot of
    the page does.

    Args:
        pieces: of the lines of the page, cut at wide gaps.
        rules: its ruling lines.
        width: of the text.
        bottom: of the page, points.
    """
    if not 2 <= len(rules) <= _MAX_RULES:
        return []
    levels = sorted((rule for rule in rules if rule.x1 - rule.x0 > _WIDE * width), key=lambda rule: rule.top)
    result: list[RuledTable] = []
    for index, (first, second) in enumerate(pairwise(levels)):
        if not (4 < second.top - first.top < _HEADER and _alike(first, second)):
            continue
        if result and first.top < result[-1].bottom - 4:
            continue
        cells = _cells([piece for piece in pieces if first.top < piece[0].baseline < second.top + 2])
        if cells:
            below = next((rule.bottom for rule in levels[index + 2 :] if _alike(second, rule)), bottom)
            result.append(RuledTable(first.x0, first.top, first.x1, below, cells))
    return result


def _alike(first: Rule, second: Rule) -> bool:
    return abs(first.x0 - second.x0) < _NEAR and abs(first.x1 - second.x1) < _NEAR


def _cells(header: Sequence[Piece]) -> tuple[float, ...]:
    """Return the left edges of the pieces that stand beside another one on the left."""
    return tuple(
        piece[0].x0
        for piece in header
        if any(other[-1].x1 < piece[0].x0 - piece[0].size and abs(other[0].baseline - piece[0].baseline) < 2 for other in header)
    )
