"""Writes docs/data-dictionary.md from the descriptions and the schema: `python -m flows.dictionary --write` (or `--check`)."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import duckdb

from flows.load import codebook_rows, score_columns
from flows.settings import default_codebook_path
from models.codebook import load_codebook
from models.term_vectors import load_term_vectors
from warehouse.codebook import set_codebook
from warehouse.database import open_warehouse
from warehouse.dictionary import render
from warehouse.publish import publish
from warehouse.types import SearchOptions

PAGE = Path(__file__).resolve().parents[1] / "docs" / "data-dictionary.md"


def empty_published(folder: Path) -> Path:
    """Make a published database without documents, of the codebook that ships with Entente, and return its path."""
    codebook = load_codebook(default_codebook_path())
    with open_warehouse(folder / "warehouse.duckdb") as connection:
        set_codebook(connection, codebook_rows(codebook), score_columns(codebook))
    search = SearchOptions("meaning", load_term_vectors())
    return publish(folder / "warehouse.duckdb", folder / "published.duckdb", built_by="the data dictionary", search=search).path


def page() -> str:
    """Return the data dictionary of this Entente and the codebook that ships with it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(str(empty_published(Path(folder))), read_only=True) as connection,
    ):
        return render(connection, score_columns(load_codebook(default_codebook_path())))


def main() -> None:
    """Write the page, or check that it is as it would be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    group.add_argument("--check", action="store_true", help="exit code 1 when the page is out of date")
    arguments = parser.parse_args()
    if arguments.write:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit(f"{PAGE} is out of date: run `make dictionary` and look at what has changed.")


if __name__ == "__main__":
    main()
