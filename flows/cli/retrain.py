"""`entente retrain`: from new codes to a published release."""

from __future__ import annotations

import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from entente.errors import BadInput, Busy
from entente.files import printable
from flows.cli.codes import pairs
from flows.cli.main import app
from flows.cli.options import Coder, FileFormat, Kind, Name
from flows.cli.output import note, print_json
from flows.progress import Progress, ProgressFile, terminal_progress, watched_by
from flows.settings import Settings, load_settings

if TYPE_CHECKING:
    from flows.retraining.due import Due
    from flows.retraining.loop import Outcome
    from flows.retraining.options import RetrainOptions


@app.command(epilog="Example: entente retrain training-simple-1a2b3c4d5e-anna.xlsx --kind anna=person")
def retrain(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A file of codes to take in first, as `entente codes import` does.")] = None,
    file_format: FileFormat = None,
    coder: Coder = None,
    name: Name = None,
    kind: Kind = None,
    annotations: Annotated[
        Path | None,
        typer.Option(help="A folder with coded passages from outside the project (default: retraining.annotations)."),
    ] = None,
    full: Annotated[
        bool | None,
        typer.Option(
            "--full/--heads-only",
            help="Fine-tune the encoder anew, or keep that of the model in use and train heads alone (default: retraining.mode).",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**31 - 1, help="The seed of everything random (default: retraining.seed).")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Epochs of fine-tuning, with --full.")] = None,
    force: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="Put the candidate into use even if it is worse or cannot be compared, and say why."),
    ] = None,
    if_due: Annotated[bool, typer.Option("--if-due", help="Only when the configuration says so; tells why, or why not.")] = False,
    prefect: Annotated[bool, typer.Option(help="Run as a Prefect flow (watched, stages tried again), or plainly.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Train on the codes that there are, compare with the model in use, promote or hold, re-score, publish, and report what changed.

    A candidate that is worse, or cannot be compared, is held: that is no error. Gold is never learned from, it judges. Without anything new
    nothing is done. A retraining may be killed at any moment; the same command goes on where it stopped.
    """
    from flows.coding import ImportRequest
    from flows.retraining.options import configured
    from flows.retraining.runs import others_left_open
    from flows.steps import labels_behind

    settings = load_settings(context.obj)
    if if_due and file is not None:
        raise BadInput("--if-due looks at the codes that are in the project; take the file in first: entente codes import FILE.")
    if file is None and (file_format or coder or name or kind):
        raise BadInput("--format, --coder, --name and --kind belong to a file of codes; name it.")
    codes = (
        None
        if file is None
        else ImportRequest(
            file.resolve(), file_format.value if file_format else None, coder, pairs("--name", name), pairs("--kind", kind)
        )
    )
    options = configured(
        settings,
        codes=codes,
        mode=None if full is None else "full" if full else "heads",
        annotations=None if annotations is None else annotations.resolve(),
        seed=seed,
        epochs=epochs,
        force=force,
        command=printable(shlex.join(["entente", *sys.argv[1:]])),
    )
    found = _due(settings, options) if if_due else None
    if found is not None and not found.is_due:
        if as_json:
            print_json({"due": False, "why": found.why, "new": found.new})
        else:
            print("\n".join(("Not due.", *found.why)))
        return
    if found is not None:
        note("\n".join(found.why[:1]))
    with (
        terminal_progress(wanted=not as_json) as bar,
        ProgressFile(settings.paths.state, bar, "retraining") as progress,
        others_left_open(wanted=if_due),
    ):
        outcome = _run(settings, options, progress, with_prefect=prefect)
    behind = labels_behind(settings)
    if as_json:
        print_json(outcome.as_dict() | {"labels_behind": behind} | ({} if found is None else {"due": True, "why": found.why}))
        return
    _show(outcome)
    if behind is not None:
        note(f"Note: {behind}")


def _due(settings: Settings, options: RetrainOptions) -> Due:
    from flows.required import require_warehouse
    from flows.retraining.due import due

    require_warehouse(settings)
    if settings.retraining.every is not None:
        from flows.server import set_environment

        # Prefect reads the schedule, and its own settings when it is imported for that.
        set_environment(settings.paths.state / "prefect")
    return due(settings, datetime.now(UTC), options)


def _run(settings: Settings, options: RetrainOptions, progress: Progress, *, with_prefect: bool) -> Outcome:
    from flows.retraining.stages import check_ready

    # What is missing is said before anything is started.
    check_ready(settings, options)
    if not with_prefect:
        from flows.retraining.loop import retrain as plain_retrain

        return plain_retrain(settings, options, progress, _waits)
    from flows.server import prefect_server

    with prefect_server(settings.paths.state / "prefect"):
        from flows.retrain import retrain_flow
        from flows.retraining.turns import waiting_told_to

        with watched_by(progress), waiting_told_to(_waits):
            return retrain_flow(settings, options)


def _waits(busy: Busy) -> None:
    note(f"waits: {busy}")


def _show(outcome: Outcome) -> None:
    decision, since = outcome.decision, outcome.nothing_new_since
    if since is not None:
        print(
            f"Nothing new to learn from since the retraining {since}; its candidate {decision['version']} was {decision['decision']}."
        )
        if (scored := outcome.stages.get("re-score")) is not None:
            changed = sum(scored["changed"].values())
            print(f"In use is {scored.get('used') or decision['version']}: {scored['scored']} passages scored.")
            print(f"Labels that changed, all dimensions together: {changed}.")
    elif decision["decision"] == "promoted":
        told = outcome.stages["re-score"]
        other = told.get("overtaken_by")
        if other is None:
            print(f"In use from now on: {decision['version']} (before: {decision['before']}).")
        else:
            print(f"Promoted: {decision['version']}; taken back since: in use is {other}.")
        print(f"{told['scored']} passages scored; labels that changed, all dimensions together: {sum(told['changed'].values())}.")
    elif decision["decision"] == "held":
        print(f"Held: {decision['version']}. In use as before: {decision['before']}.")
        print(decision["reason"])
    else:
        print(f"Unchanged: {decision['version']}. {decision['reason']}")
    if outcome.released is not None:
        print(f"Published: {outcome.released}")
    print(f"Report: {outcome.report}")
