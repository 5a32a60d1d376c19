"""From listed records to documents: each document's file is taken once, whoever lists it, and each record is told which document it is.

A document may be listed by several sources. Their records are put together by the organization's own key (symbol and language); the file is
asked for through the links of all of them; one record stands for the document, the others are linked to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from sources.identity import OK, Registry, document_id_for, natural_document_id
from sources.retrying import next_attempt
from sources.routes import Fetched, Unchanged
from sources.types import FetchedRow, FileLink, Known, Record, Refusal, StoredFile, Wanted

OTHER_RECORD = "other_record"
Validator = tuple[str | None, str | None, str]
"""ETag, Last-Modified and the SHA-256 of what an address gave last."""


@dataclass(frozen=True, slots=True)
class Group:
    """The wanted records of one document, the preferred source first."""

    document_ids: tuple[str, ...]
    members: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A record with a file: what identity needs, and the file."""

    known: Known
    stored: StoredFile


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of some groups: a row for each record, and what each address said of its file."""

    taken: tuple[FetchedRow, ...]
    validators: Mapping[str, Validator]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to ask for on behalf of a group: nothing (`leader` is None: another record stands for the document), or a record's file."""

    group: Group
    holder: KnownFile | None
    leader: Wanted | None


Fetch = Callable[[Record, str | None], Fetched | Unchanged | Refusal]
"""Gets a record's file by its links; the text is the SHA-256 of the file that the document has, if it has one."""


def group_records(wanted: Sequence[Wanted], priority: Sequence[str]) -> list[Group]:
    """Put records of the same document together.

    Args:
        wanted: records of any sources.
        priority: source ids, the preferred first; others follow in alphabetical order.

    Returns:
        The groups in the order of their documents; a second symbol that a source names (`same_document`) joins groups.
    """
    rank = {source_id: number for number, source_id in enumerate(priority)}
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    names = [_names(one.record) for one in wanted]
    for first, *others in names:
        for other in others:
            left, right = sorted((root(first), root(other)))
            parent[right] = left
    members: dict[str, list[int]] = {}
    for number, (first, *_others) in enumerate(names):
        members.setdefault(root(first), []).append(number)
    groups = []
    for _root, numbers in sorted(members.items()):
        ordered = sorted(
            numbers,
            key=lambda n: (
                rank.get(wanted[n].record.source_id, len(rank)),
                wanted[n].record.source_id,
                wanted[n].record.record_key,
            ),
        )
        ids = dict.fromkeys(name for number in ordered for name in names[number])
        groups.append(Group(tuple(ids), tuple(wanted[number] for number in ordered)))
    return groups


def _names(record: Record) -> list[str]:
    others = [
        document_id_for(record.metadata.igo, relation.symbol, record.metadata.language)
        for relation in record.relations
        if relation.kind == "same_document"
    ]
    return [natural_document_id(record), *(name for name in others if name is not None)]


def take(
    groups: Sequence[Group],
    known: Callable[[Sequence[str], Sequence[str], Sequence[str]], Sequence[KnownFile]],
    holders: Callable[[Sequence[str]], Mapping[str, Wanted]],
    fetch: Fetch,
    given: Mapping[str, KnownFile],
    *,
    now: datetime,
    parallel: int,
) -> Batch:
    """Take the files of some groups and decide which document each record is.

    Args:
        groups: from `group_records`.
        known: records with files by record identifiers, document identifiers and hashes.
        holders: the remote records that stand for some documents.
        fetch: gets a record's file by its links; called from `parallel` threads.
        given: by address, the file that came from there last, where `fetch` asks only for what has changed.
        now: UTC, for the times of further attempts.
        parallel: most files under way at once; the pace of each host holds besides.
    """
    record_ids = [one.record.record_id for group in groups for one in group.members]
    document_ids = [name for group in groups for name in group.document_ids]
    files = known(record_ids, document_ids, ())
    by_record = {one.known.record_id: one for one in files}
    primary = {one.known.document_id: one for one in files if one.known.is_primary}
    holder_records = holders(sorted({one.known.document_id for one in files}))
    plans = _plans(groups, by_record, primary, holder_records)
    leaders = [_with_all_links(plan) for plan in plans]
    with ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="download") as pool:
        outcomes = list(pool.map(lambda plan, record: _ask(fetch, given, plan, record), plans, leaders))
    hashes = [outcome.stored.sha256 for outcome in outcomes if isinstance(outcome, Fetched)]
    registry = Registry([one.known for one in _unique(files, known(record_ids, document_ids, hashes))])
    taken: list[FetchedRow] = []
    validators: dict[str, Validator] = {}
    for plan, outcome in zip(plans, outcomes, strict=True):
        taken += _decide(plan, outcome, registry, now)
        if not isinstance(outcome, Fetched | Unchanged) or outcome.validators is None:
            continue
        stored = outcome.stored if isinstance(outcome, Fetched) else plan.holder.stored if plan.holder else None
        if stored is not None:
            validators[outcome.link.url] = (outcome.validators.etag, outcome.validators.last_modified, stored.sha256)
    return Batch(tuple(taken), validators)


