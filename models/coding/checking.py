"""Rows of codes held against the codebook: every bad one named by line, column, value and reason, so that a file is mended in one go."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from models.codebook import Codebook
from models.coding.names import fault_of, plain_name
from models.constraints import violations
from models.types import CodeRow

COLUMNS = (
    "passage_id", "coder", "dimension", "value", "codebook_version", "coded_at", "status", "tool", "note", "flag", "reason", "text_sha256",
)  # fmt: skip
"""The columns of Entente's own format: one row per coder, passage and dimension. The first four are required."""

STATUSES = ("coded", "adjudicated")
NOT_CODED = frozenset({"note", "flag"})
"""Extra fields of the codebook that stand beside a code instead of being one."""

REMARKS = ("flag", "note", "reason")
"""What is kept beside a code and nowhere else."""

NO_XML = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
"""What no XML 1.0 holds (https://www.w3.org/TR/xml/#charsets), and so no workbook: a part of a set of characters in a regular expression."""

UNSEEN = re.compile(f"[{NO_XML}\x7f-\x9f]")
"""Control characters other than tab and line ends, half characters, and what is none."""

LADDERS = ("cooperation_intensity", "contestation_intensity")
"""The dimensions that the stance follows from."""

_STANCE = {(False, False): "neutral", (True, False): "cooperation", (False, True): "contestation", (True, True): "mixed"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be taken; a line of 0 is none in particular."""

    line: int
    column: str
    value: str
    why: str

    def __str__(self) -> str:
        place = f"line {self.line}, " if self.line else ""
        return f"{place}{self.column} = {self.value!r}: {self.why}"


SHOWN = 20
"""How many problems a message names."""


def listed(problems: Sequence[Problem]) -> str:
    """Return the first problems for the end of a message, a line each, and how many more there are."""
    more = len(problems) - SHOWN
    return "".join(f"\n  {one}" for one in problems[:SHOWN]) + (f"\n  ... and {more} more." if more > 0 else "")


@dataclass(frozen=True, slots=True)
class Checked:
    """The good rows and what is wrong with the others."""

    rows: list[CodeRow]
    problems: list[Problem]


def allowed_values(codebook: Codebook) -> dict[str, tuple[str, ...]]:
    """Return the allowed values of each dimension and of the extra fields that are coded like one."""
    allowed = {dimension.id: dimension.category_ids for dimension in codebook.dimensions}
    for extra in codebook.extra_fields:
        if extra.id not in NOT_CODED:
            allowed[extra.id] = tuple(str(value) for value in extra.values)
    return allowed


def stance_of(cooperation: str, contestation: str) -> str:
    """Return the stance that follows from the two intensities."""
    return _STANCE[(cooperation != "0", contestation != "0")]


def remarked(cell: Any) -> bool:
    """Return whether a cell for a remark says anything."""
    return bool(cell) if isinstance(cell, (list, tuple)) else _text(cell) is not None


def check_rows(raw: Iterable[tuple[int, Mapping[str, Any]]], codebook: Codebook) -> Checked:
    """Check rows, and derive the stance where a coder gave both intensities and no stance.

    Args:
        raw: line number and cells of each row, by the names of `COLUMNS`; a cell is text, None or a list of texts.
        codebook: what the codes must agree with.
    """
    allowed = allowed_values(codebook)
    sets = {dimension.id for dimension in codebook.dimensions if dimension.kind == "multi"}
    flags = next((tuple(str(one) for one in extra.values) for extra in codebook.extra_fields if extra.id == "flag"), ())
    rows: list[CodeRow] = []
    problems: list[Problem] = []
    lines: dict[tuple[str, str, str, str], list[tuple[int, CodeRow]]] = defaultdict(list)
    for line, cells in raw:
        before = len(problems)
        row = _row(line, cells, codebook, allowed, sets, flags, problems)
        if row is not None and len(problems) == before:
            rows.append(row)
            lines[(row.passage_id, row.coder, row.status, str(row.coded_at))].append((line, row))
    derived: list[CodeRow] = []
    for group in lines.values():
        _check_together(group, codebook, problems, derived)
    return Checked([*rows, *derived], sorted(problems, key=lambda one: (one.line, one.column)))


def _row(
    line: int,
    cells: Mapping[str, Any],
    codebook: Codebook,
    allowed: Mapping[str, tuple[str, ...]],
    sets: set[str],
    flags: tuple[str, ...],
    problems: list[Problem],
) -> CodeRow | None:
    def wrong(column: str, why: str) -> None:
        problems.append(Problem(line, column, _shown(cells.get(column)), why))

    for column in cells:
        if column not in COLUMNS:
            wrong(column, f"unknown column; allowed: {', '.join(COLUMNS)}")
    texts = {name: _text(cells.get(name)) for name in COLUMNS}
    for name, text in texts.items():
        if text and name != "coder" and (unseen := UNSEEN.search(text)):
            wrong(name, f"holds U+{ord(unseen[0]):04X}, a control character that no form can hold; take it out")
    coder = plain_name(texts["coder"] or "")
    if fault := fault_of(coder):
        wrong("coder", fault)
    remark = next((name for name in REMARKS if remarked(cells.get(name))), None)
    if remark and not texts["dimension"] and not texts["value"]:
        least = " (where nothing can be, the confidence alone)" if "confidence" in allowed else ""
        wrong(remark, f"a {remark} without a code cannot be kept; code what can be coded{least}, or empty the cell")
    elif not texts["dimension"]:
        wrong("dimension", "is empty; every code needs it")
    for name in ("passage_id", "coder"):
        if not texts[name]:
            wrong(name, "is empty; every code needs it")
    dimension = texts["dimension"] or ""
    if dimension and dimension not in allowed:
        wrong("dimension", f"no dimension of the codebook {codebook.version}; allowed: {', '.join(allowed)}")
    value = _value(cells.get("value"), dimension in sets)
    if dimension in allowed:
        if dimension in sets:
            if cells.get("value") is None:
                wrong("value", "is null: nothing was coded; leave the row out. That no category fits is an empty text or list")
            if strange := [one for one in value.split(";") if one and one not in allowed[dimension]]:
                wrong(
                    "value",
                    f"{strange[0]!r} is no category of {dimension}; allowed: {', '.join(allowed[dimension])}, joined by ;",
                )
        elif not value:
            wrong("value", "is empty; leave the row out where nothing was coded")
        elif value not in allowed[dimension]:
            wrong("value", f"no category of {dimension}; allowed: {', '.join(allowed[dimension])}")
    version = texts["codebook_version"] or codebook.version
    if version.split(".")[0] != codebook.version.split(".")[0]:
        wrong(
            "codebook_version",
            f"the codebook here is {codebook.version}; codes of another major version are moved by `entente codebook apply` first",
        )
    status = texts["status"] or "coded"
    if status not in STATUSES:
        wrong("status", f"allowed: {', '.join(STATUSES)}")
    given = cells.get("flag")
    marks = given if isinstance(given, (list, tuple)) else (texts["flag"] or "").split(";")
    flag = tuple(sorted({str(one).strip() for one in marks} - {""}))
    if strange := [one for one in flag if one not in flags]:
        wrong("flag", f"{strange[0]!r} is no flag; allowed: {', '.join(flags)}, joined by ;")
    at = None
    if texts["coded_at"]:
        try:
            at = _time(texts["coded_at"])
        except (ValueError, OverflowError):
            wrong("coded_at", "no time; write it as 2026-05-31T14:05:00Z")
    if not (texts["passage_id"] and coder and dimension):
        return None
    return CodeRow(
        texts["passage_id"], coder, dimension, value, version, at, status, texts["tool"], texts["note"], flag, texts["reason"],
        texts["text_sha256"],
    )  # fmt: skip


def _check_together(
    group: list[tuple[int, CodeRow]], codebook: Codebook, problems: list[Problem], derived: list[CodeRow]
) -> None:
    """Check what one coder said of one passage at one time: no contradiction, nothing twice; add the stance that follows."""
    values: dict[str, str | tuple[str, ...] | None] = {}
    last, example = group[-1]
    for line, row in group:
        value = str(row.value)
        if row.dimension in values and values[row.dimension] != value:
            problems.append(
                Problem(
                    line, "value", value, f"the same coder gave {values[row.dimension]!r} for {row.dimension} at the same time"
                )
            )
        values[row.dimension] = value
    if "stage" in values:
        values.setdefault("stage_secondary", None)
    if "stance" in codebook.by_id and "stance" not in values and all(name in values for name in LADDERS):
        stance = stance_of(*(str(values[name]) for name in LADDERS))
        values["stance"] = stance
        derived.append(
            CodeRow(
                example.passage_id, example.coder, "stance", stance, example.codebook_version, example.coded_at, example.status, example.tool,
                example.note, example.flag, example.reason, example.text_sha256,
            )
        )  # fmt: skip
    rules = {rule.id: rule.rule for rule in codebook.constraints}
    for name in violations(values, codebook.constraint_ids):
        where = f"{example.coder} on {example.passage_id}"
        problems.append(Problem(last, "value", where, f"the codes of this passage contradict each other ({name}: {rules[name]})"))


def _value(cell: Any, is_set: bool) -> str:
    if isinstance(cell, (list, tuple)):
        return ";".join(sorted({str(one).strip() for one in cell}))
    text = _text(cell) or ""
    return ";".join(sorted({one.strip() for one in text.split(";")} - {""})) if is_set else text


def _text(cell: Any) -> str | None:
    if cell is None:
        return None
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell).strip()
    return text or None


def _time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def _shown(value: Any) -> str:
    shown = "" if value is None else str(value)
    return shown if len(shown) <= 80 else shown[:79] + "…"
