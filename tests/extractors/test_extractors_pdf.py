"""What a reader of a PDF page sees is what comes out: columns, margins, notes, headings, numbers; and it is found again."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from extractors.extract import extract_file
from extractors.failure import ExtractionError
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.refind import PassageLocation, refind
from extractors.types import Extraction, Passage

LIMITS = ExtractionLimits(60, 3000, 50, 20)
WIDTH, HEIGHT = A4
TOPICS = ("harvest", "school", "court", "market", "clinic", "border", "mine", "union", "port")


def paragraph(topic: str, count: int = 60) -> str:
    body = f"The mission examined the {topic} and noted that officials of the {topic} gave full answers about the {topic} in every district "
    return " ".join((body * 4).split()[:count]).rstrip(".") + "."


def wrapped(text: str, width: float, size: float) -> list[str]:
    lines, current = [], ""
    for word in text.split():
        if stringWidth(f"{current} {word}".strip(), "Times-Roman", size) > width:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}".strip()
    return [*lines, current]


def draw(canvas: Canvas, text: str, x: float, y: float, width: float, size: float = 10, font: str = "Times-Roman") -> float:
    for line in wrapped(text, width, size):
        canvas.setFont(font, size)
        canvas.drawString(x, y, line)
        y -= 1.2 * size
    return y - 0.8 * size


def saved(folder: Path, canvas: Canvas, buffer: io.BytesIO) -> Path:
    canvas.save()
    path = folder / "report.pdf"
    path.write_bytes(buffer.getvalue())
    return path


def read(path: Path, engine: str = "auto") -> Extraction:
    return extract_file(path, "pdf", "0" * 64, ExtractOptions(engine), LIMITS)


def locations(passages: tuple[Passage, ...]) -> list[PassageLocation]:
    return [PassageLocation(p.passage_id, p.text, p.lead_in, p.page_first, p.page_last, p.boxes) for p in passages]


def report(folder: Path) -> Path:
    """Three pages with running heads, page numbers, two columns on the second, a note, a paragraph over a page break."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    for page in (1, 2, 3):
        canvas.setFont("Times-Roman", 8)
        canvas.drawString(72, HEIGHT - 40, f"MISSION REPORT/{page}")
        canvas.drawCentredString(WIDTH / 2, 30, str(page))
        y = HEIGHT - 90
        if page == 1:
            y = draw(canvas, "I. Access to the country", 72, y, 450, 13, "Times-Bold")
            y = draw(canvas, f"1. {paragraph('harvest')}", 72, y, 450)
            broken = wrapped(f"2. {paragraph('school', 50)}", 450, 10)
            canvas.setFont("Times-Roman", 10)
            for line in broken[:2]:
                canvas.drawString(72, y, line)
                y -= 12
            canvas.line(72, 100, 180, 100)
            draw(canvas, "1 See the earlier report of the mission, paragraph 12.", 72, 88, 450, 7.5)
        elif page == 2:
            canvas.setFont("Times-Roman", 10)
            for line in wrapped(f"2. {paragraph('school', 50)}", 450, 10)[2:]:
                canvas.drawString(72, y, line)
                y -= 12
            top = y - 30
            for column, topics in ((72, TOPICS[2:4]), (310, TOPICS[4:6])):
                y = top
                for topic in topics:
                    y = draw(canvas, paragraph(topic), column, y, 210)
        else:
            y = draw(canvas, "II. Conclusions", 72, y, 450, 13, "Times-Bold")
            draw(canvas, f"3. {paragraph('union')}", 72, y, 450)
        canvas.showPage()
    return saved(folder, canvas, buffer)


@pytest.mark.parametrize("engine", ["pdfium", "pdfplumber"])
def test_report_is_read_as_people_read_it(tmp_path: Path, engine: str) -> None:
    extraction = read(report(tmp_path), engine)
    coded = [p for p in extraction.passages if p.is_codable]
    assert [p.para_no for p in coded] == ["1", "2", None, None, None, None, "3"]
    assert coded[0].text == paragraph("harvest")
    assert coded[1].text == paragraph("school", 50)
    assert (coded[1].page_first, coded[1].page_last) == (1, 2)
    assert [p.text for p in coded[2:6]] == [paragraph(topic) for topic in TOPICS[2:6]]
    assert coded[0].heading_path == ("I. Access to the country",)
    assert coded[-1].heading_path == ("II. Conclusions",)
    assert coded[-1].is_summary
    notes = [p for p in extraction.passages if p.kind == "footnote"]
    assert ["See the earlier report" in p.text and not p.is_codable for p in notes] == [True]
    assert not any("MISSION REPORT" in p.text for p in extraction.passages)
    assert extraction.language == "en"
    assert [p.ordinal for p in extraction.passages] == list(range(len(extraction.passages)))


def test_passages_are_found_at_their_place_and_nowhere_else(tmp_path: Path) -> None:
    path = report(tmp_path)
    passages = read(path).passages
    there = locations(passages)
    assert all(refind(path, "pdf", there))
    harvest = next(at for at in there if "harvest" in at.text)
    wrong_page = PassageLocation(
        "p", harvest.text, None, 3, 3, tuple(box.__class__(3, box.x0, box.top, box.x1, box.bottom) for box in harvest.boxes)
    )
    wrong_word = PassageLocation("p", harvest.text.replace("officials", "nobody", 1), None, 1, 1, harvest.boxes)
    beyond = PassageLocation("p", harvest.text, None, 9, 9, ())
    assert refind(path, "pdf", [wrong_page, wrong_word, beyond]) == [False, False, False]


def test_same_bytes_give_the_same_identifiers(tmp_path: Path) -> None:
    path = report(tmp_path)
    first, second = read(path), read(path)
    assert first == second
    assert len({p.passage_id for p in first.passages}) == len(first.passages)


def test_password_is_named(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, encrypt=StandardEncryption("secret", canPrint=0))
    canvas.drawString(72, 700, "Hidden")
    with pytest.raises(ExtractionError) as caught:
        read(saved(tmp_path, canvas, buffer))
    assert caught.value.reason == "encrypted"


def test_image_pages_and_broken_files_and_long_ones_have_their_reasons(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    canvas.rect(50, 50, 300, 300, fill=1)
    path = saved(tmp_path, canvas, buffer)
    with pytest.raises(ExtractionError) as caught:
        read(path)
    assert caught.value.reason == "no_text_layer"
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ExtractionError) as caught:
        read(broken)
    assert caught.value.reason == "broken_file"
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    for _ in range(21):
        canvas.drawString(72, 700, "A page of text")
        canvas.showPage()
    with pytest.raises(ExtractionError) as caught:
        read(saved(tmp_path, canvas, buffer))
    assert caught.value.reason == "too_large"


def test_a_page_without_text_among_others_is_known(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    draw(canvas, paragraph("harvest"), 72, 700, 450)
    canvas.showPage()
    canvas.rect(50, 50, 300, 300, fill=1)
    canvas.showPage()
    extraction = read(saved(tmp_path, canvas, buffer))
    assert [page.text_source for page in extraction.pages] == ["text_layer", "none"]
    assert extraction.pages[1].quality is None


@pytest.mark.corpus
def test_real_report_in_two_columns_is_not_read_across() -> None:
    path = Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "pdf" / "un_A-56-509_two-column-unfccc_en.pdf"
    extraction = read(path)
    text = " ".join(p.text for p in extraction.passages)
    assert "requested the Executive Secretary of the United Nations Framework Convention on Climate Change to report" in text
    found = refind(path, "pdf", locations(extraction.passages))
    assert sum(found) >= 0.95 * len(found)
