"""The published files of before: kept beside the published one, so that two of them can be compared and an analyst can go back."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from entente.files import fsync_directory
from warehouse.database import remove_leftovers

FOLDER = "releases"


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A published file: when it was made (UTC), by which model and codebook, and what it holds."""

    path: Path
    released_at: datetime | None
    model_version: str | None
    codebook_version: str | None
    documents: int
    passages: int


def keep_published(target: Path, keep: int) -> None:
    """Give the published file a second name in the folder `releases` beside it, and remove all but the newest `keep` there.

    To be called before a new file is put in its place. A kill leaves the published file where it is; the second name is there or not. A file
    that is no published database is not kept.

    Args:
        target: the published file; nothing is done where there is none.
        keep: how many of before stay; 0 keeps none and makes no folder.
    """
    folder = target.parent / FOLDER
    known = facts_of(target) if keep and target.exists() else None
    if known is not None and known.released_at is not None:
        folder.mkdir(exist_ok=True)
        kept = folder / f"{target.stem}-{known.released_at:%Y%m%dT%H%M%S%f}{target.suffix}"
        remove_leftovers(kept)
        if not kept.exists():
            _second_name(target, kept)
            fsync_directory(folder)
    for old in kept_files(target)[: -keep or None]:
        old.unlink(missing_ok=True)


def kept_files(target: Path) -> list[Path]:
    """Return the files kept for a published file, the oldest first."""
    folder = target.parent / FOLDER
    # Files that somebody has put there, or that another published file has left, are not ours to count or to remove.
    ours = re.compile(re.escape(target.stem) + r"-\d{8}T\d{12}" + re.escape(target.suffix))
    return sorted(path for path in folder.iterdir() if ours.fullmatch(path.name)) if folder.is_dir() else []


def facts_of(path: Path) -> PublishedFile | None:
    """Return what a published file says of itself; None where it is no published database or cannot be read."""
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            rows = connection.execute(
                "SELECT released_at, model_version, codebook_version, documents, passages FROM release"
            ).fetchall()
    except duckdb.Error:
        return None
    return PublishedFile(path, *rows[0]) if len(rows) == 1 else None


def _second_name(target: Path, kept: Path) -> None:
    try:
        # No copy: the new file comes under a new inode, so this one is never written to again.
        os.link(target, kept)
        return
    except OSError:
        beside = kept.with_name(f".{kept.name}.{os.getpid()}.part")
    try:
        shutil.copy2(target, beside)
        beside.replace(kept)
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
