"""Opening the things that several commands need: codebook, classifier, published database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flows.settings import Settings

if TYPE_CHECKING:
    from models.classifier import Classifier
    from models.codebook import Codebook
    from models.registry import ModelInfo


def read_codebook(settings: Settings) -> Codebook:
    """Read the project's codebook."""
    from models.codebook import load_codebook

    return load_codebook(settings.codebook)


def chosen_model(settings: Settings, version: str | None = None) -> ModelInfo:
    """Return what is known of a model (by default the configured one) without loading it.

    Raises:
        Unavailable: when there is no such model; names where it was looked for.
    """
    from models.registry import find_model

    return find_model(version or settings.classification.model, settings.model_folders)


def load_classifier(settings: Settings, version: str | None = None) -> Classifier:
    """Load a classifier with its encoder, ready to score."""
    from models.classifier import Classifier

    info = chosen_model(settings, version)
    return Classifier.load(Path(info.path), read_codebook(settings), threads=settings.classification.threads)
