"""Breaking a paragraph into justified lines, with hyphenated words, footnote marks kept in place.

Hyphens are put between syllables by a plain rule (vowel - consonant vowel, or vowel consonant - consonant vowel): enough to look like a
typeset page, and never inside a word that has a hyphen of its own, so that a reader can join the halves without doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sample.records import Footnote

_VOWELS = frozenset("aeiouy")
_TOGETHER = frozenset(
    {"th", "sh", "ch", "ph", "wh", "ck", "gh", "qu", "ng", "tr", "pr", "br", "cr", "dr", "gr", "pl", "bl", "cl", "st"}
)
_SHORTEST = 9


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text on a line; a `mark` is a footnote number, printed raised."""

    text: str
    mark: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text: its pieces, its natural width, how much is to be added to each space, the footnotes whose marks stand on it."""

    pieces: tuple[Piece, ...]
    width: float
    word_space: float
    notes: tuple[Footnote, ...]


def break_lines(
    text: str, notes: Sequence[Footnote], widths: Callable[[int], float], measure: Callable[[str], float], justify: bool = True
) -> list[Line]:
    """Break a paragraph.

    Args:
        text: the paragraph.
        notes: footnotes with the offsets of their marks in `text`.
        widths: the room on line 0, 1, ... in points.
        measure: width of a string in points.
        justify: stretch the spaces of every line but the last to the full width.
    """
    words = _words(text, notes)
    lines: list[Line] = []
    current: list[tuple[str, Footnote | None]] = []
    used = 0.0
    space = measure(" ")
    while words:
        word, note = words[0]
        room = widths(len(lines)) - used - (space if current else 0)
        needed = measure(word) + (measure(str(note.number)) * 0.7 if note else 0)
        if needed <= room:
            used += needed + (space if current else 0)
            current.append(words.pop(0))
            continue
        head = _hyphenated(word, room, measure) if note is None else None
        if head is not None:
            used += measure(head + "-") + (space if current else 0)
            current.append((head + "-", None))
            words[0] = (word[len(head) :], None)
        elif not current:
            current.append(words.pop(0))
            used += needed
        lines.append(_line(current, used, widths(len(lines)) if justify else None))
        current, used = [], 0.0
    if current:
        lines.append(_line(current, used, None))
    return lines


def syllable_breaks(word: str) -> list[int]:
    """Return the places where a lower-case word may be divided, three letters or more on either side."""
    found = []
    for i in range(3, len(word) - 3):
        before, here, after = word[i - 1], word[i], word[i + 1]
        open_syllable = before in _VOWELS and here not in _VOWELS and after in _VOWELS
        closed = (
            word[i - 2] in _VOWELS
            and before not in _VOWELS
            and here not in _VOWELS
            and after in _VOWELS
            and before + here not in _TOGETHER
        )
        if open_syllable or closed:
            found.append(i)
    return found


def _words(text: str, notes: Sequence[Footnote]) -> list[tuple[str, Footnote | None]]:
    words: list[tuple[str, Footnote | None]] = []
    start = 0
    for note in sorted(notes, key=lambda note: note.after):
        words += [(word, None) for word in text[start : note.after].split()]
        words[-1] = (words[-1][0], note)
        start = note.after
    return words + [(word, None) for word in text[start:].split()]


def _hyphenated(word: str, room: float, measure: Callable[[str], float]) -> str | None:
    core = word.rstrip(".,;:")
    if len(core) < _SHORTEST or not (core.isascii() and core.isalpha() and core.islower()):
        return None
    fitting = [i for i in syllable_breaks(core) if measure(core[:i] + "-") <= room]
    return core[: fitting[-1]] if fitting else None


def _line(words: Sequence[tuple[str, Footnote | None]], used: float, full: float | None) -> Line:
    pieces: list[Piece] = []
    text = ""
    for index, (word, note) in enumerate(words):
        text += (" " if index else "") + word
        if note:
            pieces += [Piece(text), Piece(str(note.number), mark=True)]
            text = ""
    if text:
        pieces.append(Piece(text))
    gaps = sum(piece.text.count(" ") for piece in pieces)
    extra = (full - used) / gaps if full is not None and gaps else 0.0
    return Line(tuple(pieces), used, extra, tuple(note for _, note in words if note))
