"""A model on disk: an immutable folder of `model.json`, `heads.safetensors`, `adapters.safetensors` and `MODEL_CARD.md`.

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

FORMAT = 2
NO_PROMISE = "none"
"""The value of `training.promise` where labels are never called certain, as no documents were held out to check a promise on."""
FACTS, HEADS, ADAPTERS, CARD = "model.json", "heads.safetensors", "adapters.safetensors", "MODEL_CARD.md"


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class EncoderFacts(_Facts):
    """Which encoder the adapters and heads belong to."""

    name: str
    revision: str
    sha256: dict[str, str]
    width: int


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

    `thresholds`, `offsets` and `certain_from` are those of `models.scoring.LabelRules`; `familiar_from` is the share of known n-grams
    from which a passage is of the kind that the model was trained on; `labels` counts the codes trained on; `learned` has the beginnings of
    the hashes of the texts that it or its encoder learned from (None: an older Entente did not tell), so that figures on them
    are not taken for figures on unseen ones.
    """

    format: int
    version: str
    created: str
    languages: list[str]
    encoder: EncoderFacts
    codebook: CodebookFacts
    thresholds: dict[str, dict[str, float]]
    offsets: dict[str, dict[str, float]]
    certain_from: dict[str, float]
    promised_error: float
    familiar_from: float
    heads_sha256: str
    adapters_sha256: str
    data: list[DataFacts]
    labels: dict[str, dict[str, int]]
    seed: int
    training: dict[str, Any]
    metrics: dict[str, Any]
    libraries: dict[str, str]
    learned: list[str] | None = None


def content_version(prefix: str, weights: tuple[str, ...], facts: dict[str, Any]) -> str:
    """Return the version name: the prefix and eight digits of the hash of what decides the model's answers."""
    decisive = json.dumps({"weights": weights, **facts}, sort_keys=True, ensure_ascii=False)
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
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is damaged: {error}. Remove the folder and train or copy the model again.") from error
    if isinstance(content, dict) and isinstance(content.get("format"), int) and content["format"] > FORMAT:
        raise Unavailable(
            f"{path} has the format {content['format']}; this Entente reads format {FORMAT}. Install a newer Entente."
        )
    if isinstance(content, dict) and isinstance(content.get("format"), int) and content["format"] < FORMAT:
        raise Unavailable(
            f"{path} has the format {content['format']} of an older Entente; this one reads format {FORMAT}. "
            "Train the model again with 'entente train'."
        )
    try:
        return ModelFacts.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, one['loc'])) or FACTS}: {one['msg']}" for one in error.errors()[:5])
        raise BadInput(f"{path} is not the description of an Entente model: {problems}.") from error


def read_heads(folder: Path, facts: ModelFacts) -> dict[str, NDArray[np.generic]]:
    """Read the arrays of `heads.safetensors` after checking the file's hash; raises `BadInput` when it is missing or changed."""
    return _read_tensors(folder / HEADS, facts.heads_sha256)


def read_adapters(folder: Path, facts: ModelFacts) -> dict[str, NDArray[np.generic]]:
    """Read the arrays of `adapters.safetensors` after checking the file's hash; raises `BadInput` when it is missing or changed."""
    return _read_tensors(folder / ADAPTERS, facts.adapters_sha256)


def _read_tensors(path: Path, expected: str) -> dict[str, NDArray[np.generic]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        if sha256_of_file(path) != expected:
            raise BadInput(f"{path} is not the file that {FACTS} describes (its SHA-256 differs). Copy or train the model again.")
        arrays: dict[str, NDArray[np.generic]] = load_file(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error}. Copy or train the model again.") from error
    except (SafetensorError, TypeError) as error:
        # A type of number that numpy does not have is a TypeError.
        raise BadInput(f"{path} is not a safetensors file of a model: {error}. Copy or train the model again.") from error
    if not all(np.isfinite(one).all() for one in arrays.values()):
        raise BadInput(f"{path} holds numbers that are not finite. Copy or train the model again.")
    return arrays


def tensor_bytes(tensors: dict[str, NDArray[np.generic]]) -> bytes:
    """Return arrays as the bytes of a safetensors file; the same arrays give the same bytes."""
    from safetensors.numpy import save

    data: bytes = save({name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)})
    return data


def write_model(parent: Path, facts: ModelFacts, heads: bytes, adapters: bytes, card: str) -> Path:
    """Write a model folder named after its version, whole or not at all.

    Args:
        parent: the folder of models; made if need be.
        facts: for `model.json`.
        heads: the bytes of `heads.safetensors`.
        adapters: the bytes of `adapters.safetensors`.
        card: the text of `MODEL_CARD.md`.

    Returns:
        The model's folder. When a model of that version is there already it is left as it is: versions name their content.
    """
    target = parent / facts.version
    if target.exists():
        there = read_facts(target)
        found = [sha256_of_file(target / name) for name in (HEADS, ADAPTERS) if (target / name).is_file()]
        if found != [there.heads_sha256, there.adapters_sha256]:
            raise BadInput(f"{target} is there but damaged. Remove it and train again.")
        return target
    parent.mkdir(parents=True, exist_ok=True)
    beside = parent / f".{facts.version}.{os.getpid()}.{secrets.token_hex(4)}.part"
    try:
        beside.mkdir()
        with replacing(beside / HEADS) as stream:
            stream.write(heads)
        with replacing(beside / ADAPTERS) as stream:
            stream.write(adapters)
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
