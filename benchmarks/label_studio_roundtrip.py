"""Does a sample survive Label Studio itself? Installs it into an environment of its own, starts it, and goes there and back through its API.

    python -m benchmarks.label_studio_roundtrip --folder FOLDER    # about 1 GB is installed there; some minutes

Tasks and interface are made from invented passages as `entente codes export` makes them; codes are put in as annotations through the API;
the project's own JSON export is read as `entente codes import` reads it. Every code must come back as it was. The server listens on
loopback, keeps its data in the folder, and is stopped at the end.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from models.annotations import AnnotatedPassage, read_invented
from models.codebook import Codebook, load_codebook
from models.coding import label_studio
from models.coding.files import read_codes_file
from models.coding.forms import choices
from models.types import CodeRow, CodingTask
from tests.models.tool_exports import label_studio_export

_CODEBOOK = Path(__file__).resolve().parents[1] / "configs" / "codebook.yaml"


class _Server:
    """A running Label Studio and its API."""

    def __init__(self, python: Path, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.token = secrets.token_hex(20)
        environment = {
            **os.environ,
            "LABEL_STUDIO_BASE_DATA_DIR": str(folder / f"data-{self.token[:6]}"),
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
            "COLLECT_ANALYTICS": "false",
            "SENTRY_DSN": "",
            "FRONTEND_SENTRY_DSN": "",
            "LATEST_VERSION_CHECK": "false",
        }
        arguments = [
            "start",
            "--no-browser",
            "--port",
            str(self.port),
            "--internal-host",
            "127.0.0.1",
            "--username",
            "anna@example.org",
        ]
        arguments += ["--password", secrets.token_hex(12), "--user-token", self.token]
        self.log = (folder / "server.log").open("wb")
        self.process = subprocess.Popen(
            [str(python.with_name("label-studio")), *arguments], env=environment, stdout=self.log, stderr=subprocess.STDOUT
        )

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            try:
                self.ask("GET", "/api/projects")
            except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(f"Label Studio does not answer ({error}); see {self.log.name}.") from None
                time.sleep(2)
            else:
                return

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(  # loopback
            f"http://127.0.0.1:{self.port}{path}",
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Token {self.token}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310  # loopback
            return json.loads(answer.read() or b"null")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()


def _installed(folder: Path) -> Path:
    python = folder / "environment" / "bin" / "python"
    if not python.with_name("label-studio").exists():
        print("Installing Label Studio (some minutes) ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder / "environment")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "label-studio"], check=True)
    return python


def _task(one: AnnotatedPassage) -> CodingTask:
    passage = one.passage
    return CodingTask(passage.passage_id, passage.text, f"hash of {passage.passage_id}", passage.heading, "", "", "UN", "report")


def _codes(one: AnnotatedPassage, codebook: Codebook, note: str | None) -> list[CodeRow]:
    asked = choices(codebook)
    told = {name: ";".join(label) if isinstance(label, tuple) else label for name, label in one.labels.items() if name in asked}
    return [
        CodeRow(
            one.passage.passage_id,
            "anna",
            name,
            value,
            codebook.version,
            tool=label_studio.TOOL,
            note=note,
            flag=("context_needed",),
        )
        for name, value in told.items()
    ]


def main() -> None:
    """Go there and back, and say whether every code came back."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--passages", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=600, help="how long to wait for the server's first answer")
    given = parser.parse_args()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    codebook = load_codebook(_CODEBOOK)
    coded = read_invented(codebook)[: given.passages]
    rows = [row for n, one in enumerate(coded) for row in _codes(one, codebook, f"Note {n}: “é” & <b>" if n % 2 else None)]
    server = _Server(_installed(folder), folder)
    try:
        server.wait(given.seconds)
        version = server.ask("GET", "/api/version").get("release")
        project = server.ask("POST", "/api/projects", {"title": "Round trip", "label_config": label_studio.interface(codebook)})[
            "id"
        ]
        server.ask(
            "POST",
            f"/api/projects/{project}/import",
            json.loads(label_studio.write_tasks([_task(one) for one in coded], codebook)),
        )
        tasks = server.ask("GET", f"/api/tasks?project={project}&page_size=1000&fields=all")["tasks"]
        filled = {
            task["data"]["passage_id"]: task["annotations"][0]["result"]
            for task in json.loads(label_studio_export([_task(one) for one in coded], codebook, rows))
        }
        for task in tasks:
            server.ask("POST", f"/api/tasks/{task['id']}/annotations/", {"result": filled[task["data"]["passage_id"]]})
        export = folder / "export.json"
        answer = server.ask("GET", f"/api/projects/{project}/export?exportType=JSON")
        export.write_text(json.dumps(answer), encoding="utf-8")
    finally:
        server.stop()
    users = {str(one["completed_by"]) for task in answer for one in task["annotations"]}
    checked = read_codes_file(export, codebook, names=dict.fromkeys(users, "anna"))
    got = {
        (row.passage_id, row.coder, row.dimension, row.value, row.note, row.flag)
        for row in checked.rows
        if row.dimension != "stance"
    }
    sent = {(row.passage_id, row.coder, row.dimension, row.value, row.note, row.flag) for row in rows}
    print(f"Label Studio {version}: {len(tasks)} tasks, {len(sent)} codes sent, {len(got & sent)} came back as they were, "
          f"{len(got - sent)} otherwise, {len(checked.problems)} problems.")  # fmt: skip
    for problem in checked.problems[:10]:
        print(problem)
    raise SystemExit(0 if got == sent and not checked.problems else 1)


if __name__ == "__main__":
    main()
