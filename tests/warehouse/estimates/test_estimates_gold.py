"""Which codes set an estimate right: whole samples, settled codes, the present codebook, and no answer counted by halves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.warehouse.estimates.conftest import simulate
from warehouse.database import open_warehouse
from warehouse.publish import publish
from warehouse.transactions import Connection

SUPPORT = "min_documents := 2, min_gold := 2, min_gold_documents := 2, min_expected := 0"
Asked = list[tuple[object, ...]]


@pytest.fixture
def answer(tmp_path: Path) -> Callable[..., Asked]:
    """Change the simulated corpus by statements, publish it, and ask it."""

    def asked(query: str, *statements: str) -> Asked:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        with open_warehouse(folder / "w.duckdb") as connection:
            simulate(connection)
            _each(connection, statements)
        publish(folder / "w.duckdb", folder / "p.duckdb", built_by="test")
        with duckdb.connect(str(folder / "p.duckdb"), read_only=True) as database:
            return database.execute(query).fetchall()

    return asked


def _each(connection: Connection, statements: tuple[str, ...]) -> None:
    for statement in statements:
        connection.execute(statement)


ESTIMATES = f"SELECT country_iso3, estimate, gold_passages FROM estimates_by_country('contested', {SUPPORT}) ORDER BY ALL"


def test_a_sample_that_waits_for_its_coders_changes_no_estimate(answer: Callable[..., Asked]) -> None:
    drawn = (
        "INSERT INTO samples BY NAME SELECT 'later' AS sample_id, passage_id, 'srs' AS design, 0.5 AS inclusion_probability, "
        "TIMESTAMP '2026-02-01' AS drawn_at, 2 AS seed, 'gold' AS purpose FROM passages ORDER BY passage_id LIMIT 100"
    )
    assert answer(ESTIMATES) == answer(ESTIMATES, drawn)


def test_codes_of_an_earlier_major_version_set_nothing_right(answer: Callable[..., Asked]) -> None:
    rows = answer(ESTIMATES, "UPDATE annotations SET codebook_version = '0.9.0'")
    assert [(estimate, gold) for _country, estimate, gold in rows] == [(None, 0), (None, 0)]


def test_a_passage_with_half_an_answer_counts_as_not_drawn_for_both_answers(answer: Callable[..., Asked]) -> None:
    sums = "SELECT sum(gold_passages)::BIGINT FROM document_sums WHERE quantity = 'stage_realization' AND category = 'initiation:realized'"
    chosen = "SELECT passage_id FROM annotations WHERE dimension = 'stage' AND value <> 'none' AND md5_number_lower(passage_id) % 2 = 0"
    half = f"DELETE FROM annotations WHERE dimension = 'realization' AND passage_id IN ({chosen})"
    ((whole,),) = answer(sums)
    ((left,),) = answer(sums, half)
    ((halved,),) = answer("SELECT count(*) FROM gold WHERE realization IS NULL AND stage <> 'none'", half)
    assert isinstance(whole, int)
    assert isinstance(left, int)
    assert isinstance(halved, int)
    assert halved > 20
    assert whole - left >= halved * 0.9  # repetitions are not counted


def test_what_the_codebook_leaves_no_choice_about_may_be_left_blank(answer: Callable[..., Asked]) -> None:
    query = "SELECT sum(gold_passages), sum(gold_y) FROM document_sums WHERE quantity = 'stage_realization'"
    blank = (
        "UPDATE annotations SET value = 'not_applicable' WHERE dimension = 'realization' AND passage_id IN "
        "(SELECT passage_id FROM annotations WHERE dimension = 'stage' AND value = 'none')",
        "DELETE FROM annotations WHERE dimension = 'realization' AND value = 'not_applicable' AND passage_id IN "
        "(SELECT passage_id FROM annotations WHERE dimension = 'stage' AND value = 'none')",
    )
    assert answer(query, blank[0]) == answer(query, *blank)


def test_a_code_of_one_coder_is_no_gold_beside_agreed_ones(answer: Callable[..., Asked]) -> None:
    single = (
        "UPDATE annotations SET status = 'submitted'",
        "INSERT INTO annotations BY NAME SELECT * REPLACE ('B' AS coder, annotation_id || 'b' AS annotation_id) "
        "FROM annotations WHERE dimension = 'stage'",
    )
    rows = answer("SELECT count(*), count(stage), count(voice) FROM gold", *single)
    assert rows[0][0] == rows[0][1] != 0
    assert rows[0][2] == 0


def test_a_year_asked_for_has_no_documents_without_a_date(answer: Callable[..., Asked]) -> None:
    undated = "UPDATE documents SET published = NULL WHERE document_id IN ('UN:ATL20180:en', 'UN:ATL20181:en')"
    query = f"SELECT documents FROM estimates_by_country('contested', %s, {SUPPORT}) WHERE country_iso3 = 'ATL'"
    assert answer(query % "from_year := 2020, to_year := 2020", undated) == [(6,)]
    assert answer(query % "from_year := 0", undated) == [(18,)]


def test_a_document_between_two_missions_is_on_no_side(answer: Callable[..., Asked]) -> None:
    query = f"SELECT period, documents FROM before_after_missions('contested', 'comment', {SUPPORT}) ORDER BY period"
    second = (
        "INSERT INTO missions (mission_id, igo, country_iso3, kind, start_date, end_date) "
        "VALUES ('m3', 'UN', 'ATL', 'visit', DATE '2019-06-20', DATE '2019-06-25')"
    )
    between = (
        "SELECT count(*) FROM documents WHERE country_iso3 = 'ATL' AND published BETWEEN DATE '2019-02-21' AND DATE '2019-06-19'"
    )
    ((number,),) = answer(between)
    assert isinstance(number, int)
    assert number > 0
    sides = answer(query, second)
    assert [side for side, _documents in sides] == ["after", "before"]
    assert sum(documents for _side, documents in sides if isinstance(documents, int)) == 36 - number
