"""One refresh on a schedule: waits for its turn, refreshes, and says in the ledger, in Prefect and in a line of text how it ended.

The flow is what schedules start, each run in a process of its own (by `entente serve` or by a worker of a work pool), so that memory and
crashes stay there; a further process for the refresh itself would add nothing. Prefect reads its settings when it is imported, so this
module is imported only where they are set.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import prefect.runtime
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled, Completed, Crashed, Failed

from entente.errors import Busy, EntenteError
from flows.pipeline import RefreshOptions, Summary, nothing_to_do
from flows.progress import ProgressFile, quiet, watched_by
from flows.refresh import refresh_flow
from flows.schedules import command_for_ledger, record_failure, was_recorded
from flows.settings import Settings, load_settings
from warehouse.lock import refresh_lock

AT_WORK: dict[str, Any] = {"type": {"any_": [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]}}
"""The states of runs that somebody should be working on, as a filter in Prefect's own form."""

stopping = threading.Event()
"""Set by a service that ends its runs because it ends itself: such a run has not failed, it is caught up at the next start."""

_POLL_SECONDS = 2.0
_GRACE_SECONDS = 10.0


def _run_name() -> str:
    return _name(prefect.runtime.flow_run.parameters)


def _name(parameters: dict[str, Any]) -> str:
    return ", ".join(parameters.get("sources") or ["all sources"])


def _note_crash(flow: object, flow_run: FlowRun, state: State[Any]) -> None:
    """Write down in the ledger a run whose process died; called in the process that had started it."""
    with get_client(sync_client=True) as client:
        close_inner_runs(client, [flow_run.id], state.message or "Its process died.")
    if stopping.is_set():
        return
    say(f"{_name(flow_run.parameters)}: crashed. {state.message}")
    settings = load_settings(Path(flow_run.parameters["project"]))
    command = command_for_ledger(settings, flow_run.parameters.get("sources"))
    record_failure(settings, command, flow_run.start_time or datetime.now(UTC))


@flow(name="scheduled-refresh", flow_run_name=_run_name, persist_result=False, on_crashed=[_note_crash])
def scheduled_refresh(project: str, sources: list[str] | None = None) -> State[Any]:
    """Refresh a project, or some of its sources, and publish; of runs that fell due while this one waited, none is made up for.

    Args:
        project: the folder of the project.
        sources: ids of sources, `folders` for the folders; by default all.

    Returns:
        Completed with what was done, or Failed with what a person has to mend.
    """
    if prefect.runtime.deployment.id:
        end_with_parent()
    began = datetime.now(UTC)
    name = _name({"sources": sources})
    say(f"{name}: begins.")
    try:
        summary = refresh_in_turn(load_settings(Path(project)), sources, began=began, turn=_TurnInPrefect())
    except EntenteError as error:
        say(f"{name}: failed. {error}")
        return Failed(message=str(error))
    said = in_words(summary)
    say(f"{name}: {'failed' if summary.failed_sources else 'completed'}. {said}")
    return Failed(message=said) if summary.failed_sources else Completed(message=said)


class Turn:
    """Told when a run has to wait for somebody else's refresh, and when its turn has come."""

    def waits(self, busy: Busy) -> None:
        """Hear who is at work."""
        say(f"waits: {busy}")

    def comes(self) -> None:
        """Hear that the run goes on."""


class _TurnInPrefect(Turn):
    """Shows the waiting as the state of the flow run, and drops what fell due meanwhile."""

    def __init__(self) -> None:
        self._has_waited = False

    def waits(self, busy: Busy) -> None:
        super().waits(busy)
        self._has_waited = True
        self._show("Waiting", str(busy))

    def comes(self) -> None:
        if self._has_waited:
            self._show("Running", "Its turn has come.")
        if prefect.runtime.deployment.id:
            drop_late_runs(
                [UUID(prefect.runtime.deployment.id)], "A run that began later than this one was due has done its work."
            )

    @staticmethod
    def _show(name: str, message: str) -> None:
        with get_client(sync_client=True) as client:
            state: State[Any] = State(type=StateType.RUNNING, name=name, message=message)
            client.set_flow_run_state(UUID(prefect.runtime.flow_run.id), state, force=True)


