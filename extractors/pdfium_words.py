"""Words of a PDFium page with few calls: the text at once, then the frame of the first and last character of each word.

A word whose frames do not fit one run of type on one line (marks of notes inside, other scripts, turned text, jumps) is read
character by character.
"""

from __future__ import annotations

import ctypes
import math
import re
from typing import Any

import pypdfium2.raw as pdfium_c

from extractors.page import Word

_HYPHENS = re.compile("[\x02\u00ad\ufffe]")  # how PDFium reports a hyphen at the end of a line, and the soft hyphen
_WORD = re.compile(r"[^\s\u200b\x00]+")
_FORCE_BOLD = 1 << 18
_ITALIC = 1 << 6
_ROTATED = 0.3  # radians
# Letters only, numbers only, or a number in punctuation: nothing of this holds the mark of a note.
_PLAIN = re.compile(r"[(\[“\"‘'«]?(?:[A-Za-zÀ-ɏΑ-ӿ’'/-]+|[0-9.,/:–-]+)[)\]”\"’'»]?[.,;:!?]{0,2}")
_LEFTWARD = re.compile("[\u0590-\u08ff\ufb1d-\ufefc]")
_WIDEST = 1.05  # of a character, in heights of the frame
_NO_SPACE = 0.12  # type sizes: closer than any space is wide
_NARROW_SPACE = 0.2  # type sizes: what is closer may be one word
_ASCENT = 0.8  # share of a type size that stands above the baseline, where the font does not say it
_LOW = 0.75  # type sizes: a frame lower than this is no frame of the font but one of the ink
_LOW_FRAMES = 3  # so many, and such a share of the frames of a page, make the font one whose frames follow the ink
_LOW_SHARE = 0.3
_HIGH = 1.25  # type sizes up to which the other frames of such a font are not believed
_GAP = 0.6  # heights between characters that no longer are one word


