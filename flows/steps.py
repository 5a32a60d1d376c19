"""The steps of the main job, one function each: read what is pending, let the rooms do it, load the result in one transaction.

Each step looks up in the warehouse what there is to do, so running it again does nothing, and a run that was killed goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from entente import __version__
from entente.errors import EntenteError
from entente.files import printable
from extractors.options import ExtractionLimits, ExtractOptions, extractor_key
from flows.expected_counts import read_expected
from flows.load import chosen_model, codebook_rows, model_row, read_codebook, score_columns, search_options
from flows.settings import Settings
from sources.folder import FolderSource
from sources.identity import OK, SAME_BYTES, Registry, natural_document_id
from sources.metadata import DESCRIBED, metadata_hash
from sources.store import Store, fingerprint
from sources.types import FetchedRow, Record, Refusal, StoredFile
from warehouse.codebook import has_codebook, set_codebook
from warehouse.database import open_warehouse
from warehouse.loader import Loader
from warehouse.metadata import metadata_of
from warehouse.publish import publish, published_is_current
from warehouse.registry import promoted_model
from warehouse.transactions import Connection
from warehouse.types import KnownRecord, PendingFile, PublishReport

if TYPE_CHECKING:
    from extractors.pool import ExtractionJob, ExtractionPool
    from models.classifier import Classifier

T = TypeVar("T")
BUILT_BY = f"Entente {__version__}"


@dataclass(frozen=True, slots=True)
class Listing:
    """What the sources list now: the records that are new or changed, how many there are in all, and what was odd."""

    to_fetch: tuple[Record, ...]
    total: int
    issues: tuple[str, ...]


def extraction_options(settings: Settings) -> tuple[ExtractOptions, ExtractionLimits]:
    """Return the extraction settings in the room's own types."""
    extraction = settings.extraction
    limits = ExtractionLimits(
        seconds=extraction.seconds_per_document,
        memory_mb=extraction.memory_mb,
        output_mb=extraction.output_mb,
        max_pages=extraction.max_pages,
    )
    return ExtractOptions(engine=extraction.engine, ocr="off" if extraction.ocr == "never" else "auto"), limits


def _extraction_keys(settings: Settings) -> tuple[str, str]:
    """Return what extractions are kept under: the extractor with its options, and the limits under which it may have failed."""
    options, limits = extraction_options(settings)
    bounds = f"{limits.seconds:g}s,{limits.memory_mb}MB,{limits.output_mb}MB,{limits.max_pages}p"
    return extractor_key(options), bounds


def prepare(settings: Settings) -> None:
    """Make the warehouse speak this codebook and remove what killed runs have left; call it only while holding the refresh lock."""
    codebook = read_codebook(settings)
    Store(settings.paths.store).remove_leftovers()
    with open_warehouse(settings.paths.warehouse) as connection:
        set_codebook(connection, codebook_rows(codebook), score_columns(codebook))


def discover(settings: Settings) -> Listing:
    """List all records of all sources and compare them with what is on file; nothing is read but names, sizes and times."""
    records: list[Record] = []
    issues: list[str] = []
    for folder in settings.sources.folders:
        listing = FolderSource(folder.id, folder.roots, folder.manifests, folder.columns, folder.defaults).discover()
        records += listing.records
        issues += listing.issues
    known = known_records(settings)
    current = [_with_what_was_said(record, known) for record in records]
    silent = sum(record.is_described and not listed.is_described for listed, record in zip(records, current, strict=True))
    if silent:
        issues.append(
            f"{silent} documents keep what an earlier manifest said of them; no manifest speaks of them now. "
            "Name it in sources.folders, or put it into the folder as manifest.csv."
        )
    changed = tuple(record for record in current if _is_changed(record, known))
    return Listing(changed, len(records), tuple(issues))


def _with_what_was_said(record: Record, known: dict[str, KnownRecord]) -> Record:
    """Return a record of which nothing is said with what was said of it before: silence takes nothing back."""
    before = known.get(record.record_id)
    if record.is_described or before is None or not before.metadata_hash.startswith(DESCRIBED):
        return record
    return replace(record, metadata=metadata_of(before.metadata), is_described=True)


