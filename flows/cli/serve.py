"""`entente serve`: refreshes on the schedules of the sources, without end, or once what is due."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from entente.errors import BadInput, EntenteError
from flows.cli.main import app
from flows.cli.output import note
from flows.settings import CONFIG_NAME, Settings, has_project, load_settings

if TYPE_CHECKING:
    from flows.retraining.due import Due
    from flows.schedules import Schedule


@app.command(epilog="Example: entente serve --port 4200")
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Where the pages and the API of the service listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port for them; 0 takes a free one.")] = 4200,
    every: Annotated[
        float | None,
        typer.Option(min=5, help="Refresh everything every so many seconds instead of by the schedules, for trials."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Refresh what is due now, then leave (for cron).")] = False,
) -> None:
    """Refresh each source on its schedule and publish after it, until stopped (Ctrl-C).

    The model is trained anew when enough new codes have come, or at its own times (retraining in the configuration). What was missed while
    the service was down, or never done, is caught up once at the start. PREFECT_API_URL lets it use a Prefect server
    of yours.
    """
    from flows.schedules import crons_of, plan
    from warehouse.lock import refresh_lock

    settings = load_settings(context.obj)
    if not has_project(settings):
        raise BadInput(
            f"There is no project here ({settings.project / CONFIG_NAME} is missing). Make one with `entente init DIR`."
        )
    schedules = plan(crons_of(settings), every)
    _name_unscheduled(settings)
    with refresh_lock(settings.paths.state / "serve.lock", "entente serve"):
        if once:
            _run_due(settings, schedules)
        else:
            _serve(settings, schedules, host, port)


def _name_unscheduled(settings: Settings) -> None:
    from flows.sources import enabled_descriptions

    for source_id, one in enabled_descriptions(settings).items():
        if one.schedule is None and one.gives != "files":
            note(f"note: {source_id} has no schedule in its description; it is refreshed by hand only.")


def _serve(settings: Settings, schedules: tuple[Schedule, ...], host: str, port: int) -> None:
    from flows.retraining.due import check_schedule
    from flows.schedules import check_crons
    from flows.server import take_up_environment
    from flows.service_server import is_loopback, service_server, set_service_environment

    home = settings.paths.state / "service"
    set_service_environment(home)
    check_crons(schedules)
    check_schedule(settings)
    if not is_loopback(host):
        note(
            "note: whoever reaches this port can start and change runs, unless PREFECT_SERVER_API_AUTH_STRING is set (see docs/schedules.md)."
        )
    with service_server(home, host, port) as server:
        take_up_environment()
        from flows.serve import serve as serve_until_stopped

        if server is not None:
            print(f"Pages: {server.api.removesuffix('/api')}")
        for schedule in schedules:
            print(f"{schedule.name}: {schedule.rule}", flush=True)
        serve_until_stopped(settings, schedules, server)
    print("Stopped.")


def _run_due(settings: Settings, schedules: tuple[Schedule, ...]) -> None:
    """Refresh what is due, one schedule after another; one that fails stops no other, and the first failure is the answer."""
    from flows.retraining.due import check_schedule
    from flows.schedules import check_crons, missed
    from flows.server import prefect_server, set_environment

    home = settings.paths.state / "prefect"
    set_environment(home)
    check_crons(schedules)
    check_schedule(settings)
    due = missed(settings, schedules, datetime.now(UTC))
    training = _retraining_due(settings)
    if not due and training is None:
        print("Nothing is due.")
        return
    failed: list[EntenteError | None] = []
    with prefect_server(home):
        from flows.scheduled_refresh import Turn, in_words, refresh_in_turn, say

        for schedule, _time in due:
            say(f"{schedule.name}: begins.")
            try:
                summary = refresh_in_turn(settings, schedule.sources_of_run, began=datetime.now(UTC), turn=Turn())
            except EntenteError as error:
                failed.append(error)
                say(f"{schedule.name}: failed.")
            else:
                if summary.failed_sources:
                    failed.append(None)
                say(f"{schedule.name}: {'failed' if summary.failed_sources else 'completed'}. {in_words(summary)}")
        if training is not None:
            from flows.scheduled_retraining import retrain_now

            say(f"retraining: is due. {training.why[0]}")
            try:
                say(f"retraining: completed. {retrain_now(settings)}")
            except EntenteError as error:
                failed.append(error)
                say("retraining: failed.")
    if failed:
        raise failed[0] or typer.Exit(1)


def _retraining_due(settings: Settings) -> Due | None:
    """Return why a retraining is due; None where it is not, or cannot be told now."""
    from flows.retraining.due import look

    try:
        found = look(settings)
    except EntenteError as error:
        note(f"note: whether a retraining is due cannot be told now: {error}")
        return None
    if found is None:
        note("note: whether a retraining is due cannot be told now: another command is at work.")
    return found if found is not None and found.is_due else None
