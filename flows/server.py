"""A private Prefect server for one run, unless the user names a server of their own.

Prefect can start a temporary server by itself, but that one outlives a run that is killed. This one is bound to the life of the process that
starts it, keeps its history in the project, sends nothing anywhere, and heals itself when a kill has left its history half made.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from entente.errors import Unavailable
from flows.server_process import start_server

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


# No pages and no second server: this one lives as long as one run.
_PRIVATE = {"PREFECT__SERVER_EPHEMERAL": "1", "PREFECT_UI_ENABLED": "0"}


def set_environment(home: Path) -> None:
    """Give this process the environment in which Prefect is to be imported; what the user has set stays."""
    for name, value in {**QUIET, "PREFECT_HOME": str(home)}.items():
        os.environ.setdefault(name, value)


def take_up_environment() -> None:
    """Let Prefect, where it was imported before its server was started (to read a schedule), take up the address of that server."""
    if "prefect.context" in sys.modules:
        from prefect.context import refresh_global_settings_context

        refresh_global_settings_context()


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
        take_up_environment()
        yield given
        return
    home.mkdir(parents=True, exist_ok=True)
    server = start_server(home, "127.0.0.1", _free_port(), _PRIVATE, seconds=_START_SECONDS)
    if server is None:
        raise Unavailable(
            f"The private Prefect server does not start; see {home / 'server.log'}. `entente refresh --no-prefect` works without it."
        )
    os.environ["PREFECT_API_URL"] = server.api
    try:
        take_up_environment()
        yield server.api
    finally:
        del os.environ["PREFECT_API_URL"]
        server.stop()


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
