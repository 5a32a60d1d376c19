"""The models on this machine: those shipped with the project and those trained here.

A folder of models holds one folder a model, named after its version; a file `DEFAULT` in it may name the one to use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entente.errors import BadInput, EntenteError, Unavailable
from models.model_file import FACTS, ModelFacts, read_facts

SHIPPED = Path(__file__).resolve().parent / "shipped"
"""The folder of the models that come with the project."""

DEFAULT = "default"
"""The name that stands for the model in the `DEFAULT` file of the last folder that has one: a project's choice goes before the shipped."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a list of models shows.

    `passages` counts training passages by source; `metrics` is that of `model.json`; `problem` says why a model cannot be used, in which
    case only `version` (the folder's name), `path` and `shipped` are known.
    """

    version: str
    path: Path
    shipped: bool
    default: bool = False
    created: str = ""
    codebook_version: str = ""
    encoder: str = ""
    languages: tuple[str, ...] = ()
    passages: dict[str, int] | None = None
    metrics: dict[str, Any] | None = None
    problem: str | None = None


def list_models(folders: Sequence[Path]) -> list[ModelInfo]:
    """Return the models in some folders, in the order of the folders and then of creation.

    A damaged or foreign folder is listed with its problem instead of hiding the sound ones. A version found twice is listed once, from
    the first folder. Folders that do not exist are skipped.
    """
    default = default_version(folders)
    found: dict[str, ModelInfo] = {}
    for parent in folders:
        if not parent.is_dir():
            continue
        here = [_info(folder, default) for folder in sorted(parent.iterdir()) if folder.is_dir() and _may_be_model(folder)]
        for info in sorted(here, key=lambda one: (one.created, one.version)):
            found.setdefault(info.version, info)
    return list(found.values())


def find_model(name: str, folders: Sequence[Path]) -> Path:
    """Return the folder of a model.

    Args:
        name: a version, the path of a model folder, or "default".
        folders: where to look, the first match wins.

    Raises:
        Unavailable: when there is no such model; the message names those there are.
        BadInput: when the model is damaged, or `DEFAULT` names nothing usable.
    """
    as_path = Path(name)
    if as_path.is_absolute() or len(as_path.parts) > 1:
        read_facts(as_path)
        return as_path
    version = name
    if name == DEFAULT:
        version = default_version(folders) or ""
        if not version:
            raise Unavailable(f"No model is marked as default in {_places(folders)}. Train one with 'entente train' or name one.")
    for parent in folders:
        folder = parent / version
        if version and folder.is_dir():
            facts = read_facts(folder)
            _check_name(folder, facts)
            return folder
    known = ", ".join(info.version for info in list_models(folders) if info.problem is None) or "none"
    raise Unavailable(f"There is no model {version!r} in {_places(folders)}. Models there: {known}.")


def default_version(folders: Sequence[Path]) -> str | None:
    """Return the version in the `DEFAULT` file of the last folder that has one; raises `BadInput` when it holds anything but one name."""
    for parent in reversed(folders):
        path = parent / "DEFAULT"
        if path.is_file():
            try:
                name = path.read_text(encoding="utf-8").strip()
            except UnicodeDecodeError as error:
                raise BadInput(f"{path} is not text: {error}. It must hold the version name of one model.") from error
            if not name or name != Path(name).name or len(name.split()) != 1:
                raise BadInput(f"{path} holds {name[:80]!r}; it must hold the version name of one model.")
            return name
    return None


def _may_be_model(folder: Path) -> bool:
    """Return whether a folder claims to be a model; Python's caches and unfinished folders do not."""
    return not folder.name.startswith((".", "__"))


def _info(folder: Path, default: str | None) -> ModelInfo:
    shipped = folder.parent.resolve() == SHIPPED
    try:
        facts = read_facts(folder)
        _check_name(folder, facts)
    except EntenteError as error:
        return ModelInfo(folder.name, folder, shipped, problem=str(error))
    return ModelInfo(
        version=facts.version,
        path=folder,
        shipped=shipped,
        default=facts.version == default,
        created=facts.created,
        codebook_version=facts.codebook.version,
        encoder=facts.encoder.name,
        languages=tuple(facts.languages),
        passages={one.name: one.passages for one in facts.data},
        metrics=facts.metrics,
    )


def _check_name(folder: Path, facts: ModelFacts) -> None:
    if facts.version != folder.name:
        raise BadInput(f"{folder / FACTS} says version {facts.version!r}; the folder must have that name. Rename it back.")


def _places(folders: Sequence[Path]) -> str:
    return ", ".join(str(folder) for folder in folders) or "any folder (none was given)"
