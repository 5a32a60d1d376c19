"""Fine-tuning of an encoder with one head a dimension, on whatever processor there is.

The encoder's blocks (or low-rank additions to them) and the heads are trained. Passages are batched by length, the weights that count are a
running mean over the last steps, and everything random comes from one seed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.adapters import adapter_tensors, attach, change_tensors, unfreeze
from models.blocks import Trunk, padded
from models.targets import Target

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TuningOptions:
    """How an encoder is fine-tuned; the defaults are those of the shipped model.

    `full` trains the blocks' weights themselves and keeps the `rank` strongest directions of their change; otherwise factors of that
    rank are trained. `refit` trains once more on all passages instead of averaging the folds. `first_layer` is the first block that is
    trained; `balance` is how much rare categories weigh (see `models.targets`); `dimension_weights` multiplies the losses of dimensions
    that it names; `mean_decay` is that of the running mean of weights.
    """

    full: bool = True
    refit: bool = True
    rank: int = 128
    first_layer: int = 0
    epochs: int = 5
    batch: int = 16
    rate: float = 7e-5
    head_rate: float = 5e-3
    weight_decay: float = 0.01
    warmup: float = 0.1
    dropout: float = 0.3
    state_dropout: float = 0.1
    balance: float = 0.5
    invented_weight: float = 0.7
    mean_decay: float = 0.98
    dimension_weights: tuple[tuple[str, float], ...] = (("stage", 2.0), ("stance", 1.5), ("realization", 1.5))


ADAPTERS = TuningOptions(full=False, rank=24, first_layer=3, rate=1.5e-3, epochs=4)
"""Low-rank adapters in the upper three blocks alone: a third of the time on processors, and a little worse."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a training learned: the adapters' factors by layer, head weights of shape (rows, width) and biases of shape (rows,).

    `held_out` are the heads' outputs for the passages that were kept out of it, shape (passages, rows).
    """

    adapters: dict[str, torch.Tensor]
    weight: Matrix
    bias: Matrix
    held_out: Matrix


def fine_tune(
    trunk: Trunk,
    parts: Sequence[torch.Tensor],
    targets: Sequence[Target],
    sample_weights: NDArray[np.float64],
    options: TuningOptions,
    seed: int,
    *,
    held_out: Sequence[torch.Tensor] = (),
    tell: Callable[[int, int], None] | None = None,
) -> Tuned:
    """Fine-tune an encoder in place and return what was learned.

    Args:
        trunk: the plain encoder; its blocks are changed or get adapters.
        parts: what `trunk.lower` gave for each passage; see `lower_parts`.
        targets: for each trained dimension, rows as in `parts`.
        sample_weights: how much each passage counts.
        options: see `TuningOptions`.
        seed: of order and dropout; the start does not depend on it, so that several trainings can be averaged.
        held_out: parts of passages that are kept out, to be read when all is learned.
        tell: told of the steps done and of all steps.
    """
    device = trunk.device
    torch.manual_seed(seed)
    order = np.random.default_rng(seed)
    whole: dict[str, nn.Parameter] = {}
    if options.full:
        whole = unfreeze(trunk.model, trunk.first_layer)
        body = list(whole.values())
    else:
        body = attach(trunk.model, options.rank, 0, trunk.first_layer)
        trunk.model.to(device)
    before = {name: one.detach().clone() for name, one in whole.items()}
    head = nn.Linear(trunk.model.config.hidden_size, sum(one.wanted.shape[1] for one in targets)).to(device)
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    learned = [*body, *head.parameters()]
    groups = [
        {"params": body, "lr": options.rate, "weight_decay": options.weight_decay},
        {"params": list(head.parameters()), "lr": options.head_rate, "weight_decay": options.weight_decay},
    ]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98))
    steps = options.epochs * -(-len(parts) // options.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(step, steps, options.warmup))
    mean = _RunningMean(learned, options.mean_decay)
    losses = _Losses(targets, dict(options.dimension_weights), device)
    weights = torch.tensor(sample_weights, dtype=torch.float32, device=device)
    done = 0
    for _ in range(options.epochs):
        for chosen in batches([len(one) for one in parts], options.batch, order):
            batch, mask = padded([parts[i] for i in chosen], device)
            if batch.is_floating_point():
                batch = nn.functional.dropout(batch, options.state_dropout)
            with torch.autocast(device.type, dtype=torch.bfloat16):
                pooled = trunk.upper(batch, mask)
            index = torch.tensor(chosen, device=device)
            loss = losses(head(nn.functional.dropout(pooled, options.dropout)), index, weights[index])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without annotations
            nn.utils.clip_grad_norm_(learned, 1.0)
            optimizer.step()
            schedule.step()
            mean.update()
            done += 1
            if tell is not None:
                tell(done, steps)
    with mean.used():
        adapters = change_tensors(before, whole) if options.full else adapter_tensors(trunk.model)
        weight, bias = (one.detach().cpu().numpy().copy() for one in (head.weight, head.bias))
        return Tuned(adapters, weight, bias, outputs(trunk, head, held_out))


def lower_parts(trunk: Trunk, tokens: Sequence[Sequence[int]]) -> list[torch.Tensor]:
    """Return for each passage what enters the trained blocks; it never changes in training, so it is made once."""
    found = []
    with torch.inference_mode(), torch.autocast(trunk.device.type, dtype=torch.bfloat16):
        for one in tokens:
            part = trunk.lower(one)
            found.append(part.to(torch.bfloat16).clone() if part.is_floating_point() else part.clone())
    return found


def pooled_states(trunk: Trunk, parts: Sequence[torch.Tensor]) -> Matrix:
    """Return the mean last state of each passage, shape (passages, width), in batches of about equal length."""
    found = np.zeros((len(parts), trunk.model.config.hidden_size), dtype=np.float32)
    order = np.argsort([len(one) for one in parts], kind="stable")
    with torch.inference_mode(), torch.autocast(trunk.device.type, dtype=torch.bfloat16):
        for start in range(0, len(order), 16):
            chosen = order[start : start + 16]
            found[chosen] = trunk.upper(*padded([parts[i] for i in chosen], trunk.device)).cpu().numpy()
    return found


def outputs(trunk: Trunk, head: nn.Linear, parts: Sequence[torch.Tensor]) -> Matrix:
    """Return the heads' outputs of passages, shape (passages, rows)."""
    weight, bias = head.weight.detach().cpu().numpy(), head.bias.detach().cpu().numpy()
    result: Matrix = pooled_states(trunk, parts) @ weight.T + bias
    return result


