"""Opening: made on first use, refused when foreign, damaged, newer or held."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from entente.errors import BadInput, Busy, Unavailable
from tests.warehouse.build import CODEBOOK, COLUMNS, KEY, full_job, states
from warehouse import database, migrations
from warehouse.codebook import set_codebook
from warehouse.content import content_digest
from warehouse.database import open_warehouse
from warehouse.loader import Loader
from warehouse.migrations import Migration, all_migrations, migrate, pending, refuse_newer
from warehouse.transactions import content_version, transaction, write_meta
from warehouse.types import ScoreColumns, ScoreDimension


def test_a_missing_warehouse_is_made_whole_and_a_second_opening_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "it's.duckdb"
    with open_warehouse(path) as connection:
        before = content_version(connection)
    with open_warehouse(path) as connection:
        assert content_version(connection) == before
        assert pending(connection) == []
        assert connection.execute("SELECT count(*) FROM evidence").fetchall() == [(0,)]
    assert [entry.name for entry in path.parent.iterdir()] == ["it's.duckdb"]


def test_reading_a_missing_warehouse_is_refused_and_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="entente refresh"), open_warehouse(tmp_path / "no.duckdb", read_only=True):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no database " * 1000])
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.duckdb"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"w\.duckdb"), open_warehouse(path):
        pass
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE theirs (n INTEGER)")
    with pytest.raises(BadInput, match="no warehouse of Entente"), open_warehouse(path):
        pass


def test_a_truncated_warehouse_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(BadInput, match=r"w\.duckdb"), open_warehouse(path) as connection:
        connection.execute("SELECT count(*), max(text) FROM passages").fetchall()


def test_a_warehouse_of_a_newer_entente_is_refused_with_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with open_warehouse(path) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES ('0999_of_tomorrow', ?)", [datetime(2030, 1, 1)])  # noqa: DTZ001  # UTC without zone
        with transaction(connection):
            write_meta(connection, "entente_version", "9.9.9")
    with pytest.raises(Unavailable, match=r"9\.9\.9.*0\.1\.0.*0999_of_tomorrow"), open_warehouse(path):
        pass


def test_derived_tables_of_a_newer_entente_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with open_warehouse(path) as connection, transaction(connection):
        write_meta(connection, "derived_version", "999")
    with pytest.raises(Unavailable), open_warehouse(path, read_only=True):
        pass


def test_a_migration_that_fails_leaves_no_trace_and_a_later_one_works(tmp_path: Path) -> None:
    def half(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("ALTER TABLE annotations ADD COLUMN weight DOUBLE")
        connection.execute("SELECT no_such_column FROM annotations")

    def whole(connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("ALTER TABLE annotations ADD COLUMN weight DOUBLE")

    with open_warehouse(tmp_path / "w.duckdb") as connection:
        with pytest.raises(duckdb.Error):
            migrate(connection, (*all_migrations(), Migration("0002_weight", half)))
        assert "weight" not in str(connection.execute("DESCRIBE annotations").fetchall())
        later = (*all_migrations(), Migration("0002_weight", whole))
        assert pending(connection, later) == ["0002_weight"]
        assert pending(connection, later) == ["0002_weight"]
        assert migrate(connection, later) == ["0002_weight"]
        assert pending(connection, later) == []
        with pytest.raises(Unavailable, match="0002_weight"):
            refuse_newer(connection, "here")


def test_new_derived_tables_come_with_scores_and_views_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path)
    before = content_digest(path)

    def interrupted(_connection: duckdb.DuckDBPyConnection) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(migrations, "DERIVED_VERSION", migrations.DERIVED_VERSION + 1)
    monkeypatch.setattr(database, "make_views", interrupted)
    with pytest.raises(KeyboardInterrupt), open_warehouse(path):
        pass
    assert content_digest(path) == before, "a file without scores would be open to readers"


def test_a_new_shape_of_derived_tables_makes_documents_pending_and_keeps_what_people_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path)
    with open_warehouse(path) as connection:
        connection.execute(
            "INSERT INTO annotations BY NAME SELECT 'a1' AS annotation_id, 'p1' AS passage_id, 'ann' AS coder, 'stage' AS dimension, "
            "'none' AS value, 'coded' AS status, '1.1.0' AS codebook_version, TIMESTAMP '2026-01-01' AS coded_at"
        )
    monkeypatch.setattr(migrations, "DERIVED_VERSION", migrations.DERIVED_VERSION + 1)
    with pytest.raises(Unavailable, match="older Entente"), open_warehouse(path, read_only=True):
        pass
    with open_warehouse(path) as connection:
        set_codebook(connection, CODEBOOK, COLUMNS)
        assert len(Loader(connection, None).pending_extraction(KEY)) == 3
        assert connection.execute("SELECT coder FROM annotations").fetchall() == [("ann",)]
        assert set(states(connection)) == {"a", "b", "c"}


def test_who_holds_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path)
    code = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n"
        for read_only in (False, True):
            with pytest.raises(Busy, match=str(child.pid)), open_warehouse(path, read_only=read_only):
                pass
        child.communicate("")
    with open_warehouse(path, read_only=True) as connection:
        assert states(connection)["a"] == ("classified", "ok")


def test_a_changed_codebook_makes_the_scores_anew_and_an_equal_one_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path)
    with open_warehouse(path) as connection:
        before = content_version(connection)
        assert not set_codebook(connection, CODEBOOK, COLUMNS)
        assert content_version(connection) == before
        fewer = ScoreColumns((ScoreDimension("stage", ("none", "initiation")),))
        assert set_codebook(connection, CODEBOOK, fewer)
        assert Loader(connection, None).unscored("model-1", ["en"]) == 9
        columns = [name for name, *_rest in connection.execute("DESCRIBE evidence").fetchall()]
        assert "p_stage" in columns
        assert "voice" not in columns


def test_scores_of_an_older_layout_are_made_anew_when_the_file_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path)
    with duckdb.connect(str(path)) as connection:
        (old,) = connection.execute("SELECT value FROM warehouse_meta WHERE name = 'score_columns'").fetchall()[0]
        plain = json.dumps(json.loads(old)["dimensions"])
        connection.execute("UPDATE warehouse_meta SET value = ? WHERE name = 'score_columns'", [plain])
        connection.execute("DELETE FROM warehouse_meta WHERE name = 'views'")
        for name in ("review_queue", "naive_stage_by_country_year", "naive_stance_by_country_year", "evidence", "labels"):
            connection.execute(f"DROP VIEW IF EXISTS {name}")
        connection.execute("ALTER TABLE scores DROP COLUMN uncertain")
        connection.execute("ALTER TABLE scores DROP COLUMN is_familiar")
    with open_warehouse(path) as connection:
        assert Loader(connection, None).unscored("model-1", ["en"]) == 9
        assert connection.execute("SELECT count(*) FROM review_queue").fetchall() == [(0,)]


@pytest.mark.parametrize("name", ["Stage", "stage; DROP TABLE documents", 'a"b', "", "model_version"])
def test_identifiers_that_cannot_name_a_column_are_refused(tmp_path: Path, name: str) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection, pytest.raises(BadInput):
        set_codebook(connection, CODEBOOK, ScoreColumns((ScoreDimension(name, ("none",)),)))


def test_leftovers_of_killed_creations_are_removed(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    left = tmp_path / f".w.duckdb.{dead.pid}.abcd.part"
    left.write_bytes(b"half")
    with open_warehouse(tmp_path / "w.duckdb"):
        pass
    assert not left.exists()
