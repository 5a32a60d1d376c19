"""Kill the warehouse writer with SIGKILL at random moments of a load, a publication and a migration: content is before or after.

Never between.

    python -m benchmarks.kill_warehouse --kills 20

Each work is done once undisturbed for its time and its outcome. Then it is begun again and again on a copy of the file as it was and killed;
what is found is compared, table by table, with before and after. Exit code 1 when any database does not open or holds something else.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb

from flows.cli.output import table
from tests.warehouse.build import extraction, full_job, start
from warehouse import migrations
from warehouse.content import content_digest
from warehouse.database import open_warehouse
from warehouse.publish import publish

WORKS = ("load", "publish", "migration")
_KEY = "extractor-2/auto"


def work(kind: str, folder: Path, passages: int) -> None:
    """Do one work in this process: one batch read anew, a publication, or a new shape of the derived tables and its migration."""
    if kind == "publish":
        publish(folder / "w.duckdb", folder / "p.duckdb", built_by="a newer one")
        return
    if kind == "migration":
        with open_warehouse(folder / "w.duckdb"):
            return
    with open_warehouse(folder / "w.duckdb") as connection:
        loader = start(connection)
        pending = loader.pending_extraction(_KEY)
        read = [(file, extraction(file.file_sha256, passages, version="extractor-2")) for file in pending]
        print("begin", flush=True)
        loader.load_extractions(read, _KEY)


def prepare(kind: str, folder: Path, documents: int, passages: int) -> None:
    """Make the database as it is before the work."""
    folder.mkdir(parents=True)
    full_job(folder / "w.duckdb", tuple(f"{number:04}" for number in range(documents)), passages)
    if kind == "publish":
        publish(folder / "w.duckdb", folder / "p.duckdb", built_by="an older one")
    if kind == "migration":
        # As an Entente before the code tables of countries left it, with derived tables of an older shape.
        with duckdb.connect(str(folder / "w.duckdb")) as connection:
            migrations.drop_views(connection)
            connection.execute("DROP TABLE countries")
            connection.execute("ALTER TABLE codebook_dimensions DROP COLUMN is_ordinal")
            connection.execute("DELETE FROM schema_migrations WHERE name = '0003_code_tables'")
            connection.execute("UPDATE warehouse_meta SET value = '1' WHERE name = 'derived_version'")


def contents(folder: Path) -> list[dict[str, str]]:
    """Return the content of the databases in a folder; the ledger of publications is no content of the published file."""
    found = []
    for name in ("w.duckdb", "p.duckdb"):
        if (folder / name).exists():
            digest = content_digest(folder / name)
            if name == "p.duckdb":
                with duckdb.connect(str(folder / name), read_only=True) as connection:
                    digest["built_by"] = str(connection.execute("SELECT built_by FROM release").fetchall())
            found.append(digest)
    return found


Contents = list[dict[str, str]]


def allowed(kind: str, found: Contents, before: Contents, after: Contents, steps: Sequence[Contents] = ()) -> str | None:
    """Return what was found: before, after, or (a migration has several steps) after some of the steps; None for anything else."""
    if found == before:
        return "before"
    if found == after:
        return "after"
    if kind == "publish" and found[1] in (before[1], after[1]) and found[0] in (before[0], after[0]):
        # Two files: the new one is in place, the ledger of the working database is mended by the next publication.
        return "file after, ledger before"
    return "after a step" if found in steps else None


def steps_between(folder: Path) -> list[list[dict[str, str]]]:
    """Return the contents that a database has after the first, the first two, ... of the steps of its migration."""
    found = []
    shutil.copytree(folder / "before", folder / "steps")
    for number in range(len(migrations.all_migrations())):
        with duckdb.connect(str(folder / "steps" / "w.duckdb")) as connection:
            migrations.migrate_kept(connection, migrations.all_migrations()[: number + 1])
        found.append(contents(folder / "steps"))
    return found


def attack(kind: str, folder: Path, kills: int, chance: random.Random, documents: int, passages: int) -> Counter[str]:
    """Kill the work so many times and return how often which content was found."""
    prepare(kind, folder / "before", documents, passages)
    shutil.copytree(folder / "before", folder / "after")
    began = time.monotonic()
    if child(kind, folder / "after", passages).wait():
        raise SystemExit(f"{kind}: the work fails without being killed")
    seconds = time.monotonic() - began
    before, after = contents(folder / "before"), contents(folder / "after")
    if before == after:
        raise SystemExit(f"{kind}: the work changes nothing, so kills would show nothing")
    steps = steps_between(folder) if kind == "migration" else []
    found: Counter[str] = Counter()
    hits = 0
    while hits < kills:
        shutil.rmtree(folder / "now", ignore_errors=True)
        shutil.copytree(folder / "before", folder / "now")
        process = child(kind, folder / "now", passages)
        try:
            process.wait(timeout=chance.uniform(0.3 * seconds, 1.05 * seconds))
            continue
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        hits += 1
        outcome = allowed(kind, contents(folder / "now"), before, after, steps) or "BETWEEN"
        found[outcome] += 1
        print(f"{kind} {hits}: {outcome}", flush=True)
        if kind != "migration":
            continue
        with open_warehouse(folder / "now" / "w.duckdb") as connection:
            assert migrations.pending(connection) == []
    return found


def child(kind: str, folder: Path, passages: int) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "benchmarks.kill_warehouse",
        "--work",
        kind,
        "--folder",
        str(folder),
        "--passages",
        str(passages),
    ]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--documents", type=int, default=20)
    parser.add_argument("--passages", type=int, default=200, help="passages of a document")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", choices=WORKS, help="do this work in this process; for the children")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--only", choices=WORKS, help="attack this work alone")
    arguments = parser.parse_args()
    if arguments.work:
        work(arguments.work, arguments.folder, arguments.passages)
        return
    chance = random.Random(arguments.seed)  # noqa: S311  # moments, not secrets
    rows, bad = [], 0
    for kind in (arguments.only,) if arguments.only else WORKS:
        with tempfile.TemporaryDirectory() as folder:
            found = attack(kind, Path(folder, kind), arguments.kills, chance, arguments.documents, arguments.passages)
        bad += found["BETWEEN"]
        rows.append((kind, arguments.kills, ", ".join(f"{number} {what}" for what, number in sorted(found.items()) if number)))
    print(table(("work", "kills", "found"), rows, width=100))
    raise SystemExit(1 if bad else 0)


if __name__ == "__main__":
    main()
