"""The steps of a refresh that speak with remote sources: list what they have, take the files, judge how they fared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from flows.settings import Settings
from flows.sources import Remote, SourceAccount
from sources.connectors.base import connector_for
from sources.description import SourceDescription
from sources.metadata import metadata_hash
from sources.pages import coalesced
from sources.routes import Fetched, Unchanged, fetch_file
from sources.silence import Given, count_requests, is_believable, judge
from sources.store import Store
from sources.taking import Group, KnownFile, group_records, take
from sources.types import Page, Record, Refusal, RequestEvent, Wanted
from sources.web.errors import Refused
from sources.web.results import Validators
from warehouse.database import open_warehouse
from warehouse.loader import Loader
from warehouse.types import PageCounts, SourceFacts, SourceRunRow


def describe(settings: Settings, remote: Remote) -> None:
    """Write down in the warehouse what the descriptions say of the sources and routes."""
    facts = [
        SourceFacts(one.id, one.name, one.publisher, one.licence, one.confidence, one.schedule)
        for one in {**remote.routes, **remote.listed}.values()
    ]
    with open_warehouse(settings.paths.warehouse) as connection:
        Loader(connection, None).describe_sources(facts)


def discover_source(settings: Settings, run_id: str, remote: Remote, source_id: str, full: bool) -> PageCounts:
    """List what a source has that is new or changed and load it page by page.

    A source that does not answer rightly is an account with status `refused`; what it listed before stays, and no other source is touched.
    """
    description = remote.listed[source_id]
    account = remote.account(source_id)
    missing = [name for name in description.needs if not description.settings.get(name)]
    if missing:
        account.status = "not_configured"
        account.findings.append(
            f"it stays silent until {missing[0]} is set: sources.overrides {{{source_id}: {{settings: {{{missing[0]}: ...}}}}}}."
        )
        _record(settings, run_id, remote, source_id)
        return account.counts
    with open_warehouse(settings.paths.warehouse) as connection:
        loader = Loader(connection, run_id)
        watermark = None if full else loader.watermark(source_id)
        if watermark is None:
            # What an earlier listing saw before it broke off proves nothing of today.
            loader.begin_full_listing(source_id)
        past = loader.source_past(source_id, _utc_now())
    account.is_full = watermark is None
    account.status = "interrupted"
    _record(settings, run_id, remote, source_id)
    try:
        connector = connector_for(description)
        for page in coalesced(connector.discover(remote.clients.of(source_id), watermark, remote.now)):
            page = _as_far_as_believed(page, account, description, past.n_records)
            hashes = {record.record_id: metadata_hash(record) for record in page.records}
            events = remote.clients.drain()
            account.requests = account.requests.plus(count_requests(events))
            with open_warehouse(settings.paths.warehouse) as connection:
                loader = Loader(connection, run_id)
                account.add(loader.load_page(source_id, page, hashes, full=account.is_full))
                loader.load_requests(events)
        account.status = "ok"
    except Refused as refusal:
        account.status = "refused"
        account.findings.append(str(refusal))
    account.requests = account.requests.plus(count_requests(_record_requests(settings, run_id, remote)))
    if account.status == "ok":
        _judge(settings, remote, description, past.first_listed_at)
    _record(settings, run_id, remote, source_id)
    return account.counts


def _as_far_as_believed(page: Page, account: SourceAccount, description: SourceDescription, n_known: int) -> Page:
    """Return the page; as the last one of a full listing that gave far too little, it withdraws nothing.

    Where the service listed nothing at all, the next discovery is a full one again.
    """
    if not (account.is_full and page.is_complete):
        return page
    n_listed = account.counts.n_listed + page.n_listed
    if is_believable(description.expected, account.counts.n_records + len(page.records), n_known):
        return page
    return replace(page, is_complete=False, watermark=page.watermark if n_listed else None)


def _judge(settings: Settings, remote: Remote, description: SourceDescription, first_listed_at: datetime | None) -> None:
    account = remote.account(description.id)
    now = _utc_now()
    with open_warehouse(settings.paths.warehouse) as connection:
        past = Loader(connection, None).source_past(description.id, now)
    given = Given(
        account.is_full,
        account.counts.n_records,
        first_listed_at,
        past.n_new_30_days,
        past.newest_at,
        account.requests,
        past.n_records,
    )
    verdict = judge(description.expected, given, now)
    account.status = verdict.status
    account.findings = list(verdict.findings)


def pending_groups(settings: Settings, remote: Remote, retry: bool) -> list[Group]:
    """Return what is to be downloaded now: the records whose present version was not taken, put together by document."""
    priority = list(remote.listed)
    with open_warehouse(settings.paths.warehouse) as connection:
        pending = Loader(connection, None).pending_downloads(priority, None if retry else _utc_now())
    return group_records(pending, priority)


def download(settings: Settings, run_id: str, remote: Remote, groups: Sequence[Group]) -> dict[str, int]:
    """Take the files of these documents into the store and load the outcome in one transaction."""
    store = Store(settings.paths.store)
    max_bytes = settings.sources.max_file_mb * 1_000_000
    urls = [link.url for group in groups for one in group.members for link in one.record.links]
    with open_warehouse(settings.paths.warehouse) as connection:
        loader = Loader(connection, run_id)
        said = loader.validators(urls)
        there = {
            one.file_sha256: KnownFile(one, store.stored(one))
            for one in loader.files([sha256 for _etag, _modified, sha256 in said.values()])
        }
    given = {url: there[sha256] for url, (_etag, _modified, sha256) in said.items() if sha256 in there}
    validators = {url: Validators(etag, modified) for url, (etag, modified, _sha256) in said.items() if url in given}

    def known(record_ids: Sequence[str], document_ids: Sequence[str], hashes: Sequence[str]) -> list[KnownFile]:
        with open_warehouse(settings.paths.warehouse) as connection:
            rows = Loader(connection, None).known_documents(record_ids, document_ids, hashes)
        return [KnownFile(one, store.stored(one)) for one in rows]

    def holders(document_ids: Sequence[str]) -> Mapping[str, Wanted]:
        with open_warehouse(settings.paths.warehouse) as connection:
            return Loader(connection, None).records_of_documents(document_ids)

    def fetch(record: Record, known_sha256: str | None) -> Fetched | Unchanged | Refusal:
        return fetch_file(
            remote.clients.of,
            remote.routes,
            record,
            store,
            max_bytes=max_bytes,
            validators=validators,
            archive="archive" in remote.routes,
            known_sha256=known_sha256,
        )

    batch = take(groups, known, holders, fetch, given, now=_utc_now(), parallel=settings.sources.parallel_downloads)
    events = remote.clients.drain()
    for source_id in sorted({event.source_id for event in events}):
        account = remote.account(source_id)
        account.requests = account.requests.plus(count_requests([event for event in events if event.source_id == source_id]))
    with open_warehouse(settings.paths.warehouse) as connection:
        Loader(connection, run_id).load_downloads(batch.taken, dict(batch.validators), events)
    refused = sum(one.refusal is not None for one in batch.taken)
    taken = sum(one.stored is not None and one.is_primary for one in batch.taken)
    return {"fetched": taken, "refused": refused, "linked": len(batch.taken) - refused - taken}


def read_missions(settings: Settings) -> int:
    """Look into the first pages of newly read documents for the mission of which they speak; returns how many have gained something."""
    from sources.missions import mission_of, with_mission

    with open_warehouse(settings.paths.warehouse) as connection:
        texts = Loader(connection, None).unread_missions()
    found = [
        (
            text,
            with_mission(
                text.metadata,
                mission_of(
                    text.metadata.title,
                    text.metadata.extra.get("abstract"),
                    text.first_pages,
                    published=text.metadata.published,
                    symbol=text.metadata.symbol,
                ),
            ),
        )
        for text in texts
    ]
    if not found:
        return 0
    with open_warehouse(settings.paths.warehouse) as connection:
        return Loader(connection, None).load_missions(found)


def settle(settings: Settings, run_id: str, remote: Remote) -> None:
    """Judge the routes by what became of the files, and record the accounts of all sources of the run."""
    for source_id, account in remote.accounts.items():
        description = remote.listed.get(source_id) or remote.routes[source_id]
        if account.status in ("ok", "warned") and account.requests.n_file_requests:
            given = Given(False, 0, None, 0, None, account.requests)
            verdict = judge(description.expected, given, _utc_now())
            if verdict.status != "ok":
                account.status = "failed" if "failed" in (verdict.status, account.status) else "warned"
            account.findings += [one for one in verdict.findings if one not in account.findings]
        _record(settings, run_id, remote, source_id)


def _record_requests(settings: Settings, run_id: str, remote: Remote) -> tuple[RequestEvent, ...]:
    events = remote.clients.drain()
    with open_warehouse(settings.paths.warehouse) as connection:
        Loader(connection, run_id).load_requests(events)
    return events


def _record(settings: Settings, run_id: str, remote: Remote, source_id: str) -> None:
    account = remote.account(source_id)
    row = SourceRunRow(
        source_id,
        account.started_at,
        account.status,
        " ".join(account.findings) or None,
        account.is_full,
        account.counts,
        account.requests,
    )
    with open_warehouse(settings.paths.warehouse) as connection:
        Loader(connection, run_id).load_source_run(row)


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
