"""`entente codes doubtful`: codes of the warehouse or of a file, with what is known of their passages, put to the question which to look at."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entente.errors import BadInput, EntenteError
from flows.load import read_codebook
from flows.outputs import write_outputs
from flows.required import require_warehouse
from flows.settings import Settings

if TYPE_CHECKING:
    from models.codebook import Codebook
    from models.reliability.doubtful import DoubtfulCode, Given
    from models.types import CodeRow, PassageText

LIST_COLUMNS = (
    "passage_id", "document", "dimension", "code", "coders", "settled_by", "suggested", "probability", "suggested_probability", "margin",
    "judged_by", "reasons", "why", "heading", "text",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DoubtRequest:
    """Which codes to look through.

    Attributes:
        file: a file of codes; None for the warehouse.
        texts: JSON lines with `id`, `doc`, `heading` and `text`; by default `texts.jsonl` beside the file.
        coder: one coder's own codes instead of those that stand.
        dimensions, reasons: only these; empty for all.
    """

    file: Path | None = None
    texts: Path | None = None
    coder: str | None = None
    dimensions: Sequence[str] = ()
    reasons: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Coded:
    rows: Sequence[CodeRow]
    passages: dict[str, PassageText]
    documents: dict[str, str]
    repeats: Sequence[Sequence[str]]
    given: Given
    given_by: str


def find_doubtful(settings: Settings, request: DoubtRequest) -> dict[str, Any]:
    """Return the doubtful codes, what was asked of whom, and how coders err beside what was decided.

    Raises:
        BadInput: when there is nothing to look through, a row of the file does not fit the codebook, or a coder, dimension or reason is
            unknown.
        Unavailable: when scikit-learn is missing.
    """
    from models.reliability.coder_errors import coder_errors
    from models.reliability.doubtful import REASONS, doubtful_codes
    from models.reliability.standing_values import standing_values, values_of_coder

    codebook = read_codebook(settings)
    for name in request.dimensions:
        if name not in codebook.by_id or codebook.by_id[name].derived_from:
            asked = [one.id for one in codebook.dimensions if not one.derived_from]
            raise BadInput(f"--dimension {name!r}: the dimensions that are coded are {', '.join(asked)}.")
    for name in request.reasons:
        if name not in REASONS:
            raise BadInput(f"--reason {name!r}: there are {', '.join(REASONS)}.")
    coded = _of_warehouse(settings, codebook) if request.file is None else _of_file(request.file, request.texts, codebook)
    if not coded.rows:
        raise BadInput("There are no codes of the present codebook yet. `entente codes import` takes them in.")
    if request.coder is None:
        standing = standing_values(coded.rows)
    else:
        standing = values_of_coder(coded.rows, request.coder)
        if not standing:
            names = sorted({row.coder for row in coded.rows})
            raise BadInput(f"--coder {request.coder!r} has coded nothing; there are {', '.join(names)}.")
    found = doubtful_codes(
        standing, coded.passages, coded.documents, coded.repeats, codebook, given=coded.given, given_by=coded.given_by
    )
    chosen = [
        one
        for one in found.codes
        if (not request.dimensions or one.dimension in request.dimensions)
        and (not request.reasons or set(request.reasons) & set(one.reasons))
    ]
    return {
        "codes": [_line(one, coded) for one in chosen],
        "looked_through": len(standing),
        "held_against_a_model": found.asked,
        "why_not": found.not_asked,
        "estimated_mistaken_share": found.mistaken_shares,
        "coder_errors": [asdict(one) for one in coder_errors(coded.rows, codebook)],
    }


def write_list(lines: Sequence[dict[str, Any]], out: Path, *, overwrite: bool = False) -> None:
    """Write the list as CSV; raises `BadInput` where another file would be lost."""
    text = io.StringIO()
    writer = csv.DictWriter(text, LIST_COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({**line, "coders": ";".join(line["coders"]), "reasons": ";".join(line["reasons"])} for line in lines)
    write_outputs({out: text.getvalue().encode()}, overwrite=overwrite)


def write_tasks(
    settings: Settings, passages: Sequence[str], file_format: str, out: Path, *, coder: str = "", overwrite: bool = False
) -> tuple[list[Path], int]:
    """Write passages as tasks to be coded anew, blind as any; returns the files and how many passages are in them.

    Raises:
        BadInput: when none of the passages is in the warehouse, or another file would be lost.
    """
    from flows.coding_tasks import task_files
    from warehouse.coding_tasks import tasks_of_passages
    from warehouse.database import open_warehouse

    require_warehouse(settings)
    with open_warehouse(settings.paths.warehouse) as connection:
        tasks = tasks_of_passages(connection, passages)
    if not tasks:
        raise BadInput("None of these passages is in the project's warehouse: there is nothing to code anew.")
    files = task_files(tasks, read_codebook(settings), file_format, out, coder=coder)
    return write_outputs(files, overwrite=overwrite), len(tasks)


def _line(one: DoubtfulCode, coded: _Coded) -> dict[str, Any]:
    passage = coded.passages.get(one.passage_id)
    return {
        "passage_id": one.passage_id,
        "document": coded.documents.get(one.passage_id),
        "dimension": one.dimension,
        "code": one.value,
        "coders": list(one.coders),
        "settled_by": one.settled_by,
        "suggested": one.suggested,
        "probability": one.probability,
        "suggested_probability": one.suggested_probability,
        "margin": one.margin,
        "judged_by": one.judged_by,
        "reasons": list(one.reasons),
        "why": one.why,
        "heading": passage.heading if passage else "",
        "text": passage.text if passage else "",
    }


def _of_warehouse(settings: Settings, codebook: Codebook) -> _Coded:
    from models.types import text_mark
    from warehouse.coded_passages import coded_texts, gold_probabilities, repeated_and_coded
    from warehouse.codes import read_codes
    from warehouse.database import open_warehouse

    require_warehouse(settings, "Run `entente refresh` first, or name a file of codes.")
    with open_warehouse(settings.paths.warehouse) as connection:
        rows = read_codes(connection, major=codebook.major)
        texts, documents = coded_texts(connection)
        version, given = gold_probabilities(connection)
        # What a model has learned from it says again, right or wrong.
        learned = set(_learned_by(settings, version))
        given = {one: told for one, told in given.items() if one in texts and text_mark(texts[one].text) not in learned}
        return _Coded(rows, texts, documents, repeated_and_coded(connection), given, version)


def _learned_by(settings: Settings, version: str) -> list[str]:
    """Return the marks of what a model has learned from; nothing where it is not at hand or does not tell."""
    from models.model_file import read_facts
    from models.registry import find_model

    if not version:
        return []
    try:
        return read_facts(find_model(version, settings.model_folders)).learned or []
    except EntenteError:
        return []


def _of_file(path: Path, beside: Path | None, codebook: Codebook) -> _Coded:
    from models.coding.checking import listed
    from models.coding.files import read_codes_file
    from models.coding.tables import read_objects
    from models.types import PassageText, plain_sha256

    checked = read_codes_file(path, codebook)
    if checked.problems:
        raise BadInput(f"{path} has {len(checked.problems)} problems:{listed(checked.problems)}")
    place = beside or path.parent / "texts.jsonl"
    wanted = {row.passage_id for row in checked.rows}
    passages, documents, same = {}, {}, defaultdict(list)
    if beside is not None or place.exists():
        for _line, row in read_objects(place):
            if str(row.get("id")) not in wanted or not isinstance(row.get("text"), str):
                continue
            name = str(row["id"])
            passages[name] = PassageText(name, str(row.get("heading") or ""), row["text"])
            documents[name] = str(row.get("doc") or name)
            same[plain_sha256(row["text"])].append(name)
    return _Coded(checked.rows, passages, documents, [tuple(group) for group in same.values() if len(group) > 1], {}, "")
