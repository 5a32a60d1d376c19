"""The record between the lines of a page and the layout of the document."""

from __future__ import annotations

from dataclasses import dataclass, field

from extractors.line import Line
from extractors.page import Rule


@dataclass(slots=True)
class PageLines:
    """The lines of one page with what is needed of the page itself (points)."""

    number: int
    width: float
    height: float
    lines: list[Line]
    rules: list[Rule]
    heads: list[Line] = field(default_factory=list)  # running heads and feet, once they are told from the text
