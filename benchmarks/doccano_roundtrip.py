"""Does a sample survive doccano itself? Installs it into an environment of its own, starts it, and goes there and back through its API.

    python -m benchmarks.doccano_roundtrip --folder FOLDER --python python3.10    # 600 MB are installed there; some minutes

doccano 1.8 needs a pandas before 2, for which there are no ready-made packages for Python 3.12 and later: `--python` names an older
interpreter where this one is newer. It also breaks with marshmallow 4 and numpy 2, which its own requirements let in. Passages and labels are
made as `entente codes export` makes them, some with what the model says; two users code through the API, with flags and comments, and leave
passages alone; the export of one file a user is read as `entente codes import` reads it. Every code must come back as it was, under its
user's name, and none that nobody gave. The servers listen on loopback, keep their data in the folder, and are ended at the end.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
from pathlib import Path

from benchmarks.annotation_programs import CODEBOOK, Server, codes_of, free_port, installed, judged, said, task_of
from models.annotations import read_invented
from models.codebook import load_codebook
from models.coding import doccano
from models.coding.files import read_codes_file
from models.coding.forms import fold
from models.types import CodeRow

_PASSWORD = secrets.token_hex(12)
_SECONDS = 120


def _signed_in(server: Server, user: str) -> None:
    server.token(server.ask("POST", "/v1/auth/login/", {"username": user, "password": _PASSWORD})["key"])


def _done(server: Server, task: str) -> object:
    end = time.monotonic() + _SECONDS
    while not (state := server.ask("GET", f"/v1/tasks/status/{task}"))["ready"]:
        if time.monotonic() > end:
            raise SystemExit(f"doccano's task queue did not finish within {_SECONDS} s.")
        time.sleep(0.5)
    return state


def main() -> None:
    """Go there and back, and say whether every code came back."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--passages", type=int, default=20)
    parser.add_argument("--python", default=sys.executable, help="the interpreter to install for, 3.8 to 3.11")
    given = parser.parse_args()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    codebook = load_codebook(CODEBOOK)
    coded = read_invented(codebook)[: given.passages]
    tasks = [task_of(one) for one in coded]
    rows: list[CodeRow] = []
    for n, one in enumerate(coded[:-2]):
        for coder in ("anna", "ben") if n % 3 else ("anna",):
            note = f"Note {n} of {coder}: “é” & <b>\nsecond line" if n % 2 else None
            rows += codes_of(one, codebook, coder, doccano.TOOL, note)
    # The model's labels are asked for, also of the passages that nobody codes: they must not come back as codes of whoever put them in.
    guesses = {
        one.passage.passage_id: doccano.label_names(
            {row.dimension: row.value or "" for row in codes_of(one, codebook, "model", "", None)}, codebook
        )
        for one in (*coded[:5], coded[-1])
    }
    python = installed(folder, "doccano", ["doccano", "marshmallow<4", "numpy<2"], given.python)
    program = str(python.with_name("doccano"))
    home = folder / f"data-{secrets.token_hex(3)}"
    # The program's own command for the web server listens on all addresses: it is started by gunicorn, on loopback, with the same settings.
    environment = {
        "DOCCANO_HOME": str(home),
        "STANDALONE": "True",
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "DATABASE_URL": f"sqlite:///{home / 'db.sqlite3'}",
        "MEDIA_ROOT": str(home / "media"),
    }
    port = free_port()
    with Server(port, folder, environment) as server:
        server.run(program, "init")
        for user in ("anna", "ben"):
            server.run(program, "createuser", "--username", user, "--password", _PASSWORD, "--email", f"{user}@example.org")
        backend = next((python.parents[1] / "lib").glob("python*/site-packages/backend"))
        server.start(
            "web", str(python), "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--chdir", str(backend), "config.wsgi"
        )  # fmt: skip
        server.start("queue", program, "task", "--concurrency", "1")
        server.wait("/v1/me", _SECONDS)
        _signed_in(server, "anna")
        project = server.ask(
            "POST",
            "/v1/projects",
            {
                "name": "Round trip",
                "description": "Round trip",
                "project_type": "DocumentClassification",
                "resourcetype": "TextClassificationProject",
                "collaborative_annotation": False,
                "single_class_classification": False,
            },
        )["id"]
        here = f"/v1/projects/{project}"
        users = {one["username"]: one["id"] for one in server.ask("GET", "/v1/users")}
        roles = {one["name"]: one["id"] for one in server.ask("GET", "/v1/roles")}
        server.ask("POST", f"{here}/members", {"user": users["ben"], "role": roles["annotator"]})
        server.upload(f"{here}/category-type-upload", "file", "labels.json", doccano.labels(codebook).encode())
        labels = {one["text"]: one["id"] for one in server.ask("GET", f"{here}/category-types")}
        sent = server.upload("/v1/fp/process/", "filepond", "tasks.jsonl", doccano.write_tasks(tasks, codebook, guesses).encode())
        asked = {
            "format": "JSONL", "task": "DocumentClassification", "uploadIds": [sent.decode()], "column_data": "text",
            "column_label": "label", "delimiter": "", "encoding": "utf_8",
        }  # fmt: skip
        told = _done(server, server.ask("POST", f"{here}/upload", asked)["task_id"])
        examples = {
            one["meta"]["passage_id"]: one["id"] for one in server.ask("GET", f"{here}/examples?limit=1000&offset=0")["results"]
        }
        if len(examples) != len(tasks):
            raise SystemExit(f"{len(tasks)} passages were sent, {len(examples)} are there: {told}")
        for user in ("anna", "ben"):
            _signed_in(server, user)
            for line in fold([row for row in rows if row.coder == user], codebook):
                example = examples[line["passage_id"]]
                codes = {
                    row.dimension: row.value or "" for row in rows if row.coder == user and row.passage_id == line["passage_id"]
                }
                names = doccano.label_names(codes, codebook) + [f"flag:{one}" for one in line["flag"].split(";") if one]
                for name in names:
                    server.ask("POST", f"{here}/examples/{example}/categories", {"label": labels[name]})
                if line["note"]:
                    server.ask("POST", f"{here}/comments?example={example}", {"text": line["note"]})
                server.ask("POST", f"{here}/examples/{example}/states", {})
        _signed_in(server, "anna")
        task = server.ask("POST", f"{here}/download", {"format": "JSONL", "exportApproved": False})["task_id"]
        _done(server, task)
        export = folder / "export.zip"
        export.write_bytes(server.download(f"{here}/download?taskId={task}"))
    version = json.loads(_version(python))
    raise SystemExit(judged(f"doccano {version}", len(examples), said(rows), read_codes_file(export, codebook)))


def _version(python: Path) -> str:
    import subprocess

    code = "import json; from importlib.metadata import version; print(json.dumps(version('doccano')))"
    return subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main()
