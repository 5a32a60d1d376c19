"""Blocks become passages by the unit rules of the codebook, section 2.

20 to 250 words; shorter blocks join the next under the same heading; longer ones are cut at sentence ends; long list items stand
alone with their lead-in in front, short ones stay with their paragraph.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from extractors.block import Block
from extractors.captions import captioned, labelled
from extractors.items import Node, attach, last_of_text, units_of_node
from extractors.mend import normal_form
from extractors.unit import Unit
from extractors.unit_lengths import cut, join_short


@dataclass(slots=True)
class SummaryTally:
    """Words of coded passages, and those of them below the heading of a summary."""

    coded: int = 0
    summary: int = 0

    def count(self, unit: Unit) -> None:
        """Add a passage."""
        if unit.codable:
            words = unit.n_words
            self.coded += words
            self.summary += words if unit.summary else 0

    def is_misread(self) -> bool:
        """True where summaries hold more than half of the words: then the depth of headings was misread, and none is a summary."""
        return self.summary > self.coded / 2


def units_of(blocks: Iterable[Block]) -> list[Unit]:
    """Return the passages of a document, in reading order.

    Headings give the path and are no passages; a heading under which nothing stands remains in the paths of its children only.
    """
    tally = SummaryTally()
    units = list(units_in_order(blocks, tally))
    if tally.is_misread():
        for unit in units:
            unit.summary = False
    return units


def units_in_order(blocks: Iterable[Block], tally: SummaryTally) -> Iterator[Unit]:
    """Yield the same as `units_of`, one section at a time; whether the marks of summaries hold is known from `tally` at the end."""
    path: list[tuple[int, str]] = []
    for section in _sections(map(labelled, blocks)):
        open_nodes: list[Node] = []
        for block in captioned(section):
            if block.kind == "heading":
                while path and path[-1][0] >= block.level:
                    path.pop()
                # A title printed on the cover and again above the text is one title.
                if normal_form(block.text) not in {normal_form(title) for _, title in path}:
                    path.append((block.level, block.text))
            elif (
                block.kind == "list_item"
                and (last := last_of_text(open_nodes, block.aside)) is not None
                and last.block.kind in ("paragraph", "list_item")
            ):
                attach(last, block, open_nodes)
            else:
                open_nodes.append(Node(block))
        titles = tuple(title for _, title in path)
        for unit in join_short([unit for node in open_nodes for unit in units_of_node(node, "", titles)]):
            tally.count(unit)
            yield from cut(unit)


def _sections(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    """Yield the blocks from one heading up to the next."""
    section: list[Block] = []
    for block in blocks:
        if block.kind == "heading" and section:
            yield section
            section = []
        section.append(block)
    if section:
        yield section
