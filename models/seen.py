"""Whether a model has learned from a passage: only what it has not seen can judge it."""

from __future__ import annotations

from collections.abc import Sequence

from models.annotations import AnnotatedPassage
from models.model_file import ModelFacts
from models.training_data import passages_sha256
from models.types import text_mark


def seen_by(facts: ModelFacts, passages: Sequence[AnnotatedPassage]) -> int | None:
    """Return how many of these passages a model or its encoder has learned from; None where it does not tell."""
    if facts.learned is None:
        return None
    learned = set(facts.learned)
    return sum(text_mark(one.passage.text) in learned for one in passages)


def is_unseen(passages: Sequence[AnnotatedPassage], facts: ModelFacts) -> bool:
    """Return whether a model has surely not learned from any of these passages: it says so, or its own figures are of the very same ones."""
    seen = seen_by(facts, passages)
    if seen is not None:
        return seen == 0
    return bool(facts.metrics.get("dev", {}).get("passages_sha256") == passages_sha256(passages))
