"""`entente publish`: put what the warehouse holds before the analysts."""

from __future__ import annotations

from typing import Annotated

import typer

from entente.errors import BadInput
from flows.cli.main import app
from flows.cli.output import note, print_json
from flows.settings import load_settings


@app.command(epilog="Example: entente publish")
def publish(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Check the warehouse and put a compact, read-only copy in place, all at once; readers of the old copy are not disturbed."""
    from flows.steps import publish_now
    from warehouse.lock import refresh_lock

    settings = load_settings(context.obj)
    if not settings.paths.warehouse.exists():
        raise BadInput(f"There is nothing to publish: {settings.paths.warehouse} is not there. Run `entente refresh` first.")
    with refresh_lock(settings.paths.state / "refresh.lock", "entente publish"):
        report = publish_now(settings)
    if as_json:
        print_json({"changed": report.changed, "path": report.path, "notes": report.notes, "search_bytes": report.search_bytes})
    else:
        for one in report.notes:
            note(f"Note: {one}")
        print(
            f"Published: {report.path}" if report.changed else f"Unchanged: {report.path} already holds what the warehouse holds."
        )
