"""The other end of `requests`: an extraction is put together from its parts as they come, so that the asking process holds it once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from extractors.parts import Ending, whole
from extractors.render import extraction_from_dict, page_from_dict, passage_from_dict
from extractors.types import Extraction, PageInfo, Passage


class Gathering:
    """The pages and passages of one answer so far."""

    def __init__(self) -> None:
        self._passages: list[Passage] = []
        self._pages: list[PageInfo] = []
        self._path: tuple[str, ...] = ()

    def take(self, part: dict[str, Any]) -> None:
        """Add a part; raises `KeyError` or `TypeError` for what is none."""
        if "page" in part:
            self._pages.append(page_from_dict(part["page"]))
            return
        passage = passage_from_dict(part["passage"])
        if passage.heading_path == self._path:  # then the titles are held once
            passage = replace(passage, heading_path=self._path)
        self._path = passage.heading_path
        self._passages.append(passage)

    def extraction(self, rest: dict[str, Any]) -> Extraction:
        """Return the extraction that ends with this result."""
        ending = Ending(replace(extraction_from_dict(rest), pages=tuple(self._pages)), rest["summaries_hold"])
        return whole(tuple(self._passages), ending)
