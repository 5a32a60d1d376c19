"""Does a sample survive Label Studio itself? Installs it into an environment of its own, starts it, and goes there and back through its API.

    python -m benchmarks.label_studio_roundtrip --folder FOLDER    # about 1 GB is installed there; some minutes

Tasks and interface are made from invented passages as `entente codes export` makes them, some with the model's labels as predictions; codes
are put in as annotations through the API, one passage is skipped and one left alone; the project's own JSON export is read as `entente codes
import` reads it. Every code must come back as it was. The server listens on loopback, keeps its data in the folder, and is ended at the end.
"""

from __future__ import annotations

import argparse
import json
import secrets
from pathlib import Path

from benchmarks.annotation_programs import CODEBOOK, Server, codes_of, free_port, installed, judged, said, task_of
from models.annotations import read_invented
from models.codebook import load_codebook
from models.coding import label_studio
from models.coding.files import read_codes_file
from tests.models.tool_exports import label_studio_export

_USER = "anna@example.org"


def main() -> None:
    """Go there and back, and say whether every code came back."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--passages", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=600, help="how long to wait for the server's first answer")
    given = parser.parse_args()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    codebook = load_codebook(CODEBOOK)
    coded = read_invented(codebook)[: given.passages]
    tasks = [task_of(one) for one in coded]
    rows = [
        row
        for n, one in enumerate(coded[:-2])
        for row in codes_of(one, codebook, "anna", label_studio.TOOL, f"Note {n}: “é” & <b>\nsecond line" if n % 2 else None)
    ]
    guesses = {
        one.passage.passage_id: {name: ";".join(v) if isinstance(v, tuple) else v for name, v in one.labels.items()}
        for one in coded[:5]
    }
    python = installed(folder, "label-studio", ["label-studio"])
    port, token = free_port(), secrets.token_hex(20)
    environment = {
        "LABEL_STUDIO_BASE_DATA_DIR": str(folder / f"data-{token[:6]}"),
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "COLLECT_ANALYTICS": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "LATEST_VERSION_CHECK": "false",
    }
    with Server(port, folder, environment) as server:
        server.start(
            "server", str(python.with_name("label-studio")), "start", "--no-browser", "--port", str(port), "--internal-host", "127.0.0.1",
            "--username", _USER, "--password", secrets.token_hex(12), "--user-token", token,
        )  # fmt: skip
        server.token(token)
        server.wait("/api/projects", given.seconds)
        version = server.ask("GET", "/api/version").get("release")
        interface = {"title": "Round trip", "label_config": label_studio.interface(codebook)}
        project = server.ask("POST", "/api/projects", interface)["id"]
        server.ask(
            "POST", f"/api/projects/{project}/import", json.loads(label_studio.write_tasks(tasks, codebook, guesses, "model-1"))
        )
        there = server.ask("GET", f"/api/tasks?project={project}&page_size=1000&fields=all")["tasks"]
        predicted = sum(bool(task["predictions"]) for task in there)
        filled = {
            task["data"]["passage_id"]: task["annotations"][0]["result"]
            for task in json.loads(label_studio_export(tasks, codebook, rows))
            if task.get("annotations")
        }
        for task in there:
            name = task["data"]["passage_id"]
            if name in filled:
                server.ask("POST", f"/api/tasks/{task['id']}/annotations/", {"result": filled[name]})
            elif name == coded[-1].passage.passage_id:
                server.ask("POST", f"/api/tasks/{task['id']}/annotations/", {"result": [], "was_cancelled": True})
        answer = server.ask("GET", f"/api/projects/{project}/export?exportType=JSON&download_all_tasks=true")
    export = folder / "export.json"
    export.write_text(json.dumps(answer), encoding="utf-8")
    users = {str(one["completed_by"]) for task in answer for one in task["annotations"]}
    checked = read_codes_file(export, codebook, names=dict.fromkeys(users, "anna"))
    print(f"{predicted} tasks with predictions, {len(guesses)} sent")
    code = judged(f"Label Studio {version}", len(there), said(rows), checked)
    raise SystemExit(code or int(predicted != len(guesses)))


if __name__ == "__main__":
    main()
