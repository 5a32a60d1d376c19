"""What of a passage's text reaches the model: its readable form, and the counts of its word n-grams.

The encoder knows paraphrase, the n-grams know the fixed formulas of official language ("the Committee deplores"); each mends what the
other misses. Digits are dropped from the n-grams, so that no year can be learned from them.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from itertools import pairwise

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def readable(text: str) -> str:
    """Return the text in one Unicode form, without what cannot be encoded, with single blanks and straight apostrophes."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join(unicodedata.normalize("NFKC", whole).replace("\u2019", "'").split())


def has_words(text: str) -> bool:
    """Return whether a text has a word, as n-grams are counted."""
    return _WORD.search(text) is not None


def ngram_counts(heading: str, text: str) -> dict[int, int]:
    """Return how often each word and word pair occurs, by the CRC-32 of its lower-case form; no pair crosses from heading to text."""
    counts: Counter[int] = Counter()
    for part in (heading, text):
        words = _WORD.findall(part.lower())
        counts.update(zlib.crc32(word.encode()) for word in words)
        counts.update(zlib.crc32(f"{first} {second}".encode()) for first, second in pairwise(words))
    return dict(counts)
