"""Services that answer wrongly a third of the time: a run may end early by name, but at last everything is listed, and nothing twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sources.replica.faults import Faults
from sources.replica.generated import generated_world
from sources.replica.server import ReplicaServer
from sources.replica.world import SetClock
from tests.sources.un_listing import listed

EVERYTHING = [{"id": "all", "parameters": {"symbol": ".*"}, "igo": "UN"}]
SOURCES: dict[str, tuple[int, dict[str, Any]]] = {
    "un-library": (120, {"queries": [{"id": "all", "query": "191:*", "igo": "UN"}], "page_size": 30}),
    "un-oai": (120, {"queries": EVERYTHING, "settings": {"first_day": "2026-11-10"}}),
    "uhri": (30, {"queries": EVERYTHING}),
}


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("source_id", SOURCES)
def test_faults_lose_nothing(tmp_path: Path, source_id: str, seed: int) -> None:
    n_documents, changes = SOURCES[source_id]
    keys: set[str] = set()
    watermark = None
    with ReplicaServer(generated_world(120, clock=SetClock()), Faults(seed=seed, share=0.3)) as replica:
        for _ in range(40):
            listing = listed(replica, tmp_path, source_id, watermark=watermark, **changes)
            keys |= set(listing.keys)
            watermark = listing.watermark or watermark
            if listing.refused is None:
                break
    assert listing.refused is None, "forty runs are enough"
    assert len(keys) == n_documents
