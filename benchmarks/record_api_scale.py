r"""Discovery over a record API of growing size: seconds, peak memory and requests of a full listing, and what an unchanged catalogue costs.

    python -m benchmarks.record_api_scale
    python -m benchmarks.record_api_scale --sizes 1000 10000 100000 --page-size 200

A replica of the service answers on this machine, in a process of its own, over real HTTP. The listing is read as in a refresh, page by page;
nothing is kept of a page once it was handed on. `reader s` is the time that the reading process computed, without the replica's; `polite h` is
how long the listing would take at the pace of the shipped description. Memory is the peak of the reading process (VmHWM).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flows.cli.output import table
from sources.connectors.base import connector_for
from sources.description import Query, read_description
from sources.replica.generated import generated_world
from sources.replica.server import ReplicaServer
from sources.replica.world import START
from sources.types import RequestEvent
from sources.web.client import Client
from sources.web.pace import Clock, Pace

DESCRIPTION = Path(__file__).resolve().parents[1] / "configs" / "sources" / "un-library.yaml"


class Hurried:
    """A clock that does not wait, but says how long it would have waited."""

    def __init__(self) -> None:
        self.waited = 0.0

    def clock(self) -> Clock:
        return Clock(lambda: time.monotonic() + self.waited, lambda: datetime.now(UTC), self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.waited += seconds


def read(gateway: str, page_size: int, watermark: str | None, state: Path) -> dict[str, Any]:
    """List the whole catalogue by one query; return what it took."""
    shipped = read_description(DESCRIPTION)
    everything = Query(id="everything", query="191:*", igo="UN")
    description = shipped.model_copy(update={"queries": (everything,), "page_size": page_size})
    events: list[RequestEvent] = []
    hurried = Hurried()
    now = START + timedelta(days=1)
    begun, computed = time.monotonic(), time.process_time()
    n_records = 0
    mark = watermark
    with Client(
        description,
        contact="benchmark@example.org",
        version="benchmark",
        log=events.append,
        state=state,
        gateway=gateway,
        pace=Pace(hurried.clock()),
    ) as client:
        for page in connector_for(description).discover(client, watermark, now):
            n_records += len(page.records)
            mark = page.watermark or mark
    return {
        "records": n_records,
        "requests": sum(event.purpose == "listing" for event in events),
        "seconds": time.monotonic() - begun,
        "computed": time.process_time() - computed,
        "waited": hurried.waited,
        "peak_mb": peak_mb(),
        "watermark": mark,
    }


def peak_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def child(gateway: str, page_size: int, watermark: str | None) -> dict[str, Any]:
    """Read in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.record_api_scale", "--read", gateway, "--page-size", str(page_size)]
    if watermark is not None:
        command += ["--watermark", watermark]
    printed = subprocess.run(command, capture_output=True, text=True, check=False)
    if printed.returncode:
        raise SystemExit(printed.stderr)
    result: dict[str, Any] = json.loads(printed.stdout)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--page-size", type=int, default=200)
    parser.add_argument("--read", help=argparse.SUPPRESS)
    parser.add_argument("--watermark", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        with tempfile.TemporaryDirectory() as state:
            sys.stdout.write(json.dumps(read(arguments.read, arguments.page_size, arguments.watermark, Path(state))))
        return
    rows: list[tuple[str, ...]] = []
    for size in arguments.sizes:
        with ReplicaServer(generated_world(size)) as replica:
            for name in ("full", "unchanged"):
                watermark = rows[-1][-1] if name == "unchanged" else None
                said = child(replica.address, arguments.page_size, watermark)
                rows.append(
                    (
                        f"{size:,}",
                        name,
                        f"{said['records']:,}",
                        f"{said['requests']:,}",
                        f"{said['seconds']:.1f}",
                        f"{said['computed']:.1f}",
                        f"{(said['seconds'] + said['waited']) / 3600:.2f}",
                        f"{said['peak_mb']:.0f}",
                        said["watermark"],
                    )
                )
    heads = ("catalogue", "listing", "records", "requests", "seconds", "reader s", "polite h", "peak MB")
    sys.stdout.write(table(heads, [row[:-1] for row in rows]) + "\n")


if __name__ == "__main__":
    main()
