"""Where the text of a page comes from, and what must not pass for text: scans, right-to-left scripts, charts, unread pages."""

from __future__ import annotations

import io
import textwrap
from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from extractors.assemble import passages_of
from extractors.extract import extract_file
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.refind import PassageLocation, refind
from extractors.types import Box, Extraction
from extractors.unit import Unit

LIMITS = ExtractionLimits(60, 3000, 50, 20)
WIDTH, HEIGHT = A4
TOPICS = ("Access", "Data", "Courts", "Prisons", "Schools", "Mines")
WORDS = "The mission visited the harbour and met the officials of the port who answered all of its questions in full"


def write(canvas: Canvas, lines: list[str], mode: int = 0, top: float = 760) -> None:
    block = canvas.beginText(72, top)
    block.setFont("Times-Roman", 11)
    block.setTextRenderMode(mode)
    for line in lines:
        block.textLine(line)
    canvas.drawText(block)


def picture() -> ImageReader:
    return ImageReader(Image.new("RGB", (400, 560), "white"))


def read(path: Path, buffer: io.BytesIO, canvas: Canvas) -> Extraction:
    canvas.save()
    path.write_bytes(buffer.getvalue())
    return extract_file(path, "pdf", "0" * 64, ExtractOptions(), LIMITS)


def test_recognized_text_of_a_scan_is_told_from_text_that_was_set(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    # Other words on every page: what repeats in the margins would be a running head.
    pages_of_lines = iter([[f"{topic} {word}: {WORDS}." for word in ("first", "second", "third")] for topic in TOPICS])
    write(canvas, next(pages_of_lines))  # set
    canvas.showPage()
    canvas.drawImage(picture(), 0, 0, WIDTH, HEIGHT)
    write(canvas, next(pages_of_lines), mode=3)  # unseen over a picture
    canvas.showPage()
    write(canvas, next(pages_of_lines))  # under a picture
    canvas.drawImage(picture(), 0, 0, WIDTH, HEIGHT)
    canvas.showPage()
    canvas.drawImage(picture(), 0, 0, WIDTH, HEIGHT)
    write(canvas, next(pages_of_lines))  # a title page: set over a picture in colour
    canvas.showPage()
    canvas.drawImage(picture(), 72, 72, 200, 200)
    write(canvas, next(pages_of_lines))  # a figure beside the text
    canvas.showPage()
    canvas.drawImage(picture(), 0, 0, WIDTH, HEIGHT)  # a scan without text
    canvas.showPage()
    pages = read(tmp_path / "scan.pdf", buffer, canvas).pages
    assert [page.text_source for page in pages] == [
        "text_layer",
        "ocr_layer",
        "ocr_layer",
        "text_layer",
        "text_layer",
        "none",
    ]


def test_parts_of_a_long_paragraph_stand_in_their_own_lines(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    sentences = [f"In district {number} {WORDS[0].lower()}{WORDS[1:]}." for number in range(100, 118)]
    lines = textwrap.wrap("1. " + " ".join(sentences), 95)
    write(canvas, lines[:18])
    canvas.showPage()
    write(canvas, lines[18:])
    path = tmp_path / "long.pdf"
    parts = [p for p in read(path, buffer, canvas).passages if p.is_codable]
    assert [(p.part, p.para_no) for p in parts] == [(1, "1"), (2, "1")]
    first, second = parts
    assert (first.page_first, first.page_last, second.page_first, second.page_last) == (1, 1, 1, 2)
    assert [box.page for box in first.boxes] == [1]
    assert [box.page for box in second.boxes] == [1, 2]
    # The second part may begin in the line in which the first ends.
    assert first.boxes[0].bottom <= second.boxes[0].top + 16
    own = [PassageLocation("p", p.text, p.lead_in, p.page_first, p.page_last, p.boxes) for p in parts]
    swapped = [
        PassageLocation("p", first.text, None, second.page_first, second.page_last, second.boxes),
        PassageLocation("p", second.text, None, first.page_first, first.page_last, first.boxes),
    ]
    assert (refind(path, "pdf", own), refind(path, "pdf", swapped)) == ([True, True], [False, False])


def test_a_text_elsewhere_on_the_page_is_not_found_in_its_boxes(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    write(canvas, [f"{WORDS}.", "Nothing else of importance was seen during the two days that the team spent there."])
    path = tmp_path / "one.pdf"
    (passage,) = read(path, buffer, canvas).passages
    (box,) = passage.boxes
    moved = Box(1, box.x0, box.top + 300, box.x1, box.bottom + 300)
    assert refind(path, "pdf", [PassageLocation("p", passage.text, None, 1, 1, (moved,))]) == [False]
    assert refind(path, "pdf", [PassageLocation("p", passage.text, None, 1, 1, (box,))]) == [True]


def test_text_does_not_grow_together_over_a_page_that_cannot_be_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    write(canvas, [f"1. {WORDS}", "and in the end it asked the governor for"])
    canvas.showPage()
    canvas.drawImage(picture(), 0, 0, WIDTH, HEIGHT)
    canvas.showPage()
    write(canvas, [f"which had been promised. {WORDS}.", "That was all."])
    extraction = read(tmp_path / "gap.pdf", buffer, canvas)
    assert [(p.page_first, p.page_last) for p in extraction.passages] == [(1, 1), (3, 3)]


def test_rows_of_numbers_are_not_coded(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    write(canvas, [f"1. {WORDS}.", "The figures below were taken from the register of the port and checked by hand."])
    write(canvas, ["300 282 282 282 282 285 285 250", "200 153 153 153 153 153 153 150", "100 50 40 30 20 10 0 5"], top=600)
    extraction = read(tmp_path / "chart.pdf", buffer, canvas)
    assert [p.para_no for p in extraction.passages if p.is_codable] == ["1"]
    assert any("282 282" in p.text and p.kind == "table" for p in extraction.passages)


@pytest.mark.parametrize("text", ["\u200b\u00ad\x07", "\u3164\u115f\uffa0", "\u2028 …", "- - -", "\u0640\u200f"])
def test_what_no_one_can_read_is_never_coded(text: str) -> None:
    assert not [p for p in passages_of([Unit("paragraph", text, ())], "0" * 64, "en") if p.is_codable]


def test_low_quality_pages_are_not_coded() -> None:
    unit = Unit("paragraph", f"{WORDS}.", (), page_first=1, page_last=2)
    (passage,) = passages_of([unit], "0" * 64, "en", {1: "en", 2: "en"}, {1: 0.9, 2: 0.2})
    assert (passage.is_codable, passage.quality) == (False, 0.2)


@pytest.mark.corpus
def test_arabic_pages_are_recognized_and_not_passed_off_as_right() -> None:
    corpus = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "pdf"
    path = corpus / "un_A-79-876-S-2025-230_lebanon-letter-table_mul.pdf"
    if not path.is_file():
        pytest.skip("the corpus of real documents is not here")
    extraction = extract_file(path, "pdf", "0" * 64, ExtractOptions(), LIMITS)
    arabic = [page for page in extraction.pages if page.language in ("ar", "fa", "ur")]
    assert arabic
    assert all(page.quality is not None and page.quality < 0.5 for page in arabic)
    assert not any(p.is_codable for p in extraction.passages if p.page_first in {page.number for page in arabic})
    assert any("right to left" in warning for warning in extraction.warnings)
