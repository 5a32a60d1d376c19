"""A private Prefect server for one run, unless the user names a server of their own.

Prefect can start a temporary server by itself, but that one outlives a run that is killed. This one is bound to the life of the process that
starts it, keeps its history in the project, sends nothing anywhere, and heals itself when a kill has left its history half made.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from entente.errors import Unavailable

_START_SECONDS = 120

# Set before Prefect is imported: it reads its settings once. Nothing leaves the machine, and an error reaches the user as one line of
# ours, not as a traceback in Prefect's log.
QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
}


def set_environment(home: Path) -> None:
    """Give this process the environment in which Prefect is to be imported; what the user has set stays."""
    for name, value in {**QUIET, "PREFECT_HOME": str(home)}.items():
        os.environ.setdefault(name, value)


@contextlib.contextmanager
def prefect_server(home: Path) -> Iterator[str]:
    """Give the address of a Prefect API for the length of a run: the user's (PREFECT_API_URL) or a private one.

    Args:
        home: the folder of the private server's data.

    Raises:
        Unavailable: when the private server does not start (its log is named), or the user's cannot be reached.
    """
    set_environment(home)
    given = os.environ.get("PREFECT_API_URL")
    if given:
        _refuse_silent(given)
        yield given
        return
    home.mkdir(parents=True, exist_ok=True)
    process, address = _start(home)
    if not _healthy(process, address):
        _stop(process)
        # A kill during the very first start can leave a half made history; it is worth nothing, ours is in the warehouse.
        _set_history_aside(home)
        process, address = _start(home)
        if not _healthy(process, address):
            _stop(process)
            raise Unavailable(
                f"The private Prefect server does not start; see {home / 'server.log'}. `entente refresh --no-prefect` works without it."
            )
    os.environ["PREFECT_API_URL"] = address
    try:
        yield address
    finally:
        del os.environ["PREFECT_API_URL"]
        _stop(process)


def _refuse_silent(address: str) -> None:
    """Raise `Unavailable` when nobody answers at the user's address; any answer will do, it is theirs to explain."""
    try:
        with urllib.request.urlopen(f"{address.rstrip('/')}/health", timeout=10):  # noqa: S310  # the address is the user's own
            pass
    except urllib.error.HTTPError:
        pass
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"The Prefect server {address} (PREFECT_API_URL) cannot be reached: {error}. Start it, unset the variable for a private server, "
            "or use `entente refresh --no-prefect`."
        ) from error


def _start(home: Path) -> tuple[subprocess.Popen[bytes], str]:
    port = _free_port()
    environment = {**os.environ, "PREFECT_HOME": str(home), "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
    environment["PREFECT_UI_ENABLED"] = "0"
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.server_child", str(port)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return process, f"http://127.0.0.1:{port}/api"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _healthy(process: subprocess.Popen[bytes], address: str) -> bool:
    deadline = time.monotonic() + _START_SECONDS
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with opener.open(f"{address}/health", timeout=5) as answer:
                if answer.status == 200:
                    return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _set_history_aside(home: Path) -> None:
    for path in home.glob("prefect.db*"):
        path.replace(path.with_name(f"broken-{path.name}"))
