"""Bad input of every kind through the whole job: a clear message, the right exit code, nothing lost, a healthy next run."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import duckdb
import pytest

from entente.errors import BadInput
from flows.cli.classify import read_passages
from flows.cli.output import table
from flows.interrupts import interrupts_held
from flows.pipeline import RefreshOptions, nothing_to_do, refresh
from flows.progress import quiet
from flows.settings import load_settings
from tests.flows.projects import ENTENTE, entente, make_project, page, rows

pytestmark = [pytest.mark.e2e]

READ_ONLY = RefreshOptions(classify=False, publish=False)


def test_a_file_name_that_is_no_utf_8_is_a_record_like_any_other(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 1)
    for name, content in ((b"caf\xe9.html", page(5).encode()), (b"br\xfcche.pdf", b"no PDF at all")):
        (settings.project / "reports" / os.fsdecode(name)).write_bytes(content)
    refresh(settings, READ_ONLY, quiet)
    found = rows(settings.paths.warehouse, "SELECT record_id, state FROM document_states ORDER BY 1")
    assert found == [
        ("folder:reports/br\\xfcche.pdf", "refused"),
        ("folder:reports/caf\\xe9.html", "extracted"),
        ("folder:reports/report-0.html", "extracted"),
    ]
    assert nothing_to_do(settings, READ_ONLY) is not None
    assert "caf\\xe9.html" in entente("status", "--state", "extracted", project=settings.project).stdout


@pytest.mark.parametrize("place", ["warehouse.duckdb", "refresh.lock", "published/entente.duckdb"])
def test_a_folder_in_the_place_of_a_file_is_said_without_a_traceback(tmp_path: Path, place: str) -> None:
    settings = make_project(tmp_path / "p", 1)
    (settings.paths.state / place).mkdir(parents=True)
    done = entente("refresh", "--no-prefect", "--no-classify", project=settings.project, check=False)
    assert done.returncode in (2, 3)
    assert place in done.stderr
    assert "directory" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("sent", "prefect"), [(signal.SIGINT, "--no-prefect"), (signal.SIGTERM, "--no-prefect"), (signal.SIGTERM, "--prefect")]
)
def test_a_signal_to_the_whole_group_is_answered_in_one_line(tmp_path: Path, sent: signal.Signals, prefect: str) -> None:
    settings = make_project(tmp_path / "p", 8, config="refresh: {batch_documents: 1}\n")
    process = subprocess.Popen(
        [*ENTENTE, "-C", str(settings.project), "refresh", prefect, "--no-classify"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    progress = settings.paths.state / "progress.json"
    while process.poll() is None and not (progress.exists() and '"extract"' in progress.read_text()):
        time.sleep(0.01)
    os.killpg(process.pid, sent)
    _out, err = process.communicate()
    assert process.returncode == 128 + sent
    assert err.strip() == "Interrupted. Nothing is half written. Run the same command again; what it keeps is not done twice."
    assert rows(settings.paths.warehouse, "SELECT status FROM runs") == [("interrupted",)]
    assert not (settings.paths.state / "progress.json").exists()


def test_a_signal_during_a_held_block_is_answered_after_it() -> None:
    steps = []

    def interrupted() -> None:
        with interrupts_held():
            signal.raise_signal(signal.SIGINT)
            steps.append("done")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert steps == ["done"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_codebook_that_the_model_does_not_know_is_said_before_the_scores_are_given_up(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 1)
    refresh(settings, RefreshOptions(), quiet)
    kept = rows(settings.paths.warehouse, "SELECT * FROM scores ORDER BY passage_id")
    before = settings.codebook.read_text(encoding="utf-8")
    settings.codebook.write_text(re.sub(r"(?m)^version: .*$", "version: 7.0.0", before, count=1), encoding="utf-8")
    done = entente("refresh", "--no-prefect", project=settings.project, check=False)
    assert done.returncode == 2
    assert "7.0.0" in done.stderr
    assert "entente train" in done.stderr
    assert rows(settings.paths.warehouse, "SELECT * FROM scores ORDER BY passage_id") == kept
    settings.codebook.write_text(before.replace("question: Which step", "question: Which of the steps", 1), encoding="utf-8")
    assert nothing_to_do(settings, RefreshOptions()) is None, "other words of the codebook are published too"
    refresh(settings, RefreshOptions(), quiet)
    assert rows(
        settings.paths.published, "SELECT question LIKE 'Which of%' FROM codebook_dimensions WHERE dimension = 'stage'"
    ) == [(True,)]
    assert rows(settings.paths.warehouse, "SELECT * FROM scores ORDER BY passage_id") == kept


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"id": 1, "text": ' + "[" * 100_000, "line 1: nested too deep"),
        ('{"id": ' + "9" * 5000 + ', "text": "a b"}', "too many digits"),
        ('{"id": 1, "text": "The mission left."}\n{"id": 2, "text": " \\t"}', "line 2: there is no text"),
        ("id,text\n1,Refused, again\n", "line 2: more cells than columns"),
        ("id,text,text\n1,a,b\n", "column text stands there twice"),
    ],
)
def test_passages_that_cannot_be_meant_are_refused_by_line_before_any_is_scored(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        read_passages(text, "file")


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    database = tmp_path / "some.duckdb"
    duckdb.connect(str(database)).close()
    query = [*ENTENTE, "sql", "--database", str(database), "--csv", "SELECT * FROM range(300000)"]
    with subprocess.Popen(query, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "range\n"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


def test_a_query_reaches_no_other_file_and_changes_nothing(tmp_path: Path) -> None:
    database, other = tmp_path / "some.duckdb", tmp_path / "other.duckdb"
    for path in (database, other):
        duckdb.connect(str(path)).close()
    before = other.read_bytes()
    for query in (
        f"COPY (SELECT 1) TO '{other}' (FORMAT csv)",
        f"ATTACH '{other}'",
        "CREATE TABLE t (a INT)",
        "INSTALL httpfs",
        " ; ",
    ):
        done = entente("sql", "--database", str(database), query, check=False)
        assert (done.returncode, done.stdout) == (2, ""), query
        assert "Traceback" not in done.stderr
    assert other.read_bytes() == before


def test_what_would_steer_a_terminal_is_not_printed_in_a_table() -> None:
    assert "\x1b" not in table(["text"], [["red \x1b[31m alarm \x07"]])


def test_a_prefect_server_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make_project(tmp_path / "p", 1)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    done = entente("refresh", project=settings.project, check=False)
    assert done.returncode == 3
    assert "http://127.0.0.1:9/api" in done.stderr
    assert "--no-prefect" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_locale_without_utf_8_loses_no_character(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = tmp_path / "some.duckdb"
    duckdb.connect(str(database)).close()
    for name, value in {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}.items():
        monkeypatch.setenv(name, value)
    command = [*ENTENTE, "sql", "--database", str(database), "--json", "SELECT 'caf\u00e9 \u2026' AS a"]
    done = subprocess.run([part.encode() for part in command], capture_output=True, check=True)
    assert done.stdout.decode("utf-8") == '{"a": "caf\u00e9 \u2026"}\n'


def test_a_project_whose_path_is_no_utf_8_is_refused_in_words(tmp_path: Path) -> None:
    project = tmp_path / os.fsdecode(b"caf\xe9")
    project.mkdir()
    with pytest.raises(BadInput, match=r"caf\\xe9.*Rename"):
        load_settings(project, {})


def test_a_report_overwritten_with_another_one_stops_no_publication(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 2)
    refresh(settings, RefreshOptions(classify=False), quiet)
    first, second = (settings.project / "reports" / f"report-{number}.html" for number in (0, 1))
    first.write_bytes(second.read_bytes())
    refresh(settings, RefreshOptions(classify=False), quiet)
    query = "SELECT state, reason FROM document_states ORDER BY record_id"
    assert rows(settings.paths.published, query) == [("extracted", "ok"), ("fetched", "same_bytes")]
    assert nothing_to_do(settings, RefreshOptions(classify=False)) is not None
    first.write_text(page(9), encoding="utf-8")
    refresh(settings, RefreshOptions(classify=False), quiet)
    assert rows(settings.paths.published, query) == [("extracted", "ok"), ("extracted", "ok")]


def test_the_same_file_in_another_source_is_counted_once(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 1, config="sources: {folders: [{id: zeta, roots: [reports]}]}\n")
    refresh(settings, READ_ONLY, quiet)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "copy.html").write_bytes((settings.project / "reports" / "report-0.html").read_bytes())
    arguments = ("refresh", "--no-prefect", "--no-classify", str(tmp_path / "more"))
    entente(*arguments, project=settings.project)
    query = "SELECT record_id, state, reason FROM document_states ORDER BY record_id"
    found = [("folder:more/copy.html", "fetched", "same_bytes"), ("zeta:reports/report-0.html", "extracted", "ok")]
    assert rows(settings.paths.published, query) == found
    assert "nothing new" in entente(*arguments, project=settings.project).stdout
