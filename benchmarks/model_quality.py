"""Macro F1 on dev of candidates trained on the same passages, beside majority and TF-IDF, with intervals over documents.

    python -m benchmarks.model_quality --annotations FOLDER [--seeds 0,1,2] [--tuning '{"epochs": 2}'] [--heads-on MODEL] [--threads 2]

Each seed is a full training; the table gives the mean over seeds, the lowest and highest seed, and the mean of the seeds' intervals.
With --models the named model folders are measured instead of training anew. Nothing is chosen here: dev is for reporting.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from models.baselines import tfidf_predictions
from models.classifier import Classifier
from models.codebook import Codebook, load_codebook
from models.evaluation import EvaluationReport, compare, evaluate
from models.training import TrainingRequest, train_on
from models.training_data import TrainingData, collect

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Run the measurement and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--tuning", default="{}", help="changes of models.tuning.TuningOptions, as JSON")
    parser.add_argument("--heads-on", type=Path, help="keep this model's adapted encoder")
    parser.add_argument("--models", type=Path, nargs="*", help="measure these model folders; train nothing")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    codebook = load_codebook(ROOT / "configs" / "codebook.yaml")
    data = collect(codebook, given.annotations)
    baseline = compare(tfidf_predictions(codebook, data.passages, data.dev), data.dev, codebook)
    reports: list[EvaluationReport] = []
    if given.models:
        for folder in given.models:
            reports.append(evaluate(Classifier.load(folder, codebook, threads=given.threads), data.dev))
    else:
        reports = [_trained(int(seed), codebook, data, given) for seed in given.seeds.split(",")]
    print(
        f"\n{len(data.passages)} training passages; dev: {len(data.dev)} passages. Models: {', '.join(one.model for one in reports)}\n"
    )
    print(_table(baseline, reports))


def _trained(seed: int, codebook: Codebook, data: TrainingData, given: Any) -> EvaluationReport:
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        tuning = {
            name: tuple(map(tuple, value)) if isinstance(value, list) else value
            for name, value in json.loads(given.tuning).items()
        }
        request = TrainingRequest(
            codebook, Path(folder), given.annotations, seed, given.threads, tuning=tuning, heads_on=given.heads_on
        )
        model = train_on(data, request)
        print(f"seed {seed}: {model.name} in {time.perf_counter() - start:.0f} s", flush=True)
        return evaluate(Classifier.load(model, codebook, threads=given.threads), data.dev)


def _table(baseline: EvaluationReport, reports: list[EvaluationReport]) -> str:
    lines = [
        "| dimension | majority | TF-IDF | interval | model | seeds | interval | over TF-IDF | ECE |",
        "| --- | ---: | ---: | --- | ---: | --- | --- | ---: | ---: |",
    ]
    for name, one in baseline.dimensions.items():
        own = [report.dimensions[name] for report in reports]
        scores = np.array([report.macro_f1 or 0.0 for report in own])
        low, high = np.mean([report.interval for report in own], axis=0)
        error = np.mean([report.calibration_error for report in own])
        lines.append(
            f"| {name} | {one.majority_f1 or 0:.3f} | {one.macro_f1 or 0:.3f} | {one.interval[0]:.2f} to {one.interval[1]:.2f} "
            f"| {scores.mean():.3f} | {scores.min():.3f} to {scores.max():.3f} | {low:.2f} to {high:.2f} "
            f"| {scores.mean() - (one.macro_f1 or 0):+.3f} | {error:.3f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
