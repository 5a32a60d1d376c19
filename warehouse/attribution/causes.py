"""The causes of change between two releases, in the order in which they are let happen.

The change of a number is taken apart by sequential replacement: beginning with release A, one cause after the other is let happen, and what
the number moves by is that cause's part. The parts add up to the whole by construction; which part a joint effect of two causes belongs to
is decided by the order. The order is the one that can be computed from two releases: what a model says of a passage is known only where the
release of that model holds the passage, so models change before readings and documents do, and new documents come with their labels.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause of change: its name and what belongs to it."""

    name: str
    meaning: str


WITHDRAWN = Cause("withdrawn_documents", "documents of A that B does not hold")
CODEBOOK = Cause("codebook", "labels of dimensions whose question or categories the codebook of B words otherwise")
MODEL = Cause("model", "passages that another model scores otherwise")
THRESHOLDS = Cause(
    "thresholds", "passages whose probabilities are the same and whose label is not: other thresholds, offsets or constraints"
)
EXTRACTION = Cause("extraction", "documents whose file is the same and was read otherwise")
FILES = Cause("files", "documents for which another file stands now")
DESCRIPTIONS = Cause("descriptions", "documents of which another organization, country, date or type is said")
NEW = Cause("new_documents", "documents of B that A does not hold")
CODES = Cause("codes", "codes by people and the probabilities with which passages were drawn for coding")
RULES = Cause("rules", "what this Entente counts otherwise than those that made the releases; and what nothing above explains")

IN_ORDER = (WITHDRAWN, CODEBOOK, MODEL, THRESHOLDS, EXTRACTION, FILES, DESCRIPTIONS, NEW, CODES)
"""The causes in the order of replacement; `RULES` is what is left at both ends."""

ALL = (*IN_ORDER, RULES)
