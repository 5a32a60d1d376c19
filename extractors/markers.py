"""What stands in front of a paragraph, an item or a heading: "12.", "(a)", "IV.", "•", and how deep it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BULLETS = "•●▪■◦○‣–—−-*·\uf0b7\uf0a7\uf02d"
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "section",
        re.compile(
            r"((?:part|chapter|section|partie|chapitre|parte|capítulo|раздел|глава)\s+(?:[IVXLC]+|\d+|[A-Z]))\b[.:]?\s*", re.I
        ),
    ),
    ("decimal", re.compile(r"(\d{1,3}(?:\.\d{1,3}){1,4})\.?\s+(?=\S)")),
    ("number", re.compile(r"(\d{1,4})\s?[.)]\s*(?=[^\s\d.,%)\]])")),
    ("number", re.compile(r"\[(\d{1,4})\.\]\s*(?=\S)")),
    ("paren_number", re.compile(r"\((\d{1,3})\)\s*(?=\S)")),
    ("roman_upper", re.compile(r"([IVXL]{1,7})\.\s+(?=\S)")),
    ("letter_upper", re.compile(r"([A-Z])\.\s+(?=\S)")),
    ("paren_roman", re.compile(r"\(?((?:x{0,3})(?:ix|iv|v?i{1,3}|v|x))\)\s*(?=\S)")),
    ("paren_letter", re.compile(r"\(?([a-z]{1,2})\)\s*(?=\S)")),
    ("dot_roman", re.compile(r"((?:x{0,3})(?:ix|iv|v?i{1,3}|v|x))\.\s+(?=\S)")),
    ("dot_letter", re.compile(r"([a-z])\.\s+(?=\S)")),
    ("paren_upper", re.compile(r"\(([A-Z])\)\s*(?=\S)")),
    ("bullet", re.compile(rf"([{re.escape(_BULLETS)}])\s+(?=\S)")),
)
ITEM_DEPTH = {
    "paren_upper": 1, "paren_letter": 1, "dot_letter": 1, "bullet": 1, "paren_number": 1, "paren_roman": 2, "dot_roman": 2,
}  # fmt: skip
_LETTERS = {"paren_roman": "paren_letter", "dot_roman": "dot_letter"}
_ROMAN = (
    "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv", "xvi", "xvii", "xviii", "xix", "xx",
)  # fmt: skip
PARAGRAPH_KINDS = ("number", "decimal")
SECTION_KINDS = ("section", "roman_upper", "letter_upper", "number", "decimal")


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker found at the start of a text: its kind, its value without punctuation, as printed, and the text's rest."""

    kind: str
    value: str
    printed: str
    rest: str


def find_marker(text: str, previous_item: str | None = None) -> Marker | None:
    """Return the marker with which `text` starts, or None.

    "(i)" is a letter after "(h)" and a roman number elsewhere; `previous_item` is the value of the item before, if any.
    """
    for kind, pattern in _PATTERNS:
        match = pattern.match(text)
        if match is None:
            continue
        value = match.group(1)
        if kind in _LETTERS and len(value) == 1 and previous_item is not None and ord(previous_item[-1]) + 1 == ord(value):
            kind = _LETTERS[kind]
        return Marker(kind, value, match.group(0).strip(), text[match.end() :].strip())
    return None


def before(marker: Marker) -> str | None:
    """Return the value of the item that precedes one in its list, "" for the first of a list, None where no order is known."""
    value = marker.value
    if marker.kind == "paren_number":
        return str(int(value) - 1) if int(value) > 1 else ""
    if marker.kind in _LETTERS:
        return None if value not in _ROMAN else _ROMAN[_ROMAN.index(value) - 1] if value != "i" else ""
    if marker.kind in ("paren_letter", "dot_letter", "paren_upper") and len(value) == 1:
        return "" if value in "aA" else chr(ord(value) - 1)
    return None
