"""The main job as a sequence of six steps, in plain Python. The Prefect flow runs the same sequence; only the way of calling differs."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from entente import __version__
from flows import steps
from flows.expected_counts import read_expected
from flows.interrupts import is_interruption
from flows.load import check_encoder, check_model, load_classifier, search_options
from flows.progress import Progress
from flows.settings import Settings
from flows.sources import FOLDERS, configuration_hash, enabled_descriptions, remote_sources
from warehouse.database import open_warehouse
from warehouse.loader import Loader
from warehouse.lock import refresh_lock
from warehouse.types import PublishReport


class Call(Protocol):
    """How a step is called: directly, or as a task that is watched and tried again."""

    def __call__(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run `function(*arguments)` as the step `name` and return its result."""


def direct(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a step as an ordinary function."""
    return function(*arguments)


@dataclass(frozen=True, slots=True)
class RefreshOptions:
    """What a refresh shall pull and what it shall leave out.

    Attributes:
        sources: the sources of this run (`folders` means the folders); None for all.
        full: list remote sources from the beginning, and notice what they list no more.
        retry: ask again at once for what was refused or missing.
        record_to: a WARC file in which every exchange with a service is kept, or None.
        recorded: such a file, which answers instead of the services, or None.
    """

    classify: bool = True
    publish: bool = True
    command: str = "entente refresh"
    sources: tuple[str, ...] | None = None
    full: bool = False
    retry: bool = False
    record_to: Path | None = None
    recorded: Path | None = None

    @property
    def wants_folders(self) -> bool:
        """Whether the folders are looked into."""
        return self.sources is None or FOLDERS in self.sources


@dataclass(slots=True)
class Summary:
    """What a refresh did: counts by name, what was odd, and the outcome of publishing."""

    listed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    issues: tuple[str, ...] = ()
    published: PublishReport | None = None
    seconds: float = 0.0
    sources: dict[str, dict[str, object]] = field(default_factory=dict)
    failed_sources: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return the summary as plain values."""
        names = ("fetched", "linked", "refused", "extracted", "unreadable", "pages", "passages", "classified", "scored")
        published = None if self.published is None else {"changed": self.published.changed, "path": str(self.published.path)}
        return {
            "listed": self.listed,
            **{name: self.counts.get(name, 0) for name in names},
            "issues": list(self.issues),
            "sources": self.sources,
            "published": published,
            "seconds": round(self.seconds, 2),
        }


def refresh(settings: Settings, options: RefreshOptions, progress: Progress, call: Call = direct) -> Summary:
    """Run the main job once: discover, fetch, extract, classify, load, publish.

    Only what is new or changed is touched; what a step cannot do becomes a row in the ledger and stops nothing else.

    Args:
        settings: the project's settings.
        options: what to leave out.
        progress: told at every batch.
        call: how steps are called.

    Raises:
        Busy: when another refresh of this project is at work; names it.
        Unavailable: when the model, the disk or a newer Entente is missing.
        BadInput: when the configuration, a folder or a manifest cannot be used.
    """
    started = datetime.now(UTC)
    with refresh_lock(settings.paths.state / "refresh.lock", options.command):
        summary = Summary()
        run_id = _start(settings, options, started)
        status = "failed"
        try:
            _run_steps(settings, options, progress, call, run_id, summary)
            status = "completed"
        except Exception as error:
            if is_interruption(error):
                status = "interrupted"
            raise
        except BaseException:
            # Ctrl-C, our own SystemExit after SIGTERM, and the signal class that Prefect makes of it.
            status = "interrupted"
            raise
        finally:
            summary.seconds = (datetime.now(UTC) - started).total_seconds()
            with open_warehouse(settings.paths.warehouse) as connection:
                Loader(connection, run_id).finish_run(
                    status, dict(summary.counts, listed=summary.listed, failed_sources=len(summary.failed_sources))
                )
    return summary


def nothing_to_do(settings: Settings, options: RefreshOptions) -> Summary | None:
    """Say cheaply, without Prefect and without a model in memory, whether a refresh would find anything to do.

    Returns:
        The summary of such a refresh when there is nothing to do (it is recorded as a run), else None.
    """
    started = datetime.now(UTC)
    if enabled_descriptions(settings, options.sources):
        # Only the services can tell.
        if options.classify:
            check_model(settings)
        return None
    if not settings.paths.warehouse.exists():
        # What is wrong with folders, manifests or the model is said before anything is started or made.
        if options.wants_folders:
            steps.discover(settings)
        if options.classify:
            check_model(settings)
        return None
    with refresh_lock(settings.paths.state / "refresh.lock", options.command):
        listing = steps.discover(settings) if options.wants_folders else steps.Listing((), 0, ())
        if listing.to_fetch or steps.anything_pending(settings, classify=options.classify, publish_too=options.publish):
            return None
        run_id = _start(settings, options, started)
        summary = Summary(listed=listing.total, issues=listing.issues)
        summary.seconds = (datetime.now(UTC) - started).total_seconds()
        with open_warehouse(settings.paths.warehouse) as connection:
            Loader(connection, run_id).finish_run("completed", {"listed": listing.total})
    return summary


def _start(settings: Settings, options: RefreshOptions, started: datetime) -> str:
    if options.classify:
        # A missing model is better said now than after an hour of reading, and one for another codebook before its scores are given up.
        check_model(settings)
    steps.prepare(settings)
    with open_warehouse(settings.paths.warehouse) as connection:
        code = f"{__version__} (Python {platform.python_version()})"
        return Loader(connection, None).start_run("refresh", configuration_hash(settings), code, options.command, started)


def _run_steps(
    settings: Settings, options: RefreshOptions, progress: Progress, call: Call, run_id: str, summary: Summary
) -> None:
    size = settings.refresh.batch_documents
    if options.classify:
        check_encoder(settings)
    if options.publish:
        # What the last step needs is better missed now than after an hour of reading.
        search_options(settings)
        read_expected(settings)
    if options.wants_folders:
        listing = call("discover", steps.discover, settings)
        summary.listed, summary.issues = listing.total, listing.issues
        for batch in _counted(progress, "fetch", listing.to_fetch, size):
            summary.counts.update(call("fetch", steps.fetch, settings, run_id, batch))
    _pull(settings, options, progress, call, run_id, summary)
    _extract(settings, progress, call, run_id, summary)
    if settings.sources.enabled:
        from flows import remote

        call("read missions", remote.read_missions, settings)
    if options.classify:
        classify_pending(settings, progress, call, run_id, summary.counts)
    if options.publish:
        progress("publish", 0, 1)
        summary.published = call("publish", steps.publish_now, settings)
        summary.issues += summary.published.notes if summary.published else ()
        progress("publish", 1, 1)


def _pull(settings: Settings, options: RefreshOptions, progress: Progress, call: Call, run_id: str, summary: Summary) -> None:
    with remote_sources(settings, options.sources, record_to=options.record_to, recorded=options.recorded) as sources:
        if sources is None:
            return
        from flows import remote

        call("describe sources", remote.describe, settings, sources)
        for number, source_id in enumerate(sources.listed):
            progress("list", number, len(sources.listed))
            counts = call(f"list {source_id}", remote.discover_source, settings, run_id, sources, source_id, options.full)
            summary.listed += counts.n_records
        progress("list", len(sources.listed), len(sources.listed))
        groups = call("find files to take", remote.pending_groups, settings, sources, options.retry)
        for batch in _counted(progress, "download", groups, settings.refresh.batch_documents):
            summary.counts.update(call("download", remote.download, settings, run_id, sources, batch))
        call("judge sources", remote.settle, settings, run_id, sources)
        summary.sources = {key: one.as_dict() for key, one in sources.accounts.items()}
        summary.failed_sources = sources.failed
        summary.issues += tuple(
            f"{key}: {' '.join(one.findings)}"
            for key, one in sources.accounts.items()
            if one.findings and key not in summary.failed_sources
        )
        if not sources.listed:
            summary.issues += ("No enabled source lists records: archive and ods only have files for the others.",)
        if sources.is_cut_off:
            summary.issues += ("No service could be reached: is this machine online?",)


def _extract(settings: Settings, progress: Progress, call: Call, run_id: str, summary: Summary) -> None:
    from extractors.pool import ExtractionPool

    files = steps.pending_files(settings)
    if not files:
        return
    options, limits = steps.extraction_options(settings)
    with ExtractionPool(min(settings.extraction.workers, len(files)), options, limits) as pool:
        for batch in _counted(progress, "extract", files, settings.refresh.batch_documents):
            summary.counts.update(call("extract", steps.extract, settings, run_id, pool, batch))


def classify_pending(settings: Settings, progress: Progress, call: Call, run_id: str, counts: Counter[str]) -> None:
    """Score what the model in use has not scored yet, batch by batch, and show its labels from then on.

    Args:
        settings: the project's settings.
        progress: told at every batch.
        call: how steps are called.
        run_id: of the ledger.
        counts: gets the documents (`classified`) and passages (`scored`) added.
    """
    todo = call("register model", steps.register_model, settings)
    if todo:
        classifier = call("load model", load_classifier, settings)
        progress("classify", 0, todo)
        while counts["scored"] < todo:
            done = counts["scored"]
            found = call(
                "classify", steps.classify_batch, settings, run_id, classifier, _offset(progress, "classify", done, todo)
            )
            if not found["classified"]:
                break
            counts.update(found)
    call("finish classification", steps.finish_classification, settings, run_id)


def _offset(progress: Progress, stage: str, before: int, total: int) -> Callable[[int], None]:
    """Return a function that reports the passages of one batch on top of those before it, not more often than is worth the writing."""

    def told(done: int) -> None:
        if done % 50 == 0 or before + done == total:
            progress(stage, before + done, total)

    return told


def _counted(progress: Progress, stage: str, items: Iterable[Any], size: int) -> Iterable[list[Any]]:
    todo = list(items)
    if not todo:
        return
    done = 0
    progress(stage, 0, len(todo))
    for batch in steps.batches(todo, size):
        yield batch
        done += len(batch)
        progress(stage, done, len(todo))
