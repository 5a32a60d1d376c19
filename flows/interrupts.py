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
