"""For property tests of connectors: a stand-in for the client that gives whatever bytes the test made, and what a discovery may do with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, cast

from sources.connectors.base import connector_for
from sources.description import SourceDescription
from sources.types import Page
from sources.web.client import Client
from sources.web.errors import Refused
from sources.web.results import Answer

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
_MOST_PAGES = 200


class GivingClient:
    """Answers every question with what a function makes of the number of the question."""

    def __init__(self, body: Callable[[int], bytes]) -> None:
        self._body = body
        self.n_asked = 0

    def get(self, url: str, **_: Any) -> Answer:
        return self._answer(url)

    def post(self, url: str, **_: Any) -> Answer:
        return self._answer(url)

    def _answer(self, url: str) -> Answer:
        self.n_asked += 1
        return Answer(url, 200, {}, self._body(self.n_asked))


def discover(
    description: SourceDescription, body: Callable[[int], bytes], watermark: str | None = None
) -> tuple[list[Page], Refused | None]:
    """List what a source gives that answers so; a discovery ends by itself, or by a refusal, and nothing else is raised."""
    pages: list[Page] = []
    listed: Iterator[Page] = connector_for(description).discover(cast("Client", GivingClient(body)), watermark, NOW)
    try:
        pages.extend(islice(listed, _MOST_PAGES))
    except Refused as refused:
        return pages, refused
    assert len(pages) < _MOST_PAGES, "the discovery does not end"
    return pages, None


def is_storable(pages: list[Page]) -> bool:
    """Tell whether everything that was listed can be written to a database as UTF-8."""
    return bool(json.dumps([str(page) for page in pages], ensure_ascii=False).encode("utf-8"))


def mangled(data: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    """Replace parts of some bytes by others: each cut is a place, a length and what stands there instead."""
    for place, length, junk in cuts:
        at = place % (len(data) + 1)
        data = data[:at] + junk + data[at + length :]
    return data
