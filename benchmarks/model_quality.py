"""Macro F1 on dev of candidates trained on the same passages, beside majority and TF-IDF, with intervals over documents.

    python -m benchmarks.model_quality --annotations FOLDER [--seeds 0,1,2] [--tuning '{"epochs": 2}'] [--heads-on MODEL] [--threads 2]

Each seed is a full training; the tables give the mean over seeds, the lowest and highest seed, and the mean of the seeds' intervals.
"if calibrated" is the calibration error that chance alone would give (`models.resampling.calibration_by_chance`): a measured one
below it says no more. The last columns are about labels marked as certain: their share, and the share of errors among them.
With --models the named model folders are measured instead of training anew. Nothing is chosen here: dev is for reporting.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.abstaining import confidence_and_errors
from models.annotations import AnnotatedPassage
from models.baselines import tfidf_predictions
from models.classifier import Classifier
from models.codebook import Codebook, load_codebook
from models.evaluation import EvaluationReport, compare, predictions_of
from models.training import TrainingRequest, train_on
from models.training_data import TrainingData, collect

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Measured:
    """One model: its figures on dev, and by dimension the share of certain labels and of errors in them."""

    report: EvaluationReport
    certain: dict[str, tuple[float, float]]


def main() -> None:
    """Run the measurement and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--tuning", default="{}", help="changes of models.tuning.TuningOptions, as JSON")
    parser.add_argument("--heads-on", type=Path, help="keep this model's adapted encoder")
    parser.add_argument("--models", type=Path, nargs="*", help="measure these model folders; train nothing")
    parser.add_argument(
        "--keep", type=Path, help="a folder in which models and finished folds stay, so that a run that was ended goes on"
    )
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    codebook = load_codebook(ROOT / "configs" / "codebook.yaml")
    data = collect(codebook, given.annotations)
    baseline = compare(tfidf_predictions(codebook, data.passages, data.dev), data.dev, codebook)
    if given.models:
        found = [_measured(Classifier.load(folder, codebook, threads=given.threads), data.dev) for folder in given.models]
    else:
        found = [_trained(int(seed), codebook, data, given) for seed in given.seeds.split(",")]
    names = ", ".join(one.report.model for one in found)
    print(f"\n{len(data.passages)} training passages; dev: {len(data.dev)} passages. Models: {names}\n")
    print(_table(baseline, found))


def _measured(classifier: Classifier, dev: Sequence[AnnotatedPassage]) -> Measured:
    predictions = predictions_of(classifier, dev)
    certain = {}
    for dimension in classifier.codebook.trained_dimensions:
        confidence, wrong = confidence_and_errors(dimension, predictions, dev)
        sure = confidence >= classifier.facts.certain_from[dimension.id]
        certain[dimension.id] = float(sure.mean()), float(wrong[sure].mean()) if sure.any() else 0.0
    return Measured(compare(predictions, dev, classifier.codebook), certain)


def _trained(seed: int, codebook: Codebook, data: TrainingData, given: Any) -> Measured:
    with contextlib.ExitStack() as stack:
        folder = given.keep or stack.enter_context(tempfile.TemporaryDirectory())
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
        return _measured(Classifier.load(model, codebook, threads=given.threads), data.dev)


def _table(baseline: EvaluationReport, found: Sequence[Measured]) -> str:
    lines = [
        "| dimension | majority | TF-IDF | interval | model | seeds | interval | over TF-IDF | ECE | if calibrated | certain | wrong of these |",
        "| --- | ---: | ---: | --- | ---: | --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, one in baseline.dimensions.items():
        own = [each.report.dimensions[name] for each in found]
        scores = np.array([report.macro_f1 or 0.0 for report in own])
        low, high = np.mean([report.interval for report in own], axis=0)
        error = np.mean([report.calibration_error for report in own])
        chance = np.mean([report.calibration_by_chance for report in own])
        share, wrong = np.mean([each.certain[name] for each in found], axis=0)
        lines.append(
            f"| {name} | {one.majority_f1 or 0:.3f} | {one.macro_f1 or 0:.3f} | {one.interval[0]:.2f} to {one.interval[1]:.2f} "
            f"| {scores.mean():.3f} | {scores.min():.3f} to {scores.max():.3f} | {low:.2f} to {high:.2f} "
            f"| {scores.mean() - (one.macro_f1 or 0):+.3f} | {error:.3f} | {chance:.3f} | {100 * share:.0f} % | {100 * wrong:.1f} % |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
