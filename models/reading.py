"""Reading passages with an adapted encoder: one passage at a time, fast where the processor can, exact where it matters.

A passage is always encoded alone, unpadded, on one thread. Its numbers therefore cannot depend on what else is in a batch. On processors
with bfloat16 arithmetic the encoder runs in it; a passage whose label would be a near tie is read again in single precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from entente.errors import BadInput
from models.adapters import merge
from models.blocks import Trunk, runs_by_block
from models.encoder import Windows
from models.fast_blocks import FastTrunk
from models.features import ngram_counts, readable
from models.types import PassageText

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Pooled = NDArray[np.float32]


class Reader:
    """An encoder with its adapters merged in, its tokenizer, and the n-gram counter. May be used from several threads at once."""

    def __init__(
        self, model: PreTrainedModel, windows: Windows, adapters: Mapping[str, torch.Tensor], *, fast: bool | None = None
    ) -> None:
        """Merge the adapters into `model`, in place; `fast` asks for bfloat16, by default where the processor has it."""
        merge(model, adapters)
        self._windows = windows
        self._exact = Trunk(model, 0)
        wanted = has_bfloat16() if fast is None else fast
        self._fast = _in_bfloat16(model) if wanted else self._exact

    @property
    def is_fast(self) -> bool:
        """Whether passages are read in bfloat16 at first."""
        return self._fast is not self._exact

    def read(self, passage: PassageText, *, exact: bool = False) -> tuple[Pooled, Mapping[int, int]]:
        """Return the encoding of a passage, shape (width,), and the counts of its n-grams; they depend on its heading and text alone.

        A text in which the tokenizer finds nothing (invisible characters) is read as an empty one under its heading.

        Raises:
            BadInput: naming the passage, when its text is empty.
        """
        heading, text = readable(passage.heading), readable(passage.text)
        if not text:
            raise BadInput(f"The passage {passage.passage_id!r} has no text that can be read. Leave empty passages out.")
        windows = self._windows.of(heading, text)
        trunk = self._exact if exact else self._fast
        total = np.zeros(0)
        with torch.inference_mode():
            for ids in windows:
                own = trunk.encode(ids).numpy().astype(np.float64) * len(ids)
                total = own if not len(total) else total + own
        pooled: Pooled = (total / sum(map(len, windows))).astype(np.float32)
        return pooled, ngram_counts(heading, text)


def _in_bfloat16(model: PreTrainedModel) -> Trunk | FastTrunk:
    """Return a copy of an encoder in bfloat16, in the fastest form that its kind allows."""
    if runs_by_block(model):
        return FastTrunk(model)
    return Trunk(torch.nn.Module.to(deepcopy(model), torch.bfloat16), 0)


def has_bfloat16() -> bool:
    """Return whether the processor multiplies bfloat16 matrices itself; elsewhere it would be slower than single precision."""
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, lambda: False)()) for name in checks)
