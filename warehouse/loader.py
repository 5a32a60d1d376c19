"""The one writer: every method is one transaction that is there whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from extractors.types import Extraction, ExtractionFailure
from models.types import PassageText, Prediction
from warehouse import classification, extraction, fetching, registry, runs
from warehouse.transactions import Connection, transaction
from warehouse.types import FetchedRow, KnownRecord, ModelRow, PendingFile

__all__ = ["FetchedRow", "KnownRecord", "Loader", "ModelRow", "PendingFile"]


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
        """Return what is known of every record of these sources (None: of all), by record identifier."""
        return fetching.known_records(self._connection, source_ids)

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
        with transaction(self._connection):
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

    def load_predictions(self, model_version: str, rows: Sequence[Prediction], documents: Sequence[str]) -> None:
        """Load scores; documents all of whose passages are scored become classified.

        A prediction for a passage that is no longer there is left out.

        Raises:
            BadInput: when the model is not registered, or a prediction does not fit the codebook's dimensions.
        """
        with transaction(self._connection):
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

    def promote(self, model_version: str) -> bool:
        """Make a registered model the one that `labels` shows; returns whether that is a change.

        Raises:
            BadInput: when no such model is registered.
        """
        with transaction(self._connection):
            return registry.promote(self._connection, model_version)
