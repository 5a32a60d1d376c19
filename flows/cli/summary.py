"""`entente summary`: a short look at what the published database says."""

from __future__ import annotations

from importlib.resources import files

import typer

from entente.errors import BadInput
from flows.cli.main import app
from flows.cli.output import command_for, table
from flows.settings import load_settings


@app.command(epilog="Example: entente summary")
def summary(context: typer.Context) -> None:
    """Show a short table of the published database and how to open it."""
    import duckdb

    settings = load_settings(context.obj)
    path = settings.paths.published
    if not path.is_file():
        raise BadInput(f"There is no published database at {path}. Run `entente refresh` first.")
    queries = files("flows.cli").joinpath("summary.sql").read_text(encoding="utf-8").split(";")
    with duckdb.connect(str(path), read_only=True) as connection:
        for query in queries:
            title, _, body = query.strip().partition("\n")
            if body:
                cursor = connection.execute(body)
                header = [column[0] for column in cursor.description or []]
                print(f"\n{title.removeprefix('--').strip()}\n")
                print(table(header, cursor.fetchall()))
    print(f"\nOpen the database:  duckdb -readonly {path}")
    query = (
        "SELECT document_id, page_first, para_no, stage, realization, stance, left(text, 50) AS text"
        " FROM evidence WHERE stage <> 'none' LIMIT 5"
    )
    print(f'or ask it here:     {command_for(settings)} sql "{query}"')
