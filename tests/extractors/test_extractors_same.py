"""The same document gives the same passages as Word file and as PDF: tables, notes, frames, items, type sizes."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import docx
from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from benchmarks.extract_formats import with_changes_accepted
from extractors.engine_pdfium import PdfiumEngine
from extractors.extract import extract_file
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.types import Extraction
from tests.extractors.test_extractors_pdf import HEIGHT, draw, paragraph, saved, wrapped

LIMITS = ExtractionLimits(60, 3000, 50, 20)


def read(path: Path) -> Extraction:
    return extract_file(path, path.suffix[1:], "0" * 64, ExtractOptions(), LIMITS)


def coded(path: Path) -> str:
    return " ".join(passage.text for passage in read(path).passages if passage.is_codable)


def saved_word(folder: Path, document: Document) -> Path:
    path = folder / "report.docx"
    document.save(str(path))
    return path


def test_prose_in_two_columns_of_a_ruled_table_is_a_table_and_the_text_around_it_is_not(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    y = draw(canvas, "1. " + paragraph("harbour", 70), 70, HEIGHT - 90, 450)
    canvas.line(70, y, 520, y)
    canvas.setFont("Times-Italic", 8)
    canvas.drawString(70, y - 12, "Brief description of the recommendation")
    canvas.drawString(310, y - 12, "Action taken to implement it")
    canvas.line(70, y - 18, 520, y - 18)
    lowest = y
    for x, topic in ((70, "orchard"), (310, "foundry")):
        lowest = min(lowest, draw(canvas, paragraph(topic, 110), x, y - 34, 205))
    canvas.line(70, lowest, 520, lowest)
    draw(canvas, "2. " + paragraph("library", 70), 70, lowest - 30, 450)
    text = coded(saved(tmp_path, canvas, buffer))
    assert "harbour" in text
    assert "library" in text
    assert "orchard" not in text
    assert "foundry" not in text


def test_rows_of_small_type_below_a_ruled_header_are_no_prose_even_where_they_run_over_its_columns(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    y = draw(canvas, "1. " + paragraph("harbour", 150), 70, HEIGHT - 90, 450)
    canvas.line(70, y, 520, y)
    canvas.setFont("Times-Italic", 7)
    canvas.drawString(70, y - 12, "Deliverables")
    for x, year in ((420, "2024"), (460, "2025"), (500, "2026")):
        canvas.drawString(x, y - 12, year)
    canvas.line(70, y - 18, 520, y - 18)
    low = draw(canvas, "Good offices: " + paragraph("foundry", 90), 80, y - 32, 430, size=8)
    canvas.line(70, low, 520, low)
    draw(canvas, "2. " + paragraph("library", 150), 70, low - 30, 450)
    text = coded(saved(tmp_path, canvas, buffer))
    assert "harbour" in text
    assert "library" in text
    assert "foundry" not in text


def test_sizes_are_those_of_the_file_where_a_font_claims_no_height(tmp_path: Path) -> None:
    pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.setFont("Vera", 10)
    for index, line in enumerate(wrapped(paragraph("harbour", 120), 380, 10)):
        canvas.drawString(70, 760 - 14 * index, line)
    path = saved(tmp_path, canvas, buffer)
    data = path.read_bytes()
    for name, value in ((b"Ascent", b"1"), (b"Descent", b"-1")):
        printed = re.search(rb"/" + name + rb" -?\d+", data)
        assert printed is not None
        data = data.replace(printed[0], (b"/" + name + b" " + value).ljust(len(printed[0])))
    path.write_bytes(data)
    engine = PdfiumEngine(path)
    sizes = {round(word.size, 1) for word in engine.page(1).words}
    engine.close()
    assert len(sizes) == 1


def test_items_of_two_lists_of_word_hang_on_one_another_by_their_labels(tmp_path: Path) -> None:
    document = docx.Document()
    numbering = document.part.numbering_part.element
    for key, form in (("71", "lowerLetter"), ("72", "lowerRoman")):
        abstract, number = OxmlElement("w:abstractNum"), OxmlElement("w:num")
        abstract.set(qn("w:abstractNumId"), key)
        level = OxmlElement("w:lvl")
        level.set(qn("w:ilvl"), "0")
        for name, value in (("w:start", "1"), ("w:numFmt", form), ("w:lvlText", "(%1)")):
            level.append(element := OxmlElement(name))
            element.set(qn("w:val"), value)
        abstract.append(level)
        numbering.insert(0, abstract)
        number.set(qn("w:numId"), key)
        number.append(reference := OxmlElement("w:abstractNumId"))
        reference.set(qn("w:val"), key)
        numbering.append(number)
    document.add_paragraph("1. The following changes are proposed:")
    for key, text in (("71", "Front office:"), ("72", paragraph("harbour", 30)), ("72", paragraph("library", 30))):
        properties = document.add_paragraph(text)._p.get_or_add_pPr()
        properties.append(list_mark := OxmlElement("w:numPr"))
        for name, value in (("w:ilvl", "0"), ("w:numId", key)):
            list_mark.append(element := OxmlElement(name))
            element.set(qn("w:val"), value)
    passages = read(saved_word(tmp_path, document)).passages
    assert [passage.para_no for passage in passages] == ["1 (a) (i)", "1 (a) (ii)"]
    assert passages[1].text.startswith("The following changes are proposed: Front office: The mission examined the library")


def test_notes_below_tables_and_with_asterisks_are_notes_and_a_frame_around_text_is_text(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("The programme was revised in June.* " + paragraph("harbour", 40))
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ("Posts", "2026", "Senior officer", "4"), strict=True):
        cell.text = text
    note = document.add_paragraph()
    note.add_run("a").font.superscript = True
    note.add_run(" Includes one post that is approved as general temporary assistance and paid for by the office itself in turn.")
    document.add_paragraph(
        "* As amended by a decision that was taken after the report had been written and sent to all of the members."
    )
    document.add_table(1, 1).cell(0, 0).text = paragraph("library", 60)
    passages = read(saved_word(tmp_path, document)).passages
    assert [passage.para_no for passage in passages if passage.kind == "footnote"] == ["a", "*"]
    text = " ".join(passage.text for passage in passages if passage.is_codable)
    assert "library" in text
    assert "general temporary" not in text
    assert "As amended" not in text


def test_tracked_changes_are_accepted_before_formats_are_compared(tmp_path: Path) -> None:
    document = docx.Document()
    body = document.add_paragraph("The mission saw ")._p
    for tag, inner, text in (("w:del", "w:delText", "fifteen"), ("w:ins", "w:t", "twelve")):
        body.append(change := OxmlElement(tag))
        change.append(run := OxmlElement("w:r"))
        run.append(piece := OxmlElement(inner))
        piece.text = text
    (tmp_path / "copy").mkdir()
    copy = with_changes_accepted(saved_word(tmp_path, document), tmp_path / "copy")
    content = zipfile.ZipFile(copy).read("word/document.xml").decode()
    assert "twelve" in content
    assert "fifteen" not in content
    assert "w:ins" not in content
