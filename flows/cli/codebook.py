"""`entente codebook`: what changed between two versions, and the codes carried over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.main import codebook_app
from flows.cli.options import AsJson
from flows.cli.output import note, print_json, table
from flows.settings import load_settings


@codebook_app.command("diff", epilog="Example: entente codebook diff codebook-1.1.0.yaml --write-map map.yaml")
def diff(
    context: typer.Context,
    old: Annotated[Path, typer.Argument(help="The earlier codebook.")],
    new: Annotated[Path | None, typer.Argument(help="The later one (default: the project's).")] = None,
    write_map: Annotated[Path | None, typer.Option(help="Write a map to begin with to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show which categories are the same, reworded, gone or new, and write the draft of a map for a person to complete."""
    from entente.files import write_text_whole
    from models.codebook import load_codebook
    from models.codebook_map import compare, draft

    before = load_codebook(old)
    after = load_codebook(new or load_settings(context.obj).codebook)
    found = compare(before, after)
    if write_map is not None:
        write_text_whole(write_map, draft(before, after))
        note(
            f"{write_map}: what was reworded or is gone stands under recode. Move it to unchanged, renamed, merged or split where that is true."
        )
    if as_json:
        print_json({"from": before.version, "to": after.version, "dimensions": found})
        return
    rows = [(name, *(", ".join(change[kind]) for kind in ("reworded", "gone", "new"))) for name, change in found.items()]
    changed = [row for row in rows if any(row[1:])]
    print(f"{before.version} to {after.version}: {len(changed)} of {len(rows)} dimensions changed.")
    if changed:
        print(table(("dimension", "reworded", "gone", "new"), changed))


@codebook_app.command("apply", epilog="Example: entente codebook apply map.yaml --dry-run")
def apply(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The map.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would be done, and change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Carry codes over to the project's codebook by a map. Old codes are kept; `codes_to_redo` in the database lists what must be coded anew."""
    from flows.codebook_versions import apply_map

    done = apply_map(load_settings(context.obj), file, dry_run=dry_run)
    rows = [
        (fate, *what, number) for fate, counts in done.fates.items() for what, number in sorted(counts.items()) if fate != "stays"
    ]
    if as_json:
        print_json(
            {
                "written": done.written,
                "codes": {fate: sum(counts.values()) for fate, counts in done.fates.items()},
                "changes": [dict(zip(("fate", "dimension", "value", "codes"), row, strict=True)) for row in rows],
                "contradictions": done.contradictions,
            }
        )
        return
    counts = {fate: sum(some.values()) for fate, some in done.fates.items()}
    print(
        f"{counts['stays']} codes stay, {counts['moves']} move, {counts['redo']} must be coded anew; {done.written} rows written."
    )
    if rows:
        print(table(("fate", "dimension", "old value", "codes"), rows))
    if done.contradictions:
        print(f"Not carried over, as the codes would contradict each other: {', '.join(done.contradictions[:20])}")
