"""What runs on over lines and pages: lists past notes and boxes, numbers inside sentences, last words at the foot of a page."""

from __future__ import annotations

from pathlib import Path

from extractors.block import Block
from extractors.cover import mark_cover
from extractors.mend import hyphens_of, join_lines
from extractors.units import units_of
from tests.extractors.test_extractors_reports import FULL, Report

ITEM = "To give the mission access to every place of detention, at any time and without notice, and to all who are held there, in private;"


def test_notes_and_boxes_at_the_foot_of_a_page_cut_no_list_from_its_paragraph() -> None:
    blocks = [
        Block("paragraph", "The mission recommends that the Government:", para_no="9"),
        Block("list_item", ITEM, 1, marker="(a)"),
        Block("paragraph", f"What the mission is. {ITEM}", aside=True),
        Block("footnote", "See the report of the mission.", marker="1", codable=False),
        Block("list_item", ITEM, 1, marker="(b)"),
        Block("list_item", "Publish it;", 1, marker="(c)"),
    ]
    units = units_of(blocks)
    assert [(unit.kind, unit.para_no) for unit in units] == [
        ("paragraph", "9"),
        ("list_item", "9 (a)"),
        ("list_item", "9 (b)"),
        ("paragraph", None),
        ("footnote", "1"),
    ]
    assert units[0].text.endswith("Government: (c) Publish it;")
    assert units[2].lead_in == "The mission recommends that the Government:"


def test_items_of_a_box_stay_in_the_box() -> None:
    blocks = [
        Block("paragraph", "The mission recommends that the Government:", para_no="9"),
        Block("list_item", ITEM, 1, marker="(a)", aside=True),
        Block("list_item", ITEM, 1, marker="(a)"),
    ]
    assert [unit.lead_in is not None for unit in units_of(blocks)] == [True, False]


def test_a_list_goes_on_past_a_note_at_the_foot_of_the_page(tmp_path: Path) -> None:
    report = Report(tmp_path / "a.pdf")
    report.line(f"9. The mission recommends to the Government {FULL}", 72, 760)
    report.line("that it take these steps:", 72, 747)
    report.line(f"(a) It should open the prisons {FULL}", 100, 725)
    report.line("every one of them;", 100, 712)
    report.canvas.line(72, 112, 172, 112)
    report.line("1", 72, 103, 5)
    report.line("See the report of the year before.", 78, 100, 8)
    report.canvas.showPage()
    report.line(f"(b) It should train the guards {FULL}", 100, 760)
    report.line("pay them in time.", 100, 747)
    assert [unit.para_no for unit in units_of(report.blocks()) if unit.codable] == ["9 (a)", "9 (b)"]


def test_a_number_at_the_start_of_a_line_inside_a_sentence_begins_no_paragraph(tmp_path: Path) -> None:
    report = Report(tmp_path / "b.pdf")
    for number, y in ((20, 760), (21, 720), (22, 660)):
        report.line(f"{number}. The team came to the harbour {FULL}", 72, y)
        if number == 21:
            report.line(f"read to it again what the report had said in its annex {FULL}", 72, y - 13)
            report.line(f"15. The delegation of the harbour saw the same {FULL}", 72, y - 26)
            y -= 26
        report.line("left on the following day.", 72, y - 13)
    assert [block.para_no for block in report.blocks()] == ["20", "21", "22"]


def test_a_number_that_stands_where_the_first_line_stands_begins_a_paragraph_though_no_sentence_ended(tmp_path: Path) -> None:
    report = Report(tmp_path / "c.pdf")
    for number, y in ((20, 760), (24, 734), (27, 708)):
        report.line(f"{number}. The team came to the harbour {FULL}", 72, y)
        report.line(f"left it on the following day in the rain {FULL}", 96, y - 13)
    assert [block.para_no for block in report.blocks()] == ["20", "24", "27"]


