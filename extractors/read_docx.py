"""DOCX: paragraphs with Word's own numbers and styles, tables, footnotes. Running heads and feet are other parts and are not read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from extractors.block import Block
from extractors.document import extraction_of
from extractors.docx_numbering import Numbering
from extractors.docx_package import DocxPackage, W, value
from extractors.docx_styles import Styles
from extractors.failure import ExtractionError
from extractors.headings import HeadingDepth, Look, is_capitals, is_summary, section_marker
from extractors.markers import ITEM_DEPTH, PARAGRAPH_KINDS, find_marker
from extractors.mend import clean
from extractors.types import Extraction
from warehouse.states import Reason

_HEADING_WORDS = 30
_ASTERISKS = re.compile(r"(\*{1,4})\s*(?=\w)")
_OFF = ("0", "false")
_FRAMED_WORDS = 30  # words of the longest cell of a table of one column that is a frame around text
# "(a)" and "(i)" are often two lists of Word, each at its own top: how deep an item is shows in its label, as in `ITEM_DEPTH`.
_FORM_DEPTH = {"lowerLetter": 1, "lowerRoman": 2, "bullet": 1}


def read_docx(path: Path, file_sha256: str) -> Extraction:
    """Return the extraction of a DOCX; raises `ExtractionError` (broken_file, encrypted, too_large, no_passages)."""
    blocks, title = docx_blocks(path)
    return extraction_of(blocks, file_sha256, "docx", {"title": title} if title else {})


def docx_blocks(path: Path) -> tuple[list[Block], str]:
    """Return the blocks of a DOCX and the title that its properties give; raises what `read_docx` raises."""
    with DocxPackage(path) as package:
        document = package.part("word/document.xml")
        if document is None or document.find(W + "body") is None:
            raise ExtractionError(Reason.BROKEN_FILE, "The Word file has no text part (word/document.xml).")
        reader = _Reader(Styles(package.part("word/styles.xml")), Numbering(package.part("word/numbering.xml")))
        reader.walk(document.find(W + "body"))
        notes = package.part("word/footnotes.xml")
        for note in notes.findall(W + "footnote") if notes is not None else ():
            text = clean(" ".join(paragraph_text(p) for p in note.iter(W + "p")))
            if text and note.get(W + "type") in (None, "normal"):
                mark = reader.notes.get(note.get(W + "id", ""))
                reader.blocks.append(Block("footnote", text, marker=mark, codable=False))
        core = package.part("docProps/core.xml")
        title = core.findtext(".//{http://purl.org/dc/elements/1.1/}title") if core is not None else None
    return reader.blocks, clean(title or "")


def paragraph_text(paragraph: Any) -> str:
    """Return the text of a `w:p`, inserted text included, deleted text, field codes and the anchored text boxes left out."""
    pieces: list[str] = []
    for node in paragraph.iter(W + "t", W + "tab", W + "br", W + "cr", W + "noBreakHyphen"):
        if any(_local(above) in ("del", "txbxContent", "moveFrom", "tabs", "pPr") for above in _between(node, paragraph)):
            continue
        name = _local(node)
        pieces.append(node.text or "" if name == "t" else "-" if name == "noBreakHyphen" else " ")
    return clean("".join(pieces))


def _between(node: Any, top: Any) -> list[Any]:
    above = []
    parent = node.getparent()
    while parent is not None and parent is not top:
        above.append(parent)
        parent = parent.getparent()
    return above


def _local(element: Any) -> str:
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""


class _Reader:
    def __init__(self, styles: Styles, numbering: Numbering) -> None:
        self.styles, self.numbering = styles, numbering
        self.blocks: list[Block] = []
        self.depth = HeadingDepth()
        self.notes: dict[str, str] = {}  # number of each note by its identifier

    def walk(self, body: Any) -> None:
        for element in body:
            name = _local(element)
            if name == "p":
                self.paragraph(element)
            elif name == "tbl":
                self.table(element)
            elif name in ("sdt", "ins", "customXml", "smartTag", "sdtContent"):
                content = element.find(W + "sdtContent") if name == "sdt" else element
                if content is not None:
                    self.walk(content)

    def paragraph(self, element: Any) -> None:
        text = paragraph_text(element)
        properties = element.find(W + "pPr")
        style = self.styles.style(value(properties, "pStyle") if properties is not None else None)
        number_id = value(properties, "numPr", "numId") or style.number_id
        depth_text = value(properties, "numPr", "ilvl")
        depth = int(depth_text) if depth_text and depth_text.isdigit() else style.depth
        label = self.numbering.next_label(number_id, depth) if number_id and number_id != "0" and text else None
        if not text:
            if next(element.iter(W + "drawing", W + "pict", W + "object"), None) is not None:
                # A chart: nothing of it is read, but text before and after it is not one text.
                self.blocks.append(Block("table", "", codable=False))
            return
        own_outline = value(properties, "outlineLvl")
        outline = int(own_outline) if own_outline and own_outline.isdigit() and int(own_outline) < 9 else style.outline
        shown = f"{label[0]} {text}" if label is not None and label[1] != "bullet" else text
        words = len(text.split())
        if style.name.lower().startswith(("toc", "tdm")):
            self.blocks.append(Block("annex_list", text, codable=False))
        elif outline is not None and words <= _HEADING_WORDS * 2:
            self.blocks.append(Block("heading", shown, outline + 1, codable=False))
        elif self.looks_head(element, style.bold, shown, words) or is_summary(text):
            look = Look(section_marker(shown), 0, True, is_capitals(text), False)
            self.blocks.append(Block("heading", shown, 9 + self.depth.depth(look), codable=False))
        elif label is None and (mark := self.table_note(element) or self.typed_note(text)) and text.startswith(mark):
            self.blocks.append(Block("footnote", text[len(mark) :].strip(), marker=mark, codable=False))
        else:
            self.blocks.append(_labelled(text, label, depth))
        self.blocks[-1].notes = self.marks(element)

    def marks(self, element: Any) -> tuple[str, ...]:
        """Return the numbers of the notes to a paragraph; Word counts them in the order of the text."""
        found = []
        for reference in element.iter(W + "footnoteReference"):
            key = reference.get(W + "id", "")
            found.append(self.notes.setdefault(key, str(len(self.notes) + 1)))
        return tuple(found)

    def table_note(self, element: Any) -> str:
        """Return the raised mark with which a note below a table begins, nothing for other paragraphs."""
        below = bool(self.blocks) and self.blocks[-1].kind in ("table", "footnote")
        first = next((run for run in element.iter(W + "r") if run.find(W + "t") is not None), None) if below else None
        properties = first.find(W + "rPr") if first is not None else None
        mark = "".join(node.text or "" for node in first.iter(W + "t")).strip() if first is not None else ""
        return mark if properties is not None and value(properties, "vertAlign") == "superscript" and len(mark) <= 3 else ""

    def typed_note(self, text: str) -> str:
        """Return the asterisks with which a note begins that was typed below the text: a block before has the same at a word."""
        found = _ASTERISKS.match(text)
        mark = found.group(1) if found else ""
        return mark if mark and any(_marked(block.text, mark) for block in self.blocks) else ""

    def looks_head(self, element: Any, style_bold: bool, text: str, words: int) -> bool:
        if words > _HEADING_WORDS or text[-1] in ".;,:" or not any(c.isalpha() for c in text):
            return False
        runs = [run for run in element.iter(W + "r") if "".join(t.text or "" for t in run.iter(W + "t")).strip()]
        return bool(runs) and all(_bold(run, style_bold) for run in runs)

    def table(self, element: Any) -> None:
        rows = []
        longest = columns = 0
        for row in element.findall(W + "tr"):
            cells = [clean(" ".join(paragraph_text(p) for p in cell.iter(W + "p"))) for cell in row.findall(W + "tc")]
            filled = [cell for cell in cells if cell]
            longest = max([longest, *(len(cell.split()) for cell in filled)])
            columns = max(columns, len(filled))
            if filled:
                rows.append(" | ".join(filled))
        if (len(rows) == 1 and longest > 150) or (columns == 1 and longest >= _FRAMED_WORDS):
            # A frame drawn around text is a table of one cell, or of a title and a cell.
            for cell in element.iter(W + "tc"):
                self.walk(cell)
        elif rows:
            self.blocks.append(Block("table", "\n".join(rows), codable=False))


def _marked(text: str, mark: str) -> bool:
    return bool(re.search(rf"[^\s*]{re.escape(mark)}(?![\w*])", text))


def _labelled(text: str, label: tuple[str, str] | None, depth: int) -> Block:
    """Return the block of a paragraph with an automatic label, or with one that was typed."""
    if label is None:
        marker = find_marker(text)
        if marker is None:
            return Block("paragraph", text)
        if marker.kind in PARAGRAPH_KINDS:
            return Block("paragraph", marker.rest, para_no=marker.value)
        if marker.kind in ITEM_DEPTH:
            return Block("list_item", marker.rest, ITEM_DEPTH[marker.kind], marker=marker.printed)
        return Block("paragraph", text)
    printed, form = label
    bare = printed.strip("().[] ")
    if form == "decimal" and "(" not in printed and bare:
        return Block("paragraph", text, para_no=bare)
    return Block("list_item", text, _FORM_DEPTH.get(form, max(1, depth)), marker=printed)


def _bold(run: Any, style_bold: bool) -> bool:
    properties = run.find(W + "rPr")
    mark = properties.find(W + "b") if properties is not None else None
    return style_bold if mark is None else mark.get(W + "val") not in _OFF
