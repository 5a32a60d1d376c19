"""Adjudication: what is put before the adjudicator, and decisions held against the codebook and what is settled already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from models.codebook import Codebook
from models.coding.checking import LADDERS, Checked, Problem, allowed_values, check_rows, stance_of
from models.constraints import violations
from models.types import CodeRow

COLUMNS = ("passage_id", "dimension", "heading", "text", "codes", "allowed", "value", "reason", "adjudicator", "decided_at")
"""The columns of the queue as a file; the last four are filled in."""

_READING = frozenset({"heading", "text", "codes", "allowed"})


def line_of(row: Mapping[str, Any], codebook: Codebook) -> dict[str, str]:
    """Return a row of the view `adjudication_queue` as a line of the file."""
    codes = " | ".join(
        f"{one['coder']}: {one['value'] or '(none)'}" + (f" ({one['note']})" if one["note"] else "") for one in row["codes"]
    )
    return {
        "passage_id": row["passage_id"],
        "dimension": row["dimension"],
        "heading": row["heading"] or "",
        "text": row["text"] or "",
        "codes": codes,
        "allowed": ", ".join(allowed_values(codebook).get(row["dimension"], ())),
        "value": "",
        "reason": "",
        "adjudicator": "",
        "decided_at": "",
    }


def disagreements(rows: Iterable[CodeRow], codebook: Codebook, texts: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what coders differ on in codes that are in no warehouse, in the shape of the view `adjudication_queue`.

    A coder's latest code of a passage counts; what was adjudicated waits no more.

    Args:
        rows: codes of all coders.
        codebook: only its dimensions that are coded for themselves are asked about.
        texts: `text` and `heading` by passage, where they are known.
    """
    latest: dict[tuple[str, str], dict[str, CodeRow]] = defaultdict(dict)
    done = set()
    for row in rows:
        key = (row.passage_id, row.dimension)
        if row.status == "adjudicated":
            done.add(key)
        elif row.dimension in codebook.by_id and not is_derived(row.dimension, codebook):
            before = latest[key].get(row.coder)
            if before is None or (row.coded_at is not None and (before.coded_at is None or row.coded_at >= before.coded_at)):
                latest[key][row.coder] = row
    return [
        {
            "passage_id": passage,
            "dimension": dimension,
            "codes": [{"coder": coder, "value": row.value, "note": row.note} for coder, row in sorted(codes.items())],
            "is_gold": False,
            "heading": texts.get(passage, {}).get("heading"),
            "text": texts.get(passage, {}).get("text"),
        }
        for (passage, dimension), codes in sorted(latest.items())
        if len({row.value for row in codes.values()}) > 1 and (passage, dimension) not in done
    ]


def is_derived(dimension: str, codebook: Codebook) -> bool:
    """Return whether a dimension follows from others, so that nobody decides it by itself."""
    return dimension in codebook.by_id and bool(codebook.by_id[dimension].derived_from)


def check_decisions(
    raw: Iterable[tuple[int, Mapping[str, Any]]],
    codebook: Codebook,
    settled: Mapping[str, Mapping[str, str]],
    adjudicator: str | None = None,
) -> Checked:
    """Check decisions; a line whose value and reason are empty was not decided and is left out.

    Args:
        raw: line number and cells, by the names of `COLUMNS`; `none_of_these` is the empty set.
        codebook: what decisions must agree with.
        settled: the codes that stand already, by passage and dimension: decisions must not contradict them.
        adjudicator: who decided where a line does not say it.
    """
    sets = {dimension.id for dimension in codebook.dimensions if dimension.kind == "multi"}
    problems: list[Problem] = []
    rows: list[tuple[int, dict[str, Any]]] = []
    for line, cells in raw:
        value, reason = (str(cells.get(name) or "").strip() for name in ("value", "reason"))
        if not value and not reason:
            continue
        dimension = str(cells.get("dimension") or "").strip()
        if not reason:
            problems.append(Problem(line, "reason", "", "is empty; a decision is kept with its reason"))
        if not value:
            problems.append(Problem(line, "value", "", "is empty; clear the reason too where nothing was decided"))
            continue
        if is_derived(dimension, codebook):
            problems.append(
                Problem(line, "dimension", dimension, f"follows from {', '.join(codebook.by_id[dimension].derived_from)}")
            )
            continue
        told = {name: one for name, one in cells.items() if name not in _READING and name not in ("adjudicator", "decided_at")}
        told["coder"] = cells.get("adjudicator") or adjudicator
        told["coded_at"] = cells.get("decided_at")
        told["status"] = "adjudicated"
        told["value"] = "" if dimension in sets and value == "none_of_these" else value
        rows.append((line, told))
    checked = check_rows(rows, codebook)
    problems += [
        Problem(one.line, "adjudicator" if one.column == "coder" else one.column, one.value, one.why) for one in checked.problems
    ]
    lines = {(str(told["passage_id"]), str(told["dimension"])): line for line, told in rows}
    decided = [row for row in checked.rows if not is_derived(row.dimension, codebook)]
    return Checked(
        [*decided, *_together(decided, codebook, settled, lines, problems)], sorted(problems, key=lambda one: one.line)
    )


def _together(
    rows: list[CodeRow],
    codebook: Codebook,
    settled: Mapping[str, Mapping[str, str]],
    lines: Mapping[tuple[str, str], int],
    problems: list[Problem],
) -> list[CodeRow]:
    """Hold each passage's decisions against what is settled, and return the stances that follow."""
    by_passage: dict[str, list[CodeRow]] = defaultdict(list)
    for row in rows:
        by_passage[row.passage_id].append(row)
    rules = {rule.id: rule.rule for rule in codebook.constraints}
    stances = []
    for passage, decisions in by_passage.items():
        values: dict[str, str | tuple[str, ...] | None] = {
            name: value
            for name, value in settled.get(passage, {}).items()
            if name != "stage_secondary" and not is_derived(name, codebook)
        }
        values.update({row.dimension: row.value for row in decisions})
        if "stage" in values:
            values.setdefault("stage_secondary", None)
        if "stance" in codebook.by_id and all(name in values for name in LADDERS):
            values["stance"] = stance_of(*(str(values[name]) for name in LADDERS))
            one = next((row for row in decisions if row.dimension in LADDERS), None)
            if one is not None:
                stances.append(
                    CodeRow(
                        passage, one.coder, "stance", str(values["stance"]), one.codebook_version, one.coded_at, "adjudicated", one.tool,
                        reason=f"follows from the decision on {one.dimension}",
                    )
                )  # fmt: skip
        for name in violations(values, codebook.constraint_ids):
            line = max(lines.get((passage, row.dimension), 0) for row in decisions)
            why = f"with the codes that stand already this breaks {name} ({rules[name]}); decide the other dimension too"
            problems.append(Problem(line, "value", passage, why))
    return stances
