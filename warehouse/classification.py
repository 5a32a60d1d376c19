"""What is to be scored, and loading the scores."""

# ruff: noqa: S608  # statements are put together of names of this room and of checked identifiers of the codebook
from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from models.types import PassageText, Prediction
from warehouse.arrow import insert_columns
from warehouse.codebook import score_columns_of
from warehouse.ledger import Event, append
from warehouse.registry import languages_of
from warehouse.score_rows import score_table
from warehouse.states import Reason, State
from warehouse.transactions import Connection, raise_content_version

# A passage without a language of its own (too short to tell) is in its document's language.
_CODABLE = (
    "(SELECT p.document_id, p.passage_id FROM passages p JOIN extractions e USING (document_id) "
    "WHERE p.is_codable AND coalesce(p.language, e.language) IN (SELECT unnest($languages)))"
)
# Of some documents only: a load of a batch shall not look through all the others.
_CODABLE_OF = f"{_CODABLE[:-1]} AND p.document_id IN (SELECT unnest($documents)))"
_NOT_SCORED = "WHERE NOT EXISTS (FROM scores s WHERE s.passage_id = c.passage_id AND s.document_id = c.document_id AND s.model_version = $model"
_UNSCORED = f"(SELECT * FROM {_CODABLE} c {_NOT_SCORED}))"
_UNSCORED_OF = f"(SELECT * FROM {_CODABLE_OF} c {_NOT_SCORED} AND s.document_id IN (SELECT unnest($documents))))"
_STATES_OF = (
    "(SELECT record_id, state, reason, detail FROM document_events WHERE record_id IN "
    "(SELECT record_id FROM documents WHERE document_id IN (SELECT unnest($documents))) "
    "QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY event_no DESC) = 1)"
)
_IDS = [("passage_id", "string")]


def unscored(connection: Connection, model_version: str, languages: Sequence[str]) -> int:
    """Return how many passages wait for this model; see `Loader.unscored`."""
    parameters = {"languages": list(languages), "model": model_version}
    return int(connection.execute(f"SELECT count(*) FROM {_UNSCORED}", parameters).fetchall()[0][0])


def pending(
    connection: Connection, model_version: str, languages: Sequence[str], batch_documents: int
) -> Iterator[list[tuple[str, list[PassageText]]]]:
    """Yield batches of documents with their unscored passages; see `Loader.pending_classification`."""
    parameters = {"languages": list(languages), "model": model_version}
    rows = connection.execute(f"SELECT DISTINCT document_id FROM {_UNSCORED} ORDER BY 1", parameters).fetchall()
    documents = [str(name) for (name,) in rows]
    for start in range(0, len(documents), batch_documents):
        yield _texts(connection, parameters, documents[start : start + batch_documents])


def _texts(connection: Connection, parameters: dict[str, Any], documents: list[str]) -> list[tuple[str, list[PassageText]]]:
    rows = connection.execute(
        "WITH codable AS (SELECT document_id, passage_id, ordinal, heading_path, text, "
        "lag(text) OVER w AS previous, lead(text) OVER w AS next FROM passages "
        "WHERE is_codable AND document_id IN (SELECT unnest($documents)) WINDOW w AS (PARTITION BY document_id ORDER BY ordinal)) "
        "SELECT c.document_id, c.passage_id, array_to_string(c.heading_path[-2:], ' > '), c.text, c.previous, c.next "
        f"FROM codable c JOIN {_UNSCORED_OF} u ON u.passage_id = c.passage_id AND u.document_id = c.document_id "
        "ORDER BY c.document_id, c.ordinal",
        {**parameters, "documents": documents},
    ).fetchall()
    found: dict[str, list[PassageText]] = {}
    for document_id, passage_id, heading, text, previous, following in rows:
        found.setdefault(str(document_id), []).append(PassageText(passage_id, heading or "", text, previous, following))
    return list(found.items())


