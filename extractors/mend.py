"""Mending of text that typesetting has broken: ligatures, hyphens at line ends, odd spaces; and the normal form for comparison."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_LIGATURES = str.maketrans(
    {
        "ﬀ": "ff",
        "ﬁ": "fi",
        "ﬂ": "fl",
        "ﬃ": "ffi",
        "ﬄ": "ffl",
        "ﬅ": "st",
        "ﬆ": "st",
        "\u00ad": None,
        "\u200b": None,
        "\ufeff": None,
        "\u2060": None,
        "\x00": None,
    }
)
# Letters by their category that show nothing: the fillers of Hangul, and the stroke that stretches Arabic words.
_UNSEEN = dict.fromkeys(map(ord, "\u115f\u1160\u3164\uffa0\u0640"))
_SPACES = re.compile(r"\s+")
_FUSED = re.compile("[ﬀﬁﬂﬃﬄﬅﬆ]")
_APART = re.compile(r"[\W_]+")
_COMPOUND = re.compile(r"[A-Za-z0-9À-ÿ’']+-[A-Za-z0-9À-ÿ-]+")


def clean(text: str) -> str:
    """Return the text with ligatures resolved, invisible characters dropped and white space runs made single spaces."""
    if text.isprintable() and "  " not in text and (text.isascii() or not _FUSED.search(text)):
        return text.strip()
    text = text.translate(_LIGATURES)
    return _SPACES.sub(" ", "".join(c for c in text if c.isspace() or unicodedata.category(c) != "Cc")).strip()


def join_lines(lines: Iterable[str], compounds: frozenset[str] = frozenset()) -> tuple[str, list[int]]:
    """Join the lines of a paragraph, mending words cut by a hyphen at the line's end; return the text and the words of each line.

    The hyphen stays where the document writes the same compound with a hyphen inside a line, after a digit or before a capital. A word
    over two lines counts for the first.

    Args:
        lines: cleaned lines in reading order.
        compounds: the lower-case hyphenated words of the document (see `compounds_of`).
    """
    result = ""
    counts: list[int] = []
    for line in lines:
        counts.append(len(line.split()))
        if not line:
            continue
        if not result:
            result = line
        elif result.endswith("-") and len(result) > 1 and result[-2].isalnum():
            first, second = result.rsplit(" ", 1)[-1], line.split(" ", 1)[0]
            compound = (first + second).lower().rstrip(".,;:)”\"'")
            keeps = not first[:-1].isalpha() or not second[:1].islower() or compound in compounds
            result = result + line if keeps else result[:-1] + line
            counts[-1] -= 1
        elif result.endswith("/"):
            result += line
            counts[-1] -= 1
        else:
            result = f"{result} {line}"
    return result, counts


def compounds_of(lines: Iterable[str]) -> frozenset[str]:
    """Return the words that are written with a hyphen inside a line, in lower case."""
    return frozenset(match.lower() for line in lines for match in _COMPOUND.findall(line))


def normal_form(text: str) -> str:
    """Return the text as it is compared: NFKC, lower case, letters and digits only with single spaces between words."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_LIGATURES).translate(_UNSEEN))
    return _APART.sub(" ", text.casefold()).strip()
