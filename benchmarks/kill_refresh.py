"""Kill a refresh with SIGKILL at random moments, again and again, and compare the database in the end with an undisturbed run.

    python -m benchmarks.kill_refresh --kills 20 --documents 30

With `--replica` the refresh pulls from a replica of the services instead of a folder, so that kills hit listings and downloads too.

Each kill hits only the main process, as a full memory or a reboot would; its children must end by themselves. When a refresh comes through
before its kill, the project is wiped and begun again, so that every kill counted has hit a run at work.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import psutil
import yaml

from flows.cli.output import table
from sources.replica.manifest_world import world_from_manifest
from sources.replica.server import ReplicaServer
from sources.replica.world import SetClock
from tests.flows.replica import replica_project
from warehouse.content import content_digest

SAMPLE = Path(__file__).resolve().parents[1] / "sample"
ENTENTE = (sys.executable, "-m", "flows")


def make_project(folder: Path, documents: int) -> Path:
    """Make a project from the sample, with copies under new names (one more line each) until there are enough documents."""
    subprocess.run([*ENTENTE, "init", str(folder), "--sample"], check=True, stdout=subprocess.DEVNULL)
    reports = sorted(path for path in (folder / "reports").iterdir() if path.is_file())
    for path in reports[documents:]:
        path.unlink()
    pages = sorted((folder / "reports").glob("*.html")) or reports
    for number in range(max(0, documents - len(reports))):
        source = pages[number % len(pages)]
        (folder / "reports" / f"copy-{number}{source.suffix}").write_bytes(
            source.read_bytes() + f"\n<!-- copy {number} -->\n".encode()
        )
    return folder


def make_remote_project(folder: Path, address: str) -> Path:
    """Make a project that pulls from the replica at this address, asked as widely as its world is."""
    settings = replica_project(folder, address)
    sources = settings.sources.model_dump(mode="json") | {"schedule": "30 3 * * *"}
    (folder / "configs" / "entente.yaml").write_text(yaml.safe_dump({"sources": sources}), encoding="utf-8")
    return folder


def _make_remote(address: str, folder: Path, _documents: int) -> Path:
    return make_remote_project(folder, address)


def command(project: Path, *more: str) -> list[str]:
    return [*ENTENTE, "--project", str(project), "refresh", *more]


def digests(project: Path) -> dict[str, str]:
    """Return the content of both databases, table by table."""
    working = content_digest(project / "var" / "warehouse.duckdb")
    published = content_digest(project / "var" / "published" / "entente.duckdb")
    return {f"warehouse {name}": value for name, value in working.items()} | {
        f"published {name}": value for name, value in published.items()
    }


def run_with_kills(
    project: Path,
    documents: int,
    kills: int,
    seconds: float,
    more: tuple[str, ...],
    seed: int,
    make: Callable[[Path, int], object] = make_project,
) -> list[tuple[float, str]]:
    """Start refreshes and kill them at random moments; returns the moment and the stage of every kill that hit a run at work."""
    chance = random.Random(seed)  # noqa: S311  # moments, not secrets
    hits: list[tuple[float, str]] = []
    while len(hits) < kills:
        process = subprocess.Popen(
            command(project, *more), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        moment = chance.uniform(0.2, seconds)
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            family = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
            stage = _stage(project, process.pid)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            hits.append((moment, stage))
            _wait_until_gone(family)
            continue
        if process.returncode != 0:
            raise SystemExit(
                f"A refresh failed with exit code {process.returncode}; run it by hand: {' '.join(command(project))}"
            )
        shutil.rmtree(project)
        make(project, documents)
    return hits


def _stage(project: Path, pid: int) -> str:
    """Return the stage that this process has reached by its own word; `start` before it says anything."""
    try:
        said = json.loads((project / "var" / "progress.json").read_text(encoding="utf-8"))
    except OSError:
        return "start"
    return str(said["stage"]) if said["pid"] == pid else "start"


def _wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 30
    while left := [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]:
        if time.monotonic() > deadline:
            raise SystemExit(f"Children of a killed refresh are still there after 30 s: {left}")
        time.sleep(0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--documents", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--replica", action="store_true", help="pull from a replica of the services")
    parser.add_argument("--no-prefect", action="store_true", help="kill the plain run instead of the flow")
    arguments = parser.parse_args()
    more = ("--no-prefect",) if arguments.no_prefect else ()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        make: Callable[[Path, int], Path] = make_project
        if arguments.replica:
            world = world_from_manifest(SAMPLE, SAMPLE / "manifest.csv", clock=SetClock(datetime.now(UTC) - timedelta(hours=2)))
            address = stack.enter_context(ReplicaServer(world)).address
            make = partial(_make_remote, address)
        calm = make(Path(folder, "calm"), arguments.documents)
        started = time.monotonic()
        subprocess.run(command(calm, *more), check=True)
        seconds = time.monotonic() - started
        killed = make(Path(folder, "killed"), arguments.documents)
        hits = run_with_kills(killed, arguments.documents, arguments.kills, seconds, more, arguments.seed, make)
        subprocess.run(command(killed, *more), check=True)
        left, right = digests(calm), digests(killed)
        print(
            table(("kill", "after s", "stage"), [(number, moment, stage) for number, (moment, stage) in enumerate(hits, start=1)])
        )
        different = sorted(name for name in left | right if left.get(name) != right.get(name))
        print(
            f"\n{len(hits)} kills; undisturbed run {seconds:.1f} s; {len(left)} tables compared, different: {', '.join(different) or 'none'}"
        )
        raise SystemExit(1 if different else 0)


if __name__ == "__main__":
    main()
