"""Knowing when not to know: from which probability on a label keeps a promised rate of error.

For each dimension the lowest threshold is taken at which an upper bound of the share of errors among the labels above it, on passages
held out in training, is still under the promise less a margin. Thresholds are
tested from the highest down and the search stops at the first failure
(a fixed sequence of tests, so that trying many does not spoil the bound). The bound is the greater of the exact binomial one and the
quantile of a bootstrap over groups of documents: passages of one report, and of reports about one country, err together. The promise is
for all dimensions at once, so each bound is surer than the whole (Bonferroni's inequality).

New reports are not a random sample of the old ones: a month may bring mission reports alone. So the share of errors must be that low
within each type of document too, as far as a type has passages enough to judge by.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.annotations import AnnotatedPassage
from models.codebook import Codebook
from models.codebook_records import Dimension
from models.types import Prediction

PROMISED_ERROR = 0.15
"""The share of errors that labels marked as certain keep below, at most."""
MARGIN = 0.05
"""By how much fewer errors held-out labels must have: other documents than those at hand are harder, and without a margin the promise was
broken on them."""
CONFIDENCE = 0.9
"""How sure it is, by the documents at hand, that no dimension has more errors than that."""
NEVER = 1.01
"""A threshold that no probability reaches: the dimension is never certain."""
_FEWEST = 30
_RESAMPLES = 2000


def certain_from(
    codebook: Codebook,
    predictions: Sequence[Prediction],
    annotated: Sequence[AnnotatedPassage],
    groups: Sequence[str],
    seed: int,
) -> dict[str, float]:
    """Return for each trained dimension the probability from which its labels are certain, from held-out predictions.

    Args:
        codebook: gives the dimensions.
        predictions: of passages that were held out.
        annotated: their codes.
        groups: which passages belong together, as `models.splits.split_groups` says.
        seed: of the bootstrap.
    """
    names, documents = np.unique(np.array(groups), return_inverse=True)
    _, types = np.unique(np.array([one.facets.get("doc_type", "") for one in annotated]), return_inverse=True)
    weights = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=_RESAMPLES)
    sure = 1.0 - (1.0 - CONFIDENCE) / len(codebook.trained_dimensions)
    chosen = {}
    for dimension in codebook.trained_dimensions:
        confidence, wrong = confidence_and_errors(dimension, predictions, annotated)
        chosen[dimension.id] = _threshold(confidence, wrong, documents, weights.astype(np.float64), types, sure)
    return chosen


def confidence_and_errors(
    dimension: Dimension, predictions: Sequence[Prediction], annotated: Sequence[AnnotatedPassage]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the confidence in the label of each passage and whether it is wrong; for a set of labels the least confident decides."""
    confidence, wrong = [], []
    for prediction, one in zip(predictions, annotated, strict=True):
        score = prediction.dimensions[dimension.id]
        if isinstance(score.label, tuple):
            confidence.append(min(max(value, 1 - value) for value in score.probabilities.values()))
        else:
            confidence.append(score.probabilities[score.label])
        wrong.append(score.label != one.labels[dimension.id])
    return np.array(confidence), np.array(wrong)


def _threshold(
    confidence: NDArray[np.float64],
    wrong: NDArray[np.bool_],
    documents: NDArray[np.intp],
    weights: NDArray[np.float64],
    types: NDArray[np.intp],
    sure: float,
) -> float:
    lowest = NEVER
    for threshold in np.round(np.arange(0.95, 0.0, -0.05), 2):
        kept = confidence >= threshold
        if kept.sum() < _FEWEST:
            continue
        allowed = PROMISED_ERROR - MARGIN
        if upper_error(wrong[kept], documents[kept], weights, sure) > allowed or worst_type(wrong[kept], types[kept]) > allowed:
            break
        lowest = float(threshold)
    return lowest


def worst_type(wrong: NDArray[np.bool_], types: NDArray[np.intp]) -> float:
    """Return the highest share of errors within a type of document, over the types that have passages enough; 0 when none has."""
    sizes, bad = np.bincount(types), np.bincount(types, wrong.astype(np.float64))
    enough = sizes >= _FEWEST
    return float((bad[enough] / sizes[enough]).max()) if enough.any() else 0.0


def upper_error(wrong: NDArray[np.bool_], documents: NDArray[np.intp], weights: NDArray[np.float64], sure: float) -> float:
    """Return an upper bound of the share of errors.

    Args:
        wrong: whether each label is wrong.
        documents: the document of each, as an index into the columns of `weights`.
        weights: how often each document is in each resample, shape (resamples, documents).
        sure: how probably the share is not above the bound.
    """
    from scipy.stats import beta

    errors, count = int(wrong.sum()), len(wrong)
    exact = 1.0 if errors == count else float(beta.ppf(sure, errors + 1, count - errors))
    sizes, bad = (np.bincount(documents, one, minlength=weights.shape[1]) for one in (np.ones(count), wrong.astype(np.float64)))
    totals = weights @ sizes
    shares = (weights @ bad)[totals > 0] / totals[totals > 0]
    return max(exact, float(np.quantile(shares, sure)))
