"""The service: keeps one Prefect deployment a schedule, catches up what was missed, and starts the runs one after another until it is stopped.

Prefect reads its settings when it is imported, so this module is imported only inside `flows.service_server.service_server`.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter
from prefect.client.schemas.sorting import DeploymentSort
from prefect.exceptions import ObjectNotFound
from prefect.runner import Runner
from prefect.schedules import Cron, Interval
from prefect.states import Crashed, Scheduled
from prefect.types.entrypoint import EntrypointType

from entente.errors import BadInput, EntenteError, Unavailable
from flows.retraining.due import look
from flows.scheduled_refresh import AT_WORK, close_inner_runs, drop_late_runs, find_runs, say, scheduled_refresh, stopping
from flows.scheduled_retraining import scheduled_retraining
from flows.schedules import Schedule, missed
from flows.server_process import ServerProcess
from flows.settings import Settings, load_settings

_MOST_DEPLOYMENTS = 200
_LOOK_SECONDS = 5.0


def serve(settings: Settings, schedules: Sequence[Schedule], server: ServerProcess | None) -> None:
    """Run the schedules of a project until SIGINT or SIGTERM; call it from the main thread, one service a project.

    Args:
        settings: the project's settings; each run, and each look whether a retraining is due, reads them anew, but schedules of refreshes are
            those of the start.
        schedules: when what is refreshed.
        server: the process of the Prefect server; None where it is the user's own.

    Raises:
        BadInput: when the Prefect server has deployments of these names for another project.
        Unavailable: when the Prefect server is gone.
    """
    late = missed(settings, schedules, datetime.now(UTC))
    runner = _StoppableRunner(name="entente", limit=1, query_seconds=2, pause_on_shutdown=False)
    with get_client(sync_client=True) as client:
        # Looked up before anything is registered: what a killed service has left behind is not to be taken for ours.
        # A server of our own has no others, but may have those of this project from before its folder was moved.
        before = _deployments(client, {} if server is not None else {"tags": {"all_": _tags(settings)}})
        if server is None:
            _refuse_foreign(client, settings, schedules)
        _close_dead_runs(client, list(before.values()))
        ids = asyncio.run(_register(runner, settings, schedules))
        retraining = asyncio.run(_register_retraining(runner, settings))
        for name in before.keys() - {_retraining_name(settings), *(_name(settings, schedule) for schedule in schedules)}:
            client.delete_deployment(before[name])
        drop_late_runs(list(ids.values()), "Missed while the service was down; one refresh makes up for all missed ones.")
        drop_late_runs([retraining], "Not begun while the service was up; it is started again if it is still due.")
        for schedule, due in late:
            say(f"{schedule.name}: was due {due:%Y-%m-%d %H:%M} UTC and is caught up now.")
            client.create_flow_run_from_deployment(ids[schedule], state=Scheduled(scheduled_time=due), tags=["caught up"])
    asyncio.run(_run(runner, server, _retrain_when_due(settings, retraining)))


class _StoppableRunner(Runner):
    """A runner whose own answer to SIGTERM is replaced: it would wait in the very thread that it has to end."""

    def handle_sigterm(self, *_args: Any, **_kwargs: Any) -> None:
        """Leave the answer to `_run`."""


async def _run(runner: Runner, server: ServerProcess | None, looking: Coroutine[Any, Any, None]) -> None:
    signalled = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(runner.start())
    # The runner answers signals from its first step on; only after it can they be taken over.
    await asyncio.sleep(0)
    for sent in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sent, signalled.set)
    watch = asyncio.ensure_future(_until_gone(server))
    looks = asyncio.ensure_future(looking)
    asked = asyncio.ensure_future(signalled.wait())
    await asyncio.wait({task, watch, asked}, return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    if asked.done():
        say("Stops; a run that is at work is ended and goes on at the next start.")
    if runner.started:
        await runner.astop()
    watch.cancel()
    looks.cancel()
    asked.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await looks
    error: BaseException | None = None
    try:
        await task
    except Exception as failure:  # noqa: BLE001  # whatever ends Prefect's runner, people need one sentence and the log
        error = failure
    if not signalled.is_set():
        where = "" if server is None else f" Its log: {server.log}."
        raise Unavailable(f"The Prefect server does not answer any more ({error or 'its process has ended'}).{where}") from error


async def _until_gone(server: ServerProcess | None) -> None:
    while server is None or server.is_alive:
        await asyncio.sleep(1)


async def _register(runner: Runner, settings: Settings, schedules: Sequence[Schedule]) -> dict[Schedule, UUID]:
    ids = {}
    for schedule in schedules:
        deployment = await scheduled_refresh.ato_deployment(
            name=_name(settings, schedule),
            schedule=_when(schedule),
            parameters={"project": str(settings.project), "sources": schedule.sources_of_run},
            description=f"Refreshes {schedule.name} of {settings.project} ({schedule.rule}) and publishes.",
            tags=_tags(settings),
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        ids[schedule] = await runner.aadd_deployment(deployment)
    return ids


async def _register_retraining(runner: Runner, settings: Settings) -> UUID:
    deployment = await scheduled_retraining.ato_deployment(
        name=_retraining_name(settings),
        parameters={"project": str(settings.project)},
        description=f"Retrains the model of {settings.project} when the service finds it due (retraining in the configuration), and publishes.",
        tags=_tags(settings),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return await runner.aadd_deployment(deployment)


def _retraining_name(settings: Settings) -> str:
    return f"{settings.project.name}: retraining".replace("/", "-").replace("%", "-")


async def _retrain_when_due(settings: Settings, deployment: UUID) -> None:
    """Start a retraining when one is due; the warehouse is looked into only when it has changed, or its schedule may have come.

    What has been started is not started again for the same codes, however it ended. What keeps it from looking is said once, and looking
    goes on: a person may mend it.
    """
    watch = _Watch(settings, deployment)
    said = ""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        try:
            await asyncio.to_thread(watch.look)
        except Exception as error:  # noqa: BLE001  # whatever it is, it must not end the looking without a word
            words = str(error) if isinstance(error, EntenteError) else f"{type(error).__name__}: {error}"
            if words != said:
                say(f"retraining: whether one is due cannot be told. {words}")
            said = words
        else:
            said = ""


class _Watch:
    """What was seen and started so far."""

    def __init__(self, settings: Settings, deployment: UUID) -> None:
        self._project = settings.project
        self._deployment = deployment
        self._looked: object = None
        self._started = ""

    def look(self) -> None:
        """Look once, with the settings of now, where anything has changed since the last time."""
        settings = load_settings(self._project)
        state = _state_of(settings)
        if state is None or state == self._looked:
            return
        found = look(settings)
        if found is None:
            return
        if found.is_due and found.mark != self._started:
            say(f"retraining: is due. {found.why[0]}")
            _start_run(self._deployment)
            self._started = found.mark
        self._looked = state


def _state_of(settings: Settings) -> tuple[object, ...] | None:
    """Return what changes when the warehouse or the settings do, and each minute where there is a schedule; None where there is no warehouse."""
    try:
        found = settings.paths.warehouse.stat()
    except OSError:
        return None
    minute = int(time.time() // 60) if settings.retraining.every is not None else 0
    return found.st_mtime_ns, found.st_size, minute, settings.retraining


def _start_run(deployment: UUID) -> None:
    with get_client(sync_client=True) as client:
        client.create_flow_run_from_deployment(deployment, state=Scheduled(), tags=["due"])


def _when(schedule: Schedule) -> Any:
    if schedule.every is not None:
        return Interval(timedelta(seconds=schedule.every), timezone="UTC")
    return Cron(schedule.cron, timezone="UTC")


def _name(settings: Settings, schedule: Schedule) -> str:
    """Return the deployment's name; Prefect allows neither slash nor per cent in it."""
    return f"{settings.project.name}: {schedule.name}".replace("/", "-").replace("%", "-")


