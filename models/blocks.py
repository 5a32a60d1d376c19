"""An encoder in two parts: lower blocks that training leaves as they are and whose states can be kept, and upper ones.

BERT and its kin are run block by block with their own layers, so that adapters and other number formats on them count; any other
encoder is all upper part and is run as the transformers library runs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn


class Trunk:
    """An encoder cut before one of its blocks; `first_layer` is 0 where the encoder cannot be cut."""

    def __init__(self, model: Any, first_layer: int) -> None:
        self.model = model
        self._by_block = runs_by_block(model)
        self.first_layer = first_layer if self._by_block else 0

    @property
    def device(self) -> torch.device:
        """Where the encoder's weights are."""
        device: torch.device = next(self.model.parameters()).device
        return device

    def encode(self, ids: Sequence[int]) -> torch.Tensor:
        """Return the mean of the last states over the tokens of one passage, shape (width,)."""
        return self.upper(self.lower(ids)[None], None)[0]

    def lower(self, ids: Sequence[int]) -> torch.Tensor:
        """Return what enters the upper part for one passage: states of shape (tokens, width), or its ids where the encoder is whole."""
        tokens = torch.tensor([list(ids)], device=self.device)
        if not self._by_block:
            return tokens[0]
        return self._blocks(self.model.embeddings(input_ids=tokens), None, 0, self.first_layer)[0]

    def upper(self, batch: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """Return the mean of the last states over the tokens, shape (passages, width).

        Args:
            batch: what `lower` gave, padded, shape (passages, tokens, width) or (passages, tokens).
            mask: true where there is a token, shape (passages, tokens); None when nothing is padding.
        """
        if self._by_block:
            states = self.states(batch, mask)
        else:
            seen = torch.ones_like(batch) if mask is None else mask.long()
            states = self.model(input_ids=batch, attention_mask=seen).last_hidden_state
        if mask is None:
            return states.float().mean(dim=1)
        inside = mask.unsqueeze(-1)
        total: torch.Tensor = (states.float() * inside).sum(dim=1) / inside.sum(dim=1)
        return total

    def states(self, entering: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """Return the last states of an encoder that is run by block, shape (passages, tokens, width); arguments as for `upper`."""
        return self._blocks(entering, mask, self.first_layer, None)

    def _blocks(self, states: torch.Tensor, mask: torch.Tensor | None, first: int, last: int | None) -> torch.Tensor:
        keep = None if mask is None else mask[:, None, None, :]
        heads = self.model.config.num_attention_heads
        for layer in self.model.encoder.layer[first:last]:
            states = _block(layer, states, keep, heads)
        return states


def runs_by_block(model: Any) -> bool:
    """Return whether an encoder is of the kind whose blocks are run here: BERT with the usual activation."""
    return model.__class__.__name__ == "BertModel" and model.config.hidden_act == "gelu" and not model.config.is_decoder


def padded(parts: Sequence[torch.Tensor], device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what `Trunk.lower` gave for several passages as one batch, and its mask (true where there is a token).

    Lengths are rounded up to a multiple of 16, so that the processor's kernels are made for few shapes.
    """
    batch = nn.utils.rnn.pad_sequence(list(parts), batch_first=True).to(device)
    more = -batch.shape[1] % 16
    batch = nn.functional.pad(batch, (0, 0, 0, more) if batch.dim() == 3 else (0, more))
    lengths = torch.tensor([len(one) for one in parts], device=device)
    return batch, torch.arange(batch.shape[1], device=device)[None, :] < lengths[:, None]


def _block(layer: Any, states: torch.Tensor, keep: torch.Tensor | None, heads: int) -> torch.Tensor:
    own = layer.attention.self
    shape = (*states.shape[:2], heads, states.shape[2] // heads)
    query, key, value = (part(states).view(shape).transpose(1, 2) for part in (own.query, own.key, own.value))
    seen = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=keep)
    out = layer.attention.output
    states = out.LayerNorm(out.dense(seen.transpose(1, 2).reshape(states.shape)) + states)
    inner = nn.functional.gelu(layer.intermediate.dense(states))
    result: torch.Tensor = layer.output.LayerNorm(layer.output.dense(inner) + states)
    return result
