"""The Prefect server of the service `entente serve`: API, scheduler and pages on one address, bound to the life of the service.

It differs from the private server of a single refresh (`flows.server`) in that people look at it: it has a fixed address, shows its pages,
keeps the log of every run, and forgets runs after three months.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from entente.errors import BadInput, Unavailable
from flows.server import QUIET, prefect_server

_START_SECONDS = 180
_DAYS_KEPT = 90

# The log of a run goes to the pages of the server; on the terminal and in the journal the service says in one line what began and how it ended.
SERVICE = {
    **QUIET,
    "PREFECT_LOGGING_LEVEL": "INFO",
    "PREFECT_LOGGING_TO_API_ENABLED": "true",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(_DAYS_KEPT * 86_400),
}


def set_service_environment(home: Path) -> None:
    """Give this process and its children the environment in which Prefect is to be imported; what the user has set stays."""
    pages = {"PREFECT_HOME": str(home), "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(home / "pages")}
    for name, value in {**SERVICE, **pages}.items():
        os.environ.setdefault(name, value)


@contextlib.contextmanager
def service_server(home: Path, host: str, port: int) -> Iterator[ServerProcess | None]:
    """Keep a Prefect server for the length of the service and let PREFECT_API_URL name it: the user's own, or one that is started here.

    Args:
        home: the folder of the server's data.
        host: a name or number of this machine on which the server listens.
        port: its port; 0 takes a free one.

    Yields:
        The server's process; None where PREFECT_API_URL named a server before.

    Raises:
        BadInput: when host or port cannot be used.
        Unavailable: when the server does not start (its log is named), or the user's cannot be reached.
    """
    set_service_environment(home)
    if os.environ.get("PREFECT_API_URL"):
        with prefect_server(home):
            yield None
        return
    home.mkdir(parents=True, exist_ok=True)
    port = _checked(host, port)
    server = ServerProcess(home, host, port)
    if not server.answers():
        server.stop()
        # A kill during the very first start can leave a half made history; it is worth little, the ledger is in the warehouse.
        for path in home.glob("prefect.db*"):
            path.replace(path.with_name(f"broken-{path.name}"))
        server = ServerProcess(home, host, port)
        if not server.answers():
            server.stop()
            raise Unavailable(f"The Prefect server does not start; see {home / 'server.log'}.")
    os.environ["PREFECT_API_URL"] = server.api
    try:
        yield server
    finally:
        del os.environ["PREFECT_API_URL"]
        server.stop()


class ServerProcess:
    """A Prefect server as a child process that ends when this process ends, however that ends.

    Attributes:
        api: the address of its API as seen from this machine.
        log: the file with what it printed.
    """

    def __init__(self, home: Path, host: str, port: int) -> None:
        self.api = f"http://{_seen_from_here(host)}:{port}/api"
        # Pages that are called from elsewhere have to find the API where they came from themselves.
        pages = {"PREFECT_SERVER_UI_API_URL": self.api if is_loopback(host) else "/api"}
        self.log = home / "server.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "flows.service_server", host, str(port)],
                env={**os.environ, "PREFECT__SERVER_FINAL": "1", **pages},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def is_alive(self) -> bool:
        """Say whether the process is still there."""
        return self._process.poll() is None

    def answers(self) -> bool:
        """Wait until the server answers; False when it ends before or needs too long."""
        deadline = time.monotonic() + _START_SECONDS
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


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _seen_from_here(host: str) -> str:
    if host in ("0.0.0.0", ""):  # noqa: S104  # compared with, not bound to
        return "127.0.0.1"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host


def _checked(host: str, port: int) -> int:
    """Return the port, a free one for 0; raises `BadInput` when nobody can listen there."""
    try:
        family, kind, _protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            # As the server will: a port that was left a moment ago is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return int(probe.getsockname()[1])
    except OSError as error:
        raise BadInput(
            f"The service cannot listen on {host} port {port}: {error.strerror or error}. Choose another with --host and --port; if a Prefect "
            "server is at work there, set PREFECT_API_URL to use it."
        ) from error


def _end_with_parent() -> None:
    """Wait for the end of standard input, which the service holds open as long as it lives, then leave at once."""
    sys.stdin.buffer.read()
    os._exit(0)


def main() -> None:
    """Serve Prefect's API and pages on the host and port given as arguments."""
    # Whoever stops a whole group of processes (systemd, Ctrl-C) means the service; its runs have to tell this server how they ended.
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
