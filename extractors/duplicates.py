"""Near-duplicates: passages whose runs of four words are almost the same, in one document, and a sketch to find them across documents."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from zlib import crc32

_RUN = 4  # words
_SIZE = 8  # values of a sketch
_ALIKE = 7  # of them that near-duplicates share at least: nine tenths of their runs are the same, by and large
_CHAINS = 1 << 15


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
    """The passages of a document so far; says whether the next repeats one of them.

    Sketches stand one behind the other in one array, found by their first two values over the chains of a hash table: some fifty
    bytes a passage, where tuples in lists by value take several hundred.
    """

    def __init__(self) -> None:
        self._sketches = array("I")
        self._starts = array("I", [0])  # of each sketch in `_sketches`, and the end of the last
        self._newest = (
            array("i", [-1]) * _CHAINS
        )  # the last entry of each chain; a passage has two, of its first and second value
        self._before = array("i")  # by entry: the one before it in its chain
        self._values = array("I")  # by entry

    def repeats(self, sketch: Sequence[int]) -> bool:
        """True when a passage before is a near-duplicate of this one, of which note is taken; a sketch has at least one value."""
        # Two that share seven of eight values share one of the first two.
        found = any(are_alike(sketch, other) for value in sketch[:2] for other in self._with(value))
        self._sketches.extend(sketch)
        self._starts.append(len(self._sketches))
        for value in (sketch[0], sketch[:2][-1]):
            chain = value % _CHAINS
            self._before.append(self._newest[chain])
            self._newest[chain] = len(self._values)
            self._values.append(value)
        return found

    def _with(self, value: int) -> Iterator[Sequence[int]]:
        """Yield the sketches so far of which this is one of the first two values."""
        entry = self._newest[value % _CHAINS]
        while entry >= 0:
            if self._values[entry] == value:
                yield self._sketches[self._starts[entry // 2] : self._starts[entry // 2 + 1]]
            entry = self._before[entry]
