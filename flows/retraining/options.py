"""What a retraining is asked to do, and what makes two of them the same."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from entente.errors import BadInput
from entente.files import sha256_of_file
from flows.settings import Settings

if TYPE_CHECKING:
    from flows.coding import ImportRequest
    from models.encoder import EncoderFiles

Mode = Literal["heads", "full"]
FILES = ("texts.jsonl", "train.jsonl", "dev.jsonl")
"""What is read of a folder of annotations."""


@dataclass(frozen=True, slots=True)
class RetrainOptions:
    """What a retraining takes and how it trains.

    Attributes:
        codes: a file of codes to take in first, or None.
        mode: `heads` keeps the encoder of the model in use and trains heads on kept encodings; `full` fine-tunes the encoder anew.
        annotations: a folder with coded passages from outside the project (texts.jsonl, train.jsonl, perhaps dev.jsonl), or None.
        seed: of everything random.
        epochs: of fine-tuning; None for the default.
        force: why the candidate is put into use although it is worse or cannot be compared; None to hold it then.
        command: for locks and the ledger.
    """

    codes: ImportRequest | None = None
    mode: Mode = "heads"
    annotations: Path | None = None
    seed: int = 0
    epochs: int | None = None
    force: str | None = None
    command: str = "entente retrain"


def configured(
    settings: Settings,
    *,
    codes: ImportRequest | None = None,
    mode: Mode | None = None,
    annotations: Path | None = None,
    seed: int | None = None,
    epochs: int | None = None,
    force: str | None = None,
    command: str = "entente retrain",
) -> RetrainOptions:
    """Return the options of the configuration (`retraining`) with those given in their place.

    Raises:
        BadInput: when epochs are given for a training without fine-tuning.
    """
    own = settings.retraining
    mode = mode or own.mode
    if mode == "heads" and epochs is not None:
        raise BadInput("Heads are trained without epochs of fine-tuning: leave out --epochs, or say --full.")
    if mode == "full" and epochs is None:
        epochs = own.epochs
    return RetrainOptions(codes, mode, annotations or own.annotations, own.seed if seed is None else seed, epochs, force, command)


def encoder_files(settings: Settings) -> EncoderFiles:
    """Return the encoder that the configuration names for fine-tuning; MiniLM where it names none."""
    from models.encoder import MINILM, EncoderFiles

    name, revision = settings.classification.encoder, settings.classification.revision
    if name is None:
        return MINILM
    if not revision and not Path(name).is_dir():
        raise BadInput(
            f"classification.encoder {name} needs classification.revision: a name alone may mean other weights tomorrow."
        )
    return EncoderFiles(name, revision, {})


def run_key(settings: Settings, options: RetrainOptions) -> str:
    """Return what tells whether an unfinished retraining is this one: the same files, settings and codebook."""
    codes = options.codes
    decisive = {
        "how": how_key(settings, options),
        "codes": None
        if codes is None
        else [_hash(codes.file), codes.file_format, codes.coder, sorted((codes.names or {}).items()), sorted((codes.kinds or {}).items())],
        "annotations": annotations_sha256(options.annotations),
        "force": options.force,
    }  # fmt: skip
    return _key(decisive)


def how_key(settings: Settings, options: RetrainOptions) -> str:
    """Return what tells whether two retrainings train in the same way, whatever they train on."""
    decisive = {
        "mode": options.mode,
        "training": [options.seed, options.epochs, settings.classification.threads],
        "encoder": [settings.classification.encoder, settings.classification.revision] if options.mode == "full" else None,
        "codebook": _hash(settings.codebook),
    }
    return _key(decisive)


def _key(decisive: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:16]


def annotations_sha256(folder: Path | None) -> dict[str, str]:
    """Return the hashes of the files of a folder of annotations; `BadInput` where one that is needed is missing."""
    if folder is None:
        return {}
    return {name: _hash(folder / name) for name in FILES if name != "dev.jsonl" or (folder / name).exists()}


def _hash(path: Path) -> str:
    try:
        return sha256_of_file(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
