"""Word, HTML and text: numbers that Word counts itself, encodings, and files made to harm."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

from entente.errors import BadInput
from extractors.extract import extract_file
from extractors.failure import ExtractionError
from extractors.options import ExtractionLimits, ExtractOptions, extractor_key
from extractors.page import RawPage, Rule, Word
from extractors.refind import PassageLocation, refind
from extractors.render import as_json, as_markdown, as_text, extraction_from_dict
from extractors.types import Extraction

LIMITS = ExtractionLimits(60, 3000, 50, 20)
LONG = (
    "The Government indicates that it has replied to all communications of the mission "
    "and that the replies contained full particulars of every case"
)


def read(path: Path) -> Extraction:
    return extract_file(path, path.suffix[1:], "0" * 64, ExtractOptions(), LIMITS)


def numbered(paragraph: Paragraph, depth: int) -> None:
    """Give a paragraph an automatic number of the list 77 made by `word_file`."""
    properties = OxmlElement("w:numPr")
    for name, value in (("w:ilvl", str(depth)), ("w:numId", "77")):
        element = OxmlElement(name)
        element.set(qn("w:val"), value)
        properties.append(element)
    paragraph._p.get_or_add_pPr().append(properties)


def word_file(folder: Path) -> Path:
    document = docx.Document()
    numbering = document.part.numbering_part.element
    abstract = OxmlElement("w:abstractNum")
    abstract.set(qn("w:abstractNumId"), "77")
    for depth, (form, text) in enumerate((("decimal", "%1."), ("lowerLetter", "(%2)"))):
        level = OxmlElement("w:lvl")
        level.set(qn("w:ilvl"), str(depth))
        for name, value in (("w:start", "1"), ("w:numFmt", form), ("w:lvlText", text)):
            element = OxmlElement(name)
            element.set(qn("w:val"), value)
            level.append(element)
        abstract.append(level)
    numbering.insert(0, abstract)
    number = OxmlElement("w:num")
    number.set(qn("w:numId"), "77")
    reference = OxmlElement("w:abstractNumId")
    reference.set(qn("w:val"), "77")
    number.append(reference)
    numbering.append(number)
    document.sections[0].header.paragraphs[0].text = "RUNNING HEAD"
    document.add_heading("Access to the country", 1)
    numbered(document.add_paragraph(f"{LONG} in the north."), 0)
    numbered(document.add_paragraph("The mission recommends that the authorities:"), 0)
    numbered(document.add_paragraph(f"{LONG} in the east;"), 1)
    numbered(document.add_paragraph(f"{LONG} in the west."), 1)
    table = document.add_table(rows=2, cols=2)
    for index, text in enumerate(("Province", "Visits", "North", "12")):
        table.cell(index // 2, index % 2).text = text
    document.add_heading("Conclusions", 1)
    numbered(document.add_paragraph(f"{LONG} in the south."), 0)
    path = folder / "report.docx"
    document.save(str(path))
    return path


def test_word_numbers_items_tables_and_headings(tmp_path: Path) -> None:
    path = word_file(tmp_path)
    extraction = read(path)
    coded = {p.para_no: p for p in extraction.passages if p.is_codable}
    assert set(coded) == {"1", "2 (a)", "2 (b)", "3"}
    assert coded["2 (b)"].text == f"The mission recommends that the authorities: {LONG} in the west."
    assert coded["1"].heading_path == ("Access to the country",)
    assert coded["3"].is_summary
    assert [p.text for p in extraction.passages if p.kind == "table"] == ["Province | Visits North | 12"]
    assert "RUNNING HEAD" not in as_text(extraction)
    places = [PassageLocation(p.passage_id, p.text, p.lead_in, None, None) for p in extraction.passages]
    assert all(refind(path, "docx", places))
    assert refind(path, "docx", [PassageLocation("p", LONG + " in the moon.", None, None, None)]) == [False]


def test_json_goes_round_and_markdown_shows_numbers(tmp_path: Path) -> None:
    extraction = read(word_file(tmp_path))
    assert extraction_from_dict(json.loads(as_json(extraction))) == extraction
    markdown = as_markdown(extraction)
    assert "# Access to the country" in markdown
    assert "**3**" in markdown


def rewritten(source: Path, target: Path, content: bytes) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == "word/document.xml" else old.read(name))
    return target


def test_bombs_and_broken_word_files_are_refused(tmp_path: Path) -> None:
    source = word_file(tmp_path)
    entities = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>'
    cases = {
        "too_large": rewritten(source, tmp_path / "zip.docx", b" " * 30_000_000),
        "broken_file": rewritten(source, tmp_path / "xml.docx", entities),
    }
    for reason, path in cases.items():
        with pytest.raises(ExtractionError) as caught:
            read(path)
        assert caught.value.reason == reason
    torn = tmp_path / "torn.docx"
    torn.write_bytes(source.read_bytes()[:900])
    with pytest.raises(ExtractionError) as caught:
        read(torn)
    assert caught.value.reason == "broken_file"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_html_is_read_without_its_site_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    page = (
        f'<html><head><meta charset="{encoding}"><title>Report</title><script>var secret = 1;</script></head><body>'
        f"<nav>Menu of the site</nav><h1>Mission</h1><h2>Accès</h2><p>1. {LONG} – première étape.</p>"
        "<table><tr><td>North</td><td>12</td></tr><tr><td>South</td><td>7</td></tr></table></body></html>"
    )
    path = tmp_path / "page.html"
    path.write_bytes(page.encode(encoding))
    extraction = read(path)
    (paragraph, table) = extraction.passages
    assert (paragraph.para_no, paragraph.heading_path) == ("1", ("Mission", "Accès"))
    assert paragraph.text.endswith("première étape.")
    assert (table.kind, table.is_codable) == ("table", False)
    assert extraction.cover == {"title": "Report"}


def test_nested_html_is_read_and_absurdly_nested_html_ends_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "deep.html"
    path.write_text("<div>" * 100 + f"<p>{LONG}.</p>", encoding="utf-8")
    assert [p.text for p in read(path).passages] == [f"{LONG}."]
    path.write_text("<div>" * 50_000 + f"<p>{LONG}.</p>", encoding="utf-8")
    with pytest.raises(ExtractionError) as caught:
        read(path)
    assert caught.value.reason in ("broken_file", "no_passages")


def test_repeated_paragraphs_are_marked_and_have_own_identifiers(tmp_path: Path) -> None:
    path = tmp_path / "twice.txt"
    path.write_text(f"{LONG}.\n\n{LONG}.\n", encoding="utf-8")
    first, second = read(path).passages
    assert (first.is_duplicate, second.is_duplicate) == (False, True)
    assert first.passage_id != second.passage_id


def test_old_word_and_empty_files_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    for name, content, reason in (("a.doc", b"\xd0\xcf", "missing_program"), ("b.txt", b" \n ", "no_passages")):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ExtractionError) as caught:
            read(path)
        assert caught.value.reason == reason


def test_options_are_checked_and_named_in_the_key() -> None:
    assert extractor_key(ExtractOptions()) != extractor_key(ExtractOptions("pdfium"))
    with pytest.raises(BadInput, match="pdfplumber"):
        ExtractOptions("tesseract")


def test_a_damaged_stream_in_a_word_file_is_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "report.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", "".join(f"<w:p>{number * 7919}</w:p>" for number in range(5000)))
    data = bytearray(path.read_bytes())
    start = 30 + len("word/document.xml")
    data[start + 50 : start + 600] = bytes(range(250)) * 2 + b"\xff" * 50
    path.write_bytes(bytes(data))
    with pytest.raises(ExtractionError) as caught:
        extract_file(path, "docx", "0" * 64, ExtractOptions(), LIMITS)
    assert caught.value.reason == "broken_file"


@pytest.mark.parametrize("place", ["1e30", "-9999999999999", "nan"])
def test_text_far_from_any_page_costs_neither_time_nor_the_page(place: str) -> None:
    """Damaged numbers in a PDF put words where no page is; looking for columns over such a width never ended."""
    words = [
        Word(f"word{n}", 72 + 60 * (n % 7), 100 + 14 * (n // 7), 120 + 60 * (n % 7), 111 + 14 * (n // 7), 10, 110 + 14 * (n // 7))
        for n in range(70)
    ]
    far = float(place)
    page = RawPage(1, 595, 842, [*words, Word("far", far, 100, far + 50, 111, 10, 110)], [Rule(far, far, far, far)])
    page.leave_out_what_stands_nowhere()
    assert [word.text for word in page.words] == [word.text for word in words]
    assert not page.rules


def test_damaged_names_of_parts_make_a_word_file_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "report.docx"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("word/é.xml", "<w/>")
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xc0\xc0"))
    with pytest.raises(ExtractionError) as caught:
        extract_file(path, "docx", "0" * 64, ExtractOptions(), LIMITS)
    assert caught.value.reason == "broken_file"
