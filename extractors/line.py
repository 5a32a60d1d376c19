"""The record of one line of type, as every later step sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
