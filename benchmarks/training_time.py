"""How long a training in full takes on this machine, and how long one of heads alone when its passages have been read before.

    python -m benchmarks.training_time --annotations FOLDER [--passages 1500] [--threads 2]

A sample of the training passages, drawn at random with a fixed seed, is trained on with the default settings, the whole way from passages to
a written model with its figures on dev; then heads are trained on that model's encoder twice. The second time its encodings are there.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from models.codebook import load_codebook
from models.training import TrainingRequest, train_on
from models.training_data import collect

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Run the measurement and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--passages", type=int, default=1500, help="how many passages are trained on; 0 for all")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    codebook = load_codebook(ROOT / "configs" / "codebook.yaml")
    data = collect(codebook, given.annotations)
    if 0 < given.passages < len(data.passages):
        drawn = np.sort(np.random.default_rng(0).permutation(len(data.passages))[: given.passages])
        data = dataclasses.replace(data, passages=[data.passages[i] for i in drawn])
    with tempfile.TemporaryDirectory() as folder:
        full = TrainingRequest(codebook, Path(folder), threads=given.threads)
        started = time.perf_counter()
        model = train_on(data, full, progress=_tell)
        seconds = [time.perf_counter() - started]
        for _ in range(2):
            started = time.perf_counter()
            train_on(data, dataclasses.replace(full, heads_on=model), progress=_tell)
            seconds.append(time.perf_counter() - started)
    print(f"{len(data.passages)} passages, {given.threads} threads")
    print(f"in full: {seconds[0] / 60:.1f} minutes")
    print(f"heads, passages to be read: {seconds[1]:.0f} s; heads, passages read before: {seconds[2]:.0f} s")


def _tell(what: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{what}: {done} of {total}    ", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
