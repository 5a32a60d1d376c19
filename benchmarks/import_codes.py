"""How long does an import take? Codes of invented passages as CSV into a fresh warehouse, checked row by row; and the same file again.

python -m benchmarks.import_codes            # 100,000 codes
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from flows.coding import ImportRequest, import_codes
from flows.settings import Settings, load_settings
from models.coding.tables import write_csv
from models.types import CodeRow
from warehouse.arrow import insert
from warehouse.database import open_warehouse
from warehouse.transactions import transaction

CODES = {
    "voice": "igo", "stage": "none", "realization": "not_applicable", "cooperation_intensity": "1", "contestation_intensity": "0",
    "mode": "verbal", "contestation_locus": "not_applicable", "contestation_object": "not_applicable",
    "mechanism": "dialogue", "confidence": "2",
}  # fmt: skip


def _project(folder: Path, passages: int) -> Settings:
    settings = load_settings(folder, {})
    settings.paths.warehouse.parent.mkdir(parents=True, exist_ok=True)
    row = {
        "document_id": "d1", "ordinal": 1, "part": 1, "page_first": 1, "page_last": 1, "boxes": [], "heading_path": [], "para_no": "1",
        "kind": "paragraph", "language": "en", "text": "Text.", "lead_in": None, "n_words": 1, "is_codable": True, "is_duplicate": False,
        "is_summary": False, "quality": 1.0, "notes": [], "sketch": [], "text_sha256": "0", "extractor_version": "1",
    }  # fmt: skip
    with open_warehouse(settings.paths.warehouse) as connection, transaction(connection):
        insert(connection, "passages", [{**row, "passage_id": f"p{n}"} for n in range(passages)])
    return settings


def main() -> None:
    """Print rows and seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--codes", type=int, default=100_000)
    given = parser.parse_args()
    passages = given.codes // len(CODES)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        settings = _project(folder, passages)
        file = folder / "codes.csv"
        rows = [CodeRow(f"p{n}", "anna", name, value, "1.1.0") for n in range(passages) for name, value in CODES.items()]
        file.write_bytes(write_csv(rows).encode())
        for what in ("import", "the same again"):
            started, processor = time.perf_counter(), time.process_time()
            done = import_codes(settings, ImportRequest(file))
            print(
                f"{what}: {len(rows):,} rows read, {done.new:,} new codes, {done.known:,} known, "
                f"{time.perf_counter() - started:.1f} s ({time.process_time() - processor:.1f} s of processor time)"
            )


if __name__ == "__main__":
    main()
