"""`entente sql`: a question to the published database."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated

import typer

from entente.errors import BadInput
from flows.cli.main import app
from flows.cli.output import note, plain_value, print_json, table
from flows.settings import load_settings


@app.command(epilog='Example: entente sql "SELECT country_iso3, count(*) FROM documents GROUP BY ALL ORDER BY ALL"')
def sql(
    context: typer.Context,
    query: Annotated[str | None, typer.Argument(help="A query; - reads it from standard input.")] = None,
    file: Annotated[Path | None, typer.Option(help="Read the query from this file.")] = None,
    database: Annotated[Path | None, typer.Option(help="Another database file than the published one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a row.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a header line.")] = False,
    max_rows: Annotated[int, typer.Option(help="Rows to show in a table.", min=1)] = 200,
) -> None:
    """Ask the published database. It is opened read-only: nothing can be changed, and a refresh is not disturbed."""
    import duckdb

    settings = load_settings(context.obj)
    text = _query(query, file)
    path = database or settings.paths.published
    if not path.is_file():
        raise BadInput(f"There is no published database at {path}. Make it with `entente refresh` or `entente publish`.")
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("SET enable_progress_bar = false")
            cursor = connection.execute(text)
            header = [column[0] for column in cursor.description or []]
            rows = cursor.fetchall()
    except duckdb.Error as error:
        raise BadInput(f"The query failed: {error}") from None
    if as_json:
        for row in rows:
            print_json(dict(zip(header, row, strict=True)))
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(
            [value if isinstance(value, (str, int, float, type(None))) else plain_value(value) for value in row] for row in rows
        )
    else:
        print(table(header, rows[:max_rows]))
        if len(rows) > max_rows:
            note(f"{len(rows) - max_rows} more rows; --max-rows, --csv or --json show them.")


def _query(query: str | None, file: Path | None) -> str:
    if (query is None) == (file is None):
        raise BadInput("Give a query, or a file with one: entente sql QUERY, entente sql -, or entente sql --file FILE.")
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{file} cannot be read as a query: {error}") from error
    return sys.stdin.read() if query == "-" else str(query)
