"""Scores and codes at random, in SQL and always the same: a corpus to estimate from, small or large."""

from __future__ import annotations

from tests.warehouse.build import CATEGORIES
from warehouse.transactions import Connection


def uniform(salt: str) -> str:
    """SQL for a number between 0 and 1 that depends on passage and salt alone."""
    return f"(md5_number_lower(concat_ws('|', passage_id, '{salt}')) / 18446744073709551616.0)"


def spread_probabilities(connection: Connection) -> None:
    """Give each scored passage probabilities of its own; those of a dimension with one answer add up to 1."""
    for dimension, categories in CATEGORIES.items():
        drawn = ", ".join(f'"p_{dimension}__{one}" = 0.05 + 0.9 * {uniform(dimension + one)}' for one in categories)
        connection.execute(f"UPDATE scores SET {drawn}")
        if dimension != "mechanism":
            total = " + ".join(f'"p_{dimension}__{one}"' for one in categories)
            shares = ", ".join(f'"p_{dimension}__{one}" = "p_{dimension}__{one}" / ({total})' for one in categories)
            connection.execute(f"UPDATE scores SET {shares}")


def code_at_random(connection: Connection, probability: str) -> None:
    """Draw a gold sample with an inclusion probability (SQL over scores), and code it in every dimension."""
    connection.execute(
        "INSERT INTO samples BY NAME SELECT 'gold' AS sample_id, passage_id, 'poisson' AS design, "
        f"{probability} AS inclusion_probability, TIMESTAMP '2026-01-01' AS drawn_at, 1 AS seed FROM scores "
        f"WHERE {uniform('sample')} < {probability}"
    )
    for dimension, categories in CATEGORIES.items():
        choice = f"(1 + floor({len(categories)} * {uniform('gold' + dimension)}))::INTEGER"
        connection.execute(
            "INSERT INTO annotations BY NAME SELECT passage_id || ? AS annotation_id, passage_id, 'A' AS coder, ? AS dimension, "
            f"(?::VARCHAR[])[{choice}] AS value, 'adjudicated' AS status, '1.1.0' AS codebook_version, "
            "TIMESTAMP '2026-01-01' AS coded_at FROM samples",
            [dimension, dimension, list(categories)],
        )
