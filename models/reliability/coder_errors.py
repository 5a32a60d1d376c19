"""How a coder errs: each coder's codes beside what was decided, or what all others gave alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from models.codebook import Codebook
from models.reliability.standing_values import latest_codes
from models.types import CodeRow

_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class CoderErrors:
    """One coder in one dimension.

    Attributes:
        coder, dimension: whose codes, and of what.
        compared: codes for which there is something to compare with.
        differing: those that differ.
        low, high: 95 % interval of the share that differs (Wilson 1927).
        confusions: what the coder said and what stands instead, with how often, the most frequent first.
    """

    coder: str
    dimension: str
    compared: int
    differing: int
    low: float
    high: float
    confusions: tuple[tuple[str, str, int], ...]


def coder_errors(rows: Iterable[CodeRow], codebook: Codebook) -> list[CoderErrors]:
    """Return how each coder's codes compare with decisions; where nothing was decided, with those of two or more others who agree.

    Two coders alone say that they differ, not who errs: the queue of disagreements is for that.
    """
    coded, decided = latest_codes(rows)
    pairs: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for (passage, dimension), some in coded.items():
        if dimension not in codebook.by_id or codebook.by_id[dimension].derived_from:
            continue
        for coder, value in some.items():
            others = [other for name, other in some.items() if name != coder]
            if (passage, dimension) in decided:
                pairs[coder, dimension].append((value, decided[passage, dimension][0]))
            elif len(others) > 1 and len(set(others)) == 1:
                pairs[coder, dimension].append((value, others[0]))
    found = []
    for (coder, dimension), some_pairs in sorted(pairs.items()):
        wrong = Counter((mine, right) for mine, right in some_pairs if mine != right)
        low, high = _wilson(sum(wrong.values()), len(some_pairs))
        ranked = sorted(((mine, right, number) for (mine, right), number in wrong.items()), key=lambda one: (-one[2], one))
        found.append(CoderErrors(coder, dimension, len(some_pairs), sum(wrong.values()), low, high, tuple(ranked)))
    return found


def _wilson(hits: int, number: int) -> tuple[float, float]:
    if not number:
        return 0.0, 1.0
    share, square = hits / number, _Z**2 / number
    middle = (share + square / 2) / (1 + square)
    half = _Z / (1 + square) * sqrt(share * (1 - share) / number + square / number / 4)
    return max(middle - half, 0.0), min(middle + half, 1.0)
