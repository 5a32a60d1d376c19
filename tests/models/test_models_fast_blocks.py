"""Reading in bfloat16: what the fast blocks compute is what the plain ones do, at every length and without the processor's own layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from models import fast_blocks
from models.annotations import INVENTED_FILES, read_invented
from models.blocks import Trunk
from models.codebook import load_codebook
from models.encoder import EncoderFiles, Windows, find_encoder, load_network
from models.fast_blocks import FastTrunk
from models.reading import Reader
from models.types import PassageText
from tests.models.tiny import make_encoder

LENGTHS = [1, 2, 7, 8, 9, 16, 23, 130]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    codebook = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")
    return make_encoder(tmp_path_factory.mktemp("encoder"), read_invented(codebook, INVENTED_FILES[:1])[:40])


@pytest.fixture(scope="module")
def network(folder: Path) -> Any:
    return load_network(EncoderFiles(str(folder), "", {}), folder)


def _nearly(found: torch.Tensor, wanted: torch.Tensor) -> bool:
    return bool((found - wanted).norm() < 0.02 * wanted.norm())


@pytest.mark.parametrize("length", LENGTHS)
def test_the_fast_blocks_compute_what_the_plain_ones_do(network: Any, length: int) -> None:
    ids = [2, *(4 + (7 * i) % 90 for i in range(length - 1))]
    with torch.inference_mode():
        found, wanted = FastTrunk(network).encode(ids), Trunk(network, 0).encode(ids)
    assert found.dtype == torch.float32
    assert _nearly(found, wanted)


def test_padding_inside_is_not_read(network: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A passage of nine tokens is padded to sixteen; unpadded it must come out the same but for rounding."""
    ids = list(range(4, 13))
    trunk = FastTrunk(network)
    with torch.inference_mode():
        padded = trunk.encode(ids)
        monkeypatch.setattr(fast_blocks, "_MULTIPLE", 1)
        assert _nearly(padded, trunk.encode(ids))


@pytest.mark.parametrize("length", LENGTHS)
def test_without_the_layout_of_the_processor_the_plain_way_is_taken(
    network: Any, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = list(range(4, 4 + length))
    usual = FastTrunk(network)

    def missing(*_: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(torch.ops.mkldnn, "_reorder_linear_weight", missing)
    plain = FastTrunk(network)
    with torch.inference_mode():
        assert _nearly(plain.encode(ids), usual.encode(ids))


def test_the_network_that_is_read_exactly_stays_as_it_was(network: Any) -> None:
    before = {name: one.clone() for name, one in network.state_dict().items()}
    FastTrunk(network)
    assert all(torch.equal(before[name], one) for name, one in network.state_dict().items())


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_any_kind_is_read_in_bfloat16_nearly_as_exactly(tmp_path: Path, kind: str) -> None:
    codebook = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")
    passages = read_invented(codebook, INVENTED_FILES[:1])[:10]
    folder = make_encoder(tmp_path / kind, passages, kind=kind)
    reader = Reader(load_network(EncoderFiles(str(folder), "", {}), folder), Windows.load(folder), {}, fast=True)
    assert reader.is_fast
    for one in passages:
        fast, exact = reader.read(one.passage)[0], reader.read(one.passage, exact=True)[0]
        assert _nearly(torch.from_numpy(fast), torch.from_numpy(exact))
    text = PassageText("p", "the government", "the mission visited the plant")
    assert (reader.read(text)[0] == reader.read(text)[0]).all()


def test_tokens_put_together_are_those_of_heading_and_text_read_as_a_pair() -> None:
    """Heading and text are turned into tokens once; the pair must be what the tokenizer makes of both."""
    from tokenizers import Tokenizer

    folder = find_encoder()
    windows, tokenizer = Windows.load(folder), Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    codebook = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")
    pairs = [(one.passage.heading, one.passage.text) for one in read_invented(codebook, INVENTED_FILES[:1])[:50]]
    for heading, text in [*pairs, ("", ""), ("", "a"), ("A", ""), ("III. Übung", "\u200b"), ("x", "naïve [SEP] text")]:
        assert windows.of(heading, text) == [tokenizer.encode(heading, text).ids]
