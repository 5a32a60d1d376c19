"""Recognition of pages that are pictures, by the program tesseract where it is installed; where it is not, pages stay without text.

The program is called directly: its table of words (TSV) has all that is needed, and no library has to be kept up beside it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from extractors.language import language_of
from extractors.page import RawPage, Word

_DPI = 300
_MAX_PIXELS = 25_000_000  # of a rendered page; posters are rendered more coarsely
_SECONDS = 120.0  # for one page
_LEAST_CONFIDENCE = 5.0  # of 100; below it stand specks and the strokes of drawings
_WORD_LEVEL = "5"
_LINE_LEVEL = "4"
# Tesseract's names of languages by ISO 639-1.
_PACKS = {
    "en": "eng", "fr": "fra", "es": "spa", "ru": "rus", "ar": "ara", "zh": "chi_sim", "pt": "por", "de": "deu", "tr": "tur", "uz": "uzb",
    "vi": "vie", "it": "ita", "nl": "nld", "pl": "pol", "uk": "ukr", "fa": "fas", "id": "ind", "ko": "kor", "ja": "jpn", "sw": "swa",
    "kk": "kaz", "ky": "kir", "az": "aze", "ka": "kat", "hy": "hye", "sr": "srp", "ro": "ron", "bg": "bul", "el": "ell", "th": "tha",
    "km": "khm", "ne": "nep", "ur": "urd", "hi": "hin", "bn": "ben", "cs": "ces", "hu": "hun", "sv": "swe", "sq": "sqi", "bs": "bos",
    "hr": "hrv", "sl": "slv",
}  # fmt: skip


@cache
def installed() -> frozenset[str]:
    """Return the languages that tesseract can read here, by its own names; empty where it is not installed."""
    program = shutil.which("tesseract")
    if program is None:
        return frozenset()
    try:
        found = subprocess.run([program, "--list-langs"], capture_output=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return frozenset()
    return frozenset(found.stdout.decode("utf-8", "replace").split()[1:]) - {"osd", "equ"}


def is_available() -> bool:
    """True where pages can be recognized."""
    return bool(installed())


class PageRecognizer:
    """Recognizes pages of one PDF; holds one rendered page at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._document: Any = None

    def page(self, number: int, language: str | None) -> tuple[RawPage, float] | None:
        """Return the page with the words recognized and their mean confidence (0 to 1), None where nothing can be recognized.

        Args:
            number: of the page, from 1.
            language: in which the document is thought to be; the page is read again when it turns out to be in another.
        """
        picture = self._picture(number)
        if picture is None:
            return None
        packs = _packs(language)
        words, confidence = self._words(picture, packs)
        read = language_of(" ".join(word.text for word in words))
        if (other := _packs(read)) != packs and read in _PACKS:
            again, better = self._words(picture, other)
            if better > confidence:
                words, confidence = again, better
        raw = RawPage(number, picture.width, picture.height, words)
        return raw, confidence

    def close(self) -> None:
        """Release the file."""
        if self._document is not None:
            self._document.close()

    def _picture(self, number: int) -> _Picture | None:
        import pypdfium2 as pdfium

        try:
            if self._document is None:
                self._document = pdfium.PdfDocument(self._path)
            page = self._document[number - 1]
        except (pdfium.PdfiumError, IndexError):
            return None
        try:
            width, height = page.get_size()
            scale = min(_DPI / 72, (_MAX_PIXELS / max(width * height, 1.0)) ** 0.5)
            bitmap = page.render(scale=scale, grayscale=True)
            content, stride = bytes(bitmap.buffer), bitmap.stride
            rows = (content[i * stride : i * stride + bitmap.width] for i in range(bitmap.height))
            header = b"P5\n%d %d\n255\n" % (bitmap.width, bitmap.height)
            picture = _Picture(header + b"".join(rows), width, height, scale)
            bitmap.close()
            return picture
        except pdfium.PdfiumError:
            return None
        finally:
            page.close()

    @staticmethod
    def _words(picture: _Picture, packs: str) -> tuple[list[Word], float]:
        command = [
            shutil.which("tesseract") or "tesseract",
            "stdin",
            "stdout",
            "--dpi",
            str(round(72 * picture.scale)),
            "-l",
            packs,
            "tsv",
        ]
        # One thread a process: documents are read side by side already.
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            found = subprocess.run(
                command, input=picture.content, capture_output=True, timeout=_SECONDS, check=True, env=environment
            )
            return words_of_table(found.stdout.decode("utf-8", "replace"), picture.scale)
        return [], 0.0


class _Picture:
    def __init__(self, content: bytes, width: float, height: float, scale: float) -> None:
        self.content, self.width, self.height, self.scale = content, width, height, scale


def _packs(language: str | None) -> str:
    """Return what tesseract is told: the language's pack where it is installed, else English or whatever there is."""
    wanted = _PACKS.get(language or "en", "eng")
    known = installed()
    return wanted if wanted in known else "eng" if "eng" in known else min(known, default="eng")


def words_of_table(table: str, scale: float) -> tuple[list[Word], float]:
    """Return the words of tesseract's table in points, one type size for lines of like height, and their mean confidence (0 to 1)."""
    lines: dict[tuple[str, ...], tuple[float, float]] = {}
    found: list[tuple[tuple[str, ...], float, float, float, float, float, str]] = []
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) < 12:
            continue
        place = tuple(cells[1:5])
        left, top, width, height = (float(cell) / scale for cell in cells[6:10])
        if cells[0] == _LINE_LEVEL:
            lines[place] = top, height
        elif cells[0] == _WORD_LEVEL and cells[11].strip() and float(cells[10]) >= _LEAST_CONFIDENCE:
            found.append((place, left, top, width, height, float(cells[10]), cells[11].strip()))
    if not found:
        return [], 0.0
    usual = median(lines[one[0]][1] for one in found if one[0] in lines)
    words = []
    for place, left, _, width, _, _, text in found:
        line_top, line_height = lines[place]
        # Lines without letters below the baseline are lower: they are no smaller type.
        size = usual if 0.65 < line_height / usual < 1.4 else line_height
        words.append(
            Word(text, left, line_top, left + width, line_top + line_height, 0.8 * size, line_top + 0.8 * size, spaced=True)
        )
    return words, sum(one[5] for one in found) / len(found) / 100
