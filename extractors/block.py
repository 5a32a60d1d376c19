"""The record between reading and passages: one heading, paragraph, item, table or note, of any format."""

from __future__ import annotations

from dataclasses import dataclass, field

from extractors.mend import count_words
from extractors.types import Box


@dataclass(frozen=True, slots=True)
class Span:
    """Where words of a text stand: so many words, in this box of one line; spans of one `run` are lines of one column.

    `continues`: the line begins with the rest of a word that is counted with the line before.
    """

    n_words: int
    box: Box
    run: tuple[int, int]
    continues: bool = False
    notes: tuple[str, ...] = ()  # marks of notes in the line


@dataclass(slots=True)
class Block:
    """A piece of a document in reading order.

    `kind` is heading, paragraph, list_item, quotation, table, footnote or annex_list. `level` is the depth of a heading (1 is the
    top) or of a list item; `marker` is what was printed in front ("(a)"; the mark of a footnote), `para_no` the number of a numbered paragraph.
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
    spans: list[Span] = field(default_factory=list)  # in reading order; their words make up `text`
    notes: tuple[str, ...] = ()  # marks of the notes to this text
    aside: bool = False  # of a box beside the text, which the text runs past

    @property
    def n_words(self) -> int:
        """Number of words; two signs count for one in writing without spaces."""
        return count_words(self.text)
