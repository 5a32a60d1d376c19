"""Schedules: which sources go together, when they were last due, what counts as missed, and how the ledger hears of failures."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.errors import BadInput, Busy
from flows.progress import ProgressFile, quiet
from flows.retraining.due import Due, check_schedule, due, look
from flows.retraining.options import configured, run_key
from flows.retraining.runs import FAILED, FINISHED, GIVEN_UP, OPEN, Run, open_run, others_left_open, runs_of
from flows.schedules import Schedule, check_crons, command_for_ledger, crons_of, missed, plan, record_failure
from flows.service_server import is_loopback, set_service_environment
from flows.settings import Settings
from tests.flows.projects import make_project, rows
from warehouse.code_arrivals import Arrival
from warehouse.database import open_warehouse
from warehouse.loader import Loader
from warehouse.lock import refresh_lock

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
NIGHTLY = Schedule(("folders", "ods"), cron="0 3 * * *")


@pytest.fixture(autouse=True, scope="module")
def _prefect_at_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let Prefect, which reads the crons, leave the user's own folder alone."""
    before = dict(os.environ)
    set_service_environment(tmp_path_factory.mktemp("prefect"))
    yield
    os.environ.clear()
    os.environ.update(before)


def run_of(settings: Settings, began: datetime, status: str | None, command: str) -> None:
    """Write a run of the past into the ledger; without a status it is at work, or was killed."""
    with open_warehouse(settings.paths.warehouse) as connection:
        loader = Loader(connection, None)
        loader.start_run("refresh", "0", "test", command, began)
        if status is not None:
            loader.finish_run(status, {})


def ledger(settings: Settings) -> list[tuple[str, str]]:
    return rows(settings.paths.warehouse, "SELECT command, status FROM runs ORDER BY started_at, status")


def test_sources_with_the_same_schedule_are_one_run() -> None:
    planned = plan({"uhri": "0 4 * * 1", "un-library": "0  3 * * *", "ods": "0 3 * * *"})
    assert [(one.sources, one.cron) for one in planned] == [(("ods", "un-library"), "0 3 * * *"), (("uhri",), "0 4 * * 1")]
    assert [one.sources_of_run for one in planned] == [("ods", "un-library"), ("uhri",)]


def test_a_single_run_of_all_and_every_so_many_seconds_refresh_whatever_there_is_by_then() -> None:
    (alone,) = plan({"folders": "0 3 * * *"})
    assert (alone.sources_of_run, alone.rule) == (None, "0 3 * * * UTC")
    (trial,) = plan({"folders": "0 3 * * *", "uhri": "0 4 * * 1"}, every=20)
    assert (trial.sources, trial.sources_of_run, trial.rule) == (("folders", "uhri"), None, "every 20 seconds")


def test_nothing_to_refresh_is_said() -> None:
    with pytest.raises(BadInput, match="nothing to refresh"):
        plan({})


def test_folders_have_the_schedule_of_the_settings_and_sources_that_of_their_description(tmp_path: Path) -> None:
    config = "sources: {schedule: 5 6 * * *, enabled: [made-up], contact: a person}\n"
    settings = make_project(tmp_path / "p", 0, config=config)
    (settings.project / "configs" / "sources").mkdir()
    described = "id: made-up\nname: Made up\npublisher: Nobody\nconnector: ods\ngives: both\nabout: a test\nlicence: none\nconfidence: C\n"
    described += "schedule: 0 7 * * 1\nhosts: [{host: made.up}]\nbase_urls: {api: https://made.up}\n"
    (settings.project / "configs" / "sources" / "made-up.yaml").write_text(described, encoding="utf-8")
    assert crons_of(settings) == {"folders": "5 6 * * *", "made-up": "0 7 * * 1"}
    assert command_for_ledger(settings, None) == "entente serve: folders, made-up"


