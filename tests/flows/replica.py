"""Projects whose sources are a replica on loopback, asked as widely as its world is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flows.replay import replay_settings
from flows.settings import Settings
from tests.flows.projects import make_project, rows

WIDE: dict[str, dict[str, Any]] = {
    "un-library": {"queries": [{"id": "all", "query": "989__b:*", "igo": "UN"}]},
    "un-oai": {"queries": [{"id": "all", "parameters": {"symbol": "."}, "igo": "UN"}], "settings": {"first_day": "2026-01-01"}},
    "uhri": {"queries": [{"id": "all", "parameters": {"symbol": "."}, "igo": "UN"}]},
    "worldbank": {"queries": [{"id": "all", "query": "monitoring", "igo": "World Bank"}]},
    "ilo-catalogue": {"queries": [{"id": "all", "query": 'alma.subjects="ILO pub"', "igo": "ILO"}]},
    "ilo-site": {"queries": [{"id": "all", "query": ".", "igo": "ILO"}]},
    "reliefweb": {"queries": [{"id": "all", "igo": "UN"}]},
}


def replica_project(folder: Path, address: str, *, config: str = "") -> Settings:
    """Make a project that pulls from a replica at this address."""
    settings = replay_settings(make_project(folder, 0, config=config), address, folder / "var")
    overrides = {key: {**settings.sources.overrides[key], **WIDE.get(key, {})} for key in settings.sources.overrides}
    for key, values in overrides.items():
        values["settings"] = {**settings.sources.overrides[key].get("settings", {}), **values.get("settings", {})}
    return settings.model_copy(update={"sources": settings.sources.model_copy(update={"overrides": overrides})})


def accounts(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the row of `source_runs` of each source in the last run."""
    names = (
        "source_id",
        "status",
        "n_records",
        "n_new",
        "n_changed",
        "n_withdrawn",
        "n_requests",
        "n_file_requests",
        "n_conditional",
        "n_not_modified",
    )
    found = rows(
        settings.paths.warehouse,
        f"SELECT {', '.join(names)} FROM source_runs WHERE run_id = (SELECT max(run_id) FROM runs) ORDER BY source_id",
    )
    return {row[0]: dict(zip(names, row, strict=True)) for row in found}
