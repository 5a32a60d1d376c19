"""Promotion: what is worse is refused, what was decided is kept, and there is a way back."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from entente.errors import BadInput
from models.codebook import load_codebook
from models.model_file import read_facts, tensor_bytes
from models.promotion import CANDIDATE, PROMOTED, RETIRED, comparison, decisions, differences, promote, rollback, state_of
from models.registry import SHIPPED, find_model

CODEBOOK = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")


class Project:
    """Two folders of models: one like the shipped one, with the model in use, and the project's own."""

    def __init__(self, folder: Path) -> None:
        self.own, first = folder / "models", folder / "first"
        self.own.mkdir()
        self.folders = [first, self.own]
        self._template = find_model("default", [SHIPPED])
        self.shipped = first / self.add("encoder-2-shipped", 0.0, parent=first)
        (first / "DEFAULT").write_text(self.shipped.name + "\n", encoding="utf-8")

    def add(self, version: str, change: float | None, *, measured_on: str | None = "a" * 64, parent: Path | None = None) -> str:
        """Copy the shipped model under another name, its figures moved by `change`; without figures for None."""
        target = (parent or self.own) / version
        shutil.copytree(self._template, target)
        facts: dict[str, Any] = json.loads((target / "model.json").read_text(encoding="utf-8"))
        facts["version"] = version
        if change is None:
            del facts["metrics"]["dev"]
        else:
            facts["metrics"]["dev"].pop("passages_sha256", None)
            if measured_on is not None:
                facts["metrics"]["dev"]["passages_sha256"] = measured_on
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
    made = promote(better, project.folders, project.own, CODEBOOK, reason="more codes")
    assert (made.action, made.before, project.in_use()) == ("promote", project.shipped.name, better)
    assert state_of(better, project.own, better) == PROMOTED
    assert state_of(project.shipped.name, project.own, better) == RETIRED
    rollback(project.folders, project.own, CODEBOOK)
    assert project.in_use() == project.shipped.name
    assert [one.action for one in decisions(project.own)] == ["promote", "rollback"]


def test_rollback_after_rollback_goes_further_back_and_never_forward(project: Project) -> None:
    first, second = project.add("encoder-2-first", 0.01), project.add("encoder-2-second", 0.02)
    promote(first, project.folders, project.own, CODEBOOK)
    promote(second, project.folders, project.own, CODEBOOK)
    rollback(project.folders, project.own, CODEBOOK)
    assert project.in_use() == first
    rollback(project.folders, project.own, CODEBOOK)
    assert project.in_use() == project.shipped.name
    with pytest.raises(BadInput, match="nothing to go back to"):
        rollback(project.folders, project.own, CODEBOOK)


def test_a_path_is_not_promoted(project: Project) -> None:
    with pytest.raises(BadInput, match="is a path"):
        promote(str(project.own / project.add("encoder-2-near", 0.0)), project.folders, project.own, CODEBOOK)


def test_a_model_that_is_worse_beyond_its_interval_is_refused_unless_forced_with_a_reason(project: Project) -> None:
    worse = project.add("encoder-2-worse", -0.4)
    with pytest.raises(BadInput, match=r"worse than .* stage"):
        promote(worse, project.folders, project.own, CODEBOOK)
    with pytest.raises(BadInput, match="needs a reason"):
        promote(worse, project.folders, project.own, CODEBOOK, force=True, reason=" ")
    assert project.in_use() == project.shipped.name
    assert promote(worse, project.folders, project.own, CODEBOOK, force=True, reason="a test").reason == "a test"
    assert project.in_use() == worse


def test_a_little_worse_within_the_interval_is_not_refused(project: Project) -> None:
    near = project.add("encoder-2-near", -0.005)
    rows = comparison(differences(read_facts(project.shipped), read_facts(project.own / near)))
    assert not any(row["worse"] for row in rows)
    promote(near, project.folders, project.own, CODEBOOK)
    assert project.in_use() == near