@pytest.mark.parametrize("cron", ["61 3 * * *", "x y z a b", "0 3 * *", "0 3 32 * *", "0 0 30 2 *"])
def test_a_schedule_that_cannot_be_read_or_never_comes_is_named_with_its_sources(cron: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_crons([NIGHTLY, Schedule(("uhri",), cron=cron)])
    assert cron in str(caught.value)
    assert "uhri" in str(caught.value)


@pytest.mark.parametrize(
    ("cron", "due"),
    [
        ("0 3 * * *", "2026-11-25T03:00"),
        ("0 12 * * *", "2026-11-25T12:00"),
        ("1 12 * * *", "2026-11-24T12:01"),
        ("*/20 * * * *", "2026-11-25T12:00"),
        ("0 4 * * 1", "2026-11-23T04:00"),
        ("0 0 1 1 *", "2026-01-01T00:00"),
        ("0 0 29 2 *", "2024-02-29T00:00"),
    ],
)
def test_the_last_due_time_is_found_however_far_it_lies_back(cron: str, due: str) -> None:
    assert Schedule(("ods",), cron=cron).last_due(NOW) == datetime.fromisoformat(due).replace(tzinfo=UTC)


@given(
    minute=st.integers(0, 59),
    hour=st.one_of(st.just("*"), st.integers(0, 23).map(str)),
    weekday=st.one_of(st.just("*"), st.integers(0, 6).map(str)),
    now=st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # the zone is given beside
)
def test_between_the_last_due_time_and_now_there_is_none(minute: int, hour: str, weekday: str, now: datetime) -> None:
    schedule = Schedule(("ods",), cron=f"{minute} {hour} * * {weekday}")
    due = schedule.last_due(now)
    assert due is not None
    assert due <= now
    assert due.minute == minute
    assert schedule.last_due(due) == due
    longest = timedelta(days=7) if weekday != "*" else timedelta(days=1) if hour != "*" else timedelta(hours=1)
    assert now - due < longest


def test_a_project_that_was_never_refreshed_is_due_once_for_each_schedule(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 0)
    weekly = Schedule(("uhri",), cron="0 4 * * 1")
    assert missed(settings, [NIGHTLY, weekly], NOW) == [
        (weekly, datetime(2026, 11, 23, 4, tzinfo=UTC)),
        (NIGHTLY, datetime(2026, 11, 25, 3, tzinfo=UTC)),
    ]


@pytest.mark.parametrize(
    ("began", "status", "is_missed"),
    [
        ("2026-11-25T03:00:01", "completed", False),
        ("2026-11-25T03:00:01", "failed", False),
        ("2026-11-25T03:00:01", "interrupted", True),
        ("2026-11-25T03:00:01", None, True),
        ("2026-11-25T02:59:59", "completed", True),
        ("2026-11-20T03:00:01", "completed", True),
    ],
)
def test_a_run_is_missed_unless_one_that_ended_by_itself_began_since_it_was_due(
    tmp_path: Path, began: str, status: str | None, is_missed: bool
) -> None:
    settings = make_project(tmp_path / "p", 0)
    run_of(settings, datetime.fromisoformat(began).replace(tzinfo=UTC), status, "entente serve: folders, ods")
    assert bool(missed(settings, [NIGHTLY], NOW)) is is_missed


def test_every_source_of_a_schedule_counts_and_refreshes_by_hand_do_not(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 0)
    since = datetime(2026, 11, 25, 4, tzinfo=UTC)
    run_of(settings, since, "completed", "entente refresh")
    run_of(settings, since, "completed", "entente serve: ods, uhri")
    assert missed(settings, [NIGHTLY], NOW)
    run_of(settings, since, "completed", "entente serve: folders")
    assert not missed(settings, [NIGHTLY], NOW)


def test_a_ledger_that_cannot_be_read_costs_a_refresh_too_many_and_no_error(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 0)
    settings.paths.warehouse.parent.mkdir(parents=True)
    settings.paths.warehouse.write_bytes(b"no database")
    assert missed(settings, [NIGHTLY], NOW)


def test_a_failure_before_the_run_had_begun_stands_in_the_ledger(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 0)
    record_failure(settings, "entente serve: ods", NOW)
    assert ledger(settings) == [("entente serve: ods", "failed")]


def test_a_run_that_died_at_work_is_closed_and_told_as_failed(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 0)
    run_of(settings, NOW, None, "entente serve: ods")
    record_failure(settings, "entente serve: ods", NOW - timedelta(seconds=1))
    assert ledger(settings) == [("entente serve: ods", "failed"), ("entente serve: ods", "interrupted")]


@pytest.mark.parametrize("status", ["completed", "failed", "interrupted"])
def test_a_run_that_wrote_down_how_it_ended_is_left_alone(tmp_path: Path, status: str) -> None:
    settings = make_project(tmp_path / "p", 0)
    run_of(settings, NOW, status, "entente serve: ods")
    record_failure(settings, "entente serve: ods", NOW - timedelta(seconds=1))
    assert ledger(settings) == [("entente serve: ods", status)]


@pytest.mark.parametrize(
    ("host", "only_here"), [("127.0.0.1", True), ("localhost", True), ("::1", True), ("10.0.0.1", False), ("example.org", False)]
)
def test_addresses_that_only_this_machine_reaches_are_known(host: str, only_here: bool) -> None:
    assert is_loopback(host) is only_here


@pytest.mark.parametrize(("hours", "expected"), [(30, True), (1, False)])
def test_a_retraining_by_its_own_schedule_is_due_once_for_each_time(tmp_path: Path, hours: int, expected: bool) -> None:
    settings = make_project(tmp_path / "p", 0, config="retraining: {after_new_codes: null, every: 0 3 * * *}\n")
    with open_warehouse(settings.paths.warehouse):
        pass
    assert not due(settings, NOW).is_due, "without a code there is nothing to learn at any time"
    Run(settings.paths.state / "retraining" / "1", "key", NOW - timedelta(hours=hours), FINISHED).save()
    found = due(settings, NOW)
    assert found.is_due is expected
    assert any("0 3 * * * UTC" in one for one in found.why)


@pytest.mark.parametrize(("others", "left"), [(0, False), (1, True)])
def test_of_two_runs_side_by_side_the_first_to_end_leaves_the_note_of_the_other(tmp_path: Path, others: int, left: bool) -> None:
    note = tmp_path / "progress.json"
    with ProgressFile(tmp_path, quiet) as progress:
        progress("train", 1, 2)
        note.write_text(
            json.dumps({**json.loads(note.read_text(encoding="utf-8")), "pid": os.getpid() + others}), encoding="utf-8"
        )
    assert note.exists() is left


def stored(settings: Settings, name: str, key: str, status: str, *stages: str) -> Run:
    """Write down a retraining of the past; folders are in the order of their names."""
    run = Run(settings.paths.state / "retraining" / name, key, NOW, status, {stage: {} for stage in stages})
    run.save()
    return run


def test_a_retraining_that_nobody_asked_for_leaves_those_that_somebody_did_to_go_on(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 0)
    asked = stored(settings, "1", "asked", OPEN, "check", "split")
    with others_left_open():
        own = open_run(settings, "own")
    assert [run.status for run in runs_of(settings)] == [OPEN, OPEN]
    again = open_run(settings, "asked")
    assert (again.folder, list(again.stages)) == (asked.folder, ["check", "split"])
    assert {run.folder: run.status for run in runs_of(settings)}[own.folder] == GIVEN_UP, "who asks goes first"


@pytest.mark.parametrize(("stages", "others"), [(("check", "promote or hold"), OPEN), (("check",), FINISHED)])
def test_a_retraining_from_before_another_is_not_taken_up(tmp_path: Path, stages: tuple[str, ...], others: str) -> None:
    settings = make_project(tmp_path / "p", 0)
    stored(settings, "1", "asked", OPEN, *stages)
    stored(settings, "2", "own", others)
    assert open_run(settings, "asked").folder.name not in "12"
    assert runs_of(settings)[0].status == GIVEN_UP


@pytest.mark.parametrize(
    ("status", "done", "kept"),
    [
        (FAILED, ["import", "check", "split", "train"], ["import"]),
        (OPEN, ["import", "check", "split"], ["import", "check", "split"]),
        (FAILED, ["import", "check", "promote or hold"], ["import", "check", "promote or hold"]),
    ],
)
def test_a_retraining_that_failed_before_its_decision_looks_at_the_codes_anew(
    tmp_path: Path, status: str, done: list[str], kept: list[str]
) -> None:
    settings = make_project(tmp_path / "p", 0)
    stored(settings, "1", "key", status, *done)
    taken_up = open_run(settings, "key")
    assert (taken_up.folder.name, taken_up.status, list(taken_up.stages)) == ("1", OPEN, kept)


def test_a_look_holds_up_no_retraining_and_hears_of_one_that_is_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make_project(tmp_path / "p", 0)
    lock = settings.paths.state / "retrain.lock"
    with open_warehouse(settings.paths.warehouse):
        pass

    def meanwhile(*_asked: object) -> list[Arrival]:
        with refresh_lock(lock, "entente retrain"):
            return []

    monkeypatch.setattr("flows.retraining.due.arrivals", meanwhile)
    assert not due(settings, NOW).is_due
    with refresh_lock(lock, "entente retrain"), pytest.raises(Busy, match="`entente retrain`"):
        due(settings, NOW)
    lock.write_text("left by a kill", encoding="utf-8")
    assert not due(settings, NOW).is_due


def test_the_service_says_once_what_keeps_it_from_looking_and_goes_on_with_the_settings_of_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from flows import serve

    settings = make_project(tmp_path / "p", 0, config="retraining: {after_new_codes: null}\n")
    with open_warehouse(settings.paths.warehouse):
        pass
    config = settings.project / "configs" / "entente.yaml"
    answers: list[Exception | None] = [RuntimeError("odd"), RuntimeError("odd"), BadInput("a folder is gone"), None]
    asked: list[int | None] = []
    started: list[UUID] = []

    def look(now: Settings) -> Due | None:
        asked.append(now.retraining.after_new_codes)
        config.write_text(f"retraining: {{after_new_codes: {len(asked)}}}\n", encoding="utf-8")
        if (answer := answers.pop(0)) is not None:
            raise answer
        return Due(True, ("It is time.",), {}, "mark")

    def start(deployment: UUID) -> None:
        started.append(deployment)
        raise KeyboardInterrupt

    monkeypatch.setattr(serve, "_LOOK_SECONDS", 0)
    monkeypatch.setattr(serve, "look", look)
    monkeypatch.setattr(serve, "_start_run", start)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(serve._retrain_when_due(settings, UUID(int=1)))
    assert asked == [None, 1, 2, 3]
    assert started == [UUID(int=1)]
    said = [line.split("  ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert said == [
        "retraining: whether one is due cannot be told. RuntimeError: odd",
        "retraining: whether one is due cannot be told. a folder is gone",
        "retraining: is due. It is time.",
    ]


def test_a_started_retraining_that_is_not_due_any_more_trains_nothing(tmp_path: Path) -> None:
    from flows.scheduled_retraining import retrain_now

    settings = make_project(tmp_path / "p", 0)
    with open_warehouse(settings.paths.warehouse):
        pass
    assert "Not due any more. 0 passages have new codes" in retrain_now(settings)
    assert runs_of(settings) == []


def test_only_somebody_at_work_keeps_a_look_from_an_answer(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 0)
    found = look(settings)
    assert found is not None
    assert "no warehouse" in found.why[0]
    settings.paths.warehouse.parent.mkdir(parents=True)
    settings.paths.warehouse.write_bytes(b"no database")
    with pytest.raises(BadInput, match="warehouse"):
        look(settings)
    with refresh_lock(settings.paths.state / "refresh.lock", "somebody"):
        assert look(settings) is None


def test_a_retraining_that_was_cut_off_is_due_and_a_schedule_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 0)
    with open_warehouse(settings.paths.warehouse):
        pass
    stored(settings, "1", run_key(settings, configured(settings, mode="full")), OPEN)
    assert not due(settings, NOW).is_due, "a retraining of another kind is for whoever asked for it"
    assert due(settings, NOW, configured(settings, mode="full")).is_due
    stored(settings, "2", run_key(settings, configured(settings)), OPEN)
    assert "was cut off and goes on" in due(settings, NOW).why[0]
    odd = settings.model_copy(update={"retraining": settings.retraining.model_copy(update={"every": "61 3 * * *"})})
    with pytest.raises(BadInput, match="61 3"):
        due(odd, NOW)
    with pytest.raises(BadInput, match="61 3"):
        check_schedule(odd)
