"""Kill a retraining with SIGKILL in each of its stages and at random moments, and compare the end with an undisturbed one.

    python -m benchmarks.kill_retrain --kills 10

The project is a small one that simulated coders have coded, with a tiny encoder that is fine-tuned in full. A kill in a stage comes when it
begins, half through its work where it tells of that, and when all of it is done but nothing of it is written down.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

from flows.cli.output import table
from flows.settings import load_settings
from models.promotion import decisions
from tests.flows.coding_session import code_a_project, some_invented
from tests.flows.mortal import INSIDE, STAGES
from warehouse.content import content_digest


def command(project: Path) -> list[str]:
    return [sys.executable, "-m", "tests.flows.mortal", "-C", str(project), "retrain", "--full", "--no-prefect", "--json"]


def end_state(project: Path) -> dict[str, Any]:
    """Return what two retrainings must have in common: both databases, the model in use, the decisions."""
    paths = load_settings(project, {}).paths
    found: dict[str, Any] = {}
    for name in ("warehouse", "published"):
        found |= {f"{name} {one}": digest for one, digest in content_digest(getattr(paths, name)).items()}
    found["in use"] = (paths.models / "DEFAULT").read_text(encoding="utf-8")
    found["decisions"] = [(one.action, one.version, one.before) for one in decisions(paths.models)]
    return found


def die_in(project: Path, stage: str, moment: str) -> bool:
    """Run until the kill; returns whether it has come."""
    environment = {**os.environ, "DIE_IN": stage, "DIE_AT": moment}
    done = subprocess.run(command(project), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode not in (0, -signal.SIGKILL):
        raise SystemExit(f"A retraining failed with exit code {done.returncode}: {done.stderr.decode()}")
    return done.returncode != 0


def die_after(project: Path, seconds: float) -> str | None:
    """Kill a retraining after so many seconds; returns the stage that it had reached, None where it came through before."""
    process = subprocess.Popen(command(project), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        stage = "start"
        with contextlib.suppress(OSError, ValueError):
            told = json.loads((project / "var" / "progress.json").read_text(encoding="utf-8"))
            stage = str(told["stage"]) if told["pid"] == process.pid else stage
        process.kill()
        process.wait()
        return stage
    return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=10, help="kills at random moments, after those in each stage")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, mock.patch("models.training_data.read_invented", some_invented):
        coded = code_a_project(Path(folder, "coded"))
        calm = coded.copy(Path(folder, "calm")).project
        started = time.monotonic()
        subprocess.run(command(calm), check=True, stdout=subprocess.DEVNULL)
        seconds = time.monotonic() - started
        killed = coded.copy(Path(folder, "in-stages")).project
        hits: list[tuple[str, str]] = []
        for stage in STAGES:
            for moment in ("begin", "inside", "done"):
                if (moment != "inside" or stage in INSIDE) and die_in(killed, stage, moment):
                    hits.append((stage, moment))
        ends = {"in each stage": killed}
        chance = random.Random(arguments.seed)  # noqa: S311  # moments, not secrets
        count, number = 0, 0
        project = coded.copy(Path(folder, "random-0")).project
        while count < arguments.kills:
            moment_s = chance.uniform(0.2, seconds)
            reached = die_after(project, moment_s)
            if reached is None:
                # Came through; what it left is compared too, and another is begun.
                ends[f"at random, {number}"] = project
                number += 1
                project = coded.copy(Path(folder, f"random-{number}")).project
                continue
            hits.append((reached, f"after {moment_s:.1f} s"))
            count += 1
        ends[f"at random, {number}"] = project
        expected = end_state(calm)
        different = []
        for name, one in ends.items():
            subprocess.run(command(one), check=True, stdout=subprocess.DEVNULL)
            found = end_state(one)
            different += [f"{name}: {key}" for key in sorted(expected | found) if expected.get(key) != found.get(key)]
        print(table(("kill", "stage", "moment"), [(number, *hit) for number, hit in enumerate(hits, start=1)]))
        print(
            f"\n{len(hits)} kills; undisturbed {seconds:.1f} s; {len(ends)} projects, {len(expected)} things compared in each; "
            f"different: {', '.join(different) or 'none'}"
        )
        raise SystemExit(1 if different else 0)


if __name__ == "__main__":
    main()