def _rate(step: int, steps: int, warmup: float) -> float:
    first = max(1, int(warmup * steps))
    return (step + 1) / first if step < first else max(0.0, (steps - step) / max(1, steps - first))


def batches(lengths: Sequence[int], size: int, rng: np.random.Generator) -> list[list[int]]:
    """Return batches of passages of about equal length, in random order; which passages meet changes from epoch to epoch."""
    noisy = np.array(lengths) * rng.uniform(0.85, 1.15, len(lengths))
    order = np.argsort(noisy, kind="stable")
    batches = [order[start : start + size].tolist() for start in range(0, len(order), size)]
    rng.shuffle(batches)
    return batches


class _Losses:
    """The weighted loss of a batch over all dimensions."""

    def __init__(self, targets: Sequence[Target], weights: dict[str, float], device: torch.device) -> None:
        self._parts = []
        start = 0
        for one in targets:
            stop = start + one.wanted.shape[1]
            self._parts.append(
                (
                    slice(start, stop),
                    one.kind,
                    torch.tensor(one.wanted, dtype=torch.float32, device=device),
                    torch.tensor(one.counts, dtype=torch.float32, device=device),
                    torch.tensor(one.weights, dtype=torch.float32, device=device),
                    weights.get(one.dimension, 1.0),
                )
            )
            start = stop

    def __call__(self, logits: torch.Tensor, index: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        total = logits.new_zeros(())
        for where, kind, wanted, counts, category_weights, share in self._parts:
            own, goal = logits[:, where], wanted[index]
            if kind == "multi":
                each = nn.functional.binary_cross_entropy_with_logits(own, goal, pos_weight=category_weights, reduction="none")
                loss = each.sum(dim=1)
            else:
                loss = -(goal * category_weights * torch.log_softmax(own, dim=1)).sum(dim=1)
            use = counts[index] * weights
            total = total + share * (loss * use).sum() / use.sum().clamp_min(1.0)
        return total


class _RunningMean:
    """An exponential running mean of parameters, and a way to use it for a while."""

    def __init__(self, parameters: Sequence[nn.Parameter], decay: float) -> None:
        self._parameters = list(parameters)
        self._means = [one.detach().clone() for one in self._parameters]
        self._decay = decay
        self._steps = 0

    def update(self) -> None:
        self._steps += 1
        decay = min(self._decay, self._steps / (self._steps + 9))
        with torch.no_grad():
            for kept, now in zip(self._means, self._parameters, strict=True):
                kept.lerp_(now, 1 - decay)

    def used(self) -> _Swapped:
        return _Swapped(self._parameters, self._means)


class _Swapped:
    """Context in which parameters have other values."""

    def __init__(self, parameters: Sequence[nn.Parameter], values: Sequence[torch.Tensor]) -> None:
        self._pairs = list(zip(parameters, values, strict=True))
        self._kept: list[torch.Tensor] = []

    def __enter__(self) -> None:
        with torch.no_grad():
            self._kept = [parameter.detach().clone() for parameter, _ in self._pairs]
            for parameter, value in self._pairs:
                parameter.copy_(value)

    def __exit__(self, *_ended: object) -> None:
        with torch.no_grad():
            for (parameter, _used), before in zip(self._pairs, self._kept, strict=True):
                parameter.copy_(before)
