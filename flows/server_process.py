"""A Prefect server as a child process that ends when this process ends, however that ends; a broken history is set aside once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path


class ServerProcess:
    """A running server.

    Attributes:
        api: the address of its API as seen from this machine.
        log: the file with what it printed.
    """

    def __init__(self, home: Path, host: str, port: int, environment: Mapping[str, str]) -> None:
        """Start it; whether it answers is another question.

        Args:
            home: the folder of its data.
            host: a name or number of this machine on which it listens.
            port: its port.
            environment: set for it besides what is set here.
        """
        self.api = f"http://{seen_from_here(host)}:{port}/api"
        self.log = home / "server.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "flows.server_child", host, str(port)],
                env={**os.environ, "PREFECT__SERVER_FINAL": "1", **environment},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def is_alive(self) -> bool:
        """Say whether the process is still there."""
        return self._process.poll() is None

    def answers(self, seconds: float) -> bool:
        """Wait until the server answers; False when it ends before or needs longer than `seconds`."""
        deadline = time.monotonic() + seconds
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while time.monotonic() < deadline and self.is_alive:
            try:
                with opener.open(f"{self.api}/health", timeout=5) as answer:
                    if answer.status == 200:
                        return True
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        return False

    def stop(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def start_server(home: Path, host: str, port: int, environment: Mapping[str, str], *, seconds: float) -> ServerProcess | None:
    """Start a server and wait until it answers; None when it does not, even with an empty history.

    A kill during the very first start can leave a half made history. It is worth little, the ledger is in the warehouse: it is set aside.
    """
    server = ServerProcess(home, host, port, environment)
    if server.answers(seconds):
        return server
    server.stop()
    for path in home.glob("prefect.db*"):
        path.replace(path.with_name(f"broken-{path.name}"))
    server = ServerProcess(home, host, port, environment)
    if server.answers(seconds):
        return server
    server.stop()
    return None


def seen_from_here(host: str) -> str:
    """Return how this machine reaches a server that listens on `host`."""
    if host in ("0.0.0.0", ""):  # noqa: S104  # compared with, not bound to
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host
