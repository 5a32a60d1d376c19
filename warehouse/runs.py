"""The run ledger."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from entente.errors import BadInput
from warehouse.migrations import utc_now
from warehouse.transactions import Connection

FINISHED = ("completed", "failed", "interrupted")
_RUNNING = "running"


def start(connection: Connection, kind: str, config_hash: str, code_version: str, command: str, at: datetime) -> str:
    """Insert a run and close those left open; returns the run's identifier, which sorts by time."""
    began = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    run_id = f"{began:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    # Nobody knows when a killed run ended: the time stays open, only the status tells.
    connection.execute("UPDATE runs SET status = 'interrupted' WHERE status = ?", [_RUNNING])
    connection.execute(
        "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, NULL, ?, '{}')",
        [run_id, kind, config_hash, code_version, command, began, _RUNNING],
    )
    return run_id


def finish(connection: Connection, run_id: str | None, status: str, counts: Mapping[str, int]) -> None:
    """Record the end of a run."""
    if status not in FINISHED:
        raise BadInput(f"{status!r} is no way for a run to end; there are {', '.join(FINISHED)}.")
    found = connection.execute("SELECT count(*) FROM runs WHERE run_id = ?", [run_id]).fetchall()[0][0]
    if not found:
        raise BadInput(f"There is no run {run_id!r} in the ledger; start it with start_run.")
    connection.execute(
        "UPDATE runs SET finished_at = ?, status = ?, counts = ? WHERE run_id = ?",
        [utc_now(), status, json.dumps(dict(counts), sort_keys=True), run_id],
    )
