"""The data checks: each selects bad rows, and any row stops a publication, or is only told where the check's head says `-- warns`.

The files of this folder are the checks that need no knowledge of the codebook's columns, or name the dimensions that they need.
"""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from entente.errors import BadInput
from warehouse.transactions import Connection
from warehouse.types import ScoreColumns, ScoreDimension
from warehouse.views import fitting

_SHOWN = 3
_TOLERANCE = 0.001


@dataclass(frozen=True, slots=True)
class BadRows:
    """What a check has found: how many bad rows, the first of them, and whether that stops a publication."""

    check: str
    n_rows: int
    first: tuple[str, ...]
    only_warns: bool

    def __str__(self) -> str:
        return f"{self.check}: {self.n_rows} bad rows, first {', '.join(self.first)}"


def all_checks(columns: ScoreColumns) -> dict[str, str]:
    """Return every check that fits the scored dimensions: its name and the query for its bad rows."""
    checks = fitting("checks", columns)
    for dimension in columns.dimensions:
        checks.update(_checks_of(dimension))
    return checks


def is_warning(query: str) -> bool:
    """Return whether a check only warns: a line of its head says `-- warns`."""
    head = itertools.takewhile(lambda line: line.startswith("--"), query.splitlines())
    return any(line.strip() == "-- warns" for line in head)


def bad_rows(connection: Connection, columns: ScoreColumns) -> Iterator[BadRows]:
    """Run all checks on an open published copy and yield those that find bad rows."""
    for name, query in all_checks(columns).items():
        text = query.strip().rstrip(";")
        first = connection.execute(f"SELECT * FROM ({text}) LIMIT {_SHOWN}").fetchall()
        if first:
            number = connection.execute(f"SELECT count(*) FROM ({text})").fetchall()[0][0]
            yield BadRows(name, int(number), tuple(str(row) for row in first), is_warning(query))


def run_checks(connection: Connection, columns: ScoreColumns) -> tuple[str, ...]:
    """Run all checks on a published copy; returns what those that only warn have found.

    Raises:
        BadInput: when any other finds bad rows; names each such check with its first rows.
    """
    found = list(bad_rows(connection, columns))
    failures = [str(one) for one in found if not one.only_warns]
    if failures:
        raise BadInput(
            "The data checks stop the publication; the published file stays as it was. "
            + "; ".join(failures)
            + ". Look at the rows with `entente sql --database`; the checks are in warehouse/checks."
        )
    return tuple(str(one) for one in found)


def _checks_of(dimension: ScoreDimension) -> dict[str, str]:
    name = dimension.name
    if not dimension.categories:
        return {}
    columns = [f'"p_{name}__{category}"' for category in dimension.categories]
    outside = " OR ".join(f"{column} IS NULL OR isnan({column}) OR {column} < 0 OR {column} > 1" for column in columns)
    known = ", ".join(f"'{category}'" for category in dimension.categories)
    checks = {f"{name}_probabilities_between_0_and_1": f"SELECT passage_id, model_version FROM scores WHERE {outside}"}
    if dimension.multi:
        checks[f"{name}_labels_in_codebook"] = (
            f'SELECT passage_id, "{name}" FROM scores WHERE "{name}" IS NULL OR len(list_filter("{name}", lambda one: one NOT IN ({known}))) > 0'
        )
        return checks
    total = " + ".join(columns)
    checks[f"{name}_probabilities_sum_to_1"] = (
        f"SELECT passage_id, {total} AS total FROM scores WHERE abs({total} - 1) > {_TOLERANCE}"
    )
    checks[f"{name}_label_in_codebook"] = (
        f'SELECT passage_id, "{name}" FROM scores WHERE "{name}" IS NULL OR "{name}" NOT IN ({known})'
    )
    return checks
