"""Near-duplicates: passages whose runs of four words are almost the same, in one document, and a sketch to find them across documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from zlib import crc32

_RUN = 4  # words
_SIZE = 8  # values of a sketch
_ALIKE = 7  # of them that near-duplicates share at least: nine tenths of their runs are the same, by and large


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
    """The passages of a document so far; says whether the next repeats one of them."""

    def __init__(self) -> None:
        self._by_value: dict[int, list[tuple[int, ...]]] = defaultdict(list)

    def repeats(self, sketch: tuple[int, ...]) -> bool:
        """True when a passage before is a near-duplicate of this one, which is taken note of."""
        # Two that share seven of eight values share one of the first two.
        found = any(are_alike(sketch, other) for value in sketch[:2] for other in self._by_value[value])
        for value in sketch[:2]:
            self._by_value[value].append(sketch)
        return found
