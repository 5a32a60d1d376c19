"""Extraction of thousands of damaged files: `python -m benchmarks.extract_fuzz [--files 5000] [--seed 1]`.

The sample reports are damaged (bytes changed, cut out, doubled, exchanged; XML inside Word files; hostile constructions by hand) and read by
the pool under its limits. The command fails when an answer is missing, takes longer than the limit allows, or a process grows past it.
"""

from __future__ import annotations

import argparse
import io
import random
import resource
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from extractors.options import ExtractionLimits, ExtractOptions
from extractors.pool import ExtractionJob, ExtractionPool
from extractors.types import Extraction

LIMITS = ExtractionLimits(seconds=10, memory_mb=1500, output_mb=20, max_pages=300)
_GRACE = 5.0  # seconds beyond the limit in which a hanging process must be gone
_LARGEST = 400_000  # bytes of a file that is damaged; larger ones take time and show nothing more
_REPORTS = Path(__file__).resolve().parents[1] / "sample" / "reports"
_TOLD = ("extractor_crashed", "timed_out", "out_of_memory")  # told one by one: a fault that is not in the file may be behind them
_FORMATS = ("pdf", "docx", "html")


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Return the content with one to eight places damaged."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        if not data:
            break
        at = chance.randrange(len(data))
        length = min(len(data) - at, chance.choice((1, 2, 8, 64, 1024)))
        match chance.randrange(6):
            case 0:
                data[at] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length] * chance.choice((1, 2, 50))
            case 3:
                data[at : at + length] = chance.randbytes(length)
            case 4:
                del data[at:]
            case _:
                data[at:at] = chance.choice(
                    (b"0", b"9999999999", b"-1", b"<<", b">>", b"[", b"(", b"endobj", b"<w:p>", b"</", b"\x00", b"%")
                )
    return bytes(data)


def damaged_word(content: bytes, chance: random.Random) -> bytes:
    """Return a Word file with a part damaged and packed again, so that the damage gets past the check sums."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as new:
        chosen = chance.choice([name for name in old.namelist() if name.endswith(".xml")])
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, damaged(part, chance) if name == chosen else part)
    return result.getvalue()


def hostile() -> list[tuple[str, bytes]]:
    """Return files made to harm, with their formats: deep nesting, loops, lies about lengths, scripts, references to elsewhere."""
    word = io.BytesIO()
    with zipfile.ZipFile(word, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", b" " * 60_000_000)
    deep = io.BytesIO()
    with zipfile.ZipFile(deep, "w", zipfile.ZIP_DEFLATED) as package:
        space = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
        nest = b"<w:sdt><w:sdtContent>" * 20_000 + b"</w:sdtContent></w:sdt>" * 20_000
        package.writestr("word/document.xml", b"<w:document " + space + b"><w:body>" + nest + b"</w:body></w:document>")
    loop = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(while(true){})>>>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2000000000>>endobj\ntrailer<</Root 1 0 R>>"
    )
    nested = b"%PDF-1.4\n1 0 obj" + b"[" * 200_000 + b"]" * 200_000 + b"endobj\ntrailer<</Root 1 0 R>>"
    huge = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9999999 9999999]/Contents 4 0 R>>endobj\n"
        b"4 0 obj<</Length 99999999>>stream\nBT /F1 12 Tf (x) Tj ET\nendstream endobj\ntrailer<</Root 1 0 R>>"
    )
    page = (
        b"<html><body>"
        + b"<table><tr><td>" * 30_000
        + b"x"
        + b"<iframe src='file:///etc/passwd'></iframe><script>while(1);</script>"
    )
    entity = b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><html><body><p>&b;</p></body></html>'
    return [
        ("docx", word.getvalue()), ("docx", deep.getvalue()), ("pdf", loop), ("pdf", nested), ("pdf", huge), ("html", page), ("html", entity),
    ]  # fmt: skip


def files(folder: Path, count: int, chance: random.Random) -> Iterator[ExtractionJob]:
    """Write and yield the damaged files; who has read one removes it."""
    sound = [
        (path.suffix[1:], path.read_bytes())
        for path in sorted(_REPORTS.iterdir())
        if path.suffix[1:] in _FORMATS and path.stat().st_size < _LARGEST
    ]
    made = hostile()
    for number in range(count):
        by_hand = number < len(made)
        form, content = made[number] if by_hand else chance.choice(sound)
        if not by_hand:
            repacked = form == "docx" and chance.random() < 0.8
            content = damaged_word(content, chance) if repacked else damaged(content, chance)
        path = folder / f"{number}.{form}"
        path.write_bytes(content)
        yield ExtractionJob(path, form, "0" * 64)


def _noted(jobs: Iterator[ExtractionJob], handed_out: dict[Path, float]) -> Iterator[ExtractionJob]:
    """Yield the jobs and take note of when each was handed out."""
    for job in jobs:
        handed_out[job.path] = time.perf_counter()
        yield job


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extract_fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--files", type=int, default=5000, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the damage (default: %(default)s)")
    chosen = parser.parse_args()
    outcomes: Counter[str] = Counter()
    longest, answered = 0.0, 0
    start = time.perf_counter()
    handed_out: dict[Path, float] = {}
    with TemporaryDirectory() as name, ExtractionPool(2, ExtractOptions(), LIMITS) as pool:
        jobs = files(Path(name), chosen.files, random.Random(chosen.seed))  # noqa: S311  # damage, not secrets
        for job, outcome in pool.run(_noted(jobs, handed_out)):
            longest = max(longest, time.perf_counter() - handed_out.pop(job.path))
            answered += 1
            if isinstance(outcome, Extraction):
                outcomes["read"] += 1
            else:
                outcomes[outcome.reason] += 1
                if outcome.reason in _TOLD:
                    print(f"{job.path.name}: {outcome.reason}: {outcome.detail}")
            job.path.unlink()
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    print(f"{answered} of {chosen.files} files answered in {time.perf_counter() - start:.0f} s, seed {chosen.seed}")
    for reason, number in outcomes.most_common():
        print(f"  {reason:<20}{number:>6}")
    print(f"longest time from handing a file out to its answer {longest:.1f} s (limit {LIMITS.seconds:g})")
    print(f"memory of a child at most {children:.0f} MB")
    print(f"memory of this process at most {mine:.0f} MB")
    if answered < chosen.files or longest > LIMITS.seconds + _GRACE or children > LIMITS.memory_mb:
        sys.exit("a limit was broken")


if __name__ == "__main__":
    main()
