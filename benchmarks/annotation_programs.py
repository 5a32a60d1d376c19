"""What the round trips through real annotation programs share: an environment, a server on loopback with its API, codes of invented passages."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from models.annotations import AnnotatedPassage
from models.codebook import Codebook
from models.coding.checking import Checked
from models.coding.forms import choices
from models.types import CodeRow, CodingTask

CODEBOOK = Path(__file__).resolve().parents[1] / "configs" / "codebook.yaml"
Said = tuple[str, str, str, str | None, str | None, tuple[str, ...]]
"""Passage, coder, dimension, value, note and flags of a code: what must come back."""


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def installed(folder: Path, program: str, packages: Sequence[str], python: str = sys.executable) -> Path:
    """Return the interpreter of an environment that has the program; makes it in the folder where it is not there yet."""
    made = folder / "environment" / "bin" / "python"
    if not made.with_name(program).exists():
        print(f"Installing {program} (some minutes) ...", flush=True)
        subprocess.run([python, "-m", "venv", str(folder / "environment")], check=True)
        subprocess.run([str(made), "-m", "pip", "install", "--quiet", *packages], check=True)
    return made


class Server:
    """Processes of one program with an HTTP API on loopback; all of them are ended when the block is left.

    Args:
        port: of the API.
        folder: where the logs go.
        environment: variables beside those of this process.
    """

    def __init__(self, port: int, folder: Path, environment: Mapping[str, str]) -> None:
        self._address = f"http://127.0.0.1:{port}"
        self._folder = folder
        self._environment = {**os.environ, **environment}
        self._processes: list[subprocess.Popen[bytes]] = []
        self._headers: dict[str, str] = {}

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_error: object) -> None:
        for process in reversed(self._processes):
            process.terminate()
        for process in reversed(self._processes):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def run(self, *command: str) -> None:
        """Run a command of the program to its end; leaves with its output where it fails."""
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command[:2])} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")

    def start(self, name: str, *command: str) -> None:
        """Start a process that goes on until the block is left."""
        with (self._folder / f"{name}.log").open("wb") as log:
            self._processes.append(subprocess.Popen(command, env=self._environment, stdout=log, stderr=subprocess.STDOUT))

    def token(self, token: str) -> None:
        """Say who asks from now on."""
        self._headers = {"Authorization": f"Token {token}"}

    def wait(self, path: str, seconds: float) -> None:
        """Wait until the program answers anything at all; leaves where a process has ended or the time is over."""
        end = time.monotonic() + seconds
        while True:
            try:
                self.ask("GET", path)
            except urllib.error.HTTPError as error:
                if error.code >= 500:
                    raise SystemExit(f"The program answers with a fault ({error}); see the logs in {self._folder}.") from None
                return
            except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
                if any(one.poll() is not None for one in self._processes) or time.monotonic() > end:
                    raise SystemExit(f"The program does not answer ({error}); see the logs in {self._folder}.") from None
                time.sleep(1)
            else:
                return

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer of the API to a request with a body of JSON."""
        content = None if body is None else json.dumps(body).encode()
        return json.loads(self._asked(method, path, content, "application/json") or b"null")

    def upload(self, path: str, field: str, name: str, content: bytes) -> bytes:
        """Send a file as a form does; return the answer."""
        mark = uuid.uuid4().hex
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\nContent-Type: application/json\r\n\r\n'
        return self._asked(
            "POST", path, head.encode() + content + f"\r\n--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"
        )

    def download(self, path: str) -> bytes:
        """Return what is there."""
        return self._asked("GET", path, None, "application/json")

    def _asked(self, method: str, path: str, body: bytes | None, kind: str) -> bytes:
        headers = {**self._headers, "Content-Type": kind}
        request = urllib.request.Request(f"{self._address}{path}", body, headers, method=method)  # noqa: S310  # loopback
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310  # loopback
            return bytes(answer.read())


def task_of(one: AnnotatedPassage) -> CodingTask:
    """Return an invented passage as a coder would see it."""
    passage = one.passage
    return CodingTask(passage.passage_id, passage.text, f"hash of {passage.passage_id}", passage.heading, "", "", "UN", "report")


def codes_of(one: AnnotatedPassage, codebook: Codebook, coder: str, tool: str, note: str | None) -> list[CodeRow]:
    """Return the codes of an invented passage as a coder's, with a note and a flag."""
    asked = choices(codebook)
    told = {name: ";".join(label) if isinstance(label, tuple) else label for name, label in one.labels.items() if name in asked}
    identifier, version = one.passage.passage_id, codebook.version
    return [
        CodeRow(identifier, coder, name, value, version, tool=tool, note=note, flag=("context_needed",))
        for name, value in told.items()
    ]


def said(rows: Iterable[CodeRow]) -> set[Said]:
    """Return what codes say, without the stance, which is derived from other codes."""
    return {
        (row.passage_id, row.coder, row.dimension, row.value, row.note, row.flag) for row in rows if row.dimension != "stance"
    }


def judged(program: str, tasks: int, sent: set[Said], checked: Checked) -> int:
    """Print what came back and return the exit code: 0 where every code came back as it was and nothing else."""
    got = said(checked.rows)
    print(f"{program}: {tasks} tasks, {len(sent)} codes sent, {len(got & sent)} came back as they were, {len(got - sent)} otherwise, "
          f"{len(checked.problems)} problems.")  # fmt: skip
    for problem in checked.problems[:10]:
        print(problem)
    for one in sorted(map(str, got ^ sent))[:10]:
        print("differs:", one)
    return 0 if got == sent and not checked.problems else 1
