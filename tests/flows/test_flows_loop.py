"""One session of commands, from an empty project to a promoted retrained model and its estimates; gold judges and is never learned from;
a retraining that is killed goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from entente.errors import BadInput, Busy
from flows.retraining.data import _merged
from flows.retraining.due import due
from flows.retraining.loop import Outcome
from flows.retraining.report import _comparison
from flows.retraining.runs import runs_of
from flows.settings import default_codebook_path
from models.codebook import load_codebook
from models.model_file import read_facts
from models.promotion import decisions
from tests.flows.coding_session import ERRORS, SIZES, CodedProject, Session, code_a_project, some_invented
from tests.flows.projects import rows
from tests.flows.simulated import COUNTRIES, PROFILES, codes_of, expected_alpha
from warehouse.content import content_digest
from warehouse.database import open_warehouse
from warehouse.lock import refresh_lock

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CodedProject]:
    """A project that two simulated coders have coded; in this module few of the shipped passages are trained on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.training_data.read_invented", some_invented)
        yield code_a_project(tmp_path_factory.mktemp("coded"))


@pytest.fixture(scope="module")
def retrained(coded: CodedProject, tmp_path_factory: pytest.TempPathFactory) -> tuple[Session, dict[str, Any]]:
    """A copy of it, retrained in full, and what the command told."""
    entente = coded.copy(tmp_path_factory.mktemp("retrained") / "project")
    return entente, entente.told("retrain", "--full", "--no-prefect")


def test_agreement_of_coders_with_known_errors_is_what_it_should_be(coded: CodedProject) -> None:
    found = {one["dimension"]: one for one in coded.agreement["dimensions"]}
    alpha = found["stage"]["alpha"]
    assert found["stage"]["passages"] == sum(SIZES.values())
    assert alpha["low"] <= expected_alpha(coded.corpus, ERRORS) <= alpha["high"]
    assert coded.agreement["coders"] == {"ann": "simulation", "ben": "simulation"}


def test_the_session_ends_with_a_better_model_in_use_published_and_accounted_for(
    coded: CodedProject, retrained: tuple[Session, dict[str, Any]]
) -> None:
    entente, told = retrained
    assert (told["decision"], told["before"]) == ("promoted", coded.first_model)
    version = told["version"]
    (listed,) = [json.loads(line) for line in entente("models", "list", "--json").splitlines() if version in line]
    assert (listed["in_use"], listed["state"]) == (True, "promoted")
    assert told["stages"]["re-score"]["scored"] == coded.scored
    published = entente.settings.paths.published
    assert rows(published, "SELECT DISTINCT model_version FROM labels") == [(version,)]
    assert rows(published, "SELECT status, kind FROM runs ORDER BY started_at DESC LIMIT 1") == [("completed", "retrain")]
    facts = read_facts(entente.settings.paths.models / version)
    assert sum(facts.training["coders"].values()) == SIZES["training"]
    assert facts.training["coders"]["simulation"] > facts.training["coders"]["not said"], (
        "the adjudicator did not say what she is"
    )
    assert facts.metrics["dev"]["passages"] == SIZES["gold"]
    compared = {row["dimension"]: row for row in told["stages"]["compare"]["rows"]}
    assert compared["stage"]["gain_interval"][0] > 0, "what coders taught shows on gold"
    both, changed = told["stages"]["re-score"]["both_scored"], told["stages"]["re-score"]["changed"]
    assert both == coded.scored
    other = (
        "SELECT count(*) FROM scores a JOIN scores b USING (passage_id) "
        f"WHERE a.model_version = '{coded.first_model}' AND b.model_version = '{version}' AND a.stage <> b.stage"
    )
    assert rows(entente.settings.paths.warehouse, other) == [(changed["stage"],)]
    text = Path(told["report"]).read_text(encoding="utf-8")
    for word in (version, coded.first_model, "promoted", "| ann |", "| stage |", told["stages"]["check"]["sha256"]["gold.jsonl"]):
        assert word in text
    assert "neither model was trained on" in text
    assert told["stages"]["check"]["new"]["passages"] == SIZES["training"]
    assert json.loads(Path(told["report"]).with_suffix(".json").read_text(encoding="utf-8"))["publish"]["changed"]


