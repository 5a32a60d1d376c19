"""`python -m sources.replica`: the replica of the world for people, until it is interrupted."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from sources.replica.faults import ALL_FAULTS, Faults
from sources.replica.generated import generated_world
from sources.replica.manifest_world import world_from_manifest
from sources.replica.recorded import recorded_answers
from sources.replica.server import ReplicaServer
from sources.replica.world import START, Habits, SetClock, World

_ABOUT = """Serve a replica of the world on the loopback address: the services of the UN, the ILO, the World Bank, ReliefWeb and the
Internet Archive, with the documents of a manifest or with generated ones. A request reaches a service by naming its host, as in:
curl -H 'Host: metadata.un.org' 'http://127.0.0.1:8970/editor/api/marc/bibs/records?format=brief'"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.manifest is None and asked.generate is None:
        parser.error("name a --manifest, or a number of documents with --generate")
    if asked.manifest is not None and not asked.manifest.is_file():
        parser.error(f"the manifest {asked.manifest} is not there")
    faults = None
    if asked.fault_share or asked.robots_share:
        faults = Faults(
            seed=asked.fault_seed,
            share=asked.fault_share,
            kinds=asked.faults,
            heals_after=asked.heals_after,
            robots_share=asked.robots_share,
        )
    mounted = recorded_answers(asked.recorded) if asked.recorded else None
    try:
        replica = ReplicaServer(_world(asked), faults, mounted=mounted, port=asked.port)
    except OSError as error:
        parser.error(f"port {asked.port} cannot be used ({error.strerror}); name another one, or 0 for a free one")
    with replica as server:
        sys.stdout.write(
            f"{server.address}\n{len(server.world)} documents, {len(server.hosts)} hosts: {', '.join(server.hosts)}\n"
        )
        sys.stdout.flush()
        try:
            server.wait()
        except KeyboardInterrupt:
            sys.stdout.write(f"{len(server.log)} requests answered.\n")
    return 0


def _world(asked: argparse.Namespace) -> World:
    clock = SetClock(asked.now)
    habits = Habits(digital_library_is_open=asked.open_digital_library, reliefweb_names=frozenset({asked.reliefweb_name}))
    if asked.manifest is None:
        return generated_world(asked.generate, n_paragraphs=asked.paragraphs, clock=clock, habits=habits)
    folder = asked.folder or asked.manifest.parent
    return world_from_manifest(folder, asked.manifest, broken=asked.broken, clock=clock, habits=habits)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sources.replica", description=_ABOUT)
    world = parser.add_argument_group("what there is")
    world.add_argument("--manifest", type=Path, help="a manifest of files, e.g. sample/manifest.csv")
    world.add_argument("--folder", type=Path, help="where the paths of the manifest begin; its own folder by default")
    world.add_argument(
        "--broken", type=Path, help="a folder of files that nobody can read, e.g. sample/broken; each becomes a UN document"
    )
    world.add_argument("--generate", type=_count, metavar="N", help="instead of a manifest: so many documents without files")
    world.add_argument(
        "--paragraphs", type=_count, default=3, metavar="N", help="rows of each generated document in the UHRI export (3)"
    )
    world.add_argument(
        "--recorded", type=Path, metavar="FOLDER", help="a folder of source samples whose recorded answers are given first"
    )
    world.add_argument("--now", type=_moment, default=START, metavar="TIME", help=f"the time of the world ({START.isoformat()})")
    habits = parser.add_argument_group("how the services are")
    habits.add_argument(
        "--open-digital-library", action="store_true", help="digitallibrary.un.org gives files instead of challenges"
    )
    habits.add_argument(
        "--reliefweb-name", default="entente-replica", metavar="NAME", help="the approved appname (entente-replica)"
    )
    faults = parser.add_argument_group("what goes wrong")
    faults.add_argument(
        "--fault-share", type=float, default=0.0, metavar="SHARE", help="share of the answers that go wrong, 0 to 1 (0)"
    )
    faults.add_argument("--fault-seed", type=int, default=0, metavar="N", help="another number breaks other answers (0)")
    faults.add_argument(
        "--faults",
        type=_kinds,
        default=ALL_FAULTS,
        metavar="KINDS",
        help=f"which, separated by commas (all: {', '.join(ALL_FAULTS)})",
    )
    faults.add_argument(
        "--heals-after", type=_count, metavar="N", help="so many faults in a row at one address are followed by a right answer"
    )
    faults.add_argument("--robots-share", type=float, default=0.0, metavar="SHARE", help="the same share for robots.txt (0)")
    parser.add_argument("--port", type=_port, default=8970, help="where it listens on 127.0.0.1; 0 takes a free port (8970)")
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return number


def _kinds(text: str) -> tuple[str, ...]:
    kinds = tuple(name.strip() for name in text.split(","))
    unknown = [name for name in kinds if name not in ALL_FAULTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no fault {unknown[0]!r}")
    return kinds


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
