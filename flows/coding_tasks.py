"""Passages out to coders, as the tool of their choice wants them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from entente.errors import BadInput
from flows.load import read_codebook
from flows.outputs import write_outputs
from flows.required import require_warehouse
from flows.settings import Settings
from models.codebook import Codebook
from models.coding import doccano, excel, forms, inception, label_studio
from models.types import CodingTask
from warehouse.coding_tasks import coding_tasks, model_labels
from warehouse.database import open_warehouse
from warehouse.samples import read_sample

# No two formats have the same ending: an export for one tool must not stand where a form for the same coder is being filled in.
ENDINGS = {
    "csv": ".csv",
    "jsonl": ".jsonl",
    "excel": ".xlsx",
    "label-studio": ".json",
    "doccano": ".doccano.jsonl",
    "inception": ".zip",
}


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


def _asked(told: Mapping[str, str], codebook: Codebook) -> dict[str, str]:
    asked = forms.choices(codebook)
    return {name: value for name, value in told.items() if name in asked}
