"""Pages whose text runs sideways or upside down: they are read turned upright, and what is found has its place on the page as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from extractors.types import Box, Passage


@dataclass(frozen=True, slots=True)
class Turn:
    """By how many quarters, clockwise, the text of a page is turned (1, 2 or 3), and the sides of the page as it is, in points."""

    quarters: int
    width: float
    height: float

    def on_page(self, box: Box) -> Box:
        """Return a box of the page turned upright where it stands on the page as it is."""
        width, height = self.width, self.height
        if self.quarters == 1:
            return Box(box.page, width - box.bottom, box.x0, width - box.top, box.x1)
        if self.quarters == 2:
            return Box(box.page, width - box.x1, height - box.bottom, width - box.x0, height - box.top)
        return Box(box.page, box.top, height - box.x1, box.bottom, height - box.x0)

    def upright(self, box: Box) -> Box:
        """Return a box of the page as it is where it stands on the page turned upright: the turn that is left to a whole one."""
        sides = (self.width, self.height) if self.quarters == 2 else (self.height, self.width)
        return Turn(4 - self.quarters, *sides).on_page(box)


def placed(passage: Passage, turns: Mapping[int, Turn]) -> Passage:
    """Return a passage with its boxes on the pages as they are.

    Args:
        passage: its boxes on turned pages are those of the page turned upright.
        turns: by page number.
    """
    if not any(box.page in turns for box in passage.boxes):
        return passage
    boxes = (turns[box.page].on_page(box) if box.page in turns else box for box in passage.boxes)
    return replace(passage, boxes=tuple(_rounded(box) for box in boxes))


def _rounded(box: Box) -> Box:
    return Box(box.page, *(round(side, 1) for side in (box.x0, box.top, box.x1, box.bottom)))


def upright_matrix(
    quarters: int, left: float, bottom: float, right: float, top: float
) -> tuple[float, float, float, float, float, float]:
    """Return the matrix (ISO 32000-1, 8.3.3) that turns what stands on a page upright, the new page's corner at 0, 0.

    Args:
        quarters: by which the text is turned clockwise, 1 to 3.
        left: edge of the page in the file's coordinates, as the three others.
        bottom: its lower edge.
        right: its right edge.
        top: its upper edge.
    """
    if quarters == 1:
        return 0, 1, -1, 0, top, -left
    if quarters == 2:
        return -1, 0, 0, -1, right, top
    return 0, -1, 1, 0, -bottom, right
