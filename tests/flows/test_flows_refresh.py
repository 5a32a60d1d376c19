"""The main job over real files: what it publishes, what a second run does, what becomes of files that cannot be read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from entente.errors import Busy
from flows.pipeline import RefreshOptions, nothing_to_do, refresh
from flows.progress import quiet
from flows.settings import Settings
from tests.flows.projects import ENTENTE, entente, make_project, modules_after, page, rows
from warehouse.content import content_digest
from warehouse.lock import refresh_lock

pytestmark = [pytest.mark.e2e, pytest.mark.encoder]


def states(settings: Settings) -> dict[str, tuple[str, str]]:
    found = rows(settings.paths.warehouse, "SELECT record_id, state, reason FROM document_states")
    return {record.split("/")[-1]: (state, reason) for record, state, reason in found}


def test_a_refresh_publishes_passages_with_page_heading_paragraph_and_scores(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p")
    summary = refresh(settings, RefreshOptions(), quiet)
    assert (summary.counts["fetched"], summary.counts["extracted"], summary.counts["scored"]) == (3, 3, 18)
    assert set(states(settings).values()) == {("published", "ok")}
    found = rows(
        settings.paths.published,
        "SELECT p.para_no, p.heading_path[-1], p.text, s.stage, s.p_stage__initiation + s.p_stage__trust_building"
        " + s.p_stage__information_exchange + s.p_stage__policy_influence + s.p_stage__compliance + s.p_stage__none"
        " FROM passages p JOIN scores s USING (passage_id) ORDER BY p.document_id, p.ordinal",
    )
    assert len(found) == 18
    assert {row[1] for row in found} == {"Findings"}
    assert [row[0] for row in found[:6]] == ["1", "2", "3", "4", "5", "6"]
    assert all(row[3] and abs(row[4] - 1) < 1e-4 for row in found)


def test_a_second_refresh_finds_nothing_and_needs_no_model_in_memory(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 2)
    entente("refresh", "--no-prefect", project=settings.project)
    printed, modules = modules_after("-C", str(settings.project), "refresh", "--json")
    counts = json.loads(printed)
    assert [counts[name] for name in ("fetched", "extracted", "scored", "classified")] == [0, 0, 0, 0]
    assert not modules & {"torch", "transformers", "prefect", "pdfplumber"}


def test_the_status_needs_no_heavy_library(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 1)
    entente("refresh", "--no-prefect", "--no-classify", project=settings.project)
    printed, modules = modules_after("-C", str(settings.project), "status")
    assert "published" in printed
    assert not modules & {"torch", "transformers", "prefect", "pdfplumber", "pyarrow"}


def test_only_what_is_new_or_changed_is_done_again(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 3)
    refresh(settings, RefreshOptions(), quiet)
    (settings.project / "reports" / "report-1.html").write_text(page(7, paragraphs=4), encoding="utf-8")
    (settings.project / "reports" / "report-9.html").write_text(page(9), encoding="utf-8")
    summary = refresh(settings, RefreshOptions(), quiet)
    assert (summary.counts["fetched"], summary.counts["extracted"], summary.counts["scored"]) == (2, 2, 10)
    assert rows(settings.paths.published, "SELECT count(*) FROM passages") == [(6 + 4 + 6 + 6,)]
    assert nothing_to_do(settings, RefreshOptions()) is not None


def test_what_a_manifest_said_is_not_taken_back_by_a_refresh_without_it(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 2)
    reports, manifest = settings.project / "reports", tmp_path / "said.csv"
    manifest.write_text(f"file,igo,country_iso3,published\n{reports / 'report-0.html'},CLO,XAA,2014-05-06\n", encoding="utf-8")
    entente("refresh", str(reports), "--manifest", str(manifest), "--no-prefect", "--no-classify", project=settings.project)
    ask = "SELECT igo, country_iso3, published::VARCHAR FROM documents ORDER BY document_id LIMIT 1"
    assert rows(settings.paths.published, ask) == [("CLO", "XAA", "2014-05-06")]
    again = entente("refresh", "--no-prefect", "--no-classify", project=settings.project)
    assert "Up to date" in again.stdout
    assert "1 documents keep what an earlier manifest said" in again.stderr
    (reports / "report-0.html").write_text(page(8), encoding="utf-8")
    entente("refresh", "--no-prefect", "--no-classify", project=settings.project)
    assert rows(settings.paths.published, ask) == [("CLO", "XAA", "2014-05-06")]
    manifest.write_text(f"file,igo\n{reports / 'report-0.html'},COS\n", encoding="utf-8")
    entente("refresh", str(reports), "--manifest", str(manifest), "--no-prefect", "--no-classify", project=settings.project)
    assert rows(settings.paths.published, ask) == [("COS", None, None)], "what a manifest says now is what holds"


def test_bad_files_end_in_a_state_with_a_reason_and_stop_nothing(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 1)
    reports = settings.project / "reports"
    (reports / "empty.pdf").write_bytes(b"")
    (reports / "error.pdf").write_bytes(b"<html><head><title>Error 503</title></head></html>")
    (reports / "cut.pdf").write_bytes(b"%PDF-1.4\n1 0 obj")
    (reports / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing that a reader could use\n%%EOF\n")
    (reports / "wrong.docx").write_bytes(b"%PDF-1.4\n%%EOF")
    (reports / "picture.jpg").write_bytes(b"\xff\xd8\xff")
    (reports / "copy.html").write_bytes((reports / "report-0.html").read_bytes())
    (reports / "french.html").write_text(
        "<html><body>" + "".join(
            f"<p>{n}. La mission s'est rendue dans les neuf provinces du pays et a rencontré les représentants des travailleurs et des "
            "employeurs, qui lui ont fait part de leurs préoccupations au sujet de la récolte.</p>" for n in range(1, 5)
        ) + "</body></html>",
        encoding="utf-8",
    )  # fmt: skip
    summary = refresh(settings, RefreshOptions(), quiet)
    found = states(settings)
    assert found["empty.pdf"] == ("refused", "empty_file")
    assert found["error.pdf"] == ("refused", "error_page")
    assert found["cut.pdf"] == ("refused", "truncated")
    assert found["broken.pdf"][0] == "unreadable"
    assert found["wrong.docx"] == ("refused", "wrong_type")
    assert found["picture.jpg"] == ("refused", "unsupported_type")
    assert sorted([found["copy.html"], found["report-0.html"]]) == [("fetched", "same_bytes"), ("published", "ok")]
    assert found["french.html"] == ("extracted", "language_not_modelled")
    assert summary.counts["refused"] == 5
    assert nothing_to_do(settings, RefreshOptions()) is not None, "what cannot be read is not tried again and again"


def test_readers_of_the_published_file_see_the_old_or_the_new_state_while_a_refresh_writes(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 2)
    refresh(settings, RefreshOptions(), quiet)
    for number in (5, 6, 7):
        (settings.project / "reports" / f"report-{number}.html").write_text(page(number), encoding="utf-8")
    ask = "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM evidence WHERE stage IS NOT NULL)"
    seen = set()
    process = subprocess.Popen([*ENTENTE, "-C", str(settings.project), "refresh", "--no-prefect"], stdout=subprocess.DEVNULL)
    while process.poll() is None:
        seen.add(rows(settings.paths.published, ask)[0])
    seen.add(rows(settings.paths.published, ask)[0])
    assert process.returncode == 0
    assert seen == {(2, 12), (5, 30)}


def test_two_refreshes_at_once_the_second_says_who_is_at_work(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 1)
    with refresh_lock(settings.paths.state / "refresh.lock", "entente refresh"):
        done = entente("refresh", "--no-prefect", project=settings.project, check=False)
        with pytest.raises(Busy):
            refresh(settings, RefreshOptions(), quiet)
    assert done.returncode == 4
    assert str(os.getpid()) in done.stderr
    assert "entente refresh" in done.stderr


def test_a_missing_model_is_said_and_what_was_read_stays(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 2, config="classification: {model: lost-model}\n")
    done = entente("refresh", "--no-prefect", project=settings.project, check=False)
    assert done.returncode == 3
    assert "lost-model" in done.stderr
    assert "Traceback" not in done.stderr
    entente("refresh", "--no-prefect", "--no-classify", project=settings.project)
    assert rows(settings.paths.published, "SELECT count(*) > 0 FROM passages") == [(True,)]


def test_a_terminated_refresh_is_recorded_and_the_next_one_finishes(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 6, config="refresh: {batch_documents: 1}\n")
    process = subprocess.Popen(
        [*ENTENTE, "-C", str(settings.project), "refresh", "--no-prefect"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    progress = settings.paths.state / "progress.json"
    while process.poll() is None and not (progress.exists() and '"classify"' in progress.read_text()):
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _out, err = process.communicate()
    assert process.returncode == 143, err
    assert rows(settings.paths.warehouse, "SELECT status FROM runs") == [("interrupted",)]
    entente("refresh", "--no-prefect", project=settings.project)
    calm = make_project(tmp_path / "calm", 6)
    refresh(calm, RefreshOptions(), quiet)
    assert content_digest(settings.paths.warehouse) == content_digest(calm.paths.warehouse)


def killed_at(stage: str, project: Path) -> None:
    """Start a refresh and kill its main process with SIGKILL as soon as it says that it is at this stage."""
    progress = project / "var" / "progress.json"
    progress.unlink(missing_ok=True)
    process = subprocess.Popen(
        [*ENTENTE, "-C", str(project), "refresh", "--no-prefect"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None:
        if progress.exists() and f'"stage": "{stage}"' in progress.read_text():
            process.kill()
            break
        time.sleep(0.002)
    assert process.wait() == -signal.SIGKILL


def test_refreshes_killed_at_every_stage_end_in_the_same_database(tmp_path: Path) -> None:
    config = "refresh: {batch_documents: 2}\n"
    calm = make_project(tmp_path / "calm", 5)
    refresh(calm, RefreshOptions(), quiet)
    killed = make_project(tmp_path / "killed", 5, config=config)
    for stage in ("fetch", "extract", "classify", "publish"):
        killed_at(stage, killed.project)
    entente("refresh", "--no-prefect", project=killed.project)
    assert content_digest(killed.paths.warehouse) == content_digest(calm.paths.warehouse)
    assert content_digest(killed.paths.published) == content_digest(calm.paths.published)
    assert not list((killed.project / "var").rglob("*.part"))


def test_the_flow_runs_under_prefect_and_leaves_its_summary(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 1)
    done = entente("refresh", "--json", project=settings.project)
    assert json.loads(done.stdout)["published"]["changed"] is True
    import sqlite3

    with sqlite3.connect(settings.paths.state / "prefect" / "prefect.db") as history:
        flow_runs = history.execute("SELECT state_type FROM flow_run").fetchall()
        artifacts = history.execute("SELECT data FROM artifact WHERE key = 'refresh-summary'").fetchall()
    history.close()
    assert flow_runs == [("COMPLETED",)]
    assert "| extracted | 1 |" in json.loads(artifacts[0][0])


def test_the_queries_of_the_readme_run_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make_project(tmp_path / "my-project", 1)
    refresh(settings, RefreshOptions(), quiet)
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    sql = readme.split("```sql\n")[1].split("```")[0]
    python = readme.split("```python\n")[1].split("```")[0]
    rows(settings.paths.published, sql)
    monkeypatch.chdir(tmp_path)
    found = subprocess.run([ENTENTE[0], "-c", python + "\nprint(rows)"], capture_output=True, text=True, check=True).stdout
    assert "none" in found
