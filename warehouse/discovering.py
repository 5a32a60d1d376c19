"""Loading what remote sources list: records, withdrawals, how far the listing has come, and what nobody has decided about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from entente.files import printable
from sources.types import Page, Record, Signal
from warehouse.arrow import insert
from warehouse.documents import remake_described
from warehouse.fetching import links_as_text, location_of
from warehouse.ledger import Event, append
from warehouse.metadata import metadata_as_text
from warehouse.migrations import utc_now
from warehouse.states import Reason, State
from warehouse.transactions import Connection, raise_content_version
from warehouse.types import PageCounts


def watermark_of(connection: Connection, source_id: str) -> str | None:
    """Return where the next discovery of a source may begin; None before its first whole listing."""
    rows = connection.execute("SELECT watermark FROM source_watermarks WHERE source_id = ?", [source_id]).fetchall()
    return str(rows[0][0]) if rows else None


def load_page(
    connection: Connection, run_id: str | None, source_id: str, page: Page, hashes: Mapping[str, str], *, full: bool
) -> PageCounts:
    """Load a page within the caller's transaction; see `Loader.load_page`."""
    # A page may name a record twice (a list that moved while it was read); the later one is the newer.
    records = list({record.record_id: record for record in page.records}.values())
    known = _known(connection, [record.record_id for record in records])
    new = [record for record in records if record.record_id not in known]
    changed = [
        record
        for record in records
        if record.record_id in known
        and known[record.record_id] != (record.version, hashes[record.record_id], links_as_text(record), False)
    ]
    _write(connection, run_id, new, changed, hashes)
    withdrawn = withdraw(connection, run_id, source_id, page.withdrawn)
    if full:
        _sight(connection, source_id, [record.record_key for record in records])
    if page.is_complete and full:
        withdrawn += _withdraw_unseen(connection, run_id, source_id)
    _write_signals(connection, source_id, page.signals)
    if page.watermark is not None:
        _write_watermark(connection, run_id, source_id, page.watermark)
    if new or changed or withdrawn:
        raise_content_version(connection)
    return PageCounts(page.n_listed, len(records), len(new), len(changed), withdrawn)


def begin_full_listing(connection: Connection, source_id: str) -> None:
    """Forget what an earlier full listing had seen and where it was, within the caller's transaction."""
    connection.execute("DELETE FROM source_sightings WHERE source_id = ?", [source_id])
    connection.execute("DELETE FROM source_watermarks WHERE source_id = ?", [source_id])


def withdraw(connection: Connection, run_id: str | None, source_id: str, keys: Sequence[str]) -> int:
    """Mark the records of these keys (or whose key begins with one and a slash) as withdrawn; what was taken of them stays."""
    if not keys:
        return 0
    gone = connection.execute(
        "SELECT r.record_id FROM records r WHERE r.source_id = $source AND r.is_remote AND r.withdrawn_at IS NULL AND "
        "(list_contains($keys, r.record_key) OR list_contains($keys, regexp_replace(r.record_key, '/[^/]*$', ''))) ORDER BY r.record_id",
        {"source": source_id, "keys": list(keys)},
    ).fetchall()
    return _mark_withdrawn(connection, run_id, [str(record_id) for (record_id,) in gone])


def _withdraw_unseen(connection: Connection, run_id: str | None, source_id: str) -> int:
    gone = connection.execute(
        "SELECT r.record_id FROM records r WHERE r.source_id = $source AND r.is_remote AND r.withdrawn_at IS NULL AND NOT EXISTS "
        "(FROM source_sightings s WHERE s.source_id = $source AND s.record_key = r.record_key) ORDER BY r.record_id",
        {"source": source_id},
    ).fetchall()
    connection.execute("DELETE FROM source_sightings WHERE source_id = ?", [source_id])
    return _mark_withdrawn(connection, run_id, [str(record_id) for (record_id,) in gone])


def _mark_withdrawn(connection: Connection, run_id: str | None, record_ids: Sequence[str]) -> int:
    if not record_ids:
        return 0
    now = utc_now()
    connection.execute("UPDATE records SET withdrawn_at = ? WHERE record_id IN (SELECT unnest(?))", [now, list(record_ids)])
    insert(
        connection,
        "record_versions",
        [
            {"record_id": one, "version": "", "said_at": now, "run_id": run_id, "is_withdrawal": True, "raw": None}
            for one in record_ids
        ],
    )
    never_taken = connection.execute(
        "SELECT record_id FROM records WHERE record_id IN (SELECT unnest(?)) AND document_id IS NULL ORDER BY record_id",
        [list(record_ids)],
    ).fetchall()
    append(
        connection,
        run_id,
        [Event(str(one), None, State.MISSING, Reason.WITHDRAWN, "the source has taken it back") for (one,) in never_taken],
    )
    return len(record_ids)


