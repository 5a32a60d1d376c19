"""The main job as a sequence of six steps, in plain Python. The Prefect flow runs the same sequence; only the way of calling differs."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from entente import __version__
from flows import steps
from flows.progress import Progress
from flows.settings import Settings
from warehouse.database import open_warehouse
from warehouse.loader import Loader
from warehouse.lock import refresh_lock
from warehouse.publish import publish
from warehouse.types import PublishReport

if TYPE_CHECKING:
    from models.classifier import Classifier


class Call(Protocol):
    """How a step is called: directly, or as a task that is watched and tried again."""

    def __call__(self, name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run `function(*arguments)` as the step `name` and return its result."""


def direct(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a step as an ordinary function."""
    return function(*arguments)


@dataclass(frozen=True, slots=True)
class RefreshOptions:
    """What a refresh shall leave out."""

    classify: bool = True
    publish: bool = True
    command: str = "entente refresh"


@dataclass(slots=True)
class Summary:
    """What a refresh did: counts by name, what was odd, and the outcome of publishing."""

    listed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    issues: tuple[str, ...] = ()
    published: PublishReport | None = None
    seconds: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """Return the summary as plain values."""
        names = ("fetched", "refused", "extracted", "unreadable", "pages", "passages", "classified", "scored")
        published = None if self.published is None else {"changed": self.published.changed, "path": str(self.published.path)}
        return {
            "listed": self.listed,
            **{name: self.counts.get(name, 0) for name in names},
            "issues": list(self.issues),
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
        except (KeyboardInterrupt, SystemExit):
            status = "interrupted"
            raise
        finally:
            summary.seconds = (datetime.now(UTC) - started).total_seconds()
            with open_warehouse(settings.paths.warehouse) as connection:
                Loader(connection, run_id).finish_run(status, dict(summary.counts, listed=summary.listed))
    return summary


def nothing_to_do(settings: Settings, options: RefreshOptions) -> Summary | None:
    """Say cheaply, without Prefect and without a model in memory, whether a refresh would find anything to do.

    Returns:
        The summary of such a refresh when there is nothing to do (it is recorded as a run), else None.
    """
    started = datetime.now(UTC)
    if not settings.paths.warehouse.exists():
        return None
    with refresh_lock(settings.paths.state / "refresh.lock", options.command):
        listing = steps.discover(settings)
        if listing.to_fetch or steps.pending(settings, classify=options.classify, publish_too=options.publish):
            return None
        run_id = _start(settings, options, started)
        summary = Summary(listed=listing.total, issues=listing.issues)
        summary.seconds = (datetime.now(UTC) - started).total_seconds()
        with open_warehouse(settings.paths.warehouse) as connection:
            Loader(connection, run_id).finish_run("completed", {"listed": listing.total})
    return summary


def _start(settings: Settings, options: RefreshOptions, started: datetime) -> str:
    steps.prepare(settings)
    with open_warehouse(settings.paths.warehouse) as connection:
        code = f"{__version__} (Python {platform.python_version()})"
        return Loader(connection, None).start_run("refresh", settings.content_hash, code, options.command, started)


def _run_steps(
    settings: Settings, options: RefreshOptions, progress: Progress, call: Call, run_id: str, summary: Summary
) -> None:
    size = settings.refresh.batch_documents
    listing = call("discover", steps.discover, settings)
    summary.listed, summary.issues = listing.total, listing.issues
    for batch in _counted(progress, "fetch", listing.to_fetch, size):
        summary.counts.update(call("fetch", steps.fetch, settings, run_id, batch))
    _extract(settings, progress, call, run_id, summary, size)
    if options.classify:
        _classify(settings, progress, call, run_id, summary, size)
    if options.publish:
        progress("publish", 0, 1)
        summary.published = call("publish", publish_now, settings)
        progress("publish", 1, 1)


def _extract(settings: Settings, progress: Progress, call: Call, run_id: str, summary: Summary, size: int) -> None:
    from extractors.options import extractor_key
    from extractors.pool import ExtractionPool

    options, limits = steps.extraction_options(settings)
    key = extractor_key(options)
    files = steps.pending_files(settings, key)
    if not files:
        return
    with ExtractionPool(min(settings.extraction.workers, len(files)), options, limits) as pool:
        for batch in _counted(progress, "extract", files, size):
            summary.counts.update(call("extract", steps.extract, settings, run_id, pool, batch, key))


def _classify(settings: Settings, progress: Progress, call: Call, run_id: str, summary: Summary, size: int) -> None:
    version, todo = steps.unscored(settings)
    call("register model", steps.register_model, settings, run_id, version)
    if not todo:
        call("classify", steps.settle_unclassifiable, settings, run_id)
        return
    classifier: Classifier = call("load model", steps.load_classifier, settings)
    done = 0
    progress("classify", 0, todo)
    while True:
        counts = call(
            "classify",
            steps.classify_pending,
            settings,
            run_id,
            classifier,
            size,
            lambda n, d=done: progress("classify", d + n, todo),
        )
        if not counts["classified"]:
            break
        done += counts["scored"]
        summary.counts.update(counts)
    call("classify", steps.settle_unclassifiable, settings, run_id)


def publish_now(settings: Settings) -> PublishReport:
    """Publish what the warehouse holds now, unless the published file already holds it."""
    return publish(settings.paths.warehouse, settings.paths.published, built_by=f"Entente {__version__}")


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
