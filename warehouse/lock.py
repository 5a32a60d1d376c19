"""One refresh at a time: a lock that the kernel lets go of when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from entente.errors import Busy

_MOMENT = 5.0
_POLL = 0.05
_held: set[int] = set()


def _let_go_in_child() -> None:
    """Close the lock's file in a forked child: it shares the parent's lock and would hold it beyond the parent's death."""
    for handle in list(_held):
        with contextlib.suppress(OSError):
            os.close(handle)
    _held.clear()


os.register_at_fork(after_in_child=_let_go_in_child)


@contextlib.contextmanager
def refresh_lock(path: Path, command: str, *, brief: bool = False) -> Iterator[None]:
    """Hold the lock `path` for the block; the file says who holds it (process, host, start, command) as JSON.

    Args:
        path: the lock file; its folder is made if need be. It stays there, empty, when nobody holds it.
        command: what the holder does, for the message to others.
        brief: it is held for a question of a moment: others wait that moment instead of being refused.

    Raises:
        Busy: when somebody else holds it; names process, host, start and command.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _take(handle, path)
    except BaseException:
        os.close(handle)
        raise
    _held.add(handle)
    try:
        os.ftruncate(handle, 0)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        who = {"pid": os.getpid(), "host": socket.gethostname(), "started_at": started, "command": command, "brief": brief}
        os.pwrite(handle, json.dumps(who).encode(), 0)
        yield
    finally:
        # A forked child that leaves by this way has closed its handle already; the lock is its parent's.
        if handle in _held:
            os.ftruncate(handle, 0)
            # Unlocked by word, not only by closing: a child that is just being forked may hold the file for a moment longer.
            fcntl.flock(handle, fcntl.LOCK_UN)
            _held.discard(handle)
            os.close(handle)


def _take(handle: int, path: Path) -> None:
    patient_until = time.monotonic() + _MOMENT
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            holder, brief = _holder(handle)
            if not brief or time.monotonic() > patient_until:
                raise Busy(f"{holder} is at work (lock {path}). Wait until it has ended and run the command again.") from None
            time.sleep(_POLL)
        else:
            return


def _holder(handle: int) -> tuple[str, bool]:
    """Return who holds the lock, in words, and whether for a moment only."""
    try:
        who = json.loads(os.pread(handle, 65536, 0))
        return f"`{who['command']}` (process {who['pid']} on {who['host']}, since {who['started_at']})", bool(who.get("brief"))
    except (ValueError, KeyError, TypeError):
        return "Another command", False