def test_without_figures_there_is_no_comparison(project: Project) -> None:
    blind = project.add("encoder-2-blind", None)
    path = project.own / blind / "model.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    for metrics in (facts["metrics"], {**facts["metrics"], "dev": {"passages_sha256": "a" * 64}}):
        path.write_text(json.dumps({**facts, "metrics": metrics}), encoding="utf-8")
        with pytest.raises(BadInput, match="no figures"):
            promote(blind, project.folders, project.own, CODEBOOK)
    path.write_text("[" * 200_000, encoding="utf-8")
    with pytest.raises(BadInput, match=r"model\.json is damaged"):
        promote(blind, project.folders, project.own, CODEBOOK)


def test_nothing_to_go_back_to_and_nothing_to_do(project: Project) -> None:
    with pytest.raises(BadInput, match="nothing to go back to"):
        rollback(project.folders, project.own, CODEBOOK)
    with pytest.raises(BadInput, match="in use already"):
        promote(project.shipped.name, project.folders, project.own, CODEBOOK)


def test_a_damaged_list_of_decisions_is_named(project: Project) -> None:
    (project.own / "REGISTRY.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(BadInput, match="REGISTRY"):
        decisions(project.own)


def test_a_damaged_candidate_is_refused_even_by_force(project: Project) -> None:
    damaged = project.add("encoder-2-damaged", 0.1)
    with (project.own / damaged / "heads.safetensors").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(BadInput, match="SHA-256 differs"):
        promote(damaged, project.folders, project.own, CODEBOOK)
    with pytest.raises(BadInput, match="SHA-256 differs"):
        promote(damaged, project.folders, project.own, CODEBOOK, force=True, reason="a test")
    (project.own / damaged / "adapters.safetensors").unlink()
    (project.own / damaged / "heads.safetensors").write_bytes((project.shipped / "heads.safetensors").read_bytes())
    with pytest.raises(BadInput, match="cannot be read"):
        promote(damaged, project.folders, project.own, CODEBOOK, force=True, reason="a test")
    assert project.in_use() == project.shipped.name
    assert decisions(project.own) == []


def test_a_candidate_of_another_codebook_is_refused_even_by_force(project: Project) -> None:
    foreign = project.add("encoder-2-foreign", 0.1)
    path = project.own / foreign / "model.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    facts["codebook"]["version"] = "0.1"
    path.write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(BadInput, match=r"codebook version 0\.1"):
        promote(foreign, project.folders, project.own, CODEBOOK, force=True, reason="a test")
    assert project.in_use() == project.shipped.name


@pytest.mark.parametrize("harm", ["facts", "folder"])
def test_past_a_model_in_use_that_cannot_be_read_there_is_only_force_with_a_reason(project: Project, harm: str) -> None:
    sound = project.add("encoder-2-sound", 0.1)
    if harm == "facts":
        (project.shipped / "model.json").write_text("{", encoding="utf-8")
    else:
        shutil.rmtree(project.shipped)
    with pytest.raises(BadInput, match="The model in use, encoder-2-shipped, cannot be read"):
        promote(sound, project.folders, project.own, CODEBOOK)
    made = promote(sound, project.folders, project.own, CODEBOOK, force=True, reason="the old one is gone")
    assert (made.action, made.before, project.in_use()) == ("force", "encoder-2-shipped", sound)


def test_a_pointer_that_names_nothing_needs_force_too(project: Project) -> None:
    sound = project.add("encoder-2-sound", 0.1)
    (project.own / "DEFAULT").write_text("two names\n", encoding="utf-8")
    with pytest.raises(BadInput, match="--force"):
        promote(sound, project.folders, project.own, CODEBOOK)
    assert promote(sound, project.folders, project.own, CODEBOOK, force=True, reason="mend").before is None


def test_a_damaged_model_in_use_can_be_rolled_back_and_to_a_damaged_one_there_is_no_way(project: Project) -> None:
    second = project.add("encoder-2-second", 0.1)
    promote(second, project.folders, project.own, CODEBOOK)
    (project.own / second / "model.json").write_text("{", encoding="utf-8")
    heads = project.shipped / "heads.safetensors"
    whole = heads.read_bytes()
    heads.write_bytes(whole[:-1])
    with pytest.raises(BadInput, match="SHA-256 differs"):
        rollback(project.folders, project.own, CODEBOOK)
    heads.write_bytes(whole)
    assert rollback(project.folders, project.own, CODEBOOK).version == project.shipped.name


@pytest.mark.parametrize(("measured_on", "said"), [("b" * 64, "different passages"), (None, "does not tell on which passages")])
def test_figures_of_as_many_other_passages_are_no_comparison(project: Project, measured_on: str | None, said: str) -> None:
    other = project.add("encoder-2-other", 0.1, measured_on=measured_on)
    with pytest.raises(BadInput, match=said):
        promote(other, project.folders, project.own, CODEBOOK)
    assert project.in_use() == project.shipped.name


def test_figures_of_the_model_in_use_may_be_measured_anew_on_the_passages_of_the_candidate(project: Project) -> None:
    other = project.add("encoder-2-other", 0.01, measured_on="b" * 64)
    with pytest.raises(BadInput, match="different passages"):
        promote(other, project.folders, project.own, CODEBOOK)
    measured = {**read_facts(project.shipped).metrics["dev"], "passages_sha256": "b" * 64}
    better = {**measured, "dimensions": {k: {**v, "macro_f1": 0.999} for k, v in measured["dimensions"].items()}}
    with pytest.raises(BadInput, match="is worse than"):
        promote(other, project.folders, project.own, CODEBOOK, measured=better)
    assert promote(other, project.folders, project.own, CODEBOOK, measured=measured).action == "promote"


def test_a_promotion_that_was_killed_before_the_model_was_in_use_is_written_down_once(project: Project) -> None:
    better = project.add("encoder-2-better", 0.01)
    first = promote(better, project.folders, project.own, CODEBOOK, reason="more codes")
    # As a kill between the list and the name would leave it.
    (project.own / "DEFAULT").unlink()
    assert promote(better, project.folders, project.own, CODEBOOK, reason="more codes") == first
    assert len(decisions(project.own)) == 1
    assert project.in_use() == better


@pytest.mark.parametrize("harm", ["foreign heads", "another type of number", "not a number", "no thresholds"])
def test_a_candidate_whose_parts_do_not_fit_is_refused_even_by_force(project: Project, harm: str) -> None:
    candidate = project.own / project.add("encoder-2-misfit", 0.1)
    facts = json.loads((candidate / "model.json").read_text(encoding="utf-8"))
    header = json.dumps({"x": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]}}).encode()
    contents = {
        "foreign heads": ("heads", tensor_bytes({"x": np.zeros(3, np.float32)})),
        "another type of number": ("adapters", struct.pack("<Q", len(header)) + header + b"ab"),
        "not a number": ("adapters", tensor_bytes({"x": np.full(3, np.nan, np.float32)})),
    }
    if harm == "no thresholds":
        facts["thresholds"] = {}
    else:
        name, content = contents[harm]
        (candidate / f"{name}.safetensors").write_bytes(content)
        facts[f"{name}_sha256"] = hashlib.sha256(content).hexdigest()
    (candidate / "model.json").write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(BadInput, match="Copy or train the model again"):
        promote(candidate.name, project.folders, project.own, CODEBOOK, force=True, reason="a test")
    assert project.in_use() == project.shipped.name


def test_what_is_worse_beyond_the_interval_of_the_difference_is_refused_where_that_is_known(project: Project) -> None:
    """Regression: a loss that is certain passed for none where it lay within the candidate's own, wider interval."""
    little = project.add("encoder-2-little", -0.03)
    lost, even, gained = [-0.06, -0.01], [-0.06, 0.02], [0.01, 0.05]
    for interval in (even, gained, None):
        gains = {"stage": {"difference": -0.03, "interval": interval}}
        assert promote(little, project.folders, project.own, CODEBOOK, gains=gains).version == little
        rollback(project.folders, project.own, CODEBOOK)
    with pytest.raises(BadInput, match=r"stage 0\.\d+ instead of 0\.\d+ \(difference -0\.060 to -0\.010\)"):
        promote(little, project.folders, project.own, CODEBOOK, gains={"stage": {"difference": -0.03, "interval": lost}})
    # Modes are no core dimension.
    assert promote(little, project.folders, project.own, CODEBOOK, gains={"mode": {"interval": lost}}).version == little
