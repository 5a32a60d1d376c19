"""How the tests of the replica ask it: plain requests over the loopback address, with the name of the service in `Host`."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from lxml import etree

from sources.replica.manifest_world import world_from_manifest
from sources.replica.server import ReplicaServer
from sources.replica.world import Habits, SetClock, World

SAMPLE = Path(__file__).resolve().parents[2] / "sample"
VISIT = "A/HRC/990/17/Add.1"
MISSION = "S/2090/22"


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def xml(self) -> Any:
        return etree.fromstring(self.body, etree.XMLParser(resolve_entities=False, no_network=True))

    @property
    def text(self) -> str:
        return self.body.decode()


def sample_world(habits: Habits | None = None, clock: SetClock | None = None) -> World:
    return world_from_manifest(
        SAMPLE, SAMPLE / "manifest.csv", broken=SAMPLE / "broken", clock=clock or SetClock(), habits=habits
    )


def ask(
    server: ReplicaServer,
    url: str,
    parameters: dict[str, str] | None = None,
    *,
    method: str = "GET",
    body: object = None,
    **headers: str,
) -> Answered:
    """Ask for an address of the world (`host/path`, without scheme); an underscore in the name of a header stands for a hyphen."""
    host, slash, path = url.removeprefix("https://").removeprefix("http://").partition("/")
    target = slash + path + (f"?{urlencode(parameters)}" if parameters else "")
    connection = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=10)
    sent = {"Host": host, **{name.replace("_", "-"): text for name, text in headers.items()}}
    try:
        connection.request(method, target, None if body is None else json.dumps(body), sent)
        answer = connection.getresponse()
        return Answered(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()
