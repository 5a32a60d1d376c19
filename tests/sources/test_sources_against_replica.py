"""Four connectors before the replica of their services: everything once, then nothing, then what changed; and nothing lost under faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sources.connectors.base import connector_for
from sources.replica.faults import Faults
from sources.replica.server import ReplicaServer
from sources.replica.world import Habits, SetClock, World
from sources.routes import Fetched, Unchanged, fetch_file
from sources.store import Store
from sources.types import Record, RequestEvent
from sources.web.client import Client
from sources.web.errors import Refused
from sources.web.pace import Pace
from sources.web.results import Validators
from tests.sources.loopback import FakeClock
from tests.sources.playback import described
from tests.sources.replica_asking import sample_world

LISTED = ("worldbank", "ilo-catalogue", "ilo-site", "reliefweb")
# The replica's documents are invented, so the questions are wide, and pages small, so that there are several.
CHANGES: dict[str, dict[str, Any]] = {
    "worldbank": {"queries": [{"id": "all", "igo": "World Bank"}], "page_size": 2},
    "ilo-catalogue": {
        "queries": [{"id": "all", "query": 'alma.title="orvania" OR alma.title="castrel" OR alma.title="tirvane"'}],
        "page_size": 7,
    },
    "ilo-site": {"queries": [{"id": "all", "query": "."}]},
    "reliefweb": {"queries": [{"id": "all"}], "page_size": 2, "settings": {"appname": "entente-replica"}},
    "archive": {},
}
DESCRIPTIONS = {key: described(key, change) for key, change in CHANGES.items()}


@dataclass
class Memory:
    """What the warehouse remembers: watermarks, versions that were taken, what is still wanted, what servers said of files."""

    store: Store
    watermarks: dict[str, str] = field(default_factory=dict)
    taken: dict[str, str] = field(default_factory=dict)
    wanted: dict[str, Record] = field(default_factory=dict)
    validators: dict[str, dict[str, Validators]] = field(default_factory=dict)
    events: list[RequestEvent] = field(default_factory=list)

    def refresh(self, clients: dict[str, Client], now: datetime) -> Counter[str]:
        """One refresh of all sources; returns how many files came, by source."""
        self.events.clear()
        fetched: Counter[str] = Counter()
        for source_id in LISTED:
            try:
                for page in connector_for(DESCRIPTIONS[source_id]).discover(
                    clients[source_id], self.watermarks.get(source_id), now
                ):
                    for record in page.records:
                        if self.taken.get(record.record_id) != record.version:
                            self.wanted[record.record_id] = record
                    if page.watermark is not None:
                        self.watermarks[source_id] = page.watermark
            except Refused:
                continue
        for record in list(self.wanted.values()):
            own = self.validators.setdefault(record.record_id, {})
            got = fetch_file(
                clients.__getitem__, DESCRIPTIONS, record, self.store, max_bytes=50_000_000, validators=own, archive=True
            )
            if isinstance(got, Fetched | Unchanged):
                self.taken[record.record_id] = record.version
                del self.wanted[record.record_id]
            if isinstance(got, Fetched):
                fetched[record.source_id] += 1
                if got.validators is not None:
                    own[got.link.url] = got.validators
        return fetched

    def n_file_requests(self) -> int:
        return sum(event.purpose == "file" for event in self.events)


@contextmanager
def asking(server: ReplicaServer, memory: Memory, folder: Path) -> Iterator[dict[str, Client]]:
    pace = Pace(FakeClock().clock(), random=lambda: 0.5)
    clients = {
        key: Client(
            one,
            contact="who@example.org",
            version="9.9",
            log=memory.events.append,
            state=folder,
            gateway=server.address,
            pace=pace,
        )
        for key, one in DESCRIPTIONS.items()
    }
    try:
        yield clients
    finally:
        for client in clients.values():
            client.close()


def world() -> tuple[World, SetClock]:
    clock = SetClock(datetime(2026, 11, 20, 6, 0, tzinfo=UTC))
    return sample_world(clock=clock, habits=Habits(sitemap_page_size=7)), clock


def everything(tmp_path: Path) -> set[str]:
    """Return the records that a refresh without faults takes."""
    there, clock = world()
    memory = Memory(Store(tmp_path / "whole"))
    with ReplicaServer(there) as server, asking(server, memory, tmp_path / "state-whole") as clients:
        memory.refresh(clients, clock.now)
    assert not memory.wanted
    return set(memory.taken)


def test_everything_once_then_nothing_then_what_changed(tmp_path: Path) -> None:
    there, clock = world()
    memory = Memory(Store(tmp_path / "store"))
    with ReplicaServer(there) as server:
        for number in range(4):
            with asking(server, memory, tmp_path / "state") as clients:
                fetched = memory.refresh(clients, clock.now)
            if number == 0:
                assert set(fetched) == set(LISTED)
                assert not memory.wanted
            elif number == 1:
                assert not fetched
                assert memory.n_file_requests() == 0
                changed = next(one for one in there.documents("reliefweb") if one.files)
                there.revise(changed.number, b"%PDF-1.4 a new edition\n%%EOF\n")
            elif number == 2:
                assert fetched == {"reliefweb": 1}
                assert memory.n_file_requests() == 1
            else:
                assert not fetched
            clock.advance(timedelta(days=1))


@pytest.mark.parametrize("seed", [1, 4])
def test_nothing_is_lost_where_a_third_of_all_answers_go_wrong(tmp_path: Path, seed: int) -> None:
    there, clock = world()
    memory = Memory(Store(tmp_path / "store"))
    with ReplicaServer(there, Faults(seed=seed, share=0.3, drip_seconds=0.0)) as server:
        for _ in range(10):
            with asking(server, memory, tmp_path / "state") as clients:
                memory.refresh(clients, clock.now)
            clock.advance(timedelta(days=1))
    assert set(memory.taken) == everything(tmp_path)
    assert not memory.wanted
