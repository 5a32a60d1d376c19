"""Codes out of the project for coders and trainers, and codes in: a file is taken whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entente.errors import BadInput
from entente.files import write_text_whole
from flows.load import read_codebook
from flows.outputs import write_outputs
from flows.required import require_warehouse
from flows.settings import Settings
from models.codebook import Codebook
from models.coding import doccano, excel, forms, inception, label_studio
from models.coding.checking import SHOWN, Checked, Problem, listed
from models.coding.files import FileFormat, read_codes_file
from models.coding.standing import check_with_standing
from models.coding.tables import write_csv, write_jsonl
from models.types import CodingTask
from warehouse.codes import KINDS, Imported, new_codes, read_codes, say_coders, standing_codes, store_codes
from warehouse.coding_tasks import coding_tasks, model_labels
from warehouse.database import open_warehouse
from warehouse.lock import refresh_lock
from warehouse.migrations import utc_now
from warehouse.samples import read_sample
from warehouse.transactions import Connection, transaction

ENDINGS = {"csv": ".csv", "jsonl": ".jsonl", "excel": ".xlsx", "label-studio": ".json", "doccano": ".jsonl", "inception": ".zip"}


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """A file of codes and what it does not say itself; `kinds` says what coders are (see `warehouse.codes.KINDS`)."""

    file: Path
    file_format: FileFormat | None = None
    coder: str | None = None
    names: Mapping[str, str] | None = None
    kinds: Mapping[str, str] | None = None
    report: Path | None = None


def import_codes(settings: Settings, request: ImportRequest) -> Imported:
    """Take in a file of codes in one transaction; the same file again changes nothing.

    Raises:
        BadInput: when any row cannot be taken; names each with line, column, value and reason (all of them in `request.report`, as CSV).
        Busy: when another command is writing.
    """
    for name, kind in (request.kinds or {}).items():
        if kind not in KINDS:
            raise BadInput(f"{name} cannot be a {kind!r}; a coder is one of: {', '.join(KINDS)}.")
    codebook = read_codebook(settings)
    require_warehouse(settings)
    checked = read_codes_file(request.file, codebook, request.file_format, coder=request.coder, names=request.names)
    with (
        refresh_lock(settings.paths.state / "refresh.lock", "entente codes import"),
        open_warehouse(settings.paths.warehouse) as connection,
    ):
        at = utc_now()
        fresh = [row for _n, row in new_codes(connection, checked.rows, at)]
        with_standing = check_with_standing(fresh, standing_codes(connection, codebook.major), codebook)
        problems = [*checked.problems, *_unknown(connection, checked), *([] if checked.problems else with_standing.problems)]
        if problems:
            raise BadInput(_told(request, problems))
        with transaction(connection):
            done = store_codes(connection, [*checked.rows, *with_standing.rows], at, request.file.name)
            say_coders(connection, [(name, kind, None) for name, kind in (request.kinds or {}).items()], at)
    return done


def export_tasks(
    settings: Settings,
    sample_id: str,
    file_format: str,
    out: Path,
    *,
    coder: str = "",
    predictions: bool = False,
    overwrite: bool = False,
) -> list[Path]:
    """Write the passages of a sample as a tool wants them; returns the files made.

    Args:
        settings: the project.
        sample_id: the sample.
        file_format: csv, jsonl and excel are empty coding forms.
        out: the file; what a tool needs beside (interface, labels) is written beside.
        coder: is put into an empty form.
        predictions: whether the model's labels are put in before: faster, and coders agree with the model more than they should.
        overwrite: whether a file that is there and says something else is replaced: it may be a form that a coder has filled in.

    Raises:
        BadInput: when there is no such sample, no passage of it, no prediction where they are wanted, or a file that would be lost.
    """
    codebook = read_codebook(settings)
    require_warehouse(settings)
    with open_warehouse(settings.paths.warehouse) as connection:
        sample = read_sample(connection, sample_id)
        if predictions and sample["purpose"] == "gold":
            raise BadInput("Gold is coded without seeing the model's labels: it is there to judge them. Leave --predictions out.")
        tasks = coding_tasks(connection, sample_id)
        version, guesses = model_labels(connection, sample_id) if predictions else ("", {})
    if not tasks:
        raise BadInput(f"{sample_id} has no passage that is in the warehouse.")
    if predictions and not guesses:
        raise BadInput(
            "No passage of this sample is scored by the model in use. Run `entente refresh` first, or leave --predictions out."
        )
    return write_outputs(
        task_files(
            tasks, codebook, file_format, out, coder=coder, guesses=guesses if predictions else None, model_version=version
        ),
        overwrite=overwrite,
    )


def task_files(
    tasks: Sequence[CodingTask],
    codebook: Codebook,
    file_format: str,
    out: Path,
    *,
    coder: str = "",
    guesses: Mapping[str, Mapping[str, str]] | None = None,
    model_version: str = "",
) -> dict[Path, bytes]:
    """Return the files that a tool wants for passages to code: the tasks, and beside them what it needs to show them.

    Args:
        tasks: the passages.
        codebook: what is asked.
        file_format: of `ENDINGS`.
        out: the file of the tasks.
        coder: is put into an empty form.
        guesses: the model's labels by passage, where they are to be shown; forms show none.
        model_version: of the guesses.
    """
    if file_format == "excel":
        return {out: excel.write_form(tasks, codebook, coder)}
    if file_format == "label-studio":
        text = label_studio.write_tasks(tasks, codebook, guesses, model_version)
        return {out: text.encode(), out.with_suffix(".xml"): label_studio.interface(codebook).encode()}
    if file_format == "doccano":
        names = {passage: doccano.label_names(_asked(told, codebook), codebook) for passage, told in (guesses or {}).items()}
        text = doccano.write_tasks(tasks, codebook, None if guesses is None else names)
        return {out: text.encode(), out.with_suffix(".labels.json"): doccano.labels(codebook).encode()}
    if file_format == "inception":
        return {out: inception.write_tasks(tasks, codebook, guesses)}
    return {out: _form(tasks, codebook, file_format, coder)}


def _form(tasks: Sequence[CodingTask], codebook: Codebook, file_format: str, coder: str) -> bytes:
    columns = forms.columns(codebook)
    lines = [
        {name: ({**task.shown(), "coder": coder, "codebook_version": codebook.version}).get(name, "") for name in columns}
        for task in tasks
    ]
    if file_format == "jsonl":
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
    text_out = io.StringIO()
    writer = csv.DictWriter(text_out, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(lines)
    return text_out.getvalue().encode()


def export_codes(
    settings: Settings, sample_id: str | None, file_format: str, out: Path, *, overwrite: bool = False
) -> tuple[Path, int]:
    """Write all codes, or those of a sample, in the own format or as filled forms; returns the file and the number of codes.

    Raises:
        BadInput: when there is no such sample, the format is one of a tool that is given tasks, or the file is there, says something
            else, and `overwrite` is not said.
    """
    codebook = read_codebook(settings)
    require_warehouse(settings)
    with open_warehouse(settings.paths.warehouse) as connection:
        if sample_id is not None:
            read_sample(connection, sample_id)
        rows = read_codes(connection, sample_id)
    if file_format == "csv":
        content = write_csv(rows).encode()
    elif file_format == "jsonl":
        content = write_jsonl(rows).encode()
    elif file_format == "excel":
        content = excel.write_codes(rows, codebook)
    else:
        raise BadInput(
            f"Codes are exported as csv, jsonl or excel, not for {file_format}: coders must not see each other's codes."
        )
    write_outputs({out: content}, overwrite=overwrite)
    return out, len(rows)


def export_training(settings: Settings, folder: Path, *, overwrite: bool = False) -> int:
    """Write the settled codes that may be learned from, as a folder for `entente train`; returns the number of passages.

    Passages of gold samples and codes of another major version of the codebook are left out, and so are passages on which coders still
    differ in a dimension that every passage needs.

    Raises:
        BadInput: when no passage is left; when the folder holds the parts of other annotations (dev.jsonl, test.jsonl), or texts.jsonl
            or train.jsonl with other content and `overwrite` is not said.
    """
    from warehouse.training_codes import training_passages

    for name in ("dev.jsonl", "test.jsonl"):
        if (folder / name).exists():
            raise BadInput(
                f"{folder / name} is there: the folder holds other annotations, whose texts would be lost. Name another with --out."
            )
    codebook = read_codebook(settings)
    require_warehouse(settings)
    needed = needed_dimensions(codebook)
    with open_warehouse(settings.paths.warehouse) as connection:
        found = training_passages(connection, needed, codebook.major).passages
    if not found:
        raise BadInput(
            "No passage outside the gold samples has settled codes in every dimension. Draw and code a training sample first."
        )
    texts, codes = annotation_lines(found, codebook)
    write_outputs({folder / "texts.jsonl": as_lines(texts), folder / "train.jsonl": as_lines(codes)}, overwrite=overwrite)
    return len(found)


def needed_dimensions(codebook: Codebook) -> list[str]:
    """Return the dimensions without which a passage cannot be learned from."""
    return [one.id for one in codebook.dimensions if one.tier != "later" and not one.derived_from]


def annotation_lines(
    found: Sequence[tuple[dict[str, Any], dict[str, str]]], codebook: Codebook
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return coded passages as the lines of `texts.jsonl` and of a file of codes."""
    sets = forms.sets_of(codebook)
    codes = [
        {
            "id": text["id"],
            **{name: ([one for one in value.split(";") if one] if name in sets else value) for name, value in told.items()},
        }
        for text, told in found
    ]
    return [text for text, _told in found], codes


