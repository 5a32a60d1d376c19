"""Tables that benchmarks keep in pages of the documentation, between marks."""

from __future__ import annotations

from pathlib import Path


def put_table(page: Path, marks: tuple[str, str], table: str) -> None:
    """Put a table into a page in the place of what stands between two marks."""
    before, rest = page.read_text(encoding="utf-8").split(marks[0])
    page.write_text(f"{before}{marks[0]}\n{table}\n{marks[1]}{rest.split(marks[1])[1]}", encoding="utf-8")
