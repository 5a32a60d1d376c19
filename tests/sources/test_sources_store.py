"""The store keeps each file once, whole, checked, and never half."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from entente.errors import Unavailable
from sources.store import Store, fingerprint
from sources.types import Refusal, StoredFile
from tests.sources.test_sources_checks import PDF

LIMIT = 10_000_000


def test_a_file_is_kept_once_under_its_hash_and_read_only(tmp_path: Path) -> None:
    for name in ("one.pdf", "two.pdf"):
        (tmp_path / name).write_bytes(PDF)
    store = Store(tmp_path / "store")
    first = store.put(tmp_path / "one.pdf", "one.pdf", max_bytes=LIMIT)
    second = store.put(tmp_path / "two.pdf", "two.pdf", max_bytes=LIMIT)
    assert isinstance(first, StoredFile)
    assert first == second
    assert first.sha256 == hashlib.sha256(PDF).hexdigest()
    assert first.path.read_bytes() == PDF
    assert not first.path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == [first.path]


def test_a_refused_file_leaves_nothing_in_the_store(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"<html><title>Error</title></html>")
    outcome = Store(tmp_path / "store").put(tmp_path / "a.pdf", "a.pdf", max_bytes=LIMIT)
    assert isinstance(outcome, Refusal)
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


def test_a_file_that_is_gone_or_no_plain_file_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    gone = store.put(tmp_path / "gone.pdf", "gone.pdf", max_bytes=LIMIT)
    assert isinstance(gone, Refusal)
    assert (gone.state, gone.reason) == ("missing", "file_missing")
    os.mkfifo(tmp_path / "pipe.pdf")
    pipe = store.put(tmp_path / "pipe.pdf", "pipe.pdf", max_bytes=LIMIT)
    assert isinstance(pipe, Refusal)
    assert pipe.reason == "unsupported_type"


def test_a_file_that_grows_while_it_is_read_is_left_for_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = tmp_path / "a.pdf"
    original.write_bytes(PDF)
    copy = Store._copy

    def copy_while_somebody_writes(self: Store, source: Path, beside: Path, name: str) -> str | Refusal:
        outcome = copy(self, source, beside, name)
        with original.open("ab") as stream:
            stream.write(b"more")
        return outcome

    monkeypatch.setattr(Store, "_copy", copy_while_somebody_writes)
    outcome = Store(tmp_path / "store").put(original, "a.pdf", max_bytes=LIMIT)
    assert isinstance(outcome, Refusal)
    assert outcome.reason == "changed_while_read"


def test_the_fingerprint_changes_with_the_bytes_even_at_equal_size_and_time(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one")
    before = fingerprint(path)
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    path.write_text("two")
    os.utime(path, ns=times)
    assert fingerprint(path) != before


def test_a_damaged_stored_file_is_replaced_by_a_good_copy(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(PDF)
    store = Store(tmp_path / "store")
    stored = store.put(tmp_path / "a.pdf", "a.pdf", max_bytes=LIMIT)
    assert isinstance(stored, StoredFile)
    stored.path.chmod(0o644)
    stored.path.write_bytes(b"cut")
    store.put(tmp_path / "a.pdf", "a.pdf", max_bytes=LIMIT)
    assert stored.path.read_bytes() == PDF


def test_a_downloaded_part_is_taken_by_renaming_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    part = store.part_for("one")
    part.write_bytes(PDF)
    inode = part.stat().st_ino
    stored = store.put_part(part, "report.pdf", max_bytes=LIMIT)
    assert isinstance(stored, StoredFile)
    assert (stored.sha256, stored.n_bytes, stored.file_format) == (hashlib.sha256(PDF).hexdigest(), len(PDF), "pdf")
    assert stored.path.stat().st_ino == inode
    assert not stored.path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    again = store.part_for("two")
    again.write_bytes(PDF)
    assert store.put_part(again, "report.pdf", max_bytes=LIMIT, sha256=stored.sha256) == stored
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == [stored.path]


@pytest.mark.parametrize(
    ("content", "limit", "reason"),
    [
        (b"<html><title>Error</title></html>", LIMIT, "error_page"),
        (PDF[: len(PDF) // 2], LIMIT, "truncated"),
        (PDF, 10, "too_large"),
        (b"", LIMIT, "empty_file"),
    ],
)
def test_a_downloaded_part_that_lies_is_refused_and_removed(tmp_path: Path, content: bytes, limit: int, reason: str) -> None:
    store = Store(tmp_path / "store")
    part = store.part_for("one")
    part.write_bytes(content)
    outcome = store.put_part(part, "report.pdf", max_bytes=limit)
    assert isinstance(outcome, Refusal)
    assert (outcome.state, outcome.reason) == ("refused", reason)
    assert not [path for path in (tmp_path / "store").rglob("*") if path.is_file()]


def test_a_part_that_is_not_there_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    outcome = store.put_part(store.part_for("gone"), "report.pdf", max_bytes=LIMIT)
    assert isinstance(outcome, Refusal)
    assert (outcome.state, outcome.reason) == ("missing", "file_missing")


def test_leftovers_of_killed_runs_are_removed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / ".123-abc.part").write_bytes(b"half")
    assert store.remove_leftovers() == 1
    assert store.remove_leftovers() == 0


def test_half_downloads_are_kept_for_the_next_run_but_not_for_ever(tmp_path: Path) -> None:
    store = Store(tmp_path)
    young, old = store.part_for("a"), store.part_for("b")
    assert (young, old) == (Store(tmp_path).part_for("a"), Store(tmp_path).part_for("b"))
    for path in (young, old):
        path.with_name(f".{path.name}.part").write_bytes(b"half")
    half = old.with_name(f".{old.name}.part")
    os.utime(half, (0, 0))
    assert store.remove_leftovers() == 1
    assert not half.exists()
    assert young.with_name(f".{young.name}.part").exists()


@pytest.mark.skipif(not Path("/dev/full").exists() or os.geteuid() != 0, reason="a small file system can only be mounted by root")
def test_a_full_disk_is_said_and_leaves_no_half_file(tmp_path: Path) -> None:
    root = tmp_path / "small"
    root.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(root)], capture_output=True, check=False)  # noqa: S607  # found on PATH
    if mounted.returncode:
        pytest.skip(f"no small file system here: {mounted.stderr.decode().strip()}")
    try:
        (tmp_path / "a.pdf").write_bytes(PDF[:-6] + b" " * 500_000 + b"%%EOF\n")
        with pytest.raises(Unavailable, match="No room left"):
            Store(root).put(tmp_path / "a.pdf", "a.pdf", max_bytes=LIMIT)
        assert not list(root.iterdir())
    finally:
        subprocess.run(["umount", str(root)], check=True)  # noqa: S607  # found on PATH


def test_a_store_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "a.pdf").write_bytes(PDF)
    with pytest.raises(Unavailable, match=r"paths\.store"):
        Store(tmp_path / "file" / "store").put(tmp_path / "a.pdf", "a.pdf", max_bytes=LIMIT)


def test_importing_sources_needs_no_heavy_library() -> None:
    code = (
        "import sys, sources.folder, sources.store, sources.identity; "
        "print([name for name in ('torch', 'duckdb', 'prefect') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