def test_the_estimates_recover_the_simulated_truth(coded: CodedProject, retrained: tuple[Session, dict[str, Any]]) -> None:
    entente, _told = retrained
    found = rows(
        entente.settings.paths.published,
        "SELECT country_iso3, category, estimate, lower, upper FROM estimates_by_country('stage') WHERE igo = 'SIM'",
    )
    inside = []
    for country, stage, estimate, lower, upper in found:
        if estimate is not None and stage in {one["stage"] for one in PROFILES.values()}:
            inside.append(lower <= coded.corpus.share(country, stage) <= upper)
            assert upper - lower < 0.5
    assert len(inside) == len(COUNTRIES) * len(PROFILES)
    # Of ten intervals of 95 %, two or more miss in nine of a hundred sessions; this one has a seed.
    assert sum(inside) >= len(inside) - 1


def test_a_second_retraining_finds_nothing_to_do_and_is_not_due(retrained: tuple[Session, dict[str, Any]]) -> None:
    entente, told = retrained
    before = sorted(entente.settings.paths.models.iterdir())
    again = entente.told("retrain", "--full", "--no-prefect")
    assert (again["changed"], again["run"], again["version"]) == (False, told["run"], told["version"])
    assert sorted(entente.settings.paths.models.iterdir()) == before
    assert len(runs_of(entente.settings)) == 1
    due = entente.told("retrain", "--if-due")
    assert (due["due"], due["new"]["passages"]) == (False, 0)
    assert any("200 are asked for" in one for one in due["why"])


def test_enough_new_codes_make_it_due_and_gold_does_not_count(coded: CodedProject, tmp_path: Path) -> None:
    entente = coded.copy(tmp_path / "project")
    assert "Not due." in entente("retrain", "--if-due")
    config = entente.project / "configs" / "entente.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("after_new_codes: 200", f"after_new_codes: {SIZES['training'] + 1}"), encoding="utf-8")
    assert "Not due." in entente("retrain", "--if-due"), "the codes of gold are not to be learned from"
    config.write_text(text.replace("after_new_codes: 200", f"after_new_codes: {SIZES['training']}"), encoding="utf-8")
    assert due(entente.settings, datetime.now(UTC)).is_due
    with refresh_lock(entente.settings.paths.state / "retrain.lock", "somebody"), pytest.raises(Busy, match="somebody"):
        entente.run("retrain", "--if-due")


