"""The model registry: which versions there are and which one the labels show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from entente.errors import BadInput
from warehouse.migrations import utc_now
from warehouse.transactions import Connection, raise_content_version
from warehouse.types import ModelRow


def register(connection: Connection, model: ModelRow) -> bool:
    """Insert a model version unless it is there; see `Loader.register_model`."""
    row = (
        model.version,
        model.base_model,
        model.base_revision,
        model.codebook_version,
        model.training_data_hash,
        sorted(model.languages),
        json.dumps(dict(model.metrics), sort_keys=True, default=str),
        model.created,
    )
    found = connection.execute(
        "SELECT base_model, base_revision, codebook_version, training_data_hash, languages, metrics, created FROM models "
        "WHERE model_version = ?",
        [model.version],
    ).fetchall()
    if found:
        # The same data trained again gives the same version; only the day and the measured figures may then differ.
        if tuple(found[0])[:5] != row[1:6]:
            raise BadInput(
                f"Another model is registered as {model.version}: a version is made once and never changed. "
                "Train again to get a model with a version of its own."
            )
        return False
    connection.execute("INSERT INTO models VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'registered', ?)", [*row, utc_now()])
    raise_content_version(connection)
    return True


def record_metrics(connection: Connection, model_version: str, name: str, figures: Mapping[str, Any]) -> bool:
    """Keep figures beside the others of a registered model; see `Loader.record_metrics`."""
    found = connection.execute("SELECT metrics FROM models WHERE model_version = ?", [model_version]).fetchall()
    if not found:
        raise BadInput(f"Model {model_version} is not registered in this warehouse; register it before keeping figures of it.")
    before = json.loads(found[0][0] or "{}")
    after = {**before, "evaluations": {**before.get("evaluations", {}), name: json.loads(json.dumps(dict(figures), default=str))}}
    if after == before:
        return False
    connection.execute(
        "UPDATE models SET metrics = ? WHERE model_version = ?", [json.dumps(after, sort_keys=True, default=str), model_version]
    )
    raise_content_version(connection)
    return True


def promote(connection: Connection, model_version: str) -> bool:
    """Make a model the promoted one; see `Loader.promote`."""
    found = connection.execute("SELECT state FROM models WHERE model_version = ?", [model_version]).fetchall()
    if not found:
        known = ", ".join(str(name) for (name,) in connection.execute("SELECT model_version FROM models ORDER BY 1").fetchall())
        raise BadInput(f"Model {model_version} is not registered in this warehouse; there are: {known or 'none'}.")
    if found[0][0] == "promoted":
        return False
    connection.execute("UPDATE models SET state = 'retired' WHERE state = 'promoted'")
    connection.execute("UPDATE models SET state = 'promoted' WHERE model_version = ?", [model_version])
    raise_content_version(connection)
    return True


def promoted_model(connection: Connection) -> str | None:
    """Return the version of the model that `labels` shows, or None before any was promoted."""
    found = connection.execute("SELECT model_version FROM models WHERE state = 'promoted'").fetchall()
    return str(found[0][0]) if found else None


def languages_of(connection: Connection, model_version: str) -> list[str]:
    """Return the languages that a registered model reads; raises `BadInput` when it is not registered."""
    found = connection.execute("SELECT languages FROM models WHERE model_version = ?", [model_version]).fetchall()
    if not found:
        raise BadInput(f"Model {model_version} is not registered in this warehouse; register it before loading its scores.")
    return [str(language) for language in found[0][0]]
