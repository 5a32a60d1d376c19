"""Adapters and the cut encoder: what is merged computes what was trained, and the mean of members is exact."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from models.adapters import SCALE, adapter_tensors, added, attach, averaged, change_tensors, compressed, merge, unfreeze
from models.annotations import INVENTED_FILES, read_invented
from models.blocks import Trunk, padded
from models.codebook import load_codebook
from models.encoder import EncoderFiles, Windows, load_network
from tests.models.tiny import make_encoder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    codebook = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")
    return make_encoder(tmp_path_factory.mktemp("encoder"), read_invented(codebook, INVENTED_FILES[:1])[:40])


def _network(folder: Path) -> Any:
    return load_network(EncoderFiles(str(folder), "", {}), folder)


def _trained(folder: Path, seed: int) -> Any:
    """Return a network with adapters whose second factor is not zero any more."""
    model = _network(folder)
    attach(model, 2, 0)
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("lora_b"):
                parameter.normal_(std=0.1)
    return model


IDS = [2, 5, 6, 7, 3]


def test_merged_adapters_compute_what_attached_ones_do(folder: Path) -> None:
    model = _trained(folder, 1)
    plain = _network(folder)
    merge(plain, adapter_tensors(model))
    with torch.no_grad():
        wanted = Trunk(model, 0).upper(Trunk(model, 0).lower(IDS)[None], None)
        found = Trunk(plain, 0).upper(Trunk(plain, 0).lower(IDS)[None], None)
        before = Trunk(_network(folder), 0).upper(Trunk(_network(folder), 0).lower(IDS)[None], None)
    assert torch.allclose(wanted, found, atol=1e-3)
    assert not torch.allclose(before, found, atol=1e-2)


def test_the_mean_of_members_is_the_mean_of_their_additions(folder: Path) -> None:
    members = [adapter_tensors(_trained(folder, seed)) for seed in (1, 2, 3)]
    stacked = averaged(members)
    name = next(key for key in stacked if key.endswith(".lora_a")).removesuffix(".lora_a")
    wanted = sum(one[name + ".lora_b"].float() @ one[name + ".lora_a"].float() for one in members) / 3
    found = stacked[name + ".lora_b"].float() @ stacked[name + ".lora_a"].float()
    assert torch.allclose(found, torch.as_tensor(wanted), atol=1e-3)
    assert SCALE > 0


def test_the_sum_of_two_adapters_adds_both(folder: Path) -> None:
    first, second = (adapter_tensors(_trained(folder, seed)) for seed in (1, 2))
    second = {name: one for name, one in second.items() if ".0." not in name}
    both, one_by_one, at_once = added(first, second), _network(folder), _network(folder)
    merge(one_by_one, first)
    merge(one_by_one, second)
    merge(at_once, both)
    assert len(both) == len(first)
    for name, parameter in at_once.named_parameters():
        assert torch.allclose(parameter, dict(one_by_one.named_parameters())[name], atol=1e-4), name


def test_a_change_cut_down_to_its_strongest_directions_is_nearly_the_change(folder: Path) -> None:
    model = _network(folder)
    parameters = unfreeze(model, 0)
    before = {name: one.detach().clone() for name, one in parameters.items()}
    torch.manual_seed(0)
    with torch.no_grad():
        for one in parameters.values():
            move = 0.1 * torch.randn(one.shape[0], 2) @ torch.randn(2, one.shape[1]) if one.dim() == 2 else torch.tensor(0.05)
            one.add_(move)
    change = change_tensors(before, parameters)
    small, plain = compressed(change, 4), _network(folder)
    assert sum(one.numel() for one in small.values()) < sum(one.numel() for one in change.values()) / 2
    merge(plain, small)
    for name, one in plain.named_parameters():
        if name in parameters:
            assert torch.allclose(one, parameters[name], atol=0.02)


def test_adapters_of_another_encoder_are_refused(folder: Path) -> None:
    tensors = adapter_tensors(_trained(folder, 1))
    name = next(iter(tensors))
    with pytest.raises(ValueError, match="no linear layer"):
        merge(_network(folder), {"nowhere.lora_a": tensors[name], "nowhere.lora_b": tensors[name]})
    with pytest.raises(ValueError, match="no part"):
        merge(_network(folder), {"odd": tensors[name]})
    with pytest.raises(ValueError, match="the layer is"):
        merge(_network(folder), {key: one[:, :-1] if key.endswith("_a") else one for key, one in tensors.items()})


@pytest.mark.parametrize("first", [0, 1, 2])
def test_an_encoder_cut_anywhere_computes_what_the_whole_one_does(folder: Path, first: int) -> None:
    model = _network(folder)
    trunk = Trunk(model, first)
    with torch.no_grad():
        whole = model(input_ids=torch.tensor([IDS])).last_hidden_state.mean(dim=1)
        alone = trunk.upper(trunk.lower(IDS)[None], None)
        batch = trunk.upper(*padded([trunk.lower(IDS), trunk.lower([2, 3])], torch.device("cpu")))
    assert torch.allclose(whole, alone, atol=1e-5)
    assert torch.allclose(whole[0], batch[0], atol=1e-5)


def test_an_encoder_with_another_activation_is_run_as_the_library_runs_it(tmp_path: Path) -> None:
    """Regression: blocks of BERT's kind were run with the usual activation whatever the configuration named."""
    codebook = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")
    model = _network(make_encoder(tmp_path / "relu", read_invented(codebook, INVENTED_FILES[:1])[:5], hidden_act="relu"))
    with torch.no_grad():
        whole = model(input_ids=torch.tensor([IDS])).last_hidden_state.mean(dim=1)[0]
        assert torch.allclose(whole, Trunk(model, 0).encode(IDS), atol=1e-5)


def test_long_texts_become_windows_of_about_equal_length_under_their_heading(folder: Path) -> None:
    windows = Windows.load(folder, longest=20)
    found = windows.of("the government", " ".join(["the mission visited the plant"] * 9))
    assert len(found) > 1
    assert all(len(one) <= 20 for one in found)
    assert max(map(len, found)) - min(map(len, found)) <= 3
    assert len({tuple(one[:4]) for one in found}) == 1, "each window has the heading"
    assert len(windows.of("the government", "")) == 1, "the heading alone"
