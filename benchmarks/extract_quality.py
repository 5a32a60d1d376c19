"""How much of the reference texts extraction finds, and where it cuts paragraphs: `python -m benchmarks.extract_quality [CORPUS]`.

Word recall and precision are of multisets of words against the references of `pairs.csv`; boundary F1 compares the first words of
passages and of typed reference paragraphs of 20 words or more, where the reference has paragraphs.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

from entente.files import sha256_of_file
from extractors.mend import normal_form
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.pool import ExtractionJob, ExtractionPool
from extractors.types import Extraction

_OPENING = 5  # words by which the start of a paragraph is recognized


def reference_paragraphs(corpus: Path, reference: str) -> tuple[list[str], bool]:
    """Return the texts of a reference and whether they are paragraphs."""
    name, _, key = reference.partition("#")
    path = corpus / name
    if path.suffix == ".txt":
        return [path.read_text(encoding="utf-8", errors="replace")], False
    content: Any = json.loads(path.read_text(encoding="utf-8"))
    if key:
        return [item[key] for item in content["paragraphs"] if item.get(key)], True
    found: list[str] = []

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("text"), str):
                found.append(node["text"])
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect(content)
    return found, "paragraphs" in name


def openings(texts: list[str]) -> Counter[str]:
    """Return the first words of each text of 20 words or more, numbers in front left out."""
    result: Counter[str] = Counter()
    for text in texts:
        words = normal_form(text).split()
        while words and (words[0].isdigit() or len(words[0]) == 1):
            words.pop(0)
        if len(words) >= 20:
            result[" ".join(words[:_OPENING])] += 1
    return result


def corpus_folder() -> Path:
    """Return the folder named on the command line; one without pairs.csv ends the command with a message."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.extract_quality",
        description="Print how much of the reference texts of a corpus extraction finds, document by document.",
    )
    parser.add_argument(
        "corpus",
        nargs="?",
        type=Path,
        default=Path("../shared/corpus"),
        help="folder of documents with pairs.csv, which names their reference texts (default: %(default)s)",
    )
    corpus: Path = parser.parse_args().corpus
    if not (corpus / "pairs.csv").is_file():
        parser.error(f"{corpus} holds no pairs.csv; name the folder of a corpus with reference texts")
    return corpus


def main() -> None:
    corpus = corpus_folder()
    with (corpus / "pairs.csv").open(encoding="utf-8") as stream:
        pairs = {row["document"]: row["reference"] for row in csv.DictReader(stream) if not row["document"].endswith(".doc")}
    jobs = [ExtractionJob(corpus / name, Path(name).suffix[1:], sha256_of_file(corpus / name)) for name in pairs]
    rows: list[tuple[str, float, float, float | None]] = []
    with ExtractionPool(2, ExtractOptions(), ExtractionLimits(300, 3000, 256, 5000)) as pool:
        for job, outcome in pool.run(jobs):
            name = str(job.path.relative_to(corpus))
            if not isinstance(outcome, Extraction):
                print(f"{name}: {outcome.reason}")
                continue
            texts, are_paragraphs = reference_paragraphs(corpus, pairs[name])
            bare = [p.text[len(p.lead_in or "") :] for p in outcome.passages]
            headings = [title for p in outcome.passages for title in p.heading_path]
            got = Counter(word for text in bare for word in normal_form(text).split())
            with_headings = got + Counter(word for title in set(headings) for word in normal_form(title).split())
            wanted = Counter(word for text in texts for word in normal_form(text).split())
            recall = (wanted & with_headings).total() / max(wanted.total(), 1)
            precision = (wanted & got).total() / max(got.total(), 1)
            f1 = None
            if are_paragraphs:
                ours, theirs = openings(bare), openings(texts)
                f1 = 2 * (ours & theirs).total() / max(ours.total() + theirs.total(), 1)
            rows.append((name, recall, precision, f1))
    for name, found, right, f1 in sorted(rows):
        print(f"{name[:80]:<80} recall {found:.3f}  precision {right:.3f}  boundaries {'-' if f1 is None else f'{f1:.3f}'}")
    scored = [f1 for *_, f1 in rows if f1 is not None]
    recall = sum(row[1] for row in rows) / max(len(rows), 1)
    precision = sum(row[2] for row in rows) / max(len(rows), 1)
    boundaries = sum(scored) / max(len(scored), 1)
    print(f"{len(rows)} documents: mean recall {recall:.3f}, mean precision {precision:.3f}")
    print(f"{len(scored)} with paragraphs: mean boundary F1 {boundaries:.3f}")


if __name__ == "__main__":
    main()
