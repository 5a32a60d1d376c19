"""A small simulated corpus with gold codes, published by the real publish: two countries, three years, one mission."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.warehouse.build import classify_all, extract_all, fetched, start
from tests.warehouse.chance import code_at_random, spread_probabilities
from warehouse.database import open_warehouse
from warehouse.publish import publish
from warehouse.transactions import Connection, raise_content_version


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
    spread_probabilities(connection)
    if gold:
        code_at_random(connection, "0.3 + 0.5 * p_stance__contestation")
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
