"""The running numbers of paragraphs, and lists inside a paragraph that are numbered anew: 70, its items 1 to 13, then 71."""

from __future__ import annotations

from extractors.line import Line
from extractors.markers import Marker

NUMBERED_ITEM_DEPTH = 0  # above "(a)", which may stand inside an item
_SET_IN = 8.0  # points by which an item stands further in than its paragraph
_NEAR = 4.0  # points between the margins of items of one list


class ParagraphSequence:
    """Tells the items of a numbered list from numbered paragraphs, by the running number and the margin."""

    def __init__(self) -> None:
        self.last: int | None = None
        self._margin = 0.0
        self._leads_in = False
        self._item: int | None = None
        self._item_margin = 0.0
        self._under_heading = True

    @property
    def item_number(self) -> int | None:
        """Number of the last item of the list inside the paragraph, None outside of a list."""
        return self._item

    def is_item(self, marker: Marker, line: Line) -> bool:
        """True when a number starts or continues a list inside the paragraph of the running number.

        Args:
            marker: of kind number.
            line: the line that begins with it.
        """
        number = int(marker.value)
        if self.last is None or self._under_heading:
            return False
        if self._item is None:
            set_in = line.x0 - line.column[0] > self._margin + _SET_IN
            return number == 1 and self.last != 0 and (self._leads_in or set_in)
        if number != self._item + 1:
            return False
        if number != self.last + 1:
            return True
        return abs(line.x0 - line.column[0] - self._item_margin) < _NEAR < abs(self._item_margin - self._margin)

    def paragraph(self, marker: Marker, line: Line, text: str) -> None:
        """Take note of a numbered paragraph."""
        self.last = int(marker.value)
        self._margin = line.x0 - line.column[0]
        self._leads_in = text.endswith(":")
        self._item, self._under_heading = None, False

    def item(self, marker: Marker, line: Line) -> None:
        """Take note of an item of its list."""
        self._item = int(marker.value)
        if self._item == 1:
            self._item_margin = line.x0 - line.column[0]

    def heading(self, is_annex: bool) -> None:
        """Take note of a heading: no list goes on below it, and an annex numbers its paragraphs anew."""
        self._item, self._under_heading = None, True
        if is_annex:
            self.last = None
