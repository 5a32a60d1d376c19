"""The optional manifest of a folder: one CSV row a file, with what the organization says about it.

Strict about the form (a manifest that cannot be trusted is refused whole), tolerant about one cell: a value that cannot be understood is
kept as it was written, its field stays unknown, and an issue says so.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from entente.errors import BadInput
from sources.types import DATED, DocumentMetadata

_TEXTS = ("igo", "body", "symbol", "title", "doc_type", "country_iso3", "country_name", "language", "url", "mission_kind")
FIELDS = _TEXTS + DATED
_EMPTY = frozenset({"", "n/a", "na", "none", "null", "-"})


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One row: the file it speaks of (absolute), its line in the CSV, and what it says."""

    path: Path
    line: int
    metadata: DocumentMetadata


@dataclass(frozen=True, slots=True)
class Manifest:
    """All rows of a manifest, by absolute path, and what was odd about single cells."""

    rows: Mapping[Path, ManifestRow]
    issues: tuple[str, ...]


def read_manifest(path: Path, columns: Mapping[str, str] | None = None) -> Manifest:
    """Read a manifest CSV (UTF-8, a header line, a column `file` with paths relative to the manifest).

    Args:
        path: the CSV file.
        columns: names that this manifest uses for fields of `FIELDS` or for `file`, e.g. `{"symbol": "symbol_or_id"}`. A field that is
            not mentioned is read from the column of its own name; columns that belong to no field are kept in `extra`.

    Raises:
        BadInput: when the file is missing, is no UTF-8 CSV, lacks the column of the file names, names a file twice or has a row with too
            many cells; the message names the line.
    """
    mapping = _mapping(path, columns or {})
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"The manifest {path} is not there. Name an existing file or leave the manifest out.") from None
    except (UnicodeDecodeError, OSError) as error:
        raise BadInput(f"The manifest {path} cannot be read as UTF-8 text ({error}). Save it as UTF-8 CSV.") from error
    rows: dict[Path, ManifestRow] = {}
    issues: list[str] = []
    try:
        reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
        _check_header(path, reader.fieldnames, mapping, columns or {})
        for cells in reader:
            row = _row(path, reader.line_num, cells, mapping, issues)
            if row.path in rows:
                raise BadInput(
                    f"{path}, line {row.line}: {row.path.name} stands there twice (also in line {rows[row.path].line})."
                )
            rows[row.path] = row
    except csv.Error as error:
        raise BadInput(f"The manifest {path} is no valid CSV near line {reader.line_num}: {error}.") from error
    return Manifest(rows, tuple(issues))


def _mapping(path: Path, columns: Mapping[str, str]) -> dict[str, str]:
    unknown = sorted(set(columns) - set(FIELDS) - {"file"})
    if unknown:
        raise BadInput(f"Columns of the manifest {path}: unknown field {unknown[0]!r}; fields are file, {', '.join(FIELDS)}.")
    return {field: columns.get(field, field) for field in (*FIELDS, "file")}


def _check_header(path: Path, header: object, mapping: Mapping[str, str], columns: Mapping[str, str]) -> None:
    names = [str(name) for name in header] if isinstance(header, (list, tuple)) else []
    has = f"its columns are: {', '.join(names) or 'none'}"
    if len(names) == 1 and ";" in names[0]:
        raise BadInput(f"The manifest {path} is separated by semicolons; save it with commas.")
    if mapping["file"] not in names:
        raise BadInput(f"The manifest {path} has no column {mapping['file']!r}; {has}.")
    gone = sorted(name for name in columns.values() if name not in names)
    if gone:
        raise BadInput(f"The manifest {path} has no column {gone[0]!r}, which is to be read as a field; {has}.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput(f"The manifest {path} has the column {twice[0]!r} twice.")


def _row(path: Path, line: int, cells: Mapping[str | None, object], mapping: Mapping[str, str], issues: list[str]) -> ManifestRow:
    if None in cells:
        raise BadInput(f"{path}, line {line}: more cells than columns. Quote values that contain commas.")
    values = {str(key): str(value).strip() for key, value in cells.items() if isinstance(value, str)}
    name = values.pop(mapping["file"], "")
    if not name:
        raise BadInput(f"{path}, line {line}: the column {mapping['file']!r} is empty.")
    fields: dict[str, str | date | None] = {}
    extra: dict[str, str] = {}
    for field in FIELDS:
        value = values.pop(mapping[field], "")
        if value.lower() in _EMPTY:
            continue
        parsed = _parse(field, value)
        if parsed is None:
            extra[mapping[field]] = value
            issues.append(
                f"{path.name}, line {line}: {mapping[field]} {value!r} is not understood ({_expected(field)}); kept as it is."
            )
        else:
            fields[field] = parsed
            if field == "published" and len(value) < 10:
                extra["published_precision"] = "year" if len(value) == 4 else "month"
    extra |= {key: value for key, value in values.items() if value}
    location = (path.parent / name).resolve()
    return ManifestRow(location, line, DocumentMetadata(**fields, extra=extra))  # type: ignore[arg-type]  # the keys are FIELDS


def _parse(field: str, value: str) -> str | date | None:
    if field in DATED:
        return _parse_date(value)
    if field == "country_iso3":
        return value.upper() if re.fullmatch(r"[A-Za-z]{3}", value) else None
    if field == "language":
        return value.lower() if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z]{2,4})?", value) else None
    return re.sub(r"\s+", " ", value)


def _parse_date(value: str) -> date | None:
    """Return the first day of a date that is given as YYYY, YYYY-MM or YYYY-MM-DD."""
    if not re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", value):
        return None
    try:
        return date.fromisoformat(value + "-01-01"[len(value) - 4 :] if len(value) < 10 else value)
    except ValueError:
        return None


def _expected(field: str) -> str:
    if field in DATED:
        return "a date is YYYY, YYYY-MM or YYYY-MM-DD"
    return {"country_iso3": "three letters of ISO 3166-1", "language": "a language code such as en"}.get(field, "text")
