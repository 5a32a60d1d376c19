"""The process of the private Prefect server: it ends when the run that started it ends, however that ends."""

from __future__ import annotations

import os
import sys
import threading


def _end_with_parent() -> None:
    """Wait for the end of standard input, which the parent holds open as long as it lives, then leave at once."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Serve Prefect's API on the loopback port given as the only argument."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import uvicorn

    uvicorn.run(
        "prefect.server.api.server:create_app",
        factory=True,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_level="error",
        lifespan="on",
    )


if __name__ == "__main__":
    main()
