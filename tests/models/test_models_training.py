"""Training on a few shipped passages: the same bytes again, a folder that tells everything, a model that works."""

from __future__ import annotations

from pathlib import Path

import pytest

from entente.errors import BadInput
from entente.files import sha256_of_file
from models.annotations import read_invented
from models.classifier import Classifier
from models.codebook import Codebook, load_codebook
from models.evaluation import evaluate
from models.model_file import read_facts
from models.training import TrainingRequest, train_on
from models.training_data import TrainingData

pytestmark = pytest.mark.encoder


@pytest.fixture(scope="module")
def codebook() -> Codebook:
    return load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")


@pytest.fixture(scope="module")
def data(codebook: Codebook) -> TrainingData:
    passages = read_invented(codebook)
    return TrainingData(passages[::5], passages[1:30:5], {"invented": {"invented.jsonl": "0" * 64}}, 0)


@pytest.fixture(scope="module")
def model(codebook: Codebook, data: TrainingData, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_on(data, TrainingRequest(codebook, tmp_path_factory.mktemp("models"), threads=2))


def test_the_same_data_and_seed_give_the_same_bytes_and_version(
    model: Path, codebook: Codebook, data: TrainingData, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    again = train_on(data, TrainingRequest(codebook, tmp_path, threads=1), progress=lambda *step: told.append(step))
    assert again.name == model.name
    assert sha256_of_file(again / "heads.safetensors") == sha256_of_file(model / "heads.safetensors")
    assert all(done <= total for _, done, total in told)
    assert {what for what, _, _ in told} >= {"encoding training passages", "fitting heads"}
    assert [entry.name for entry in tmp_path.iterdir()] == [model.name], "nothing half written is left behind"


def test_the_folder_tells_what_the_model_was_made_of(model: Path, data: TrainingData) -> None:
    facts = read_facts(model)
    assert facts.version == model.name
    assert facts.heads_sha256 == sha256_of_file(model / "heads.safetensors")
    assert [(one.name, one.passages) for one in facts.data] == [("invented", len(data.passages))]
    assert sum(facts.labels["stage"].values()) == len(data.passages)
    assert set(facts.metrics) == {"cross_validated", "dev"}
    card = (model / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "No person has coded these passages" in card
    assert "Trained on invented passages only" in card
    assert {entry.name for entry in model.iterdir()} == {"model.json", "heads.safetensors", "MODEL_CARD.md"}


def test_the_trained_model_knows_its_training_passages_and_reports_as_it_classifies(
    model: Path, codebook: Codebook, data: TrainingData
) -> None:
    classifier = Classifier.load(model, codebook, threads=2)
    report = evaluate(classifier, data.passages)
    for one in report.dimensions.values():
        assert (one.macro_f1 or 0.0) > (one.majority_f1 or 0.0)
    assert report.dimensions["stage"].accuracy > 0.8
    dev = evaluate(classifier, data.dev)
    assert dev.as_dict() == read_facts(model).metrics["dev"]
    with pytest.raises(BadInput, match="no coded passages"):
        evaluate(classifier, [])