def load(
    connection: Connection, run_id: str | None, model_version: str, rows: Sequence[Prediction], documents: Sequence[str]
) -> None:
    """Load scores within the caller's transaction; see `Loader.load_predictions`."""
    import pyarrow

    languages = languages_of(connection, model_version)
    columns = score_columns_of(connection)
    # By way of Arrow: a list as a parameter takes longer than all the rest.
    connection.register("scored", pyarrow.table({"passage_id": [row.passage_id for row in rows]}, pyarrow.schema(_IDS)))
    try:
        owners = dict(
            connection.execute(
                "SELECT DISTINCT p.passage_id, p.document_id FROM passages p JOIN scored USING (passage_id) WHERE p.is_codable"
            ).fetchall()
        )
        # The last of several predictions for one passage stands: a passage has one row a model.
        written = {row.passage_id: row for row in rows if row.passage_id in owners}
        made = score_table(list(written.values()), model_version, owners, columns)
        scored_before = {"model": model_version, "documents": sorted(set(owners.values()))}
        of_documents = "FROM scores WHERE model_version = $model AND document_id IN (SELECT unnest($documents))"
        if connection.execute(f"SELECT 1 {of_documents} LIMIT 1", scored_before).fetchall():
            connection.execute(f"DELETE {of_documents} AND passage_id IN (SELECT passage_id FROM scored)", scored_before)
    finally:
        connection.unregister("scored")
    insert_columns(connection, "scores", made)
    events = _settlement(connection, model_version, languages, list(documents))
    append(connection, run_id, events)
    if written or events:
        raise_content_version(connection)


def settle(
    connection: Connection, run_id: str | None, model_version: str, languages: Sequence[str], documents: list[str] | None
) -> dict[str, int]:
    """Append the states of documents that have nothing more to score; `documents` limits it. See `Loader.settle_classification`."""
    events = _settlement(connection, model_version, languages, documents)
    append(connection, run_id, events)
    if events:
        raise_content_version(connection)
    classified = sum(event.state == State.CLASSIFIED for event in events)
    return {"classified": classified, "not_modelled": len(events) - classified}


def settlement_pending(connection: Connection, model_version: str, languages: Sequence[str]) -> int:
    """Return how many states `settle` would append; see `Loader.settlement_pending`."""
    return len(_settlement(connection, model_version, languages, None))


def _settlement(connection: Connection, model_version: str, languages: Sequence[str], documents: list[str] | None) -> list[Event]:
    codable, states, scored, chosen = _CODABLE, "document_states", "", ""
    if documents is not None:
        codable, states = _CODABLE_OF, _STATES_OF
        scored = " AND s.document_id IN (SELECT unnest($documents))"
        chosen = "AND d.document_id IN (SELECT unnest($documents)) "
    rows = connection.execute(
        f"WITH scored AS (SELECT document_id, passage_id FROM scores s WHERE s.model_version = $model{scored}), "
        "counted AS (SELECT c.document_id, count(*) AS n, count(s.passage_id) AS n_scored "
        f"FROM {codable} c LEFT JOIN scored s ON s.passage_id = c.passage_id AND s.document_id = c.document_id GROUP BY c.document_id) "
        "SELECT d.record_id, d.document_id, coalesce(c.n, 0) AS modelled, s.state, s.reason, s.detail "
        "FROM documents d JOIN extractions e ON e.document_id = d.document_id AND e.file_sha256 = d.file_sha256 "
        f"JOIN {states} s ON s.record_id = d.record_id LEFT JOIN counted c ON c.document_id = d.document_id "
        "WHERE e.n_codable > 0 AND coalesce(c.n = c.n_scored, true) AND s.state IN ('extracted', 'classified', 'published') "
        f"{chosen}ORDER BY d.document_id",
        {"languages": list(languages), "model": model_version} | ({} if documents is None else {"documents": documents}),
    ).fetchall()
    events = []
    for record_id, document_id, modelled, state, reason, detail in rows:
        if modelled:
            if not (state in (State.CLASSIFIED, State.PUBLISHED) and detail == model_version):
                events.append(Event(record_id, document_id, State.CLASSIFIED, Reason.OK, model_version))
        elif (state, reason, detail) != (State.EXTRACTED, Reason.LANGUAGE_NOT_MODELLED, model_version):
            events.append(Event(record_id, document_id, State.EXTRACTED, Reason.LANGUAGE_NOT_MODELLED, model_version))
    return events
