"""Lines of a PDF become blocks: headings, numbered and unnumbered paragraphs over page and column breaks, items, tables, notes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from extractors.block import Block
from extractors.boxes import block_of_lines
from extractors.contents import contents_end, has_contents
from extractors.cover import with_cover
from extractors.figures import figure_end, is_figure_label, is_label, is_numbers
from extractors.footnotes import footnote_blocks, footnote_lines, is_drawn_by_type, note_of_lines
from extractors.habits import Habits, prepared
from extractors.heading_look import looks_head
from extractors.headings import (
    HeadingDepth,
    Look,
    is_annex,
    is_capitals,
    is_contents,
    is_notes,
    section_marker,
)
from extractors.line import Line
from extractors.markers import ITEM_DEPTH, PARAGRAPH_KINDS, Marker, before, find_marker
from extractors.mend import Hyphens
from extractors.numbering import NUMBERED_ITEM_DEPTH, ParagraphSequence
from extractors.page_lines import PageLines
from extractors.tables import is_cells, is_name_list, table_runs
from extractors.unit import MIN_WORDS

_ENDS = re.compile(r"[.!?:;…][\"'”’»)\]]*$")
_LEADS_ON = re.compile(r"(?:,|\b(?:and|or|et|ou|y|o|e|и|или))$")
_DEEPEST = 99


def blocks_of(pages: Sequence[PageLines], habits: Habits) -> Iterator[Block]:
    """Yield the blocks of a document in reading order; notes and boxes of a page follow the paragraph with which it ends."""
    return with_cover(_blocks(pages, habits))


def _blocks(pages: Sequence[PageLines], habits: Habits) -> Iterator[Block]:
    body, hyphens = habits.body, habits.hyphens
    builder = _Builder(body, hyphens, habits.leading)
    for page in prepared(pages, habits):
        if not page.lines and not page.heads:
            # What stands there is not known: the text before and after must not grow together.
            builder.close()
        lines, boxed = [line for line in page.lines if not line.aside], [line for line in page.lines if line.aside]
        notes = footnote_lines(lines, page.rules, body, page.height)
        chosen = {id(line) for line in notes}
        text = [line for line in lines if id(line) not in chosen and not is_drawn_by_type(line)]
        builder.add_page(text, page)
        for _, box in groupby(boxed, key=lambda line: line.flow):
            builder.pending_notes.extend(_box_blocks(list(box), page, _Builder(body, hyphens, builder.leading)))
        builder.pending_notes.extend(footnote_blocks(notes, hyphens))
        yield from builder.done()
    yield from builder.finish()


def _box_blocks(lines: list[Line], page: PageLines, builder: _Builder) -> list[Block]:
    """Return the blocks of a box beside the text; its title is no heading of what follows in the text."""
    builder.add_page(lines, page)
    blocks = builder.finish()
    short = sum(block.n_words for block in blocks) < MIN_WORDS
    for block in blocks:
        if block.kind == "heading":
            block.kind, block.level, block.codable = "paragraph", 0, True
        block.codable = block.codable and not short
        block.aside = True
    return blocks


class _Builder:
    def __init__(self, body: float, hyphens: Hyphens, leading: float) -> None:
        self.body, self.hyphens, self.leading = body, hyphens, leading
        self.blocks: list[Block] = []
        self.pending_notes: list[Block] = []
        self.depth = HeadingDepth()
        self.open: list[Line] = []
        self.marker: Marker | None = None
        self.last_item: str | None = None
        self.items: dict[str, str] = {}  # the last item of each kind since the last paragraph
        self.in_notes = False
        self.decimal = ""  # number of the last paragraph
        self.sequence = ParagraphSequence()
        self.in_contents = False
        self.listing: Block | None = None  # the last part of a table of contents

    def finish(self) -> list[Block]:
        self.close()
        return self.blocks

    def done(self) -> list[Block]:
        """Return the blocks that nothing changes any more and let them go; the last is asked for what follows."""
        done, self.blocks = self.blocks[:-1], self.blocks[-1:]
        return done

    def add_page(self, lines: list[Line], page: PageLines) -> None:
        runs = table_runs(lines, page.rules, self.body, page.heads)
        table_at = dict(runs)
        listed = has_contents(lines)
        self.in_contents = self.in_contents and listed
        index = 0
        while index < len(lines):
            if listed and (end := contents_end(lines, index, known=self.is_listing())) > index:
                self.close()
                self.listing = block_of_lines("annex_list", lines[index:end], codable=False, hyphens=self.hyphens)
                self.blocks.append(self.listing)
                index = end
            elif index in table_at:
                self.close()
                self.blocks.append(block_of_lines("table", lines[index : table_at[index]], codable=False, hyphens=self.hyphens))
                index = table_at[index]
            elif is_figure_label(lines[index], self.open[-1] if self.open else None):
                self.close()
                end = figure_end(lines, index, self.body)
                self.blocks.append(block_of_lines("table", lines[index:end], codable=False, hyphens=self.hyphens))
                index = end
            elif all(map(is_numbers, lines[index : index + 2])) and index + 1 < len(lines) and self.is_loose(lines[index]):
                self.close()
                end = index + 1
                while end < len(lines) and end not in table_at and is_numbers(lines[end]):
                    end += 1
                self.blocks.append(block_of_lines("table", lines[index:end], codable=False, hyphens=self.hyphens))
                index = end
            else:
                self.add_line(lines[index])
                index += 1

    def is_listing(self) -> bool:
        """True below the heading of a table of contents, and where one was the last that was read."""
        last = self.blocks[-1] if self.blocks and not self.open else None
        return self.in_contents or (last is not None and last is self.listing)

    def is_loose(self, line: Line) -> bool:
        """True when a line of numbers continues no sentence and is not the number of the next paragraph."""
        last = self.open[-1] if self.open else None
        if last is not None and (not _ENDS.search(last.text) or line.text.rstrip().endswith(".")):
            return False
        running = self.running()
        return not (line.text.isdigit() and int(line.text) in (1, (running or 0) + 1))

    def running(self) -> int | None:
        """Return the number of the paragraph that is being read."""
        if (
            self.open
            and self.marker is not None
            and self.marker.kind == "number"
            and not self.sequence.is_item(self.marker, self.open[0])
        ):
            return int(self.marker.value)
        return self.sequence.last

    def add_line(self, line: Line) -> None:
        if self.open and self.starts_new(line):
            self.close()
        if not self.open:
            self.marker = self.accepted_marker(line)
        self.open.append(line)

    def accepted_marker(self, line: Line) -> Marker | None:
        marker = find_marker(line.text, self.last_item)
        if marker is None:
            return None
        if marker.kind == "number" and len(marker.value) == 4 and self.running() != int(marker.value) - 1:
            return None  # a year, not a paragraph
        if marker.kind == "number" and marker.printed.endswith(")") and int(marker.value) not in (1, (self.running() or 0) + 1):
            items = self.sequence.item_number
            if items is None or int(marker.value) != items + 1:
                return None  # the end of a parenthesis: "(No. 189) and"
        if marker.kind in ("dot_roman", "dot_letter") and not self.is_dotted_item(marker, line):
            return None
        return marker

    def is_dotted_item(self, marker: Marker, line: Line) -> bool:
        """True for "i." and "a." where a list starts, and for what follows them in order; elsewhere they are abbreviations."""
        if self.follows_item(marker):
            return True
        last = self.open[-1] if self.open else None
        return before(marker) == "" and (last is None or bool(_ENDS.search(last.text)) or last.x1 < line.x0)

    def follows_item(self, marker: Marker) -> bool:
        """True for the next item of a list of which the item before was read."""
        wanted = before(marker)
        return bool(wanted) and wanted in (self.items.get(marker.kind), self.open_item(marker.kind))

    def open_item(self, kind: str) -> str | None:
        return self.marker.value if self.open and self.marker is not None and self.marker.kind == kind else None

    def is_inside(self, marker: Marker, line: Line) -> bool:
        """True for "(2)" at the start of a line that is not the second item of a list but stands in the running text."""
        last = self.open[-1]
        same_margin = abs(line.x0 - last.x0) < 2 and last.page == line.page
        return bool(before(marker)) and not self.follows_item(marker) and same_margin and len(self.open) > 1

    def starts_new(self, line: Line) -> bool:
        last, first = self.open[-1], self.open[0]
        left, right = line.column
        marker = self.accepted_marker(line)
        ended = bool(_ENDS.search(last.text))
        moved = (last.page, last.flow) != (line.page, line.flow)
        if line.starts_raised and first.starts_raised and line.size < 0.95 * self.body and self.is_below_table():
            return True  # the next note
        reaches = last.x1 > last.column[1] - 0.18 * (last.column[1] - last.column[0])
        # The title with which an item begins is often bold, and the item goes on in the same line.
        titled = self.marker is not None and self.marker.kind in ITEM_DEPTH and reaches and not ended and line.x0 > first.x0 + 8
        if abs(line.size - last.size) > 0.12 * last.size or (
            line.bold != last.bold and not titled and (looks_head(self.open, self.body, self.decimal) or line.bold)
        ):
            return True
        if marker is not None and marker.kind in PARAGRAPH_KINDS:
            running = self.running()
            follows = running is not None and marker.value.isdigit() and int(marker.value) == running + 1
            if ended or follows or not reaches or self.hangs(line) or self.is_set_in(line):
                return marker.kind != "decimal" or ended or not reaches
        if marker is not None and marker.kind in ITEM_DEPTH and (not reaches or not self.is_inside(marker, line)):
            if self.follows_item(marker):
                return True
            if ended or not reaches or _LEADS_ON.search(last.text):
                return True
        if (
            marker is not None
            and marker.kind in ("roman_upper", "letter_upper", "section")
            and (not reaches or ended)
            and not moved
        ):
            return line.bold or not reaches
        if moved:
            return not line.text[:1].islower() and (ended or self.is_set_in(line))
        gap = (line.bottom - last.bottom) / max(last.size, 1)
        if gap > self.leading + 0.45:
            return True
        indent = line.x0 - left
        if ended and not reaches and len(self.open) >= 1 and last.x1 < right - 0.1 * (right - left):
            return gap > 0.5
        # A first line set in from the lines before it opens a paragraph.
        return ended and len(self.open) > 1 and indent > 12 and line.x0 > last.x0 + 12

    def is_set_in(self, line: Line) -> bool:
        """True for a line that is set in as the first line of the open paragraph is from its other lines."""
        first, others = self.open[0], self.open[1:]
        return bool(others) and first.x0 > max(x.x0 for x in others) + 8 and abs(line.x0 - first.x0) < 3

    def hangs(self, line: Line) -> bool:
        """True for a line that stands out to the left as the first line of the open paragraph does from its other lines."""
        first, others = self.open[0], self.open[1:]
        return bool(others) and first.x0 < min(x.x0 for x in others) - 8 and abs(line.x0 - first.x0) < 3

    def is_below_table(self) -> bool:
        """True where the block before is a table, or a note to one."""
        return bool(self.blocks) and self.blocks[-1].kind in ("table", "footnote")

    def close(self) -> None:
        lines, marker = self.open, self.marker
        self.open, self.marker = [], None
        if lines:
            self.blocks.append(self.block(lines, marker))
        self.blocks.extend(self.pending_notes)
        self.pending_notes.clear()

    def block(self, lines: list[Line], marker: Marker | None) -> Block:
        if looks_head(lines, self.body, self.decimal) and not (
            marker is not None and marker.kind in ITEM_DEPTH and not lines[0].bold
        ):
            block = block_of_lines("heading", lines, codable=False, hyphens=self.hyphens)
            text = block.text
            block.level = self.depth.depth(
                Look(
                    section_marker(text),
                    round(lines[0].size),
                    lines[0].bold,
                    is_capitals(text),
                    not lines[0].bold and lines[0].x0 > lines[0].column[0] + 40,
                )
            )
            self.in_contents = is_contents(text)
            self.in_notes = is_notes(text) or (self.in_notes and lines[0].size < 0.95 * self.body)
            if self.in_contents:
                block.level = _DEEPEST  # no section stands below a table of contents
            self.sequence.heading(is_annex(text))
            return block
        if lines[0].size < 0.95 * self.body and (self.in_notes or (lines[0].starts_raised and self.is_below_table())):
            return note_of_lines(lines, self.hyphens)
        if (marker is None or marker.kind == "number") and is_cells(lines):
            return block_of_lines("table", lines, codable=False, hyphens=self.hyphens)
        if marker is None and is_label(lines, self.body):
            return block_of_lines("table", lines, codable=False, hyphens=self.hyphens)
        if marker is None and is_name_list(lines):
            return block_of_lines("annex_list", lines, codable=False, hyphens=self.hyphens)
        if marker is None:
            return block_of_lines(self.plain_kind(lines), lines, hyphens=self.hyphens)
        drop = len(lines[0].text) - len(marker.rest) if lines[0].text.endswith(marker.rest) else 0
        block = block_of_lines("paragraph", lines, hyphens=self.hyphens, drop=drop)
        if marker.kind == "number" and self.sequence.is_item(marker, lines[0]):
            block.kind, block.marker, block.level = "list_item", marker.printed, NUMBERED_ITEM_DEPTH
            self.last_item = None
            self.sequence.item(marker, lines[0])
            self.items.clear()
        elif marker.kind in PARAGRAPH_KINDS:
            block.para_no, self.last_item = marker.value, None
            self.items.clear()
            self.decimal = marker.value
            if marker.value.isdigit():
                self.sequence.paragraph(marker, lines[0], block.text)
        elif marker.kind in ITEM_DEPTH:
            block.kind, block.marker, block.level = "list_item", marker.printed, ITEM_DEPTH[marker.kind]
            self.last_item = marker.value if marker.kind in ("paren_letter", "dot_letter") else self.last_item
            self.items[marker.kind] = marker.value
        else:
            return block_of_lines("paragraph", lines, hyphens=self.hyphens)
        return block

    def plain_kind(self, lines: list[Line]) -> str:
        left, right = lines[0].column
        indented = all(x.x0 - left > 0.08 * (right - left) for x in lines) and lines[0].size < 0.95 * self.body
        quoted = lines[0].text[:1] in '“"«„' and lines[-1].text.rstrip(".;,")[-1:] in '”"»“'
        return "quotation" if len(lines) > 1 and indented and quoted else "paragraph"
