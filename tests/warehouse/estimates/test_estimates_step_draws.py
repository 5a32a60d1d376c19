"""`step_draws` draws by the law of `label_draws`: against exact probabilities, and against the labels of whole passages."""

from __future__ import annotations

import itertools
import math

import duckdb
import numpy as np
import pytest

from tests.warehouse.build import CATEGORIES, COLUMNS
from warehouse.estimates.document_context import document_context
from warehouse.estimates.draws import factors_query
from warehouse.estimates.step_draws import NEEDED

DRAWS = 300
STEPS = CATEGORIES["stage"][1:]
LIMIT = 4.5
"""Standard errors: about one in 100,000 comparisons lies beyond by chance, and the draws are always the same."""


def _chance(dimension: str, category: str, among: tuple[str, ...]) -> str:
    """SQL for the calibrated probability of a category among some."""
    total = " + ".join(_weight(dimension, one) for one in among)
    return f"({_weight(dimension, category)} / ({total}))"


def _weight(dimension: str, category: str) -> str:
    return f's."p_{dimension}__{category}" * x."x_{dimension}__{category}" * f."m_{dimension}__{category}"'


def _exact(stage: str, realization: str) -> str:
    chance = (
        f"{_chance('stage', stage, CATEGORIES['stage'])} * {_chance('realization', realization, CATEGORIES['realization'][:-1])}"
    )
    if (stage, realization) == ("compliance", "realized"):
        chance += f" * {_chance('voice', 'igo', CATEGORIES['voice'])} * {_chance('stance', 'cooperation', CATEGORIES['stance'])}"
    return chance


def _factors() -> str:
    dimensions = [one for one in COLUMNS.dimensions if one.name in NEEDED]
    query = factors_query(dimensions).replace("range(draws)", f"range({DRAWS})")
    return query.replace("wanted_igo", "'UN'").replace("wanted_country", "'ATL'")


def _write_contexts(database: duckdb.DuckDBPyConnection) -> None:
    """Work out in numpy what documents say of their passages, into the table `contexts`."""
    tables: dict[str, dict[str, float]] = {}
    for name in NEEDED:
        categories = [one for one in CATEGORIES[name] if one != "not_applicable"]
        known = {
            category: (share, weight)
            for category, share, weight in database.execute(
                "SELECT category, model_share, context_weight FROM calibration WHERE quantity = ?", [name]
            ).fetchall()
        }
        sums = ", ".join(f'sum("p_{name}__{one}"::DOUBLE)' for one in categories)
        rows = database.execute(f"SELECT document_id, {sums} FROM scores GROUP BY document_id").fetchall()
        x = document_context(np.array([row[1:] for row in rows]), np.array([known[one][0] for one in categories]))
        for row, own in zip(rows, x, strict=True):
            tables.setdefault(row[0], {}).update(
                {f"x_{name}__{one}": float(np.exp(known[one][1] * value)) for one, value in zip(categories, own, strict=True)}
            )
    columns = list(next(iter(tables.values())))
    declared = ", ".join(f'"{one}" DOUBLE' for one in columns)
    database.execute(f"CREATE TEMP TABLE contexts (document_id VARCHAR, {declared})")
    database.executemany(
        f"INSERT INTO contexts VALUES (?{', ?' * len(columns)})",
        [[one, *(own[name] for name in columns)] for one, own in tables.items()],
    )


@pytest.mark.parametrize("realization", ["realized", "prospective"])
def test_documents_reach_steps_as_often_as_the_probabilities_say(database: duckdb.DuckDBPyConnection, realization: str) -> None:
    _write_contexts(database)
    for stage in STEPS:
        # Passages of a draw are independent: none, exactly one, or two and more of a document.
        ((expected, spread, once, once_spread, documents),) = database.execute(
            f"WITH each AS (SELECT f.draw, s.document_id, {_exact(stage, realization)} AS q FROM scores s JOIN contexts x USING (document_id) "
            f"CROSS JOIN ({_factors()}) f "
            "WHERE s.document_id IN (SELECT document_id FROM documents WHERE country_iso3 = 'ATL')), "
            "documents_of_draws AS (SELECT product(1 - q) AS none, product(1 - q) * sum(q / (1 - q)) AS one FROM each "
            "GROUP BY draw, document_id) "
            "SELECT sum(1 - none - one), sum((1 - none - one) * (none + one)), sum(1 - none), sum((1 - none) * none), count(*) "
            "FROM documents_of_draws"
        ).fetchall()
        assert documents == DRAWS * 18
        ((twice_found, once_found),) = database.execute(
            f"SELECT count(*) FILTER (WHERE passages >= 2), count(*) FROM step_draws({DRAWS}, 'UN', 'ATL') WHERE stage = ? AND realization = ?",
            [stage, realization],
        ).fetchall()
        assert abs(twice_found - expected) < LIMIT * math.sqrt(spread), stage
        assert abs(once_found - once) < LIMIT * math.sqrt(once_spread), stage


def test_steps_go_together_in_documents_as_the_labels_of_whole_passages_do(database: duckdb.DuckDBPyConnection) -> None:
    labels = (
        f"SELECT draw, document_id, stage, count(*) AS passages FROM label_draws({DRAWS}, 'UN', 'ATL') WHERE realization = 'realized' "
        "AND (stage <> 'compliance' OR voice = 'igo' AND stance = 'cooperation') GROUP BY ALL"
    )
    steps = f"SELECT draw, document_id, stage, passages FROM step_draws({DRAWS}, 'UN', 'ATL') WHERE realization = 'realized'"
    pairs = []
    for drawn in (labels, steps):
        database.execute(f"CREATE OR REPLACE TEMP TABLE drawn AS {drawn}")
        pairs.append(
            dict(
                database.execute(
                    "SELECT (a.stage, b.stage), count(*) FROM drawn a JOIN drawn b USING (draw, document_id) WHERE a.stage < b.stage "
                    "GROUP BY ALL"
                ).fetchall()
            )
        )
    wanted = {tuple(sorted(pair)) for pair in itertools.combinations(STEPS, 2)}
    assert {tuple(pair) for pair in pairs[0]} == wanted
    for pair, number in pairs[0].items():
        assert abs(number - pairs[1][pair]) < LIMIT * math.sqrt(number + pairs[1][pair]), pair


def test_passages_and_draws_are_independent(database: duckdb.DuckDBPyConnection) -> None:
    # A weak hash shows where one passage or one draw is like the next: counts would vary more or less than chance has it.
    rows = database.execute(
        f"SELECT draw, sum(passages) FROM step_draws({DRAWS}, 'UN', 'ATL') WHERE stage = 'initiation' GROUP BY draw ORDER BY draw"
    ).fetchall()
    counts = [float(number) for _draw, number in rows]
    mean = sum(counts) / len(counts)
    lagged = sum((a - mean) * (b - mean) for a, b in itertools.pairwise(counts)) / sum((a - mean) ** 2 for a in counts)
    assert abs(lagged) < LIMIT / math.sqrt(DRAWS)
    assert (
        rows
        == database.execute(
            f"SELECT draw, sum(passages) FROM step_draws({DRAWS}, 'UN', 'ATL') WHERE stage = 'initiation' GROUP BY draw ORDER BY draw"
        ).fetchall()
    )
