"""The one writer: every method is one transaction that is there whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from extractors.types import Extraction, ExtractionFailure
from models.types import PassageText, Prediction
from sources.types import DocumentMetadata, FetchedRow, Known, Page, RequestEvent, Wanted
from warehouse import (
    classification,
    discovering,
    downloads,
    extraction,
    fetching,
    mission_reading,
    registry,
    runs,
    source_ledger,
)
from warehouse.mission_reading import MissionText
from warehouse.transactions import Connection, collector_paused, transaction
from warehouse.types import (
    KnownRecord,
    ModelRow,
    PageCounts,
    PendingFile,
    SourceFacts,
    SourcePast,
    SourceRunRow,
)


class Loader:
    """Loads the results of the steps into an open warehouse and says what is still to do.

    Args:
        connection: an open warehouse (`warehouse.database.open_warehouse`), for the loading methods not read-only.
        run_id: the run that the rows of the ledger name; None where nothing is loaded.
    """

    def __init__(self, connection: Connection, run_id: str | None) -> None:
        self._connection = connection
        self._run_id = run_id

    def start_run(self, kind: str, config_hash: str, code_version: str, command: str, at: datetime) -> str:
        """Record that a run begins, close those that a kill left open as interrupted, and return the new run's identifier.

        The loader writes under that run from now on. `at` is a time with zone, or one in UTC without.
        """
        with transaction(self._connection):
            self._run_id = runs.start(self._connection, kind, config_hash, code_version, command, at)
        return self._run_id

    def finish_run(self, status: str, counts: Mapping[str, int]) -> None:
        """Record how the loader's run ended (completed, failed or interrupted) and what it counted."""
        with transaction(self._connection):
            runs.finish(self._connection, self._run_id, status, counts)

    def known_records(self, source_ids: Sequence[str] | None) -> dict[str, KnownRecord]:
        """Return what is known of every record of these sources, by record identifier.

        None means all folders, with the records of other sources that share a document with one of theirs.
        """
        return fetching.known_records(self._connection, source_ids)

    def describe_sources(self, facts: Sequence[SourceFacts]) -> None:
        """Write down what the descriptions say of these sources."""
        with transaction(self._connection):
            source_ledger.write_facts(self._connection, facts)

    def watermark(self, source_id: str) -> str | None:
        """Return where the next discovery of a source may begin; None before its first whole listing."""
        return discovering.watermark_of(self._connection, source_id)

    def begin_full_listing(self, source_id: str) -> None:
        """Let the next listing of a source be a full one: what it does not list any more is withdrawn at its end."""
        with transaction(self._connection):
            discovering.begin_full_listing(self._connection, source_id)

    def load_page(self, source_id: str, page: Page, hashes: Mapping[str, str], *, full: bool) -> PageCounts:
        """Load a part of what a source lists: new and changed records, what was withdrawn, the watermark, what nobody has decided about.

        Args:
            source_id: the source.
            page: what it listed.
            hashes: by record identifier, a hash of what is said of the record.
            full: whether the listing is a full one, at whose complete end unseen records are withdrawn.
        """
        with transaction(self._connection):
            return discovering.load_page(self._connection, self._run_id, source_id, page, hashes, full=full)

    def source_past(self, source_id: str, now: datetime) -> SourcePast:
        """Return what is remembered of a source; `now` is UTC without zone."""
        return source_ledger.past_of(self._connection, source_id, now)

    def load_source_run(self, row: SourceRunRow) -> None:
        """Record (or record anew) how a source fared in this run."""
        with transaction(self._connection):
            source_ledger.write_run(self._connection, self._run_id, row)

    def load_requests(self, events: Sequence[RequestEvent]) -> None:
        """Record requests."""
        with transaction(self._connection):
            source_ledger.write_requests(self._connection, self._run_id, events)

    def pending_downloads(self, source_ids: Sequence[str], now: datetime | None) -> list[Wanted]:
        """Return the records of these sources whose present version was not fetched, ordered by identifier.

        `now` (UTC without zone) leaves out those that are to be tried again later; None asks for all.
        """
        return downloads.pending(self._connection, source_ids, now)

    def known_documents(self, record_ids: Sequence[str], document_ids: Sequence[str], hashes: Sequence[str] = ()) -> list[Known]:
        """Return the records with a file that are these, belong to these documents, or stand for a document with these bytes."""
        return downloads.known_documents(self._connection, record_ids, document_ids, hashes)

    def files(self, hashes: Sequence[str]) -> list[Known]:
        """Return for each of these hashes a record whose file it is, where there is one."""
        return downloads.files(self._connection, hashes)

    def records_of_documents(self, document_ids: Sequence[str]) -> dict[str, Wanted]:
        """Return, by document, the remote record that stands for it, as if it were wanted anew."""
        return downloads.records_of_documents(self._connection, document_ids)

    def validators(self, urls: Sequence[str]) -> dict[str, tuple[str | None, str | None, str]]:
        """Return, by address, the ETag, the Last-Modified and the hash of what came from there last."""
        return downloads.validators_of(self._connection, urls)

    def load_downloads(
        self,
        rows: Sequence[FetchedRow],
        validators: Mapping[str, tuple[str | None, str | None, str]],
        events: Sequence[RequestEvent],
    ) -> None:
        """Load what was downloaded as `load_fetched` does, together with what each address said of its file, and the requests."""
        with transaction(self._connection):
            fetching.load(self._connection, self._run_id, rows)
            downloads.write_validators(self._connection, validators)
            source_ledger.write_requests(self._connection, self._run_id, events)

    def load_fetched(self, rows: Sequence[FetchedRow]) -> None:
        """Load what fetching made of some records: records, files, documents, missions, and their states.

        A refused new version leaves document, file and passages as they were. A document that comes with the bytes it had keeps the
        state that it had reached.

        Raises:
            BadInput: when a row with a stored file names no document.
        """
        with transaction(self._connection):
            fetching.load(self._connection, self._run_id, rows)

    def pending_extraction(self, extractor_key: str, limits: str = "") -> list[PendingFile]:
        """Return the documents whose file this extractor has neither read nor failed to read, ordered by document identifier.

        `limits` names the bounds of time, memory and size: a document that failed by them is pending again under other ones.
        """
        return extraction.pending(self._connection, extractor_key, limits)

    def load_extractions(
        self, results: Sequence[tuple[PendingFile, Extraction | ExtractionFailure]], extractor_key: str, limits: str = ""
    ) -> None:
        """Put what was read out of some documents in the place of what was there before.

        Scores stay with passages whose text and place stay the same (their identifier survives). A result for a file that is no longer
        the document's file is left out: the new file is pending.
        """
        with collector_paused(), transaction(self._connection):
            extraction.load(self._connection, self._run_id, results, extractor_key, limits)

    def pending_classification(
        self, model_version: str, languages: Sequence[str], batch_documents: int = 25
    ) -> Iterator[list[tuple[str, list[PassageText]]]]:
        """Yield, in batches of documents, the codable passages in the model's languages that it has not scored.

        Duplicates are among them: they are passages too, and whoever counts leaves them out by `is_duplicate`.
        """
        return classification.pending(self._connection, model_version, languages, batch_documents)

    def unscored(self, model_version: str, languages: Sequence[str]) -> int:
        """Return how many codable passages in these languages the model has not scored."""
        return classification.unscored(self._connection, model_version, languages)

    def unread_missions(self) -> list[MissionText]:
        """Return the documents of remote sources that were read and whose first pages were not looked into for their mission."""
        return mission_reading.unread(self._connection)

    def load_missions(self, found: Sequence[tuple[MissionText, DocumentMetadata]]) -> int:
        """Fill the gaps of these documents with what their first pages say; returns how many have gained something."""
        with transaction(self._connection):
            return mission_reading.load(self._connection, found)

    def load_predictions(self, model_version: str, rows: Sequence[Prediction], documents: Sequence[str]) -> None:
        """Load scores; documents all of whose passages are scored become classified.

        A prediction for a passage that is no longer there is left out.

        Raises:
            BadInput: when the model is not registered, or a prediction does not fit the codebook's dimensions.
        """
        with collector_paused(), transaction(self._connection):
            classification.load(self._connection, self._run_id, model_version, rows, documents)

    def settle_classification(self, model_version: str, languages: Sequence[str]) -> dict[str, int]:
        """Give every document with nothing (more) to score its state; returns how many became classified and how many are not modelled.

        Run it after the last batch. A document keeps its state when it has been told so before.
        """
        with transaction(self._connection):
            return classification.settle(self._connection, self._run_id, model_version, languages, None)

    def settlement_pending(self, model_version: str, languages: Sequence[str]) -> int:
        """Return for how many documents `settle_classification` would write a new state."""
        return classification.settlement_pending(self._connection, model_version, languages)

    def register_model(self, model: ModelRow) -> bool:
        """Record a model version; returns whether it is new.

        Raises:
            BadInput: when another model is registered under the same version.
        """
        with transaction(self._connection):
            return registry.register(self._connection, model)

    def record_metrics(self, model_version: str, name: str, figures: Mapping[str, Any]) -> bool:
        """Keep the figures of an evaluation with a registered model, under `evaluations` of its metrics; returns whether that is a change.

        Args:
            model_version: the model.
            name: of the evaluation; figures under the same name are replaced.
            figures: plain values.

        Raises:
            BadInput: when no such model is registered.
        """
        with transaction(self._connection):
            return registry.record_metrics(self._connection, model_version, name, figures)

    def promote(self, model_version: str) -> bool:
        """Make a registered model the one that `labels` shows; returns whether that is a change.

        Raises:
            BadInput: when no such model is registered.
        """
        with transaction(self._connection):
            return registry.promote(self._connection, model_version)
