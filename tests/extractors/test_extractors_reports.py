"""What official reports do that simple layouts do not: marks of notes, paragraphs over pages, tables by rules, notes at the end."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from extractors.block import Block
from extractors.lines import page_lines
from extractors.mend import Hyphens, hyphens_of, join_lines
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.page import RawPage, Word
from extractors.read_pdf import pdf_structure
from extractors.structure import structure_of

LIMITS = ExtractionLimits(60, 3000, 50, 20)
FULL = "and the mission was received by the authorities of the province with every courtesy and"


class Report:
    """A PDF made line by line."""

    def __init__(self, path: Path) -> None:
        self.path, self.buffer = path, io.BytesIO()
        self.canvas = Canvas(self.buffer, pagesize=A4)

    def line(self, text: str, x: float, y: float, size: float = 11, font: str = "Times-Roman") -> None:
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, y, text)

    def blocks(self) -> list[Block]:
        self.canvas.save()
        self.path.write_bytes(self.buffer.getvalue())
        return structure_of(self.path, "pdf", ExtractOptions(), LIMITS)


def texts(blocks: list[Block], kind: str) -> list[str]:
    return [block.text for block in blocks if block.kind == kind]


def test_a_mark_above_the_end_of_a_line_is_a_note_and_no_line(tmp_path: Path) -> None:
    report = Report(tmp_path / "a.pdf")
    report.line(f"1. The team came to the harbour {FULL}", 72, 760)
    report.line("left on the following day.", 72, 747)
    report.line("3", 186, 751, 6)
    report.line(f"2. It wrote a report {FULL}", 72, 725)
    report.line("sent it to the capital.", 72, 712)
    report.line("3", 72, 103, 5)
    report.line("See the report of the year before.", 78, 100, 8)
    blocks = report.blocks()
    assert [(block.para_no, block.notes) for block in blocks if block.kind == "paragraph"] == [("1", ("3",)), ("2", ())]
    (note,) = [block for block in blocks if block.kind == "footnote"]
    assert (note.marker, note.text) == ("3", "See the report of the year before.")


def test_ordinals_keep_their_raised_endings() -> None:
    words = [
        Word("the", 10, 10, 25, 20, 9, 18),
        Word("16", 30, 10, 40, 20, 9, 18),
        Word("th", 40.2, 9, 45, 15, 5, 14, raised=True),
        Word("session", 50, 10, 80, 20, 9, 18),
        Word("4", 80.2, 9, 83, 15, 5, 14, raised=True),
    ]
    (line,) = page_lines(RawPage(1, 200, 200, words))
    assert (line.text, line.marks) == ("the 16th session", ("4",))


def test_a_clause_that_begins_on_the_next_page_is_a_paragraph_of_its_own(tmp_path: Path) -> None:
    report = Report(tmp_path / "b.pdf")
    report.line(f"Recalling its earlier decisions {FULL}", 96, 760)
    report.line("its wish to see them carried out,", 72, 747)
    report.canvas.showPage()
    report.line(f"Noting the letter of the Minister {FULL}", 96, 760)
    report.line("its annexes,", 72, 747)
    assert [text.split()[0] for text in texts(report.blocks(), "paragraph")] == ["Recalling", "Noting"]


def test_numbers_in_parentheses_inside_a_sentence_open_no_item(tmp_path: Path) -> None:
    report = Report(tmp_path / "c.pdf")
    report.line("1. The plan of the province, which was published in the spring of the same year and which has", 72, 773)
    report.line("three parts that were agreed by all of those who were present, is this: (1) a survey of wells;", 72, 760)
    report.line("(2) the repair of the pumps that were found to be broken and of the roads that lead to them;", 72, 747)
    report.line("(3) a course for the people who are to keep them.", 72, 734)
    (block,) = report.blocks()
    assert block.text.endswith("to keep them.")


def test_items_with_dots_follow_one_another_and_initials_are_none(tmp_path: Path) -> None:
    report = Report(tmp_path / "d.pdf")
    report.line("1. The following were heard by the court in the order in which they had asked for it:", 72, 760)
    report.line("i. Ms Adila Renn, teacher, of the harbour school; and", 100, 740)
    report.line("ii. Mr Joss Harrow, fisherman, of the eastern quay.", 100, 727)
    report.line("2. The case of Renn", 72, 707)
    blocks = report.blocks()
    assert [block.marker for block in blocks if block.kind == "list_item"] == ["i.", "ii."]


def test_rows_below_a_rule_drawn_cell_by_cell_are_a_table(tmp_path: Path) -> None:
    report = Report(tmp_path / "e.pdf")
    report.line(f"1. The visits are listed below {FULL}", 72, 770)
    report.line("ended in the spring.", 72, 757)
    for x0, x1 in ((72, 150), (151, 230), (231, 520)):
        report.canvas.line(x0, 735, x1, 735)
    rows = (("8 March", "0940", "The team saw the wells of the upper village and"), ("", "", "spoke with those who keep them."))
    for index in range(4):
        for offset, row in enumerate(rows):
            for x, cell in zip((72, 151, 231), row, strict=True):
                report.line(cell, x, 720 - 40 * index - 13 * offset)
    report.line(f"2. After the last visit the team returned {FULL}", 72, 540)
    report.line("wrote its report.", 72, 527)
    blocks = report.blocks()
    assert [block.para_no for block in blocks if block.codable] == ["1", "2"]
    assert sum(text.count("upper village") for text in texts(blocks, "table")) == 4


def test_notes_at_the_end_of_a_text_are_notes(tmp_path: Path) -> None:
    report = Report(tmp_path / "f.pdf")
    for number in range(1, 9):
        report.line(f"{number}. The visit of day {number} was short {FULL}", 72, 790 - 40 * number)
        report.line("went on to the next village.", 72, 777 - 40 * number)
    report.line("Notes", 72, 430, 11, "Times-Italic")
    for number in range(1, 5):
        report.line(str(number), 72, 413 - 12 * number, 5)
        report.line(f"Report of the team, volume {number}, page 12.", 80, 410 - 12 * number, 8)
    blocks = report.blocks()
    assert [block.marker for block in blocks if block.kind == "footnote"] == ["1", "2", "3", "4"]


def test_hyphens_at_line_ends_stay_where_a_document_does_not_divide_words() -> None:
    lines = ["the poverty of the villages was seen", "a cut was made", *["no hyphens stand at the ends of these lines"] * 200]
    whole = hyphens_of([*lines, "it is a poverty-", "stricken region and a clear-", "cut case"])
    assert not whole.divides
    assert join_lines(["a poverty-", "stricken region"], whole)[0] == "a poverty-stricken region"
    divided = hyphens_of(["the govern-", "ment asked the dele-", "gation to con-", "tinue its work"])
    assert divided.divides
    assert join_lines(["the govern-", "ment and non-", "state groups"], divided)[0] == "the government and non-state groups"
    assert join_lines(["in 2010-", "2011"], Hyphens())[0] == "in 2010-2011"


@pytest.mark.parametrize(
    ("text", "codable"),
    [("The Council of the Harbour,", True), ("Original: English", False), ("Agenda item 4", False)],
)
def test_the_cover_of_a_resolution_ends_with_its_first_clause(text: str, codable: bool) -> None:
    from extractors.cover import mark_cover

    blocks = [
        Block("paragraph", "Distr.: General", page_first=1),
        Block("paragraph", text, page_first=1),
        Block("paragraph", f"Recalling its decision {FULL} its wish to see it carried out in full by all,", page_first=1),
    ]
    assert [block.codable for block in mark_cover(blocks)][1] is codable


def test_words_torn_apart_by_narrow_spaces_are_mended_and_neighbours_stay_apart(tmp_path: Path) -> None:
    report = Report(tmp_path / "g.pdf")

    def spaced(words: str, y: float) -> None:
        """Draw words with less than a space between them, as justified lines have it."""
        x = 72.0
        for word in words.split():
            report.line(word, x, y)
            x += stringWidth(word, "Times-Roman", 11) + 2.0

    report.line(f"1. All operations in the harbour were watched {FULL}", 72, 760)
    report.line("in the spring of the year.", 72, 747)
    spaced("The opera tions of the barr acks were explicitly defined.", 734)
    text = " ".join(block.text for block in report.blocks())
    assert text.endswith("The operations of the barracks were explicitly defined.")


def test_a_number_keeps_its_hyphen_also_where_words_are_divided() -> None:
    cases = {
        ("its forty-", "ninth session"): "its forty-ninth session",
        ("la quarante-", "neuvième session"): "la quarante-neuvième session",
        ("Quatre-", "vingts États"): "Quatre-vingts États",
        ("le cinquante-", "naire"): "le cinquantenaire",
    }
    assert {lines: join_lines(lines, Hyphens())[0] for lines in cases} == cases


def test_a_prefix_keeps_its_hyphen_where_words_are_not_divided_though_the_word_is_also_written_whole() -> None:
    whole = hyphens_of(["a multiparty state", "the party", *["no hyphens stand at the ends of these lines"] * 200])
    assert join_lines(["free multi-", "party elections"], whole)[0] == "free multi-party elections"


def test_a_long_document_that_seldom_divides_words_keeps_every_hyphen_at_a_line_s_end() -> None:
    long = hyphens_of(["the coordination of its reconsideration", *["no hyphens stand at the ends of these lines"] * 300])
    cases = {
        ("its re-", "consideration"): "its re-consideration",
        ("the co-", "ordination"): "the co-ordination",
        ("a camp (kwan-", "li-so)"): "a camp (kwan-li-so)",
        ("Уголовно-", "процессуальном"): "Уголовно-процессуальном",
        ("low-", "and middle-income countries"): "low- and middle-income countries",
    }
    assert {lines: join_lines(lines, long)[0] for lines in cases} == cases
    annexed = hyphens_of(
        [*["the government of the country and its education"] * 1000, *["it was for the govern-", "ment to say"] * 15]
    )
    assert annexed.seldom_divides
    assert join_lines(["by the govern-", "ment"], annexed)[0] == "by the government"
    both = hyphens_of([*["a nationwide vote of the nation"] * 150, *["no hyphens stand at the ends of these lines"] * 150])
    assert join_lines(["a nation-", "wide ceasefire"], both)[0] == "a nation-wide ceasefire"
    short = hyphens_of(["the coordination of its reconsideration", *["no hyphens stand at the ends of these lines"] * 100])
    assert join_lines(["the co-", "ordination"], short)[0] == "the coordination"


def test_notes_and_tables_follow_the_hyphens_of_the_document(tmp_path: Path) -> None:
    report = Report(tmp_path / "n.pdf")
    ways = ("boats", "roads", "trains", "letters", "visits", "offices", "patrols")
    for page, way in enumerate(ways, 1):
        for place in range(20):
            report.line(f"{20 * (page - 1) + place + 1}. The team came to village {place} {FULL}", 72, 790 - 32 * place)
            report.line("left on the following day for the coordination office.", 72, 777 - 32 * place)
        if page <= 3:
            report.canvas.line(72, 140, 220, 140)
            report.line(str(page), 72, 131, 5)
            report.line(f"On {way} see the report of the office for the co-", 76, 128, 8)
            report.line(f"ordination of its {way}, where {way} were needed.", 72, 118, 8)
        report.canvas.showPage()
    notes = [block.text for block in report.blocks() if block.kind == "footnote"]
    assert notes == [
        f"On {way} see the report of the office for the co-ordination of its {way}, where {way} were needed." for way in ways[:3]
    ]


def test_running_heads_and_page_numbers_are_kept_with_their_page(tmp_path: Path) -> None:
    report = Report(tmp_path / "h.pdf")
    for page in range(1, 5):
        report.line(f"HARBOUR REPORT/{page}", 72, 810, 8)
        report.line(f"{page}. The team came to village {page} {FULL}", 72, 700)
        report.line("left on the following day.", 72, 687)
        report.line(str(page), 300, 30, 8)
        report.canvas.showPage()
    report.canvas.save()
    report.path.write_bytes(report.buffer.getvalue())
    infos = pdf_structure(report.path, ExtractOptions(), LIMITS).infos
    assert [info.furniture for info in infos] == [(f"HARBOUR REPORT/{page}", str(page)) for page in range(1, 5)]
