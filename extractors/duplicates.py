"""Near-duplicates: passages whose runs of four words are almost the same, in one document, and a sketch to find them across documents."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from zlib import crc32

_RUN = 4  # words
_SIZE = 8  # values of a sketch
_ALIKE = _SIZE - 1  # of them that near-duplicates share at least: nine tenths of their runs are the same, by and large
_CHAINS = 1 << 16


def sketch_of(normal: str) -> tuple[int, ...]:
    """Return the smallest hashes of a text's runs of four words, in order; near-duplicates share most of them.

    Args:
        normal: the text in its normal form (see `mend.normal_form`); one of fewer than four words is one run.
    """
    words = normal.split()
    runs = {crc32(" ".join(words[i : i + _RUN]).encode("utf-8", "surrogatepass")) for i in range(max(1, len(words) - _RUN + 1))}
    return tuple(sorted(runs)[:_SIZE])


def are_alike(one: Sequence[int], other: Sequence[int]) -> bool:
    """True for the sketches of near-duplicates; short texts have to be the same."""
    if len(one) < _SIZE or len(other) < _SIZE:
        return tuple(one) == tuple(other)
    return len(set(one) & set(other)) >= _ALIKE


class Seen:
    """The passages of a document so far; says whether the next repeats one of them, in the same time however many there are.

    Two sketches share seven of eight values where they are the same without one value of each. So kept of a sketch are the hashes (64
    bits) of what is left of it without each of its values, in a hash table of flat arrays: a hundred bytes a passage.
    """

    def __init__(self) -> None:
        self._newest = array("i", [-1]) * _CHAINS  # the last entry of each chain
        self._before = array("i")  # by entry: the one before it in its chain
        self._keys = array("q")  # by entry

    def repeats(self, sketch: tuple[int, ...]) -> bool:
        """True when a passage before is a near-duplicate of this one, of which note is taken; the values of a sketch are in order."""
        keys = _without_one(sketch)
        new = [key for key in keys if not self._has(key)]
        for key in new:
            chain = key % _CHAINS
            self._before.append(self._newest[chain])
            self._newest[chain] = len(self._keys)
            self._keys.append(key)
        return len(new) < len(keys)

    def _has(self, key: int) -> bool:
        entry = self._newest[key % _CHAINS]
        while entry >= 0 and self._keys[entry] != key:
            entry = self._before[entry]
        return entry >= 0


def _without_one(sketch: tuple[int, ...]) -> list[int]:
    if len(sketch) < _SIZE:
        return [hash((-1, *sketch))]  # which has to be the same as a whole
    return [hash(sketch[:place] + sketch[place + 1 :]) for place in range(_SIZE)]