def _ask(
    fetch: Fetch, given: Mapping[str, KnownFile], plan: _Plan, record: Record | None
) -> Fetched | Unchanged | Refusal | None:
    if record is None:
        return None
    sha256 = plan.holder.stored.sha256 if plan.holder is not None else None
    outcome = fetch(record, sha256)
    if isinstance(outcome, Unchanged) and outcome.link.url in given:
        # Another document may have had this file from this address: what has not changed there may be new here.
        stored = given[outcome.link.url].stored
        if stored.sha256 != sha256:
            return Fetched(stored, outcome.link, outcome.url, None, outcome.attempts)
    return outcome


def _plans(
    groups: Sequence[Group],
    by_record: Mapping[str, KnownFile],
    primary: Mapping[str, KnownFile],
    holder_records: Mapping[str, Wanted],
) -> list[_Plan]:
    """Return a plan for each group; groups for which the same record is to be asked are one, so that each record comes out once."""
    together: dict[str, list[Group]] = {}
    for number, group in enumerate(groups):
        leader = _plan(group, by_record, primary, holder_records).leader
        together.setdefault(f"group {number}" if leader is None else leader.record.record_id, []).append(group)
    joined = [group for group, *more in together.values() if not more]
    for record_id, several in together.items():
        if len(several) > 1:
            # The leader's own group first: the joined one then has the same leader.
            several.sort(key=lambda group: all(one.record.record_id != record_id for one in group.members))
            ids = dict.fromkeys(name for group in several for name in group.document_ids)
            joined.append(Group(tuple(ids), tuple(one for group in several for one in group.members)))
    return [_plan(group, by_record, primary, holder_records) for group in joined]


def _plan(
    group: Group, by_record: Mapping[str, KnownFile], primary: Mapping[str, KnownFile], holder_records: Mapping[str, Wanted]
) -> _Plan:
    own = [
        one
        for one in (by_record[member.record.record_id] for member in group.members if member.record.record_id in by_record)
        # A record that only shared the file of another document, or whose symbol was corrected, says nothing of that document's next file.
        if one.known.is_primary or one.known.document_id in group.document_ids
    ]
    names = [*(one.known.document_id for one in own), *group.document_ids]
    holder = next((primary[name] for name in names if name in primary), None)
    if holder is None:
        return _Plan(group, None, group.members[0])
    member = next((one for one in group.members if one.record.record_id == holder.known.record_id), None)
    if member is not None:
        return _Plan(group, holder, member)
    if not own:
        return _Plan(group, holder, None)
    # A record that does not stand for the document has changed: the document's file is asked for through the record that does.
    return _Plan(group, holder, holder_records.get(holder.known.document_id))


def _with_all_links(plan: _Plan) -> Record | None:
    if plan.leader is None:
        return None
    links: dict[str, FileLink] = {}
    for one in (plan.leader, *plan.group.members):
        for link in one.record.links:
            links.setdefault(link.url, link)
    return replace(plan.leader.record, links=tuple(links.values()))


def _unique(*lists: Iterable[KnownFile]) -> list[KnownFile]:
    return list({one.known.record_id: one for some in lists for one in some}.values())


def _decide(plan: _Plan, outcome: Fetched | Unchanged | Refusal | None, registry: Registry, now: datetime) -> list[FetchedRow]:
    if isinstance(outcome, Refusal):
        return [
            FetchedRow(
                one.record, "", one.metadata_hash, None, outcome, None, False, outcome.reason,
                next_attempt_at=next_attempt(outcome.reason, one.attempts + 1, now),
            )
            for one in plan.group.members
        ]  # fmt: skip
    if isinstance(outcome, Fetched):
        assert plan.leader is not None  # noqa: S101  # only leaders are fetched
        assignment = registry.assign(plan.leader.record, outcome.stored)
        etag, modified = (outcome.validators.etag, outcome.validators.last_modified) if outcome.validators else (None, None)
        first = FetchedRow(
            plan.leader.record, "", plan.leader.metadata_hash, outcome.stored, None, assignment.document_id, assignment.is_primary,
            assignment.reason or OK, outcome.url, etag, modified,
        )  # fmt: skip
        return [first, *_others(plan, outcome.stored, assignment.document_id)]
    assert plan.holder is not None  # noqa: S101  # unchanged or not asked for: there is a file
    holder = plan.holder
    rows = []
    if plan.leader is not None:
        rows.append(
            FetchedRow(plan.leader.record, "", plan.leader.metadata_hash, holder.stored, None, holder.known.document_id, True, OK)
        )
    return [*rows, *_others(plan, holder.stored, holder.known.document_id)]


def _others(plan: _Plan, stored: StoredFile, document_id: str) -> list[FetchedRow]:
    leader = plan.leader.record.record_id if plan.leader is not None else None
    return [
        FetchedRow(one.record, "", one.metadata_hash, stored, None, document_id, False, OTHER_RECORD)
        for one in plan.group.members
        if one.record.record_id != leader
    ]
