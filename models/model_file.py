"""A model on disk: an immutable folder of `model.json`, `heads.safetensors` and `MODEL_CARD.md`.

`model.json` holds every fact needed to trace the model: codebook, encoder and data hashes, counts, seed, metrics, library versions.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from entente.errors import BadInput, Unavailable
from entente.files import fsync_directory, replacing, sha256_of_file, write_text_whole

FORMAT = 1
FACTS, HEADS, CARD = "model.json", "heads.safetensors", "MODEL_CARD.md"


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class EncoderFacts(_Facts):
    """Which encoder the heads belong to."""

    name: str
    revision: str
    sha256: dict[str, str]


class CodebookFacts(_Facts):
    """Which codebook the heads belong to, and the categories they answer with (`not_applicable` included)."""

    name: str
    version: str
    categories: dict[str, list[str]]


class DataFacts(_Facts):
    """One source of training passages, by hash instead of by text."""

    name: str
    sha256: dict[str, str]
    passages: int
    documents: int


class ModelFacts(_Facts):
    """The content of `model.json`.

    `thresholds` are the probabilities from which a category of a multi-label dimension is given; `labels` counts the codes trained on.
    """

    format: int
    version: str
    created: str
    languages: list[str]
    encoder: EncoderFacts
    codebook: CodebookFacts
    thresholds: dict[str, dict[str, float]]
    heads_sha256: str
    data: list[DataFacts]
    labels: dict[str, dict[str, int]]
    seed: int
    training: dict[str, Any]
    metrics: dict[str, Any]
    libraries: dict[str, str]


def content_version(prefix: str, heads_sha256: str, facts: dict[str, Any]) -> str:
    """Return the version name: the prefix and eight digits of the hash of what decides the model's answers."""
    decisive = json.dumps({"heads": heads_sha256, **facts}, sort_keys=True, ensure_ascii=False)
    return f"{prefix}-{hashlib.sha256(decisive.encode()).hexdigest()[:8]}"


def read_facts(folder: Path) -> ModelFacts:
    """Read and check `model.json`.

    Raises:
        Unavailable: when the folder is not there or has no model, or the model was made by a newer Entente.
        BadInput: when `model.json` is not what it should be.
    """
    path = folder / FACTS
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unavailable(
            f"There is no model in {folder}: {FACTS} cannot be read ({error}). Train one with 'entente train'."
        ) from error
    except ValueError as error:
        raise BadInput(f"{path} is damaged: {error}. Remove the folder and train or copy the model again.") from error
    if isinstance(content, dict) and isinstance(content.get("format"), int) and content["format"] > FORMAT:
        raise Unavailable(
            f"{path} has the format {content['format']}; this Entente reads up to {FORMAT}. Install a newer Entente."
        )
    try:
        return ModelFacts.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, one['loc'])) or FACTS}: {one['msg']}" for one in error.errors()[:5])
        raise BadInput(f"{path} is not the description of an Entente model: {problems}.") from error


def read_heads(folder: Path, facts: ModelFacts) -> dict[str, NDArray[np.generic]]:
    """Read the arrays of `heads.safetensors` after checking the file's hash; raises `BadInput` when it is missing or changed."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    path = folder / HEADS
    try:
        if sha256_of_file(path) != facts.heads_sha256:
            raise BadInput(f"{path} is not the file that {FACTS} describes (its SHA-256 differs). Copy or train the model again.")
        arrays: dict[str, NDArray[np.generic]] = load_file(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error}. Copy or train the model again.") from error
    except SafetensorError as error:
        raise BadInput(f"{path} is not a safetensors file: {error}. Copy or train the model again.") from error
    return arrays


def heads_bytes(tensors: dict[str, NDArray[np.generic]]) -> bytes:
    """Return the bytes of `heads.safetensors`; the same arrays give the same bytes."""
    from safetensors.numpy import save

    data: bytes = save({name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)})
    return data


def write_model(parent: Path, facts: ModelFacts, heads: bytes, card: str) -> Path:
    """Write a model folder named after its version, whole or not at all.

    Args:
        parent: the folder of models; made if need be.
        facts: for `model.json`.
        heads: the bytes of `heads.safetensors`.
        card: the text of `MODEL_CARD.md`.

    Returns:
        The model's folder. When a model of that version is there already it is left as it is: versions name their content.
    """
    target = parent / facts.version
    if target.exists():
        if read_facts(target).heads_sha256 != sha256_of_file(target / HEADS):
            raise BadInput(f"{target} is there but damaged. Remove it and train again.")
        return target
    parent.mkdir(parents=True, exist_ok=True)
    beside = parent / f".{facts.version}.{os.getpid()}.{secrets.token_hex(4)}.part"
    try:
        beside.mkdir()
        with replacing(beside / HEADS) as stream:
            stream.write(heads)
        write_text_whole(beside / CARD, card)
        write_text_whole(
            beside / FACTS, json.dumps(facts.model_dump(), indent=1, ensure_ascii=False, sort_keys=True, allow_nan=False) + "\n"
        )
        try:
            beside.rename(target)
        except OSError:
            if not (target / FACTS).exists():
                raise
        fsync_directory(parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return target
