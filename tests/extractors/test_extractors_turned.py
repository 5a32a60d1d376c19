"""Text that is turned in the file: read where the page is rotated so that it is upright, or turned upright for reading; and found again."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from extractors.extract import extract_file
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.refind import PassageLocation, refind
from extractors.types import Extraction
from tests.extractors.test_extractors_reports import FULL

LIMITS = ExtractionLimits(60, 3000, 50, 20)


def made(path: Path, rotation: int, turned: int) -> Extraction:
    """Return what is read of a page upright in the file and one turned by `turned` degrees, shown rotated by `rotation`."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1)
    for page in (1, 2):
        if page == 2:
            canvas.setPageRotation(rotation)
            canvas.setFont("Times-Roman", 9)
            canvas.drawString(60, 30, "Report of the mission to the harbour")
            width, height = A4 if rotation == 0 or rotation == 180 else (A4[1], A4[0])
            if turned == 90:
                canvas.translate(width, 0)
            elif turned == 270:
                canvas.translate(0, height)
            elif turned == 180:
                canvas.translate(width, height)
            canvas.rotate(turned)
        canvas.setFont("Times-Roman", 11)
        for number in (1, 2, 3):
            canvas.drawString(60, 540 - 40 * number, f"{3 * (page - 1) + number}. The team came to the harbour {FULL}")
            canvas.drawString(60, 527 - 40 * number, f"left for the library on day {number} of its visit.")
        canvas.showPage()
    canvas.save()
    path.write_bytes(buffer.getvalue())
    return extract_file(path, "pdf", "0" * 64, ExtractOptions(ocr="off"), LIMITS)


@pytest.mark.parametrize(("rotation", "turned"), [(90, 90), (180, 180), (270, 270)])
def test_a_page_turned_in_the_file_and_shown_upright_is_read_and_found_again(tmp_path: Path, rotation: int, turned: int) -> None:
    extraction = made(tmp_path / "a.pdf", rotation, turned)
    assert [passage.para_no for passage in extraction.passages if passage.para_no] == ["1", "2", "3", "4", "5", "6"]
    places = [
        PassageLocation(p.passage_id, p.text, p.lead_in, p.page_first, p.page_last, p.boxes)
        for p in extraction.passages
        if p.para_no
    ]
    assert all(refind(tmp_path / "a.pdf", "pdf", places))
    moved = [PassageLocation("p", places[3].text, None, 2, 2, places[4].boxes)]
    assert refind(tmp_path / "a.pdf", "pdf", moved) == [False]


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_page_turned_in_the_file_and_shown_so_is_read_and_found_where_it_stands(tmp_path: Path, turned: int) -> None:
    extraction = made(tmp_path / "b.pdf", 0, turned)
    numbered = [p for p in extraction.passages if p.para_no]
    assert [passage.para_no for passage in numbered] == ["1", "2", "3", "4", "5", "6"]
    assert [warning for warning in extraction.warnings if warning.startswith("page 2") and "it was read turned by" in warning]
    page = extraction.pages[1]
    assert (page.width, page.height) == (595.28, 841.89)
    fourth, fifth = (passage.boxes[0] for passage in numbered[3:5])
    # The fourth paragraph is drawn at 60, 420 of the turned page: two lines of eleven points, the first 450 points long.
    if turned == 180:
        assert fourth.x1 == pytest.approx(A4[0] - 60, abs=1)
        assert fourth.top > fifth.bottom
    else:
        assert fourth.bottom - fourth.top > 300 > 40 > fourth.x1 - fourth.x0
        assert fourth.x1 < fifth.x0 if turned == 90 else fourth.x0 > fifth.x1
    places = [PassageLocation(p.passage_id, p.text, p.lead_in, p.page_first, p.page_last, p.boxes) for p in numbered]
    assert all(refind(tmp_path / "b.pdf", "pdf", places))
    moved = [PassageLocation("p", places[3].text, None, 2, 2, places[4].boxes)]
    assert refind(tmp_path / "b.pdf", "pdf", moved) == [False]


def test_a_wide_table_set_sideways_is_a_table_and_its_page_is_followed_by_upright_ones(tmp_path: Path) -> None:
    path = tmp_path / "t.pdf"
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    for page in range(3):
        canvas.setFont("Times-Roman", 11)
        if page == 1:
            canvas.translate(A4[0], 0)
            canvas.rotate(90)
            for row in range(9):
                for column, word in enumerate(("District", "Offices", "Officials", "Letters", "Visits")):
                    cell = word if not row else f"{word} {row}" if not column else str(17 * row + column)
                    canvas.drawString(60 + 150 * column, 520 - 40 * row, cell)
                canvas.line(60, 510 - 40 * row, 780, 510 - 40 * row)
        else:
            canvas.drawString(60, 700, f"{page + 1}. The team came to the harbour {FULL}")
            canvas.drawString(60, 687, f"left for the library on day {page} of its visit, as had been proposed.")
        canvas.showPage()
    canvas.save()
    extraction = extract_file(path, "pdf", "0" * 64, ExtractOptions(ocr="off"), LIMITS)
    table = [p for p in extraction.passages if p.kind == "table"]
    assert [(p.page_first, p.is_codable) for p in table] == [(2, False)]
    assert "District 3 52 53 54 55" in table[0].text
    assert all(0 <= box.x0 < box.x1 <= 595.3 and 0 <= box.top < box.bottom <= 841.9 for box in table[0].boxes)
    assert [p.para_no for p in extraction.passages if p.is_codable] == ["1", "3"]


def test_a_page_that_stays_turned_is_named_in_a_warning(tmp_path: Path) -> None:
    extraction = made(tmp_path / "c.pdf", 90, 180)
    assert [warning for warning in extraction.warnings if "was not read" in warning and warning.startswith("page 2")]


def test_a_paragraph_upright_beside_turned_text_is_read(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "mixed.pdf"), pagesize=A4, invariant=1)
    for line in range(4):
        canvas.drawString(60, 800 - 13 * line, "The Committee requests the Government to provide full particulars of it")
    canvas.translate(A4[0], 0)
    canvas.rotate(90)
    for row in range(14):
        canvas.drawString(40, 420 - 25 * row, f"District and offices and officials and letters and visits of place {row}")
    canvas.save()
    read = extract_file(tmp_path / "mixed.pdf", "pdf", "0" * 64, ExtractOptions(ocr="off"), LIMITS)
    assert any("Committee requests" in passage.text for passage in read.passages)
    assert any("not read" in warning for warning in read.warnings)
