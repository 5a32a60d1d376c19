"""The data checks: each selects bad rows, and any row stops a publication.

The files of this folder are the checks that need no knowledge of the codebook's columns, or name the dimensions that they need.
"""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from entente.errors import BadInput
from warehouse.transactions import Connection
from warehouse.types import ScoreColumns, ScoreDimension
from warehouse.views import fitting

_SHOWN = 3
_TOLERANCE = 0.001


def all_checks(columns: ScoreColumns) -> dict[str, str]:
    """Return every check that fits the scored dimensions: its name and the query for its bad rows."""
    checks = fitting("checks", columns)
    for dimension in columns.dimensions:
        checks.update(_checks_of(dimension))
    return checks


def run_checks(connection: Connection, columns: ScoreColumns) -> None:
    """Run all checks on a published copy.

    Raises:
        BadInput: when any finds bad rows; names each such check with its first rows.
    """
    failures = []
    for name, query in all_checks(columns).items():
        text = query.strip().rstrip(";")
        bad = connection.execute(f"SELECT * FROM ({text}) LIMIT {_SHOWN}").fetchall()
        if bad:
            number = connection.execute(f"SELECT count(*) FROM ({text})").fetchall()[0][0]
            failures.append(f"{name}: {number} bad rows, first {', '.join(str(row) for row in bad)}")
    if failures:
        raise BadInput(
            "The data checks stop the publication; the published file stays as it was. "
            + "; ".join(failures)
            + ". Look at the rows with `entente sql --database`; the checks are in warehouse/checks."
        )


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
