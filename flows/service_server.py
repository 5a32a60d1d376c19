"""The Prefect server of the service `entente serve`: API, scheduler and pages on one address, bound to the life of the service.

It differs from the private server of a single refresh (`flows.server`) in that people look at it: it has a fixed address, shows its pages,
keeps the log of every run, and forgets runs after three months.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from entente.errors import BadInput, Unavailable
from flows.server import QUIET, prefect_server
from flows.server_process import ServerProcess, seen_from_here, start_server

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
    # Pages that are called from elsewhere have to find the API where they came from themselves.
    api = f"http://{seen_from_here(host)}:{port}/api" if is_loopback(host) else "/api"
    server = start_server(home, host, port, {"PREFECT_SERVER_UI_API_URL": api}, seconds=_START_SECONDS)
    if server is None:
        raise Unavailable(f"The Prefect server does not start; see {home / 'server.log'}.")
    os.environ["PREFECT_API_URL"] = server.api
    try:
        yield server
    finally:
        del os.environ["PREFECT_API_URL"]
        server.stop()


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
