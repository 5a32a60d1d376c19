"""How a sample PDF looks: fonts, sizes, margins and columns, as the two invented organizations print them. No logic."""

from __future__ import annotations

from dataclasses import dataclass

PAGE_WIDTH, PAGE_HEIGHT = 595.28, 841.89  # A4 in points


@dataclass(frozen=True, slots=True)
class PageStyle:
    """Fonts by name, lengths in points. `head_rule` draws a line under the running head; `number_at_foot` puts the page number below."""

    font: str
    bold: str
    italic: str
    size: float
    leading: float
    left: float
    right: float
    top: float
    bottom: float
    indent: float
    columns: int = 1
    gutter: float = 20.0
    head_rule: bool = False
    number_at_foot: bool = True

    @property
    def column_width(self) -> float:
        """Width of one column of text."""
        return (PAGE_WIDTH - self.left - self.right - self.gutter * (self.columns - 1)) / self.columns

    def column_left(self, column: int) -> float:
        """Left edge of a column, counted from 0."""
        return self.left + column * (self.column_width + self.gutter)


CONCORD = PageStyle("Times-Roman", "Times-Bold", "Times-Italic", 10, 12.4, 116, 86, 84, 96, 28)
LABOUR = PageStyle(
    "Helvetica", "Helvetica-Bold", "Helvetica-Oblique", 9.5, 12.6, 90, 90, 92, 90, 26, head_rule=True, number_at_foot=False
)
TWO_COLUMNS = PageStyle("Times-Roman", "Times-Bold", "Times-Italic", 9.2, 11, 62, 62, 84, 84, 20, columns=2, head_rule=True)
