"""Text that is turned in the file: read where the page is rotated so that it is upright, else named in a warning; and found again."""

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


def test_a_page_that_stays_turned_is_named_in_a_warning(tmp_path: Path) -> None:
    extraction = made(tmp_path / "b.pdf", 0, 90)
    assert [warning for warning in extraction.warnings if "turned" in warning and warning.startswith("page 2")]
