"""How a run tells what it is doing: a bar on a terminal, nothing elsewhere, and always a small file that `entente status` can read."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, Self

from entente.errors import EntenteError
from entente.files import write_text_whole


class Progress(Protocol):
    """Told by a run at the start and at every step of a stage."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Say that `done` of `total` units of a stage are finished."""


_WATCHER: ContextVar[Progress | None] = ContextVar("watcher", default=None)


@contextlib.contextmanager
def watched_by(progress: Progress) -> Iterator[None]:
    """Let `watcher` answer with this progress for the block: a flow's parameters are data, and this is none."""
    token = _WATCHER.set(progress)
    try:
        yield
    finally:
        _WATCHER.reset(token)


def watcher() -> Progress:
    """Return who wants to know of progress here; nobody by default."""
    return _WATCHER.get() or quiet


def quiet(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


class ProgressFile:
    """Keeps `progress.json` in the state folder while a run lasts, so that others can see how far it is while it holds the database.

    Args:
        state_folder: of the project.
        inner: who else is told.
        work: what is done, as a noun.
    """

    def __init__(self, state_folder: Path, inner: Progress, work: str = "refresh") -> None:
        self.path = state_folder / "progress.json"
        self._inner = inner
        self._work = work
        self._started = datetime.now(UTC).isoformat(timespec="seconds")

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Pass the word on and write it down."""
        self._inner(stage, done, total)
        content = {
            "work": self._work,
            "pid": os.getpid(),
            "started_at": self._started,
            "stage": stage,
            "done": done,
            "total": total,
        }
        # A full disk will stop the run at its next real write; the note on progress is not what should.
        with contextlib.suppress(OSError, EntenteError):
            write_text_whole(self.path, json.dumps(content))

    def __enter__(self) -> Self:
        """Begin a run."""
        return self

    def __exit__(self, *_ended: object) -> None:
        """Remove the file at the end of a run, unless another run has written it last: a retraining and a refresh may go on side by side."""
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            if json.loads(self.path.read_text(encoding="utf-8"))["pid"] == os.getpid():
                self.path.unlink(missing_ok=True)


@contextlib.contextmanager
def terminal_progress(*, wanted: bool = True) -> Iterator[Progress]:
    """Give a progress bar on standard error where that is a terminal, silence elsewhere."""
    if not wanted or not sys.stderr.isatty():
        yield quiet
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=False) as bars:
        tasks: dict[str, int] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = int(bars.add_task(stage, total=total))
            bars.update(tasks[stage], completed=done, total=total)  # type: ignore[arg-type]  # rich's TaskID is an int

        yield show
