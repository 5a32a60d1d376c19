"""Words of scanned pages recognized right, and pages per second: `python -m benchmarks.extract_ocr [CORPUS]`.

`data/scanned_pages.jsonl` holds careful transcriptions of five scanned pages of the corpus as hashes of their words, so that no text of
others is kept here. Word accuracy is the share of the words that stand in a common order in both, of the longer of the two.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from zlib import crc32

from benchmarks.extract_align import aligned_words
from benchmarks.extract_peers import pdfium_pages
from extractors.lines import page_lines
from extractors.mend import normal_form
from extractors.ocr import PageRecognizer, is_available

DATA = Path(__file__).with_name("data") / "scanned_pages.jsonl"


def accuracy(text: str, wanted: list[str]) -> float:
    """Return the share of words that are right, of the longer of text and transcription."""
    found = [f"{crc32(word.encode()):08x}" for word in normal_form(text).split()]
    return len(aligned_words(found, wanted)) / max(len(found), len(wanted), 1)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extract_ocr", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("corpus", nargs="?", type=Path, default=Path("../shared/corpus"), help="(default: %(default)s)")
    corpus = parser.parse_args().corpus
    if not is_available():
        parser.error("tesseract is not installed")
    pages = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    total = right = 0.0
    seconds = 0.0
    for page in pages:
        path, number, wanted = corpus / "pdf" / page["document"], page["page"], page["words"].split()
        start = time.perf_counter()
        recognizer = PageRecognizer(path)
        found = recognizer.page(number, "en")
        recognizer.close()
        seconds += time.perf_counter() - start
        text = " ".join(line.text for line in page_lines(found[0])) if found is not None else ""
        share = accuracy(text, wanted)
        total, right = total + len(wanted), right + share * len(wanted)
        layer = accuracy(pdfium_pages(path)[number - 1], wanted)
        print(f"{page['document'][:50]:<52} page {number}  recognized here {share:.4f}  layer in the file {layer:.4f}")
    print(f"word accuracy {right / total:.4f} on {len(pages)} pages, {len(pages) / seconds:.2f} pages per second (one process)")


if __name__ == "__main__":
    main()
