"""`entente search`: passages of the published database by words or by meaning."""

from __future__ import annotations

from typing import Annotated

import typer

from entente.errors import BadInput
from flows.cli.main import app
from flows.cli.output import print_json, table
from flows.settings import load_settings


@app.command(epilog='Example: entente search "access to prisons refused"')
def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="Words, or with --meaning also a sentence.")],
    meaning: Annotated[bool, typer.Option("--meaning", help="By meaning instead of by words (English).")] = False,
    most: Annotated[int, typer.Option(help="How many passages at most.", min=1, max=10_000)] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print the passages as JSON.")] = False,
) -> None:
    """Find passages in the published database, best first."""
    import duckdb

    from warehouse.failures import explained

    settings = load_settings(context.obj)
    published = settings.paths.published
    if not published.is_file():
        raise BadInput(f"There is no published database at {published}. Run `entente refresh` first.")
    macro = "search_meaning" if meaning else "search"
    with explained(published), duckdb.connect(str(published), read_only=True) as connection:
        try:
            cursor = connection.execute(
                f"FROM {macro}($query, most := $most)", {"query": query, "most": most}
            )  # one of two names
        except (duckdb.CatalogException, duckdb.BinderException):
            raise BadInput(
                f"{published} has no index for this search. Set publish.search to {'meaning' if meaning else 'text or meaning'} and run "
                "`entente publish`."
            ) from None
        names = [column[0] for column in cursor.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    if as_json:
        print_json(rows)
        return
    shown = [(row["score"], row["document_id"], row["page_first"], row["para_no"], row["text"]) for row in rows]
    print(table(("score", "document", "page", "para", "text"), shown, width=90) if rows else "Nothing found.")
