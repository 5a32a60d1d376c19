"""The same document as Word file and as PDF: how many passages are the same: `python -m benchmarks.extract_formats [CORPUS]`.

The PDFs are made from the Word files of the corpus by LibreOffice; without it the command says so and ends. Changes that a Word file
keeps track of are accepted first, since LibreOffice would print what was deleted, and "[35.]" for numbers that changed. Shown is the share of
coded passages that both readings have, letters and digits only, and the longest that only one of them has with `--show`.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile

from lxml import etree

from extractors.docx_package import W
from extractors.extract import extract_file
from extractors.mend import normal_form
from extractors.options import ExtractionLimits, ExtractOptions

_GONE = (
    "del",
    "moveFrom",
    "rPrChange",
    "pPrChange",
    "sectPrChange",
    "tblPrChange",
    "trPrChange",
    "tcPrChange",
    "numberingChange",
)
_KEPT = ("ins", "moveTo")
LIMITS = ExtractionLimits(300, 3000, 256, 5000)


def passages(path: Path) -> Counter[str]:
    """Return the coded passages of a file in their normal form."""
    found = extract_file(path, path.suffix[1:], "0" * 64, ExtractOptions(), LIMITS)
    return Counter(normal_form(passage.text) for passage in found.passages if passage.is_codable)


def with_changes_accepted(path: Path, folder: Path) -> Path:
    """Write a copy of a Word file without tracked changes and return its place."""
    target = folder / path.name
    with ZipFile(path) as source, ZipFile(target, "w", ZIP_DEFLATED) as copy:
        for name in source.namelist():
            data = source.read(name)
            copy.writestr(name, _accepted(data) if name == "word/document.xml" else data)
    return target


def _accepted(data: bytes) -> bytes:
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    for element in [*root.iter(*(W + name for name in _GONE))]:
        if (parent := element.getparent()) is not None:
            parent.remove(element)
    for element in [*root.iter(*(W + name for name in _KEPT))]:
        if (parent := element.getparent()) is not None:
            place = parent.index(element)
            parent[place : place + 1] = list(element)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extract_formats", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("corpus", nargs="?", type=Path, default=Path("../shared/corpus"), help="(default: %(default)s)")
    parser.add_argument("--show", type=int, default=0, help="show so many passages that only one reading has")
    chosen = parser.parse_args()
    program = shutil.which("soffice")
    if program is None:
        parser.error("LibreOffice (soffice) is not installed; it makes the PDFs")
    both = either = 0
    with TemporaryDirectory() as folder:
        for path in sorted((chosen.corpus / "docx").glob("*.docx")):
            copy = with_changes_accepted(path, Path(folder))
            command = [program, "--headless", "--convert-to", "pdf", "--outdir", folder, str(copy)]
            subprocess.run(command, check=True, capture_output=True, timeout=300)
            word, pdf = passages(path), passages(Path(folder) / f"{path.stem}.pdf")
            same, most = (word & pdf).total(), (word | pdf).total()
            mean = (word.total() + pdf.total()) / 2
            both, either = both + same, either + round(mean)
            print(
                f"{path.name[:60]:<62}{same:>5} of {word.total():>4} and {pdf.total():>4}  {same / max(mean, 1):.3f}  ({most} in all)"
            )
            for name, left in (("word", word - pdf), ("pdf", pdf - word)):
                for text in sorted(left, key=len, reverse=True)[: chosen.show]:
                    print(f"    only {name}: {text[:150]} ... {text[-50:]}")
    print(f"same passages: {both} of {either}, {both / max(either, 1):.3f}")


if __name__ == "__main__":
    main()