def pages_that_end_with(report: Report, ends: list[str], foot: list[str] | None = None) -> Report:
    """Return a report of a paragraph a page, its last line as given, at the foot of the page with the usual leading."""
    for page, end in enumerate(ends):
        topic = ("harbour", "library", "orchard", "foundry", "school")[page]
        report.line(f"{page + 1}. The team came to the {topic} {FULL}", 72, 126)
        report.line(f"went from the {topic} to the villages of the plain {FULL}", 72, 113)
        report.line(f"saw the {topic} again in the spring of {FULL}", 72, 100)
        report.line(end, 72, 87)
        if foot is not None:
            report.line(foot[page], 300, 50, 9)
        report.canvas.showPage()
    return report


def test_the_last_word_at_the_foot_of_a_page_is_no_page_number(tmp_path: Path) -> None:
    ends = ["2019.", "civil.", "2024.", "12.", "2016."]
    blocks = pages_that_end_with(Report(tmp_path / "d.pdf"), ends).blocks()
    assert [block.text.rsplit(" ", 1)[-1] for block in blocks] == ends


def test_page_numbers_go_whether_they_count_with_the_pages_or_stand_apart(tmp_path: Path) -> None:
    for foot in (["iv", "v", "vi"], ["12", "40", "72"], ["- 3 -", "- 4 -", "- 5 -"], ["1/3", "2/3", "3/3"]):
        blocks = pages_that_end_with(Report(tmp_path / "e.pdf"), ["peace.", "spring.", "rain."], foot).blocks()
        assert [block.text.rsplit(" ", 1)[-1] for block in blocks] == ["peace.", "spring.", "rain."]


def test_page_numbers_close_below_the_text_go_when_they_count_with_the_pages(tmp_path: Path) -> None:
    report = Report(tmp_path / "f.pdf")
    blocks = pages_that_end_with(report, ["7", "8", "9"]).blocks()
    assert all(block.text.endswith("with every courtesy and") for block in blocks)


SENTENCE = "The Government assured the delegation that all prisons would be open to the mission at any time and without notice."


def coded(*texts: str) -> list[bool]:
    blocks = [Block("heading", "Statement at the end of the mission", 1, page_first=1)]
    blocks += [Block("paragraph", text, page_first=1) for text in texts]
    return [block.codable for block in mark_cover(blocks)[1:]]


def test_a_first_page_of_short_paragraphs_without_numbers_is_text_and_no_cover() -> None:
    assert coded("Harbour Town, 9 May 2024", SENTENCE, SENTENCE) == [False, True, True]


def test_what_stands_above_the_masthead_and_marked_notes_stay_on_the_cover() -> None:
    note = f"* {SENTENCE}"
    assert coded(SENTENCE, "Distr.: General", "Original: English", note) == [False] * 4


def test_a_note_with_a_raised_mark_below_a_rule_is_a_note_in_type_of_any_size(tmp_path: Path) -> None:
    report = Report(tmp_path / "h.pdf")
    report.line(f"1. The team came to the harbour {FULL}", 72, 760)
    report.line("left on the following day.", 72, 747)
    report.canvas.line(72, 112, 172, 112)
    for number, y in ((1, 98), (2, 85)):
        report.line(str(number), 72, y + 3.5, 6.5)
        report.line(f"See the report of the year before, paragraph {number}.", 78, y, 11)
    assert [(block.kind, block.marker) for block in report.blocks()] == [
        ("paragraph", None),
        ("footnote", "1"),
        ("footnote", "2"),
    ]


def test_a_divided_word_is_whole_again_after_a_bracket_a_quotation_mark_or_an_apostrophe() -> None:
    divided = hyphens_of(["the govern-", "ment asked the dele-", "gation to con-", "tinue its work"])
    cases = {
        ("the (govern-", "ment) of it"): "the (government) of it",
        ("“govern-", "ment” of it"): "“government” of it",
        ("l’exploi-", "tation des mines"): "l’exploitation des mines",
        ("of women’s-", "only groups"): "of women’s-only groups",
        ("the 20th-", "century law"): "the 20th-century law",
    }
    assert {lines: join_lines(lines, divided)[0] for lines in cases} == cases
