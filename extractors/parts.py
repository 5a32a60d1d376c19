"""An extraction in parts: passages one after the other as they are made, then what is known of the document at its end.

A process that hands passages on at once holds none of them, however many there are.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

from extractors.types import Extraction, Passage


@dataclass(frozen=True, slots=True)
class Ending:
    """What ends the passages of a document: the extraction without them, and whether their marks of summaries hold."""

    extraction: Extraction
    summaries_hold: bool = True


Parts = Generator[Passage, None, Ending]


def gathered(parts: Parts) -> Extraction:
    """Return the extraction with its passages; raises what making them raises."""
    ending: list[Ending] = []

    def passages() -> Iterator[Passage]:
        ending.append((yield from parts))

    return whole(tuple(passages()), ending[0])


def whole(passages: tuple[Passage, ...], ending: Ending) -> Extraction:
    """Return the extraction that these passages and this end are."""
    if not ending.summaries_hold:
        passages = tuple(replace(passage, is_summary=False) for passage in passages)
    return replace(ending.extraction, passages=passages)


def in_parts(extraction: Extraction) -> Parts:
    """Yield the passages of an extraction that was made at once."""
    yield from extraction.passages
    return Ending(replace(extraction, passages=()))
