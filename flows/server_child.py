"""The process of a Prefect server of ours: it ends when the process that started it ends, however that ends."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator


def _end_with_parent() -> None:
    """Wait for the end of standard input, which the parent holds open as long as it lives, then leave at once."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Serve Prefect's API on the host and port given as arguments."""
    # Whoever stops a whole group of processes (systemd, Ctrl-C) means the run or the service; they have to tell this server how they ended.
    for sent in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sent, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import uvicorn

    class Undisturbed(uvicorn.Server):
        """Leaves the signals as they were set above."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    config = uvicorn.Config(
        "prefect.server.api.server:create_app",
        factory=True,
        host=sys.argv[1],
        port=int(sys.argv[2]),
        log_level="error",
        lifespan="on",
    )
    Undisturbed(config).run()
    sys.exit(1)


if __name__ == "__main__":
    main()