def known_records(settings: Settings) -> dict[str, KnownRecord]:
    """Return what the warehouse knows about every record, nothing where there is no warehouse yet.

    Records of sources that are not configured now are among them: a document is one across all sources.
    """
    if not settings.paths.warehouse.exists():
        return {}
    with open_warehouse(settings.paths.warehouse) as connection:
        return Loader(connection, None).known_records(None)


def _is_changed(record: Record, known: dict[str, KnownRecord]) -> bool:
    before = known.get(record.record_id)
    if before is None:
        return True
    mark = _mark_of(record)
    if mark is None:
        # The file is gone. What was taken before stays; only a file that was never there is worth another word.
        return before.file_sha256 is None and before.state != "missing"
    if before.fingerprint != mark or before.metadata_hash != metadata_hash(record):
        return True
    if before.reason == SAME_BYTES:
        owner = next((row for row in known.values() if row.document_id == before.document_id and row.is_primary), None)
        return owner is None or owner.file_sha256 != before.file_sha256
    return before.reason == "changed_while_read"


def _path_of(record: Record) -> Path:
    assert record.location is not None  # noqa: S101  # only folders list these records
    return record.location


def _mark_of(record: Record) -> str | None:
    try:
        return fingerprint(_path_of(record))
    except OSError:
        return None


def fetch(settings: Settings, run_id: str, records: Sequence[Record]) -> dict[str, int]:
    """Take the files of these records into the store, decide which document each belongs to, and load the outcome."""
    store = Store(settings.paths.store)
    max_bytes = settings.sources.max_file_mb * 1_000_000
    outcomes = [_put(record, store, max_bytes) for record in records]
    hashes = [outcome.sha256 for _mark, outcome in outcomes if isinstance(outcome, StoredFile)]
    with open_warehouse(settings.paths.warehouse) as connection:
        loader = Loader(connection, run_id)
        known = loader.known_documents(
            [record.record_id for record in records], [natural_document_id(record) for record in records], hashes
        )
        registry = Registry(known)
        rows = [_fetched(record, mark, outcome, registry) for record, (mark, outcome) in zip(records, outcomes, strict=True)]
        loader.load_fetched(rows)
    refused = sum(row.refusal is not None for row in rows)
    return {"fetched": len(rows) - refused, "refused": refused}


def _put(record: Record, store: Store, max_bytes: int) -> tuple[str, StoredFile | Refusal]:
    path = _path_of(record)
    return _mark_of(record) or "", store.put(path, printable(path.name), max_bytes=max_bytes)


def _fetched(record: Record, mark: str, outcome: StoredFile | Refusal, registry: Registry) -> FetchedRow:
    said = metadata_hash(record)
    if isinstance(outcome, Refusal):
        return FetchedRow(record, mark, said, None, outcome, None, False, outcome.reason)
    assignment = registry.assign(record, outcome)
    return FetchedRow(record, mark, said, outcome, None, assignment.document_id, assignment.is_primary, assignment.reason or OK)


def pending_files(settings: Settings) -> list[PendingFile]:
    """Return the files that the configured extractor has not read yet."""
    with open_warehouse(settings.paths.warehouse) as connection:
        return Loader(connection, None).pending_extraction(*_extraction_keys(settings))


def extract(settings: Settings, run_id: str, pool: ExtractionPool, files: Sequence[PendingFile]) -> dict[str, int]:
    """Read these files in child processes and load the passages, or the reason why there are none."""
    from extractors.pool import ExtractionJob
    from extractors.types import Extraction

    store = Store(settings.paths.store)
    by_hash = {file.file_sha256: file for file in files}
    jobs = [
        ExtractionJob(store.path_of(file.file_sha256, file.file_format), file.file_format, file.file_sha256) for file in files
    ]
    outcomes = {job.file_sha256: outcome for job, outcome in pool.run(_largest_first(jobs))}
    results = [(by_hash[sha256], outcomes[sha256]) for sha256 in sorted(outcomes, key=lambda key: by_hash[key].document_id)]
    with open_warehouse(settings.paths.warehouse) as connection:
        Loader(connection, run_id).load_extractions(results, *_extraction_keys(settings))
    read = [outcome for outcome in outcomes.values() if isinstance(outcome, Extraction)]
    return {
        "extracted": len(read),
        "unreadable": len(outcomes) - len(read),
        "pages": sum(len(outcome.pages) for outcome in read),
        "passages": sum(len(outcome.passages) for outcome in read),
    }


