"""The records that models take and hand on. No logic beyond comparing.

Country, year, mission and symbol are not here on purpose: a model that knows them repeats the known story.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PassageText:
    """What a classifier may see of a passage."""

    passage_id: str
    heading: str
    text: str
    previous: str | None = None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class DimensionScore:
    """Calibrated probabilities of one dimension and the label decoded under the codebook's constraints.

    For a single-label or ordinal dimension `label` is a category id (ordinal levels as text, "0" to "3") and the probabilities sum to 1.
    For a multi-label dimension `label` is a sorted tuple of category ids and each probability stands for itself.
    `certain` says whether labels as probable as this one keep the rate of error that the model promises; what is not belongs before a
    person.
    """

    label: str | tuple[str, ...]
    probabilities: dict[str, float]
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Prediction:
    """The scores of one passage by one model version; keys of `dimensions` are the codebook's trained dimensions in its order.

    `familiar` is false for a passage unlike those the model was trained on (another language, another kind of text): its labels are
    guesses.
    """

    passage_id: str
    model_version: str
    dimensions: dict[str, DimensionScore]
    familiar: bool = True


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One code: what a coder said of a passage in one dimension (or extra field) of the codebook.

    `value` is a category id, a level as text, or category ids joined by `;` in order (an empty text is the empty set); None means not
    coded. `status` is coded or adjudicated; `coded_at` is UTC without zone, None where nobody wrote it down. `flag` holds the codebook's
    flags of the whole passage, `note` what the coder wrote beside.
    """

    passage_id: str
    coder: str
    dimension: str
    value: str | None
    codebook_version: str
    coded_at: datetime | None = None
    status: str = "coded"
    tool: str | None = None
    note: str | None = None
    flag: tuple[str, ...] = ()
    reason: str | None = None
    text_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class CodingTask:
    """A passage as a coder may see it: no country, year, model's guess or other codes."""

    passage_id: str
    text: str
    text_sha256: str
    heading: str = ""
    previous: str = ""
    next: str = ""
    igo: str = ""
    doc_type: str = ""

    def shown(self) -> dict[str, str]:
        """Return what is shown, by name."""
        return {
            "passage_id": self.passage_id,
            "igo": self.igo,
            "doc_type": self.doc_type,
            "heading": self.heading,
            "previous": self.previous,
            "text": self.text,
            "next": self.next,
            "text_sha256": self.text_sha256,
        }


@dataclass(frozen=True, slots=True)
class Withheld:
    """Passages that no model may learn from: by identifier, by SHA-256 of the text, and by that of the text without case and spacing."""

    passage_ids: frozenset[str] = frozenset()
    text_sha256: frozenset[str] = frozenset()
    plain_sha256: frozenset[str] = frozenset()

    @classmethod
    def of(cls, passage_ids: Iterable[str], text_sha256: Iterable[str], texts: Iterable[str]) -> Withheld:
        """Return what is withheld, texts in full where they are known."""
        return cls(frozenset(passage_ids), frozenset(text_sha256), frozenset(plain_sha256(text) for text in texts))

    @property
    def marks(self) -> frozenset[str]:
        """The marks of the texts that are known in full (see `text_mark`)."""
        return frozenset(one[:_MARK_DIGITS] for one in self.plain_sha256)

    def holds(self, passage_id: str, text: str) -> bool:
        """Return whether a passage is one of them."""
        return (
            passage_id in self.passage_ids
            or hashlib.sha256(text.encode()).hexdigest() in self.text_sha256
            or plain_sha256(text) in self.plain_sha256
        )


_MARK_DIGITS = 12


def text_mark(text: str) -> str:
    """Return the beginning of the hash of a text without case and spacing: enough to know it again, too little to read it."""
    return plain_sha256(text)[:_MARK_DIGITS]


def plain_sha256(text: str) -> str:
    """Return the SHA-256 of a text without case and spacing, by which two passages are said to have the same text."""
    return hashlib.sha256(" ".join(text.casefold().split()).encode()).hexdigest()
