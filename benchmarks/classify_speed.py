"""Passages per second of the classifier beside the plain pipeline of the transformers library, label by label the same as float32.

    python -m benchmarks.classify_speed [--passages FILE.jsonl[.gz]] [--limit 400] [--threads 2] [--model default] [--no-pipeline]

Without a file the passages that ship with the project are used. The pipeline encodes the same passages in batches of 8, padded, in
float32, and does not even score them. Prints a Markdown table; beside the figures stands what they depend on.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from models.annotations import INVENTED_FILES, read_invented
from models.classifier import Classifier, encoder_of
from models.codebook import Codebook, load_codebook
from models.encoder import find_encoder, load_network
from models.reading import has_bfloat16
from models.registry import SHIPPED, find_model
from models.types import PassageText, Prediction

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Run the measurement and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=Path, help="JSON lines with id, heading and text, plain or gzipped")
    parser.add_argument("--limit", type=int, default=400)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--model", default="default")
    parser.add_argument("--no-pipeline", action="store_true", help="leave the slow pipeline out")
    given = parser.parse_args()
    codebook = load_codebook(ROOT / "configs" / "codebook.yaml")
    passages = (_read(given.passages) if given.passages else _shipped(codebook))[: given.limit]
    words = sum(len(one.text.split()) for one in passages) / len(passages)
    folder = find_model(given.model, [SHIPPED])
    start = time.perf_counter()
    classifier = Classifier.load(folder, codebook, threads=given.threads)
    loading = time.perf_counter() - start
    list(classifier.classify(passages[:8]))
    before = psutil.Process().memory_info().rss
    fast: list[Prediction] = []
    rows = [("the classifier, one stream", _rate(len(passages), lambda: fast.extend(classifier.classify(passages))))]
    growth, peak = (psutil.Process().memory_info().rss - before) / 2**20, _peak_mib()
    few = passages[:60]
    alone = [next(iter(classifier.classify([one]))) for one in few]
    rows.append(
        ("the classifier, one call a passage", _rate(len(few), lambda: [list(classifier.classify([one])) for one in few]))
    )
    exact = Classifier.load(folder, codebook, threads=given.threads, fast=False)
    slow: list[Prediction] = []
    rows.append(("the classifier in float32", _rate(len(passages), lambda: slow.extend(exact.classify(passages)))))
    if not given.no_pipeline:
        pipeline = _pipeline(classifier)
        texts = [f"{one.heading} {one.text}".strip() for one in passages]
        _threads(given.threads)
        for name, padding in (("padded to the longest of the batch", True), ("padded to 512 tokens", "max_length")):
            count = len(texts) if padding is True else min(len(texts), 64)
            rate = _rate(count, lambda n=count, p=padding: _run(pipeline, texts[:n], p))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            rows.append((f"transformers pipeline, batches of 8 {name}", rate))
    print(f"{len(passages)} passages of {words:.0f} words on average, {given.threads} threads, model {classifier.version}, "
          f"bfloat16 {'yes' if has_bfloat16() else 'no'}\n")  # fmt: skip
    print("| way | passages per second | times as fast |\n| --- | ---: | ---: |")
    for name, rate in rows:
        print(f"| {name} | {rate:.1f} | {rows[0][1] / rate:.2f} |")
    print(f"\nLabels equal to float32: {_equal(fast, slow):.2%}. Alone as in the stream: {alone == fast[: len(few)]}.")
    print(
        f"Loading: {loading:.1f} s. Peak memory of loading and stream: {peak:.0f} MiB, of which the stream added {growth:.0f} MiB."
    )


def _equal(first: Sequence[Prediction], second: Sequence[Prediction]) -> float:
    """Return the share of labels (passages times dimensions) on which two lists of predictions agree."""
    same = [
        one.dimensions[name].label == other.dimensions[name].label
        for one, other in zip(first, second, strict=True)
        for name in one.dimensions
    ]
    return sum(same) / len(same)


def _pipeline(classifier: Classifier) -> Any:
    from transformers import PreTrainedTokenizerFast, pipeline

    files = encoder_of(classifier.facts)
    folder = find_encoder(files)
    names: dict[str, str] = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]"}
    make: Any = PreTrainedTokenizerFast
    tokenizer = make(tokenizer_file=str(folder / "tokenizer.json"), **names)
    build: Any = pipeline
    return build("feature-extraction", model=load_network(files, folder), tokenizer=tokenizer, device="cpu")


def _run(pipeline: Any, texts: list[str], padding: bool | str) -> None:
    options = {"padding": padding, "truncation": True, "max_length": 512}
    for _ in pipeline(texts, batch_size=8, tokenize_kwargs=options):
        pass


def _threads(count: int) -> None:
    import torch

    torch.set_num_threads(count)


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
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _read(path: Path) -> list[PassageText]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = [json.loads(line) for line in content.splitlines()]
    return [PassageText(row["id"], row.get("heading") or "", row["text"]) for row in rows]


def _shipped(codebook: Codebook) -> list[PassageText]:
    """Return the shipped passages in an order of chance: neighbours in a file are of one length, which passages of a report are not."""
    passages = [one.passage for one in read_invented(codebook, INVENTED_FILES)]
    return [passages[i] for i in np.random.default_rng(0).permutation(len(passages))]


if __name__ == "__main__":
    main()
