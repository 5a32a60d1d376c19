"""The remote sources of a project: their descriptions, and the clients and accounts of one run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from entente import __version__
from entente.errors import BadInput
from flows.settings import Settings, default_descriptions
from sources.description import SourceDescription, overridden, read_descriptions
from sources.types import RequestCounts
from warehouse.types import PageCounts

if TYPE_CHECKING:
    from sources.clients import Clients

FOLDERS = "folders"
"""The name by which `--sources` means the folders of this machine."""
RECOMMENDED = ("un-library", "uhri", "un-oai", "worldbank", "ilo-catalogue", "ilo-site", "reliefweb", "archive")
"""The order in which the shipped sources are best enabled: the one that says most of a document first."""


def source_descriptions(settings: Settings) -> dict[str, SourceDescription]:
    """Return the descriptions of all sources by id.

    They are those that ship with Entente, each replaced by the project's own file of the same name, with `sources.overrides` on top.
    """
    shipped = read_descriptions(default_descriptions())
    own = settings.project / "configs" / "sources"
    descriptions = {**shipped, **(read_descriptions(own) if own.is_dir() else {})}
    for source_id, values in settings.sources.overrides.items():
        if source_id not in descriptions:
            raise BadInput(f"sources.overrides names {source_id!r}; there are: {', '.join(sorted(descriptions))}.")
        descriptions[source_id] = overridden(descriptions[source_id], values, f"sources.overrides.{source_id}")
    return descriptions


def enabled_descriptions(settings: Settings, only: tuple[str, ...] | None = None) -> dict[str, SourceDescription]:
    """Return the descriptions of the enabled sources, in the order in which they are enabled.

    Args:
        settings: the project's settings.
        only: of these the ones named here; None for all.

    Raises:
        BadInput: when an enabled or named source has no description, or a named one is not enabled.
    """
    descriptions = source_descriptions(settings) if settings.sources.enabled or only else {}
    for source_id in settings.sources.enabled:
        if source_id not in descriptions:
            raise BadInput(
                f"sources.enabled names {source_id!r}, which has no description. There are: {', '.join(sorted(descriptions))}; "
                f"describe another one in configs/sources/{source_id}.yaml."
            )
    if only is not None and not only:
        raise BadInput(f"--sources names none. There are: {', '.join((FOLDERS, *settings.sources.enabled))}.")
    for source_id in only or ():
        if source_id != FOLDERS and source_id not in settings.sources.enabled:
            enabled = ", ".join((FOLDERS, *settings.sources.enabled))
            raise BadInput(
                f"--sources names {source_id!r}, which is not enabled. Enabled are: {enabled} (sources.enabled in configs/entente.yaml)."
            )
    return {one: descriptions[one] for one in settings.sources.enabled if only is None or one in only}


def configuration_hash(settings: Settings) -> str:
    """Return 16 hexadecimal digits that change with any setting and, where sources are enabled, with any of their descriptions."""
    if not settings.sources.enabled:
        return settings.content_hash
    described = {key: one.model_dump(mode="json") for key, one in enabled_descriptions(settings).items()}
    return hashlib.sha256((settings.content_hash + json.dumps(described, sort_keys=True)).encode()).hexdigest()[:16]


SHOWN = {
    "status": "status",
    "listed": "n_records",
    "new": "n_new",
    "changed": "n_changed",
    "withdrawn": "n_withdrawn",
    "requests": "n_requests",
    "for files": "n_file_requests",
    "conditional": "n_conditional",
    "refused": "n_refused",
    "errors": "n_errors",
}
"""What is shown of an account, and under which words; the values are names of `SourceAccount.as_dict`."""


@dataclass(slots=True)
class SourceAccount:
    """How one source fares in this run."""

    started_at: datetime
    is_full: bool = False
    status: str = "ok"
    findings: list[str] = field(default_factory=list)
    counts: PageCounts = field(default_factory=PageCounts)
    requests: RequestCounts = field(default_factory=RequestCounts)

    def add(self, page: PageCounts) -> None:
        """Add the counts of a page."""
        sums = {name: getattr(self.counts, name) + getattr(page, name) for name in PageCounts.__slots__}
        self.counts = replace(self.counts, **sums)

    def as_dict(self) -> dict[str, object]:
        """Return the account as plain values."""
        return {"status": self.status, "findings": list(self.findings), **asdict(self.counts), **asdict(self.requests)}


class Remote:
    """The remote sources in one run. No dataclass: Prefect looks into those that steps are given, and this one lives on while they run.

    Attributes:
        listed: the descriptions of the sources that are asked for records in this run.
        routes: all descriptions by whose rules files may be fetched.
        clients: speak with them.
        accounts: how each source fares, by id.
        now: the present moment, or that of a recorded run which is played again; UTC, with zone.
    """

    def __init__(
        self,
        listed: Mapping[str, SourceDescription],
        routes: Mapping[str, SourceDescription],
        clients: Clients,
        now: datetime | None = None,
    ) -> None:
        self.listed, self.routes, self.clients = listed, routes, clients
        self._now = now
        self.accounts: dict[str, SourceAccount] = {}

    @property
    def now(self) -> datetime:  # noqa: D102  # said above
        return self._now or datetime.now(UTC)

    def account(self, source_id: str) -> SourceAccount:
        """Return the account of a source, opened when it is first asked for."""
        return self.accounts.setdefault(source_id, SourceAccount(datetime.now(UTC)))

    @property
    def is_cut_off(self) -> bool:
        """Whether every source that was asked for records failed, and no request of the run was answered at all."""
        asked = [self.accounts[key] for key in self.listed if key in self.accounts]
        return bool(asked) and all(one.status == "refused" and one.requests.n_requests == one.requests.n_errors for one in asked)

    @property
    def failed(self) -> dict[str, str]:
        """Return the sources that failed, were refused or stay silent, with what was found."""
        return {key: " ".join(one.findings) for key, one in sorted(self.accounts.items()) if one.status in ("failed", "refused")}


@contextmanager
def remote_sources(
    settings: Settings, only: tuple[str, ...] | None, *, record_to: Path | None = None, recorded: Path | None = None
) -> Iterator[Remote | None]:
    """Give the remote sources of a run with their clients; None where no source is enabled or asked.

    Args:
        settings: the project's settings.
        only: the sources of this run; None for all enabled ones.
        record_to: a WARC file in which every exchange is kept, or None.
        recorded: such a file of an earlier run, which answers instead of the services, or None.
    """
    listed = enabled_descriptions(settings, only)
    if not listed:
        yield None
        return
    from sources.clients import Clients
    from sources.connectors.base import connector_for, route_for
    from sources.web.recording import Recorded, Recorder

    routes = {
        key: one
        for key, one in source_descriptions(settings).items()
        if one.gives in ("files", "both") and (key != "archive" or key in settings.sources.enabled)
    }
    for one in {**routes, **listed}.values():
        # What is wrong with the last source is said before the first is asked.
        route_for(one)
        if one.id in listed and one.gives != "files":
            connector_for(one)
    answers = None if recorded is None else Recorded(recorded)
    clients = Clients(
        {**routes, **listed},
        contact=settings.sources.contact,
        version=__version__,
        state=settings.paths.state / "web",
        gateway=settings.sources.gateway,
        delay_factor=settings.sources.delay_factor,
        recorder=None if record_to is None else Recorder(record_to),
        recorded=answers,
    )
    with clients:
        yield Remote(
            {key: one for key, one in listed.items() if one.gives in ("records", "both")},
            routes,
            clients,
            answers.began if answers else None,
        )
