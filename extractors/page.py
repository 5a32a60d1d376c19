"""What an engine says of a PDF page: words, ruling lines and frames, in points from the top left corner; and the interface of an engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

_FAR = 30_000.0  # points; the largest page has 14,400 on a side (ISO 32000-1, annex C)


@dataclass(slots=True)
class Word:
    """Characters without white space between them, of one size, standing on `baseline`.

    `raised` marks superscripts; `spaced` says that the file itself (or the engine) puts white space in front.
    """

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    size: float
    baseline: float
    bold: bool = False
    italic: bool = False
    raised: bool = False
    spaced: bool = False
    narrow: bool = False  # the space in front stands in no file and is narrower than spaces are
    leftward: bool = False  # written from right to left


@dataclass(frozen=True, slots=True)
class Rule:
    """A drawn straight line or thin rectangle."""

    x0: float
    top: float
    x1: float
    bottom: float

    @property
    def is_horizontal(self) -> bool:
        """True for a line longer than it is high."""
        return self.x1 - self.x0 > self.bottom - self.top


@dataclass(slots=True)
class RawPage:
    """One page as an engine saw it; page numbers count from 1, width and height in points.

    `scanned`: the page is a picture, and its words are what a program recognized in it.
    """

    number: int
    width: float
    height: float
    words: list[Word] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    frames: list[Rule] = field(default_factory=list)  # drawn rectangles
    scanned: bool = False
    pictured: float = 0.0  # share of the page that pictures cover
    turned: int = 0  # letters and digits that run sideways or upside down in the file and are in no word
    quarters: int = 0  # by which most of them are turned, clockwise

    def leave_out_what_stands_nowhere(self) -> None:
        """Drop words and rules of a damaged file that stand far from any page, or at no number at all."""
        self.words = [word for word in self.words if _is_near(word.x0, word.x1, word.top, word.bottom, word.baseline, word.size)]
        self.rules, self.frames = (
            [rule for rule in drawn if _is_near(rule.x0, rule.x1, rule.top, rule.bottom)] for drawn in (self.rules, self.frames)
        )
        self.width, self.height = (side if _is_near(side) else 0.0 for side in (self.width, self.height))


def _is_near(*places: float) -> bool:
    return all(-_FAR < place < _FAR for place in places)  # which "not a number" is not


class Engine(Protocol):
    """A reader of PDF pages. It holds one page at a time."""

    def page_count(self) -> int:
        """Return the number of pages."""
        ...

    def pages(self) -> Iterator[RawPage]:
        """Yield the pages in order."""
        ...

    def page(self, number: int) -> RawPage:
        """Return one page, counted from 1."""
        ...

    def upright(self, number: int, quarters: int) -> RawPage | None:
        """Return a page turned by so many quarters against the clock; None where the engine does not turn pages, or not this one."""
        ...

    def close(self) -> None:
        """Release the file."""
        ...
