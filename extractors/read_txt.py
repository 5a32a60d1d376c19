"""Plain text: blocks parted by blank lines, numbers and bullets in front of them."""

from __future__ import annotations

import re
from pathlib import Path

from extractors.block import Block
from extractors.document import decode, extraction_of
from extractors.headings import HeadingDepth, Look, is_capitals, section_marker
from extractors.markers import ITEM_DEPTH, PARAGRAPH_KINDS, find_marker
from extractors.mend import clean, join_lines
from extractors.types import Extraction

_BLANK = re.compile(r"\n[ \t\f]*\n|\f")
_HEADING_WORDS = 15
_RULE = re.compile(r"^[-_=*—–]{5,}$")
_NOTE = re.compile(r"^(?:\[\d{1,3}\]|\*{1,3}|[†‡])\s")
_NOTE_LINE = re.compile(r"^\s*\[(\d{1,3})\]\s", re.M)
_MARK = re.compile(r"(?<=[^\s\[])\[(\d{1,3})\]")


def read_txt(path: Path, file_sha256: str) -> Extraction:
    """Return the extraction of a text file; raises `ExtractionError` (no_passages) when it is empty."""
    text = decode(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
    return extraction_of(text_blocks(text), file_sha256, "txt", {})


def text_blocks(text: str) -> list[Block]:
    """Return the blocks of a text whose paragraphs are parted by blank lines or begin with numbers."""
    blocks: list[Block] = []
    depth = HeadingDepth()
    notes = set(_NOTE_LINE.findall(text))
    text = _MARK.sub(lambda match: "" if match.group(1) in notes else match.group(0), text)
    below_rule = in_notes = False
    for chunk in _BLANK.split(text):
        group: list[str] = []
        for line in (clean(line) for line in chunk.split("\n")):
            if _RULE.match(line):
                below_rule, in_notes = True, False
                continue
            # Notes stand below a rule, and nothing but notes follows until a heading.
            if in_notes and (is_capitals(line) or section_marker(line) is not None):
                in_notes = False
            in_notes = in_notes or (below_rule and bool(_NOTE.match(line)))
            if in_notes and line:
                if _NOTE.match(line) or not group:
                    blocks.append(Block("footnote", line, codable=False))
                    group = [line]
                else:
                    blocks[-1].text = f"{blocks[-1].text} {line}"
                continue
            below_rule = below_rule and not line
            marker = find_marker(line)
            if (
                group
                and marker is not None
                and marker.kind in (*PARAGRAPH_KINDS, *ITEM_DEPTH)
                and group[-1].endswith((".", ";", ":"))
            ):
                blocks.append(labelled_block(join_lines(group)[0], depth))
                group = []
            if line:
                group.append(line)
        if group and not in_notes:
            blocks.append(labelled_block(join_lines(group)[0], depth))
    return blocks


def labelled_block(text: str, depth: HeadingDepth) -> Block:
    """Return a block for a text of unknown role: its number, its bullet or its brevity tell what it is."""
    marker = find_marker(text)
    words = len(text.split())
    headlike = words <= _HEADING_WORDS and text[-1:] not in ".;,:!?" and any(c.isalpha() for c in text)
    if headlike and (is_capitals(text) or section_marker(text) is not None):
        return Block("heading", text, depth.depth(Look(section_marker(text), 0, False, is_capitals(text), False)), codable=False)
    if marker is not None and marker.kind in PARAGRAPH_KINDS:
        return Block("paragraph", marker.rest, para_no=marker.value)
    if marker is not None and marker.kind in ITEM_DEPTH:
        return Block("list_item", marker.rest, ITEM_DEPTH[marker.kind], marker=marker.printed)
    return Block("paragraph", text)
