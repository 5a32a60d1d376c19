"""The reference texts of a corpus: what `pairs.csv` names beside each document, as pieces of text with their kind."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = ("typed", "aligned", "text", "word", "tree")


@dataclass(frozen=True, slots=True)
class Piece:
    """A heading, paragraph or line of front matter of a reference."""

    kind: str  # heading, paragraph or front
    text: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A document and what it should read as.

    `typed`: every paragraph and heading of the official Word file, without cover and notes. `aligned`: paragraphs that stand in two
    languages, others left out. `text`: the whole text without running heads, `word`: the same of a Word file. `tree`: the cells and
    paragraphs of a Word file.
    """

    document: Path
    kind: str
    pieces: tuple[Piece, ...]


def pairs_of(corpus: Path) -> list[Pair]:
    """Return the pairs of a corpus, old Word files left out."""
    with (corpus / "pairs.csv").open(encoding="utf-8") as stream:
        rows = [(row["document"], row["reference"]) for row in csv.DictReader(stream)]
    return [_pair(corpus, document, reference) for document, reference in rows if not document.endswith(".doc")]


def _pair(corpus: Path, document: str, reference: str) -> Pair:
    name, _, key = reference.partition("#")
    path = corpus / name
    if path.suffix == ".txt":
        text = path.read_text(encoding="utf-8", errors="replace")
        kind = "text" if document.endswith(".pdf") else "word"
        return Pair(corpus / document, kind, (Piece("paragraph", text),))
    content: Any = json.loads(path.read_text(encoding="utf-8"))
    if key:
        texts = [item[key] for item in content["paragraphs"] if item.get(key)]
        # A paragraph that answers to two of the other language is listed twice.
        kept = [text for index, text in enumerate(texts) if not index or texts[index - 1] != text]
        return Pair(corpus / document, "aligned", tuple(Piece("paragraph", text) for text in kept))
    if path.stem.endswith("_paragraphs"):
        return Pair(corpus / document, "typed", tuple(_typed(item) for item in content))
    return Pair(corpus / document, "tree", tuple(Piece("paragraph", text) for text in _leaves(content)))


def _typed(item: dict[str, Any]) -> Piece:
    kind = {"heading": "heading", "paragraph": "paragraph"}.get(item["type"], "front")
    if kind == "front" and len(item["text"].split()) >= 20:
        kind = "paragraph"
    return Piece(kind, item["text"])


def _leaves(node: Any) -> list[str]:
    """Return the texts of a block tree; a block with children repeats their text and is left out."""
    if isinstance(node, list):
        return [text for item in node for text in _leaves(item)]
    if not isinstance(node, dict):
        return []
    below = [text for key, item in node.items() if key in ("children", "table_content") for text in _leaves(item)]
    own = node.get("text")
    return [*([own] if isinstance(own, str) and own.strip() else []), *below]
