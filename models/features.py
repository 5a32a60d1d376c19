"""What a passage looks like to the heads: layer means of the frozen encoder, and word n-grams.

The encoder knows paraphrase, the n-grams know the fixed formulas of official language ("the Committee deplores"); each mends what the
other misses. Only heading and text go in. Digits are dropped from the n-grams, so that no year can be learned from them.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from entente.errors import BadInput
from models.encoder import LAYERS, WIDTH, Encoder
from models.types import PassageText

DENSE_WIDTH = (LAYERS + 1) * WIDTH + WIDTH
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_DROPPED = frozenset({"Cc", "Cf", "Co", "Cs", "Mn", "Zl", "Zp", "Zs"})
_HEADINGS_KEPT = 4096
_LONGEST_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Features:
    """The features of one passage: `dense` of shape (DENSE_WIDTH,), and the counts of its n-grams by hash."""

    dense: NDArray[np.float32]
    ngrams: Mapping[int, int]


class FeatureMaker:
    """Makes features with one encoder; headings recur, so their encodings are kept (the 4,096 last used)."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._headings: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()

    def features(self, passage: PassageText) -> Features:
        """Return the features of a passage; they depend on its heading and text alone.

        Raises:
            BadInput: naming the passage, when its text is empty or has nothing that can be read.
        """
        text, heading = readable(passage.text), readable(passage.heading)
        if not text:
            raise BadInput(f"The passage {passage.passage_id!r} has no text. Leave empty passages out.")
        layers = self._encoder.encode(text, f"The passage {passage.passage_id!r}")
        return Features(np.concatenate([layers.ravel(), self._heading(heading)]), ngram_counts(heading, text))

    def _heading(self, heading: str) -> NDArray[np.float32]:
        with self._lock:
            if heading in self._headings:
                self._headings.move_to_end(heading)
                return self._headings[heading]
        try:
            encoded: NDArray[np.float32] = self._encoder.encode(heading, "heading")[-1]
        except BadInput:
            # No heading is common in real reports and no error.
            encoded = np.zeros(WIDTH, dtype=np.float32)
        with self._lock:
            if len(heading) <= _LONGEST_KEPT:
                self._headings[heading] = encoded
            while len(self._headings) > _HEADINGS_KEPT:
                self._headings.popitem(last=False)
        return encoded


def readable(text: str) -> str:
    """Return the text in one Unicode form, without what cannot be encoded, with single blanks and straight apostrophes."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join(unicodedata.normalize("NFKC", whole).replace("\u2019", "'").split())


def is_readable(text: str) -> bool:
    """Return whether anything of a text reaches the encoder: its tokenizer drops blanks, controls and lone combining marks."""
    return any(
        character != "\ufffd" and unicodedata.category(character) not in _DROPPED
        for character in unicodedata.normalize("NFD", readable(text))
    )


def ngram_counts(heading: str, text: str) -> dict[int, int]:
    """Return how often each word and word pair occurs, by the CRC-32 of its lower-case form; no pair crosses from heading to text."""
    counts: Counter[int] = Counter()
    for part in (heading, text):
        words = _WORD.findall(part.lower())
        counts.update(zlib.crc32(word.encode()) for word in words)
        counts.update(zlib.crc32(f"{first} {second}".encode()) for first, second in pairwise(words))
    return dict(counts)
