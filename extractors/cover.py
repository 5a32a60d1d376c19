"""What stands in front of the text of a report: symbol, dates, organ, titles; kept, but not coded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from extractors.block import Block
from extractors.headings import is_summary, section_marker
from extractors.unit import MIN_WORDS

_BODY_ENDS = re.compile(r"[.!?:;…,][\"'”’»)\]]*$")
_MASTHEAD = re.compile(
    r"\bDistr(?:\.|ibuci|ibution)|^(?:(?:Provisional )?[Aa]genda i|I)tems? \d+\b|"
    r"\bOriginal\s?:|\b\d{1,2} \w+ (?:19|20)\d\d$|^[A-Z]{1,5}/[\w/.]+"
)
_CLAUSE = re.compile(r"^\W?[A-ZÀ-ÝА-Я]\w*(?:\s\S+){2,}[,;:]$")  # a resolution begins with clauses; lines of a cover do not end so
_SENTENCE = re.compile(r"[\"'“‘«(]?[^\W\d_].*[.!?…][\"'”’»)\]]*", re.S)  # what begins with a mark is a note to the cover
_COVER_WORDS = 30
_MOST = 20  # blocks that a cover without pages may have


def with_cover(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield the blocks of a document, those on its cover marked as `mark_cover` does; only these are held."""
    upcoming = iter(blocks)
    head: list[Block] = []
    for block in upcoming:
        head.append(block)
        if block.page_first != 1 or _is_body(block):
            break
    yield from mark_cover(head)
    yield from upcoming


def mark_cover(blocks: list[Block]) -> list[Block]:
    """Mark what stands on the first page before the text begins: symbol, date, titles, not coded.

    The text begins with a number, a clause or a long paragraph; below the last line of the masthead a sentence of the least length does.
    """
    end = next((index for index, block in enumerate(blocks) if block.page_first != 1 or _is_body(block)), len(blocks))
    masthead = max((index for index in range(end) if _is_masthead(blocks[index]) and not _is_sentence(blocks[index])), default=-1)
    end = next((index for index in range(masthead + 1, end) if _is_sentence(blocks[index])), end)
    for block in blocks[:end]:
        if block.kind != "heading":
            block.codable = False
    return _without_masthead_headings(blocks, masthead)


def mark_cover_without_pages(blocks: list[Block]) -> list[Block]:
    """Mark the same in a format without pages, where only a symbol, date or language line shows that there is a cover at all."""
    end = 0
    for block in blocks[:_MOST]:
        if _is_body(block) or (block.kind == "heading" and (section_marker(block.text) or is_summary(block.text))):
            break
        end += 1
    masthead = max((index for index, block in enumerate(blocks[:end]) if _is_masthead(block)), default=-1)
    if masthead < 0 or end == _MOST or end == len(blocks):
        return blocks
    for block in blocks[:end]:
        if block.kind != "heading":
            block.codable = False
    return _without_masthead_headings(blocks, masthead)


def _is_body(block: Block) -> bool:
    if block.kind == "heading":
        return False
    if block.para_no or _CLAUSE.search(block.text):
        return True
    return block.n_words >= _COVER_WORDS and bool(_BODY_ENDS.search(block.text))


def _is_sentence(block: Block) -> bool:
    """True for a paragraph of whole sentences that is long enough for a passage."""
    return block.kind == "paragraph" and block.n_words >= MIN_WORDS and bool(_SENTENCE.fullmatch(block.text))


def _is_masthead(block: Block) -> bool:
    return bool(_MASTHEAD.search(block.text)) and section_marker(block.text) is None and block.n_words < _COVER_WORDS


def _without_masthead_headings(blocks: list[Block], masthead: int) -> list[Block]:
    # The organ's name above symbol and date is set like a heading, but no text belongs to it.
    for block in blocks[: masthead + 1]:
        if block.kind == "heading" and section_marker(block.text) is None:
            block.kind, block.codable = "paragraph", False
    return blocks
