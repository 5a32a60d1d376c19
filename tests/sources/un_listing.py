"""Discovery of a UN source against the replica, over real HTTP, with a clock that does not wait."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sources.connectors.base import connector_for
from sources.replica.server import ReplicaServer
from sources.types import Page, RequestEvent
from sources.web.client import Client
from sources.web.errors import Refused
from sources.web.limits import Limits
from sources.web.pace import Clock, Pace
from tests.sources.playback import described


@dataclass
class Listing:
    """What a discovery brought."""

    pages: list[Page] = field(default_factory=list)
    events: list[RequestEvent] = field(default_factory=list)
    refused: Refused | None = None

    @property
    def keys(self) -> list[str]:
        return [record.record_key for page in self.pages for record in page.records]

    @property
    def watermark(self) -> str | None:
        return next((page.watermark for page in reversed(self.pages) if page.watermark is not None), None)

    @property
    def is_complete(self) -> bool:
        return any(page.is_complete for page in self.pages)

    @property
    def asked(self) -> list[str]:
        return [event.url for event in self.events if event.purpose != "robots"]


@contextmanager
def asking(replica: ReplicaServer, state: Path, description: Any, events: list[RequestEvent]) -> Iterator[Client]:
    """Yield a client of the replica."""
    waited = [0.0]

    def sleep(seconds: float) -> None:
        waited[0] += seconds

    clock = Clock(lambda: time.monotonic() + waited[0], lambda: datetime.now(UTC), sleep)
    with Client(
        description,
        contact="tests@example.org",
        version="test",
        log=events.append,
        state=state,
        gateway=replica.address,
        pace=Pace(clock),
        limits=Limits(attempts=2),
    ) as client:
        yield client


def listed(
    replica: ReplicaServer,
    state: Path,
    source_id: str,
    *,
    watermark: str | None = None,
    now: datetime | None = None,
    pages: int | None = None,
    **changes: Any,
) -> Listing:
    """Discover a source of the replica; with `pages` the run is killed after so many.

    Args:
        changes: keys of the description that differ.
    """
    description = described(source_id, changes)
    listing = Listing()
    with asking(replica, state, description, listing.events) as client:
        try:
            for page in connector_for(description).discover(client, watermark, now or replica.world.now):
                listing.pages.append(page)
                if pages is not None and len(listing.pages) == pages:
                    break
        except Refused as refused:
            listing.refused = refused
    return listing
