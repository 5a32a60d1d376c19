"""The first contact with a service: eight checks that a person runs once with a network, and that say what differs from the description."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from entente.errors import BadInput
from sources.connectors.base import connector_for
from sources.description import SourceDescription
from sources.routes import Fetched, Unchanged, fetch_file
from sources.store import Store
from sources.types import Page, Record, Refusal
from sources.web.errors import Refused

if TYPE_CHECKING:
    from sources.web.client import Client
    from sources.web.results import Validators

PAGES = 3
"""How many pages of a listing are looked at."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `outcome` is ok, differs, failed or skipped."""

    name: str
    outcome: str
    detail: str


def check_offline(description: SourceDescription) -> list[Check]:
    """Check what can be known without a network: that the connector takes the description's settings."""
    checks = [Check("description", "ok", f"configs/sources/{description.id}.yaml is well formed")]
    if description.gives == "files":
        return [*checks, Check("connector", "ok", "gives files of known symbols or addresses; lists nothing")]
    try:
        connector_for(description)
    except BadInput as error:
        return [*checks, Check("connector", "failed", str(error))]
    missing = [name for name in description.needs if not description.settings.get(name)]
    if missing:
        return [*checks, Check("connector", "skipped", f"stays silent until settings.{missing[0]} is set")]
    return [*checks, Check("connector", "ok", f"sources.connectors.{description.connector} takes its settings")]


def check_live(
    description: SourceDescription, clients: Callable[[str], Client], routes: Mapping[str, SourceDescription], store: Store
) -> Iterator[Check]:
    """Walk through the checks; each says what was seen, so that a person can correct the description.

    Args:
        description: the source.
        clients: gives the client of a source or route.
        routes: the descriptions by whose rules files are fetched.
        store: where the one file goes (a folder to be thrown away).

    Yields:
        1 service answers, 2 robots.txt, 3 one page of the listing, 4 its records, 5 undecided fields, 6 counts, 7 one file, 8 asking again.
        A source that only gives files has 1 and 2.
    """
    client = clients(description.id)
    yield from _answers(description, client)
    if description.gives == "files":
        return
    connector = connector_for(description)
    try:
        pages = list(islice(connector.discover(client, None, datetime.now(UTC)), PAGES))
    except Refused as refusal:
        yield Check("one page", "failed", str(refusal))
        return
    if not pages:
        yield Check("one page", "differs", "the listing ended without a page: the service or the queries give nothing")
        return
    yield Check("one page", "ok", f"{len(pages)} pages with {sum(page.n_listed for page in pages)} items were read")
    records = [record for page in pages for record in page.records]
    yield _records(records)
    yield _signals(pages)
    yield _counts(description, pages, len(records))
    yield from _one_file(records, clients, routes, store)


def _answers(description: SourceDescription, client: Client) -> Iterator[Check]:
    closed = []
    for role, url in description.base_urls.items():
        try:
            answer = client.resolve(url)
        except Refused as refusal:
            if refusal.outcome == "robots_disallowed":
                closed.append(url)
            # The bare address need not be a page of the service; a challenge or silence is what a person must know of.
            harmless = refusal.outcome in ("not_found", "bad_answer", "empty_answer", "wrong_type", "error_page")
            yield Check("service answers", "ok" if harmless else "failed", f"{role}: {refusal}")
        else:
            yield Check("service answers", "ok", f"{role}: {urlsplit(url).hostname} answers with {answer.status}")
    notes = [f"{host}: {note}" for host, note in sorted(client.robots_notes().items())]
    if closed:
        yield Check("robots.txt", "failed", f"does not allow {', '.join(closed)}")
    elif notes:
        yield Check("robots.txt", "differs", "; ".join(notes))
    else:
        yield Check("robots.txt", "ok", "read, and allows the addresses of the description")


def _records(records: list[Record]) -> Check:
    if not records:
        return Check("records", "differs", "none of the items passed the filters of the description")
    described = sum(record.metadata.title is not None for record in records)
    linked = sum(bool(record.links) for record in records)
    example = records[0]
    outcome = "ok" if described and linked else "differs"
    return Check(
        "records",
        outcome,
        f"{len(records)} records, {described} with a title, {linked} with links; the first: {example.record_key} {example.metadata.title}",
    )


def _signals(pages: list[Page]) -> Check:
    fields = sorted({f"{signal.kind} {signal.field}" for page in pages for signal in page.signals})
    if fields:
        return Check(
            "undecided fields", "differs", ", ".join(fields[:12]) + (f" and {len(fields) - 12} more" if len(fields) > 12 else "")
        )
    return Check("undecided fields", "ok", "every field is handled or left aside for a reason")


def _counts(description: SourceDescription, pages: list[Page], n_records: int) -> Check:
    least = description.expected.first_listing_min
    whole = len(pages) < PAGES
    if whole and n_records < least:
        return Check("counts", "differs", f"the whole listing has {n_records} records, at least {least} are expected")
    return Check("counts", "ok", f"{n_records} records on {len(pages)} pages{'' if whole else ', and there is more'}")


def _one_file(
    records: list[Record], clients: Callable[[str], Client], routes: Mapping[str, SourceDescription], store: Store
) -> Iterator[Check]:
    record = next((one for one in records if one.links), None)
    if record is None:
        yield Check("one file", "skipped", "no record has a link")
        return
    outcome = fetch_file(clients, routes, record, store, max_bytes=500_000_000, validators={}, archive="archive" in routes)
    if isinstance(outcome, Refusal):
        yield Check("one file", "failed", f"{outcome.reason}: {outcome.detail}")
        return
    if isinstance(outcome, Unchanged):
        yield Check("one file", "differs", "the service says that a file is unchanged that was never taken")
        return
    yield Check("one file", "ok", f"{outcome.stored.file_format}, {outcome.stored.n_bytes} bytes from {outcome.url}")
    yield _again(outcome, record, clients, routes, store)


def _again(
    first: Fetched, record: Record, clients: Callable[[str], Client], routes: Mapping[str, SourceDescription], store: Store
) -> Check:
    if not first.validators:
        return Check(
            "asking again", "differs", "the service gives neither ETag nor Last-Modified: files are compared by their bytes"
        )
    validators: dict[str, Validators] = {first.link.url: first.validators}
    outcome = fetch_file(clients, routes, record, store, max_bytes=500_000_000, validators=validators, archive=False)
    if isinstance(outcome, Unchanged):
        return Check("asking again", "ok", "an unchanged file is not sent twice")
    return Check("asking again", "differs", "a second request with its ETag or Last-Modified brought the file again")


def temporary_store(folder: Path) -> Store:
    """Return a store in a folder that is thrown away."""
    return Store(folder / "store")
