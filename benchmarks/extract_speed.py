"""Pages per second and memory of extraction, beside pdfplumber and PDFium: `python -m benchmarks.extract_speed [CORPUS]`.

All readers take the same born-digital files, one after the other in turns, so that a busy machine slows all of them alike. Entente does
everything: words, columns, notes, tables, headings, passages, languages, duplicates, measures of each page.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pypdfium2

from benchmarks.extract_peers import pdfium_pages, pdfplumber_pages
from entente.files import sha256_of_file
from extractors.extract import extract_file
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.pool import ExtractionJob, ExtractionPool

LIMITS = ExtractionLimits(300, 3000, 256, 5000)
_EVERY = 3  # of the files of the corpus one in so many is read by pdfplumber, which is slow


def born_digital(corpus: Path) -> list[Path]:
    """Return the PDF files of a corpus of which most pages have text that was set."""
    chosen = []
    for path in sorted((corpus / "pdf").glob("*.pdf")):
        try:
            pages = extract_file(path, "pdf", "0" * 64, ExtractOptions(), LIMITS).pages
        except Exception:  # noqa: BLE001, S112  # broken files are no part of a measure of speed
            continue
        if sum(page.text_source == "text_layer" for page in pages) > len(pages) / 2:
            chosen.append(path)
    return chosen


def entente_pages(path: Path) -> list[str]:
    """Return something for each page that extraction read."""
    return [page.text_source for page in extract_file(path, "pdf", "0" * 64, ExtractOptions(), LIMITS).pages]


READERS: dict[str, Callable[[Path], list[str]]] = {
    "entente": entente_pages,
    "pdfium": pdfium_pages,
    "pdfplumber": pdfplumber_pages,
}


def one_process(paths: list[Path]) -> dict[str, float]:
    """Return pages per second of each reader by the time of the processor; each file is read by all before the next."""
    seconds = dict.fromkeys(READERS, 0.0)
    pages = dict.fromkeys(READERS, 0)
    for path in paths:
        for name, read in READERS.items():
            start = time.process_time()
            pages[name] += len(read(path))
            seconds[name] += time.process_time() - start
    return {name: pages[name] / seconds[name] for name in READERS}


def processes(paths: list[Path], workers: int) -> float:
    """Return pages per second by the clock with so many child processes, the start of the processes left out."""
    jobs = [ExtractionJob(path, "pdf", sha256_of_file(path)) for path in sorted(paths, key=lambda p: -p.stat().st_size)]
    with ExtractionPool(workers, ExtractOptions(), LIMITS) as pool:
        list(pool.run(jobs[-workers:]))
        start = time.perf_counter()
        pages = sum(len(getattr(outcome, "pages", ())) for _, outcome in pool.run(jobs))
        return pages / (time.perf_counter() - start)


def peak_memory(path: Path) -> dict[str, float]:
    """Return the most memory in MB that reading one file took, by the process that holds it.

    `child` reads and hands passages on; `parent` holds the result; `alone` does both in one process, of which `result` is what a second
    copy of the result takes. The kernel's own high-water mark is read: `ru_maxrss` of a new process begins with that of its parent.
    """
    program = (
        "import pickle, psutil, re, sys; from pathlib import Path\n"
        "from benchmarks.extract_speed import LIMITS\n"
        "from extractors.extract import extract_file; from extractors.options import ExtractOptions\n"
        "from extractors.pool import ExtractionJob, ExtractionPool\n"
        "def most(process): return int(re.search(r'VmHWM:\\s+(\\d+)', Path(f'/proc/{process}/status').read_text())[1]) * 1024 / 1e6\n"
        "if sys.argv[2] == 'pool':\n"
        "    with ExtractionPool(1, ExtractOptions(), LIMITS) as pool:\n"
        "        for _, read in pool.run([ExtractionJob(Path(sys.argv[1]), 'pdf', '0' * 64)]):\n"
        "            print('child', most(psutil.Process().children()[0].pid)); print('parent', most('self'))\n"
        "else:\n"
        "    read = extract_file(Path(sys.argv[1]), 'pdf', '0' * 64, ExtractOptions(), LIMITS)\n"
        "    print('alone', most('self'))\n"
        "    packed, before = pickle.dumps(read), psutil.Process().memory_info().rss\n"
        "    copy = pickle.loads(packed)\n"
        "    print('result', (psutil.Process().memory_info().rss - before) / 1e6)"
    )
    found: dict[str, float] = {}
    for way in ("pool", "alone"):
        done = subprocess.run([sys.executable, "-c", program, str(path), way], capture_output=True, check=True, text=True)
        found.update((name, float(value)) for name, value in map(str.split, done.stdout.splitlines()))
    return found


def many_pages(paths: list[Path], count: int, target: Path) -> int:
    """Write a PDF of about `count` pages taken from `paths`; return how many it has."""
    result = pypdfium2.PdfDocument.new()
    while len(result) < count:
        for path in paths:
            source = pypdfium2.PdfDocument(path)
            result.import_pages(source)
            source.close()
            if len(result) >= count:
                break
    result.save(target)
    return len(result)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extract_speed", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("corpus", nargs="?", type=Path, default=Path("../shared/corpus"), help="(default: %(default)s)")
    corpus = parser.parse_args().corpus
    paths = born_digital(corpus)
    sample = paths[::_EVERY]
    speeds = one_process(sample)
    print(f"one process, {len(sample)} of {len(paths)} born-digital files, pages per second of processor time:")
    for name, speed in speeds.items():
        print(f"  {name:<12}{speed:>8.1f}")
    print(f"  entente is {speeds['entente'] / speeds['pdfplumber']:.1f} times as fast as pdfplumber's extract_text")
    one, two = processes(paths, 1), processes(paths, 2)
    print(
        f"child processes, {len(paths)} files, by the clock: one {one:.1f}, two {two:.1f} pages per second, {two / one:.2f} times"
    )
    longest = max(paths, key=lambda path: len(pypdfium2.PdfDocument(path)))
    print("peak memory in MB: child process that reads, parent that holds the result, both in one process, the result itself")
    print(_memory(longest))
    with TemporaryDirectory() as folder:
        for count in (500, 1500, 3000):
            target = Path(folder) / f"{count}.pdf"
            many_pages([path for path in paths if path != longest], count, target)
            print(_memory(target))


def _memory(path: Path) -> str:
    found = peak_memory(path)
    pages = len(pypdfium2.PdfDocument(path))
    return f"  {pages:>5} pages" + "".join(f"{found[name]:>8.0f}" for name in ("child", "parent", "alone", "result"))


if __name__ == "__main__":
    main()
