"""Is a stored passage really where the database says? Read the stored file anew and look.

The reader here shares nothing with the layout code: for PDF it asks PDFium for the text inside the stored boxes of the stored pages, in
the file's order and, failing that, in the order in which it stands there. That the page has the text somewhere else is not enough. All
words of the passage must be there, in order; between them only what extraction leaves out on purpose (numbers of paragraphs, marks of
notes, markers of items) may stand, and little of it. There is no approximate matching: another page or a shifted box fails.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractors.types import Box

if TYPE_CHECKING:
    from extractors.pdf_text import PdfText

_ITEM = re.compile(r"(?:^|(?<=\s))(?:\(?[a-zA-Z0-9]{1,5}[.)]|[•–—-])\s")
_SKIP = 12  # letters that may stand between two words of the passage
_SKIP_SHARE = 0.08  # of the passage's letters, in all
_BETWEEN = 6000  # letters that may stand between two pieces of a passage: long items that are passages of their own
_MARGIN = 1.5  # points around a box


@dataclass(frozen=True, slots=True)
class PassageLocation:
    """What the warehouse says of a passage: its text and where that should stand; pages from 1, None in formats without pages."""

    passage_id: str
    text: str
    lead_in: str | None
    page_first: int | None
    page_last: int | None
    boxes: tuple[Box, ...] = ()


def locations_from_plain(plain: Iterable[Mapping[str, Any]]) -> list[PassageLocation]:
    """Return the locations that `dataclasses.asdict` made plain."""
    return [
        PassageLocation(**{**item, "boxes": tuple(Box(**box) if isinstance(box, Mapping) else box for box in item["boxes"])})
        for item in plain
    ]


def refind(path: Path, file_format: str, passages: Sequence[PassageLocation]) -> list[bool]:
    """Return for each passage, in order, whether its text stands at its place in the file.

    Args:
        path: the stored file.
        file_format: pdf, docx, html or txt; the formats without pages are searched as a whole.
        passages: with boxes for PDF; a passage without boxes is looked for on its pages.

    Raises:
        ExtractionError: when the file cannot be opened.
    """
    if file_format == "pdf":
        return _refind_pdf(path, passages)
    from extractors.plain_text import whole_text

    text = letters(whole_text(path, file_format))
    return [_contains_pieces(text, passage) for passage in passages]


def _contains_pieces(text: str, passage: PassageLocation) -> bool:
    """True when the passage stands in a text without places, in one piece or in the pieces between its item markers, in order.

    Short items stay with their paragraph while a longer one between them is a passage of its own; automatic markers of Word are no
    text. Each piece has to be there whole, after the one before it and not farther from it than items between them can be long.
    """
    own = passage.text[len(passage.lead_in) :] if passage.lead_in and passage.text.startswith(passage.lead_in) else passage.text
    if contains(text, own):
        return True
    pieces = [words for piece in _ITEM.split(own) if (words := _words(piece))]
    if len(pieces) < 2:
        return False
    start = 0
    while (end := _end_of(text, pieces[0], start)) >= 0:
        start = text.find(pieces[0][0], start) + 1
        for piece in pieces[1:]:
            end = _end_of(text[: end + _BETWEEN + sum(map(len, piece))], piece, end)
            if end < 0:
                break
        else:
            return True
    return False


def _refind_pdf(path: Path, passages: Sequence[PassageLocation]) -> list[bool]:
    from extractors.pdf_text import PdfText

    results: dict[int, bool] = {}
    with PdfText(path) as reader:
        # By page, so that every page is opened few times.
        for index in sorted(range(len(passages)), key=lambda i: passages[i].page_first or 0):
            results[index] = _stands_in_boxes(reader, passages[index])
    return [results[index] for index in range(len(passages))]


def _stands_in_boxes(reader: PdfText, passage: PassageLocation) -> bool:
    first = passage.page_first
    last = passage.page_last or first
    if first is None or last is None or not 1 <= first <= last <= reader.page_count():
        return False
    if any(not first <= box.page <= last for box in passage.boxes):
        return False
    if not passage.boxes:
        pages = letters("\n".join(reader.page(number) for number in range(first, last + 1)))
        return contains(pages, passage.text, passage.lead_in)
    inside = letters("\n".join(reader.inside(box, _MARGIN) for box in passage.boxes))
    if contains(inside, passage.text, passage.lead_in):
        return True
    rows = letters("\n".join(reader.rows_inside(box, _MARGIN) for box in passage.boxes))
    if contains(rows, passage.text, passage.lead_in):
        return True
    turned = "\n".join(reader.turned_rows_inside(box, _MARGIN) for box in passage.boxes)
    if contains(letters(turned), passage.text, passage.lead_in):
        return True
    shown = "\n".join(reader.inside_shown(box, _MARGIN) or reader.inside(box, _MARGIN) for box in passage.boxes)
    return contains(letters(shown), passage.text, passage.lead_in)


def letters(text: str) -> str:
    """Return letters and digits only, NFKC and case folded: white space, hyphens and ligatures make no difference."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def contains(place: str, text: str, lead_in: str | None = None) -> bool:
    """True when all words of `text` stand in `place`, in order, with next to nothing between them.

    Args:
        place: text of the place, already in the form of `letters`.
        text: text of the passage.
        lead_in: the part repeated in front of a list item, which stands elsewhere and is not asked for here.
    """
    if lead_in and text.startswith(lead_in):
        text = text[len(lead_in) :]
    words = _words(text)
    return bool(words) and _end_of(place, words, 0) >= 0


def _words(text: str) -> list[str]:
    return [word for word in (letters(part) for part in text.split()) if word]


def _end_of(place: str, words: Sequence[str], start: int) -> int:
    """Return where the words end in `place` when they stand there in order from `start` on, else -1."""
    allowed = max(_SKIP, int(_SKIP_SHARE * sum(map(len, words))))
    start = place.find(words[0], start)
    while start >= 0:
        end = _follows(place, start + len(words[0]), words, allowed)
        if end >= 0:
            return end
        start = place.find(words[0], start + 1)
    return -1


def _follows(place: str, position: int, words: Sequence[str], allowed: int) -> int:
    skipped = 0
    for word in words[1:]:
        at = place.find(word, position, position + _SKIP + len(word))
        if at < 0:
            return -1
        skipped += at - position
        if skipped > allowed:
            return -1
        position = at + len(word)
    return position
