"""Which model a refresh uses, and what the commands about models say when the configuration names one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from entente.errors import Unavailable
from flows.load import check_encoder
from flows.settings import load_settings
from models.registry import SHIPPED, find_model
from tests.flows.projects import entente, make_project


def test_where_the_configuration_names_a_model_promotion_and_rollback_say_so(tmp_path: Path) -> None:
    shipped = find_model("default", [SHIPPED]).name
    settings = make_project(tmp_path / "project", config=f"classification: {{model: {shipped}}}\n")
    for command in (("promote", shipped), ("rollback",)):
        done = entente("models", *command, project=settings.project, check=False)
        assert done.returncode == 2
        assert f"names the model {shipped}" in done.stderr
        assert "ENTENTE_CLASSIFICATION__MODEL" in done.stderr


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