def test_the_service_retrains_when_it_is_due(coded: CodedProject, tmp_path: Path) -> None:
    entente = coded.copy(tmp_path / "project")
    config = entente.project / "configs" / "entente.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("after_new_codes: 200", f"after_new_codes: {SIZES['training']}"), encoding="utf-8")
    command = [sys.executable, "-m", "tests.flows.mortal", "-C", str(entente.project), "serve", "--once"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"retraining: is due. {SIZES['training']} passages have new codes" in done.stdout
    assert "was promoted" in done.stdout
    (run,) = runs_of(entente.settings)
    assert run.status == "finished"
    assert run.stages["train"] == {"mode": "heads", "encoder_of": coded.first_model}
    assert entente.told("retrain", "--if-due")["due"] is False


def test_what_cannot_be_judged_is_held_and_published_without_it_until_a_reason_is_given(
    coded: CodedProject, tmp_path: Path
) -> None:
    entente = coded.copy(tmp_path / "project")
    with open_warehouse(entente.settings.paths.warehouse) as connection:
        connection.execute("DELETE FROM annotations WHERE passage_id IN (SELECT passage_id FROM samples WHERE purpose = 'gold')")
    held = entente.told("retrain", "--no-prefect")
    assert held["decision"] == "held"
    assert "nothing to judge by" in held["reason"]
    assert rows(entente.settings.paths.published, "SELECT DISTINCT model_version FROM labels") == [(coded.first_model,)]
    assert held["published"]["changed"], "the codes are published all the same"
    assert "held" in Path(held["report"]).read_text(encoding="utf-8")
    forced = entente.told("retrain", "--force", "the coders say so", "--no-prefect")
    assert (forced["decision"], forced["version"]) == ("promoted", held["version"])
    last = decisions(entente.settings.paths.models)[-1]
    assert (last.action, last.reason) == ("force", "the coders say so")


def test_gold_in_a_folder_of_annotations_is_refused(coded: CodedProject, tmp_path: Path) -> None:
    entente = coded.copy(tmp_path / "project")
    ((text,),) = rows(
        entente.settings.paths.warehouse,
        "SELECT text FROM samples JOIN passages USING (passage_id) WHERE purpose = 'gold' ORDER BY passage_id LIMIT 1",
    )
    folder = tmp_path / "annotations"
    folder.mkdir()
    codes = {**codes_of("access"), "mechanism": []}
    (folder / "texts.jsonl").write_text(json.dumps({"id": "x", "text": f" {text.upper()}"}) + "\n", encoding="utf-8")
    (folder / "train.jsonl").write_text(json.dumps({"id": "x", **codes}) + "\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"1 passages in .* are in a gold sample of this project"):
        entente.run("retrain", "--annotations", str(folder), "--no-prefect")
    assert rows(entente.settings.paths.warehouse, "SELECT kind, status FROM runs ORDER BY started_at DESC LIMIT 1") == [
        ("retrain", "failed")
    ]
    assert [run.status for run in runs_of(entente.settings)] == ["failed"]


def test_a_release_without_a_training_is_told_as_a_change(tmp_path: Path) -> None:
    decision = {"decision": "promoted", "version": "new", "before": "old", "reason": "not worse"}
    stages: dict[str, dict[str, Any]] = {
        "nothing new": {"since": "earlier", **decision},
        "publish": {"changed": True, "path": "p"},
    }
    told = Outcome("this", stages, tmp_path).as_dict()
    assert (told["run"], told["changed"], told["nothing_new_since"], told["version"]) == ("this", True, "earlier", "new")


@pytest.mark.parametrize(("seen", "objection"), [(3, None), (None, None), (0, "The encoder has learned from them.")])
def test_the_report_promises_only_what_is_known_of_the_model_in_use(seen: int | None, objection: str | None) -> None:
    measured = {"passages": 9, "documents": 3, "in_documents_of_training": 0, "current_has_seen": seen}
    row = {
        "dimension": "stage",
        "current": 0.5,
        "candidate": 0.6,
        "current_interval": None,
        "low": 0.4,
        "high": 0.8,
        "worse": False,
    }
    text = _comparison({"evaluate": measured, "compare": {"rows": [row], "objection": objection}})
    assert "that the candidate's heads were not trained on" in text
    assert "neither model" not in text


def test_a_passage_of_a_folder_with_a_number_for_its_id_is_coded_once(tmp_path: Path) -> None:
    codes = {**codes_of("access"), "mechanism": []}
    (tmp_path / "texts.jsonl").write_text(json.dumps({"id": 7, "text": "The mission saw all sites."}) + "\n", encoding="utf-8")
    (tmp_path / "train.jsonl").write_text(2 * (json.dumps({"id": 7, **codes}) + "\n"), encoding="utf-8")
    with pytest.raises(BadInput, match=r"the id 7 .* is coded twice"):
        _merged(load_codebook(default_codebook_path()), [], [], tmp_path)


def test_a_retraining_that_is_killed_goes_on_and_ends_in_the_same_state(
    coded: CodedProject, retrained: tuple[Session, dict[str, Any]], tmp_path: Path
) -> None:
    calm, told = retrained
    killed = coded.copy(tmp_path / "project")
    command = [
        sys.executable,
        "-m",
        "tests.flows.mortal",
        "-C",
        str(killed.project),
        "retrain",
        "--full",
        "--no-prefect",
        "--json",
    ]
    for stage, moment in (("train", "inside"), ("promote or hold", "done")):
        died = subprocess.run(command, env={**os.environ, "DIE_IN": stage, "DIE_AT": moment}, capture_output=True, check=False)
        assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    again = killed.told("retrain", "--full", "--no-prefect")
    assert len(runs_of(killed.settings)) == 1
    same = ("decision", "version", "before")
    assert [again[name] for name in same] == [told[name] for name in same]
    for name in ("check", "split", "evaluate", "compare", "re-score"):
        assert again["stages"][name] == told["stages"][name]
    for file in ("warehouse", "published"):
        assert content_digest(getattr(killed.settings.paths, file)) == content_digest(getattr(calm.settings.paths, file))
    made = [[one.version for one in decisions(one.settings.paths.models)] for one in (killed, calm)]
    assert made[0] == made[1], "a decision is written down once"


def test_labels_behind_the_model_in_use_are_told_and_the_next_retraining_catches_up(coded: CodedProject, tmp_path: Path) -> None:
    entente = coded.copy(tmp_path / "project")
    command = [sys.executable, "-m", "tests.flows.mortal", "-C", str(entente.project), "retrain", "--full", "--no-prefect"]
    died = subprocess.run(command, env={**os.environ, "DIE_IN": "re-score"}, capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    (candidate,) = {one.version for one in decisions(entente.settings.paths.models)} - {coded.first_model}
    behind = f"Labels are those of {coded.first_model}; in use is {candidate}."
    assert any(one.startswith(behind) for one in entente.told("publish")["notes"])

    def labels() -> list[tuple[object, ...]]:
        return rows(entente.settings.paths.published, "SELECT DISTINCT model_version FROM labels")

    entente("models", "rollback", "--reason", "odd labels")
    said = entente("retrain", "--full", "--no-prefect")
    assert f"Promoted: {candidate}; taken back since: in use is {coded.first_model}." in said
    assert "In use from now on" not in said
    (run,) = runs_of(entente.settings)
    assert "taken back before" in (run.folder / "report.md").read_text(encoding="utf-8")
    assert labels() == [(coded.first_model,)]

    entente("models", "promote", candidate, "--force", "--reason", "after all")
    told = entente.told("retrain", "--full", "--no-prefect")
    assert (told["nothing_new_since"], told["labels_behind"]) == (run.folder.name, None)
    assert labels() == [(candidate,)], "nothing new to learn from, and yet not all had been done"
    assert entente.told("retrain", "--full", "--no-prefect")["changed"] is False


def test_codes_that_cannot_be_learned_from_yet_are_published_and_train_nothing(
    coded: CodedProject, retrained: tuple[Session, dict[str, Any]], tmp_path: Path
) -> None:
    entente, told = retrained
    copy = Session(tmp_path / "project")
    shutil.copytree(entente.project, copy.project)
    ((passage,),) = rows(
        copy.settings.paths.warehouse,
        "SELECT min(passage_id) FROM passages WHERE passage_id NOT IN (SELECT passage_id FROM annotations) AND is_codable",
    )
    file = tmp_path / "one.csv"
    file.write_text(f"passage_id,coder,dimension,value,codebook_version\n{passage},ann,voice,igo,1.1.0\n", encoding="utf-8")
    arguments = ("retrain", str(file), "--full", "--no-prefect")
    command = [sys.executable, "-m", "tests.flows.mortal", "-C", str(copy.project), *arguments]
    died = subprocess.run(command, env={**os.environ, "DIE_IN": "publish"}, capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    said = copy(*arguments)
    assert f"Nothing new to learn from since the retraining {told['run']};" in said
    assert "Published: " in said
    assert "In use from now on" not in said
    again = json.loads(max((copy.settings.paths.state / "retraining").glob("*/report.json")).read_text(encoding="utf-8"))
    assert again["run"] != told["run"]
    assert again["nothing new"]["since"] == told["run"]
    assert (again["publish"]["changed"], again["nothing new"]["version"], again["import"]["new"]) == (True, told["version"], 1)
    text = max((copy.settings.paths.state / "retraining").glob("*/report.md")).read_text(encoding="utf-8")
    assert "Nothing was trained" in text
    assert "## Labels that changed" not in text
    last = copy.told("retrain", "--full", "--no-prefect")
    assert (last["changed"], last["nothing_new_since"]) == (False, told["run"]), "and not the one that trained nothing"
    assert rows(copy.settings.paths.published, f"SELECT value FROM annotations WHERE passage_id = '{passage}'") == [("igo",)]
    assert len(list(copy.settings.paths.models.iterdir())) == len(list(entente.settings.paths.models.iterdir()))
