"""How good a text layer looks: the share of its characters and words that could be writing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from extractors.language import small_words

_CID = re.compile(r"\(cid:\d+\)")
_LEADERS = re.compile(r"[._…\-–—=*]{4,}")  # between a title and its page; rules drawn by type
_USUAL = re.compile(r"[^\W_]{2,}[-.,;:!?’'\"”)]{1,2}")
_LEFTWARD = re.compile("[\u0590-\u08ff\ufb1d-\ufefc]")
_NO_LETTER = re.compile(r"[\W\d_]")
_MISREAD = re.compile(r"[a-zà-ÿ][A-Z]|[A-Za-z][0-9][A-Za-z]|\w['`´^~]{2}|[^\W\d]\.[^\W\d]|[|\\{}<>~^]")
_LEAST_LINES = 5
USABLE = 0.5
# PDF fonts of these scripts often map shapes to wrong letters, which no score of single characters can see.
LEFTWARD_QUALITY = 0.2


def text_quality(text: str) -> float | None:
    """Return a score from 0 (garbage) to 1, None for no text.

    The product of the share of known characters (no replacement, private-use or control characters, no "(cid:12)") and of the share
    of words that are letters mostly or plain numbers.
    """
    words = _LEADERS.sub(" ", text).split()
    total = sum(map(len, words))
    if not total:
        return None
    bare = " ".join(words)
    cid = unknown = 0
    if "(cid:" in bare:
        cid = sum(len(match) for match in _CID.findall(bare))
        words = _CID.sub(" ", bare).split()
    if "\ufffd" in bare or not bare.isprintable():
        unknown = sum(unicodedata.category(c) in ("Co", "Cn", "Cc") or c == "\ufffd" for c in bare)
    known = max(0.0, 1 - (cid + unknown) / total)
    odd = sum(len(word) for word in words if not word.isalnum() and not _USUAL.fullmatch(word) and not _plausible(word))
    share = 1 - odd / (sum(map(len, words)) or 1)
    return round(known * min(1.0, share / 0.9), 3)


def alphabetic_share(text: str) -> float | None:
    """Return the share of the characters that are letters, None for no text."""
    bare = "".join(text.split())
    return round(len(_NO_LETTER.sub("", bare)) / len(bare), 3) if bare else None


def lexical_share(text: str, language: str) -> float:
    """Return the share of the words that are the small words of a language; about 0.3 in prose, 0 where they are not known."""
    words = text.lower().split()
    return round(small_words(words, language) / len(words), 3) if words else 0.0


def misread_share(text: str) -> float:
    """Return the share of words that only a machine reads so: capitals and digits inside small letters, strokes, stray accents."""
    words = text.split()
    return sum(bool(_MISREAD.search(word)) for word in words) / max(len(words), 1)


def continuity(lines: Sequence[str]) -> float | None:
    """Return the share of lines broken off after a small letter whose next line begins with one; None where few lines are."""
    broken = [(after[0]) for before, after in pairwise(lines) if before[-1:].islower() and len(before) > 40 and after]
    return round(sum(not first.isupper() for first in broken) / len(broken), 3) if len(broken) >= _LEAST_LINES else None


def is_leftward(text: str) -> bool:
    """True for text mostly in a script that is written from right to left (Hebrew, Arabic and their kin)."""
    if text.isascii() or not _LEFTWARD.search(text):
        return False
    letters = [c for c in text if c.isalpha()]
    return len(letters) >= 20 and sum(unicodedata.bidirectional(c) in ("R", "AL") for c in letters) > 0.3 * len(letters)


def _plausible(word: str) -> bool:
    alphanumeric = sum(c.isalnum() or unicodedata.category(c) in ("Mn", "Mc") for c in word)
    return 2 * alphanumeric >= len(word) or set(word) <= set("._-–—…*•|")
