"""Words that typesetting has torn apart: a space that stands in no file, but was seen by its width alone, and is narrower than spaces are.

The document itself says what belongs together: a word that it writes whole elsewhere, or two pieces that it writes nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from extractors.lines import Line

_LONGEST_PIECE = 5  # letters of the shorter of two pieces that nothing else shows to be one word
_EDGES = ".,;:!?()[]“”\"'’«»"


def mend_breaks(lines: Sequence[Line]) -> None:
    """Take those narrow spaces out of the text of a document's lines that tear a word apart."""
    doubtful = [line for line in lines if line.doubts]
    if not doubtful:
        return
    counts = Counter(word.strip(_EDGES) for line in lines for word in line.text.lower().split())
    for line in doubtful:
        for place in reversed(line.doubts):
            first = line.text[:place].rsplit(" ", 1)[-1]
            second = line.text[place + 1 :].split(" ", 1)[0]
            if _is_one(first, second, counts):
                line.text = line.text[:place] + line.text[place + 1 :]


def _is_one(first: str, second: str, counts: Counter[str]) -> bool:
    if not first[-1:].isalpha() or not second[:1].islower():
        return False
    left, right = first.lower().strip(_EDGES), second.lower().strip(_EDGES)
    # The pieces themselves were counted as words too.
    elsewhere = counts[left] - 1, counts[right] - 1
    whole = counts[left + right]
    return whole > min(elsewhere) if whole else max(elsewhere) <= 0 and min(len(left), len(right)) <= _LONGEST_PIECE