class WordReader:
    """Reads the words of text pages; keeps what is known of fonts by their name."""

    def __init__(self) -> None:
        self._name = ctypes.create_string_buffer(256)
        self._flags = ctypes.c_int()
        self._styles: dict[tuple[bytes, int], tuple[bool, bool, bool]] = {}
        self._frames: dict[tuple[bytes, int], int] = {}  # frames of a font on the page that is read
        self._low: dict[tuple[bytes, int], int] = {}  # those that were too low for it
        self._box = pdfium_c.FS_RECTF()
        self._matrix = pdfium_c.FS_MATRIX()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._units: Any = (ctypes.c_ushort * 8192)()
        # Letters and digits of the last page that were left out, by the quarters by which they are turned.
        self.turned = [0, 0, 0, 0]
        self._line = (0.0, 0.0, 0.0)  # upper and lower edge of the last word's frame, and its baseline

    def words(self, handle: Any, count: int, left: float, page_top: float) -> list[Word]:
        """Return the words in the file's order, in points from the top left corner.

        Args:
            handle: PDFium's text page.
            count: number of its characters.
            left: left edge of the page in the file's coordinates.
            page_top: its upper edge.
        """
        text = _HYPHENS.sub("-", self._text(handle, count))
        self._frames.clear()
        self._low.clear()
        words = self._read(handle, text, left, page_top)
        inked = [key for key, low in self._low.items() if low >= _LOW_FRAMES and low >= _LOW_SHARE * self._frames[key]]
        for key in inked:
            bold, italic, _ = self._styles[key]
            self._styles[key] = bold, italic, True
        # What was read before a font was known for its frames is read again.
        return self._read(handle, text, left, page_top) if inked else words

    def _read(self, handle: Any, text: str, left: float, page_top: float) -> list[Word]:
        self._line = (0.0, 0.0, 0.0)
        self.turned = [0, 0, 0, 0]
        words: list[Word] = []
        before_end = -1
        for match in _WORD.finditer(text):
            start, end = match.span()
            found = match.group()
            word = self._whole(handle, found, start, end, left, page_top) if _PLAIN.fullmatch(found) else None
            if word is not None:
                word.spaced = start > before_end
                if words and start == before_end + 1 and self._is_near(handle, words[-1], word, before_end):
                    word.spaced = word.x0 - words[-1].x1 >= _NO_SPACE * word.size
                    word.narrow = word.spaced
                if start == before_end and words:
                    _raise(words[-1], word)
                words.append(word)
            else:
                pieces = self._pieces(handle, found, start, left, page_top)
                if pieces:
                    pieces[0].spaced = True
                words.extend(pieces)
            before_end = end
        return words

    def _is_near(self, handle: Any, last: Word, word: Word, between: int) -> bool:
        """True where PDFium put a space between two pieces of text that stand closer than most words do."""
        return (
            last.baseline == word.baseline
            and -0.1 * word.size < word.x0 - last.x1 < _NARROW_SPACE * word.size
            and pdfium_c.FPDFText_IsGenerated(handle, between) == 1
        )

    def _text(self, handle: Any, count: int) -> str:
        if len(self._units) < count + 1:
            self._units = (ctypes.c_ushort * (2 * count + 1))()
        written = pdfium_c.FPDFText_GetText(handle, 0, count, self._units)
        text = bytes(memoryview(self._units)[: max(0, written - 1)]).decode("utf-16-le", "replace")
        if len(text) == count:
            return text
        # Characters and places no longer agree (letters outside the first plane): ask for each.
        codes = [pdfium_c.FPDFText_GetUnicode(handle, index) for index in range(count)]
        return "".join(_joined(codes))

    def _frame(self, handle: Any, index: int, inked: bool) -> tuple[float, float, float, float, float] | None:
        """Return left, top, right, bottom and baseline of a character in the file's coordinates.

        Args:
            handle: PDFium's text page.
            index: of the character.
            inked: frames of its font are known to follow the ink.
        """
        box = self._box
        if not pdfium_c.FPDFText_GetLooseCharBox(handle, index, box):
            return None
        # Frames differ from font to font on one line; origins do not.
        known = pdfium_c.FPDFText_GetCharOrigin(handle, index, self._x, self._y)
        if known and inked:
            size, y = self._size(handle, index), self._y.value
            if 0 < box.top - box.bottom < _HIGH * size:
                return min(box.left, self._x.value), y + _ASCENT * size, box.right, y - (1 - _ASCENT) * size, y
        return box.left, box.top, box.right, box.bottom, self._y.value if known else box.bottom

    def _size(self, handle: Any, index: int) -> float:
        """Return the type size of a character as the file gives it, 0 where it does not."""
        if not pdfium_c.FPDFText_GetMatrix(handle, index, self._matrix):
            return 0.0
        return float(pdfium_c.FPDFText_GetFontSize(handle, index)) * math.hypot(self._matrix.c, self._matrix.d)

    def _count_frame(self, handle: Any, index: int, height: float) -> None:
        """Take note of a character's frame, and whether it is far lower than the type of the character, by font.

        Some fonts claim an ascent and descent that are no height of type. PDFium's frames then follow the ink, and an "a" is lower
        than a "b".
        """
        key = self._name.value, self._flags.value
        self._frames[key] = self._frames.get(key, 0) + 1
        if (
            0 < height < _LOW * pdfium_c.FPDFText_GetFontSize(handle, index)
            and height < _LOW * self._size(handle, index)
            and chr(pdfium_c.FPDFText_GetUnicode(handle, index)).isalpha()
        ):
            self._low[key] = self._low.get(key, 0) + 1

    def _whole(self, handle: Any, text: str, start: int, end: int, left: float, page_top: float) -> Word | None:
        """Return a word that stands in one run on one line, None when it does not or when that cannot be said."""
        box = self._box
        if not pdfium_c.FPDFText_GetLooseCharBox(handle, start, box):
            return None
        x0, y1, x1, y0 = box.left, box.top, box.right, box.bottom
        height = y1 - y0
        bold, italic, inked = self._style(handle, start)
        if inked:
            return self._whole_inked(handle, text, start, end, left, page_top)
        if height <= 0.5 or x1 < x0:
            return None
        if end - start > 1:
            if not pdfium_c.FPDFText_GetLooseCharBox(handle, end - 1, box):
                return None
            last = box.left
            x1 = box.right
            # Characters of one size with frames of one height stand on one line.
            if (
                abs(box.top - y1) > 0.05 * height
                or abs(box.bottom - y0) > 0.05 * height
                or last < x0
                or not 0 < x1 - x0 < _WIDEST * height * (end - start)
            ):
                return None
        elif self._is_turned(handle, start):
            return None
        line = self._line
        if line[0] != y1 or line[1] != y0:
            self._count_frame(handle, start, height)
            known = pdfium_c.FPDFText_GetCharOrigin(handle, start, self._x, self._y)
            line = self._line = (y1, y0, self._y.value if known else y0)
        return Word(text, x0 - left, page_top - y1, x1 - left, page_top - y0, height * 0.9, page_top - line[2], bold, italic)

    def _whole_inked(self, handle: Any, text: str, start: int, end: int, left: float, page_top: float) -> Word | None:
        """Return the same where PDFium's frames follow the ink."""
        first, last = self._frame(handle, start, True), self._frame(handle, end - 1, True)
        if first is None or last is None or self._is_turned(handle, start):
            return None
        height = first[1] - first[3]
        same = abs(first[4] - last[4]) < 0.05 * height and abs(first[1] - first[3] - last[1] + last[3]) < 0.1 * height
        if not same or last[0] < first[0] or not 0 < last[2] - first[0] < _WIDEST * height * (end - start):
            return None
        bold, italic, _ = self._style(handle, start)
        top, bottom, baseline = page_top - first[1], page_top - first[3], page_top - first[4]
        return Word(text, first[0] - left, top, last[2] - left, bottom, height * 0.9, baseline, bold, italic)

    def _pieces(self, handle: Any, text: str, start: int, left: float, page_top: float) -> list[Word]:
        """Return the runs of type of a word, character by character."""
        words: list[Word] = []
        current: Word | None = None
        for offset, character in enumerate(text):
            bold, italic, inked = self._style(handle, start + offset)
            frame = self._frame(handle, start + offset, inked)
            if frame is None:
                continue
            x0, x1, top, bottom = frame[0] - left, frame[2] - left, page_top - frame[1], page_top - frame[3]
            baseline, height = page_top - frame[4], bottom - top
            if height <= 0.5 or x1 < x0:
                # PDFium gives turned characters a frame without height, or one upside down.
                if character.isalnum() and self._is_turned(handle, start + offset):
                    self.turned[self._quarters(handle, start + offset)] += 1
                continue
            leftward = bool(_LEFTWARD.match(character))
            if (
                current is not None
                and abs(baseline - current.baseline) < 0.08 * height
                and 0.85 < height / (current.bottom - current.top) < 1.18
                and leftward == current.leftward
                and -0.5 * height < (current.x0 - x1 if leftward else x0 - current.x1) < _GAP * height
            ):
                current.text += character
                current.x0, current.x1 = min(current.x0, x0), max(current.x1, x1)
                continue
            previous = current
            if self._is_turned(handle, start + offset):
                if character.isalnum():
                    self.turned[self._quarters(handle, start + offset)] += 1
                current = None
                continue
            current = Word(character, x0, top, x1, bottom, height * 0.9, baseline, bold, italic, leftward=leftward)
            if previous is not None:
                _raise(previous, current)
            words.append(current)
        return words

    def _is_turned(self, handle: Any, index: int) -> bool:
        return abs(float(pdfium_c.FPDFText_GetCharAngle(handle, index))) % 6.28 > _ROTATED

    def _quarters(self, handle: Any, index: int) -> int:
        """Return the quarters, clockwise, that come nearest to the angle of a character."""
        return round(float(pdfium_c.FPDFText_GetCharAngle(handle, index)) / (math.pi / 2)) % 4

    def _style(self, handle: Any, index: int) -> tuple[bool, bool, bool]:
        """Return whether a character is bold, whether it is italic, and whether frames of its font were seen to follow the ink."""
        length = pdfium_c.FPDFText_GetFontInfo(handle, index, self._name, len(self._name), self._flags)
        key = (self._name.value if length else b"", self._flags.value)
        style = self._styles.get(key)
        if style is None:
            name, flags = key[0].lower(), key[1]
            weight = pdfium_c.FPDFText_GetFontWeight(handle, index)
            bold = weight >= 600 or b"bold" in name or b"black" in name or bool(flags & _FORCE_BOLD)
            style = bold, b"italic" in name or b"oblique" in name or bool(flags & _ITALIC), False
            self._styles[key] = style
        return style


def _raise(before: Word, word: Word) -> None:
    """Mark a word as raised that is smaller than the one that it touches and stands above its line."""
    if -1.0 < word.x0 - before.x1 < _GAP * (word.bottom - word.top):
        height = word.bottom - word.top
        smaller = height < 0.82 * (before.bottom - before.top)
        word.raised = smaller and word.baseline < before.baseline - 0.1 * height


def _joined(codes: list[int]) -> list[str]:
    """Return one string for each code; the two halves of a letter outside the first plane become the letter and nothing."""
    result: list[str] = []
    pending = 0
    for code in codes:
        if pending and 0xDC00 <= code < 0xE000:
            result[-1] = chr(0x10000 + ((pending - 0xD800) << 10) + (code - 0xDC00))
            result.append("\x00")
            pending = 0
            continue
        pending = code if 0xD800 <= code < 0xDC00 else 0
        result.append(chr(code) if 0 <= code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else "\ufffd")
    return result
