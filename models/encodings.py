"""Encodings of coded passages by an adapted encoder, kept on disk, so that heads can be trained anew in seconds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from entente.files import replacing
from models.annotations import AnnotatedPassage
from models.classifier import one_torch_thread
from models.encoder import EncoderFiles, Windows, load_network

if TYPE_CHECKING:
    import torch

    from models.training import Progress, TrainingRequest

FOLDER = ".encodings"
_KEPT_EVERY = 1000
"""After so many passages what was read is kept, so that a run that is killed goes on from there."""


def encodings_of(
    passages: Sequence[AnnotatedPassage],
    files: EncoderFiles,
    folder: Path,
    adapters: Mapping[str, torch.Tensor],
    adapters_sha256: str,
    request: TrainingRequest,
    tell: Progress,
) -> NDArray[np.float32]:
    """Return the encodings of passages, shape (passages, width); those that are on disk already are not made again."""
    path = request.output / FOLDER / f"{adapters_sha256[:16]}.safetensors"
    keys = [_key(one) for one in passages]
    known = _read(path)
    missing = [i for i, key in enumerate(keys) if key not in known]
    if missing:
        from models.reading import Reader

        reader = Reader(load_network(files, folder), Windows.load(folder), adapters)
        with ThreadPoolExecutor(max(1, request.threads), initializer=one_torch_thread) as pool:
            read = pool.map(lambda i: reader.read(passages[i].passage)[0], missing)
            for done, (i, encoding) in enumerate(zip(missing, read, strict=True), start=1):
                known[keys[i]] = encoding
                tell("reading training passages", done, len(missing))
                if done % _KEPT_EVERY == 0:
                    _write(path, known)
        _write(path, known)
    return np.stack([known[key] for key in keys])


def _key(one: AnnotatedPassage) -> str:
    return hashlib.sha256(f"{one.passage.heading}\n{one.passage.text}".encode("utf-8", "replace")).hexdigest()


def _read(path: Path) -> dict[str, NDArray[np.float32]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        found: dict[str, NDArray[np.float32]] = load_file(path)
    except (OSError, SafetensorError):
        # What was kept only saves time; without it, or when it is damaged, the passages are read again.
        return {}
    return found


def _write(path: Path, known: Mapping[str, NDArray[np.float32]]) -> None:
    from safetensors.numpy import save

    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as stream:
        stream.write(save(dict(known)))
