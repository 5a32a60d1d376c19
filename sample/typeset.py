"""From a report to pages of placed text: cover, contents, columns, running heads, footnotes, tables.

The pages are plain lists of what is drawn where, so that a page can be printed as text or turned into a picture (the scanned page), and
so that the truth can say on which page every paragraph begins and ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reportlab.pdfbase.pdfmetrics import stringWidth

from sample.linebreaks import Line, break_lines
from sample.pagestyle import CONCORD, LABOUR, PAGE_HEIGHT, PAGE_WIDTH, TWO_COLUMNS, PageStyle
from sample.records import AnnexList, Footnote, Heading, LetteredList, Paragraph, Report, Table


@dataclass(frozen=True, slots=True)
class Run:
    """Text on a page: left end and baseline (from the top) in points."""

    x: float
    y: float
    font: str
    size: float
    text: str
    word_space: float = 0.0


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal line."""

    x0: float
    x1: float
    y: float
    weight: float = 0.5


@dataclass(slots=True)
class Page:
    """What is drawn on one page, in reading order, and the running heads among it."""

    marks: list[Run | Rule] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Typeset:
    """The pages of a report; where each block (by its place in the report; a list item by place and letter) begins and ends."""

    pages: list[Page]
    places: dict[tuple[int, int], tuple[int, int]]


def style_of(report: Report) -> PageStyle:
    """Return how the organization prints this kind of report."""
    if report.form == "pdf_columns":
        return TWO_COLUMNS
    return LABOUR if report.igo == "CLO" else CONCORD


def typeset(report: Report) -> Typeset:
    """Set a report in type. It is done twice: the first time tells the table of contents its page numbers."""
    first = _Setter(report, {})
    first.run()
    second = _Setter(report, first.heading_pages)
    second.run()
    return Typeset(second.pages, second.places)


_DISTRIBUTION = ("Distr.: General", "{date}", "Original: English")
_DISTRIBUTION_FR = ("Distr. : générale", "{date}", "Original : français")


