"""The service on a schedule, with Prefect's real server: it fires, publishes, waits its turn, survives kills, and says what failed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from flows.retraining.runs import FAILED, FINISHED, OPEN, Run, runs_of
from flows.settings import Settings
from sources.replica.content import Content
from sources.replica.server import ReplicaServer
from sources.replica.world import File, SetClock
from tests.flows.projects import ENTENTE, entente, make_project, rows
from tests.sources.replica_asking import sample_world
from warehouse.database import open_warehouse
from warehouse.lock import refresh_lock

pytestmark = [pytest.mark.e2e, pytest.mark.encoder]

SECONDS = 120
ROOT = Path(__file__).resolve().parents[2]


class Service:
    """A running `entente serve` and what it says."""

    def __init__(self, settings: Settings, *arguments: str) -> None:
        self.log = settings.project / "journal.txt"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*ENTENTE, "-C", str(settings.project), "serve", "--port", "0", *arguments],
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, what: Callable[[], bool], name: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not what():
            assert self.process.poll() is None, f"the service has ended:\n{self.said}"
            assert time.monotonic() < deadline, f"not within {SECONDS} s: {name}\n{self.said}"
            time.sleep(0.1)

    def runs(self) -> list[dict[str, Any]]:
        """Ask the server for all runs that have begun or are over, the oldest first."""
        found = re.findall(r"Pages: (http\S+)", self.said)
        body = json.dumps({"sort": "EXPECTED_START_TIME_ASC", "flow_runs": {"state": {"type": {"not_any_": ["SCHEDULED"]}}}})
        asked = urllib.request.Request(f"{found[-1]}/api/flow_runs/filter", body.encode(), {"content-type": "application/json"})  # noqa: S310  # ours
        with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310  # the address is ours
            runs: list[dict[str, Any]] = json.load(answer)
        return [run for run in runs if run["parent_task_run_id"] is None]

    def states(self) -> list[str]:
        return [run["state_name"] for run in self.runs()]

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@contextmanager
def serving(settings: Settings, *arguments: str) -> Iterator[Service]:
    """Run the service for the block and end what is left of it."""
    service = Service(settings, *arguments)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.terminate()
            try:
                service.process.wait(60)
            except subprocess.TimeoutExpired:
                service.process.kill()
                service.process.wait()


@pytest.fixture(scope="module")
def service_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a Prefect server that has been started once: the first start takes by far the longest."""
    settings = make_project(tmp_path_factory.mktemp("first") / "p", 0)
    with serving(settings, "--every", "86400") as service:
        service.wait_for(lambda: "Pages:" in service.said, "the first start")
    return settings.paths.state / "service"


def ledger(settings: Settings) -> list[str]:
    return [status for (status,) in rows(settings.paths.warehouse, "SELECT status FROM runs ORDER BY started_at")]


