"""What a sample report is made of, before it is typeset. No logic.

The same records feed the PDF, Word, HTML and text writers and the truth, so that what is written and what is claimed cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its level from 1, and its text with number."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Footnote:
    """A footnote: its number in the report, its text, and how many characters of the paragraph stand before its mark."""

    number: int
    text: str
    after: int


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A numbered paragraph.

    `codes` are the codes of the codebook, by dimension; None where nobody coded the text. `source` is the identifier of the invented
    passage it was made from.
    """

    number: int
    text: str
    footnotes: tuple[Footnote, ...] = ()
    codes: Mapping[str, object] | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class LetteredList:
    """A numbered paragraph that is only a lead-in, followed by items (a), (b), ... of 20 words or more."""

    number: int
    lead_in: str
    items: tuple[str, ...]
    codes: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A ruled table with its caption."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class AnnexList:
    """An annex that only lists names: shown, never coded."""

    entries: tuple[str, ...]


Block = Heading | Paragraph | LetteredList | Table | AnnexList


@dataclass(frozen=True, slots=True)
class Report:
    """One document: what the manifest says of it, how its file looks (`form`), and its content."""

    file: str
    also: str | None
    form: str
    scanned_page: int | None
    igo: str
    organization: str
    body: str
    symbol: str
    title: str
    doc_type: str
    country_iso3: str
    country_name: str
    published: date
    coverage_start: date
    coverage_end: date
    language: str
    mission_kind: str
    mission_start: date | None
    mission_end: date | None
    notice: str
    page_notice: str
    blocks: tuple[Block, ...] = field(default=())

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its files, the main one first."""
        return (self.file, self.also) if self.also else (self.file,)

    @property
    def date_line(self) -> str:
        """The date as the cover prints it."""
        months = _MONTHS_FR if self.language == "fr" else _MONTHS
        return f"{self.published.day} {months[self.published.month - 1]} {self.published.year}"


_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MONTHS_FR = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
