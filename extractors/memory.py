"""Memory that a library has freed goes back to the system, so that what comes next does not stand on top of it."""

from __future__ import annotations

import contextlib
import ctypes


def give_back_memory() -> None:
    """Return the free ends and holes of the C library's heap to the system; only the GNU C library can, elsewhere nothing happens."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
