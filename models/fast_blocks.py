"""BERT's blocks for reading in bfloat16: the same arithmetic as `models.blocks`, laid out once for the processor.

Query, key and value are one multiplication, weights are ordered once as the processor's kernels want them (where this torch can), and
attention is written out, which is faster at the length of a passage than the general routine. Training keeps the plain blocks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

_USUAL_TOKENS = 128
_MULTIPLE = 8
"""Passages are padded to a multiple of so many tokens: oneDNN keeps kernels for each length it has met, which takes time and hundreds of MiB."""
Step = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class _Block:
    """The steps of a block: query, key and value at once; what follows attention; the two of the feed-forward part."""

    projected: Step
    mixed: Step
    first_norm: Step
    inner: Step
    outer: Step
    last_norm: Step


class FastTrunk:
    """An encoder of BERT's kind that reads one passage at a time; may be used from several threads at once.

    What is multiplied is bfloat16. The states from block to block stay in single precision, which takes a third off the error.
    """

    def __init__(self, model: Any) -> None:
        """Copy the weights of the blocks of `model`, which stays as it is; its embeddings are shared."""
        self._embeddings = model.embeddings
        self._heads = int(model.config.num_attention_heads)
        self._blocks = [_block(layer, self._heads) for layer in model.encoder.layer]

    def encode(self, ids: Sequence[int]) -> torch.Tensor:
        """Return the mean of the last states over the tokens of one passage, shape (width,), in single precision."""
        more = -len(ids) % _MULTIPLE
        states: torch.Tensor = self._embeddings(input_ids=torch.tensor([[*ids, *[0] * more]]))[0]
        hidden = torch.zeros(len(states), dtype=torch.bfloat16)
        hidden[len(ids) :] = -torch.inf
        for block in self._blocks:
            seen = _attention(block.projected(states.bfloat16()), self._heads, hidden)
            states = block.first_norm(block.mixed(seen) + states)
            states = block.last_norm(block.outer(block.inner(states.bfloat16())) + states)
        return states[: len(ids)].mean(dim=0)


def _attention(projected: torch.Tensor, heads: int, hidden: torch.Tensor) -> torch.Tensor:
    """Return what each token takes from the others, shape (tokens, width).

    Args:
        projected: query, key and value side by side, shape (tokens, 3 * width).
        heads: how many parts attend on their own.
        hidden: minus infinity for padding, which nothing is taken from; shape (tokens,).
    """
    parts = projected.view(len(projected), 3, heads, -1).permute(1, 2, 0, 3).contiguous()
    query, key, value = parts.unbind(0)
    shares = torch.bmm(query, key.transpose(1, 2)).add_(hidden).softmax(dim=-1)
    return torch.bmm(shares, value).transpose(0, 1).reshape(len(projected), -1)


def _block(layer: Any, heads: int) -> _Block:
    own, out = layer.attention.self, layer.attention.output
    scale = 1.0 / math.sqrt(own.query.out_features // heads)
    weight = torch.cat([own.query.weight * scale, own.key.weight, own.value.weight])
    bias = torch.cat([own.query.bias * scale, own.key.bias, own.value.bias])
    return _Block(
        projected=_product(weight, bias),
        mixed=_product(out.dense.weight, out.dense.bias),
        first_norm=_norm(out.LayerNorm),
        inner=_product(layer.intermediate.dense.weight, layer.intermediate.dense.bias, then_gelu=True),
        outer=_product(layer.output.dense.weight, layer.output.dense.bias),
        last_norm=_norm(layer.output.LayerNorm),
    )


def _product(weight: torch.Tensor, bias: torch.Tensor, *, then_gelu: bool = False) -> Step:
    """Return the multiplication with a weight, followed by GELU or not.

    torch's own compiler uses the same two operations of oneDNN; they are no promised interface, so without them the plain way is taken.
    """
    weight, bias = weight.detach().bfloat16().contiguous(), bias.detach().bfloat16()
    try:
        reorder, multiply = torch.ops.mkldnn._reorder_linear_weight, torch.ops.mkldnn._linear_pointwise
        packed = reorder(weight, _USUAL_TOKENS)
        after: tuple[Any, ...] = ("gelu", [], "none") if then_gelu else ("none", [], "")
        multiply(torch.zeros(1, weight.shape[1], dtype=torch.bfloat16), packed, bias, *after)
    except (AttributeError, RuntimeError, NotImplementedError):
        if then_gelu:
            return lambda states: functional.gelu(functional.linear(states, weight, bias))
        return lambda states: functional.linear(states, weight, bias)
    return lambda states: multiply(states, packed, bias, *after)


def _norm(norm: nn.LayerNorm) -> Step:
    shape, weight, bias = norm.normalized_shape, norm.weight.detach(), norm.bias.detach()
    return lambda states: functional.layer_norm(states, shape, weight, bias, norm.eps)