def _tags(settings: Settings) -> list[str]:
    """Return what tells this project's deployments from those of others on a shared server."""
    return [f"host:{socket.gethostname()}", f"project:{settings.project}"]


def _deployments(client: SyncPrefectClient, asked: dict[str, Any]) -> dict[str, UUID]:
    ours = DeploymentFilter.model_validate(asked)
    found = client.read_deployments(deployment_filter=ours, limit=_MOST_DEPLOYMENTS, sort=DeploymentSort.NAME_ASC)
    return {deployment.name: deployment.id for deployment in found}


def _refuse_foreign(client: SyncPrefectClient, settings: Settings, schedules: Sequence[Schedule]) -> None:
    for schedule in schedules:
        with contextlib.suppress(ObjectNotFound):
            there = client.read_deployment_by_name(f"{scheduled_refresh.name}/{_name(settings, schedule)}")
            if not set(_tags(settings)) <= set(there.tags):
                raise BadInput(
                    f"The Prefect server has a deployment {there.name!r} of another project ({', '.join(there.tags)}). "
                    "Rename the folder of one of them, or use another server."
                )


def _close_dead_runs(client: SyncPrefectClient, deployments: list[UUID]) -> None:
    """Let runs that a killed service has left at work, and the refreshes in them, be shown as crashed."""
    if not deployments:
        return
    why = "The service was killed while this ran."
    while dead := find_runs(client, {"deployment_id": {"any_": deployments}, "state": AT_WORK}):
        close_inner_runs(client, [run.id for run in dead], why)
        for run in dead:
            client.set_flow_run_state(run.id, Crashed(message=why), force=True)
