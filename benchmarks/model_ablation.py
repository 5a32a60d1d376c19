"""What each part of the model is worth, measured where it has not learned: on held-out training passages and on dev.

    python -m benchmarks.model_ablation --annotations FOLDER --keep FOLDER [--only NAME,NAME] [--seed 0] [--threads 1]

Each variant is a whole training (see `models.training`), of which every finished fold is kept in a folder of `--keep`: run again, the table is
made of what is there, in a minute or two a variant. The rows of a variant are its encoder alone, its n-grams alone, both, and both with
decision offsets; all are calibrated and decoded jointly. "held out" is macro F1 on the real training passages, each by a training that has
seen nothing of its document and country. Choices are made by these; dev is reported.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.adaptation import shipped_adaptation
from models.annotations import INVENTED_FILES, AnnotatedPassage, read_invented
from models.codebook import Codebook, load_codebook
from models.encoder import MINILM, Windows, find_encoder, load_network
from models.evaluation import compare
from models.features import ngram_counts, readable
from models.head_training import fit_heads
from models.heads import HeadWeights, probabilities
from models.offsets import choose_offsets
from models.scoring import LabelRules, Scorer
from models.splits import NGRAM_FOLDS, split_folds, split_groups
from models.training_data import collect, passages_sha256
from models.tuning import ADAPTERS, TuningOptions

ROOT = Path(__file__).resolve().parents[1]
MEASURED = ("voice", "stage", "realization", "stance")
ALONE = {"encoder alone": frozenset({"encoder"}), "n-grams alone": frozenset({"ngram"}), "both": frozenset({"encoder", "ngram"})}


DEFAULTS = TuningOptions()


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to train: which files of invented passages are used, how, and whether from the adapted encoder."""

    name: str
    invented: tuple[str, ...] = INVENTED_FILES
    options: TuningOptions = DEFAULTS
    adapted: bool = True


VARIANTS = (
    Variant("as shipped"),
    Variant("without invented passages", invented=()),
    Variant("without passages made after real ones", invented=INVENTED_FILES[:2]),
    Variant("without adaptation", adapted=False),
    Variant("adapters in the upper blocks", options=ADAPTERS),
    Variant("adapters, without adaptation", options=ADAPTERS, adapted=False),
    Variant("six epochs", options=replace(TuningOptions(), epochs=6)),
    Variant("rare categories weighted no more", options=replace(TuningOptions(), balance=0.0)),
)


def main() -> None:
    """Run the variants and print a row for each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--keep", type=Path, required=True, help="a folder for the finished folds of each variant")
    parser.add_argument("--only", help="names of variants, with commas between")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    import torch

    torch.set_num_threads(given.threads)
    codebook = load_codebook(ROOT / "configs" / "codebook.yaml")
    data = collect(codebook, given.annotations)
    real = [one for one in data.passages if one.origin == "real"]
    columns = [f"{name} {where}" for where in ("held out", "dev") for name in MEASURED]
    print(f"{len(real)} real passages to train on, {len(data.dev)} of dev; seed {given.seed}.\n")
    print(f"| variant | parts | {' | '.join(columns)} | minutes |")
    print(f"| --- | --- |{' ---: |' * (len(columns) + 1)}", flush=True)
    for variant in VARIANTS:
        if given.only and variant.name not in given.only.split(","):
            continue
        start = time.perf_counter()
        used = {one.passage.passage_id for one in read_invented(codebook, variant.invented)}
        passages = [one for one in data.passages if one.origin != "invented" or one.passage.passage_id in used]
        for parts, cells in _measured(codebook, passages, data.dev, variant, given.seed, given.keep).items():
            minutes = (time.perf_counter() - start) / 60
            print(f"| {variant.name} | {parts} | {' | '.join(cells)} | {minutes:.1f} |", flush=True)


def _measured(
    codebook: Codebook, passages: list[AnnotatedPassage], dev: list[AnnotatedPassage], variant: Variant, seed: int, keep: Path
) -> dict[str, list[str]]:
    """Return the cells of each row of one variant."""
    from models.crossfit import cross_fit
    from models.reading import Reader

    folds, finer = split_folds(passages, seed), split_folds(passages, seed, NGRAM_FOLDS)
    folder = find_encoder(MINILM)
    adaptation, digest = (shipped_adaptation(MINILM) if variant.adapted else None) or (None, "")
    decisive = json.dumps([asdict(variant.options), passages_sha256(passages), [test.tolist() for _, test in folds], digest])
    kept = keep / f"{variant.name.replace(' ', '-')}-{seed}-{hashlib.sha256(decisive.encode()).hexdigest()[:12]}"
    tuned = cross_fit(codebook, passages, folds, (MINILM, folder), variant.options, seed, lambda *_: None, kept, adaptation)
    reader = Reader(load_network(MINILM, folder), Windows.load(folder), tuned.adapters)
    dev_read = [reader.read(one.passage) for one in dev]
    ngrams = [ngram_counts(readable(one.passage.heading), readable(one.passage.text)) for one in passages]
    chosen = [i for i, one in enumerate(passages) if one.origin == "real"]
    held_out = [passages[i] for i in chosen]
    rows = {}
    for name, use in ALONE.items():
        fitted = fit_heads(codebook, passages, ngrams, tuned.view, finer, lambda *_: None, use)
        outputs = [(fitted.out_of_fold[chosen], held_out), (_outputs(fitted.heads, dev_read), dev)]
        rows[name] = _cells(codebook, outputs, LabelRules(fitted.thresholds))
        if use == ALONE["both"]:
            likely = probabilities(outputs[0][0], codebook)
            offsets, _ = choose_offsets(codebook, held_out, likely, split_groups(held_out), seed)
            rows["both, with offsets"] = _cells(codebook, outputs, LabelRules(fitted.thresholds, offsets))
    return rows


def _outputs(heads: HeadWeights, read: Sequence[tuple[NDArray[np.float32], Mapping[int, int]]]) -> NDArray[np.float64]:
    return np.stack([heads.logits(pooled, counts) for pooled, counts in read])


def _cells(
    codebook: Codebook, outputs: Sequence[tuple[NDArray[np.float64], Sequence[AnnotatedPassage]]], rules: LabelRules
) -> list[str]:
    cells = []
    for logits, passages in outputs:
        predictions = Scorer(codebook, rules, "").score([one.passage.passage_id for one in passages], logits)
        report = compare(predictions, passages, codebook)
        cells += [f"{report.dimensions[name].macro_f1 or 0.0:.3f}" for name in MEASURED]
    return cells


if __name__ == "__main__":
    main()
