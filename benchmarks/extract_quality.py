"""How well extraction reads the reference documents of a corpus, beside its peers: `python -m benchmarks.extract_quality [CORPUS]`.

One table by kind of reference (see `extract_reference`): word recall and precision, edit similarity of the body in reading order, F1 of
paragraph starts and of headings, share of paragraphs that do not belong into the body, passages with a running head in them. The peer
called `layout` takes part where the program opendataloader-pdf is on the path. `any` is what all readers together find: the rest of the
reference's words are not in the file, and no recall can be above it. `--missing` lists those words.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import mean

from benchmarks.extract_measures import Reading, Score, leaked_heads, missing_words, n_words, running_heads, score
from benchmarks.extract_peers import layout_reading, pdfium_pages, pdfplumber_pages, reading_of_blocks, reading_of_pages
from benchmarks.extract_reference import KINDS, Pair, pairs_of
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.read_pdf import pdf_structure
from extractors.structure import structure_of
from extractors.units import units_of

LIMITS = ExtractionLimits(300, 3000, 256, 5000)
TOOLS = ("entente", "pdfplumber", "pdfium", "layout", "any")


@dataclass(slots=True)
class Result:
    """The scores of all tools on one document, the words they lack, and Entente's passages with those that hold a running head."""

    name: str
    kind: str
    scores: dict[str, Score]
    passages: int
    leaked: int
    missing: dict[str, Counter[str]]


def measure(pair: Pair, peers: bool) -> Result:
    """Return the scores of one document."""
    file_format = pair.document.suffix[1:]
    furniture: list[str] = []
    if file_format == "pdf":
        structure = pdf_structure(pair.document, ExtractOptions(), LIMITS)
        blocks = structure.blocks
        furniture = [line for info in structure.infos for line in info.furniture]
    else:
        blocks = structure_of(pair.document, file_format, ExtractOptions(), LIMITS)
    readings: dict[str, Reading] = {"entente": reading_of_blocks(blocks, furniture)}
    coded = [unit.text for unit in units_of(blocks) if unit.codable]
    leaked = 0
    if file_format == "pdf":
        pages = pdfium_pages(pair.document)
        leaked = leaked_heads(coded, running_heads(pages), " ".join(piece.text for piece in pair.pieces))
        if peers:
            readings["pdfium"] = reading_of_pages(pages)
            readings["pdfplumber"] = reading_of_pages(pdfplumber_pages(pair.document))
            if (layout := layout_reading(pair.document)) is not None:
                readings["layout"] = layout
    scores = {tool: score(reading, pair) for tool, reading in readings.items()}
    missing = missing_words(readings, pair) if len(readings) > 1 else {}
    if missing:
        scores["any"] = Score(1 - missing["any"].total() / max(n_words(pair), 1))
    return Result(pair.document.name, pair.kind, scores, len(coded), leaked, missing)


def arguments() -> argparse.Namespace:
    """Return the command line; a folder without pairs.csv ends the command with a message."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extract_quality", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("corpus", nargs="?", type=Path, default=Path("../shared/corpus"), help="(default: %(default)s)")
    parser.add_argument("--each", action="store_true", help="print a line for each document")
    parser.add_argument("--no-peers", action="store_true", help="leave out the other readers, which take most of the time")
    parser.add_argument(
        "--missing", action="store_true", help="list the words of each reference that no reader finds, and that Entente lacks"
    )
    parser.add_argument("--only", default="", help="only documents whose name holds this text")
    found = parser.parse_args()
    if not (found.corpus / "pairs.csv").is_file():
        parser.error(f"{found.corpus} holds no pairs.csv; name the folder of a corpus with reference texts")
    return found


def main() -> None:
    chosen = arguments()
    pairs = [pair for pair in pairs_of(chosen.corpus) if chosen.only in pair.document.name]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        results = list(pool.map(measure, pairs, [not chosen.no_peers] * len(pairs)))
    if chosen.each:
        for result in sorted(results, key=lambda r: (r.kind, r.name)):
            print(f"{result.kind:<8}{result.name[:58]:<60}{_cells([result.scores['entente']])}  heads {result.leaked}")
    if chosen.missing:
        for result in sorted(results, key=lambda r: (r.kind, r.name)):
            _print_missing(result)
    print(f"{'reference':<10}{'reader':<12}{'n':>3}  " + "".join(f"{name:>11}" for name in COLUMNS))
    by_kind: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_kind[result.kind].append(result)
    for kind in KINDS:
        for tool in TOOLS:
            scores = [result.scores[tool] for result in by_kind[kind] if tool in result.scores]
            if scores:
                print(f"{kind:<10}{tool:<12}{len(scores):>3}  {_cells(scores)}")
        passages = sum(result.passages for result in by_kind[kind])
        leaked = sum(result.leaked for result in by_kind[kind])
        if passages:
            print(f"{kind:<10}passages with a running head: {leaked} of {passages} ({100 * leaked / passages:.2f} %)")


def _print_missing(result: Result) -> None:
    if not result.missing:
        return
    nowhere = result.missing["any"]
    own = result.missing["entente"] - nowhere
    for label, words in (("found by no reader", nowhere), ("lacking in Entente", own)):
        if words:
            listed = " ".join(f"{word}×{n}" if n > 1 else word for word, n in words.most_common())
            print(f"{result.kind:<8}{result.name[:50]:<52}{label}, {words.total()}: {listed}")


COLUMNS = ("recall", "precision", "similarity", "paragraphs", "headings", "foreign")


def _cells(scores: list[Score]) -> str:
    cells = []
    for name in COLUMNS:
        values = [value for one in scores if (value := getattr(one, name)) is not None]
        digits = 6 if name == "recall" else 4  # the best readers differ by single words
        cells.append(f"{mean(values):>11.{digits}f}" if values else f"{'-':>11}")
    return "".join(cells)


if __name__ == "__main__":
    main()
