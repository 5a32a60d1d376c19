"""Items of lists hang below what leads in to them: long ones stand alone with their lead-in in front, short ones stay with their paragraph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from extractors.block import Block, Span
from extractors.headings import has_recommendations, is_annex, is_contents, is_summary
from extractors.sentences import sentences
from extractors.unit import MIN_WORDS, Unit

_UNCODED = ("table", "footnote", "annex_list")


@dataclass(slots=True)
class Node:
    """A paragraph or item and what hangs below it."""

    block: Block
    children: list[Node] = field(default_factory=list)

    def words(self) -> int:
        """Return the number of words of the block and of all below it."""
        return self.block.n_words + sum(child.words() for child in self.children)


def _in_summary(titles: Sequence[str]) -> bool:
    """True below the heading of a summary, and at most one heading further down: what is deeper is another text, its end was missed."""
    if any(has_recommendations(title) or is_annex(title) for title in titles):
        return False
    return any(is_summary(title) for title in titles[-2:])


def last_of_text(nodes: Sequence[Node], aside: bool) -> Node | None:
    """Return the last node of the text, or of the same box: notes and boxes at the foot of a page interrupt no list."""
    for node in reversed(nodes):
        if node.block.kind == "footnote":
            continue
        if node.block.aside == aside:
            return node
        if aside:
            return None  # a box takes nothing from the text beside it
    return None


def attach(last: Node, block: Block, roots: list[Node]) -> None:
    """Hang an item below the paragraph or the item that it belongs to."""
    if not last.block.codable or (last.block.kind == "list_item" and last.block.level >= block.level):
        roots.append(Node(block))
        return
    parent = last
    while parent.children and parent.children[-1].block.level < block.level:
        parent = parent.children[-1]
    parent.children.append(Node(block))


def units_of_node(node: Node, lead: str, titles: tuple[str, ...], above: str | None = None) -> list[Unit]:
    """Return the passages that a paragraph with its items makes, before short ones are joined and long ones cut.

    Args:
        node: the paragraph or item.
        lead: the lead-in that stands in front of it, empty for a paragraph.
        titles: the headings above it.
        above: number of the paragraph to which an item belongs.
    """
    block = node.block
    para_no = block.para_no
    if block.kind == "list_item" and block.marker and any(c.isalnum() for c in block.marker):
        marker = f"({block.marker[:-1]})" if block.marker[:-1].isdigit() else block.marker
        para_no = f"{above} {marker}" if above else marker
    elif block.kind == "footnote":
        para_no = block.marker
    own = Unit(
        block.kind,
        f"{lead} {block.text}".strip(),
        titles,
        para_no,
        None,
        lead or None,
        list(block.boxes),
        block.page_first,
        block.page_last,
        block.codable and block.kind not in _UNCODED,
        _in_summary(titles),
        list(block.spans),
        block.notes,
    )
    if any(is_contents(title) for title in titles[-1:]):
        own.codable = False
    if (
        (
            titles
            and any(is_annex(title) for title in titles)
            and block.kind in ("paragraph", "list_item")
            and block.n_words < MIN_WORDS
        )
        and not block.text.endswith((".", ":", ";", "?"))
        and not node.children
    ):
        own.kind, own.codable = "annex_list", False
    lead_below = f"{lead} {_lead_in(block.text)}".strip() if node.children else ""
    alone: list[Unit] = []
    for child in node.children:
        if child.words() >= MIN_WORDS:
            alone.extend(units_of_node(child, lead_below, titles, para_no))
        else:
            for piece in _flat(child):
                own.text = f"{own.text} {piece.marker + ' ' if piece.marker else ''}{piece.text}"
                own.boxes.extend(piece.boxes)
                own.notes += piece.notes
                own.spans.extend(_with_marker(piece))
                own.page_last = piece.page_last if piece.page_last is not None else own.page_last
    # A paragraph that is nothing but the lead-in stands in front of every item already.
    only_leads_in = alone and own.text == f"{lead} {block.text}".strip() == lead_below
    return alone if only_leads_in else [own, *alone]


def _with_marker(piece: Block) -> list[Span]:
    """Return the spans of a short item, its printed marker counted with its first line."""
    if not piece.spans:
        return []
    first = piece.spans[0]
    return [replace(first, n_words=first.n_words + len((piece.marker or "").split())), *piece.spans[1:]]


def _flat(node: Node) -> list[Block]:
    return [node.block, *(block for child in node.children for block in _flat(child))]


def _lead_in(text: str) -> str:
    """Return the last sentence of a paragraph that ends in a colon or dash, or without a full stop; else nothing."""
    if not text or text[-1] in ".!?;…":
        return ""
    return sentences(text)[-1]
