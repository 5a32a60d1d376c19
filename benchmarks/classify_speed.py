"""Passages per second of the classifier, one at a time and as a stream, and the memory it takes.

    python -m benchmarks.classify_speed [--passages FILE.jsonl[.gz]] [--limit 400] [--threads 2] [--model default]

Without a file the passages that ship with the project are used. Prints a Markdown table; beside the figures stands what they depend on.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from models.annotations import read_invented
from models.classifier import Classifier
from models.codebook import Codebook, load_codebook
from models.registry import SHIPPED, find_model
from models.types import PassageText

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Run the measurement and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=Path, help="JSON lines with id, heading and text, plain or gzipped")
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", default="default")
    given = parser.parse_args()
    codebook = load_codebook(ROOT / "configs" / "codebook.yaml")
    passages = (_read(given.passages) if given.passages else _shipped(codebook))[: given.limit]
    words = sum(len(one.text.split()) for one in passages) / len(passages)
    rows: list[tuple[str, float]] = []
    start = time.perf_counter()
    classifier = Classifier.load(find_model(given.model, [SHIPPED]), codebook, threads=given.threads)
    loading = time.perf_counter() - start
    list(classifier.classify(passages[:8]))
    before = psutil.Process().memory_info().rss
    rows.append(
        ("one call a passage", _rate(len(passages[:60]), lambda: [list(classifier.classify([one])) for one in passages[:60]]))
    )
    rows.append(("one stream", _rate(len(passages), lambda: list(classifier.classify(passages)))))
    growth = (psutil.Process().memory_info().rss - before) / 2**20
    peak = _peak_mib()
    print(f"{len(passages)} passages of {words:.0f} words on average, {given.threads} threads, model {classifier.version}\n")
    print("| way | passages per second |\n| --- | ---: |")
    for name, rate in rows:
        print(f"| {name} | {rate:.1f} |")
    print(f"\nLoading: {loading:.1f} s. Peak memory: {peak:.0f} MiB, of which the stream added {growth:.0f} MiB.")


def _rate(count: int, run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return count / (time.perf_counter() - start)


def _peak_mib() -> float:
    """Return the highest resident memory of this process so far, in MiB, where the system tells it; else the present one."""
    try:
        import resource
    except ImportError:
        return float(psutil.Process().memory_info().rss) / 2**20
    import sys

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _read(path: Path) -> list[PassageText]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = [json.loads(line) for line in content.splitlines()]
    return [PassageText(row["id"], row.get("heading") or "", row["text"]) for row in rows]


def _shipped(codebook: Codebook) -> list[PassageText]:
    return [one.passage for one in read_invented(codebook)]


if __name__ == "__main__":
    main()
