"""Is a release the same to the byte? Builds it from the sample in two clean clones, and twice in the first; compares all checksums.

`python -m benchmarks.release_twice` clones the repository twice into a temporary folder and runs the demo and the release in each (with the
present interpreter and its packages). Exit code 1 where any file differs; each is named.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(clone: Path, *arguments: str) -> None:
    # The clone's own code goes before an installed one.
    subprocess.run(
        [sys.executable, "-m", "flows", *arguments],
        cwd=clone,
        check=True,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(clone)},
    )


def sums(folder: Path) -> dict[str, str]:
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="entente-release-") as place:
        found = []
        for name in ("one", "two"):
            clone = Path(place) / name
            subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)  # noqa: S607  # git by its name
            project = clone / "demo"
            run(clone, "init", str(project), "--sample")
            run(clone, "--project", str(project), "refresh", "--no-prefect")
            for number in range(2 if name == "one" else 1):
                began = time.perf_counter()
                out = Path(place) / f"release-{name}-{number}"
                run(clone, "--project", str(project), "release", "--out", str(out))
                size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
                seconds = time.perf_counter() - began
                found.append((f"clone {name}, release {number + 1}", sums(out), size, seconds))
        first = found[0][1]
        differing = False
        print("| built | files | MB | seconds | files that differ from the first |")
        print("| --- | --- | --- | --- | --- |")
        for title, digests, size, seconds in found:
            other = sorted(name for name in first.keys() | digests.keys() if first.get(name) != digests.get(name))
            differing |= bool(other)
            print(f"| {title} | {len(digests) + 1} | {size / 1e6:.1f} | {seconds:.1f} | {', '.join(other) or 'none'} |")
        return int(differing)


if __name__ == "__main__":
    sys.exit(main())
