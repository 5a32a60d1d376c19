"""The stages of a retraining that write the warehouse: re-scoring and publishing, each in its turn among refreshes."""

from __future__ import annotations

import contextlib
import platform
from collections import Counter
from datetime import datetime
from typing import Any

from entente import __version__
from entente.errors import EntenteError
from flows.interrupts import is_interruption
from flows.load import chosen_model
from flows.pipeline import classify_pending, direct
from flows.progress import Progress
from flows.retraining.options import RetrainOptions
from flows.retraining.runs import DECISION, Run
from flows.retraining.stages import PROMOTED
from flows.retraining.turns import Waits, in_turn
from flows.settings import Settings
from flows.sources import configuration_hash
from warehouse.database import open_warehouse
from warehouse.label_changes import changed_labels
from warehouse.loader import Loader
from warehouse.lock import refresh_lock
from warehouse.registry import promoted_model
from warehouse.status import last_runs

KIND = "retrain"


def rescore(settings: Settings, options: RetrainOptions, run: Run, progress: Progress, waits: Waits) -> dict[str, Any]:
    """Score every passage with the model in use where the warehouse shows labels of another one, and let analysts see them.

    That is the candidate where it was promoted; where it was held, one that a person or a killed retraining has put into use before.

    Returns:
        How many passages were scored in this go, how many labels are other than before, by dimension, the model that is in use where a
        promoted candidate is not in use any more, and the model that was used.
    """
    told = run.stages.get(DECISION)
    promoted = told is not None and told["decision"] == PROMOTED
    counts: Counter[str] = Counter()
    both = 0
    changed: dict[str, int] = {}
    with in_turn(settings, options.command, waits):
        with open_warehouse(settings.paths.warehouse) as connection:
            code = f"{__version__} (Python {platform.python_version()})"
            run_id = Loader(connection, None).start_run(KIND, configuration_hash(settings), code, options.command, run.began)
            shown = promoted_model(connection)
        used = chosen_model(settings).version
        status = "failed"
        try:
            if promoted or shown not in (None, used):
                classify_pending(settings, progress, direct, run_id, counts)
                before = told["before"] if told is not None and shown in (None, used) else shown
                if before is not None and before != used:
                    with open_warehouse(settings.paths.warehouse) as connection:
                        both, changed = changed_labels(connection, before, used)
            status = "completed"
        except BaseException as error:
            status = "interrupted" if is_interruption(error) else "failed"
            raise
        finally:
            with open_warehouse(settings.paths.warehouse) as connection:
                counts["changed_labels"] = sum(changed.values())
                Loader(connection, run_id).finish_run(status, dict(counts))
    overtaken = used if told is not None and promoted and used != told["version"] else None
    return {"scored": counts["scored"], "both_scored": both, "changed": changed, "overtaken_by": overtaken, "used": used}


def publish(settings: Settings, options: RetrainOptions, run: Run, waits: Waits) -> dict[str, Any]:
    """Put what the warehouse holds now before the analysts, new codes included; the same content is not published twice."""
    from flows.steps import publish_now
    from warehouse.kept_releases import facts_of

    with in_turn(settings, options.command, waits):
        report = publish_now(settings)
    known = facts_of(report.path)
    return {
        "changed": report.changed,
        "path": str(report.path),
        "released_at": known.released_at.isoformat() if known is not None and known.released_at is not None else None,
        "model_version": known.model_version if known is not None else None,
        "notes": list(report.notes),
    }


def record_failure(settings: Settings, command: str, began: datetime) -> None:
    """Let the ledger tell of a retraining that failed, unless it has done so; where the warehouse cannot be written now, the state of the
    run has to do."""
    with (
        contextlib.suppress(EntenteError, OSError),
        refresh_lock(settings.paths.state / "refresh.lock", command),
        open_warehouse(settings.paths.warehouse) as connection,
    ):
        at = began.replace(tzinfo=None)
        if any(run["kind"] == KIND and run["started_at"] == at and run["status"] == "failed" for run in last_runs(connection)):
            return
        loader = Loader(connection, None)
        code = f"{__version__} (Python {platform.python_version()})"
        loader.start_run(KIND, configuration_hash(settings), code, command, began)
        loader.finish_run("failed", {})
