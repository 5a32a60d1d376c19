r"""Read an export of the Universal Human Rights Index of many rows: rows, seconds and peak memory of the reading process.

    python -m benchmarks.uhri_memory
    python -m benchmarks.uhri_memory --rows 300000 --keep export.json

The export is made here in the documented shape (eighteen keys, invented texts of the usual length, rows of a document scattered over the
file) and read as in a refresh, by the connector itself. Memory is the peak of the reading process (VmHWM), which does nothing else.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sources.connectors.base import connector_for
from sources.description import read_description
from sources.web.results import Download, Validators

if TYPE_CHECKING:
    from sources.web.client import Client

DESCRIPTION = Path(__file__).resolve().parents[1] / "configs" / "sources" / "uhri.yaml"
WORDS = (
    "state",
    "party",
    "ensure",
    "children",
    "labour",
    "rights",
    "measures",
    "effective",
    "law",
    "access",
    "persons",
    "national",
)
COUNTRIES = ("Peru", "Fiji", "Iceland", "Bolivia (Plurinational State of)", "Viet Nam", "Türkiye", "Eswatini", "Uzbekistan")


def rows(n: int, rng: random.Random) -> Iterator[dict[str, Any]]:
    """Yield rows of about n / 15 documents, a third of them reports on visits; the rows of one do not stand together."""
    n_documents = max(1, n // 15)
    for place in range(n):
        number = rng.randrange(n_documents)
        symbol = f"A/HRC/990/{number}/Add.1" if number % 3 == 0 else f"CRC/C/XAA/CO/{number}"
        day = f"{2006 + number % 20}-{number % 12 + 1:02}-{number % 28 + 1:02}T00:00:00"
        text = " ".join(rng.choices(WORDS, k=rng.randrange(60, 160)))
        yield {
            "AffectedPersons": ["Children", "Women & girls"],
            "AnnotationId": f"00000000-0000-4000-8000-{place:012d}",
            "AnnotationType": "- Concerns/Observations" if place % 3 else "- Recommendations",
            "Body": "- SR Invented" if number % 3 == 0 else "- CRC",
            "Countries": [COUNTRIES[number % len(COUNTRIES)]],
            "DocumentId": f"11111111-0000-4000-8000-{number:012d}",
            "PublicationDate": day,
            "PublicationDateOnUhri": f"{day[:10]}T10:{place % 60:02}:45.{place % 1000:03}",
            "Regions": ["An invented region"],
            "Sdgs": ["16.2 - Protect children from abuse, exploitation, trafficking and violence"],
            "Symbol": symbol,
            "Text": f"<p>{place}. The Committee {text}.</p>",
            "Themes": ["Violence against women", "Right to health"],
            "UprCycle": None,
            "UprPositions": [],
            "UprRecommendingCountry": [],
            "UprRecommendingRegions": [],
            "UprSession": [],
        }


def make(path: Path, n: int) -> None:
    """Write an export of n rows."""
    rng = random.Random(7)  # noqa: S311  # texts, not secrets
    with path.open("w", encoding="utf-8") as stream:
        stream.write("[")
        for place, row in enumerate(rows(n, rng)):
            stream.write(",\n" if place else "\n")
            json.dump(row, stream, ensure_ascii=False)
        stream.write("\n]\n")


class LocalExport:
    """Stands in for the client: the export is on this disk already."""

    def __init__(self, export: Path, state: Path) -> None:
        self._export = export
        self.state = state

    def download(self, url: str, target: Path, **_: object) -> Download:
        """Copy the export to where the connector wants it."""
        shutil.copyfile(self._export, target)
        sha256 = hashlib.sha256(url.encode()).hexdigest()
        return Download(target, target.stat().st_size, sha256, "", url, "application/json", Validators('"1"'))


def read(export: Path) -> dict[str, Any]:
    """Read an export by the connector; return what it took."""
    connector = connector_for(read_description(DESCRIPTION))
    begun = time.monotonic()
    n_records = n_listed = 0
    watermark = "{}"
    with tempfile.TemporaryDirectory(dir=export.parent) as state:
        client = cast("Client", LocalExport(export, Path(state)))
        for page in connector.discover(client, None, datetime.now(UTC)):
            n_records += len(page.records)
            n_listed += page.n_listed
            watermark = page.watermark or watermark
    return {
        "rows": json.loads(watermark)["rows"],
        "documents": n_listed,
        "records": n_records,
        "seconds": time.monotonic() - begun,
        "peak_mb": peak_mb(),
    }


def peak_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--keep", type=Path, help="where to keep the export; otherwise it is thrown away")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        sys.stdout.write(json.dumps(read(arguments.read)))
        return
    with tempfile.TemporaryDirectory() as folder:
        export = arguments.keep or Path(folder) / "export.json"
        make(export, arguments.rows)
        command = [sys.executable, "-m", "benchmarks.uhri_memory", "--read", str(export.resolve())]
        said = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        sys.stdout.write(
            f"{export.stat().st_size / 1e6:,.0f} MB, {said['rows']:,} rows, {said['documents']:,} documents, {said['records']:,} records, "
            f"{said['seconds']:.1f} s, peak {said['peak_mb']:.0f} MB\n"
        )


if __name__ == "__main__":
    main()
