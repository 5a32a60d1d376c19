"""Words that typesetting has torn apart: a space that stands in no file, but was seen by its width alone, and is narrower than spaces are.

The document itself says what belongs together: a word that it writes whole elsewhere, or two pieces that it writes nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from extractors.line import Line

_LONGEST_PIECE = 5  # letters of the shorter of two pieces that nothing else shows to be one word
_EDGES = ".,;:!?()[]“”\"'’«»"


def torn_words(lines: Callable[[], Iterable[Line]]) -> Counter[str]:
    """Return how often a document writes the words, and the pieces, between which narrow spaces stand.

    Args:
        lines: gives all lines of the document, each time from the start.
    """
    wanted = {form for line in lines() if line.doubts for form in _forms(line)}
    if not wanted:
        return Counter()
    return Counter(form for line in lines() for word in line.text.lower().split() if (form := word.strip(_EDGES)) in wanted)


def _forms(line: Line) -> Iterator[str]:
    """Yield what `mend_breaks` may ask for: a piece, the pieces after it put together, and all of them."""
    places = [-1, *line.doubts, len(line.text)]
    pieces = [line.text[start + 1 : end].lower() for start, end in pairwise(places)]
    for index, piece in enumerate(pieces[:-1]):
        left, rest = piece.rsplit(" ", 1)[-1].strip(_EDGES), ""
        yield left
        for after in pieces[index + 1 :]:
            rest += after.split(" ", 1)[0]
            right = rest.strip(_EDGES)
            yield right
            yield left + right
            if " " in after:
                break


def mend_breaks(lines: Sequence[Line], counts: Mapping[str, int]) -> None:
    """Take those narrow spaces out of the text of lines that tear a word apart.

    Args:
        lines: changed in place.
        counts: of the words of the document (see `torn_words`).
    """
    for line in lines:
        for place in reversed(line.doubts):
            first = line.text[:place].rsplit(" ", 1)[-1]
            second = line.text[place + 1 :].split(" ", 1)[0]
            if _is_one(first, second, counts):
                line.text = line.text[:place] + line.text[place + 1 :]


def _is_one(first: str, second: str, counts: Mapping[str, int]) -> bool:
    if not first[-1:].isalpha() or not second[:1].islower():
        return False
    left, right = first.lower().strip(_EDGES), second.lower().strip(_EDGES)
    # The pieces themselves were counted as words too.
    elsewhere = counts.get(left, 0) - 1, counts.get(right, 0) - 1
    whole = counts.get(left + right, 0)
    return whole > min(elsewhere) if whole else max(elsewhere) <= 0 and min(len(left), len(right)) <= _LONGEST_PIECE
