"""What a connector is: it lists what a source has, page by page; and how a file is fetched by the rules of a source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol, cast

from entente.errors import BadInput
from sources.description import SourceDescription
from sources.types import FileLink, Page

if TYPE_CHECKING:
    from sources.web.client import Client
    from sources.web.results import Download, NotModified, Validators


class Connector(Protocol):
    """Speaks the protocol of one source.

    Each module of `sources.connectors` that lists records has one class of this shape and exports it as `CONNECTOR`. The constructor
    validates `description.settings` and raises `BadInput` naming the file and the key.
    """

    def __init__(self, description: SourceDescription) -> None: ...

    def discover(self, client: Client, watermark: str | None, now: datetime) -> Iterator[Page]:
        """List what the source has.

        Args:
            client: asks for addresses by the rules of this source.
            watermark: what the last page of an earlier discovery handed on; None asks for everything.
            now: UTC, with zone.

        Yields:
            One page for each answer of the source. `Page.watermark` is only set where everything before it has been yielded, so that a run
            that is killed after any page loses nothing.

        Raises:
            Refused: when the source does not answer rightly; the pages yielded before stand.
        """
        ...


class FetchLink(Protocol):
    """Fetches the bytes behind a link by the rules of one source; a module of `sources.connectors` may have one, named `fetch_link`."""

    def __call__(
        self,
        client: Client,
        description: SourceDescription,
        link: FileLink,
        target: Path,
        *,
        max_bytes: int,
        validators: Validators | None = None,
    ) -> Download | NotModified:
        """Write the file to `target`.

        Args:
            client: the client of the link's route.
            description: the description of the link's route.
            link: what to fetch.
            target: where the bytes are to be written.
            max_bytes: more is refused.
            validators: what the server said of the bytes that are already here.

        Raises:
            Refused: when there are no bytes to be had; `outcome` says why.
        """
        ...


def connector_for(description: SourceDescription) -> Connector:
    """Return the connector that lists a source.

    Raises:
        BadInput: when the description names no module that lists records, or its settings are wrong.
    """
    module = _module_of(description)
    connector = getattr(module, "CONNECTOR", None)
    if connector is None:
        raise BadInput(
            f"configs/sources/{description.id}.yaml, key connector: {description.connector!r} lists no records, it only gives files."
        )
    return cast("type[Connector]", connector)(description)


def route_for(description: SourceDescription) -> FetchLink:
    """Return how files of a source are fetched: by its module's own rules, or by a plain download.

    Raises:
        BadInput: when the description names no module.
    """
    own = getattr(_module_of(description), "fetch_link", None)
    return download_link if own is None else cast("FetchLink", own)


def download_link(
    client: Client,
    description: SourceDescription,
    link: FileLink,
    target: Path,
    *,
    max_bytes: int,
    validators: Validators | None = None,
) -> Download | NotModified:
    """Fetch a link as it stands; for arguments and errors see `FetchLink`."""
    return client.download(link.url, target, max_bytes=max_bytes, validators=validators, file_format=link.file_format)


def _module_of(description: SourceDescription) -> ModuleType:
    name = f"sources.connectors.{description.connector}"
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise BadInput(
            f"configs/sources/{description.id}.yaml, key connector: there is no connector {description.connector!r} in sources/connectors."
        ) from None
