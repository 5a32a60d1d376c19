"""Adapters: what fine-tuning learned about an encoder, small enough to ship, added to its weights once at loading.

Either only low-rank factors are trained (each adapted layer computes `W x + scale * B (A x)`; E. Hu et al., LoRA, 2021), or the blocks'
weights themselves, whose changes are then cut down to factors by singular values. Trainings from one start on different documents can
be averaged exactly: the mean of several products is the product of the stacked factors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_A, _B, _CHANGE, _STEP = ".lora_a", ".lora_b", ".change", ".step"


class LowRankLinear(nn.Module):
    """A linear layer with fixed weights and a trainable low-rank addition; made by `attach`."""

    def __init__(self, base: nn.Linear, rank: int, generator: torch.Generator) -> None:
        super().__init__()
        self.base = base
        bound = 1.0 / math.sqrt(base.in_features)
        start = torch.empty(rank, base.in_features).uniform_(-bound, bound, generator=generator)
        self.lora_a = nn.Parameter(start)
        self.lora_b = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """Return the layer's output; the addition is scaled by 2, as is usual."""
        low = nn.functional.linear(nn.functional.linear(states, self.lora_a), self.lora_b)
        result: torch.Tensor = self.base(states) + SCALE * low
        return result


SCALE = 2.0


def attach(model: PreTrainedModel, rank: int, seed: int, first_layer: int = 0) -> list[nn.Parameter]:
    """Put adapters on every linear layer of the transformer's blocks, in place, and return their parameters.

    Args:
        model: any encoder of the transformers library; its own weights are fixed from now on.
        rank: of the additions.
        seed: of their start, so that several trainings can begin at the same place.
        first_layer: blocks before this one are left as they are.
    """
    model.requires_grad_(False)
    generator = torch.Generator().manual_seed(seed)
    found: list[nn.Parameter] = []
    for name in adaptable(model, first_layer):
        parent, _, leaf = name.rpartition(".")
        layer = LowRankLinear(model.get_submodule(name), rank, generator)  # type: ignore[arg-type]  # adaptable yields linear layers
        setattr(model.get_submodule(parent), leaf, layer)
        found += [layer.lora_a, layer.lora_b]
    return found


def adaptable(model: nn.Module, first_layer: int = 0) -> list[str]:
    """Return the names of the linear layers inside numbered blocks, in order; a layer outside the blocks (a pooler, a head) is none."""
    names = []
    for name, module in model.named_modules():
        numbers = [int(part) for part in name.split(".") if part.isdigit()]
        if isinstance(module, nn.Linear) and numbers and numbers[0] >= first_layer:
            names.append(name)
    return names


def adapter_tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return the factors of all adapters of a model by the name of their layer, as half-precision numbers."""
    tensors = {}
    for name, module in model.named_modules():
        if isinstance(module, LowRankLinear):
            tensors[name + _A] = module.lora_a.detach().to(torch.float16).cpu()
            tensors[name + _B] = module.lora_b.detach().to(torch.float16).cpu()
    return tensors


def unfreeze(model: nn.Module, first_layer: int) -> dict[str, nn.Parameter]:
    """Let the blocks from `first_layer` on be trained in full and return their parameters by name."""
    model.requires_grad_(False)
    found: dict[str, nn.Parameter] = {}
    for name, parameter in model.named_parameters():
        numbers = [int(part) for part in name.split(".") if part.isdigit()]
        if numbers and numbers[0] >= first_layer:
            parameter.requires_grad_(True)
            found[name] = parameter
    return found


def change_tensors(before: Mapping[str, torch.Tensor], now: Mapping[str, nn.Parameter]) -> dict[str, torch.Tensor]:
    """Return by how much parameters changed, as half-precision numbers."""
    return {name + _CHANGE: (now[name].detach() - before[name]).to(torch.float16).cpu() for name in now}


def compressed(tensors: Mapping[str, torch.Tensor], rank: int) -> dict[str, torch.Tensor]:
    """Return adapters in which each change of a weight matrix is cut down to its `rank` strongest directions."""
    found: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        if not name.endswith(".weight" + _CHANGE) or tensor.dim() != 2:
            found[name] = tensor
            continue
        left, strengths, right = torch.linalg.svd(tensor.float() / SCALE, full_matrices=False)
        root = strengths[:rank].sqrt()
        layer = name.removesuffix(".weight" + _CHANGE)
        found.update(_in_bytes(layer + _A, root[:, None] * right[:rank], dim=1))
        found.update(_in_bytes(layer + _B, left[:, :rank] * root, dim=0))
    return found


def _in_bytes(name: str, factor: torch.Tensor, dim: int) -> dict[str, torch.Tensor]:
    """Return a factor as whole numbers of one byte and the step of each direction, under two names."""
    step = factor.abs().amax(dim=dim, keepdim=True).clamp_min(1e-12) / 127
    return {name: (factor / step).round().to(torch.int8), name + _STEP: step.to(torch.float32)}


def _factor(tensors: Mapping[str, torch.Tensor], name: str) -> torch.Tensor:
    """Return a factor as plain numbers, whichever way it is stored."""
    factor = tensors[name].float()
    return factor * tensors[name + _STEP] if name + _STEP in tensors else factor


def averaged(members: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Return the exact mean of several adapters of the same layers; its rank is the sum of theirs."""
    if len(members) == 1:
        return dict(members[0])
    stacked = {}
    for name in members[0]:
        if name.endswith(_STEP):
            continue
        if name.endswith(_A):
            stacked[name] = torch.cat([_factor(one, name) for one in members], dim=0).to(torch.float16)
        elif name.endswith(_CHANGE):
            stacked[name] = torch.stack([one[name].float() for one in members]).mean(dim=0).to(torch.float16)
        else:
            stacked[name] = torch.cat([_factor(one, name) / len(members) for one in members], dim=1).to(torch.float16)
    return stacked


