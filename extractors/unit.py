"""The record before a passage, and the least and greatest length of passages (codebook section 2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from extractors.block import Span
from extractors.mend import count_words
from extractors.types import Box

MIN_WORDS = 20
MAX_WORDS = 250


@dataclass(slots=True)
class Unit:
    """A passage before it has an identifier and a language."""

    kind: str
    text: str
    heading_path: tuple[str, ...]
    para_no: str | None = None
    part: int | None = None
    lead_in: str | None = None
    boxes: list[Box] = field(default_factory=list)
    page_first: int | None = None
    page_last: int | None = None
    codable: bool = True
    summary: bool = False
    spans: list[Span] = field(default_factory=list)  # the words of `text` after the lead-in, by line
    notes: tuple[str, ...] = ()

    @property
    def n_words(self) -> int:
        """Number of words, the lead-in included; two signs count for one in writing without spaces."""
        return count_words(self.text)
