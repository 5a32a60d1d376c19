"""Waiting for one's turn: what a retraining writes it writes between refreshes, not into them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar

from entente.errors import Busy
from flows.settings import Settings
from warehouse.lock import refresh_lock

_POLL_SECONDS = 1.0
Waits = Callable[[Busy], None]
"""Told once when somebody else's refresh has to end first."""


@contextlib.contextmanager
def in_turn(settings: Settings, command: str, waits: Waits) -> Iterator[None]:
    """Hold the lock of refreshes for the block, after those who hold it now."""
    told = False
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(refresh_lock(settings.paths.state / "refresh.lock", command))
                break
            except Busy as error:
                if not told:
                    waits(error)
                told = True
                time.sleep(_POLL_SECONDS)
        yield


_WAITS: ContextVar[Waits | None] = ContextVar("waits", default=None)


@contextlib.contextmanager
def waiting_told_to(waits: Waits) -> Iterator[None]:
    """Let `who_hears_of_waiting` answer with this for the block: a flow's parameters are data, and this is none."""
    token = _WAITS.set(waits)
    try:
        yield
    finally:
        _WAITS.reset(token)


def who_hears_of_waiting() -> Waits:
    """Return who wants to know of waiting here; nobody by default."""
    return _WAITS.get() or _nobody


def _nobody(_busy: Busy) -> None:
    """Wait without a word."""
