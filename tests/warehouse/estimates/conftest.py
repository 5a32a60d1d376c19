"""A small simulated corpus with gold codes, published by the real publish: two countries, three years, one mission."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.warehouse.build import CATEGORIES, classify_all, extract_all, fetched, start
from warehouse.database import open_warehouse
from warehouse.publish import publish
from warehouse.transactions import Connection, raise_content_version

U = "(md5_number_lower(concat_ws('|', {key}, '{salt}')) / 18446744073709551616.0)"


def simulate(connection: Connection, gold: bool = True) -> None:
    """Give the passages probabilities of their own and every third or so a code of people; the draws are hashes, so always the same."""
    loader = start(connection)
    documents = [
        fetched(f"{country}{year}{n}", country_iso3=country, published=date(year, 1 + n, 5), doc_type="comment")
        for country in ("ATL", "XBO")
        for year in (2018, 2019, 2020)
        for n in range(6)
    ]
    loader.load_fetched(documents)
    extract_all(loader, passages=8)
    classify_all(loader)
    for dimension, categories in CATEGORIES.items():
        drawn = ", ".join(
            f'"p_{dimension}__{one}" = 0.05 + 0.9 * ' + U.format(key="passage_id", salt=f"{dimension}{one}") for one in categories
        )
        connection.execute(f"UPDATE scores SET {drawn}")
        if dimension != "mechanism":
            total = " + ".join(f'"p_{dimension}__{one}"' for one in categories)
            shares = ", ".join(f'"p_{dimension}__{one}" = "p_{dimension}__{one}" / ({total})' for one in categories)
            connection.execute(f"UPDATE scores SET {shares}")
    if gold:
        probability = "0.3 + 0.5 * p_stance__contestation"
        connection.execute(
            "INSERT INTO samples BY NAME SELECT 'gold' AS sample_id, passage_id, 'poisson' AS design, "
            f"{probability} AS inclusion_probability, now()::TIMESTAMP AS drawn_at, 1 AS seed FROM scores "
            f"WHERE {U.format(key='passage_id', salt='sample')} < {probability}"
        )
        for dimension, categories in CATEGORIES.items():
            choice = f"(1 + floor({len(categories)} * {U.format(key='passage_id', salt='gold' + dimension)}))::INTEGER"
            connection.execute(
                "INSERT INTO annotations BY NAME SELECT passage_id || ? AS annotation_id, passage_id, 'A' AS coder, ? AS dimension, "
                f"(?::VARCHAR[])[{choice}] AS value, 'adjudicated' AS status, '1.1.0' AS codebook_version, "
                "TIMESTAMP '2026-01-01' AS coded_at FROM samples",
                [dimension, dimension, list(categories)],
            )
    connection.execute(
        "INSERT INTO missions VALUES ('m1', 'UN', 'ATL', NULL, 'visit', DATE '2019-02-01', DATE '2019-02-20', NULL), "
        "('m2', 'UN', 'XBO', NULL, 'visit', DATE '2019-03-15', DATE '2019-03-20', NULL)"
    )
    raise_content_version(connection)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published file; made once, read only."""
    folder = tmp_path_factory.mktemp("estimates")
    with open_warehouse(folder / "w.duckdb") as connection:
        simulate(connection)
    publish(folder / "w.duckdb", folder / "p.duckdb", built_by="test")
    return folder / "p.duckdb"


@pytest.fixture
def database(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(published), read_only=True) as connection:
        yield connection
