"""`entente sources`: which there are, how they fare, and whether they are what their descriptions say."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from entente.errors import BadInput, Busy
from flows.cli.main import sources_app
from flows.cli.output import note, print_json, table
from flows.required import require_warehouse
from flows.settings import Settings, load_settings

_LONG = timedelta(days=14)


@sources_app.command("list", epilog="Example: entente sources list")
def list_sources(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print the descriptions as JSON.")] = False
) -> None:
    """List the sources that are described: what they give, how far the description can be trusted, whether they are enabled."""
    from flows.sources import enabled_descriptions, source_descriptions

    settings = load_settings(context.obj)
    enabled_descriptions(settings)
    descriptions = source_descriptions(settings)
    if as_json:
        print_json(
            {
                key: {**one.model_dump(mode="json"), "enabled": key in settings.sources.enabled}
                for key, one in descriptions.items()
            }
        )
        return
    rows = [
        (
            key,
            one.name,
            one.gives,
            one.confidence,
            one.schedule,
            "yes" if key in settings.sources.enabled else _why_not(one.gives),
        )
        for key, one in descriptions.items()
    ]
    print(table(("source", "name", "gives", "confidence", "schedule (UTC)", "enabled"), rows))
    print(
        "\nGives: records say which reports there are, files are the reports. Confidence: how well the service's interface is known,\n"
        "A by several programs, B by one or two, C from documentation only."
    )
    if not settings.sources.enabled:
        print("\nEnable some with sources.enabled and sources.contact in configs/entente.yaml.")


def _why_not(gives: str) -> str:
    return "serves the others" if gives == "files" else "no"


@sources_app.command("status", epilog="Example: entente sources status")
def sources_status(
    context: typer.Context,
    signals: Annotated[bool, typer.Option("--signals", help="Name the fields and values that nobody has decided about.")] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Of what `refresh --replay` has made, instead of the project's own.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show how each source fares: last run, new records, shares of refusals, errors and empty answers.

    Exit code 1 when an enabled one failed.
    """
    from flows.sources import source_descriptions
    from warehouse.database import open_warehouse
    from warehouse.source_ledger import signal_rows, source_rows

    settings = load_settings(context.obj)
    if replay:
        from flows.replay import of_replay

        settings = of_replay(settings)
    require_warehouse(settings)
    try:
        with open_warehouse(settings.paths.warehouse, read_only=True) as connection:
            rows = source_rows(connection)
            undecided = signal_rows(connection) if signals else []
    except Busy as error:
        raise Busy(f"{error} `entente status` shows how far it is.") from None
    rows = [{"enabled": row["source_id"] in settings.sources.enabled, **row} for row in rows]
    silent = [one for one in settings.sources.enabled if one not in {row["source_id"] for row in rows}]
    since = datetime.now(UTC).replace(tzinfo=None) - _LONG
    forgotten = [
        row["source_id"] for row in rows if row["enabled"] and row["last_run_at"] is not None and row["last_run_at"] < since
    ]
    if as_json:
        print_json({"sources": rows, "never_asked": silent, "not_asked_lately": forgotten, "signals": undecided})
    else:
        _show(rows, silent, undecided)
        for source_id in forgotten:
            print(f"{source_id}: not asked for more than {_LONG.days} days. Is `entente serve` running, or your own schedule?")
    # A source that is not asked any more has no say; those that only give files are asked for the others.
    asked = {key for key, one in source_descriptions(settings).items() if one.gives == "files" or key in settings.sources.enabled}
    if any(row["status"] in ("failed", "refused") and row["source_id"] in asked for row in rows) or forgotten:
        raise typer.Exit(1)


def _show(rows: list[dict[str, Any]], silent: list[str], undecided: list[dict[str, Any]]) -> None:
    columns = {
        "source": "source_id", "enabled": "enabled", "status": "status", "last run": "last_run_at", "newest record": "newest_at",
        "records": "records", "documents": "with_document", "to fetch": "to_fetch", "withdrawn": "withdrawn", "new": "n_new",
        "requests": "n_requests", "refused": "refused_share", "errors": "error_share", "empty": "empty_share", "signals": "signals",
    }  # fmt: skip
    print(table(tuple(columns), [tuple(row[name] for name in columns.values()) for row in rows]))
    for row in rows:
        if row["detail"] and row["enabled"]:
            print(f"{row['source_id']}: {row['detail']}")
    for source_id in silent:
        print(f"{source_id}: enabled, but never asked; the next refresh asks it.")
    if undecided:
        print()
        print(
            table(
                ("source", "kind", "field", "example", "times", "last seen"),
                [
                    (one["source_id"], one["kind"], one["field"], one["example"], one["n"], one["last_seen_at"])
                    for one in undecided
                ],
            )
        )


@sources_app.command("check", epilog="Example: entente sources check worldbank --live")
def check(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="The sources; all enabled ones by default.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Ask the services themselves: a few requests each.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check descriptions, and with --live walk through the first contact with each service and say what differs from its description.

    Exit code 1 when a check failed or a service differs from its description.
    """
    from flows.sources import source_descriptions

    settings = load_settings(context.obj)
    descriptions = source_descriptions(settings)
    chosen = names or list(settings.sources.enabled) or list(descriptions)
    for name in chosen:
        if name not in descriptions:
            raise BadInput(f"There is no source {name!r}; there are: {', '.join(sorted(descriptions))}.")
    if live and not settings.sources.contact.strip():
        raise BadInput("--live needs sources.contact in configs/entente.yaml: an address by which the services can reach you.")
    findings = _check_live(settings, chosen) if live else _check_offline(settings, chosen)
    if as_json:
        print_json(findings)
    else:
        print(table(("source", "check", "outcome", "detail"), [tuple(one.values()) for one in findings], width=140))
        if not live:
            note("Nothing was asked. With --live the services are.")
    if any(one["outcome"] in ("failed", "differs") for one in findings):
        raise typer.Exit(1)


def _check_offline(settings: Settings, names: list[str]) -> list[dict[str, str]]:
    from flows.sources import source_descriptions
    from sources.first_contact import check_offline

    descriptions = source_descriptions(settings)
    return [
        {"source": name, "check": one.name, "outcome": one.outcome, "detail": one.detail}
        for name in names
        for one in check_offline(descriptions[name])
    ]


def _check_live(settings: Settings, names: list[str]) -> list[dict[str, str]]:
    from entente import __version__
    from flows.sources import source_descriptions
    from sources.clients import Clients
    from sources.first_contact import check_live, check_offline, temporary_store

    descriptions = source_descriptions(settings)
    routes = {key: one for key, one in descriptions.items() if one.gives in ("files", "both")}
    findings = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Clients(
            descriptions,
            contact=settings.sources.contact,
            version=__version__,
            state=Path(folder),
            gateway=settings.sources.gateway,
            delay_factor=settings.sources.delay_factor,
        ) as clients,
    ):
        for name in names:
            description = descriptions[name]
            checks = check_offline(description)
            if all(one.outcome == "ok" for one in checks):
                checks += check_live(description, clients.of, routes, temporary_store(Path(folder)))
            findings += [{"source": name, "check": one.name, "outcome": one.outcome, "detail": one.detail} for one in checks]
    return findings
