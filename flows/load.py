"""Opening the things that several commands need: codebook, model, classifier."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.settings import Settings

if TYPE_CHECKING:
    from models.classifier import Classifier
    from models.codebook import Codebook


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A model that was found but not loaded: enough to know what it has scored already."""

    version: str
    languages: tuple[str, ...]
    path: Path


def read_codebook(settings: Settings) -> Codebook:
    """Read the project's codebook."""
    from models.codebook import load_codebook

    return load_codebook(settings.codebook)


def chosen_model(settings: Settings, version: str | None = None) -> ChosenModel:
    """Find a model (by default the configured one) without loading it.

    Raises:
        Unavailable: when there is no such model; names those there are.
        BadInput: when its folder is damaged.
    """
    from models.model_file import read_facts
    from models.registry import find_model

    path = find_model(version or settings.classification.model, settings.model_folders)
    facts = read_facts(path)
    return ChosenModel(facts.version, tuple(facts.languages), path)


def load_classifier(settings: Settings, version: str | None = None) -> Classifier:
    """Load a classifier with its encoder, ready to score."""
    from models.classifier import Classifier

    path = chosen_model(settings, version).path
    return Classifier.load(path, read_codebook(settings), threads=settings.classification.threads)
