"""Tables that no grid shows: words aligned over rows, rules of unlike ends, small type at the foot of a page; contents over pages."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from extractors.block import Block
from extractors.extract import extract_file
from extractors.options import ExtractOptions
from extractors.units import units_of
from tests.extractors.test_extractors_pdf import HEIGHT, draw, paragraph, saved, wrapped
from tests.extractors.test_extractors_reports import FULL, LIMITS, Report, texts

TITLES = ("Safety of the harbour", "Use of wells in the upper", "Schools of the province", "Inquiry into the flood")


def test_titles_aligned_beside_keys_are_a_table_without_any_rule(tmp_path: Path) -> None:
    report = Report(tmp_path / "keys.pdf")
    report.line(f"1. The decisions are listed below {FULL}", 72, 770)
    report.line("ended in the spring.", 72, 757)
    for row, title in enumerate(TITLES):
        report.line(f"6{row}/17{row}", 72, 720 - 40 * row)
        report.line(title, 160, 720 - 40 * row)
        report.line("villages and what was done since", 160, 707 - 40 * row)
    report.line(f"2. After the last decision the team returned {FULL}", 72, 540)
    report.line("wrote its report.", 72, 527)
    blocks = report.blocks()
    assert [block.para_no for block in blocks if block.codable] == ["1", "2"]
    assert all(title in " ".join(texts(blocks, "table")) for title in TITLES)


def test_hanging_paragraphs_and_prose_beside_keys_stay_text(tmp_path: Path) -> None:
    report = Report(tmp_path / "hanging.pdf")
    y = 780.0
    for number, topic in enumerate(("harbour", "library", "orchard", "foundry"), 1):
        report.line(f"{number}.", 72, y)
        for line in wrapped(paragraph(topic, 40), 340, 11):
            report.line(line, 130, y)
            y -= 13
    for day, topic in enumerate(("clinic", "market", "border", "mine"), 4):
        report.line(f"On {day} May", 72, y)
        for line in wrapped(paragraph(topic, 40), 340, 11):
            report.line(line, 130, y)
            y -= 13
    text = " ".join(block.text for block in report.blocks() if block.codable)
    assert all(topic in text for topic in ("harbour", "library", "orchard", "foundry", "clinic", "market", "border", "mine"))


def test_rules_of_one_table_may_end_a_little_apart(tmp_path: Path) -> None:
    report = Report(tmp_path / "rules.pdf")
    report.line(f"1. The deliverables are listed below {FULL}", 72, 770)
    report.line("ended in the spring.", 72, 757)
    for y, out in ((735, 0.0), (715, 1.6), (600, 1.6)):
        report.canvas.line(72 - out, y, 520 + out, y)
    report.line("Category", 72, 722, 7, "Times-Italic")
    report.line("2026", 480, 722, 7, "Times-Italic")
    for index, line in enumerate(wrapped("Good offices: " + paragraph("foundry", 90), 430, 8)):
        report.line(line, 80, 700 - 10 * index, 8)
    report.line(f"2. After the last visit the team returned {FULL}", 72, 540)
    report.line("wrote its report.", 72, 527)
    blocks = report.blocks()
    assert "foundry" not in " ".join(block.text for block in blocks if block.codable)
    assert [block.para_no for block in blocks if block.codable] == ["1", "2"]


def test_numbered_rows_in_small_type_at_the_foot_of_a_page_are_no_notes(tmp_path: Path) -> None:
    report = Report(tmp_path / "foot.pdf")
    for number in range(1, 9):
        report.line(f"{number}. The visit of day {number} was short {FULL}", 72, 790 - 40 * number)
        report.line("went on to the next village.", 72, 777 - 40 * number)
    for row in range(1, 6):
        report.line(f"{row}. Meetings of the harbour council", 72, 430 - 60 * row, 8)
        report.line("Other meetings", 72, 400 - 60 * row, 8)
        for x, count in ((360, "12"), (420, "14"), (480, "12")):
            report.line(count, x, 430 - 60 * row, 8)
            report.line(count, x, 400 - 60 * row, 8)
    blocks = report.blocks()
    assert not texts(blocks, "footnote")
    assert "Meetings of the harbour" not in " ".join(block.text for block in blocks if block.codable)


def test_contents_go_on_over_pages_with_entries_that_have_no_leaders(tmp_path: Path) -> None:
    report = Report(tmp_path / "contents.pdf")
    report.line("Contents", 72, 780, 16)
    for number in range(1, 8):
        report.line(f"{number}. Office of the harbour master in the province " + "." * 40 + f" {number}", 72, 760 - 15 * number)
    report.line("8. Office of the keeper of the wells and of those who look after", 72, 600)
    report.line("31", 500, 600)
    report.line("the upper villages", 84, 587)
    report.canvas.showPage()
    report.line("A. Plan for the year and what was done in the year", 84, 770)
    report.line("32", 500, 770)
    report.line("before it", 98, 757)
    for number, name in enumerate(("library", "foundry", "orchard", "clinic"), 9):
        report.line(f"{number}. Visit to the {name} of the province " + "." * 40 + f" {number}", 72, 760 - 15 * (number - 7))
    report.canvas.showPage()
    report.line(f"1. The visits are described below {FULL}", 72, 770)
    report.line("ended in the spring.", 72, 757)
    assert [block.para_no for block in report.blocks() if block.codable] == ["1"]


def test_a_short_text_before_a_table_joins_the_text_before_it() -> None:
    blocks = [
        Block("paragraph", paragraph("harbour", 40), para_no="4"),
        Block("paragraph", "Progress is shown in table 2.", para_no="5"),
        Block("paragraph", "Table 2"),
        Block("paragraph", "Measure of performance:"),
        Block("table", "2024 2025 12 14", codable=False),
        Block("paragraph", paragraph("library", 40), para_no="6"),
    ]
    coded = [unit for unit in units_of(blocks) if unit.codable]
    assert [unit.para_no for unit in coded] == ["4–5", "6"]
    assert coded[0].text.endswith("shown in table 2.")


def test_a_framed_box_beside_the_text_is_a_block_of_its_own(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    top = draw(canvas, "1. " + paragraph("harbour", 110), 72, HEIGHT - 90, 450)
    y = draw(canvas, "2. " + paragraph("library", 110), 72, top, 290)
    draw(canvas, "3. " + paragraph("school", 60), 72, y, 290)
    canvas.rect(380, top - 130, 150, 142)
    draw(canvas, paragraph("orchard", 45), 386, top, 138, size=9)
    draw(canvas, "4. " + paragraph("foundry", 110), 72, top - 230, 450)
    path = saved(tmp_path, canvas, buffer)
    passages = extract_file(path, "pdf", "0" * 64, ExtractOptions(), LIMITS).passages
    assert [passage.text for passage in passages if "orchard" in passage.text] == [paragraph("orchard", 45)]
    assert [passage.text for passage in passages if passage.para_no] == [
        paragraph(topic, count) for topic, count in (("harbour", 110), ("library", 110), ("school", 60), ("foundry", 110))
    ]


@pytest.mark.parametrize("drawn", ["rectangle", "four lines", "filled"])
def test_a_small_box_beside_the_text_is_set_apart_and_takes_no_text_with_it(tmp_path: Path, drawn: str) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    top = draw(canvas, "1. " + paragraph("harbour", 110), 72, HEIGHT - 90, 450)
    y = draw(canvas, "2. " + paragraph("library", 70), 72, top, 290)
    if drawn == "rectangle":
        canvas.rect(376, top - 44, 150, 58)
    elif drawn == "four lines":
        for x0, y0, x1, y1 in ((376, -44, 526, -44), (376, 14, 526, 14), (376, -44, 376, 14), (526, -44, 526, 14)):
            canvas.line(x0, top + y0, x1, top + y1)
    else:
        canvas.setFillGray(0.9)
        canvas.rect(376, top - 44, 150, 58, stroke=0, fill=1)
        canvas.setFillGray(0)
    draw(canvas, paragraph("orchard", 21), 386, top, 132, size=9)
    draw(canvas, "3. " + paragraph("foundry", 110), 72, y - 30, 450)
    path = saved(tmp_path, canvas, buffer)
    passages = extract_file(path, "pdf", "0" * 64, ExtractOptions(), LIMITS).passages
    assert all(passage.is_codable for passage in passages)
    assert [passage.text for passage in passages if "orchard" in passage.text] == [paragraph("orchard", 21)]
    assert [passage.text for passage in passages if passage.para_no] == [
        paragraph(topic, count) for topic, count in (("harbour", 110), ("library", 70), ("foundry", 110))
    ]


def test_a_table_of_drawn_cells_stays_a_table(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    top = draw(canvas, "1. " + paragraph("harbour", 60), 72, HEIGHT - 90, 450)
    for row in range(3):
        for column in range(2):
            canvas.rect(72 + 220 * column, top - 60 - 50 * row, 220, 50)
            draw(canvas, paragraph(f"cell{row}{column}", 12), 80 + 220 * column, top - 24 - 50 * row, 190, size=9)
    draw(canvas, "2. " + paragraph("foundry", 60), 72, top - 220, 450)
    passages = extract_file(saved(tmp_path, canvas, buffer), "pdf", "0" * 64, ExtractOptions(), LIMITS).passages
    assert not any("cell" in passage.text for passage in passages if passage.is_codable)
