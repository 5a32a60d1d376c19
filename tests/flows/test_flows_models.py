"""Which model a refresh uses, and what the commands about models say when the configuration names one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from entente.errors import Unavailable
from flows.load import check_encoder
from flows.settings import load_settings
from models.annotations import INVENTED_FILES, read_invented
from models.codebook import load_codebook
from models.registry import SHIPPED, find_model
from tests.flows.projects import entente, make_project, rows
from warehouse.database import open_warehouse


def test_where_the_configuration_names_a_model_promotion_and_rollback_say_so(tmp_path: Path) -> None:
    shipped = find_model("default", [SHIPPED]).name
    settings = make_project(tmp_path / "project", config=f"classification: {{model: {shipped}}}\n")
    for command in (("promote", shipped), ("rollback",)):
        done = entente("models", *command, project=settings.project, check=False)
        assert done.returncode == 2
        assert f"names the model {shipped}" in done.stderr
        assert "ENTENTE_CLASSIFICATION__MODEL" in done.stderr


@pytest.mark.parametrize("seed", ["-1", str(2**64)])
def test_a_seed_that_cannot_be_one_is_refused(tmp_path: Path, seed: str) -> None:
    settings = make_project(tmp_path / "project")
    done = entente("train", "--seed", seed, project=settings.project, check=False)
    assert done.returncode == 2
    assert "--seed" in done.stderr


def test_the_encoder_that_is_checked_is_that_of_the_model_in_use(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "project")
    own = settings.paths.models / "encoder-2-other"
    shutil.copytree(find_model("default", [SHIPPED]), own)
    facts = json.loads((own / "model.json").read_text(encoding="utf-8"))
    facts["version"] = own.name
    facts["encoder"] |= {"name": str(tmp_path / "gone"), "sha256": {"model.safetensors": "0" * 64}}
    (own / "model.json").write_text(json.dumps(facts), encoding="utf-8")
    (settings.paths.models / "DEFAULT").write_text(own.name, encoding="utf-8")
    with pytest.raises(Unavailable, match="gone"):
        check_encoder(load_settings(settings.project))


@pytest.mark.encoder
def test_an_evaluation_in_a_project_is_written_plotted_and_kept_with_the_model(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "project", reports=1)
    with open_warehouse(settings.paths.warehouse):
        pass
    codebook = load_codebook(settings.codebook)
    folder = tmp_path / "annotations"
    folder.mkdir()
    coded = read_invented(codebook, INVENTED_FILES[:1])[:6]
    texts = [{"id": one.passage.passage_id, "doc": one.document, "text": one.passage.text} for one in coded]
    codes = [
        {
            "id": one.passage.passage_id,
            **{name: list(value) if isinstance(value, tuple) else value for name, value in one.labels.items()},
        }
        for one in coded
    ]
    for name, rows_ in (("texts", texts), ("dev", codes)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows_), encoding="utf-8")
    shipped = find_model("default", [SHIPPED]).name
    out = tmp_path / "out"
    command = ("evaluate", "--annotations", str(folder), "--against", shipped, "--out", str(out), "--json")
    done = entente(*command, project=settings.project)
    told = json.loads(done.stdout)
    assert told["learned_from"] == {shipped: 6}
    assert f"{shipped} has learned from 6 of these 6 passages" in done.stderr
    assert "**Not unseen.**" in (out / "report.md").read_text(encoding="utf-8")
    assert told["against"]["model"] == shipped
    assert {one["difference"] for one in told["gains"][shipped].values()} == {0.0}
    assert {one.name for one in out.iterdir()} == {"report.md", "report.json", "reliability.svg", "confusion.svg"}
    ((metrics,),) = rows(settings.paths.warehouse, "SELECT metrics FROM models")
    (kept,) = json.loads(metrics)["evaluations"].values()
    assert kept["dimensions"] == told["dimensions"]
    assert (kept["part"], kept["passages"]) == ("dev", 6)
    version = "SELECT value FROM warehouse_meta WHERE name = 'content_version'"
    before = rows(settings.paths.warehouse, version)
    entente(*command, project=settings.project)
    assert rows(settings.paths.warehouse, version) == before, "the same evaluation again changes nothing"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--heads-on", "default", "--epochs", "3"), "--heads-on keeps the encoder"),
        (("--heads-on", "default", "--encoder", "some/encoder", "--revision", "1"), "--heads-on keeps the encoder"),
        (("--revision", "1"), "needs --encoder"),
        ((), "classification.encoder some/encoder needs classification.revision"),
    ],
)
def test_what_a_training_would_ignore_is_refused(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    settings = make_project(tmp_path / "project", reports=0, config="classification: {encoder: some/encoder}\n")
    done = entente("train", *arguments, project=settings.project, check=False)
    assert done.returncode == 2
    assert said in done.stderr
