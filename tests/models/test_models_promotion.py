"""Promotion: what is worse is refused, what was decided is kept, and there is a way back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from entente.errors import BadInput
from models.model_file import read_facts
from models.promotion import CANDIDATE, PROMOTED, RETIRED, comparison, decisions, differences, promote, rollback, state_of
from models.registry import SHIPPED, find_model


class Project:
    """A folder of models beside the shipped one."""

    def __init__(self, folder: Path) -> None:
        self.own = folder / "models"
        self.own.mkdir()
        self.shipped = find_model("default", [SHIPPED])
        self.folders = [SHIPPED, self.own]

    def add(self, version: str, change: float | None) -> str:
        """Copy the shipped model under another name, its figures moved by `change`; without figures for None."""
        target = self.own / version
        shutil.copytree(self.shipped, target)
        facts: dict[str, Any] = json.loads((target / "model.json").read_text(encoding="utf-8"))
        facts["version"] = version
        if change is None:
            del facts["metrics"]["dev"]
        else:
            for one in facts["metrics"]["dev"]["dimensions"].values():
                one["macro_f1"] += change
                one["interval"] = [end + change for end in one["interval"]]
        (target / "model.json").write_text(json.dumps(facts), encoding="utf-8")
        return version

    def in_use(self) -> str:
        return find_model("default", self.folders).name


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_better_model_is_promoted_and_can_be_taken_back(project: Project) -> None:
    better = project.add("encoder-2-better", 0.01)
    assert state_of(better, project.own, project.in_use()) == CANDIDATE
    made = promote(better, project.folders, project.own, reason="more codes")
    assert (made.action, made.before, project.in_use()) == ("promote", project.shipped.name, better)
    assert state_of(better, project.own, better) == PROMOTED
    assert state_of(project.shipped.name, project.own, better) == RETIRED
    rollback(project.folders, project.own)
    assert project.in_use() == project.shipped.name
    assert [one.action for one in decisions(project.own)] == ["promote", "rollback"]


def test_rollback_after_rollback_goes_further_back_and_never_forward(project: Project) -> None:
    first, second = project.add("encoder-2-first", 0.01), project.add("encoder-2-second", 0.02)
    promote(first, project.folders, project.own)
    promote(second, project.folders, project.own)
    rollback(project.folders, project.own)
    assert project.in_use() == first
    rollback(project.folders, project.own)
    assert project.in_use() == project.shipped.name
    with pytest.raises(BadInput, match="nothing to go back to"):
        rollback(project.folders, project.own)


def test_a_path_is_not_promoted(project: Project) -> None:
    with pytest.raises(BadInput, match="is a path"):
        promote(str(project.own / project.add("encoder-2-near", 0.0)), project.folders, project.own)


def test_a_model_that_is_worse_beyond_its_interval_is_refused_unless_forced_with_a_reason(project: Project) -> None:
    worse = project.add("encoder-2-worse", -0.4)
    with pytest.raises(BadInput, match=r"worse than .* stage"):
        promote(worse, project.folders, project.own)
    with pytest.raises(BadInput, match="needs a reason"):
        promote(worse, project.folders, project.own, force=True, reason=" ")
    assert project.in_use() == project.shipped.name
    assert promote(worse, project.folders, project.own, force=True, reason="a test").reason == "a test"
    assert project.in_use() == worse


def test_a_little_worse_within_the_interval_is_not_refused(project: Project) -> None:
    near = project.add("encoder-2-near", -0.005)
    rows = comparison(differences(read_facts(project.shipped), read_facts(project.own / near)))
    assert not any(row["worse"] for row in rows)
    promote(near, project.folders, project.own)
    assert project.in_use() == near


def test_without_figures_there_is_no_comparison(project: Project) -> None:
    blind = project.add("encoder-2-blind", None)
    with pytest.raises(BadInput, match="no figures"):
        promote(blind, project.folders, project.own)


def test_nothing_to_go_back_to_and_nothing_to_do(project: Project) -> None:
    with pytest.raises(BadInput, match="nothing to go back to"):
        rollback(project.folders, project.own)
    with pytest.raises(BadInput, match="in use already"):
        promote(project.shipped.name, project.folders, project.own)


def test_a_damaged_list_of_decisions_is_named(project: Project) -> None:
    (project.own / "REGISTRY.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(BadInput, match="REGISTRY"):
        decisions(project.own)
