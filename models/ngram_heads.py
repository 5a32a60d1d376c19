"""Quick heads on word n-grams, each passage judged by heads that have not learned from its document: no encoder, no fine-tuning, seconds.

Not the model that scores the corpus, and a little worse than it; but what it says of a passage owes nothing to the codes of that passage,
so that codes can be held against it and learning can be watched. Words and word pairs are reduced to a few hundred directions (latent
semantic analysis: S. Deerwester et al., Journal of the American Society for Information Science 41, 1990), which use no codes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from entente.errors import Unavailable
from models.features import readable
from models.splits import Fold
from models.types import PassageText

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
NOT_CODED = -1
_WIDTH = 200
_STRENGTH = 5.0


def ngram_features(passages: Sequence[PassageText], seed: int = 0) -> Floats:
    """Return the directions of the n-grams of passages, shape (passages, at most 200).

    Args:
        passages: at least three, with words in them.
        seed: of the reduction.

    Raises:
        Unavailable: when scikit-learn is missing.
    """
    try:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as error:
        raise Unavailable("This needs scikit-learn, which is not installed: pip install 'entente[train]'.") from error
    from threadpoolctl import threadpool_limits

    texts = [f"{readable(one.heading)}\n{readable(one.text)}" for one in passages]
    words = r"[^\W\d_]+"  # no digits, so that no year is learned from
    counts = TfidfVectorizer(ngram_range=(1, 2), min_df=2 if len(texts) > 50 else 1, sublinear_tf=True, token_pattern=words)
    with threadpool_limits(1):
        weights = counts.fit_transform(texts)
        width = min(_WIDTH, weights.shape[0] - 1, weights.shape[1] - 1)
        return np.asarray(TruncatedSVD(max(width, 1), random_state=seed).fit_transform(weights), np.float64)


def held_out_probabilities(features: Floats, codes: Integers, categories: int, folds: Sequence[Fold]) -> Floats:
    """Return what heads that have not learned from a passage's fold say of it.

    Args:
        features: of the passages, shape (passages, width).
        codes: the category of each, `NOT_CODED` where there is none.
        categories: how many there are.
        folds: rows to learn from and rows to judge.

    Returns:
        Probabilities, shape (passages, categories); not-a-number for passages of no fold. A category that occurs in no training part of a
        fold has the probability 0 there.
    """
    found = np.full((len(codes), categories), np.nan)
    for train, test in folds:
        own = train[codes[train] != NOT_CODED]
        if len(test):
            found[test] = fitted_probabilities(features[own], codes[own], categories, features[test])
    return found


def fitted_probabilities(features: Floats, codes: Integers, categories: int, asked: Floats) -> Floats:
    """Return the probabilities that one head, learned from coded passages, gives to others; all alike where nothing was learned from."""
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    found = np.zeros((len(asked), categories))
    known = np.unique(codes)
    if len(known) == 0:
        return found + 1 / categories
    if len(known) == 1:
        found[:, known[0]] = 1.0
        return found
    with threadpool_limits(1):
        head = LogisticRegression(C=_STRENGTH, max_iter=300).fit(features, codes)
        found[:, head.classes_] = head.predict_proba(asked)
    return found
