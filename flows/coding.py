"""Codes out of the project for trainers and others, and codes in: a file is taken whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from entente.errors import BadInput
from entente.files import write_text_whole
from flows.load import read_codebook
from flows.outputs import write_outputs
from flows.required import require_warehouse
from flows.settings import Settings
from models.codebook import Codebook
from models.coding import excel, forms
from models.coding.checking import SHOWN, Checked, Problem, listed
from models.coding.files import FileFormat, read_codes_file
from models.coding.names import alike, plain_name
from models.coding.standing import check_with_standing
from models.coding.tables import write_csv, write_jsonl
from warehouse.codes import (
    KINDS,
    Imported,
    coder_kinds,
    known_coders,
    new_codes,
    read_codes,
    say_coders,
    standing_codes,
    store_codes,
)
from warehouse.database import open_warehouse
from warehouse.lock import refresh_lock
from warehouse.migrations import utc_now
from warehouse.samples import read_sample
from warehouse.transactions import Connection, transaction


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
            Also when a kind is none, or is said of somebody who is neither in the file nor known.
        Busy: when another command is writing.
    """
    kinds = {plain_name(name): kind for name, kind in (request.kinds or {}).items()}
    for name, kind in kinds.items():
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
        known = known_coders(connection)
        coders = {row.coder for row in checked.rows}
        problems = [*checked.problems, *_unknown(connection, checked), *_second_spellings(coders, known)]
        if not checked.problems:
            problems += with_standing.problems
        if problems:
            raise BadInput(_told(request, problems))
        _check_kinds(kinds, coders, known)
        before = coder_kinds(connection)
        with transaction(connection):
            done = store_codes(connection, [*checked.rows, *with_standing.rows], at, request.file.name)
            say_coders(connection, [(name, kind, None) for name, kind in kinds.items()], at)
    changed = [(name, before[name], kind) for name, kind in kinds.items() if before.get(name, kind) != kind]
    return replace(done, kinds=tuple(changed))


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


def _unknown(connection: Connection, checked: Checked) -> list[Problem]:
    known = {
        str(one)
        for (one,) in connection.execute(
            "SELECT passage_id FROM passages UNION SELECT passage_id FROM sample_frame_units UNION SELECT passage_id FROM annotations"
        ).fetchall()
    }
    strange = sorted({row.passage_id for row in checked.rows} - known)
    return [Problem(0, "passage_id", one, "no passage of this project") for one in strange]


def _second_spellings(coders: set[str], known: set[str]) -> list[Problem]:
    return [
        Problem(
            0,
            "coder",
            name,
            f"is that {other}{', who is known already' if other in known else ', who is in this file too'}? Then give --name '{name}={other}' "
            f"(with --coder, --coder '{other}'); two people need names that differ by more than case and blanks",
        )
        for name, other in alike(coders, known)
    ]


def _check_kinds(kinds: Mapping[str, str], coders: set[str], known: set[str]) -> None:
    """Refuse what is said of somebody who has coded nothing: a slip in the name would leave the coder without a kind."""
    there = sorted(coders | known)
    for name in kinds:
        if name not in there:
            meant = dict(alike([name], there)).get(name)
            raise BadInput(
                f"--kind says what {name!r} is, and nobody of that name is in the file or has coded before. "
                + (f"Is that {meant}? Then say {meant}." if meant else f"There are: {', '.join(there) or 'none'}.")
            )


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
    return {
        "new": done.new,
        "known": done.known,
        "passages_not_read_any_more": list(done.unknown_passages),
        "kinds_changed": [{"coder": name, "before": before, "now": now} for name, before, now in done.kinds],
    }
