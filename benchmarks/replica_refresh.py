r"""Refresh from the replica of all services: first, again, after one change; then with faults at random, against a run without.

    python -m benchmarks.replica_refresh                       # three refreshes, a line a source
    python -m benchmarks.replica_refresh --faults 0.3          # the fault run: what is lost or doubled, requests per second and host
    python -m benchmarks.replica_refresh --manifest ../shared/corpus/manifest.csv

The documents are those of the sample (invented), or of a manifest. Every service is asked as widely as its small world is, and every delay is
multiplied by `--delay-factor`; the rate allowed to a host is what its description's delay comes to with that factor.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flows.cli.output import table
from flows.pipeline import RefreshOptions, Summary, refresh
from flows.progress import quiet
from flows.settings import Settings
from flows.sources import source_descriptions
from sources.replica.faults import Faults
from sources.replica.manifest_world import world_from_manifest
from sources.replica.server import ReplicaServer
from sources.replica.world import SetClock, World
from tests.flows.projects import rows
from tests.flows.replica import accounts, replica_project

SAMPLE = Path(__file__).resolve().parents[1] / "sample"
COLUMNS = ("n_records", "n_new", "n_changed", "n_requests", "n_file_requests", "n_conditional", "n_not_modified")


def make_world(manifest: Path | None) -> World:
    clock = SetClock(datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2))
    if manifest is not None:
        return world_from_manifest(manifest.parent, manifest, clock=clock)
    return world_from_manifest(SAMPLE, SAMPLE / "manifest.csv", broken=SAMPLE / "broken", clock=clock)


def project(folder: Path, server: ReplicaServer, factor: float) -> Settings:
    settings = replica_project(folder, server.address)
    return settings.model_copy(update={"sources": settings.sources.model_copy(update={"delay_factor": factor})})


def pull(settings: Settings, *, retry: bool = False) -> Summary:
    return refresh(settings, RefreshOptions(classify=False, publish=False, retry=retry), quiet)


def three_refreshes(manifest: Path | None, factor: float) -> None:
    world = make_world(manifest)
    with tempfile.TemporaryDirectory() as folder, ReplicaServer(world) as server:
        settings = project(Path(folder, "p"), server, factor)
        for name in ("first", "second", "third, after one change"):
            if name.startswith("third"):
                _change(world)
            server.log.clear()
            started = time.monotonic()
            summary = pull(settings)
            print(
                f"\n{name}: {time.monotonic() - started:.1f} s, documents taken {summary.counts['fetched']}, refused {summary.counts['refused']}"
            )
            found = accounts(settings)
            print(table(("source", *COLUMNS), [(key, *(one[column] for column in COLUMNS)) for key, one in found.items()]))
            files = sum(one.purpose in ("file", "resolve") for one in server.log)
            conditional = sum(one.purpose == "file" and one.is_conditional for one in server.log)
            print(f"requests for files and for the way to them: {files}; conditional ones for files: {conditional}")


def _change(world: World) -> None:
    changed = next(
        one for one in world.documents("un-library") if "uhri" in one.services and one.files and one.files[0].file_format == "pdf"
    )
    assert isinstance(world.clock, SetClock)
    world.clock.advance(timedelta(hours=1))
    world.revise(changed.number, b"".join(changed.files[0].content.read()) + b"\n% another edition\n%%EOF\n")


def fault_run(manifest: Path | None, factor: float, share: float, seed: int, rounds: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        with ReplicaServer(make_world(manifest)) as server:
            calm = project(Path(folder, "calm"), server, factor)
            pull(calm)
            wanted = _held(calm)
        faults = Faults(seed=seed, share=share, drip_seconds=0.05)
        with ReplicaServer(make_world(manifest), faults) as server:
            shaken = project(Path(folder, "shaken"), server, factor)
            lines = []
            number = 0
            while number < rounds and _held(shaken) != wanted:
                number += 1
                started = time.monotonic()
                summary = pull(shaken, retry=number > 1)
                lines.append(
                    (
                        number,
                        time.monotonic() - started,
                        summary.counts["fetched"],
                        summary.counts["refused"],
                        ", ".join(summary.failed_sources),
                    )
                )
            print(table(("refresh", "seconds", "taken", "refused", "sources that failed"), lines, width=90))
            _rates(server, shaken, factor)
            held = _held(shaken)
        doubled = rows(shaken.paths.warehouse, "SELECT count(*) - count(DISTINCT file_sha256) FROM documents")[0][0]
        doubled += rows(shaken.paths.warehouse, "SELECT count(*) - count(DISTINCT record_id) FROM records")[0][0]
        print(
            f"\nfaults in {share:.0%} of answers, seed {seed}: {len(held)} of {len(wanted)} records with their file after {number} refreshes, "
            f"lost {len(wanted - held)}, other {len(held - wanted)}, doubled {doubled}"
        )
        for what, some in (("lost", wanted - held), ("other", held - wanted)):
            for one in sorted(some, key=str):
                print(f"{what}: {one}")
        return held == wanted and not doubled


def _held(settings: Settings) -> set[tuple[object, ...]]:
    """Return each record with the file that it has: what must come out alike."""
    if not settings.paths.warehouse.exists():
        return set()
    return set(rows(settings.paths.warehouse, "SELECT record_id, file_sha256 FROM records WHERE file_sha256 IS NOT NULL"))


def _rates(server: ReplicaServer, settings: Settings, factor: float) -> None:
    delays: dict[str, float] = {}
    for one in source_descriptions(settings).values():
        for rule in one.hosts:
            delays[rule.host] = max(delays.get(rule.host, 0.0), rule.delay_seconds * factor)
    lines = []
    for host, requests in sorted(server.log.by_host().items()):
        delay = delays.get(host, 0.0)
        lines.append(
            (host, requests, server.log.least_gap(host), delay, server.log.most_in(1.0, host), 1 / delay + 1 if delay else None)
        )
    print(table(("host", "requests", "least gap s", "delay s", "most in a second", "allowed in a second"), lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--manifest", type=Path)
    parser.add_argument("--faults", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--delay-factor", type=float, default=0.02)
    arguments = parser.parse_args()
    if not arguments.faults:
        three_refreshes(arguments.manifest, arguments.delay_factor)
        return
    good = fault_run(arguments.manifest, arguments.delay_factor, arguments.faults, arguments.seed, arguments.rounds)
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
