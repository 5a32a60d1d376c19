"""When a dimension applies: the small language of `applies_when` in the codebook.

`always`, `A is not B`, `A > 0`, and several of the last two joined by `or`. Because the condition is data, the heads of conditional
dimensions, the reading of codes and the guide all follow the same sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_IS_NOT = re.compile(r"^([a-z_]+) is not ([a-z_]+)$")
_ABOVE = re.compile(r"^([a-z_]+) > 0$")


@dataclass(frozen=True, slots=True)
class Clause:
    """`dimension` has another value than `value`."""

    dimension: str
    value: str


@dataclass(frozen=True, slots=True)
class Condition:
    """True when any clause is true; without clauses always true."""

    clauses: tuple[Clause, ...]

    def holds(self, labels: Mapping[str, str | tuple[str, ...]]) -> bool:
        """Return whether the dimension applies to a passage with these labels; raises `KeyError` when a label it asks for is missing."""
        return not self.clauses or any(labels[clause.dimension] != clause.value for clause in self.clauses)


ALWAYS = Condition(())


def parse_condition(text: str) -> Condition:
    """Return the condition that `text` states; raises `ValueError` with the allowed forms when it cannot be understood."""
    if text == "always":
        return ALWAYS
    clauses = []
    for part in text.split(" or "):
        if match := _IS_NOT.match(part):
            clauses.append(Clause(match[1], match[2]))
        elif match := _ABOVE.match(part):
            clauses.append(Clause(match[1], "0"))
        else:
            raise ValueError(
                f"the condition {text!r} is not understood; allowed: 'always', "
                "'DIMENSION is not CATEGORY', 'DIMENSION > 0', joined by ' or '"
            )
    return Condition(tuple(clauses))
