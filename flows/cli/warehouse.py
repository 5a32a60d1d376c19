"""`entente warehouse`: what is pending in the working database, whether its data are sound, how many documents of each source there are."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from entente.errors import BadInput
from flows.cli.main import warehouse_app
from flows.cli.output import note, print_json, table
from flows.settings import Settings, load_settings


@warehouse_app.command(epilog="Example: entente warehouse pending --json")
def pending(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print the names as JSON.")] = False
) -> None:
    """Name what the next writing command would change in a warehouse of an older Entente. Nothing is written."""
    from warehouse.database import pending_changes

    settings = load_settings(context.obj)
    names = pending_changes(settings.paths.warehouse)
    if as_json:
        print_json({"warehouse": settings.paths.warehouse, "pending": names})
    elif names:
        print("\n".join(names))
    else:
        print(f"Nothing is pending: {settings.paths.warehouse} is up to date.")


@warehouse_app.command(epilog="Example: entente warehouse check")
def check(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print the bad rows as JSON.")] = False
) -> None:
    """Run the data checks of this Entente and this codebook on the published database; exit code 1 when there are rows that stop one."""
    import duckdb

    from flows.load import read_codebook, score_columns
    from warehouse.checks import all_checks, bad_rows
    from warehouse.failures import explained

    settings = load_settings(context.obj)
    published = settings.paths.published
    if not published.is_file():
        raise BadInput(f"There is no published database at {published}. Run `entente refresh` first.")
    columns = score_columns(read_codebook(settings))
    with explained(published), duckdb.connect(str(published), read_only=True) as connection:
        try:
            found = list(bad_rows(connection, columns))
        except (duckdb.CatalogException, duckdb.BinderException):
            raise BadInput(
                f"{published} was published by another Entente and lacks what the checks ask for. Run `entente publish` first."
            ) from None
    if as_json:
        rows = [{"check": one.check, "rows": one.n_rows, "first": one.first, "only_warns": one.only_warns} for one in found]
        print_json({"checks": len(all_checks(columns)), "found": rows})
    else:
        for one in found:
            print(f"{'warning: ' if one.only_warns else ''}{one}")
        print(f"{len(all_checks(columns))} checks, {len(found)} with bad rows.")
    if any(not one.only_warns for one in found):
        sys.exit(1)


@warehouse_app.command(epilog="Example: entente warehouse counts --write")
def counts(
    context: typer.Context,
    write: Annotated[bool, typer.Option("--write", help="Write the file of expected counts anew from what is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Show the documents of each source and year beside those expected; `--write` makes the file of expectations, for a person to review."""
    from flows.expected_counts import expected_text, read_expected, write_expected
    from warehouse.database import open_warehouse
    from warehouse.expected import bounds_of, counts_by_source_and_year

    settings = load_settings(context.obj)
    with open_warehouse(settings.paths.warehouse, read_only=True) as connection:
        found = counts_by_source_and_year(connection)
    today = datetime.now(UTC).date()
    path = settings.publish.expected_counts
    if write:
        before = read_expected(settings)
        if before is not None and before.is_reviewed:
            kept = path.with_name(f"{path.name}.{today:%Y%m%d}.bak")
            write_expected(kept, path.read_text(encoding="utf-8"))
            note(f"The reviewed file is kept as {kept}.")
        write_expected(path, expected_text(bounds_of(found, today.year), today))
        note(f"Written: {path}. Look at every line and put your name under `reviewed`.")
        if not as_json:
            return
    rows = _beside(settings, found)
    if as_json:
        print_json(rows)
    else:
        print(table(("source", "year", "documents", "min", "max", "outcome"), [tuple(row.values()) for row in rows]))


def _beside(settings: Settings, found: dict[str, dict[int | None, int]]) -> list[dict[str, Any]]:
    from flows.expected_counts import read_expected

    expected = read_expected(settings)
    bounds = expected.bounds if expected else {}
    keys = {(source, year) for table in (found, bounds) for source, years in table.items() for year in years}
    rows = []
    for source, year in sorted(keys, key=lambda key: (key[0], key[1] or 9999)):
        number = found.get(source, {}).get(year, 0)
        fewest, most = bounds.get(source, {}).get(year, (None, None))
        outcome = (
            "" if fewest is None else "too few" if number < fewest else "more" if most is not None and number > most else "ok"
        )
        rows.append({"source": source, "year": year, "documents": number, "min": fewest, "max": most, "outcome": outcome})
    return rows
