"""Make the sample again: `python -m sample.make`. The same versions of the libraries give the same bytes, which a test checks."""

from __future__ import annotations

import csv
import io
import json
import sys
from importlib.metadata import version
from pathlib import Path

from entente.files import replacing
from sample.broken import broken_files
from sample.pdf import pdf_bytes
from sample.records import Report
from sample.story import reports
from sample.truth import truth_of
from sample.typeset import typeset
from sample.web import new_html, old_html, plain_text
from sample.word import docx_bytes

COLUMNS = (
    "file",
    "igo",
    "body",
    "symbol",
    "title",
    "doc_type",
    "country_iso3",
    "country_name",
    "published",
    "coverage_start",
    "coverage_end",
    "language",
    "mission_kind",
    "mission_start",
    "mission_end",
    "url",
)
LIBRARIES = ("reportlab", "pillow", "pypdfium2", "python-docx")


def sample_files() -> dict[str, bytes]:
    """Return every file of the sample: its path below the package, and its bytes."""
    made: dict[str, bytes] = {}
    truth: list[dict[str, object]] = []
    rows: list[dict[str, object]] = []
    for report in reports():
        for file in report.files:
            content, lines = _written(report, file)
            made[f"reports/{file}"] = content
            truth += lines
            rows.append(_row(report, file))
    first_pdf = next(report for report in reports() if report.form == "pdf")
    first_docx = next(name for name in made if name.endswith(".docx"))
    broken = broken_files(made[f"reports/{first_pdf.file}"], made[first_docx], typeset(first_pdf).pages[2])
    made |= {f"broken/{name}": content for name, content in broken.items()}
    made["manifest.csv"] = _manifest(rows)
    made["truth.jsonl"] = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in truth).encode()
    made["data/made_with.json"] = (json.dumps({name: version(name) for name in LIBRARIES}, indent=1) + "\n").encode()
    return made


def main() -> int:
    """Write the sample into the package's own folder."""
    root = Path(__file__).resolve().parent
    files = sample_files()
    for folder in ("reports", "broken"):
        for old in (root / folder).glob("*"):
            if f"{folder}/{old.name}" not in files:
                old.unlink()
    for name, content in files.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as stream:
            stream.write(content)
    size = sum(len(content) for content in files.values())
    sys.stdout.write(f"{len(files)} files, {size / 1e6:.2f} MB, in {root}\n")
    return 0


def _written(report: Report, file: str) -> tuple[bytes, list[dict[str, object]]]:
    if file.endswith(".pdf"):
        pages = typeset(report)
        return pdf_bytes(report, pages.pages), list(truth_of(report, file, pages))
    if file.endswith(".docx"):
        content = docx_bytes(report)
    elif file.endswith(".txt"):
        content = plain_text(report)
    else:
        content = old_html(report) if report.form == "html_old" else new_html(report)
    return content, list(truth_of(report, file, None))


def _row(report: Report, file: str) -> dict[str, object]:
    return {
        "file": f"reports/{file}",
        "igo": report.igo,
        "body": report.body,
        "symbol": report.symbol,
        "title": report.title,
        "doc_type": report.doc_type,
        "country_iso3": report.country_iso3,
        "country_name": report.country_name,
        "published": report.published,
        "coverage_start": report.coverage_start,
        "coverage_end": report.coverage_end,
        "language": report.language,
        "mission_kind": report.mission_kind,
        "mission_start": report.mission_start or "",
        "mission_end": report.mission_end or "",
        "url": f"https://documents.example/{report.symbol.lower().replace('/', '-')}",
    }


def _manifest(rows: list[dict[str, object]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


if __name__ == "__main__":
    raise SystemExit(main())