def as_lines(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _asked(told: Mapping[str, str], codebook: Codebook) -> dict[str, str]:
    asked = forms.choices(codebook)
    return {name: value for name, value in told.items() if name in asked}


def _unknown(connection: Connection, checked: Checked) -> list[Problem]:
    known = {
        str(one)
        for (one,) in connection.execute(
            "SELECT passage_id FROM passages UNION SELECT passage_id FROM sample_frame_units UNION SELECT passage_id FROM annotations"
        ).fetchall()
    }
    strange = sorted({row.passage_id for row in checked.rows} - known)
    return [Problem(0, "passage_id", one, "no passage of this project") for one in strange]


def _told(request: ImportRequest, problems: list[Problem]) -> str:
    if request.report is not None:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(["line", "column", "value", "why"])
        writer.writerows([one.line or "", one.column, one.value, one.why] for one in problems)
        write_text_whole(request.report, out.getvalue())
    place = f" All of them: {request.report}." if request.report else " --report FILE writes all of them as CSV."
    return f"{request.file}: nothing was imported, {len(problems)} problems:{listed(problems)}" + (
        place if len(problems) > SHOWN or request.report else ""
    )


def facts(done: Imported) -> dict[str, Any]:
    """Return what an import did as plain values."""
    return {"new": done.new, "known": done.known, "passages_not_read_any_more": list(done.unknown_passages)}
