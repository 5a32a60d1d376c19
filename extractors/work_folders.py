"""Temporary folders of a process that may be killed at any moment: named by its number, and removed by whoever comes next."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = re.compile(r"entente-doc-(\d+)-\w+")


@contextmanager
def work_folder() -> Iterator[Path]:
    """Make a temporary folder that is gone after the block; those that killed processes left behind go first."""
    remove_left_behind()
    with tempfile.TemporaryDirectory(prefix=f"entente-doc-{os.getpid()}-") as folder:
        yield Path(folder)


def remove_left_behind() -> None:
    """Remove the folders of this user the processes of which are no more."""
    with os.scandir(tempfile.gettempdir()) as found:
        names = [entry.path for entry in found if (match := _NAME.fullmatch(entry.name)) and not _is_alive(int(match[1]))]
    for name in names:
        with contextlib.suppress(OSError):
            if os.lstat(name).st_uid == os.getuid():
                shutil.rmtree(name, ignore_errors=True)


def _is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True  # another user's, or no number of a process
    return True
