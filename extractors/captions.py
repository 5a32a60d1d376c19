"""What belongs to a table though it stands outside: its label, the short lines above it, the notes and abbreviations below."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from extractors.block import Block
from extractors.unit import MIN_WORDS

_TABLE_NOTE = re.compile(r"(?:[a-z]|\*+|\([a-z]\)|Note|Source|Abbreviations?)[\s:.]+\S")
_TABLE_LABEL = re.compile(
    r"(?:Table|Tableau|Cuadro|Tabla|Quadro|Tabela|Таблица)\s+(?:\d{1,3}(?:\.\d{1,2})?|[IVX]{1,5}|[A-Z]\.?\d*)(?:$|[\s.:–—])"
)
_ABBREVIATIONS = re.compile(r"(?:Abbreviations?|Abréviations?|Abreviaturas|Siglas)\s?:")


def labelled(block: Block) -> Block:
    """Return a block, as part of a table where it is the label of one, and as a note where it explains abbreviations."""
    if block.kind in ("heading", "paragraph") and _TABLE_LABEL.match(block.text) and _is_caption(block):
        return replace(block, kind="table", codable=False)
    if block.kind == "paragraph" and block.para_no is None and _ABBREVIATIONS.match(block.text):
        return replace(block, kind="footnote", codable=False)
    return block


def captioned(result: list[Block]) -> list[Block]:
    """Return the blocks of a section, in it marked what belongs to a table: short lines without a full stop before it, a note below."""
    for index, block in enumerate(result):
        abbreviations = block.kind == "footnote" and bool(_ABBREVIATIONS.match(block.text))
        if block.kind != "table" and not abbreviations:
            continue
        before = index - 1
        while not abbreviations and before >= 0 and _is_caption_at(result, before):
            result[before] = replace(result[before], kind="table", codable=False)
            before -= 1
        for after in range(index + 1, len(result)):
            note = result[after]
            if note.kind == "paragraph" and note.n_words < MIN_WORDS and _TABLE_NOTE.match(note.text):
                result[after] = replace(note, kind="footnote", codable=False)
            elif note.kind != "footnote":
                break
    return result


def _is_caption_at(blocks: Sequence[Block], index: int) -> bool:
    """True for a caption, and for a short line below the label of a table, whatever it ends with."""
    block = blocks[index]
    if block.kind != "paragraph":
        return False
    below_label = index > 0 and bool(_TABLE_LABEL.fullmatch(blocks[index - 1].text))
    return _is_caption(block) or (below_label and block.para_no is None and block.n_words < MIN_WORDS)


def _is_caption(block: Block) -> bool:
    return block.para_no is None and block.n_words < MIN_WORDS and block.text[-1:] not in ".:;?!,"
