"""The child process: one request a line in (JSON), one answer out (lines of JSON), under a memory limit, never outliving its parent.

A crash of a parser is a crash of this process and nothing more. Requests and answers are described in `requests.py`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterable
from typing import Any, BinaryIO

_PR_SET_PDEATHSIG = 1
_MB = 1_000_000


def main() -> None:
    """Serve requests until standard input ends."""
    settings: dict[str, Any] = json.loads(sys.argv[1])
    _die_with(int(settings["parent"]))
    # Libraries that print must not corrupt the answers: keep the pipe for ourselves and send their output nowhere.
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    from extractors.requests import Responder

    responder = Responder(settings)
    _limit_memory(int(settings["memory_mb"]))
    _write(answers, [b"ready"])
    while True:
        _write(answers, responder.answer(requests.get()))


def _write(answers: BinaryIO, lines: Iterable[bytes]) -> None:
    try:
        for line in lines:
            answers.write(line + b"\n")
        answers.flush()
    except BrokenPipeError:
        os._exit(0)


def _listen(stream: BinaryIO, requests: queue.SimpleQueue[bytes]) -> None:
    for line in stream:
        requests.put(line)
    # The parent is gone. The main thread may be deep inside a parser, so leave without asking it.
    os._exit(0)


def _die_with(parent: int) -> None:
    """On Linux, let the kernel end this process when the thread that started it ends, however that happens."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)


def _limit_memory(megabytes: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (megabytes * _MB, megabytes * _MB))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
