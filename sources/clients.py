"""One polite client for each source, made when it is first needed; they share the pace of the hosts and one account of all requests."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from sources.description import SourceDescription
from sources.types import RequestEvent

if TYPE_CHECKING:
    from sources.web.client import Client
    from sources.web.recording import Recorded, Recorder


class Clients:
    """The clients of a run.

    Args:
        descriptions: all sources and routes, by id.
        contact: an address or page by which the services can reach whoever runs this.
        version: of Entente, for the User-Agent.
        state: the folder of caches (robots.txt, listing answers).
        gateway: a loopback address that answers for all hosts (trials and tests), or None.
        delay_factor: multiplies every delay; below 1 only with a gateway.
        recorder: keeps every exchange, or None.
        recorded: answers instead of the network, or None.
    """

    def __init__(
        self,
        descriptions: Mapping[str, SourceDescription],
        *,
        contact: str,
        version: str,
        state: Path,
        gateway: str | None = None,
        delay_factor: float = 1.0,
        recorder: Recorder | None = None,
        recorded: Recorded | None = None,
    ) -> None:
        from sources.web.pace import Pace

        self._descriptions = dict(descriptions)
        self._contact, self._version, self._state, self._gateway = contact, version, state, gateway
        # Real services are never asked faster than their descriptions say.
        self._pace = Pace(scale=delay_factor if gateway else max(1.0, delay_factor))
        self._recorder, self._recorded = recorder, recorded
        self._clients: dict[str, Client] = {}
        self._events: list[RequestEvent] = []
        self._lock = threading.Lock()

    def of(self, source_id: str) -> Client:
        """Return the client of a source or route."""
        from sources.web.client import Client

        with self._lock:
            if source_id not in self._clients:
                self._clients[source_id] = Client(
                    self._descriptions[source_id],
                    contact=self._contact,
                    version=self._version,
                    log=self._note,
                    state=self._state,
                    gateway=self._gateway,
                    pace=self._pace,
                    recorder=self._recorder,
                    replay=self._recorded,
                )
            return self._clients[source_id]

    def _note(self, event: RequestEvent) -> None:
        # Called from the threads of downloads; appending to a list is one step.
        self._events.append(event)

    def drain(self) -> tuple[RequestEvent, ...]:
        """Return the requests made since the last call, in the order of their end."""
        taken, self._events = self._events, []
        return tuple(taken)

    def close(self) -> None:
        """Close all connections and the recording."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        if self._recorder is not None:
            self._recorder.close()

    def __enter__(self) -> Clients:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
