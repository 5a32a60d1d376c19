"""Comparison of two texts: the longest common subsequence of their words, and the edit distance of their characters.

Both keep a whole row of the table in one large integer (Hyyrö 2004; Myers 1999), which makes them fast enough for whole reports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence


def aligned_words(ours: Sequence[str], theirs: Sequence[str]) -> dict[int, int]:
    """Return for each index of `ours` that belongs to a longest common subsequence its index in `theirs`."""
    places: dict[str, int] = defaultdict(int)
    for index, word in enumerate(theirs):
        places[word] |= 1 << index
    everything = (1 << len(theirs)) - 1
    row = everything
    rows = []
    for word in ours:
        found = row & places.get(word, 0)
        row = ((row + found) | (row - found)) & everything
        rows.append(row)
    result: dict[int, int] = {}
    i, j = len(ours) - 1, len(theirs) - 1
    while i >= 0 and j >= 0:
        if rows[i] >> j & 1:
            j -= 1  # the column adds nothing here
        elif i and not rows[i - 1] >> j & 1:
            i -= 1
        else:
            result[i] = j
            i, j = i - 1, j - 1
    return result


def edit_distance(ours: str, theirs: str) -> int:
    """Return the least number of characters put in, left out or replaced."""
    if not ours or not theirs:
        return max(len(ours), len(theirs))
    places: dict[str, int] = defaultdict(int)
    for index, character in enumerate(theirs):
        places[character] |= 1 << index
    everything, last = (1 << len(theirs)) - 1, 1 << (len(theirs) - 1)
    positive, negative, distance = everything, 0, len(theirs)
    for character in ours:
        equal = places.get(character, 0)
        steady = (((equal & positive) + positive) ^ positive) | equal
        up = negative | (everything & ~(steady | positive))
        down = steady & positive
        if up & last:
            distance += 1
        elif down & last:
            distance -= 1
        up = ((up << 1) | 1) & everything
        equal |= negative
        positive = ((down << 1) & everything) | (everything & ~(equal | up))
        negative = equal & up
    return distance


def edit_similarity(ours: str, theirs: str) -> float:
    """Return 1 minus the edit distance over the length of the longer text."""
    return 1 - edit_distance(ours, theirs) / max(len(ours), len(theirs), 1)
