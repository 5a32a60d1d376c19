"""Entente's own format (one row per coder, passage and dimension) as CSV and JSON lines, and lines with all codes of a passage."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from entente.errors import BadInput
from models.codebook import Codebook
from models.coding.checking import COLUMNS
from models.types import CodeRow

SHORT_NAMES = {
    "id": "passage_id",
    "coop": "cooperation_intensity",
    "cont": "contestation_intensity",
    "locus": "contestation_locus",
    "object": "contestation_object",
}
Raw = Iterator[tuple[int, Mapping[str, Any]]]


def cells(row: CodeRow) -> dict[str, str]:
    """Return a code as the cells of the own format; what is not known is empty."""
    return {
        "passage_id": row.passage_id,
        "coder": row.coder,
        "dimension": row.dimension,
        "value": row.value or "",
        "codebook_version": row.codebook_version,
        "coded_at": "" if row.coded_at is None else row.coded_at.isoformat() + "Z",
        "status": row.status,
        "tool": row.tool or "",
        "note": row.note or "",
        "flag": ";".join(row.flag),
        "reason": row.reason or "",
        "text_sha256": row.text_sha256 or "",
    }


def write_csv(rows: Iterable[CodeRow]) -> str:
    """Return codes as CSV (RFC 4180, with a header)."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(cells(row) for row in rows)
    return out.getvalue()


def write_jsonl(rows: Iterable[CodeRow]) -> str:
    """Return codes as JSON lines; what is not known is left out."""
    return "".join(
        json.dumps({name: value for name, value in cells(row).items() if value or name == "value"}, ensure_ascii=False) + "\n"
        for row in rows
    )


def read_csv(path: Path, codebook: Codebook) -> Raw:
    """Yield the rows of a CSV file with their lines, each a code or a line of a coding form; `BadInput` when it is neither."""
    from models.coding.forms import unfold

    text = io.StringIO(read_text(path), newline="")
    reader = csv.reader(text, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        is_form = "dimension" not in header
        missing = [name for name in (COLUMNS[:1] if is_form else COLUMNS[:4]) if name not in header]
        if missing:
            raise BadInput(
                f"{path}, line 1: there is no column {missing[0]!r}. A file of codes has {', '.join(COLUMNS)}, "
                "or is a coding form with a column for each dimension."
            )
        if len(set(header)) < len(header):
            raise BadInput(f"{path}, line 1: a column stands there twice.")
        line = reader.line_num + 1
        for row in reader:
            if row and len(row) != len(header):
                raise BadInput(f"{path}, line {line}: {len(row)} cells instead of {len(header)}. Is a comma or quote not quoted?")
            if any(cell.strip() for cell in row):
                told: dict[str, Any] = dict(zip(header, row, strict=True))
                yield from ((line, one) for one in (unfold(told, codebook) if is_form else (told,)))
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(f"{path}, line {reader.line_num}: no valid CSV ({error}).") from None


def read_jsonl(path: Path, codebook: Codebook) -> Raw:
    """Yield the rows of a JSON-lines file, each a code or all codes of a coder on a passage; `BadInput` when it is neither."""
    from models.coding.forms import unfold

    for line, value in read_objects(path):
        if "dimension" in value:
            yield line, value
        else:
            yield from (
                (line, one)
                for one in unfold({SHORT_NAMES.get(str(name), str(name)): one for name, one in value.items()}, codebook)
            )


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the objects of a JSON-lines file with their lines; `BadInput` where a line is none."""
    # Not splitlines: the Unicode line separators may stand within a JSON text.
    for line, text in enumerate(read_text(path).split("\n"), start=1):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise BadInput(f"{path}, line {line}: not valid JSON ({error}).") from None
        if not isinstance(value, dict):
            raise BadInput(f"{path}, line {line}: must be a JSON object, not {type(value).__name__}.")
        yield line, value


def read_text(path: Path) -> str:
    """Return a file as text, line ends untouched; `BadInput` when it is missing or not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}.") from None
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text ({error}). Save it as UTF-8.") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