def test_scheduled_refreshes_of_services_fire_and_publish(tmp_path: Path, service_home: Path) -> None:
    settings = make_project(tmp_path / "p", 1)
    shutil.copytree(service_home, settings.paths.state / "service")
    world = sample_world(clock=SetClock(datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)))
    with ReplicaServer(world) as server:
        _pull_from(settings, server.address)
        with serving(settings, "--every", "10") as service:
            service.wait_for(lambda: service.said.count("completed.") == 1, "the first refresh")
            assert rows(settings.paths.published, "SELECT count(*) FROM documents WHERE document_id LIKE 'WORLD_BANK:%'") == [
                (3,)
            ]
            changed = next(one for one in world.documents("worldbank") if one.files)
            world.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]  # a clock that is set
            copy = replace(changed, title=f"{changed.title}, second part", published=world.now.date())
            world.add(replace(copy, files=tuple(_another_edition(file) for file in copy.files)))
            service.wait_for(lambda: "1 files taken" in service.said, "a refresh with the new report")
            service.wait_for(
                lambda: any("auto-scheduled" in run["tags"] and run["state_name"] == "Completed" for run in service.runs()),
                "a run that Prefect's own scheduler has fired",
            )
            family = service.family()
            service.process.send_signal(signal.SIGTERM)
            assert service.process.wait(60) == 0, service.said
    assert not [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    commands = set(rows(settings.paths.warehouse, "SELECT command, status FROM runs WHERE status <> 'interrupted'"))
    assert commands == {("entente serve: folders, worldbank", "completed")}
    published = rows(settings.paths.published, "SELECT status FROM runs ORDER BY started_at")
    assert published[0] == ("completed",)
    assert len(published) >= 2, "the refresh before, and the one that has published"
    assert rows(settings.paths.published, "SELECT count(*) FROM documents WHERE document_id LIKE 'WORLD_BANK:%'") == [(4,)]
    assert rows(
        settings.paths.published, "SELECT count(DISTINCT run_id) >= 2 FROM source_runs WHERE source_id = 'worldbank'"
    ) == [(True,)]
    assert "Traceback" not in service.said


def _pull_from(settings: Settings, address: str) -> None:
    """Let a project pull from the replica's World Bank, besides its folder."""
    sources = {
        "enabled": ["worldbank"],
        "contact": "tests@example.org",
        "gateway": address,
        "delay_factor": 0,
        "overrides": {"worldbank": {"queries": [{"id": "all", "igo": "World Bank"}], "expected": {"first_listing_min": 1}}},
    }
    (settings.project / "configs" / "entente.yaml").write_text(yaml.safe_dump({"sources": sources}), encoding="utf-8")


def _another_edition(file: File) -> File:
    return replace(file, content=Content(held=b"".join(file.content.read()) + b"\n% second part\n%%EOF\n"))


def test_a_run_waits_its_turn_and_a_killed_service_leaves_nothing_stuck(tmp_path: Path, service_home: Path) -> None:
    settings = make_project(tmp_path / "p", 0)
    shutil.copytree(service_home, settings.paths.state / "service")
    with refresh_lock(settings.paths.state / "refresh.lock", "somebody else"):
        with serving(settings, "--every", "3600") as service:
            service.wait_for(lambda: "waits:" in service.said, "the wait")
            service.wait_for(lambda: "Waiting" in service.states(), "the wait on Prefect's pages")
            (waiting,) = [run for run in service.runs() if run["state_name"] == "Waiting"]
            assert "somebody else" in waiting["state"]["message"]
            second = entente("serve", "--once", project=settings.project, check=False)
            assert second.returncode == 4
            assert "entente serve" in second.stderr
            family = service.family()
            service.process.kill()
            service.process.wait()
            psutil.wait_procs(family, timeout=60)
        assert not [process for process in family if process.is_running()]
        again = Service(settings, "--every", "3600")
        again.wait_for(lambda: again.said.count("waits:") == 2, "the wait after the kill")
    with serving_on(again):
        again.wait_for(
            lambda: [state for state in again.states() if state != "Cancelled"][-2:] == ["Crashed", "Completed"], "the turn"
        )
    assert ledger(settings) == ["completed"], "once, and not once for each time that it was started"


@contextmanager
def serving_on(service: Service) -> Iterator[None]:
    """End a service that is running already after the block."""
    try:
        yield
    finally:
        service.process.terminate()
        service.process.wait(60)


def test_what_fails_says_so_on_the_pages_and_in_the_ledger_and_the_service_goes_on(tmp_path: Path, service_home: Path) -> None:
    settings = make_project(tmp_path / "p", 1, config="classification: {model: lost-model}\n")
    shutil.copytree(service_home, settings.paths.state / "service")
    with serving(settings, "--every", "6") as service:
        service.wait_for(lambda: service.said.count("failed.") == 2, "two failures")
        failed = [run for run in service.runs() if run["state_name"] == "Failed"]
        assert all("lost-model" in run["state"]["message"] for run in failed)
    assert len(failed) >= 1
    assert set(ledger(settings)) == {"failed"}
    assert "failed" in entente("status", project=settings.project).stdout


@pytest.mark.parametrize(
    ("model", "code", "status", "said"), [("default", 0, "completed", "completed."), ("lost-model", 3, "failed", "failed.")]
)
def test_once_runs_what_is_due_and_its_exit_code_tells(
    tmp_path: Path, service_home: Path, model: str, code: int, status: str, said: str
) -> None:
    config = f"classification: {{model: {model}}}\nsources: {{schedule: 0 0 1 1 *}}\n"
    settings = make_project(tmp_path / "p", 0, config=config)
    shutil.copytree(service_home, settings.paths.state / "prefect")
    done = entente("serve", "--once", project=settings.project, check=False)
    assert done.returncode == code, done.stderr
    assert f"folders: {said}" in done.stdout
    assert ("lost-model" in done.stderr) is (code == 3)
    again = entente("serve", "--once", project=settings.project)
    assert "Nothing is due" in again.stdout, "what has failed is not tried again before its next time"
    assert ledger(settings) == [status]


def test_a_retraining_that_is_due_by_its_schedule_finds_the_server_that_was_started_after_the_schedule_was_read(
    tmp_path: Path, service_home: Path
) -> None:
    settings = make_project(tmp_path / "p", 0, config="retraining: {after_new_codes: null, every: 0 3 * * *}\n")
    shutil.copytree(service_home, settings.paths.state / "prefect")
    with open_warehouse(settings.paths.warehouse):
        pass
    long_ago = datetime.now(UTC) - timedelta(days=3)
    Run(settings.paths.state / "retraining" / "0", "of another kind", long_ago, OPEN).save()
    Run(settings.paths.state / "retraining" / "1", "key", long_ago, FINISHED).save()
    done = entente("retrain", "--if-due", project=settings.project, check=False)
    assert (done.returncode, "nothing to learn from" in done.stderr) == (2, True), done.stderr
    assert [run.status for run in runs_of(settings)] == [OPEN, FINISHED, FAILED], "what somebody has begun is left to go on"


@pytest.mark.parametrize(
    ("config", "arguments", "said"),
    [
        ("sources: {schedule: 61 3 * * *}\n", (), "61 3"),
        ("retraining: {every: 62 3 * * *}\n", (), "retraining.every"),
        ("sources: {folders: []}\n", (), "nothing to refresh"),
        ("", ("--host", "192.0.2.1"), "192.0.2.1"),
    ],
)
def test_mistakes_are_told_before_anything_is_started(tmp_path: Path, config: str, arguments: tuple[str, ...], said: str) -> None:
    settings = make_project(tmp_path / "p", 0, config=config)
    done = entente("serve", *arguments, project=settings.project, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (settings.paths.state / "service" / "prefect.db").exists()


def test_the_deployment_for_work_pools_names_the_flow_and_parameters_that_there_are() -> None:
    content = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    (deployment,) = content["deployments"]
    code = (
        "import inspect, importlib, sys\n"
        "module, _, name = sys.argv[1].rpartition('.')\n"
        "print(*inspect.signature(getattr(importlib.import_module(module), name).fn).parameters)"
    )
    done = subprocess.run([ENTENTE[0], "-c", code, deployment["entrypoint"]], capture_output=True, text=True, check=True)
    assert set(deployment["parameters"]) <= set(done.stdout.split())
    assert all(len(schedule["cron"].split()) == 5 for schedule in deployment["schedules"])
