"""Training on a few shipped passages: the same bytes again, a folder that tells everything, a model that works, any encoder."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from entente.errors import BadInput, Unavailable
from entente.files import sha256_of_file
from models.annotations import INVENTED_FILES, read_invented
from models.classifier import Classifier
from models.codebook import Codebook, load_codebook
from models.encoder import EncoderFiles, find_encoder, pinned
from models.evaluation import evaluate
from models.model_file import read_facts
from models.training import TrainingRequest, train_on
from models.training_data import TrainingData
from tests.models.tiny import make_encoder

TUNING = {"epochs": 2, "rank": 2, "first_layer": 1}


@pytest.fixture(scope="module")
def codebook() -> Codebook:
    return load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")


@pytest.fixture(scope="module")
def data(codebook: Codebook) -> TrainingData:
    passages = read_invented(codebook, INVENTED_FILES[:1])
    return TrainingData(passages[::5], passages[1:30:5], {"invented": {"invented.jsonl": "0" * 64}}, 0)


@pytest.fixture(scope="module")
def encoder(data: TrainingData, tmp_path_factory: pytest.TempPathFactory) -> EncoderFiles:
    return EncoderFiles(str(make_encoder(tmp_path_factory.mktemp("encoder"), data.passages)), "", {})


@pytest.fixture(scope="module")
def request_(codebook: Codebook, encoder: EncoderFiles, tmp_path_factory: pytest.TempPathFactory) -> TrainingRequest:
    return TrainingRequest(codebook, tmp_path_factory.mktemp("models"), threads=1, encoder=encoder, tuning=TUNING)


@pytest.fixture(scope="module")
def model(data: TrainingData, request_: TrainingRequest) -> Path:
    return train_on(data, request_)


def test_the_same_data_and_seed_give_the_same_bytes_and_version(
    model: Path, request_: TrainingRequest, data: TrainingData, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    again = train_on(data, replace(request_, output=tmp_path), progress=lambda *step: told.append(step))
    assert again.name == model.name
    for name in ("heads.safetensors", "adapters.safetensors"):
        assert sha256_of_file(again / name) == sha256_of_file(model / name)
    assert all(done <= total for _, done, total in told)
    assert {what for what, _, _ in told} >= {"fine-tuning", "fitting heads"}
    assert [entry.name for entry in tmp_path.iterdir()] == [model.name], "nothing half written is left behind"


def test_another_seed_gives_another_model(model: Path, request_: TrainingRequest, data: TrainingData, tmp_path: Path) -> None:
    assert train_on(data, replace(request_, output=tmp_path, seed=1)).name != model.name


def test_an_interrupted_training_goes_on_and_gives_the_same_model(
    model: Path, request_: TrainingRequest, data: TrainingData, tmp_path: Path
) -> None:
    class Interrupted(Exception):
        pass

    def stop_in_the_second_fold(what: str, done: int, total: int) -> None:
        if what == "fine-tuning" and done > total / 2:
            raise Interrupted

    own = replace(request_, output=tmp_path)
    with pytest.raises(Interrupted):
        train_on(data, own, progress=stop_in_the_second_fold)
    told: list[int] = []
    again = train_on(data, own, progress=lambda what, done, total: told.append(done) if what == "fine-tuning" else None)
    assert again.name == model.name
    assert min(told) > 1, "the finished fold was not trained again"


def test_the_folder_tells_what_the_model_was_made_of(model: Path, data: TrainingData) -> None:
    facts = read_facts(model)
    assert facts.version == model.name
    assert facts.heads_sha256 == sha256_of_file(model / "heads.safetensors")
    assert facts.adapters_sha256 == sha256_of_file(model / "adapters.safetensors")
    assert [(one.name, one.passages) for one in facts.data] == [("invented", len(data.passages))]
    assert sum(facts.labels["stage"].values()) == len(data.passages)
    assert set(facts.metrics) == {"cross_validated", "dev"}
    assert set(facts.encoder.sha256) == {"config.json", "model.safetensors", "tokenizer.json"}
    card = (model / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "No person has coded these passages" in card
    assert "Trained on invented passages only" in card
    assert {entry.name for entry in model.iterdir()} == {
        "model.json",
        "heads.safetensors",
        "adapters.safetensors",
        "MODEL_CARD.md",
    }


def test_the_trained_model_knows_its_training_passages_and_reports_as_it_classifies(
    model: Path, codebook: Codebook, data: TrainingData
) -> None:
    classifier = Classifier.load(model, codebook, threads=2)
    report = evaluate(classifier, data.passages)
    assert (report.dimensions["stage"].macro_f1 or 0.0) > (report.dimensions["stage"].majority_f1 or 0.0) + 0.2
    dev = evaluate(classifier, data.dev)
    assert dev.dimensions["stage"].n == len(data.dev)
    with pytest.raises(BadInput, match="no coded passages"):
        evaluate(classifier, [])


def test_heads_alone_are_trained_on_kept_encodings(
    model: Path, request_: TrainingRequest, data: TrainingData, tmp_path: Path
) -> None:
    own = replace(request_, output=tmp_path, heads_on=model)
    first = train_on(data, own)
    assert read_facts(first).adapters_sha256 == read_facts(model).adapters_sha256
    told: list[str] = []
    assert train_on(data, own, progress=lambda what, done, total: told.append(what)).name == first.name
    assert "reading training passages" not in told, "the encodings were kept"


@pytest.mark.parametrize("kind", ["distilbert", "roberta"])
def test_any_encoder_of_the_library_can_be_fine_tuned_and_loaded(
    kind: str, codebook: Codebook, data: TrainingData, request_: TrainingRequest, tmp_path: Path
) -> None:
    folder = make_encoder(tmp_path / "encoder", data.passages, kind=kind)
    own = replace(
        request_, output=tmp_path / "models", encoder=EncoderFiles(str(folder), "", {}), tuning={"epochs": 1, "rank": 2}
    )
    made = train_on(data, own)
    (prediction,) = Classifier.load(made, codebook).classify([data.dev[0].passage])
    assert prediction.model_version == made.name


def test_an_encoder_that_changed_after_training_is_refused(
    model: Path, codebook: Codebook, encoder: EncoderFiles, data: TrainingData, tmp_path: Path
) -> None:
    shutil.copytree(encoder.name, tmp_path / "encoder")
    files = pinned(EncoderFiles(str(tmp_path / "encoder"), "", {}), tmp_path / "encoder")
    assert find_encoder(files) == tmp_path / "encoder"
    (tmp_path / "encoder" / "tokenizer.json").write_text("{}", encoding="utf-8")
    with pytest.raises(Unavailable, match=r"tokenizer\.json"):
        find_encoder(files)
