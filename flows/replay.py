"""`entente refresh --replay`: the whole main job against a replica of the services on this machine, apart from the project's own data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from entente.errors import BadInput
from flows.settings import Paths, Settings
from flows.sources import RECOMMENDED, source_descriptions

if TYPE_CHECKING:
    from sources.replica.world import World

_CONTACT = "replay@localhost.invalid"


@contextmanager
def replayed(settings: Settings, *, from_sample: bool) -> Iterator[Settings]:
    """Start the replica and give settings under which a refresh pulls from it.

    The files and the metadata of the replica's documents come from the sample, or from the folders and manifests of the settings.
    Everything is kept in a folder of its own (`<state>/replay` for the sample, another for each manifest), so that no invented or rearranged
    record ever meets the project's own.
    """
    from sources.replica.server import ReplicaServer

    home = _home(settings, from_sample=from_sample)
    home.mkdir(parents=True, exist_ok=True)
    with ReplicaServer(_world(settings, from_sample=from_sample)) as server:
        yield replay_settings(settings, server.address, home)


def of_replay(settings: Settings) -> Settings:
    """Return settings for looking at what the last `refresh --replay` of the sample has made."""
    home = _home(settings, from_sample=True)
    enabled = tuple(key for key in RECOMMENDED if key in source_descriptions(settings))
    sources = settings.sources.model_copy(update={"enabled": enabled, "contact": _CONTACT})
    return settings.model_copy(update={"paths": _paths(settings, home), "sources": sources})


def _home(settings: Settings, *, from_sample: bool) -> Path:
    if from_sample:
        return settings.paths.state / "replay"
    manifests = [str(path) for folder in settings.sources.folders for path in folder.manifests]
    return settings.paths.state / f"replay-{hashlib.sha256(' '.join(manifests).encode()).hexdigest()[:8]}"


def recorded_settings(settings: Settings) -> Settings:
    """Return settings for playing a recorded run again: the same sources, and a folder of its own (`<state>/recorded`) for its data."""
    sources = settings.sources.model_copy(update={"folders": ()})
    return settings.model_copy(update={"sources": sources, "paths": _paths(settings, settings.paths.state / "recorded")})


def replay_settings(settings: Settings, address: str, home: Path) -> Settings:
    """Return settings under which every source with records is asked at a replica's address, quickly, with its data in `home`."""
    descriptions = source_descriptions(settings)
    enabled = [key for key in RECOMMENDED if key in descriptions]
    enabled += [key for key, one in descriptions.items() if one.gives != "files" and key not in enabled]
    overrides = {
        key: {
            # A small world gives little, and nobody is spared by waiting.
            "expected": {"first_listing_min": 0, "new_per_30_days_min": 0, "fresh_within_days": 36_500},
            "settings": dict.fromkeys(one.needs, "entente-replica"),
        }
        for key, one in descriptions.items()
    }
    sources = settings.sources.model_copy(
        update={
            "folders": (),
            "enabled": tuple(enabled),
            "contact": _CONTACT,
            "gateway": address,
            "delay_factor": 0.0,
            "overrides": overrides,
        }
    )
    return settings.model_copy(update={"sources": sources, "paths": _paths(settings, home)})


def _paths(settings: Settings, home: Path) -> Paths:
    return Paths(
        store=home / "store",
        warehouse=home / "warehouse.duckdb",
        published=home / "published" / "entente.duckdb",
        models=settings.paths.models,
        state=home,
    )


def _world(settings: Settings, *, from_sample: bool) -> World:
    from sources.replica.manifest_world import world_from_manifest

    if from_sample:
        sample = Path(str(files("sample")))
        return world_from_manifest(sample, sample / "manifest.csv", broken=sample / "broken")
    manifests = [path for folder in settings.sources.folders for path in folder.manifests]
    if len(manifests) != 1:
        raise BadInput(
            "--replay with folders needs one --manifest: it says which services list the documents, and under which symbols."
        )
    return world_from_manifest(manifests[0].parent, manifests[0])
