"""Lists numbered anew inside a numbered paragraph, figures between paragraphs, titles of covers: read off drawn pages."""

from __future__ import annotations

import io
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from extractors.line import Line
from extractors.markers import Marker, find_marker
from extractors.numbering import ParagraphSequence
from tests.extractors.test_extractors_pdf import HEIGHT, draw, paragraph, read, saved


def page(folder: Path, pieces: list[tuple[str, float, float, str]]) -> Path:
    """Draw pieces of text (text, left edge, type size, font) one below the other."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    y = HEIGHT - 90
    for text, x, size, font in pieces:
        y = draw(canvas, text, x, y, 520 - x, size, font)
    return saved(folder, canvas, buffer)


def text(content: str, x: float = 60) -> tuple[str, float, float, str]:
    return content, x, 10, "Times-Roman"


def test_items_numbered_anew_belong_to_their_paragraph_and_the_next_number_ends_them(tmp_path: Path) -> None:
    extraction = read(
        page(
            tmp_path,
            [
                text(f"69. {paragraph('harvest')}"),
                text("70. The debate is over. The following recommendations were made:"),
                text(f"1. {paragraph('school', 40)}", 90),
                text("2. Ratify the convention (Canada);", 90),
                text(f"3. {paragraph('court', 40)}", 90),
                text("4. Open the border (France).", 90),
                text(f"71. {paragraph('market', 40)}"),
                text(f"72. {paragraph('union', 40)}"),
            ],
        )
    )
    numbers = {p.para_no: p for p in extraction.passages}
    assert list(numbers) == ["69", "70", "70 (1)", "70 (3)", "71", "72"]
    assert numbers["70 (3)"].text == f"The following recommendations were made: {paragraph('court', 40)}"
    assert numbers["70"].text.endswith("2. Ratify the convention (Canada); 4. Open the border (France).")
    assert numbers["71"].text == paragraph("market", 40)


def line(x0: float) -> Line:
    return Line(1, x0, 0, 500, 10, "", 10, False, False, (40, 500), 0)


def number(value: int) -> Marker:
    marker = find_marker(f"{value}. Text")
    assert marker is not None
    return marker


def test_a_number_that_could_be_both_is_told_by_its_margin_and_a_heading_ends_a_list() -> None:
    sequence = ParagraphSequence()
    sequence.paragraph(number(2), line(40), "It recommends:")
    for value in (1, 2):
        assert sequence.is_item(number(value), line(70))
        sequence.item(number(value), line(70))
    assert sequence.is_item(number(3), line(70))
    assert not sequence.is_item(number(3), line(40))
    sequence.heading(is_annex=False)
    assert not sequence.is_item(number(1), line(70))


def test_figures_are_no_headings_and_their_axes_no_text(tmp_path: Path) -> None:
    extraction = read(
        page(
            tmp_path,
            [
                ("II. Activities", 60, 13, "Times-Bold"),
                text(f"31. {paragraph('harvest')}"),
                text("Figure II"),
                ("Number of patrols carried out per month", 60, 10, "Times-Bold"),
                *[(label, 60.0, 8.5, "Times-Roman") for label in ("1 400", "800", "200", "0")],
                text(f"32. {paragraph('border')}"),
            ],
        )
    )
    coded = [p for p in extraction.passages if p.is_codable]
    assert [(p.para_no, p.heading_path) for p in coded] == [("31", ("II. Activities",)), ("32", ("II. Activities",))]
    assert [p.text for p in coded] == [paragraph("harvest"), paragraph("border")]
    (figure,) = [p for p in extraction.passages if not p.is_codable]
    assert figure.text == "Figure II Number of patrols carried out per month 1 400 800 200 0"


def test_numbers_of_recommendations_and_single_numbers_stay_with_their_text(tmp_path: Path) -> None:
    opening = text(paragraph("court"))  # numbers above it would be taken for those of a cover
    pieces = [opening, text("140.47"), text("140.48"), text(paragraph("harvest")), text("8"), text(paragraph("school"))]
    passages = read(page(tmp_path, pieces)).passages
    assert all(p.is_codable for p in passages)
    assert " ".join(p.text for p in passages).split() == " ".join(content for content, *_ in pieces).split()


def test_a_figure_named_in_a_sentence_is_text(tmp_path: Path) -> None:
    content = f"31. {paragraph('harvest', 40)[:-1]} as the mission shows in"
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    y = draw(canvas, content, 60, 700, 450) + 8
    draw(canvas, f"Figure 2. {paragraph('school', 30)}", 60, y, 450)
    (passage,) = read(saved(tmp_path, canvas, buffer)).passages
    assert "shows in Figure 2. The mission" in passage.text


def test_the_title_of_a_cover_is_whole_or_absent(tmp_path: Path) -> None:
    masthead = [
        ("NATIONS A", 60.0, 16.0, "Times-Bold"),
        ("Distr. GENERAL", 300.0, 10.0, "Times-Roman"),
        ("Original: ENGLISH", 300.0, 10.0, "Times-Roman"),
    ]
    body = [("I. Introduction", 60.0, 14.0, "Times-Bold"), text(f"1. {paragraph('harvest')}")]
    title = [
        ("Report of the Working Group on the Universal Periodic", 60.0, 14.0, "Times-Bold"),
        ("Review*", 60.0, 14.0, "Times-Bold"),
    ]
    assert read(page(tmp_path, [*masthead, *title, *body])).cover["title"] == (
        "Report of the Working Group on the Universal Periodic Review"
    )
    assert "title" not in read(page(tmp_path, [*masthead, *body])).cover
    assert "title" not in read(page(tmp_path, [*masthead, ("Situation of the", 60, 14, "Times-Bold"), *body])).cover
    named = ("United Nations Disengagement Observer Force", 60.0, 14.0, "Times-Bold")
    assert read(page(tmp_path, [*masthead, named, *body])).cover["title"] == named[0]


def test_lines_below_the_title_of_an_annual_report_and_marks_are_not_its_title(tmp_path: Path) -> None:
    annual = [
        ("Report of the Committee against Torture", 60.0, 20.0, "Times-Bold"),
        ("Eighty-second session", 60.0, 14.0, "Times-Bold"),
        ("(7 April 2025)", 60.0, 14.0, "Times-Bold"),
        text(paragraph("harvest")),
    ]
    assert read(page(tmp_path, annual)).cover["title"] == annual[0][0]
    marked = [
        ("Report of the Working Group on the Universal", 60.0, 14.0, "Times-Bold"),
        ("**", 200.0, 8.0, "Times-Roman"),
        ("Periodic Review", 60.0, 14.0, "Times-Bold"),
        text(paragraph("harvest")),
    ]
    assert read(page(tmp_path, marked)).cover["title"] == "Report of the Working Group on the Universal Periodic Review"
    sentence = [("The Committee met the Government in spring.", 60.0, 14.0, "Times-Bold"), text(paragraph("harvest"))]
    assert "title" not in read(page(tmp_path, sentence)).cover
