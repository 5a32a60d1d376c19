"""Finding models: the sound are listed, the broken are named, nothing is a traceback."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from entente.errors import BadInput, Unavailable
from models.model_file import read_facts
from models.registry import SHIPPED, find_model, list_models


@pytest.fixture
def local(tmp_path: Path) -> Path:
    shipped = find_model("default", [SHIPPED])
    shutil.copytree(shipped, tmp_path / shipped.name)
    return tmp_path


def test_the_shipped_model_is_listed_with_what_it_was_trained_on() -> None:
    (info,) = [one for one in list_models([SHIPPED]) if one.default]
    assert info.shipped
    assert info.problem is None
    assert info.passages is not None
    assert info.passages["real"] > 1000
    assert info.codebook_version == "1.1.0"
    assert info.metrics is not None
    assert info.metrics["dev"]["dimensions"]["stage"]["macro_f1"] > 0.5


def test_the_shipped_model_holds_no_text_of_its_training_passages() -> None:
    folder = find_model("default", [SHIPPED])
    assert sum(entry.stat().st_size for entry in folder.iterdir()) < 10_000_000
    for name in ("model.json", "MODEL_CARD.md"):
        assert "Libya" not in (folder / name).read_text(encoding="utf-8")


def test_models_are_found_by_version_by_path_and_by_default(local: Path) -> None:
    (folder,) = local.iterdir()
    assert find_model(folder.name, [local, SHIPPED]) == folder
    assert find_model(str(folder), []) == folder
    assert find_model("default", [local, SHIPPED]) == folder, "the first folder that has the version counts"
    assert [one.shipped for one in list_models([local, SHIPPED])] == [False]
    with pytest.raises(Unavailable, match=f"no model 'other'.*{folder.name}"):
        find_model("other", [local])
    with pytest.raises(Unavailable, match="No model is marked as default"):
        find_model("default", [local])
    with pytest.raises(Unavailable, match="There is no model"):
        find_model(str(local / "nowhere"), [])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "damaged"),
        ("[]", "not the description"),
        ("{}", "not the description"),
        (json.dumps({"format": 99}), "newer Entente"),
        (json.dumps({"format": 1}), "older Entente"),
        (b"\xff", "damaged"),
    ],
)
def test_a_broken_or_foreign_folder_is_listed_with_its_problem(local: Path, content: str | bytes, said: str) -> None:
    foreign = local / "aaa"
    foreign.mkdir()
    (foreign / "model.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    problem, sound = list_models([local, local / "nowhere"])
    assert said in (problem.problem or "")
    assert sound.problem is None
    with pytest.raises((BadInput, Unavailable), match=said):
        find_model("aaa", [local])


def test_a_renamed_or_edited_model_is_not_trusted(local: Path) -> None:
    (folder,) = local.iterdir()
    renamed = folder.rename(local / "encoder-2-00000000")
    with pytest.raises(BadInput, match="must have that name"):
        find_model(renamed.name, [local])
    facts = json.loads((renamed / "model.json").read_text(encoding="utf-8"))
    facts["seed"] = "many"
    (renamed / "model.json").write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(BadInput, match="seed"):
        read_facts(renamed)


@pytest.mark.parametrize("text", ["", "../x", "a b", "two\nlines"])
def test_a_default_file_that_names_no_model(tmp_path: Path, text: str) -> None:
    (tmp_path / "DEFAULT").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match="must hold the version name"):
        find_model("default", [tmp_path])
