"""The record between reading and passages: one heading, paragraph, item, table or note, of any format."""

from __future__ import annotations

from dataclasses import dataclass, field

from extractors.types import Box


@dataclass(slots=True)
class Block:
    """A piece of a document in reading order.

    `kind` is heading, paragraph, list_item, quotation, table, footnote or annex_list. `level` is the depth of a heading (1 is the
    top) or of a list item; `marker` is what was printed in front ("(a)"), `para_no` the number of a numbered paragraph.
    """

    kind: str
    text: str
    level: int = 0
    para_no: str | None = None
    marker: str | None = None
    boxes: list[Box] = field(default_factory=list)
    page_first: int | None = None
    page_last: int | None = None
    codable: bool = True

    @property
    def n_words(self) -> int:
        """Number of words."""
        return len(self.text.split())
