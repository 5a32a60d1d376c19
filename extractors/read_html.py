"""HTML: the main text without navigation and scripts; h1 to h6 are the headings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lxml import etree, html

from extractors.block import Block
from extractors.document import decode, extraction_of
from extractors.failure import ExtractionError
from extractors.headings import HeadingDepth
from extractors.markers import ITEM_DEPTH, PARAGRAPH_KINDS, find_marker
from extractors.mend import clean
from extractors.read_txt import labelled_block, text_blocks
from extractors.types import Extraction
from warehouse.states import Reason

_DROPPED = {
    "script", "style", "noscript", "template", "nav", "svg", "iframe", "form", "button", "select", "head", "object", "canvas", "aside",
}  # fmt: skip
_BLOCKS = {
    "p", "div", "section", "article", "main", "body", "blockquote", "li", "ul", "ol", "dl", "dt", "dd", "pre", "table", "header", "footer",
    "h1", "h2", "h3", "h4", "h5", "h6", "tr", "td", "th", "tbody", "thead", "tfoot", "figure", "figcaption", "center", "address", "hr",
    "details", "summary", "fieldset", "html",
}  # fmt: skip
_LINES = {"p", "div", "td", "ul", "center"}
_NOTE_MARK = re.compile(r"^[\[(]?(?:\d{1,3}|\*{1,3}|[†‡]|[a-z])[\])]?$")
_UNIT = re.compile(r"(?:\b[kcdm]?m|\bCO|\bH|\d)$")
_ROLES = {"navigation", "banner", "search", "contentinfo", "menu"}


def read_html(path: Path, file_sha256: str) -> Extraction:
    """Return the extraction of an HTML file; raises `ExtractionError` (broken_file, no_passages)."""
    text = decode(path.read_bytes(), looks_for_meta=True)
    parser = html.HTMLParser(no_network=True, huge_tree=False, remove_comments=True, remove_pis=True, encoding="utf-8")
    try:
        tree = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise ExtractionError(Reason.BROKEN_FILE, f"The HTML cannot be parsed: {error}.") from error
    title = tree.findtext(".//title")
    walker = _Walker()
    # A page that names its main part leaves the rest to the site's furniture.
    mains = tree.xpath("//main | //*[@role='main']") or tree.xpath("//article")
    total = len(clean(tree.text_content()))
    main = mains[0] if len(mains) == 1 and len(clean(mains[0].text_content())) > 0.3 * total else tree
    walker.walk(main)
    walker.flush()
    return extraction_of(walker.blocks, file_sha256, "html", {"title": clean(title)} if title and clean(title) else {})


class _Walker:
    """Walks the tree without recursion: hostile pages nest deeper than Python's stack."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.buffer: list[str] = []
        self.kind = "paragraph"
        self.depth = HeadingDepth()

    def walk(self, root: Any) -> None:
        stack: list[tuple[str, Any]] = [("enter", root)]
        while stack:
            action, item = stack.pop()
            if action == "text":
                self.buffer.append(item)
                continue
            tag = item.tag if isinstance(item.tag, str) else ""
            if action == "leave":
                self.leave(tag)
                continue
            if item is not root and item.tail:
                stack.append(("text", item.tail))
            if not tag or tag in _DROPPED or item.get("role") in _ROLES or item.get("hidden") is not None:
                continue
            if tag == "sup" and self.is_note_mark(item):
                continue
            if tag in _LINES and self.aside(item, tag):
                continue
            if tag == "br":
                self.buffer.append("\n")
                continue
            if tag in _BLOCKS:
                self.flush()
            if tag == "table" and self.data_table(item):
                continue
            if tag == "pre":
                self.blocks.extend(text_blocks(item.text_content()))
                continue
            self.kind = {"li": "list_item", "blockquote": "quotation"}.get(tag, self.kind)
            stack.append(("leave", item))
            stack.extend(("enter", child) for child in reversed(item))
            if item.text:
                stack.append(("text", item.text))

    def is_note_mark(self, item: Any) -> bool:
        """True for a raised number or star after a word; a power (km², m³) or a formula is none."""
        mark = clean(item.text_content())
        before = self.buffer[-1] if self.buffer else ""
        return bool(_NOTE_MARK.match(mark)) and not _UNIT.search(before) and bool(before.strip())

    def aside(self, item: Any, tag: str) -> bool:
        """Keep a row of links as a list and a paragraph in the smallest type as a note; return False for any other."""
        text = clean(item.text_content())
        if not text or len(text.split()) > 60 or item.find(".//p") is not None or item.find(".//table") is not None:
            return False
        letters = sum(c.isalnum() for c in text)
        links = item.findall(".//a")
        linked = sum(c.isalnum() for link in links for c in link.text_content())
        small = [
            child for child in item if child.tag == "small" or (child.tag == "font" and child.get("size") in ("1", "-2", "-3"))
        ]
        if len(links) >= 3 and linked > 0.8 * letters:
            kind = "annex_list"
        elif tag == "p" and small and clean("".join(child.text_content() for child in small)) == text:
            kind = "footnote"
        else:
            return False
        self.flush()
        self.blocks.append(Block(kind, text, codable=False))
        return True

    def leave(self, tag: str) -> None:
        if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            text = clean("".join(self.buffer))
            self.buffer.clear()
            if text:
                self.blocks.append(Block("heading", text, int(tag[1]), codable=False))
        elif tag in _BLOCKS:
            self.flush()
            if tag in ("li", "blockquote"):
                self.kind = "paragraph"

    def data_table(self, table: Any) -> bool:
        """Keep a table of data as one block; return False for a table that lays out text."""
        rows = [[clean(cell.text_content()) for cell in row.xpath("./td|./th")] for row in table.iter("tr")]
        rows = [[cell for cell in row if cell] for row in rows]
        filled = [row for row in rows if row]
        if len(filled) < 2 or sum(len(row) > 1 for row in filled) < 0.5 * len(filled) or table.find(".//table") is not None:
            return False
        if max(len(cell.split()) for row in filled for cell in row) > 150:
            return False
        self.blocks.append(Block("table", "\n".join(" | ".join(row) for row in filled), codable=False))
        return True

    def flush(self) -> None:
        text = clean("".join(self.buffer))
        self.buffer.clear()
        if not text:
            return
        if self.kind == "list_item":
            marker = find_marker(text)
            if marker is not None and marker.kind in (*PARAGRAPH_KINDS, *ITEM_DEPTH):
                self.blocks.append(Block("list_item", marker.rest, 1, marker=marker.printed))
            else:
                self.blocks.append(Block("list_item", text, 1))
            return
        if self.kind == "quotation":
            self.blocks.append(Block("quotation", text))
            return
        block = labelled_block(text, self.depth)
        if block.kind == "heading":
            block.level += 6  # below every heading that the page declares
        self.blocks.append(block)