def refresh_in_turn(settings: Settings, sources: Sequence[str] | None, *, began: datetime, turn: Turn) -> Summary:
    """Refresh as soon as nobody else refreshes this project; a failure stands in the ledger when this returns.

    Args:
        settings: the project's settings.
        sources: ids of sources, `folders` for the folders; None for all.
        began: when this run began (with zone), for the ledger.
        turn: told of waiting.

    Raises:
        EntenteError: as `flows.pipeline.refresh`, but for `Busy` because of another refresh.
    """
    command = command_for_ledger(settings, sources)
    options = RefreshOptions(command=command, sources=None if sources is None else tuple(sources))
    told = False
    while True:
        try:
            return _refresh(settings, options, turn)
        except Busy as error:
            if _is_ours(settings, command, began):
                record_failure(settings, command, began)
                raise
            if not told:
                turn.waits(error)
            told = True
            time.sleep(_POLL_SECONDS)
        except Exception:
            record_failure(settings, command, began)
            raise


def _is_ours(settings: Settings, command: str, began: datetime) -> bool:
    """Say whether this run has got as far as the ledger, so that what is busy is not its turn but something that it needs."""
    try:
        return was_recorded(settings, command, began)
    except EntenteError:
        return False


def _refresh(settings: Settings, options: RefreshOptions, turn: Turn) -> Summary:
    with refresh_lock(settings.paths.state / "refresh.lock", options.command):
        # Asked for before the flow of the refresh begins, in which being busy would be a failure.
        turn.comes()
    summary = nothing_to_do(settings, options)
    if summary is not None:
        return summary
    with ProgressFile(settings.paths.state, quiet) as progress, watched_by(progress):
        return refresh_flow(settings, options)


def drop_late_runs(deployments: Sequence[UUID], why: str) -> None:
    """Cancel the runs of these deployments that were due before now and have not begun: one refresh makes up for all of them."""
    due = {
        "deployment_id": {"any_": list(deployments)},
        "state": {"type": {"any_": [StateType.SCHEDULED]}},
        "next_scheduled_start_time": {"before_": datetime.now(UTC)},
    }
    with get_client(sync_client=True) as client:
        while late := find_runs(client, due):
            for run in late:
                client.set_flow_run_state(run.id, Cancelled(message=why), force=True)


def find_runs(client: SyncPrefectClient, asked: dict[str, Any]) -> list[FlowRun]:
    """Return flow runs by a filter in Prefect's own form, at most 200 of them."""
    return client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate(asked), sort=FlowRunSort.ID_DESC, limit=200)


def close_inner_runs(client: SyncPrefectClient, outer: Sequence[UUID], why: str) -> None:
    """Let the refreshes inside runs that are dead be shown as crashed; nobody else would ever end them."""
    for run in find_runs(client, {"parent_flow_run_id": {"any_": list(outer)}, "state": AT_WORK}):
        client.set_flow_run_state(run.id, Crashed(message=why), force=True)


def in_words(summary: Summary) -> str:
    """Return what a refresh did, and which sources failed, as sentences."""
    counts = summary.as_dict()
    published = "" if summary.published is None else f" Published: {'new' if summary.published.changed else 'unchanged'}."
    failed = "".join(f" Source {name} failed: {why}" for name, why in summary.failed_sources.items())
    return (
        f"{summary.listed} listed, {counts['fetched']} files taken, {counts['refused']} refused, {counts['extracted']} read, "
        f"{counts['scored']} passages scored; {summary.seconds:.0f} s.{published}{failed}"
    )


def say(text: str) -> None:
    """Print a line with the time, for the journal of the service."""
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}  {text}", flush=True)


def end_with_parent() -> None:
    """Let this process end, as after SIGTERM, when the one that started it is gone: a service that was killed takes its run with it."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)
        # Whoever would listen to the report of this end may be gone too.
        time.sleep(_GRACE_SECONDS)
        os._exit(143)

    threading.Thread(target=watch, daemon=True).start()
