"""Boxes beside the text: a drawn frame with a few lines in it, while the text of the page runs on next to it.

Their lines share baselines with those of the text; read row by row the two would look like the cells of a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from extractors.page import RawPage, Rule, Word

Piece = list[Word]

_SAME = 4.0  # points between edges that are one
_NARROWEST, _WIDEST = 0.12, 0.68  # of the text's width
_MIN_ROWS = 2  # of a box, and of the text beside it
_MIN_WORDS = 6
_FILLED = 0.5  # of the room: lines of prose, which cells mostly are not
_MOST = 200  # rules and frames of a page that can be a drawing of boxes and no chart


def framed(pieces: Sequence[Piece], page: RawPage) -> list[list[Piece]]:
    """Return the pieces of lines in each box beside the text, from top to bottom.

    Args:
        pieces: of the lines of the page, cut at wide gaps.
        page: its rules and frames.
    """
    if not pieces or len(page.frames) > _MOST or len(page.rules) > _MOST:
        return []
    left, right = min(piece[0].x0 for piece in pieces), max(_end(piece) for piece in pieces)
    frames = [
        frame
        for frame in _single([*page.frames, *_of_rules(page.rules)])
        if _NARROWEST * (right - left) < frame.x1 - frame.x0 < _WIDEST * (right - left)
    ]
    result = []
    for frame in sorted(frames, key=lambda frame: frame.top):
        inside = [piece for piece in pieces if _holds(frame, piece)]
        apart = not any(_touch(frame, other) for other in frames if other is not frame)
        if (
            apart
            and not _ruled(frame, page.rules)
            and _is_prose(inside, frame.x1 - frame.x0)
            and _has_text_beside(frame, pieces, left, right)
        ):
            result.append(inside)
    return result


def _end(piece: Piece) -> float:
    return max(word.x1 for word in piece)


def _holds(frame: Rule, piece: Piece) -> bool:
    upright = frame.top - 1 < piece[0].baseline < frame.bottom + 1
    return upright and piece[0].x0 > frame.x0 - 1 and _end(piece) < frame.x1 + 1


def _touch(one: Rule, other: Rule) -> bool:
    return (
        one.x0 < other.x1 + _SAME
        and other.x0 < one.x1 + _SAME
        and one.top < other.bottom + _SAME
        and other.top < one.bottom + _SAME
    )


def _single(frames: Sequence[Rule]) -> list[Rule]:
    """Return the frames without those that are another's shadow, double line or filling."""
    result: list[Rule] = []
    for frame in sorted(frames, key=lambda frame: (frame.x1 - frame.x0) * (frame.bottom - frame.top), reverse=True):
        sides = (frame.x0, frame.top, frame.x1, frame.bottom)
        if not any(
            all(abs(a - b) < 2 * _SAME for a, b in zip(sides, (one.x0, one.top, one.x1, one.bottom), strict=True))
            for one in result
        ):
            result.append(frame)
    return result


def _of_rules(rules: Sequence[Rule]) -> list[Rule]:
    """Return the rectangles that four single rules make."""
    across = sorted((rule for rule in rules if rule.is_horizontal), key=lambda rule: rule.top)
    down = [rule for rule in rules if not rule.is_horizontal]
    result = []
    for index, upper in enumerate(across):
        lower = next((rule for rule in across[index + 1 :] if _alike(rule, upper) and rule.top - upper.top > 2 * _SAME), None)
        if lower is None:
            continue
        sides = [
            any(abs(rule.x0 - x) < _SAME and rule.top < upper.top + _SAME and rule.bottom > lower.top - _SAME for rule in down)
            for x in (upper.x0, upper.x1)
        ]
        if all(sides):
            result.append(Rule(upper.x0, upper.top, upper.x1, lower.bottom))
    return result


def _alike(one: Rule, other: Rule) -> bool:
    return abs(one.x0 - other.x0) < _SAME and abs(one.x1 - other.x1) < _SAME


def _ruled(frame: Rule, rules: Sequence[Rule]) -> bool:
    """True where lines are drawn through a frame, or on from its edges: a table."""
    return any(
        _touch(frame, rule)
        and not (
            (
                rule.is_horizontal
                and min(abs(rule.top - frame.top), abs(rule.bottom - frame.bottom)) < _SAME
                and _alike(rule, frame)
            )
            or (
                not rule.is_horizontal
                and min(abs(rule.x0 - frame.x0), abs(rule.x1 - frame.x1)) < _SAME
                and rule.bottom < frame.bottom + _SAME
            )
        )
        for rule in rules
    )


def _rows(pieces: Sequence[Piece]) -> dict[int, list[Piece]]:
    rows: dict[int, list[Piece]] = {}
    for piece in sorted(pieces, key=lambda piece: piece[0].baseline):
        near = next((key for key in reversed(rows) if abs(rows[key][0][0].baseline - piece[0].baseline) < 2), len(rows))
        rows.setdefault(near, []).append(piece)
    return rows


def _is_prose(pieces: Sequence[Piece], width: float) -> bool:
    rows = _rows(pieces)
    if len(rows) < _MIN_ROWS or sum(map(len, pieces)) < _MIN_WORDS or len(rows) < len(pieces):
        return False
    return median(_end(piece) - piece[0].x0 for piece in pieces) > _FILLED * width


def _has_text_beside(frame: Rule, pieces: Sequence[Piece], left: float, right: float) -> bool:
    """True where lines fill the room on one side of a frame, and none runs through it."""
    beside = [piece for piece in pieces if frame.top < piece[0].baseline < frame.bottom and not _holds(frame, piece)]
    if any(piece[0].x0 < frame.x1 and _end(piece) > frame.x0 for piece in beside):
        return False
    for room, side in (
        (frame.x0 - left, [piece for piece in beside if _end(piece) <= frame.x0]),
        (right - frame.x1, [piece for piece in beside if piece[0].x0 >= frame.x1]),
    ):
        full = sum(_end(piece) - piece[0].x0 > _FILLED * room for piece in side)
        if full >= max(_MIN_ROWS, 0.6 * len(side)):
            return True
    return False
