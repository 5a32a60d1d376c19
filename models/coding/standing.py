"""New codes held against what the same coder has said of the same passage before: a correction may not leave a contradiction behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from models.codebook import Codebook
from models.coding.checking import LADDERS, Checked, Problem, stance_of
from models.constraints import violations
from models.types import CodeRow


def check_with_standing(fresh: Iterable[CodeRow], standing: Iterable[CodeRow], codebook: Codebook) -> Checked:
    """Check what will stand once new codes are in, and derive the stance anew where a correction changes it.

    Args:
        fresh: codes that are not stored yet, each with a time.
        standing: each coder's latest codes.
        codebook: whose rules they must keep.

    Returns:
        The stances that follow, and the contradictions.
    """
    before: dict[tuple[str, str, str], dict[str, CodeRow]] = defaultdict(dict)
    for row in standing:
        before[(row.passage_id, row.coder, row.status)][row.dimension] = row
    after: dict[tuple[str, str, str], dict[str, CodeRow]] = {}
    for row in fresh:
        key = (row.passage_id, row.coder, row.status)
        codes = after.setdefault(key, dict(before.get(key, {})))
        if row.dimension not in codes or _time(codes[row.dimension]) <= _time(row):
            codes[row.dimension] = row
    rules = {rule.id: rule.rule for rule in codebook.constraints}
    derived: list[CodeRow] = []
    problems: list[Problem] = []
    for key, codes in after.items():
        changed = {name for name, row in codes.items() if before.get(key, {}).get(name) is not row}
        if not changed:
            continue  # an earlier answer, which does not stand
        if "stage" in changed and "stage_secondary" not in changed:
            # Whoever answers the first choice anew without a second one has none.
            codes.pop("stage_secondary", None)
        ladders = [codes[name] for name in LADDERS if name in codes]
        if "stance" in codebook.by_id and "stance" not in changed and changed & set(LADDERS) and len(ladders) == len(LADDERS):
            example = max((codes[name] for name in LADDERS if name in changed), key=_time)
            stance = replace(example, dimension="stance", value=stance_of(*(str(row.value) for row in ladders)))
            if "stance" not in codes or codes["stance"].value != stance.value:
                codes["stance"] = stance
                derived.append(stance)
        values: dict[str, str | tuple[str, ...] | None] = {name: row.value for name, row in codes.items()}
        if "stage" in values:
            values.setdefault("stage_secondary", None)
        passage, coder, _status = key
        problems += [
            Problem(
                0,
                "value",
                f"{coder} on {passage}",
                f"with what this coder has said of the passage before, this breaks {name} ({rules[name]}); code the other dimension too",
            )
            for name in violations(values, codebook.constraint_ids)
        ]
    return Checked(derived, problems)


def _time(row: CodeRow) -> datetime:
    return row.coded_at or datetime.min  # noqa: DTZ901  # UTC without zone