def _known(connection: Connection, record_ids: Sequence[str]) -> dict[str, tuple[str, str, str, bool]]:
    rows = connection.execute(
        "SELECT record_id, version, metadata_hash, links, withdrawn_at IS NOT NULL FROM records WHERE record_id IN (SELECT unnest(?))",
        [list(record_ids)],
    ).fetchall()
    return {row[0]: tuple(row[1:]) for row in rows}


def _write(
    connection: Connection, run_id: str | None, new: Sequence[Record], changed: Sequence[Record], hashes: Mapping[str, str]
) -> None:
    written = [*new, *changed]
    if not written:
        return
    now = utc_now()
    insert(
        connection,
        "records",
        [_row(record, hashes[record.record_id]) | {"first_seen_at": now, "changed_at": now} for record in new],
    )
    for record in changed:
        row = _row(record, hashes[record.record_id])
        connection.execute(
            "UPDATE records SET location = $location, metadata_hash = $metadata_hash, metadata = $metadata, version = $version, "
            # After failed attempts the state tells of them even where the version is the one that was taken: that one is asked for again.
            "fetched_version = CASE WHEN attempts > 0 THEN NULL ELSE fetched_version END, "
            "links = $links, withdrawn_at = NULL, attempts = 0, next_attempt_at = NULL, changed_at = $now WHERE record_id = $record_id",
            {name: row[name] for name in ("location", "metadata_hash", "metadata", "version", "links", "record_id")}
            | {"now": now},
        )
    ids = [record.record_id for record in written]
    connection.execute("DELETE FROM record_relations WHERE record_id IN (SELECT unnest(?))", [ids])
    insert(
        connection,
        "record_relations",
        [
            {"record_id": record.record_id, "kind": relation.kind, "symbol": relation.symbol}
            for record in written
            for relation in dict.fromkeys(record.relations)
        ],
    )
    insert(
        connection,
        "record_versions",
        [
            {
                "record_id": record.record_id,
                "version": record.version,
                "said_at": now,
                "run_id": run_id,
                "is_withdrawal": False,
                "raw": record.raw or None,
            }
            for record in written
        ],
    )
    append(connection, run_id, [Event(record.record_id, None, State.DISCOVERED) for record in new])
    remake_described(connection, [record.record_id for record in changed])


def _row(record: Record, metadata_hash: str) -> dict[str, object]:
    return {
        "record_id": record.record_id,
        "source_id": record.source_id,
        "record_key": record.record_key,
        "location": location_of(record),
        "fingerprint": "",
        "metadata_hash": metadata_hash,
        "metadata": metadata_as_text(record.metadata),
        "file_sha256": None,
        "document_id": None,
        "is_primary": False,
        "is_remote": True,
        "version": record.version,
        "fetched_version": None,
        "links": links_as_text(record),
        "attempts": 0,
        "next_attempt_at": None,
        "withdrawn_at": None,
    }


def _sight(connection: Connection, source_id: str, keys: Sequence[str]) -> None:
    insert(connection, "source_sightings", [{"source_id": source_id, "record_key": key} for key in keys])


def _write_watermark(connection: Connection, run_id: str | None, source_id: str, watermark: str) -> None:
    connection.execute("DELETE FROM source_watermarks WHERE source_id = ?", [source_id])
    connection.execute("INSERT INTO source_watermarks VALUES (?, ?, ?, ?)", [source_id, watermark, utc_now(), run_id])


def _write_signals(connection: Connection, source_id: str, signals: Sequence[Signal]) -> None:
    now = utc_now()
    counted: dict[tuple[str, str], tuple[str, int]] = {}
    for signal in signals:
        example, n = counted.get((signal.kind, signal.field), (signal.example[:200], 0))
        counted[signal.kind, signal.field] = (example, n + 1)
    for (kind, field), (example, n) in sorted(counted.items()):
        before = connection.execute(
            "SELECT n FROM source_signals WHERE source_id = ? AND kind = ? AND field = ?", [source_id, kind, field]
        ).fetchall()
        if before:
            connection.execute(
                "UPDATE source_signals SET n = n + ?, last_seen_at = ? WHERE source_id = ? AND kind = ? AND field = ?",
                [n, now, source_id, kind, field],
            )
        else:
            connection.execute(
                "INSERT INTO source_signals VALUES (?, ?, ?, ?, ?, ?, ?)",
                [source_id, kind, printable(field), printable(example), n, now, now],
            )
