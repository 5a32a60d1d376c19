"""`entente status`: where every record stands, and what the last runs did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from entente.errors import BadInput, Busy
from flows.cli.main import app
from flows.cli.output import print_json, table
from flows.required import require_warehouse
from flows.settings import Settings, load_settings


@app.command(epilog="Example: entente status --problems")
def status(
    context: typer.Context,
    problems: Annotated[
        bool, typer.Option("--problems", help="Name every record that could not be taken, read or scored, with the reason.")
    ] = False,
    state: Annotated[
        str | None, typer.Option(help="Name every record in this state (discovered, refused, ..., published).")
    ] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Of what `refresh --replay` has made, instead of the project's own.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show the ledger: how many records are in which state and why, the last runs, the published file."""
    from warehouse.states import State

    settings = load_settings(context.obj)
    if replay:
        from flows.replay import of_replay

        settings = of_replay(settings)
    if state is not None and state not in set(State):
        raise BadInput(f"--state {state}: unknown; states are {', '.join(State)}.")
    require_warehouse(settings)
    try:
        content = _read(settings, problems=problems, state=state)
    except Busy as error:
        content = {"busy": str(error), "progress": _progress(settings.paths.state / "progress.json")}
    if as_json:
        print_json(content)
    else:
        _show(content)


def _read(settings: Settings, *, problems: bool, state: str | None) -> dict[str, Any]:
    from warehouse.database import open_warehouse
    from warehouse.source_ledger import source_rows
    from warehouse.status import document_rows, last_runs, state_counts, undescribed

    with open_warehouse(settings.paths.warehouse, read_only=True) as connection:
        content: dict[str, Any] = {"states": state_counts(connection), "runs": last_runs(connection, 5)}
        if problems:
            content["records"] = [row for row in document_rows(connection) if row["reason"] != "ok"]
        elif state is not None:
            content["records"] = document_rows(connection, state)
        content["documents"] = undescribed(connection)
        enabled = settings.sources.enabled
        content["sources"] = [
            row for row in source_rows(connection) if row["source_id"] in enabled and row["status"] not in (None, "ok")
        ]
    published = settings.paths.published
    content["published"] = {"path": str(published), "there": published.exists()}
    content["progress"] = _progress(settings.paths.state / "progress.json")
    return content


def _progress(path: Path) -> dict[str, Any] | None:
    from warehouse.database import process_lives

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and process_lives(int(content.get("pid", 0))) else None


def _show(content: dict[str, Any]) -> None:
    if content.get("progress"):
        now = content["progress"]
        print(
            f"A {now.get('work', 'refresh')} is at work (process {now['pid']}, since {now['started_at']}): "
            f"{now['stage']} {now['done']} of {now['total']}.\n"
        )
    if "busy" in content:
        print(content["busy"])
        return
    states = content["states"]
    print(table(("state", "reason", "records"), [(row["state"], row["reason"], row["records"]) for row in states]))
    print()
    header = ("run", "started", "seconds", "status", "listed", "fetched", "extracted", "scored")
    rows = [
        (run["run_id"], run["started_at"], run["seconds"], _ended(run), *(run["counts"].get(name) for name in header[4:]))
        for run in content["runs"]
    ]
    print(table(header, rows))
    print(f"\nPublished: {content['published']['path']}" + ("" if content["published"]["there"] else " (not there yet)"))
    for source in content["sources"]:
        print(f"Source {source['source_id']}: {source['status']}. {source['detail'] or ''}".rstrip())
    documents = content["documents"]
    if documents["undescribed"]:
        print(
            f"{documents['undescribed']} of {documents['all']} documents lack organization, country or date; a manifest gives them."
        )
    if "records" in content:
        print()
        rows = [(record["record_id"], record["state"], record["reason"], _words(record)) for record in content["records"]]
        print(table(("record", "state", "reason", "detail"), rows, width=110))


def _ended(run: dict[str, Any]) -> str:
    failed = run["counts"].get("failed_sources")
    return f"{run['status']}, {failed} sources failed" if failed else str(run["status"])


def _words(record: dict[str, Any]) -> str | None:
    if record["reason"] in ("same_bytes", "other_format"):
        return f"counted as {record['document_id']}"
    detail = record["detail"]
    if record["reason"] == "language_not_modelled":
        return f"the model {detail} does not read its language"
    return None if detail is None else str(detail)
