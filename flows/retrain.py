"""The Prefect flow of a retraining: the sequence of `flows.retraining.loop`, each stage a task with retries, and the report as an artifact.

Prefect reads its settings when it is imported, so this module is imported only inside `flows.server.prefect_server`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact

from flows.progress import watcher
from flows.refresh import as_task
from flows.retraining.loop import Outcome, retrain
from flows.retraining.options import RetrainOptions
from flows.retraining.turns import who_hears_of_waiting
from flows.settings import Settings


@flow(name="retrain", log_prints=False, validate_parameters=False, persist_result=False)
def retrain_flow(settings: Settings, options: RetrainOptions) -> Outcome:
    """Retrain a project's model on its codes: import, check, split, train, calibrate, evaluate, compare, promote or hold, re-score, publish.

    Progress goes to whoever `watched_by` names, a word on waiting to whoever `waiting_told_to` names.
    """

    def call(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        return as_task(settings, name, function)(*arguments)

    outcome = retrain(settings, options, watcher(), who_hears_of_waiting(), call)
    create_markdown_artifact(
        key="retraining-report", markdown=outcome.report.read_text(encoding="utf-8"), description="What changed, and why"
    )
    return outcome
