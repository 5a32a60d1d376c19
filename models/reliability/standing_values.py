"""Codes as they stand: what was adjudicated, else what all coders of a passage gave alike; or what one coder said last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from models.types import CodeRow

Asked = tuple[str, str]
"""Passage and dimension."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A code that stands: its value (sets joined by `;`), who gave it, and how it was settled (adjudicated, agreed, single, own)."""

    value: str
    coders: tuple[str, ...]
    settled_by: str


def latest_codes(rows: Iterable[CodeRow]) -> tuple[dict[Asked, dict[str, str]], dict[Asked, tuple[str, str]]]:
    """Return each coder's latest value by passage and dimension, and the latest decision with its adjudicator."""
    coded: dict[Asked, dict[str, CodeRow]] = defaultdict(dict)
    decided: dict[Asked, CodeRow] = {}
    for row in rows:
        if row.value is None:
            continue
        key = (row.passage_id, row.dimension)
        if row.status == "adjudicated":
            if key not in decided or _time(decided[key]) <= _time(row):
                decided[key] = row
        elif row.coder not in coded[key] or _time(coded[key][row.coder]) <= _time(row):
            coded[key][row.coder] = row
    return (
        {key: {coder: str(row.value) for coder, row in some.items()} for key, some in coded.items()},
        {key: (str(row.value), row.coder) for key, row in decided.items()},
    )


def standing_values(rows: Iterable[CodeRow]) -> dict[Asked, Standing]:
    """Return the code that stands for each passage and dimension; none where coders differ and nobody has decided."""
    coded, decided = latest_codes(rows)
    found = {key: Standing(value, (adjudicator,), "adjudicated") for key, (value, adjudicator) in decided.items()}
    for key, some in coded.items():
        if key not in found and len(set(some.values())) == 1:
            value = next(iter(some.values()))
            found[key] = Standing(value, tuple(sorted(some)), "agreed" if len(some) > 1 else "single")
    return found


def values_of_coder(rows: Iterable[CodeRow], coder: str) -> dict[Asked, Standing]:
    """Return what one coder said last, whatever was made of it."""
    coded, _decided = latest_codes(rows)
    return {key: Standing(some[coder], (coder,), "own") for key, some in coded.items() if coder in some}


def _time(row: CodeRow) -> datetime:
    return row.coded_at or datetime.min  # noqa: DTZ901  # UTC without zone