def dense(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return an adapter with its factors multiplied out, as the change of each weight matrix."""
    found = {name: one for name, one in tensors.items() if name.endswith(_CHANGE)}
    for name in (key.removesuffix(_A) for key in tensors if key.endswith(_A)):
        found[name + ".weight" + _CHANGE] = SCALE * _factor(tensors, name + _B) @ _factor(tensors, name + _A)
    return found


def added(first: Mapping[str, torch.Tensor], second: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the exact sum of two adapters of one encoder; a layer that both change has factors of the sum of their ranks."""
    total: dict[str, torch.Tensor] = {}
    for name in sorted({*first, *second}):
        if name.endswith(_STEP):
            continue
        own = [one for one in (first, second) if name in one]
        if name.endswith(_CHANGE) and len(own) == 2:
            total[name] = own[0][name].float() + own[1][name].float()
        elif len(own) == 2:
            total[name] = torch.cat([_factor(one, name) for one in own], dim=0 if name.endswith(_A) else 1).to(torch.float16)
        else:
            total[name] = own[0][name]
            if name + _STEP in own[0]:
                total[name + _STEP] = own[0][name + _STEP]
    return total


def merge(model: nn.Module, tensors: Mapping[str, torch.Tensor]) -> None:
    """Add adapters to a plain model's weights, in place.

    Raises:
        ValueError: when the factors do not belong to the model's layers; names the first that does not.
    """
    for name in tensors:
        if not name.endswith((_A, _B, _CHANGE, _STEP)):
            raise ValueError(f"{name} is no part of an adapter")
    layers, parameters = dict(model.named_modules()), dict(model.named_parameters())
    for name in sorted(key.removesuffix(_CHANGE) for key in tensors if key.endswith(_CHANGE)):
        if name not in parameters or parameters[name].shape != tensors[name + _CHANGE].shape:
            raise ValueError(f"the encoder has no parameter {name} of the shape {tuple(tensors[name + _CHANGE].shape)}")
        with torch.no_grad():
            parameters[name].add_(tensors[name + _CHANGE].float())
    for name in sorted({key.removesuffix(_A).removesuffix(_B) for key in tensors if key.endswith((_A, _B))}):
        layer = layers.get(name)
        if not isinstance(layer, nn.Linear) or name + _A not in tensors or name + _B not in tensors:
            raise ValueError(f"the encoder has no linear layer {name}, or one of its two factors is missing")
        product = _factor(tensors, name + _B) @ _factor(tensors, name + _A)
        if product.shape != layer.weight.shape:
            raise ValueError(f"the factors of {name} give {tuple(product.shape)}, the layer is {tuple(layer.weight.shape)}")
        with torch.no_grad():
            layer.weight += SCALE * product
