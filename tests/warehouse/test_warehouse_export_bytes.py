"""The DuckDB file of a release where DuckDB leaves bytes that it never set: written by a process of zeroed memory, or equal by content."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from entente.errors import BadInput, Unavailable
from tests.warehouse.test_warehouse_export import ABOUT, bytes_of, make_published
from warehouse.content import content_digest
from warehouse.export import bundle
from warehouse.export.bundle import make_release
from warehouse.export.database import published, write_database
from warehouse.export.plan import make_plan
from warehouse.export.readme import released_row
from warehouse.export.zeroed import write_database_zeroed

# Writes the file as the release does, after other work has left its marks in the memory.
WRITER = """
import sys
from pathlib import Path
import duckdb
from warehouse.export.zeroed import write_database_zeroed
source, target, seed = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
with duckdb.connect() as connection:
    connection.execute("CREATE TABLE t AS SELECT repeat(chr(64 + ?), 5000) AS marks FROM range(2000)", [seed])
write_database_zeroed(source, target, target.parent, "1", None, with_text=True)
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_published(tmp_path_factory.mktemp("published") / "one")


def written(source: Path, target: Path, seed: int) -> str:
    root = Path(__file__).resolve().parents[2]
    target.parent.mkdir()
    subprocess.run([sys.executable, "-c", WRITER, str(source), str(target), str(seed)], check=True, cwd=root)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def test_the_process_of_zeroed_memory_writes_the_same_bytes_again_and_the_same_content(tmp_path: Path, source: Path) -> None:
    assert written(source, tmp_path / "a" / "entente.duckdb", 1) == written(source, tmp_path / "b" / "entente.duckdb", 2)
    with published(source) as connection:
        plan, row = make_plan(connection, with_text=True), released_row(connection, "1", None)
        write_database(connection, tmp_path / "entente.duckdb", plan, row)
    assert content_digest(tmp_path / "a" / "entente.duckdb") == content_digest(tmp_path / "entente.duckdb")


def test_an_error_of_the_process_is_told_as_if_there_were_none(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text.duckdb").write_text("This is no database.", encoding="utf-8")
    for name, kind, words in (("gone", BadInput, "no published database"), ("text", BadInput, "text.duckdb")):
        with pytest.raises(kind, match=words):
            write_database_zeroed(tmp_path / f"{name}.duckdb", tmp_path / "t.duckdb", tmp_path, "1", None, with_text=True)
    killed = subprocess.CompletedProcess([], -9, "", "")
    monkeypatch.setattr(subprocess, "run", lambda *_arguments, **_options: killed)
    with pytest.raises(Unavailable, match="ended by signal 9"):
        write_database_zeroed(source, tmp_path / "t.duckdb", tmp_path, "1", None, with_text=True)


def with_chance_bytes(write: Callable[..., None]) -> Callable[..., None]:
    """Return a writer whose every file ends in other bytes, which hold nothing."""
    seen = []

    def writer(*arguments: Any, **options: Any) -> None:
        write(*arguments, **options)
        seen.append(1)
        target = arguments[1]
        target.write_bytes(target.read_bytes() + bytes([len(seen)]) * 262_144)

    return writer


def test_where_bytes_are_left_to_chance_a_release_is_the_same_by_content_and_texts_cannot_be_left_out(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("write_database", "write_database_zeroed"):
        monkeypatch.setattr(bundle, name, with_chance_bytes(getattr(bundle, name)))

    def release(**more: Any) -> bool:
        return make_release(source, lambda _version: tmp_path / "r", ABOUT, version="1", stata=False, **more).changed

    assert release()
    before = bytes_of(tmp_path / "r")
    monkeypatch.setattr(bundle, "is_repeatable", lambda: True)
    with pytest.raises(BadInput, match="holds another release"):
        release()
    monkeypatch.setattr(bundle, "is_repeatable", lambda: False)
    assert not release()
    with pytest.raises(Unavailable, match=r"needs DuckDB 2\.0"):
        release(with_text=False)
    assert bytes_of(tmp_path / "r") == before
    (tmp_path / "r" / "parquet" / "models.parquet").unlink()
    with pytest.raises(BadInput, match=r"models\.parquet is missing or was changed"):
        release()
