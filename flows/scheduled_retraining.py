"""One retraining that the service starts because it is due; it says in Prefect, in the ledger and in a line of text how it ended.

Prefect reads its settings when it is imported, so this module is imported only where they are set.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import prefect.runtime
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Completed, Failed

from entente.errors import Busy, EntenteError
from flows.progress import ProgressFile, quiet, watched_by
from flows.retrain import retrain_flow
from flows.retraining.due import look
from flows.retraining.loop import Outcome
from flows.retraining.options import configured
from flows.retraining.runs import others_left_open
from flows.retraining.turns import waiting_told_to
from flows.scheduled_refresh import close_inner_runs, end_with_parent, say
from flows.settings import Settings, load_settings

COMMAND = "entente serve (retraining)"
"""How locks and the ledger name it."""


def _note_crash(flow: object, flow_run: FlowRun, state: State[Any]) -> None:
    """Say that its process died; what is done is kept, and the next start of the service goes on with it."""
    with get_client(sync_client=True) as client:
        close_inner_runs(client, [flow_run.id], state.message or "Its process died.")
    say(f"retraining: crashed. {state.message}")


@flow(name="scheduled-retraining", flow_run_name="retraining", persist_result=False, on_crashed=[_note_crash])
def scheduled_retraining(project: str) -> State[Any]:
    """Retrain a project as its configuration says, and publish.

    Args:
        project: the folder of the project.

    Returns:
        Completed with what was decided (held is no failure), or Failed with what a person has to mend.
    """
    if prefect.runtime.deployment.id:
        end_with_parent()
    try:
        said = retrain_now(load_settings(Path(project)))
    except EntenteError as error:
        say(f"retraining: failed. {error}")
        return Failed(message=str(error))
    say(f"retraining: completed. {said}")
    return Completed(message=said)


def retrain_now(settings: Settings) -> str:
    """Retrain as the configuration says, within a Prefect server, if it is still due; returns in words what was decided.

    Whoever started it looked before: since then others may have retrained, or a person may have changed the configuration.

    Raises:
        EntenteError: as `flows.retraining.loop.retrain`.
    """
    found = look(settings)
    if found is not None and not found.is_due:
        return f"Not due any more. {' '.join(found.why)}"
    say("retraining: begins.")
    with (
        ProgressFile(settings.paths.state, quiet, "retraining") as progress,
        watched_by(progress),
        waiting_told_to(_waits),
        others_left_open(),
    ):
        return in_words(retrain_flow(settings, configured(settings, command=COMMAND)))


def in_words(outcome: Outcome) -> str:
    """Return what was decided and where the report is, as sentences."""
    decision, since = outcome.decision, outcome.nothing_new_since
    if since is not None:
        published = "" if outcome.released is None else f" Published: {outcome.released}."
        return f"Nothing new to learn from since {since}.{published}"
    other = outcome.stages["re-score"].get("overtaken_by")
    taken_back = "" if other is None else f" It was taken back since: in use is {other}."
    return f"{decision['version']} was {decision['decision']}: {decision['reason']}{taken_back} Report: {outcome.report}"


def _waits(busy: Busy) -> None:
    say(f"retraining waits: {busy}")
