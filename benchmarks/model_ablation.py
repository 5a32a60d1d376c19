"""What each choice of the training is worth: single trainings beside one another, measured where none of them has learned.

    python -m benchmarks.model_ablation --annotations FOLDER [--only NAME,NAME] [--fold 0] [--seed 0] [--threads 1]

Each variant fine-tunes once on two thirds of the real training documents and on invented passages; measured are the held-out third of the
training documents and dev. "alone" is the fine-tuned encoder, "with n-grams" the mean of its log-probabilities and those of word n-grams learned
from the same passages. Each dimension is judged where it applies, without joint decoding, so these figures are not those of a finished
model; they compare choices. `benchmarks.model_quality` measures finished models.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.annotations import INVENTED_FILES, AnnotatedPassage, example_bank, read_invented
from models.codebook import NOT_APPLICABLE, Codebook, load_codebook
from models.encoder import MINILM, Windows, find_encoder, load_network
from models.features import readable
from models.splits import split_folds
from models.training_data import collect

ROOT = Path(__file__).resolve().parents[1]
MEASURED = ("voice", "stage", "realization", "stance")
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to train: changes of the default options, and which files of invented passages are used."""

    name: str
    invented: tuple[str, ...] = INVENTED_FILES
    changes: dict[str, Any] = field(default_factory=dict)


VARIANTS = (
    Variant("as shipped"),
    Variant("without invented passages", invented=()),
    Variant("first file of invented passages only", invented=INVENTED_FILES[:1]),
    Variant("adapters of rank 12", changes={"rank": 12}),
    Variant("upper blocks in full", changes={"full": True, "rate": 1e-4}),
    Variant("all blocks", changes={"first_layer": 0}),
    Variant("two epochs", changes={"epochs": 2}),
    Variant("six epochs", changes={"epochs": 6}),
    Variant("rare categories weighted no more", changes={"balance": 0.0}),
)


def main() -> None:
    """Run the variants and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--annotations", type=Path, required=True)
    parser.add_argument("--only", help="names of variants, with commas between")
    parser.add_argument("--fold", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    import torch

    torch.set_num_threads(given.threads)
    codebook = load_codebook(ROOT / "configs" / "codebook.yaml")
    data = collect(codebook, given.annotations)
    real = [one for one in data.passages if one.origin == "real"]
    train, test = split_folds(real, given.seed)[given.fold]
    held_out = [real[i] for i in test]
    print(f"{len(train)} real passages to train on, {len(held_out)} held out, {len(data.dev)} of dev.\n")
    columns = [f"{name} {where}" for where in ("held out", "dev") for name in MEASURED]
    print(f"| variant | features | {' | '.join(columns)} | minutes |")
    print(f"| --- | --- |{' ---: |' * (len(columns) + 1)}", flush=True)
    for variant in VARIANTS:
        if given.only and variant.name not in given.only.split(","):
            continue
        start = time.perf_counter()
        passages = [real[i] for i in train] + example_bank(codebook) + read_invented(codebook, variant.invented)
        tuned = _tuned(codebook, passages, [held_out, data.dev], variant, given.seed)
        words = _by_words(codebook, passages, [held_out, data.dev])
        minutes = (time.perf_counter() - start) / 60
        for features, found in (("alone", tuned), ("with n-grams", _mean(tuned, words)), ("n-grams alone", words)):
            cells = [
                f"{_macro_f1(codebook, own, name, one[name]):.3f}"
                for own, one in zip((held_out, data.dev), found, strict=True)
                for name in MEASURED
            ]
            print(f"| {variant.name} | {features} | {' | '.join(cells)} | {minutes:.1f} |", flush=True)


Found = list[dict[str, Matrix]]


def _tuned(
    codebook: Codebook,
    passages: Sequence[AnnotatedPassage],
    others: Sequence[Sequence[AnnotatedPassage]],
    variant: Variant,
    seed: int,
) -> Found:
    """Return log-probabilities by dimension for each list of `others`, from an encoder fine-tuned on `passages`."""
    from models.blocks import Trunk
    from models.crossfit import first_window
    from models.targets import targets
    from models.tuning import TuningOptions, fine_tune, lower_parts

    options = replace(TuningOptions(), **variant.changes)
    folder = find_encoder(MINILM)
    trunk = Trunk(load_network(MINILM, folder), options.first_layer)
    windows = Windows.load(folder)
    parts = [lower_parts(trunk, [first_window(windows, one) for one in some]) for some in (passages, *others)]
    weights = np.array([1.0 if one.origin == "real" else options.invented_weight for one in passages])
    wanted = targets(codebook, passages, options.balance)
    outputs: list[Matrix] = []

    def at_the_end(epoch: int, read: Any) -> bool:
        if epoch == options.epochs - 1:
            outputs.extend(read(part) for part in parts[1:])
        return False

    fine_tune(trunk, parts[0], wanted, weights, options, seed, after_epoch=at_the_end)
    found: Found = []
    for one in outputs:
        start, own = 0, {}
        for target in wanted:
            stop = start + target.wanted.shape[1]
            if target.dimension in MEASURED:
                own[target.dimension] = _log_softmax(one[:, start:stop].astype(np.float64))
            start = stop
        found.append(own)
    return found


def _by_words(codebook: Codebook, passages: Sequence[AnnotatedPassage], others: Sequence[Sequence[AnnotatedPassage]]) -> Found:
    """Return log-probabilities by dimension for each list of `others`, from word n-grams of `passages`."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = r"[^\W\d_]+"
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, token_pattern=words)
    known = vectorizer.fit_transform([_text(one) for one in passages])
    asked = [vectorizer.transform([_text(one) for one in some]) for some in others]
    found: Found = [{} for _ in others]
    for name in MEASURED:
        categories = codebook.by_id[name].applicable_ids
        rows = [i for i, one in enumerate(passages) if one.labels[name] != NOT_APPLICABLE]
        model = LogisticRegression(C=10.0, class_weight="balanced", max_iter=500)
        model.fit(known[rows], [categories.index(str(passages[i].labels[name])) for i in rows])
        for own, matrix in zip(found, asked, strict=True):
            own[name] = np.full((matrix.shape[0], len(categories)), -20.0)
            own[name][:, model.classes_] = model.predict_log_proba(matrix)
    return found


def _text(one: AnnotatedPassage) -> str:
    return f"{readable(one.passage.heading)} . {readable(one.passage.text)}"


def _mean(first: Found, second: Found) -> Found:
    return [{name: (one[name] + other[name]) / 2 for name in one} for one, other in zip(first, second, strict=True)]


def _log_softmax(outputs: Matrix) -> Matrix:
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    result: Matrix = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def _macro_f1(codebook: Codebook, passages: Sequence[AnnotatedPassage], name: str, found: Matrix) -> float:
    """Return macro F1 over the categories that occur, on the passages where the dimension applies."""
    from sklearn.metrics import f1_score

    categories = codebook.by_id[name].applicable_ids
    rows = [i for i, one in enumerate(passages) if one.labels[name] != NOT_APPLICABLE]
    gold = [str(passages[i].labels[name]) for i in rows]
    given = [categories[k] for k in found[rows].argmax(axis=1)]
    return float(f1_score(gold, given, labels=sorted(set(gold)), average="macro", zero_division=0))


if __name__ == "__main__":
    main()
