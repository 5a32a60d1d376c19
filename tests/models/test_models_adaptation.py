"""Adaptation: guessing masked words changes an encoder in a way that training and models carry on."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import torch

from entente.errors import BadInput
from models.adaptation import (
    AdaptationOptions,
    Vocabulary,
    adapt,
    read_texts,
    shipped_adaptation,
    texts_to_adapt_on,
    write_adaptation,
)
from models.annotations import INVENTED_FILES, read_invented
from models.codebook import load_codebook
from models.encoder import MINILM, EncoderFiles, Windows, load_network
from models.features import readable
from tests.models.tiny import make_encoder

OPTIONS = AdaptationOptions(rank=4, epochs=10, batch=8, rate=3e-3, head_rate=1e-2)


@pytest.fixture(scope="module")
def tokens(folder: Path) -> list[list[int]]:
    codebook = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")
    windows = Windows.load(folder)
    texts = [one.passage for one in read_invented(codebook, INVENTED_FILES[:1])[:40]]
    return [windows.of(readable(one.heading), readable(one.text))[0] for one in texts]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    codebook = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")
    return make_encoder(tmp_path_factory.mktemp("encoder"), read_invented(codebook, INVENTED_FILES[:1])[:40])


def test_words_are_guessed_better_with_time_and_the_same_every_time(folder: Path, tokens: list[list[int]]) -> None:
    losses: list[float] = []
    words = Vocabulary(mask=1, first=5)
    found = [
        adapt(
            load_network(EncoderFiles(str(folder), "", {}), folder),
            tokens,
            OPTIONS,
            words=words,
            tell=lambda _done, _steps, loss: losses.append(loss),
        )
        for _ in range(2)
    ]
    once = losses[: len(losses) // 2]
    assert sum(once[-5:]) < 0.95 * sum(once[:5])
    assert found[0].keys() == found[1].keys()
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])


def test_what_ships_fits_the_default_encoder_and_no_other() -> None:
    shipped = shipped_adaptation(MINILM)
    assert shipped is not None
    tensors, digest = shipped
    assert len(digest) == 64
    assert {name.split(".")[2] for name in tensors} == set("012345"), "every block is adapted"
    assert shipped_adaptation(EncoderFiles("other", "", {"model.safetensors": "0" * 64})) is None


def test_texts_are_read_packed_or_not_and_a_bad_line_is_named(tmp_path: Path) -> None:
    lines = [json.dumps({"heading": "I", "text": "One."}), json.dumps({"text": "Two."})]
    plain, packed, bad = tmp_path / "a.jsonl", tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl"
    plain.write_text("\n".join(lines), encoding="utf-8")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    bad.write_text(lines[0] + "\n[]\n", encoding="utf-8")
    assert read_texts(plain) == read_texts(packed) == [("I", "One."), ("", "Two.")]
    with pytest.raises(BadInput, match=r"b\.jsonl line 2"):
        read_texts(bad)


def test_no_passage_of_a_document_with_codes_is_adapted_on(tmp_path: Path) -> None:
    codebook = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")
    example = json.loads(
        (Path(__file__).resolve().parents[2] / "models" / "data" / INVENTED_FILES[0]).read_text("utf-8").splitlines()[0]
    )
    for part, doc in (("train", "seen"), ("dev", "judged"), ("gold", "gold")):
        (tmp_path / f"{part}.jsonl").write_text(json.dumps({**example, "id": f"p-{part}"}) + "\n", encoding="utf-8")
        with (tmp_path / "texts.jsonl").open("a", encoding="utf-8") as texts:
            texts.write(json.dumps({"id": f"p-{part}", "doc": doc, "text": f"Coded {part}."}) + "\n")
    plain = tmp_path / "unlabelled.jsonl"
    plain.write_text(
        "\n".join(json.dumps({"doc": doc, "text": f"From {doc}."}) for doc in ("seen", "judged", "other")), encoding="utf-8"
    )
    found = texts_to_adapt_on(plain, tmp_path, codebook)
    assert found[0] == ("", "From other.")
    assert len(found) == 1 + len(read_invented(codebook))
    plain.write_text(json.dumps({"text": "From nowhere."}), encoding="utf-8")
    with pytest.raises(BadInput, match=r"line 1: no document"):
        texts_to_adapt_on(plain, tmp_path, codebook)


def test_a_damaged_file_says_how_to_make_it_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "adaptation.safetensors"
    monkeypatch.setattr("models.adaptation.TABLE", path)
    with pytest.raises(BadInput, match="Make it anew"):
        shipped_adaptation(MINILM)
    write_adaptation(path, {"a.lora_a": torch.zeros(2, 3)}, {"encoder": MINILM.sha256["model.safetensors"]})
    found = shipped_adaptation(MINILM)
    assert found is not None
    assert list(found[0]) == ["a.lora_a"]
