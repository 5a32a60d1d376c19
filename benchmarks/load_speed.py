"""How fast passages with their scores are loaded by the real loader, and whether the file grows when the same is loaded again.

    python -m benchmarks.load_speed --passages 200000 --repeats 10

The clock runs while the loader works, not while rows are made. Every batch of documents is one transaction of pages and passages and one of
scores, as in a refresh.
Prints passages per second (passages and scores together) and the size of the file after each repetition; exit code 1 when the file has grown
after the fourth repetition (the first ones make room for what they replace; the size then goes up and down by a batch).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from extractors.types import Extraction
from flows.cli.output import table
from flows.load import codebook_rows, score_columns
from flows.settings import default_codebook_path
from flows.steps import batches
from models.codebook import load_codebook
from models.types import DimensionScore, Prediction
from tests.warehouse.build import KEY, MODEL, extraction, fetched, sha, start
from warehouse.codebook import set_codebook
from warehouse.database import open_warehouse
from warehouse.loader import Loader
from warehouse.types import PendingFile, ScoreColumns


def scores_of(read: Extraction, columns: ScoreColumns) -> list[Prediction]:
    """Return a prediction for each passage; the probabilities differ from passage to passage."""
    rows = []
    for number, passage in enumerate(read.passages):
        dimensions = {}
        for dimension in columns.dimensions:
            size = len(dimension.categories)
            first = 0.4 + 0.5 * ((number * 7919) % 1000) / 1000
            probabilities = dict.fromkeys(dimension.categories, (1 - first) / (size - 1))
            top = dimension.categories[number % size]
            probabilities[top] = first
            dimensions[dimension.name] = DimensionScore((top,) if dimension.multi else top, probabilities)
        rows.append(Prediction(passage.passage_id, MODEL, dimensions))
    return rows


def load(path: Path, documents: int, passages: int, size: int, columns: ScoreColumns) -> float:
    """Load all documents in batches, each made just before as a refresh makes it, and return the seconds that loading alone took."""
    seconds = 0.0
    with open_warehouse(path) as connection:
        loader = Loader(connection, None)
        files = [
            PendingFile(f"UN:{number:05}:en", sha(f"{number:05}"), "pdf", f"folder:{number:05}") for number in range(documents)
        ]
        for some in batches(files, size):
            read = [(file, extraction(file.file_sha256, passages)) for file in some]
            predictions = [row for _file, one in read for row in scores_of(one, columns)]
            began = time.monotonic()
            loader.load_extractions(read, KEY)
            loader.load_predictions(MODEL, predictions, [file.document_id for file in some])
            seconds += time.monotonic() - began
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--per-document", type=int, default=100)
    parser.add_argument("--batch", type=int, default=250, help="documents in one transaction")
    parser.add_argument("--repeats", type=int, default=10)
    arguments = parser.parse_args()
    codebook = load_codebook(default_codebook_path())
    columns = score_columns(codebook)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "w.duckdb")
        with open_warehouse(path) as connection:
            loader = start(connection)
            set_codebook(connection, codebook_rows(codebook), columns)
            documents = arguments.passages // arguments.per_document
            loader.load_fetched([fetched(f"{number:05}") for number in range(documents)])
        rows = []
        for number in range(1, arguments.repeats + 1):
            seconds = load(path, documents, arguments.per_document, arguments.batch, columns)
            rows.append((number, round(seconds, 2), round(arguments.passages / seconds), path.stat().st_size / 2**20))
        print(table(("repetition", "seconds", "passages per second", "MiB"), rows))
        grown = len(rows) > 4 and max(row[3] for row in rows[-2:]) > max(row[3] for row in rows[1:4]) * 1.01
        size = arguments.batch * arguments.per_document
        print(f"\n{arguments.passages} passages, {size} to a batch; the file {'grows' if grown else 'does not grow'}")
        raise SystemExit(1 if grown else 0)


if __name__ == "__main__":
    main()
