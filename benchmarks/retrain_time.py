"""How long it takes from the arrival of new codes to a published, retrained warehouse, stage by stage.

    python -m benchmarks.retrain_time PROJECT ANNOTATIONS --new 200 [--full]

PROJECT is a project whose corpus has been refreshed; it is copied, not changed. ANNOTATIONS is a folder with texts.jsonl, train.jsonl and
dev.jsonl. The last passages of train.jsonl are held back; a first retraining on the others prepares the state before (with heads it also
reads their encodings). Then the passages held back arrive, and the command is run and timed: every stage, re-scoring of the whole corpus
and publishing included. Whether the candidate is better is not asked here: it is put into use by force, so that the longest way is timed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from flows.cli.output import table

ENTENTE = (sys.executable, "-m", "flows")


def copied(project: Path, to: Path) -> Path:
    """Copy a project without its stored files and kept releases, which a retraining does not look at."""
    skipped = shutil.ignore_patterns("store", "releases", "prefect", "service", "retraining", "reports")
    shutil.copytree(project, to, ignore=skipped)
    (to / "reports").mkdir(exist_ok=True)
    return to


def annotations_without(folder: Path, to: Path, held_back: int) -> int:
    """Copy a folder of annotations without the last passages of its training codes; returns how many are left."""
    to.mkdir(parents=True, exist_ok=True)
    for name in ("texts.jsonl", "dev.jsonl"):
        if (folder / name).exists():
            shutil.copyfile(folder / name, to / name)
    lines = [line for line in (folder / "train.jsonl").read_text(encoding="utf-8").splitlines() if line.strip()]
    kept = lines[: len(lines) - held_back]
    (to / "train.jsonl").write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    return len(kept)


def retrain(project: Path, annotations: Path, *more: str) -> tuple[float, dict[str, Any]]:
    """Run the command; returns its seconds and what it told."""
    started = time.monotonic()
    call = [*ENTENTE, "-C", str(project), "retrain", "--annotations", str(annotations), "--json", *more]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(call)} ended with {done.returncode}: {done.stderr}")
    return time.monotonic() - started, json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("project", type=Path)
    parser.add_argument("annotations", type=Path)
    parser.add_argument("--new", type=int, default=200)
    parser.add_argument("--full", action="store_true", help="fine-tune the encoder, instead of heads on that of the model in use")
    arguments = parser.parse_args()
    how = "--full" if arguments.full else "--heads-only"
    with tempfile.TemporaryDirectory() as folder:
        project = copied(arguments.project, Path(folder, "project"))
        annotations = Path(folder, "annotations")
        before = annotations_without(arguments.annotations, annotations, arguments.new)
        # The state before is always made of heads: a training in full would only take longer and leave nothing that the timed one could use.
        prepared, _told = retrain(project, annotations, "--heads-only")
        shutil.copyfile(arguments.annotations / "train.jsonl", annotations / "train.jsonl")
        seconds, told = retrain(project, annotations, how, "--force", "to time the whole way")
        run = project / "var" / "retraining" / told["run"] / "run.json"
        took = json.loads(run.read_text(encoding="utf-8"))["seconds"]
    print(table(("stage", "seconds"), [(name, round(value, 1)) for name, value in took.items()]))
    scored = told["stages"]["re-score"]["scored"]
    rest = seconds - sum(took.values())
    print(
        f"\n{told['stages']['check']['new']['passages']} new passages ({before} before, {told['stages']['check']['train']} now), "
        f"{scored} passages scored anew, published: {told['published']['changed']}. Start of the command and of Prefect: {rest:.1f} s.\n"
        f"In all: {seconds / 60:.1f} minutes on {os.cpu_count()} cores ({how}); the state before had taken {prepared / 60:.1f}."
    )


if __name__ == "__main__":
    main()
