"""Killed at any moment, out of room at any moment: the database is what it was before or after a step, never between."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from entente.errors import Unavailable
from tests.warehouse.build import extract_all, fetched, full_job, start, states
from tests.warehouse.kills import COUNTING
from warehouse.content import content_digest
from warehouse.database import open_warehouse
from warehouse.publish import publish

# A child that does the whole job and dies by SIGKILL before the statement whose number it is given; 0 lets it live and count.
CHILD = (
    COUNTING
    + """
from tests.warehouse.build import classify_all, extract_all, fetched, start
from warehouse.database import open_warehouse
from warehouse.publish import publish

folder = Path(sys.argv[1])
warehouse, target = folder / "w.duckdb", folder / "published" / "p.duckdb"
with open_warehouse(warehouse) as connection:
    loader = start(connection)
    known = loader.known_records(["folder"])
    todo = [fetched(key) for key in "abc" if f"folder:{key}" not in known]
    for row in todo:
        loader.load_fetched([row])
    extract_all(loader)
    classify_all(loader, batch=1)
    loader.finish_run("completed", {})
publish(warehouse, target, built_by="test")
print(seen)
"""
)


def job(folder: Path, deadline: int) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), str(deadline)], capture_output=True, text=True, cwd=root, check=False
    )


@pytest.mark.e2e
# The moments come from pytest-randomly's seed, which a failure prints.
def test_killed_again_and_again_the_same_command_ends_in_the_same_database(tmp_path: Path) -> None:
    calm = job(tmp_path / "calm", 0)
    statements = int(calm.stdout)
    killed = tmp_path / "killed"
    kills = 0
    for _attempt in range(6):
        outcome = job(killed, random.randrange(1, statements))  # noqa: S311  # moments, not secrets
        assert outcome.returncode in (0, -signal.SIGKILL), outcome.stderr
        kills += outcome.returncode != 0
        if (killed / "w.duckdb").exists():
            content_digest(killed / "w.duckdb")
        published = killed / "published" / "p.duckdb"
        if published.exists():
            assert content_digest(published) == content_digest(tmp_path / "calm" / "published" / "p.duckdb")
    assert kills
    assert job(killed, 0).returncode == 0
    for name in ("w.duckdb", "published/p.duckdb"):
        assert content_digest(killed / name) == content_digest(tmp_path / "calm" / name)
    assert [entry.name for entry in (killed / "published").iterdir()] == ["p.duckdb"]


# A child that may not write files beyond a size: to the program it is a full disk. The limit holds for the log too, which has room for as
# much as an empty database of DuckDB 1.5 takes (6.6 MB, on 2.0 5.0 MB).
FULL = """
import resource, sys
from pathlib import Path
from entente.errors import Unavailable
from tests.warehouse.build import extract_all, fetched, start
from warehouse.database import open_warehouse
from warehouse.publish import publish

folder, what = Path(sys.argv[1]), sys.argv[2]
size = (folder / "w.duckdb").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100_000, size + 100_000) if what == "load" else (200_000, 200_000))
try:
    if what == "load":
        with open_warehouse(folder / "w.duckdb") as connection:
            loader = start(connection)
            loader.load_fetched([fetched("big")])
            extract_all(loader, passages=40_000)
    else:
        publish(folder / "w.duckdb", folder / "p.duckdb", built_by="later")
except Unavailable as error:
    print(error)
    sys.exit(3)
"""


@pytest.mark.parametrize("what", ["load", "publish"])
def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path, what: str) -> None:
    full_job(tmp_path / "w.duckdb")
    publish(tmp_path / "w.duckdb", tmp_path / "p.duckdb", built_by="test")
    published = (tmp_path / "p.duckdb").read_bytes()
    root = Path(__file__).resolve().parents[2]
    outcome = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), what], capture_output=True, text=True, cwd=root, check=False
    )
    assert outcome.returncode == 3, outcome.stderr
    assert "No room left" in outcome.stdout
    assert (tmp_path / "p.duckdb").read_bytes() == published
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        assert {key: state for key, (state, _reason) in states(connection).items() if key != "big"} == dict.fromkeys(
            "abc", "published"
        )
        assert connection.execute("SELECT count(*) FROM passages").fetchall() == [(9,)]
        loader = start(connection)
        if what == "load":
            loader.load_fetched([fetched("big")])
            assert [file.document_id for file in extract_all(loader, 20)] == ["UN:big:en"]
    assert publish(tmp_path / "w.duckdb", tmp_path / "p.duckdb", built_by="later").changed
    assert not [entry.name for entry in tmp_path.iterdir() if entry.name.endswith(".part")]


# The log has room, the database beside it has none.
CLOSING = FULL.replace("passages=40_000", "passages=2_000")


def test_what_was_acknowledged_is_there_though_the_disk_was_full_when_the_log_was_to_be_taken_over(tmp_path: Path) -> None:
    full_job(tmp_path / "w.duckdb")
    root = Path(__file__).resolve().parents[2]
    outcome = subprocess.run(
        [sys.executable, "-c", CLOSING, str(tmp_path), "load"], capture_output=True, text=True, cwd=root, check=False
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert (tmp_path / "w.duckdb.wal").exists()
    with open_warehouse(tmp_path / "w.duckdb", read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM passages").fetchall() == [(2009,)]
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        assert states(connection)["big"] == ("extracted", "ok")
        assert connection.execute("SELECT count(*) FROM passages").fetchall() == [(2009,)]
    assert not (tmp_path / "w.duckdb.wal").exists()


def test_a_reader_can_open_what_a_kill_left(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    code = (
        "import os, signal, sys; from pathlib import Path; from tests.warehouse.build import *; "
        "opening = open_warehouse(Path(sys.argv[1])); c = opening.__enter__(); "
        "start(c).load_fetched([fetched('a')]); os.kill(os.getpid(), signal.SIGKILL)"
    )
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code, str(path)], cwd=root, check=False).returncode == -signal.SIGKILL
    assert path.with_name("w.duckdb.wal").exists()
    with open_warehouse(path, read_only=True) as connection:
        assert states(connection) == {"a": ("fetched", "ok")}


def test_a_torn_log_loses_at_most_what_was_not_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    test_a_reader_can_open_what_a_kill_left(tmp_path)
    log = path.with_name("w.duckdb.wal")
    log.write_bytes(log.read_bytes()[:-7])
    try:
        with open_warehouse(path) as connection:
            assert set(states(connection)) <= {"a"}
            extract_all(start(connection))
    except duckdb.Error as error:
        pytest.fail(f"an error without a way out: {error}")
    except Unavailable as error:
        pytest.fail(str(error))
