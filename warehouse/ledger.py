"""The document ledger: appending states. Nothing in it is ever changed or removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from warehouse.arrow import insert
from warehouse.migrations import utc_now
from warehouse.states import Reason, State
from warehouse.transactions import Connection


@dataclass(frozen=True, slots=True)
class Event:
    """A state that a record has reached; `detail` is a sentence for people, or the model version of a classified document."""

    record_id: str
    document_id: str | None
    state: str
    reason: str = Reason.OK
    detail: str | None = None


REACHED = (State.UNREADABLE, State.EXTRACTED, State.CLASSIFIED, State.PUBLISHED)
"""What a document can have reached after its file was fetched."""


def append(connection: Connection, run_id: str | None, events: Sequence[Event]) -> None:
    """Append events in this order, within the caller's transaction."""
    if not events:
        return
    last = int(connection.execute("SELECT coalesce(max(event_no), 0) FROM document_events").fetchall()[0][0])
    now = utc_now()
    insert(
        connection,
        "document_events",
        [
            {
                "event_no": last + number,
                "record_id": event.record_id,
                "document_id": event.document_id,
                "state": State(event.state).value,
                "reason": Reason(event.reason).value,
                "detail": event.detail,
                "happened_at": now,
                "run_id": run_id,
            }
            for number, event in enumerate(events, start=1)
        ],
    )


def latest(connection: Connection, record_ids: Iterable[str]) -> dict[str, Event]:
    """Return the latest event of each of these records that has one."""
    wanted = list(record_ids)
    rows = connection.execute(
        "SELECT record_id, document_id, state, reason, detail FROM document_events WHERE record_id IN (SELECT unnest(?)) "
        "QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY event_no DESC) = 1",
        [wanted],
    ).fetchall()
    return {row[0]: Event(*row) for row in rows}
