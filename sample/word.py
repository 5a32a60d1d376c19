"""The sample reports as Word files: heading styles, true automatic paragraph numbers, true footnotes, running head and foot.

python-docx has no footnotes and no numbering of its own, so those two parts are written as WordprocessingML (ECMA-376 part 1, sections 17.9
and 17.11). The zip is written again with fixed times, so that the bytes depend on the content only.
"""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.shared import Pt
from docx.text.paragraph import Paragraph as WordParagraph

from sample.records import AnnexList, Footnote, Heading, LetteredList, Paragraph, Report, Table

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_FOOTNOTES_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_PARAGRAPHS, _LETTERS = 90, 91  # ids of the two number lists, above those of the default template
_LEVELS = {_PARAGRAPHS: ("decimal", "%1."), _LETTERS: ("lowerLetter", "(%1)")}


def docx_bytes(report: Report) -> bytes:
    """Return the report as a Word file."""
    document = docx.Document()
    _properties(document, report)
    _numbering(document)
    _page_furniture(document, report)
    _cover(document, report)
    notes: list[Footnote] = []
    for block in report.blocks:
        if isinstance(block, Heading):
            document.add_heading(block.text, block.level)
        elif isinstance(block, Paragraph):
            notes += block.footnotes
            _paragraph(document, block)
        elif isinstance(block, LetteredList):
            _number(document.add_paragraph(block.lead_in), _PARAGRAPHS)
            for item in block.items:
                _number(document.add_paragraph(item), _LETTERS)
        elif isinstance(block, Table):
            _table(document, block)
        elif isinstance(block, AnnexList):
            for entry in block.entries:
                document.add_paragraph(entry, style="List Bullet")
    _footnotes(document, notes)
    stream = io.BytesIO()
    document.save(stream)
    return _with_fixed_times(stream.getvalue())


def _properties(document: Document, report: Report) -> None:
    properties = document.core_properties
    properties.title = report.title
    properties.author = report.organization.title()
    properties.last_modified_by = report.organization.title()
    properties.subject = "Invented for Entente"
    properties.comments = report.notice
    properties.keywords = "Entente sample, invented"
    properties.created = properties.modified = datetime(
        report.published.year, report.published.month, report.published.day, tzinfo=UTC
    ).replace(tzinfo=None)


def _numbering(document: Document) -> None:
    """Add the two lists: running paragraph numbers, and letters for items. Abstract definitions must stand before all instances."""
    root = document.part.numbering_part.element
    first = root.find(root.nsmap["w"].join(("{", "}num")))
    for key, (form, text) in _LEVELS.items():
        abstract = parse_xml(
            f'<w:abstractNum {_W} w:abstractNumId="{key}"><w:multiLevelType w:val="singleLevel"/><w:lvl w:ilvl="0"><w:start w:val="1"/>'
            f'<w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/><w:lvlJc w:val="left"/></w:lvl></w:abstractNum>'
        )
        if first is None:
            root.append(abstract)
        else:
            first.addprevious(abstract)
        root.append(parse_xml(f'<w:num {_W} w:numId="{key}"><w:abstractNumId w:val="{key}"/></w:num>'))


def _number(paragraph: WordParagraph, key: int) -> None:
    properties = paragraph._p.get_or_add_pPr()
    properties.append(parse_xml(f'<w:numPr {_W}><w:ilvl w:val="0"/><w:numId w:val="{key}"/></w:numPr>'))


def _page_furniture(document: Document, report: Report) -> None:
    section = document.sections[0]
    section.different_first_page_header_footer = True
    head = section.header.paragraphs[0]
    head.text = report.symbol
    head.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    section.footer.paragraphs[0].text = report.page_notice
    section.first_page_footer.paragraphs[0].text = report.page_notice


def _cover(document: Document, report: Report) -> None:
    for text, size in ((report.organization, 18), (report.symbol, 12)):
        run = document.add_paragraph().add_run(text)
        run.bold = True
        run.font.size = Pt(size)
    for text in (report.date_line, "Original: English", report.body, f"Agenda item {report.published.month}"):
        document.add_paragraph(text)
    document.add_paragraph(report.title, style="Title")
    document.add_paragraph().add_run(report.notice).italic = True
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)


def _paragraph(document: Document, block: Paragraph) -> None:
    paragraph = document.add_paragraph()
    _number(paragraph, _PARAGRAPHS)
    start = 0
    for note in block.footnotes:
        paragraph.add_run(block.text[start : note.after])
        mark = paragraph.add_run()
        mark.font.superscript = True
        mark._r.append(parse_xml(f'<w:footnoteReference {_W} w:id="{note.number}"/>'))
        start = note.after
    paragraph.add_run(block.text[start:])


def _table(document: Document, block: Table) -> None:
    document.add_paragraph(block.caption, style="Caption")
    table = document.add_table(rows=0, cols=len(block.columns), style="Table Grid")
    for row in (block.columns, *block.rows):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.add_paragraph()


def _footnotes(document: Document, notes: list[Footnote]) -> None:
    if not notes:
        return
    body = "".join(
        f'<w:footnote w:id="{note.number}"><w:p><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:footnoteRef/></w:r>'
        f'<w:r><w:t xml:space="preserve"> {escape(note.text)}</w:t></w:r></w:p></w:footnote>'
        for note in notes
    )
    separators = (
        '<w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>'
        '<w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:r><w:continuationSeparator/></w:r></w:p></w:footnote>'
    )
    xml = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<w:footnotes {_W}>{separators}{body}</w:footnotes>'
    part = Part(PackURI("/word/footnotes.xml"), _FOOTNOTES_TYPE, xml.encode(), document.part.package)
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)


def _with_fixed_times(content: bytes) -> bytes:
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), old.read(name), zipfile.ZIP_DEFLATED)
    return result.getvalue()
