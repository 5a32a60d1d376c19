"""What DuckDB's errors mean for the person at the keyboard."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

from entente.errors import BadInput, Busy, Unavailable

_NO_ROOM = ("no space left", "disk quota exceeded", "file too large", "not enough space", "max_temp_directory_size")
_DAMAGED = (
    "not a valid duckdb database file",
    "could not read enough bytes",
    "checksum",
    "corrupt",
    "could not deserialize",
    "serialization error",
    "failed to deserialize",
    "failure while replaying wal",
)


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn DuckDB's and the system's errors about the database `path` into the project's own, with a way out.

    Raises:
        Unavailable: when the disk is full or the file is of a newer DuckDB.
        Busy: when another process (or this one, in another mode) has it open.
        BadInput: when the file is damaged or no DuckDB database at all, or cannot be opened.
    """
    try:
        yield
    except duckdb.Error as error:
        meaning = meaning_of(error, path)
        if meaning is None:
            raise
        raise meaning from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise _no_room(path, str(error)) from error
        raise


def meaning_of(error: duckdb.Error, path: Path) -> BadInput | Busy | Unavailable | None:
    """Return the project's error for an error of DuckDB about the database `path`; None where it is no matter of the file."""
    words = str(error).splitlines()[0] if str(error) else type(error).__name__
    lower = str(error).lower()
    if any(mark in lower for mark in _NO_ROOM):
        return _no_room(path, words)
    if "could not set lock" in lower or "conflicting lock" in lower:
        return Busy(f"{path} is held by {_holder(str(error))}. Wait until it has ended, or close it, and run the command again.")
    if "different configuration" in lower or "already attached" in lower or "unique file handle conflict" in lower:
        return Busy(f"{path} is open in this process (PID {os.getpid()}) in another mode. Close that connection first.")
    if "version number" in lower or "newer version of duckdb" in lower or "storage version" in lower:
        return Unavailable(
            f"{path} was written by another DuckDB than {duckdb.__version__}: {words} Install a newer DuckDB: pip install -U duckdb."
        )
    if any(mark in lower for mark in _DAMAGED):
        return BadInput(
            f"{path} (or {path.name}.wal beside it) is no sound DuckDB database: {words} "
            "Put a copy of it back, or move it away: a refresh makes a new one from the sources, without the codes that people have made."
        )
    if isinstance(error, duckdb.IOException):
        return BadInput(f"{path} cannot be read or written: {words} Check the path, its permissions and its disk.")
    return None


def _no_room(path: Path, words: str) -> Unavailable:
    return Unavailable(
        f"No room left on the disk while writing {path}: {words} Nothing is half written. Free some space and run the command again."
    )


def _holder(text: str) -> str:
    found = re.search(r"held in (?P<program>.*?) \(PID (?P<pid>\d+)\)", text)
    if found:
        return f"process {found['pid']} ({Path(found['program']).name})"
    pid = re.search(r"PID (\d+)", text)
    return f"process {pid[1]}" if pid else "another process"
