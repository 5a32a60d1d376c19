"""Disagreements out to the adjudicator, decisions back in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from entente.errors import BadInput
from flows.load import read_codebook
from flows.outputs import write_outputs
from flows.required import require_warehouse
from flows.settings import Settings
from models.codebook import major_of
from models.coding.checking import Problem, listed
from models.coding.decisions import COLUMNS, check_decisions, disagreements, is_derived, line_of
from models.coding.excel import read_sheet, write_sheet
from models.coding.files import read_codes_file
from models.coding.tables import read_objects, read_text
from warehouse.adjudication import coded_passages, queue, settled, store_decisions
from warehouse.codes import Imported
from warehouse.database import open_warehouse
from warehouse.lock import refresh_lock
from warehouse.migrations import utc_now
from warehouse.transactions import transaction

_FILLED_IN = ("passage_id", "dimension", "value", "reason")


def open_disagreements(settings: Settings, sample_id: str | None = None) -> list[dict[str, Any]]:
    """Return what waits for a decision; what follows from other dimensions is left out, and so are codes of another major version of
    the codebook, which must be coded anew. `BadInput` where there is no warehouse."""
    codebook = read_codebook(settings)
    require_warehouse(settings)
    with open_warehouse(settings.paths.warehouse) as connection:
        return [
            row
            for row in queue(connection, sample_id)
            if not is_derived(row["dimension"], codebook) and major_of(row["codebook_version"]) == codebook.major
        ]


def disagreements_in_file(settings: Settings, file: Path) -> list[dict[str, Any]]:
    """Return what coders differ on in a file of codes; texts are those of `texts.jsonl` beside it, where there is one.

    Raises:
        BadInput: when a row does not fit the codebook.
    """
    codebook = read_codebook(settings)
    checked = read_codes_file(file, codebook)
    if checked.problems:
        raise BadInput(f"{file} has {len(checked.problems)} problems:{listed(checked.problems)}")
    beside = file.parent / "texts.jsonl"
    texts = {str(row.get("id")): row for _line, row in read_objects(beside)} if beside.exists() else {}
    return disagreements(checked.rows, codebook, texts)


def export_queue(
    settings: Settings, out: Path, sample_id: str | None = None, codes: Path | None = None, *, overwrite: bool = False
) -> int:
    """Write the queue as a file to fill in (.csv or .xlsx); returns how many decisions wait.

    Raises:
        BadInput: when the file has another ending, or is there with decisions or another queue and `overwrite` is not said.
    """
    codebook = read_codebook(settings)
    waiting = open_disagreements(settings, sample_id) if codes is None else disagreements_in_file(settings, codes)
    lines = [line_of(row, codebook) for row in waiting]
    if out.suffix.lower() == ".xlsx":
        content = write_sheet(COLUMNS, lines)
    elif out.suffix.lower() == ".csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(lines)
        content = text.getvalue().encode()
    else:
        raise BadInput(f"{out}: the queue is written as .csv or .xlsx.")
    write_outputs({out: content}, overwrite=overwrite)
    return len(lines)


def import_decisions(settings: Settings, file: Path, adjudicator: str | None = None) -> Imported:
    """Take in decisions, all or none; every code that was decided upon stays as it is.

    Args:
        settings: the project.
        file: the queue with values and reasons filled in (.csv or .xlsx); lines that were left empty stay in the queue.
        adjudicator: who decided, where the file does not say it.

    Raises:
        BadInput: when any decision cannot be taken; names each with line, column, value and reason.
        Busy: when another command is writing.
    """
    codebook = read_codebook(settings)
    require_warehouse(settings)
    raw = list(read_sheet(file, _FILLED_IN) if file.suffix.lower() == ".xlsx" else _read_csv(file))
    with (
        refresh_lock(settings.paths.state / "refresh.lock", "entente adjudicate import"),
        open_warehouse(settings.paths.warehouse) as connection,
    ):
        stands = settled(connection, codebook.major)
        checked = check_decisions(raw, codebook, stands, adjudicator)
        coded = coded_passages(connection, codebook.major)
        problems = [
            *checked.problems,
            *(
                Problem(0, "passage_id", one, f"nobody has coded it under codebook {codebook.version}")
                for one in sorted({row.passage_id for row in checked.rows} - coded)
            ),
        ]
        if problems:
            raise BadInput(f"{file}: no decision was taken in, {len(problems)} problems:{listed(problems)}")
        with transaction(connection):
            return store_decisions(connection, checked.rows, utc_now(), file.name)


def _read_csv(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        missing = [name for name in _FILLED_IN if name not in (reader.fieldnames or ())]
        if missing:
            raise BadInput(f"{path}, line 1: there is no column {missing[0]!r}. Fill in what `entente adjudicate export` writes.")
        for row in reader:
            yield reader.line_num, {str(name): value for name, value in row.items() if name}
    except csv.Error as error:
        raise BadInput(f"{path}, line {reader.line_num}: no valid CSV ({error}).") from None
