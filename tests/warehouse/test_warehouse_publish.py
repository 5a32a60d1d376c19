"""Publishing: all at once, checked, readable while it is replaced, and nothing where nothing changed."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from entente.errors import BadInput, Busy
from tests.warehouse.build import CODEBOOK, COLUMNS, KEY, classify_all, extract_all, fetched, full_job, prediction, start, states
from warehouse.checks import all_checks
from warehouse.codebook import set_codebook
from warehouse.content import content_digest
from warehouse.database import open_warehouse
from warehouse.kept_releases import kept_files
from warehouse.loader import Loader
from warehouse.publish import publish, published_is_current


def ask(path: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return list(connection.execute(query).fetchall())


def test_the_published_file_answers_the_common_questions_without_joins(tmp_path: Path) -> None:
    warehouse, target = tmp_path / "w.duckdb", tmp_path / "it's here" / "entente.duckdb"
    full_job(warehouse)
    report = publish(warehouse, target, built_by="test")
    assert report.changed
    assert report.rows["passages"] == 9
    columns = "document_id, page_first, heading, para_no, stage, round(p_stage::DOUBLE, 3), stance, mechanism"
    query = f"SELECT {columns} FROM evidence ORDER BY ALL LIMIT 1"
    heading = "Report > II. Findings > 1. Access"
    assert ask(target, query) == [("UN:a:en", 1, heading, "1", "initiation", 0.7, "cooperation", ["dialogue"])]
    ((citation,),) = ask(target, "SELECT citation(passage_id) FROM evidence WHERE symbol = 'A/1' ORDER BY passage_id LIMIT 1")
    assert str(citation).startswith("A/1, Report ")
    assert ask(target, "SELECT documents, passages, naive_share FROM naive_stage_by_country_year") == [(3, 9, 1.0)]
    assert ask(target, "SELECT state, count(*) FROM document_states GROUP BY ALL") == [("published", 3)]
    assert ask(target, "SELECT model_version, documents, passages, scored_passages FROM release") == [("model-1", 3, 9, 9)]
    assert ask(target, "SELECT count(*) FROM gold") == [(0,)]
    assert ask(target, "SELECT comment FROM duckdb_columns() WHERE table_name = 'scores' AND column_name = 'p_stage__none'") != [
        (None,)
    ]
    assert not {"location", "fingerprint"} & {row[0] for row in ask(target, "DESCRIBE records")}
    assert stat.S_IMODE(target.stat().st_mode) == 0o444
    assert [entry.name for entry in target.parent.iterdir()] == ["entente.duckdb"]


def test_a_moved_copy_still_answers(tmp_path: Path) -> None:
    full_job(tmp_path / "w.duckdb")
    publish(tmp_path / "w.duckdb", tmp_path / "entente.duckdb", built_by="test")
    moved = tmp_path / "for analysts" / "other-name.db"
    moved.parent.mkdir()
    moved.write_bytes((tmp_path / "entente.duckdb").read_bytes())
    assert ask(moved, "SELECT count(*) FROM evidence e WHERE citation(e.passage_id) IS NOT NULL") == [(9,)]


def test_label_draws_follow_the_probabilities_and_repeat(tmp_path: Path) -> None:
    full_job(tmp_path / "w.duckdb")
    publish(tmp_path / "w.duckdb", tmp_path / "p.duckdb", built_by="test")
    query = "SELECT count(*) FROM label_draws(200) WHERE stage = 'initiation'"
    ((n,),) = ask(tmp_path / "p.duckdb", query)
    # 1,800 draws at 0.7. Without gold passages the calibration varies by its prior, and what varies is on average nearer to a half.
    assert isinstance(n, int)
    assert 0.55 * 1800 < n < 0.75 * 1800
    assert ask(tmp_path / "p.duckdb", query) == [(n,)]


def test_nothing_is_done_when_nothing_changed_and_a_new_file_when_something_did(tmp_path: Path) -> None:
    warehouse, target = tmp_path / "w.duckdb", tmp_path / "p.duckdb"
    full_job(warehouse)
    with open_warehouse(warehouse) as connection:
        assert not published_is_current(connection, target, built_by="test")
    publish(warehouse, target, built_by="test")
    inode = target.stat().st_ino
    assert not publish(warehouse, target, built_by="test").changed
    assert target.stat().st_ino == inode
    with open_warehouse(warehouse) as connection:
        assert published_is_current(connection, target, built_by="test")
        Loader(connection, None).load_fetched([fetched("d")])
        assert not published_is_current(connection, target, built_by="test")
    assert publish(warehouse, target, built_by="test").changed
    assert ask(target, "SELECT count(*) FROM documents") == [(4,)]
    assert publish(warehouse, target, built_by="a newer program").changed


def test_a_damaged_or_foreign_published_file_is_replaced(tmp_path: Path) -> None:
    warehouse, target = tmp_path / "w.duckdb", tmp_path / "p.duckdb"
    full_job(warehouse)
    target.write_bytes(b"rubbish")
    assert publish(warehouse, target, built_by="test").changed
    assert ask(target, "SELECT count(*) FROM documents") == [(3,)]


def test_a_reader_keeps_the_old_file_while_a_new_one_is_put_in_place(tmp_path: Path) -> None:
    warehouse, target = tmp_path / "w.duckdb", tmp_path / "p.duckdb"
    full_job(warehouse)
    publish(warehouse, target, built_by="test")
    code = (
        f"import duckdb, sys; c = duckdb.connect({str(target)!r}, read_only=True); print('open', flush=True); sys.stdin.readline(); "
        "print(c.execute('SELECT count(*) FROM evidence').fetchall()[0][0], flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        with open_warehouse(warehouse) as connection:
            loader = start(connection)
            loader.load_fetched([fetched("d")])
            extract_all(loader)
            classify_all(loader)
        assert publish(warehouse, target, built_by="test").changed
        out, _err = reader.communicate("go\n")
    assert out == "9\n"
    assert ask(target, "SELECT count(*) FROM evidence") == [(12,)]


def test_publishing_while_the_warehouse_is_held_says_by_whom(tmp_path: Path) -> None:
    warehouse = tmp_path / "w.duckdb"
    full_job(warehouse)
    code = f"import duckdb, sys; c = duckdb.connect({str(warehouse)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        with pytest.raises(Busy, match=str(child.pid)):
            publish(warehouse, tmp_path / "p.duckdb", built_by="test")
        child.communicate("")


def test_publishing_onto_the_warehouse_or_from_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="entente refresh"):
        publish(tmp_path / "w.duckdb", tmp_path / "p.duckdb", built_by="test")
    full_job(tmp_path / "w.duckdb")
    with pytest.raises(BadInput, match="same file"):
        publish(tmp_path / "w.duckdb", tmp_path / "w.duckdb", built_by="test")


def test_an_empty_warehouse_is_published_too(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        set_codebook(connection, CODEBOOK, COLUMNS)
    publish(tmp_path / "w.duckdb", tmp_path / "p.duckdb", built_by="test")
    assert ask(tmp_path / "p.duckdb", "SELECT count(*) FROM evidence") == [(0,)]


def test_leftovers_of_killed_publications_are_removed_and_those_at_work_stay(tmp_path: Path) -> None:
    full_job(tmp_path / "w.duckdb")
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    left, living = tmp_path / f".p.duckdb.{dead.pid}.ab.part", tmp_path / f".p.duckdb.{os.getppid()}.ab.part"
    for path in (left, living):
        path.write_bytes(b"half")
    publish(tmp_path / "w.duckdb", tmp_path / "p.duckdb", built_by="test")
    assert (left.exists(), living.exists()) == (False, True)


def test_states_are_mended_when_a_kill_came_between_the_swap_and_the_ledger(tmp_path: Path) -> None:
    warehouse, target = tmp_path / "w.duckdb", tmp_path / "p.duckdb"
    full_job(warehouse)
    publish(warehouse, target, built_by="test")
    with open_warehouse(warehouse) as connection:
        connection.execute("DELETE FROM document_events WHERE state = 'published'")
        assert not published_is_current(connection, target, built_by="test")
    assert not publish(warehouse, target, built_by="test").changed
    with open_warehouse(warehouse) as connection:
        assert states(connection) == dict.fromkeys("abc", ("published", "ok"))
    assert content_digest(warehouse)["document_events"] == content_digest(target)["document_events"]


def test_unchanged_documents_stay_published_after_new_metadata(tmp_path: Path) -> None:
    warehouse, target = tmp_path / "w.duckdb", tmp_path / "p.duckdb"
    full_job(warehouse)
    publish(warehouse, target, built_by="test")
    with open_warehouse(warehouse) as connection:
        loader = start(connection)
        loader.load_fetched([fetched("a", title="New")])
        assert loader.pending_extraction(KEY) == []
        assert loader.settlement_pending("model-1", ["en"]) == 0
        assert states(connection)["a"] == ("published", "ok")
    assert publish(warehouse, target, built_by="test").changed
    assert ask(target, "SELECT title FROM documents WHERE document_id = 'UN:a:en'") == [("New",)]


def _sample(passage: str, probability: str = "0.5") -> str:
    return (
        "INSERT INTO samples BY NAME SELECT 's' AS sample_id, "
        + passage
        + " AS passage_id, 'srs' AS design, "
        + probability
        + " AS inclusion_probability, TIMESTAMP '2026-01-01' AS drawn_at FROM passages GROUP BY ALL LIMIT 1"
    )


def _code(value: str) -> str:
    return (
        "INSERT INTO annotations BY NAME SELECT 'a' AS annotation_id, min(passage_id) AS passage_id, 'ann' AS coder, 'stage' AS dimension, "
        f"'{value}' AS value, 'adjudicated' AS status, '1.1.0' AS codebook_version, TIMESTAMP '2026-01-01' AS coded_at FROM passages"
    )


# One statement for each check that plants a bad row; every check of the room must be here.
PLANTED = {
    "passage_ids_unique": "INSERT INTO passages SELECT * FROM passages LIMIT 1",
    "document_ids_unique": "INSERT INTO documents SELECT * FROM documents LIMIT 1",
    "record_ids_unique": "INSERT INTO records SELECT * FROM records LIMIT 1",
    "file_hashes_unique": "INSERT INTO files SELECT * FROM files LIMIT 1",
    "scores_unique": "INSERT INTO scores SELECT * FROM scores LIMIT 1",
    "pages_unique": "INSERT INTO pages SELECT * FROM pages LIMIT 1",
    "one_promoted_model": "INSERT INTO models SELECT * REPLACE ('model-2' AS model_version) FROM models",
    "passages_have_document": "UPDATE passages SET document_id = 'gone' WHERE document_id = 'UN:a:en'",
    "pages_have_document": "UPDATE pages SET document_id = 'gone' WHERE document_id = 'UN:a:en'",
    "passages_have_extraction": "DELETE FROM extractions WHERE document_id = 'UN:a:en'",
    "scores_have_codable_passage": "UPDATE passages SET is_codable = false WHERE document_id = 'UN:a:en'",
    "scores_have_model": "UPDATE scores SET model_version = 'unknown'",
    "documents_have_file": "DELETE FROM files WHERE file_sha256 = (SELECT min(file_sha256) FROM files)",
    "documents_have_record": "UPDATE records SET is_primary = false WHERE record_id = 'folder:a'",
    "records_have_state": "DELETE FROM document_events WHERE record_id = 'folder:a'",
    "states_and_reasons_known": "UPDATE document_events SET reason = 'because' WHERE event_no = 1",
    "event_numbers_unique": "UPDATE document_events SET event_no = 2 WHERE event_no = 1",
    "passage_pages_in_order": "UPDATE passages SET page_last = 7 WHERE ordinal = 1",
    "passages_have_text": "UPDATE passages SET text = 'changed' WHERE ordinal = 1",
    "boxes_on_their_pages": "UPDATE passages SET page_first = 2, page_last = 2 WHERE ordinal = 1",
    "published_documents_are_scored": "DELETE FROM scores WHERE document_id = 'UN:a:en'",
    "inclusion_probabilities_in_range": _sample("'p'", "1.5"),
    "gold_and_training_apart": "INSERT INTO samples SELECT 's', min(passage_id), 'srs', NULL, 0.5, TIMESTAMP '2026-01-01', 1, "
    "unnest(['gold', 'training']) FROM passages",
    "samples_unique": f"{_sample('min(passage_id)')}; {_sample('min(passage_id)')}",
    "samples_refer_to_passages": _sample("'gone'"),
    "annotation_ids_unique": f"{_code('none')}; {_code('none')}",
    "annotations_refer_to_passages": f"{_code('none')}; UPDATE annotations SET passage_id = 'gone'",
    "gold_values_in_codebook": _code("nirvana"),
    "country_codes_known": "UPDATE documents SET country_iso3 = 'ABC' WHERE document_id = 'UN:a:en'",
    "country_codes_unique": "INSERT INTO countries VALUES ('ATL', 'Another Atlantis', 'current')",
    "document_dates_in_order": "UPDATE documents SET coverage_start = DATE '2020-02-01', coverage_end = DATE '2020-01-31'",
    "mission_dates_in_order": "INSERT INTO missions (mission_id, start_date, end_date) VALUES ('m', DATE '2020-02-01', DATE '2020-01-31')",
    "mission_ids_unique": "INSERT INTO missions (mission_id) VALUES ('m'), ('m')",
    "documents_have_mission": "UPDATE documents SET mission_id = 'gone' WHERE document_id = 'UN:a:en'",
    "missions_have_report": "INSERT INTO missions (mission_id, report_document_id) VALUES ('m', 'UN:a:en')",
    "records_have_source": "DELETE FROM sources",
    "files_are_named_by_their_hash": "UPDATE files SET n_bytes = 0 WHERE file_sha256 = (SELECT min(file_sha256) FROM files)",
    "passage_ordinals_contiguous": "UPDATE passages SET ordinal = 9 WHERE ordinal = 2 AND document_id = 'UN:a:en'",
    "passage_parts_and_words_in_range": "UPDATE passages SET part = 0 WHERE ordinal = 2 AND document_id = 'UN:a:en'",
    "passages_have_pages": "DELETE FROM pages WHERE document_id = 'UN:a:en'",
    "pages_numbered_from_1": "UPDATE pages SET page = 2 WHERE document_id = 'UN:a:en'",
    "boxes_inside_their_pages": "UPDATE pages SET width = 100 WHERE document_id = 'UN:a:en'",
    "extractions_count_what_is_there": "UPDATE extractions SET n_codable = 2 WHERE document_id = 'UN:a:en'",
    "qualities_between_0_and_1": "UPDATE pages SET lexical = 1.5 WHERE document_id = 'UN:a:en'",
    "duplicates_point_at_passages": "UPDATE passages SET is_duplicate = true, duplicate_of = 'gone' WHERE ordinal = 2",
    "scores_of_promoted_model": "UPDATE models SET state = 'retired'",
    "uncertain_dimensions_known": "UPDATE scores SET uncertain = ['stage', 'mood'] WHERE document_id = 'UN:a:en'",
    "codebook_categories_have_dimension": "DELETE FROM codebook_dimensions WHERE dimension = 'stage'",
    "codebook_values_unique_and_in_order": "UPDATE codebook_categories SET ordinal = 9 WHERE category = 'compliance'",
    "one_codebook_version": "UPDATE codebook_dimensions SET codebook_version = '2.0.0'",
    "runs_end_after_they_begin": "UPDATE runs SET finished_at = TIMESTAMP '2025-01-01'",
    "release_counts_what_is_there": "UPDATE release SET passages = 8",
    "constraint_c1_stage_realization": "UPDATE scores SET realization = 'not_applicable'",
    "constraint_c3_to_c5_stance": "UPDATE scores SET stance = 'mixed'",
    "constraint_c6_locus": "UPDATE scores SET contestation_locus = 'internal'",
    "constraint_c7_mode": "UPDATE scores SET mode = 'not_applicable'",
    "constraint_c8_host_government": "UPDATE scores SET voice = 'host_government', cooperation_intensity = '2'",
}
# The checks that the codebook makes: one of each kind for each dimension.
for one in COLUMNS.dimensions:
    PLANTED[f"{one.name}_probabilities_between_0_and_1"] = f"UPDATE scores SET p_{one.name}__{one.categories[0]} = 'nan'::FLOAT"
    if one.multi:
        PLANTED[f"{one.name}_labels_in_codebook"] = f"UPDATE scores SET {one.name} = ['{one.categories[0]}', 'telepathy']"
    else:
        PLANTED[f"{one.name}_probabilities_sum_to_1"] = f"UPDATE scores SET p_{one.name}__{one.categories[0]} = 0.51"
        PLANTED[f"{one.name}_label_in_codebook"] = f"UPDATE scores SET {one.name} = 'nirvana'"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "w.duckdb"
    full_job(path)
    publish(path, path.with_name("p.duckdb"), built_by="test")
    return path


@pytest.mark.parametrize("check", sorted(PLANTED))
def test_each_check_finds_a_planted_row_and_stops_the_publication(sound: Path, tmp_path: Path, check: str) -> None:
    with duckdb.connect(str(sound.with_name("p.duckdb")), read_only=True) as connection:
        query = all_checks(COLUMNS)[check].strip().rstrip(";")
        assert connection.execute(query).fetchall() == []
    planted = tmp_path / "planted.duckdb"
    planted.write_bytes(sound.with_name("p.duckdb").read_bytes())
    with duckdb.connect(str(planted)) as connection:
        connection.execute(PLANTED[check])
        assert connection.execute(query).fetchall() != []


def test_a_passage_that_could_never_be_drawn_stops_the_publication(sound: Path, tmp_path: Path) -> None:
    planted = tmp_path / "planted.duckdb"
    planted.write_bytes(sound.with_name("p.duckdb").read_bytes())
    with duckdb.connect(str(planted)) as connection:
        connection.execute(
            "INSERT INTO sample_frame_units BY NAME SELECT 's' AS sample_id, min(passage_id) AS passage_id, 0.0 AS inclusion_probability "
            "FROM passages"
        )
        assert len(connection.execute(all_checks(COLUMNS)["inclusion_probabilities_in_range"]).fetchall()) == 1


def test_every_check_has_a_planted_row() -> None:
    assert set(all_checks(COLUMNS)) == set(PLANTED)


def test_bad_rows_stop_the_publication_with_name_and_row_and_the_old_file_stays(tmp_path: Path) -> None:
    warehouse, target = tmp_path / "w.duckdb", tmp_path / "p.duckdb"
    full_job(warehouse)
    publish(warehouse, target, built_by="test")
    before = target.read_bytes()
    with open_warehouse(warehouse) as connection:
        loader = start(connection)
        (name,) = connection.execute("SELECT min(passage_id) FROM passages").fetchall()[0]
        loader.load_predictions("model-1", [prediction(name, stance="mixed")], [])
    with pytest.raises(BadInput, match=rf"constraint_c3_to_c5_stance: 1 bad rows.*{name}"):
        publish(warehouse, target, built_by="test")
    assert target.read_bytes() == before
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["p.duckdb", "w.duckdb"]


def test_files_of_before_are_kept_as_many_as_wanted_and_stay_as_they_were(tmp_path: Path) -> None:
    warehouse, target = tmp_path / "w.duckdb", tmp_path / "published" / "p.duckdb"
    full_job(warehouse)
    contents = []
    for number in range(4):
        publish(warehouse, target, built_by=f"test {number}", keep=2)
        contents.append(target.read_bytes())
    assert [path.read_bytes() for path in kept_files(target)] == contents[1:3]
    assert not publish(warehouse, target, built_by="test 3", keep=2).changed
    assert len(kept_files(target)) == 2
    publish(warehouse, target, built_by="test 4", keep=0)
    assert kept_files(target) == []


def test_what_is_no_published_file_is_not_kept(tmp_path: Path) -> None:
    warehouse, target = tmp_path / "w.duckdb", tmp_path / "p.duckdb"
    full_job(warehouse)
    target.write_bytes(b"rubbish")
    publish(warehouse, target, built_by="test", keep=2)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["p.duckdb", "w.duckdb"]