def _largest_first(jobs: Sequence[ExtractionJob]) -> list[ExtractionJob]:
    """Put large files first, so that no worker ends a batch alone with the largest one."""
    return sorted(jobs, key=lambda job: job.path.stat().st_size if job.path.exists() else 0, reverse=True)


def register_model(settings: Settings) -> int:
    """Record the configured model in the warehouse; returns how many passages it has not scored yet."""
    model = chosen_model(settings)
    with open_warehouse(settings.paths.warehouse) as connection:
        loader = Loader(connection, None)
        loader.register_model(model_row(model))
        return loader.unscored(model.version, model.languages)


def classify_batch(settings: Settings, run_id: str, classifier: Classifier, told: Callable[[int], None]) -> dict[str, int]:
    """Score the next batch of documents with passages that this model has not scored; counts are zero when nothing is left."""
    size = settings.refresh.batch_documents
    with open_warehouse(settings.paths.warehouse) as connection:
        pending = Loader(connection, None).pending_classification(classifier.version, classifier.languages, size)
        batch = next(iter(pending), [])
    predictions = []
    for prediction in classifier.classify(passage for _document, texts in batch for passage in texts):
        predictions.append(prediction)
        told(len(predictions))
    if batch:
        with open_warehouse(settings.paths.warehouse) as connection:
            Loader(connection, run_id).load_predictions(classifier.version, predictions, [document for document, _texts in batch])
    return {"classified": len(batch), "scored": len(predictions)}


def finish_classification(settings: Settings, run_id: str) -> None:
    """Give documents with nothing to score their state, and let analysts see this model's labels from now on."""
    model = chosen_model(settings)
    with open_warehouse(settings.paths.warehouse) as connection:
        loader = Loader(connection, run_id)
        loader.settle_classification(model.version, model.languages)
        loader.promote(model.version)


def publish_now(settings: Settings) -> PublishReport:
    """Publish what the warehouse holds now, unless the published file already holds it; its notes tell of labels by a model not in use."""
    report = publish(
        settings.paths.warehouse,
        settings.paths.published,
        built_by=BUILT_BY,
        expected=read_expected(settings),
        search=search_options(settings),
        keep=settings.publish.keep,
    )
    behind = labels_behind(settings)
    return report if behind is None else replace(report, notes=(*report.notes, behind))


def anything_pending(settings: Settings, *, classify: bool, publish_too: bool) -> bool:
    """Say whether any step after fetching would do something, or the codebook has changed; loads no model."""
    codebook = read_codebook(settings)
    with open_warehouse(settings.paths.warehouse) as connection:
        if not has_codebook(connection, codebook_rows(codebook), score_columns(codebook)):
            return True
        loader = Loader(connection, None)
        if loader.pending_extraction(*_extraction_keys(settings)):
            return True
        if classify:
            model = chosen_model(settings)
            if (
                loader.unscored(model.version, model.languages)
                or loader.settlement_pending(model.version, model.languages)
                or promoted_model(connection) != model.version
            ):
                return True
        return publish_too and not holds_the_same(connection, settings)


def holds_the_same(connection: Connection, settings: Settings) -> bool:
    """Say whether the published file holds what the open warehouse holds."""
    return published_is_current(connection, settings.paths.published, built_by=BUILT_BY, search=search_options(settings))


def labels_behind(settings: Settings) -> str | None:
    """Say in a sentence when the warehouse shows labels of another model than the one in use; None when it does not, or shows none."""
    with open_warehouse(settings.paths.warehouse, read_only=True) as connection:
        shown = promoted_model(connection)
    if shown is None:
        return None
    try:
        used = chosen_model(settings).version
    except EntenteError:
        # Without a model nothing is scored, and what is there can be published all the same.
        return None
    if shown == used:
        return None
    return f"Labels are those of {shown}; in use is {used}. `entente refresh` scores with it."


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut a sequence into lists of at most `size`."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
