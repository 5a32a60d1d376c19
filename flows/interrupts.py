"""Holding back Ctrl-C and SIGTERM for a moment in which they cannot be answered."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def interrupts_held() -> Iterator[None]:
    """Let SIGINT and SIGTERM wait until the block has ended, then answer the first of them as before.

    For imports of libraries in C++ that abort the whole process when a signal raises an exception in the middle of them. Outside the main
    thread, which alone is interrupted, the block is run as it is.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []
    before = {sent: signal.signal(sent, lambda number, _frame: caught.append(number)) for sent in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for sent, answer in before.items():
            signal.signal(sent, answer)
        if caught:
            signal.raise_signal(caught[0])


_terminated = False


def note_termination() -> None:
    """Remember that this process was asked to end; called by the answer to SIGTERM."""
    global _terminated  # a process is asked once
    _terminated = True


def is_interruption(error: BaseException) -> bool:
    """Say whether an error only followed from Ctrl-C or SIGTERM, which Prefect may turn into errors of its own."""
    if _terminated:
        return True
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (KeyboardInterrupt, SystemExit)) or type(cause).__name__ == "TerminationSignal":
            return True
        cause = cause.__cause__ or cause.__context__
    return False
