"""Coding forms as Excel workbooks: one sheet to fill in with lists to choose from, one with the codebook's questions."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from entente.errors import BadInput
from models.codebook import Codebook
from models.coding.archives import Budget, opened
from models.coding.checking import NO_XML
from models.coding.forms import SHOWN, choices, columns, fold, sets_of, unfold
from models.coding.tables import Raw
from models.types import CodeRow, CodingTask

_CELL = 32_767
_SHEET = "codes"
_NO_XML = re.compile(f"[{NO_XML}]")


def write_form(tasks: Sequence[CodingTask], codebook: Codebook, coder: str = "") -> bytes:
    """Return an empty form for these passages."""
    lines = [{**task.shown(), "coder": coder, "codebook_version": codebook.version} for task in tasks]
    return _workbook(lines, codebook)


def write_codes(rows: Iterable[CodeRow], codebook: Codebook) -> bytes:
    """Return codes as a filled form without texts."""
    return _workbook(fold(rows, codebook), codebook, reading=())


def _workbook(lines: Sequence[Mapping[str, str]], codebook: Codebook, reading: Sequence[str] = SHOWN) -> bytes:
    import openpyxl
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = _SHEET
    header = columns(codebook, reading=reading)
    for n, name in enumerate(header, 1):
        sheet.cell(1, n, name).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(n)].width = 70 if name == "text" else 30 if name in SHOWN else 22
    for number, line in enumerate(lines, 2):
        for n, name in enumerate(header, 1):
            if value := line.get(name):
                cell = sheet.cell(number, n)
                _write(cell, value, in_passage=name in SHOWN, where=f"passage {line['passage_id']}, {name}: ")
                if name in SHOWN:
                    cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "B2"
    questions = book.create_sheet("codebook")
    questions.append(["field", "value", "name", "definition"])
    lists = book.create_sheet("choices")
    sets = sets_of(codebook)
    for n, (name, values) in enumerate(choices(codebook).items(), 1):
        for row, value in enumerate((name, *values), 1):
            _write(lists.cell(row, n), value)
        if name not in sets and lines:
            # A list of choices of one's own would be cut at 255 characters; a range has no such limit.
            letter = get_column_letter(n)
            rule = DataValidation("list", formula1=f"choices!${letter}$2:${letter}${len(values) + 1}", allow_blank=True)
            rule.error = f"{name} is one of: {', '.join(values)}"[:255]
            sheet.add_data_validation(rule)
            column = get_column_letter(header.index(name) + 1)
            rule.add(f"{column}2:{column}{len(lines) + 1}")
    for dimension in codebook.dimensions:
        questions.append([dimension.id, "", dimension.name, dimension.question])
        for category in dimension.categories:
            questions.append([dimension.id, category.id, category.name, category.definition])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def read(path: Path, codebook: Codebook) -> Raw:
    """Yield the codes of a filled form with the number of their row; `BadInput` when the file is no workbook or has no sheet of codes."""
    for number, line in read_sheet(path):
        for one in unfold(line, codebook):
            yield number, one


def write_sheet(header: Sequence[str], lines: Sequence[Mapping[str, str]]) -> bytes:
    """Return a workbook with one sheet of texts."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = _SHEET
    for number, line in enumerate([dict(zip(header, header, strict=True)), *lines], 1):
        for n, name in enumerate(header, 1):
            if value := line.get(name):
                _write(sheet.cell(number, n), value, in_passage=True)
    sheet.freeze_panes = "A2"
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def read_sheet(path: Path, needed: Sequence[str] = ("passage_id",)) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the lines of the sheet of codes, by its first row, with the number of their row.

    Args:
        path: the workbook.
        needed: the columns that must be there.

    Raises:
        BadInput: when the file is no workbook, is damaged or too large, or has no such sheet or column.
    """
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    with opened(path, str(path), Budget(path), "Excel workbook (.xlsx)"):
        pass
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError, SyntaxError, zlib.error, EOFError) as error:
        raise BadInput(f"{path} is no Excel workbook (.xlsx), or a damaged one: {error}") from None
    try:
        if _SHEET not in book.sheetnames:
            raise BadInput(f"{path} has no sheet {_SHEET!r}; it has: {', '.join(book.sheetnames)}.")
        rows = _rows(book[_SHEET], f"{path}, sheet {_SHEET}")
        _number, first = next(rows, (1, ()))
        header = [str(name).strip() if name is not None else "" for name in first]
        for name in needed:
            if name not in header:
                raise BadInput(f"{path}, sheet {_SHEET}, row 1: there is no column {name!r}.")
        named = [name for name in header if name]
        if len(set(named)) < len(named):
            raise BadInput(f"{path}, sheet {_SHEET}, row 1: a column stands there twice.")
        for number, row in rows:
            line = {name: _read(value) for name, value in zip(header, row, strict=False) if name}
            if any(value not in (None, "") for value in line.values()):
                yield number, line
    finally:
        book.close()


def _rows(sheet: Any, where: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield the rows of a sheet as they are unpacked; `BadInput` where its content is damaged."""
    number = 0
    try:
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            yield number, row
    except BadInput:
        raise
    # A broken XML is a SyntaxError; a cell that is none of a workbook's, one of the others.
    except (SyntaxError, BadZipFile, zlib.error, EOFError, KeyError, ValueError, IndexError, TypeError, OSError) as error:
        raise BadInput(f"{where}, after row {number}: the workbook is damaged ({error}). Save it anew in Excel.") from None


def _write(cell: Any, value: str, *, in_passage: bool = False, where: str = "") -> None:
    if _NO_XML.search(value):
        if not in_passage:
            raise BadInput(f"{where}{value[:60]!r} holds a control character, which Excel cannot keep. Export as CSV.")
        value = _NO_XML.sub(" ", value)
    if len(value) > _CELL:
        if not in_passage:
            raise BadInput(f"{where}{len(value)} characters are more than a cell of Excel holds ({_CELL}). Export as CSV.")
        value = value[: _CELL - 1] + "…"
    cell.value = value
    # Texts stay texts: one that begins with = is no formula, one of digits no number.
    cell.data_type = "s"


def _read(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else None if value is None else str(value)
