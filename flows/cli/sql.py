"""`entente sql`: a question to the published database."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from entente.errors import BadInput
from flows.cli.main import app
from flows.cli.output import note, plain_value, print_json, table
from flows.settings import load_settings

if TYPE_CHECKING:
    import duckdb

_ROWS_AT_ONCE = 10_000


@app.command(epilog='Example: entente sql "SELECT country_iso3, count(*) FROM documents GROUP BY ALL ORDER BY ALL"')
def sql(
    context: typer.Context,
    query: Annotated[str | None, typer.Argument(help="A query; - reads it from standard input.")] = None,
    file: Annotated[Path | None, typer.Option(help="Read the query from this file.")] = None,
    database: Annotated[Path | None, typer.Option(help="Another database file than the published one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a row.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV with a header line.")] = False,
    max_rows: Annotated[int, typer.Option(help="Rows to show in a table.", min=1)] = 200,
    width: Annotated[int, typer.Option(help="Characters of a cell to show in a table.", min=4)] = 60,
) -> None:
    """Ask the published database. It is opened read-only and no other file is reached: nothing can be changed, no refresh is disturbed."""
    import duckdb

    settings = load_settings(context.obj)
    text = _query(query, file)
    path = database or settings.paths.published
    if not path.is_file():
        raise BadInput(f"There is no published database at {path}. Make it with `entente refresh` or `entente publish`.")
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            # Read-only holds for the opened file alone: a query could still write (COPY TO), read and fetch other files.
            connection.execute(
                "SET enable_progress_bar = false; SET enable_external_access = false; SET lock_configuration = true"
            )
            if not connection.extract_statements(text):
                raise BadInput("The query is empty. Try: entente sql 'SHOW TABLES'")
            cursor = connection.execute(text)
            if as_json:
                _print_json(cursor)
            elif as_csv:
                _print_csv(cursor)
            else:
                _print_table(cursor, max_rows, width)
    except duckdb.PermissionException as error:
        raise BadInput(
            f"The query failed: {error} `entente sql` reaches no other file and no network: "
            f"write results with --csv or --json, or open {path} in the DuckDB shell."
        ) from None
    except duckdb.Error as error:
        raise BadInput(f"The query failed: {error}") from None


def _header(cursor: duckdb.DuckDBPyConnection) -> list[str]:
    return [str(column[0]) for column in cursor.description or []]


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """Yield rows a few at a time, so that a large result does not have to fit into memory."""
    while some := cursor.fetchmany(_ROWS_AT_ONCE):
        yield from some


def _print_json(cursor: duckdb.DuckDBPyConnection) -> None:
    header = _header(cursor)
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise BadInput(f"Two columns of the result are called {twice[0]!r}; give one of them another name (AS) for --json.")
    for row in _rows(cursor):
        print_json(dict(zip(header, row, strict=True)))


def _print_csv(cursor: duckdb.DuckDBPyConnection) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_header(cursor))
    for row in _rows(cursor):
        writer.writerow([value if isinstance(value, (str, int, float, type(None))) else plain_value(value) for value in row])


def _print_table(cursor: duckdb.DuckDBPyConnection, max_rows: int, width: int) -> None:
    rows = list(islice(_rows(cursor), max_rows))
    more = sum(1 for _row in _rows(cursor)) if len(rows) == max_rows else 0
    print(table(_header(cursor), rows, width=width))
    if more:
        note(f"{more} more rows; --max-rows, --csv or --json show them.")


def _query(query: str | None, file: Path | None) -> str:
    if (query is None) == (file is None):
        raise BadInput("Give a query, or a file with one: entente sql QUERY, entente sql -, or entente sql --file FILE.")
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{file} cannot be read as a query: {error}") from error
    try:
        # The bytes as they were given: a locale without UTF-8 must not take umlauts out of a query.
        return (sys.stdin.buffer.read() if query == "-" else os.fsencode(str(query))).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"The query is no UTF-8 text ({error}).") from error
