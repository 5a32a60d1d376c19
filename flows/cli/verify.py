"""`entente verify`: is every published passage really on its page?"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer

from entente.errors import BadInput
from flows.cli.main import app
from flows.cli.output import print_json, table
from flows.progress import Progress, terminal_progress
from flows.settings import Settings, load_settings


@dataclass(slots=True)
class Outcome:
    """What verifying found: passages by format and by whether they were found, those that were not, files that are damaged."""

    found: Counter[tuple[str, bool]] = field(default_factory=Counter)
    lost: list[dict[str, Any]] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    recognized: int = 0


@app.command(epilog="Example: entente verify --at-least 0.99")
def verify(
    context: typer.Context,
    at_least: Annotated[float, typer.Option(help="The share that must be found again.", min=0, max=1)] = 0.99,
    show: Annotated[int, typer.Option(help="How many passages to name that were not found.", min=0)] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Find every published passage again in its stored file, on its page, with a reader that shares nothing with the extraction's layout.

    Exit code 1 when the share is lower than asked for, or when a stored file is gone or damaged.
    """
    settings = load_settings(context.obj)
    if not settings.paths.published.is_file():
        raise BadInput(f"There is no published database at {settings.paths.published}. Run `entente refresh` first.")
    with terminal_progress(wanted=not as_json) as progress:
        outcome = _verify(settings, progress)
    found, lost, damaged = outcome.found, outcome.lost, outcome.damaged
    total = sum(n for (_form, _outcome), n in found.items())
    again = sum(n for (_form, outcome), n in found.items() if outcome)
    share = again / total if total else 1.0
    rows = [
        (
            form,
            found[form, True] + found[form, False],
            found[form, True],
            found[form, True] / (found[form, True] + found[form, False]),
        )
        for form in sorted({form for form, _outcome in found})
    ]
    if as_json:
        print_json(
            {
                "passages": total,
                "found": again,
                "share": share,
                "damaged": damaged,
                "lost": lost,
                "formats": rows,
                "recognized": outcome.recognized,
            }
        )
    else:
        print(table(("format", "passages", "found again", "share"), [*rows, ("all", total, again, share)]))
        if outcome.recognized:
            print(
                f"{outcome.recognized} passages were recognized on pages that are pictures; their files hold no text to find them in."
            )
        for detail in damaged:
            print(f"damaged: {detail}")
        if lost and show:
            print()
            print(
                table(
                    ("passage", "document", "page", "text"),
                    [(p["passage_id"], p["document_id"], p["page"], p["text"]) for p in lost[:show]],
                )
            )
    if share < at_least or damaged:
        sys.exit(1)


def _verify(settings: Settings, progress: Progress) -> Outcome:
    import duckdb

    from entente.files import sha256_of_file
    from extractors.pool import ExtractionPool
    from extractors.refind import PassageLocation
    from flows.steps import extraction_options
    from sources.store import Store
    from warehouse.verify_rows import documents_to_verify, recognized_passages

    outcome = Outcome()
    store = Store(settings.paths.store)
    with duckdb.connect(str(settings.paths.published), read_only=True) as connection:
        total = connection.execute("SELECT count(DISTINCT document_id) FROM passages").fetchall()[0][0]
        outcome.recognized = recognized_passages(connection)
        with ExtractionPool(1, *extraction_options(settings)) as pool:
            for done, document in enumerate(documents_to_verify(connection), start=1):
                path = store.path_of(document.file_sha256, document.file_format)
                if not path.is_file() or sha256_of_file(path) != document.file_sha256:
                    outcome.damaged.append(f"{document.document_id}: {path} is gone or no longer the file that was read")
                    continue
                places = [
                    PassageLocation(p.passage_id, p.text, p.lead_in, p.page_first, p.page_last, p.boxes)
                    for p in document.passages
                ]
                for passage, is_there in zip(document.passages, pool.refind(path, document.file_format, places), strict=True):
                    outcome.found[document.file_format, is_there] += 1
                    if not is_there:
                        outcome.lost.append(
                            {
                                "passage_id": passage.passage_id,
                                "document_id": document.document_id,
                                "page": passage.page_first,
                                "text": passage.text,
                            }
                        )
                progress("verify", done, total)
    return outcome
