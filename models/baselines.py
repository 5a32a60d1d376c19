"""What a model must beat: logistic regression on TF-IDF of words and word pairs, or on the encodings of a plain encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.annotations import AnnotatedPassage
from models.codebook import NOT_APPLICABLE, Codebook
from models.codebook_records import Dimension
from models.features import readable
from models.heads import Vector, head_rows
from models.scoring import LabelRules, Scorer
from models.types import Prediction

Encoded = tuple[Sequence[AnnotatedPassage], NDArray[np.float32]]

_STRENGTH = 10.0
_ENCODING_STRENGTH = 1.0
_NEVER = -12.0


def tfidf_predictions(
    codebook: Codebook, train: Sequence[AnnotatedPassage], other: Sequence[AnnotatedPassage]
) -> list[Prediction]:
    """Train the baseline on some passages and return its predictions for others, decoded under the codebook's constraints."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    known = vectorizer.fit_transform([_text(one) for one in train])
    return _predictions(
        codebook, "tfidf", _STRENGTH, (train, known), (other, vectorizer.transform([_text(one) for one in other]))
    )


def encoding_predictions(codebook: Codebook, train: Encoded, other: Encoded) -> list[Prediction]:
    """As `tfidf_predictions`, on encodings of shape (passages, width) that come with the passages."""
    return _predictions(codebook, "encodings", _ENCODING_STRENGTH, train, other)


def _predictions(
    codebook: Codebook,
    name: str,
    strength: float,
    trained_on: tuple[Sequence[AnnotatedPassage], Any],
    asked: tuple[Sequence[AnnotatedPassage], Any],
) -> list[Prediction]:
    from threadpoolctl import threadpool_limits

    (train, known), (other, unknown) = trained_on, asked
    rows = head_rows(codebook)
    logits = np.full((len(other), max(part.stop for part in rows.values())), _NEVER)
    with threadpool_limits(1):
        for dimension in codebook.trained_dimensions:
            logits[:, rows[dimension.id]] = _outputs(dimension, train, known, unknown, strength)
    thresholds = {one.id: dict.fromkeys(one.category_ids, 0.5) for one in codebook.trained_dimensions if one.kind == "multi"}
    return Scorer(codebook, LabelRules(thresholds), name).score([one.passage.passage_id for one in other], logits)


def _outputs(dimension: Dimension, train: Sequence[AnnotatedPassage], known: Any, unknown: Any, strength: float) -> Vector:
    from sklearn.linear_model import LogisticRegression

    labels = [one.labels[dimension.id] for one in train]
    names = dimension.applicable_ids
    outputs = np.full((unknown.shape[0], len(names)), _NEVER)
    if dimension.kind == "multi":
        for place, name in enumerate(names):
            codes = np.array([name in label for label in labels])
            if codes.any() and not codes.all():
                fit = LogisticRegression(C=strength, class_weight="balanced", max_iter=500).fit(known, codes)
                outputs[:, place] = fit.decision_function(unknown)
        return outputs
    applies = np.flatnonzero([label != NOT_APPLICABLE for label in labels])
    codes = np.array([names.index(str(labels[i])) for i in applies], dtype=np.intp)
    if len(np.unique(codes)) <= 1:
        outputs[:, codes[:1]] = 0.0
        return outputs
    fit = LogisticRegression(C=strength, class_weight="balanced", max_iter=500).fit(known[applies], codes)
    found = fit.decision_function(unknown)
    outputs[:, fit.classes_] = np.stack([-found / 2, found / 2], axis=1) if found.ndim == 1 else found
    return outputs


def _text(one: AnnotatedPassage) -> str:
    return f"{readable(one.passage.heading)}\n{readable(one.passage.text)}"