class _Setter:
    def __init__(self, report: Report, contents: dict[int, int]) -> None:
        self.report = report
        self.style = style_of(report)
        self.contents = contents
        self.pages: list[Page] = []
        self.places: dict[tuple[int, int], tuple[int, int]] = {}
        self.heading_pages: dict[int, int] = {}
        self.column = 0
        self.y = 0.0
        self.notes: list[tuple[Footnote, list[Line]]] = []

    def run(self) -> None:
        self._cover()
        self._contents()
        self._new_page()
        for index, block in enumerate(self.report.blocks):
            if isinstance(block, Heading):
                self._heading(index, block)
            elif isinstance(block, Paragraph):
                self._paragraph((index, 0), f"{block.number}.", block.text, block.footnotes)
            elif isinstance(block, LetteredList):
                self._paragraph((index, 0), f"{block.number}.", block.lead_in)
                for place, item in enumerate(block.items, start=1):
                    self._item((index, place), f"({chr(96 + place)})", item)
            elif isinstance(block, Table):
                self._table(block)
            else:
                self._annex(block)
        self._end_column()

    def _text(self, x: float, y: float, text: str, font: str = "", size: float = 0.0, word_space: float = 0.0) -> None:
        self.pages[-1].marks.append(Run(x, y, font or self.style.font, size or self.style.size, text, word_space))

    def _rule(self, x0: float, x1: float, y: float, weight: float = 0.5) -> None:
        self.pages[-1].marks.append(Rule(x0, x1, y, weight))

    def _width(self, text: str, font: str = "", size: float = 0.0) -> float:
        return float(stringWidth(text, font or self.style.font, size or self.style.size))

    def _cover(self) -> None:
        report, style = self.report, self.style
        self.pages.append(Page())
        right = PAGE_WIDTH - style.right
        french = report.language == "fr"
        organization = "CONCORDE DES ÉTATS" if french else report.organization
        self._text(style.left, 58, organization, style.bold, 13)
        self._text(right - self._width(report.symbol, style.bold, 12), 58, report.symbol, style.bold, 12)
        self._rule(style.left, right, 66, 0.6)
        for row, text in enumerate(_DISTRIBUTION_FR if french else _DISTRIBUTION):
            self._text(right - 130, 84 + 13 * row, text.format(date=report.date_line), style.font, 9.5)
        self._rule(style.left, right, 150, 1.8)
        self._text(style.left, 168, report.body, style.bold, 11)
        agenda = f"Point {report.published.month} de l'ordre du jour" if french else f"Agenda item {report.published.month}"
        self._text(style.left, 182, agenda, style.font, 9.5)
        y = 250.0
        for line in break_lines(
            report.title, (), lambda _: right - style.left, lambda text: self._width(text, style.bold, 20), False
        ):
            self._text(style.left, y, line.pieces[0].text, style.bold, 20)
            y += 25
        y += 20
        measure = 9.5
        for line in break_lines(
            report.notice, (), lambda _: right - style.left, lambda text: self._width(text, style.italic, measure), False
        ):
            self._text(style.left, y, line.pieces[0].text, style.italic, measure)
            y += 12.5

    def _contents(self) -> None:
        style = self.style
        self._page()
        y = style.top + 14
        title = "Table des matières" if self.report.language == "fr" else "Contents"
        self._text(style.left, y, title, style.bold, style.size + 3)
        y += 24
        right = PAGE_WIDTH - style.right
        for index, block in enumerate(self.report.blocks):
            if not isinstance(block, Heading):
                continue
            left = style.left + 16 * (block.level - 1)
            number = str(self.contents.get(index, 0))
            entry = block.text
            while self._width(entry) > right - left - 60:
                entry = entry.rsplit(" ", 1)[0]
            dots = int((right - left - self._width(entry) - self._width(number) - 12) / self._width("."))
            self._text(left, y, entry + " " + "." * dots)
            self._text(right - self._width(number), y, number)
            y += style.leading + 2

    def _page(self) -> None:
        """Begin a page with its running heads: symbol and page number change sides."""
        style = self.style
        page = Page()
        self.pages.append(page)
        number = len(self.pages)
        left, right = style.left, PAGE_WIDTH - style.right
        even = number % 2 == 0
        symbol = self.report.symbol

        def outer(text: str, y: float, font: str, size: float) -> None:
            self._text(left if even else right - self._width(text, font, size), y, text, font, size)
            page.heads.append(text)

        outer(symbol, 52, style.bold, 9)
        if style.head_rule:
            self._rule(left, right, 58, 0.6)
        figure = str(number)
        if style.number_at_foot:
            outer(figure, PAGE_HEIGHT - 46, style.bold, 9)
        else:
            x = right - self._width(figure, style.font, 9) if even else left
            self._text(x, 52, figure, style.font, 9)
            page.heads.append(figure)
        notice = self.report.page_notice
        self._text((PAGE_WIDTH - self._width(notice, style.italic, 6.5)) / 2, PAGE_HEIGHT - 30, notice, style.italic, 6.5)
        page.heads.append(notice)

    def _new_page(self) -> None:
        self._page()
        self.column = 0
        self.y = self.style.top

    def _next_column(self) -> None:
        self._end_column()
        if self.column + 1 < self.style.columns:
            self.column += 1
            self.y = self.style.top
        else:
            self._new_page()

    def _end_column(self) -> None:
        """Print the footnotes of the column at its foot, under a short rule."""
        if not self.notes:
            return
        left = self.style.column_left(self.column)
        y = PAGE_HEIGHT - self.style.bottom - self._note_height(self.notes) + 8
        self._rule(left, left + 90, y - 4)
        for note, lines in self.notes:
            y += 9.5
            mark = str(note.number)
            self._text(left, y - 3, mark, self.style.font, 5.5)
            for row, line in enumerate(lines):
                self._text(left + 8, y + 9.5 * row, line.pieces[0].text, self.style.font, 8)
            y += 9.5 * (len(lines) - 1)
        self.notes = []

    def _note_height(self, notes: Sequence[tuple[Footnote, list[Line]]]) -> float:
        return sum(9.5 * len(lines) for _, lines in notes) + 14 if notes else 0.0

    def _note_lines(self, note: Footnote) -> tuple[Footnote, list[Line]]:
        room = self.style.column_width - 8
        return note, break_lines(note.text, (), lambda _: room, lambda text: self._width(text, "", 8), False)

    def _fits(self, height: float, coming: Sequence[Footnote] = ()) -> bool:
        notes = [*self.notes, *(self._note_lines(note) for note in coming)]
        return self.y + height <= PAGE_HEIGHT - self.style.bottom - self._note_height(notes)

    def _place(self, line: Line, left: float) -> None:
        """Print one line at the cursor, in the next column if there is no room for it and its footnotes."""
        if not self._fits(self.style.leading, line.notes):
            shift = left - self.style.column_left(self.column)
            self._next_column()
            left = self.style.column_left(self.column) + shift
        self.notes += [self._note_lines(note) for note in line.notes]
        self.y += self.style.leading
        x = left
        for piece in line.pieces:
            if piece.mark:
                self._text(x, self.y - 3.4, piece.text, "", self.style.size * 0.62)
                x += self._width(piece.text, "", self.style.size * 0.62) + 0.6
            else:
                text = piece.text.lstrip(" ")
                x += (len(piece.text) - len(text)) * (self._width(" ") + line.word_space)
                self._text(x, self.y, text, word_space=line.word_space)
                x += self._width(text) + text.count(" ") * line.word_space

    def _heading(self, index: int, heading: Heading) -> None:
        style = self.style
        size = style.size + (2.4, 1.0, 0.0)[heading.level - 1]
        font = style.italic if heading.level == 3 else style.bold
        lines = break_lines(heading.text, (), lambda _: style.column_width, lambda text: self._width(text, font, size), False)
        if not self._fits(len(lines) * (size + 3) + 12 + 4 * style.leading):
            self._next_column()
        else:
            self.y += 12 if heading.level == 1 else 7
        self.heading_pages[index] = len(self.pages)
        for line in lines:
            self.y += size + 3
            self._text(style.column_left(self.column), self.y, line.pieces[0].text, font, size)
        self.y += 4
        self.places[index, 0] = (len(self.pages), len(self.pages))

    def _paragraph(self, key: tuple[int, int], number: str, text: str, notes: Sequence[Footnote] = ()) -> None:
        style = self.style
        lines = break_lines(text, notes, lambda row: style.column_width - (style.indent if row == 0 else 0), self._width)
        first = 0
        for row, line in enumerate(lines):
            # Neither the first nor the last line of a paragraph stands alone in a column.
            together = 2 if len(lines) > 1 and row in (0, len(lines) - 2) else 1
            if not self._fits(style.leading * together, line.notes):
                self._next_column()
            left = style.column_left(self.column)
            if row == 0:
                first = len(self.pages)
                self._text(left, self.y + style.leading, number)
            self._place(line, left + (style.indent if row == 0 else 0))
        self.y += 5
        self.places[key] = (first, len(self.pages))

    def _item(self, key: tuple[int, int], mark: str, text: str) -> None:
        style = self.style
        lines = break_lines(text, (), lambda _: style.column_width - style.indent - 20, self._width)
        first = 0
        for row, line in enumerate(lines):
            if not self._fits(style.leading):
                self._next_column()
            left = style.column_left(self.column) + style.indent
            if row == 0:
                first = len(self.pages)
                self._text(left, self.y + style.leading, mark)
            self._place(line, left + 20)
        self.y += 4
        self.places[key] = (first, len(self.pages))

    def _table(self, table: Table) -> None:
        style = self.style
        size = 8.0 if style.columns == 1 else 7.0
        height = 12.0
        if not self._fits(height * (len(table.rows) + 2) + 26):
            self._next_column()
        left, width = style.column_left(self.column), style.column_width
        share = [0.4] + [0.6 / (len(table.columns) - 1)] * (len(table.columns) - 1)
        right_edges = [left + width * sum(share[: place + 1]) for place in range(len(share))]
        self.y += 16
        self._text(left, self.y, table.caption, style.bold, size)
        self.y += 5
        self._rule(left, left + width, self.y, 0.8)
        for row_number, row in enumerate((table.columns, *table.rows)):
            self.y += height
            for place, cell in enumerate(row):
                figure = place > 0 and not any(row[place][:1].isalpha() for row in table.rows)
                font = style.bold if row_number == 0 else style.font
                x = right_edges[place] - self._width(cell, font, size) - 6 if figure else ([left, *right_edges][place] + 4)
                self._text(x, self.y, cell, font, size)
            if row_number in (0, len(table.rows)):
                self._rule(left, left + width, self.y + 4, 0.5 if row_number == 0 else 0.8)
                self.y += 3
        self.y += 10

    def _annex(self, annex: AnnexList) -> None:
        for entry in annex.entries:
            if not self._fits(self.style.leading):
                self._next_column()
            self.y += self.style.leading
            self._text(self.style.column_left(self.column), self.y, entry)
