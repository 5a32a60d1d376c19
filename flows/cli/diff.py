"""`entente diff`: which numbers moved between two releases, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from entente.errors import BadInput
from flows.cli.main import app
from flows.cli.output import note, print_json, table
from flows.progress import terminal_progress

if TYPE_CHECKING:
    from warehouse.attribution.decompose import Attribution

_CELL = ("measure", "dimension", "label", "igo", "country_iso3", "year")


@app.command(
    epilog="Example: entente diff var/published/releases/entente-20261101T030000000000.duckdb var/published/entente.duckdb"
)
def diff(
    a: Annotated[
        Path, typer.Argument(metavar="RELEASE_A", help="The older one: a published database or the folder of a release.")
    ],
    b: Annotated[Path, typer.Argument(metavar="RELEASE_B", help="The newer one.")],
    level: Annotated[
        str, typer.Option(help="Which cells to show: all, country (organization and country) or country_year.")
    ] = "country_year",
    dimension: Annotated[
        list[str] | None,
        typer.Option(help="A dimension whose shares to compare; repeat it (default: stage, realization, stance)."),
    ] = None,
    rows: Annotated[str | None, typer.Option(metavar="CAUSE", help="Show the passages behind this cause instead.")] = None,
    max_rows: Annotated[int, typer.Option(help="Rows to show.", min=1)] = 40,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON, or with --rows one object a passage.")
    ] = False,
) -> None:
    """Say which numbers moved between two releases and how much of it is due to what; the parts add up to the change.

    Beginning with the older release, one cause after the other is let happen, in the order of the table; what a number moves by is that
    cause's part. Passages of withdrawn and new documents come and go with the labels of their own release.
    """
    from warehouse.attribution.decompose import DIMENSIONS, attribution
    from warehouse.attribution.numbers import LEVELS

    if level not in LEVELS:
        raise BadInput(f"--level {level!r}: there are {', '.join(LEVELS)}.")
    with (
        terminal_progress(wanted=not as_json) as progress,
        attribution(
            a, b, tuple(dimension or DIMENSIONS), told=lambda _cause, done, total: progress("compare", done, total)
        ) as found,
    ):
        if rows is not None:
            _print_passages(found.passages(rows), max_rows, as_json=as_json)
        elif as_json:
            print_json({"a": found.a, "b": found.b, "causes": found.causes(), "changes": found.changes()})
        else:
            _print_changes(found, level, max_rows)


def _print_changes(found: Attribution, level: str, max_rows: int) -> None:
    causes = found.causes()
    counts = ("came", "went", "moved", "relabelled", "rescored", "coded")
    print("Passages behind each cause, in the order in which the causes are let happen:\n")
    print(table(("cause", *counts), [[one["cause"], *(one[name] for name in counts)] for one in causes]))
    changes = found.changes(level)
    if not changes:
        print("\nNo number of this level moved.")
        return
    # A cause that moved nothing needs no column.
    parts = [one["cause"] for one in causes if any(change[one["cause"]] for change in changes)]
    header = (*_CELL, "before", "after", "change", *parts)
    print("\nNumbers that moved, the largest change of a share first, and the part of each cause:\n")
    shown = sorted(changes, key=lambda one: one["measure"] in ("passages", "documents"))
    print(table(header, [[one[name] for name in header] for one in shown[:max_rows]], width=40))
    if len(shown) > max_rows:
        note(f"{len(shown) - max_rows} more; --max-rows or --json show them, --rows CAUSE the passages behind one.")


def _print_passages(passages: list[dict[str, Any]], max_rows: int, *, as_json: bool) -> None:
    if as_json:
        for one in passages:
            print_json(one)
        return
    header = ("passage_id", "document_id", "change", "before", "after", "text")
    print(table(header, [[one[name] for name in header] for one in passages[:max_rows]], width=60))
    if len(passages) > max_rows:
        note(f"{len(passages) - max_rows} more; --max-rows or --json show them.")
