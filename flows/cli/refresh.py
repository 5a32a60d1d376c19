"""`entente refresh`: the main job."""

from __future__ import annotations

import shlex
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from entente.errors import BadInput
from entente.files import printable
from flows.cli.main import app
from flows.cli.output import command_for, note, print_json, table
from flows.progress import Progress, ProgressFile, terminal_progress, watched_by
from flows.settings import CONFIG_NAME, Folder, Settings, has_project, load_settings
from flows.sources import SHOWN

if TYPE_CHECKING:
    from flows.pipeline import RefreshOptions, Summary


@app.command(epilog="Example: entente refresh ../reports --manifest ../reports/manifest.csv")
def refresh(
    context: typer.Context,
    folders: Annotated[list[Path] | None, typer.Argument(help="Folders with reports, instead of the configured ones.")] = None,
    manifest: Annotated[list[Path] | None, typer.Option(help="A CSV with metadata for the files of these folders.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(help="How the manifest names a column, as FIELD=NAME (e.g. symbol=symbol_or_id); repeatable."),
    ] = None,
    sources: Annotated[
        str | None, typer.Option(help="Only these sources, by name and with commas between; `folders` means the folders.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="List services from the beginning, and notice what they no longer list.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Ask again at once for what was refused or missing.")] = False,
    warc: Annotated[Path | None, typer.Option(help="Keep every exchange with the services in this WARC file.")] = None,
    from_warc: Annotated[
        Path | None,
        typer.Option(
            help="Play a run again that was kept in this WARC file: it answers instead of the services, apart from the project."
        ),
    ] = None,
    replay: Annotated[
        bool,
        typer.Option(
            "--replay", help="Pull from a replica of the services on this machine, made of the sample or of these folders."
        ),
    ] = False,
    prefect: Annotated[bool, typer.Option(help="Run as a Prefect flow (watched, steps tried again), or plainly.")] = True,
    classify: Annotated[bool, typer.Option(help="Score the passages.")] = True,
    publish: Annotated[bool, typer.Option(help="Publish at the end.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Pull what is new, read it, score it, load it, publish it.

    Safe to run twice and safe to kill: a second run takes only what is new, a run after a kill goes on where the first one stopped.
    Exit code 1 when a source failed: it did not answer rightly, or it gave less than its description expects.
    """
    from flows.pipeline import RefreshOptions

    given = _with_folders(load_settings(context.obj), folders or [], manifest or [], column or [])
    options = RefreshOptions(
        classify=classify,
        publish=publish,
        command=printable(shlex.join(["entente", *sys.argv[1:]])),
        sources=tuple(name.strip() for name in sources.split(",") if name.strip()) if sources is not None else None,
        full=full,
        retry=retry,
        record_to=None if warc is None else warc.resolve(),
        recorded=None if from_warc is None else from_warc.resolve(),
    )
    if replay and from_warc is not None:
        raise BadInput("--replay asks a replica, --from-warc a recording; name one of them.")
    if from_warc is not None:
        from flows.replay import recorded_settings

        settings = recorded_settings(given)
        settings.paths.state.mkdir(parents=True, exist_ok=True)
        note(f"A recorded run is played again; what it gives goes into {settings.paths.state} and nowhere else.")
        summary = _refresh(settings, options, prefect=prefect, as_json=as_json)
    elif replay:
        from flows.replay import replayed

        with replayed(given, from_sample=not folders) as settings:
            note(f"The services are a replica on this machine; what it gives goes into {settings.paths.state} and nowhere else.")
            summary = _refresh(settings, options, prefect=prefect, as_json=as_json)
    else:
        settings = given
        summary = _refresh(settings, options, prefect=prefect, as_json=as_json)
    if summary.failed_sources:
        for source_id, words in summary.failed_sources.items():
            note(f"source {source_id} failed: {words}")
        raise typer.Exit(1)


def _refresh(settings: Settings, options: RefreshOptions, *, prefect: bool, as_json: bool) -> Summary:
    from flows.pipeline import nothing_to_do

    started = time.monotonic()
    summary = nothing_to_do(settings, options)
    if summary is None:
        with terminal_progress(wanted=not as_json) as bar, ProgressFile(settings.paths.state, bar) as progress:
            summary = _run(settings, options, progress, with_prefect=prefect)
    summary.seconds = time.monotonic() - started
    _show(settings, summary, as_json=as_json)
    return summary


def _run(settings: Settings, options: RefreshOptions, progress: Progress, *, with_prefect: bool) -> Summary:
    if not with_prefect:
        from flows.pipeline import refresh as plain_refresh

        return plain_refresh(settings, options, progress)
    from flows.server import prefect_server

    with prefect_server(settings.paths.state / "prefect"):
        from flows.refresh import refresh_flow

        with watched_by(progress):
            return refresh_flow(settings, options)


def _labelled_by(published: Path) -> str:
    """Say whose labels a published file has: after a promotion or a rollback that is all that changed."""
    from warehouse.kept_releases import facts_of

    facts = facts_of(published)
    return "" if facts is None or facts.model_version is None else f" (labels by {facts.model_version})"


def _with_folders(settings: Settings, folders: list[Path], manifests: list[Path], columns: list[str]) -> Settings:
    if not folders:
        if manifests or columns:
            raise BadInput(
                "--manifest and --column go with folders on the command line; name the folders, or write both into the configuration."
            )
        if not has_project(settings):
            raise BadInput(
                f"There is no project here ({settings.project / CONFIG_NAME} is missing). "
                "Make one with `entente init DIR` and use -C DIR, or name folders with reports."
            )
        return settings
    names: dict[str, str] = {}
    for pair in columns:
        field, mark, name = pair.partition("=")
        if not mark:
            raise BadInput(f"--column {pair}: write FIELD=NAME, e.g. symbol=symbol_or_id.")
        names[field] = name
    folder = Folder(
        roots=tuple(path.resolve() for path in folders), manifests=tuple(path.resolve() for path in manifests), columns=names
    )
    return settings.model_copy(update={"sources": settings.sources.model_copy(update={"folders": (folder,)})})


def _show(settings: Settings, summary: Summary, *, as_json: bool) -> None:
    if as_json:
        print_json(summary.as_dict())
        return
    if summary.sources:
        print(sources_table(summary.sources))
    for issue in summary.issues[:20]:
        note(f"note: {issue}")
    if len(summary.issues) > 20:
        note(f"note: and {len(summary.issues) - 20} more of this kind")
    counts = summary.as_dict()
    if not any(counts[name] for name in ("fetched", "refused", "extracted", "unreadable", "classified")):
        if summary.failed_sources:
            print(f"Nothing new; {len(summary.failed_sources)} of {len(summary.sources)} sources failed, see below.")
        elif not summary.listed and not summary.sources:
            print(
                f"There are no reports yet. Put some into {' or '.join(str(root) for root in _roots(settings))}, or enable sources."
            )
        else:
            print(f"Up to date: {summary.listed} records looked at, nothing new.")
    else:
        print(
            f"{summary.listed} records listed; {counts['fetched']} files taken, {counts['refused']} refused or missing; "
            f"{counts['extracted']} read ({counts['pages']} pages, {counts['passages']} passages), {counts['unreadable']} unreadable; "
            f"{counts['scored']} passages of {counts['classified']} documents scored. {summary.seconds:.0f} s."
        )
    if summary.published is not None and summary.published.changed:
        print(f"Published: {settings.paths.published}{_labelled_by(settings.paths.published)}")
    own = settings.paths.state.name
    if own == "replay":
        print(f"More: {command_for(settings)} status --replay --problems, {command_for(settings)} sources status --replay")
    elif settings.sources.gateway is None or not own.startswith("replay"):
        print(f"More: {command_for(settings)} status, {command_for(settings)} status --problems")


def _roots(settings: Settings) -> list[Path]:
    return [root for folder in settings.sources.folders for root in folder.roots]


def sources_table(accounts: dict[str, dict[str, object]]) -> str:
    """Return how each source fared in a run, a line each."""
    return table(("source", *SHOWN), [(key, *(one[name] for name in SHOWN.values())) for key, one in accounts.items()])
