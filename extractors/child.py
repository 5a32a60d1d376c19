"""One child process of the pool, seen from the parent: start it, ask it one thing at a time, kill it when it takes too long."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from extractors.failure import ExtractionError
from extractors.options import ExtractionLimits, ExtractOptions
from warehouse.states import Reason

_MB = 1_000_000
_READ = 1 << 16
# Starting an interpreter and its libraries is not the document's fault and has its own, generous allowance.
_START_SECONDS = 120.0


class Child:
    """A worker process that is started when first asked and started again after it was killed or died."""

    def __init__(self, options: ExtractOptions, limits: ExtractionLimits) -> None:
        self._options, self._limits = options, limits
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def ask(self, request: dict[str, Any], take: Callable[[dict[str, Any]], None] | None = None) -> dict[str, Any]:
        """Return the end of the worker's answer to one request.

        Args:
            request: see `requests`.
            take: is given the parts of the answer as they come; they count for nothing when a failure is returned or raised.

        Raises:
            ExtractionError: timed_out, extractor_crashed, out_of_memory or output_too_large; the next request gets a new process.
        """
        try:
            process = self._started()
            assert process.stdin is not None  # noqa: S101  # opened as a pipe below
            process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            process.stdin.flush()
        except BrokenPipeError:
            raise self._died() from None
        end: dict[str, Any] = {}
        try:
            for line in self._lines(self._limits.seconds):
                answer = json.loads(line)
                if not isinstance(answer, dict):
                    raise TypeError
                if "ok" in answer or "reason" in answer:
                    end = answer
                    break
                if take is not None:
                    take(answer)
        except (ValueError, TypeError, KeyError):
            self.kill()
            raise ExtractionError(Reason.EXTRACTOR_CRASHED, "The reading process answered something unreadable.") from None
        except BaseException:
            self.kill()  # the rest of its answer would be taken for the start of the next one
            raise
        if end.get("reason") == Reason.OUT_OF_MEMORY:
            self.kill()  # its heap is full of the document that was too much
        return end

    def stop(self) -> None:
        """End the process at once and for good, from another thread than the one that asks; that one sees the end and cleans up.

        The pipes stay open here: a thread that waits for one which is closed under it would never wake.
        """
        self._stopped = True
        process = self._process
        if process is not None:
            _kill(process)

    def kill(self) -> None:
        """End the process at once; the next request gets a new one."""
        process, self._process = self._process, None
        if process is None:
            return
        _kill(process)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self.kill()
        if self._stopped:
            raise self._ended()
        arguments = {
            "parent": os.getpid(),
            "memory_mb": self._limits.memory_mb,
            "output_mb": self._limits.output_mb,
            "max_pages": self._limits.max_pages,
            "seconds": self._limits.seconds,
            "engine": self._options.engine,
            "ocr": self._options.ocr,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "extractors.worker", json.dumps(arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Ctrl-C goes to the parent alone, which then ends its children.
            start_new_session=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        )
        if self._stopped:
            raise self._ended()
        if next(self._lines(_START_SECONDS)) != b"ready":
            raise self._died()
        return self._process

    def _lines(self, seconds: float) -> Iterator[bytes]:
        """Yield the lines that the worker writes; it is killed when it has not come to the end of its answer in time."""
        process = self._process
        if process is None or process.stdout is None:
            raise self._died()
        deadline = time.monotonic() + seconds
        handle = process.stdout.fileno()
        most = self._limits.output_mb * _MB + _READ
        pieces: list[bytes] = []  # of the line that is not yet whole
        length = 0
        with selectors.DefaultSelector() as selector:
            selector.register(handle, selectors.EVENT_READ)
            while True:
                left = deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    self.kill()
                    raise ExtractionError(
                        Reason.TIMED_OUT,
                        f"Reading took longer than {seconds:g} seconds and was stopped (setting extraction.seconds_per_document).",
                    )
                piece = os.read(handle, _READ)
                if not piece:
                    raise self._died()
                length += len(piece)
                *whole, rest = piece.split(b"\n")
                if whole:
                    whole[0] = b"".join((*pieces, whole[0]))
                    pieces.clear()
                    yield from whole
                pieces.append(rest)
                if length > most:
                    self.kill()
                    raise ExtractionError(Reason.OUTPUT_TOO_LARGE, f"The result is larger than {self._limits.output_mb} MB.")

    def _ended(self) -> ExtractionError:
        self.kill()
        return ExtractionError(Reason.EXTRACTOR_CRASHED, "Reading was ended before this file's turn.")

    def _died(self) -> ExtractionError:
        process = self._process
        code: int | None = None
        if process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = process.wait(timeout=10)
        self.kill()
        if code is not None and code < 0:
            try:
                how = f"was ended by {signal.Signals(-code).name}"
            except ValueError:
                how = f"was ended by signal {-code}"
        else:
            how = f"ended with exit code {code}"
        return ExtractionError(Reason.EXTRACTOR_CRASHED, f"The process that read this file {how}; the file may be damaged.")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a worker and the programs that it has started (tesseract, LibreOffice), which are of its session and would go on without it."""
    if process.returncode is None:  # else its number may be another's by now
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
