"""Extraction in child processes: one document can crash, hang or eat memory, and only that document fails."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from entente.errors import BadInput
from extractors.child import Child
from extractors.failure import ExtractionError
from extractors.gathering import Gathering
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.refind import PassageLocation
from extractors.render import extraction_to_dict
from extractors.types import Extraction, ExtractionFailure
from extractors.work_folders import remove_left_behind
from warehouse.states import Reason


@dataclass(frozen=True, slots=True)
class ExtractionJob:
    """A file to read: where it is, what it is (pdf, docx, html, txt, doc), and the hash of its bytes."""

    path: Path
    file_format: str
    file_sha256: str


_LOOK_UP = 0.5  # seconds
_Task = tuple[dict[str, Any], "Future[dict[str, Any]]"]


class ExtractionPool:
    """`workers` child processes that read documents under `limits`; a context manager, at whose end all children are gone."""

    def __init__(self, workers: int, options: ExtractOptions, limits: ExtractionLimits) -> None:
        if workers < 1:
            raise BadInput(f"extraction.workers is {workers}; it must be at least 1.")
        self._children = [Child(options, limits) for _ in range(workers)]
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def __enter__(self) -> Self:
        remove_left_behind()
        # A child dies with the thread that started it, so the threads live as long as the pool.
        for child in self._children:
            thread = threading.Thread(target=self._serve, args=(child,), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closed = True
        for _ in self._threads:
            self._tasks.put(None)
        for child in self._children:
            child.stop()
        for thread in self._threads:
            thread.join(timeout=30)
        for child in self._children:
            child.kill()
        remove_left_behind()

    def run(self, jobs: Iterable[ExtractionJob]) -> Iterator[tuple[ExtractionJob, Extraction | ExtractionFailure]]:
        """Yield each job with its result as it completes; jobs are drawn only a little ahead of the work."""
        done: queue.SimpleQueue[tuple[ExtractionJob, Future[dict[str, Any]]]] = queue.SimpleQueue()
        waiting = 0
        upcoming = iter(jobs)
        exhausted = False
        while True:
            while not exhausted and waiting < 2 * len(self._children):
                job = next(upcoming, None)
                if job is None:
                    exhausted = True
                    break
                request = {
                    "op": "extract",
                    "path": str(job.path),
                    "file_format": job.file_format,
                    "file_sha256": job.file_sha256,
                }
                future = self._submit(request)
                future.add_done_callback(lambda finished, job=job: done.put((job, finished)))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
                waiting += 1
            if not waiting:
                return
            try:
                # Ctrl-C may be delivered to another thread and then does not wake this one: look up now and then.
                finished_job, finished = done.get(timeout=_LOOK_UP)
            except queue.Empty:
                continue
            waiting -= 1
            yield finished_job, _outcome(finished_job, finished)

    def refind(self, path: Path, file_format: str, passages: Sequence[PassageLocation]) -> list[bool]:
        """Return for each passage whether its text was found again at its place in the file (see `refind.refind`).

        Raises:
            ExtractionError: when the file cannot be read or the process fails.
        """
        request = {
            "op": "refind",
            "path": str(path),
            "file_format": file_format,
            "passages": [asdict(passage) for passage in passages],
        }
        return [bool(found) for found in self._answer(request)]

    def overlay(self, path: Path, extraction: Extraction, target: Path) -> None:
        """Write a copy of a PDF with its passages drawn on the pages to `target` (see `overlay.write_overlay`).

        Raises:
            ExtractionError: when the file cannot be read or the process fails.
        """
        request = {
            "op": "overlay",
            "path": str(path),
            "file_format": "pdf",
            "extraction": extraction_to_dict(extraction),
            "target": str(target),
        }
        self._answer(request)

    def _answer(self, request: dict[str, Any]) -> Any:
        future = self._submit(request)
        while not future.done():
            with contextlib.suppress(TimeoutError):
                future.result(timeout=_LOOK_UP)
        answer = future.result()
        if "ok" not in answer:
            raise ExtractionError(Reason(answer["reason"]), answer["detail"])
        return answer["ok"]

    def _submit(self, request: dict[str, Any]) -> Future[dict[str, Any]]:
        if not self._threads or self._closed:
            raise RuntimeError("ExtractionPool is used outside its `with` block.")
        future: Future[dict[str, Any]] = Future()
        self._tasks.put((request, future))
        return future

    def _serve(self, child: Child) -> None:
        while (task := self._tasks.get()) is not None:
            request, future = task
            if self._closed:
                future.cancel()
                continue
            try:
                future.set_result(_asked(child, request))
            except BaseException as error:  # noqa: BLE001  # handed to the thread that asked
                future.set_exception(error)
        child.kill()


def _asked(child: Child, request: dict[str, Any]) -> dict[str, Any]:
    """Return a child's answer, an extraction put together from its parts as they come, so that it is held once."""
    if request["op"] != "extract":
        return child.ask(request)
    gathering = Gathering()
    answer = child.ask(request, gathering.take)
    if "ok" not in answer:
        return answer
    try:
        extraction = gathering.extraction(answer["ok"])
    except (ValueError, TypeError, KeyError):
        child.kill()
        raise ExtractionError(Reason.EXTRACTOR_CRASHED, "The reading process answered something unreadable.") from None
    if extraction.file_sha256 != request["file_sha256"]:
        child.kill()
        raise ExtractionError(Reason.EXTRACTOR_CRASHED, "The reading process answered for another file.")
    return {"ok": extraction}


def _outcome(job: ExtractionJob, finished: Future[dict[str, Any]]) -> Extraction | ExtractionFailure:
    try:
        answer = finished.result()
    except ExtractionError as error:
        return ExtractionFailure(job.file_sha256, error.reason, error.detail)
    if "ok" in answer:
        extraction: Extraction = answer["ok"]
        return extraction
    return ExtractionFailure(job.file_sha256, str(answer["reason"]), str(answer["detail"]))
