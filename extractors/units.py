"""Blocks become passages by the unit rules of the codebook, section 2.

20 to 250 words; shorter blocks join the next under the same heading; longer ones are cut at sentence ends; long list items stand
alone with their lead-in in front, short ones stay with their paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from extractors.block import Block, Span
from extractors.boxes import boxes_of
from extractors.headings import has_recommendations, is_annex, is_contents, is_summary
from extractors.mend import count_words, normal_form
from extractors.types import Box

MIN_WORDS = 20
MAX_WORDS = 250
_TABLE_NOTE = re.compile(r"(?:[a-z]|\*+|\([a-z]\)|Note|Source|Abbreviations?)[\s:.]+\S")
_TABLE_LABEL = re.compile(
    r"(?:Table|Tableau|Cuadro|Tabla|Quadro|Tabela|Таблица)\s+(?:\d{1,3}(?:\.\d{1,2})?|[IVX]{1,5}|[A-Z]\.?\d*)(?:$|[\s.:–—])"
)
_ABBREVIATIONS = re.compile(r"(?:Abbreviations?|Abréviations?|Abreviaturas|Siglas)\s?:")
_UNCODED = ("table", "footnote", "annex_list")
_SENTENCE_END = re.compile(r"(?<=[.!?;:…。؟])[\"'”’»)\]]*\s+(?=[^\sa-zà-ÿа-я])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|No|Nos|Art|art|arts|para|paras|vol|pp?|cf|Cf|e\.g|i\.e|etc|Inc|Ltd|Sr|Sra|M|Mme|Rev|Add|Corr|Sect|al|vs?|U\.S|U\.N))\.$"
)


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


@dataclass(slots=True)
class _Node:
    block: Block
    children: list[_Node] = field(default_factory=list)

    def words(self) -> int:
        return self.block.n_words + sum(child.words() for child in self.children)


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
    for section in _sections(map(_labelled, blocks)):
        open_nodes: list[_Node] = []
        for block in _captioned(section):
            if block.kind == "heading":
                while path and path[-1][0] >= block.level:
                    path.pop()
                # A title printed on the cover and again above the text is one title.
                if normal_form(block.text) not in {normal_form(title) for _, title in path}:
                    path.append((block.level, block.text))
            elif (
                block.kind == "list_item"
                and (last := _last_of_text(open_nodes, block.aside)) is not None
                and last.block.kind in ("paragraph", "list_item")
            ):
                _attach(last, block, open_nodes)
            else:
                open_nodes.append(_Node(block))
        titles = tuple(title for _, title in path)
        for unit in _join_short([unit for node in open_nodes for unit in _emit(node, "", titles)]):
            tally.count(unit)
            yield from _cut(unit)


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


def _in_summary(titles: Sequence[str]) -> bool:
    """True below the heading of a summary, and at most one heading further down: what is deeper is another text, its end was missed."""
    if any(has_recommendations(title) or is_annex(title) for title in titles):
        return False
    return any(is_summary(title) for title in titles[-2:])


def _labelled(block: Block) -> Block:
    """Return a block, as part of a table where it is the label of one, and as a note where it explains abbreviations."""
    if block.kind in ("heading", "paragraph") and _TABLE_LABEL.match(block.text) and _is_caption(block):
        return replace(block, kind="table", codable=False)
    if block.kind == "paragraph" and block.para_no is None and _ABBREVIATIONS.match(block.text):
        return replace(block, kind="footnote", codable=False)
    return block


def _captioned(result: list[Block]) -> list[Block]:
    """Return the blocks of a section, in it marked what belongs to a table: short lines without a full stop before it, a note below."""
    for index, block in enumerate(result):
        abbreviations = block.kind == "footnote" and bool(_ABBREVIATIONS.match(block.text))
        if block.kind != "table" and not abbreviations:
            continue
        before = index - 1
        while not abbreviations and before >= 0 and _is_caption_at(result, before):
            result[before] = replace(result[before], kind="table", codable=False)
            before -= 1
        for after in range(index + 1, len(result)):
            note = result[after]
            if note.kind == "paragraph" and note.n_words < MIN_WORDS and _TABLE_NOTE.match(note.text):
                result[after] = replace(note, kind="footnote", codable=False)
            elif note.kind != "footnote":
                break
    return result


def _is_caption_at(blocks: Sequence[Block], index: int) -> bool:
    """True for a caption, and for a short line below the label of a table, whatever it ends with."""
    block = blocks[index]
    if block.kind != "paragraph":
        return False
    below_label = index > 0 and bool(_TABLE_LABEL.fullmatch(blocks[index - 1].text))
    return _is_caption(block) or (below_label and block.para_no is None and block.n_words < MIN_WORDS)


def _is_caption(block: Block) -> bool:
    return block.para_no is None and block.n_words < MIN_WORDS and block.text[-1:] not in ".:;?!,"


def _last_of_text(nodes: Sequence[_Node], aside: bool) -> _Node | None:
    """Return the last node of the text, or of the same box: notes and boxes at the foot of a page interrupt no list."""
    for node in reversed(nodes):
        if node.block.kind == "footnote":
            continue
        if node.block.aside == aside:
            return node
        if aside:
            return None  # a box takes nothing from the text beside it
    return None


def _attach(last: _Node, block: Block, roots: list[_Node]) -> None:
    """Hang an item below the paragraph or the item that it belongs to."""
    if not last.block.codable or (last.block.kind == "list_item" and last.block.level >= block.level):
        roots.append(_Node(block))
        return
    parent = last
    while parent.children and parent.children[-1].block.level < block.level:
        parent = parent.children[-1]
    parent.children.append(_Node(block))


def _emit(node: _Node, lead: str, titles: tuple[str, ...], above: str | None = None) -> list[Unit]:
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
            alone.extend(_emit(child, lead_below, titles, para_no))
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


def _flat(node: _Node) -> list[Block]:
    return [node.block, *(block for child in node.children for block in _flat(child))]


def _lead_in(text: str) -> str:
    """Return the last sentence of a paragraph that ends in a colon or dash, or without a full stop; else nothing."""
    if not text or text[-1] in ".!?;…":
        return ""
    return sentences(text)[-1]


def _join_short(group: list[Unit]) -> list[Unit]:
    """Join units under the minimum to the next one under the same heading (to the one before at the end)."""
    result: list[Unit] = []
    waiting: Unit | None = None
    for unit in group:
        if not _joinable(unit):
            # Text before and after a table, or before and after its own items, is not one text.
            if waiting is not None and unit.kind == "table":
                _put_last(result, waiting)
                waiting = None
            elif waiting is not None and unit.lead_in is not None:
                result.append(waiting)
                waiting = None
            result.append(unit)
            continue
        if waiting is not None:
            unit = _joined(waiting, unit)
            waiting = None
        if unit.n_words < MIN_WORDS:
            waiting = unit
        else:
            result.append(unit)
    if waiting is not None:
        _put_last(result, waiting)
    return result


def _put_last(result: list[Unit], short: Unit) -> None:
    """Join a short unit that no text follows to the one before; where that is none, or too long, it stands alone."""
    before = result[-1] if result and _joinable(result[-1]) else None
    if before is not None and before.n_words + short.n_words <= MAX_WORDS:
        result[-1] = _joined(before, short)
    else:
        result.append(short)


def _joinable(unit: Unit) -> bool:
    return unit.codable and unit.lead_in is None


def _joined(first: Unit, second: Unit) -> Unit:
    numbers = [n for n in (first.para_no, second.para_no) if n]
    return Unit(
        second.kind if second.kind == first.kind else "paragraph",
        f"{first.text} {second.text}",
        first.heading_path,
        "–".join((numbers[0].split("–")[0], numbers[-1].split("–")[-1])) if len(numbers) == 2 else next(iter(numbers), None),
        None,
        None,
        first.boxes + second.boxes,
        first.page_first,
        second.page_last if second.page_last is not None else first.page_last,
        True,
        first.summary,
        first.spans + second.spans,
        first.notes + second.notes,
    )


def sentences(text: str) -> list[str]:
    """Cut a text at sentence ends; abbreviations and initials do not end one."""
    result: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        piece = text[start : match.end()].strip()
        if not _ABBREVIATION.search(piece):
            result.append(piece)
            start = match.end()
    result.append(text[start:].strip())
    return [piece for piece in result if piece]


def _cut(unit: Unit) -> list[Unit]:
    """Cut a unit over the maximum at sentence ends into numbered parts of like length; a longer sentence is cut between words."""
    if len(unit.text.split()) <= MAX_WORDS or not unit.codable:  # without spaces there is no place to cut
        return [unit]
    lead = unit.lead_in or ""
    room = MAX_WORDS - len(lead.split()) if len(lead.split()) <= MAX_WORDS // 2 else MAX_WORDS
    body = unit.text[len(lead) :].strip() if room < MAX_WORDS else unit.text
    pieces: list[list[str]] = []
    for sentence in sentences(body):
        words = sentence.split()
        pieces.extend(words[i : i + room] for i in range(0, len(words), room))
    n_parts = -(-sum(map(len, pieces)) // room)
    aim = -(-sum(map(len, pieces)) // n_parts)
    parts: list[list[str]] = [[]]
    for piece in pieces:
        if parts[-1] and (len(parts[-1]) + len(piece) > room or len(parts[-1]) + len(piece) / 2 > aim):
            parts.append([])
        parts[-1].extend(piece)
    if len(parts) > 1 and len(parts[-1]) < MIN_WORDS and len(parts[-1]) + len(parts[-2]) <= room:
        parts[-2].extend(parts.pop())
    result = []
    start = 0 if room < MAX_WORDS else -len(lead.split())
    for number, words in enumerate(parts, 1):
        text = " ".join(words)
        spans = _between(unit.spans, start, start + len(words))
        start += len(words)
        result.append(
            Unit(
                unit.kind,
                f"{lead} {text}".strip() if room < MAX_WORDS else text,
                unit.heading_path,
                unit.para_no,
                number if len(parts) > 1 else None,
                unit.lead_in if room < MAX_WORDS else None,
                boxes_of(spans) if spans else list(unit.boxes),
                spans[0].box.page if spans else unit.page_first,
                max(span.box.page for span in spans) if spans else unit.page_last,
                unit.codable,
                unit.summary,
                spans,
                tuple(mark for span in spans for mark in span.notes) if spans else unit.notes,
            )
        )
    return result


def _between(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """Return the spans that hold any of the words from `start` up to `end`."""
    result = []
    position = 0
    for span in spans:
        if (position < end and position + span.n_words > max(start, position)) or (span.continues and start < position <= end):
            result.append(span)
        position += span.n_words
    return result
