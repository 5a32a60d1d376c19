r"""Refresh a new project over folders of reports, twice: wall time, pages per second, peak memory, and what the second run did.

    python -m benchmarks.refresh_folders ../shared/corpus/pdf ../shared/corpus/docx ../shared/corpus/html \
        --manifest ../shared/corpus/manifest.csv --column symbol=symbol_or_id --column published=year

Memory is the sum over the process and all its children, looked at ten times a second; shared pages are counted once for each process, so the
figure errs on the high side. `--project DIR` keeps the project; otherwise it is thrown away.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from flows.cli.output import table

ENTENTE = (sys.executable, "-m", "flows")


def timed(command: list[str]) -> tuple[float, float, str]:
    """Run a command; return its seconds, its peak memory in MB with all children, and what it printed."""
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = 0
    while process.poll() is None:
        peak = max(peak, _memory(process.pid))
        time.sleep(0.1)
    printed = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return time.monotonic() - started, peak / 1e6, printed


def _memory(pid: int) -> int:
    total = 0
    try:
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--manifest", type=Path, action="append", default=[])
    parser.add_argument("--column", action="append", default=[])
    parser.add_argument("--project", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        project = arguments.project or Path(temporary, "project")
        subprocess.run(
            [*ENTENTE, "init", str(project), *([] if arguments.folders else ["--sample"])], check=True, stdout=subprocess.DEVNULL
        )
        command = [*ENTENTE, "-C", str(project), "refresh", "--json", *map(str, arguments.folders)]
        command += [part for path in arguments.manifest for part in ("--manifest", str(path))]
        command += [part for pair in arguments.column for part in ("--column", pair)]
        rows = []
        for name in ("first", "second"):
            seconds, memory, printed = timed(command)
            counts = json.loads(printed.splitlines()[-1])
            names = ("listed", "fetched", "refused", "extracted", "unreadable", "pages", "passages", "scored")
            rows.append((name, seconds, memory, *(counts[key] for key in names)))
        print(table(("run", "seconds", "peak MB", *names), rows))
        print(f"\npages per second, everything included: {rows[0][8] / rows[0][1]:.1f}")


if __name__ == "__main__":
    main()
