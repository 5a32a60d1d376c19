"""Files of older versions, made by SQL as those versions made them, become files of this one; what people made is all there."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from entente.errors import Unavailable
from tests.warehouse.build import CODEBOOK, COLUMNS
from tests.warehouse.kills import COUNTING
from warehouse.codebook import set_codebook
from warehouse.content import content_digest
from warehouse.database import open_warehouse, pending_changes
from warehouse.migrations import read_sql

# Migrations that files in use have had: changing their text would make two shapes of one version.
FROZEN = {
    "0001_first_tables": "be80584f3ec2acf2",
    "0002_remote_sources": "3e238ae8480f0cf3",
    "0003_code_tables": "a968dbed9f24d1da",
}
META = """
CREATE TABLE warehouse_meta (name VARCHAR NOT NULL, value VARCHAR NOT NULL);
CREATE TABLE schema_migrations (name VARCHAR NOT NULL, applied_at TIMESTAMP NOT NULL);
INSERT INTO warehouse_meta VALUES ('application', 'entente'), ('warehouse_id', 'abc'), ('entente_version', '0.0.1'), ('content_version', '7'),
    ('derived_version', '1');
"""
# A row of what cannot be had again, as the first version held it.
ROWS = """
INSERT INTO sources (source_id, first_seen_at) VALUES ('folder', TIMESTAMP '2026-01-01');
INSERT INTO records (record_id, source_id, record_key, location, fingerprint, metadata_hash, metadata, file_sha256, document_id, is_primary,
    first_seen_at, changed_at) VALUES ('folder:a', 'folder', 'a', '/a', 'm', 'h', '{}', 'f', 'UN:a:en', true,
    TIMESTAMP '2026-01-01', TIMESTAMP '2026-01-01');
INSERT INTO annotations VALUES ('a1', 'p1', 'UN:a:en', 'f', 't', 'ann', 'stage', 'none', 'adjudicated',
    '1.1.0', 'csv', TIMESTAMP '2026-01-01', 'a note', ['context_needed']);
INSERT INTO samples VALUES ('s', 'p1', 'srs', NULL, 0.25, TIMESTAMP '2026-01-01', 7);
INSERT INTO models VALUES ('m-1', 'minilm', NULL, '1.1.0', NULL, ['en'], '{}', NULL, 'promoted', TIMESTAMP '2026-01-01');
INSERT INTO document_events VALUES (1, 'folder:a', 'UN:a:en', 'fetched', 'ok', NULL, TIMESTAMP '2026-01-01', 'r');
INSERT INTO runs VALUES ('r', 'refresh', 'c', '0.0.1', 'entente refresh', TIMESTAMP '2026-01-01', NULL, 'completed', '{}');
INSERT INTO codebook_dimensions VALUES ('mood', 'Mood', 'ordinal', 'core', 'Which?', 1, '0.9.0');
CREATE TABLE passages (passage_id VARCHAR, text VARCHAR);
INSERT INTO passages VALUES ('p1', 'of an older shape');
"""


def old_file(path: Path, migrations: Sequence[str]) -> None:
    """Make a file as an Entente with only these migrations left it."""
    texts = read_sql("schema/kept")
    with duckdb.connect(str(path)) as connection:
        connection.execute(META)
        for number, name in enumerate(migrations):
            connection.execute(texts[name])
            connection.execute("INSERT INTO schema_migrations VALUES (?, TIMESTAMP '2026-01-01')", [name])
            if number == 0:
                connection.execute(ROWS)


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_file_tells_what_is_pending_unwritten_and_then_becomes_a_new_one(tmp_path: Path, version: int) -> None:
    path, names = tmp_path / "w.duckdb", sorted(read_sql("schema/kept"))
    old_file(path, names[:version])
    before = path.read_bytes()
    waiting = pending_changes(path)
    assert waiting[:-1] == names[version:]
    assert waiting[-1].startswith("derived tables")
    with pytest.raises(Unavailable, match=names[version]), open_warehouse(path, read_only=True):
        pass
    assert path.read_bytes() == before
    with open_warehouse(path) as connection:
        found = {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]
            for table in ("sources", "records", "annotations", "samples", "models", "document_events", "runs", "passages")
        }
        assert found == dict.fromkeys(found, 1) | {"passages": 0}
        assert connection.execute("SELECT value, note, flag FROM annotations").fetchall() == [
            ("none", "a note", ["context_needed"])
        ]
        assert connection.execute("SELECT inclusion_probability, seed FROM samples").fetchall() == [(0.25, 7)]
        assert connection.execute("SELECT is_ordinal FROM codebook_dimensions").fetchall() == [(True,)]
        assert set_codebook(connection, CODEBOOK, COLUMNS)
        assert connection.execute("SELECT stage FROM gold").fetchall() == [("none",)]
    assert pending_changes(path) == []


# A child that opens the file and dies by SIGKILL before the statement whose number it is given; 0 lets it live and count.
CHILD = (
    COUNTING
    + """
from warehouse.database import open_warehouse
with open_warehouse(Path(sys.argv[1])):
    pass
print(seen)
"""
)


@pytest.mark.e2e
def test_a_migration_killed_between_any_two_statements_is_before_or_after_each_step(tmp_path: Path) -> None:
    root, names = Path(__file__).resolve().parents[2], sorted(read_sql("schema/kept"))

    def opened(path: Path, deadline: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", CHILD, str(path), str(deadline)]
        return subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)

    old_file(tmp_path / "calm.duckdb", names[:1])
    statements = int(opened(tmp_path / "calm.duckdb", 0).stdout)
    for deadline in range(6, statements, max(1, statements // 3)):
        path = tmp_path / f"{deadline}.duckdb"
        old_file(path, names[:1])
        assert opened(path, deadline).returncode == -signal.SIGKILL
        waiting = pending_changes(path)
        assert [one for one in waiting if one in names] == names[len(names) - len([one for one in waiting if one in names]) :]
        with open_warehouse(path) as connection:
            assert connection.execute("SELECT value FROM annotations").fetchall() == [("none",)]
        assert content_digest(path) == content_digest(tmp_path / "calm.duckdb")


def test_migrations_of_files_in_use_are_never_changed() -> None:
    texts = read_sql("schema/kept")
    assert {name: hashlib.sha256(texts[name].encode()).hexdigest()[:16] for name in FROZEN} == FROZEN
