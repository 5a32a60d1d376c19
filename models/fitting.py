"""Fitting of linear heads: regularized logistic regression, chosen and calibrated on documents that it has not seen.

Two views of a passage (encoder and n-grams) get a head each; the encoder's may have been made in fine-tuning and come with its
out-of-fold outputs. Out-of-fold outputs, grouped by document, choose a view's regularization and fit the mixture of the two with one
bias a category, so that the probabilities are calibrated on unseen documents. scikit-learn and scipy are needed here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

_NEVER = -12.0
"""Bias of a category without any example: a probability of about 6 in a million."""


@dataclass(frozen=True, slots=True)
class LinearHead:
    """Weights of shape (inputs, outputs) and bias of shape (outputs,)."""

    weight: Vector
    bias: Vector


@dataclass(frozen=True, slots=True)
class Mixture:
    """Calibrated output = sum over views of scale * view output, plus a bias a category; `scales` by view name."""

    scales: dict[str, float]
    bias: Vector


@dataclass(frozen=True, slots=True)
class FittedDimension:
    """Everything that training learned about one dimension (or one label of a multi-label dimension)."""

    heads: dict[str, LinearHead]
    mixture: Mixture
    strength: dict[str, float]
    out_of_fold: Vector
    """Calibrated out-of-fold outputs, shape (rows, outputs)."""


@dataclass(frozen=True, slots=True)
class MadeHead:
    """A head that fine-tuning made: its weights, and the outputs for each row of the training in which that row was held out."""

    head: LinearHead
    out_of_fold: Vector


def fit_dimension(
    views: Mapping[str, Any],
    made: Mapping[str, MadeHead],
    codes: NDArray[np.intp],
    categories: int,
    folds: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]],
    applies: NDArray[np.bool_],
    calibrate_on: NDArray[np.bool_],
    weights: Vector,
    grids: Mapping[str, Sequence[float]],
    progress: Callable[[], None],
) -> FittedDimension:
    """Fit, choose and calibrate the heads of one dimension.

    Args:
        views: by name a matrix of shape (rows, inputs), dense or sparse, for which a head is fitted.
        made: heads that are there already.
        codes: the category index of each row, shape (rows,); not looked at where the dimension does not apply.
        categories: how many categories there are; those without a row get a probability near zero.
        folds: pairs of row indexes (train, test); the tests cover each row once and no document is on both sides. Training rows are
            rows where the dimension applies.
        applies: rows to train the final heads on.
        calibrate_on: rows that count for choice and calibration.
        weights: how much each row counts in fitting a head.
        grids: for each view the inverse regularization strengths to choose from.
        progress: called after each fit.
    """
    heads = {name: one.head for name, one in made.items()}
    outputs = {name: one.out_of_fold for name, one in made.items()}
    strength: dict[str, float] = {}
    # A conditional dimension may apply to no passage of those that count; the others are then better than none.
    rows = calibrate_on if calibrate_on.any() else applies
    target = codes[rows]
    for name, matrix in views.items():
        tried: list[tuple[float, float, Vector]] = []
        for c in grids[name]:
            held_out = np.zeros((len(codes), categories))
            for train, test in folds:
                head = _logistic(matrix[train], codes[train], weights[train], categories, c)
                held_out[test] = matrix[test] @ head.weight + head.bias
                progress()
            alone = _fit_mixture({name: held_out[rows]}, target)
            tried.append((_loss(mix({name: held_out[rows]}, alone), target), c, held_out))
        _, strength[name], outputs[name] = min(tried, key=lambda one: one[:2])
        heads[name] = _logistic(matrix[applies], codes[applies], weights[applies], categories, strength[name])
        progress()
    mixture = _fit_mixture({name: out[rows] for name, out in outputs.items()}, target)
    return FittedDimension(heads, mixture, strength, mix(outputs, mixture))


def mix(outputs: Mapping[str, Vector], mixture: Mixture) -> Vector:
    """Return the calibrated outputs, shape (rows, outputs), from those of the views."""
    total = sum((mixture.scales[name] * out for name, out in outputs.items()), np.zeros(1))
    result: Vector = total + mixture.bias
    return result


def _logistic(matrix: Any, codes: NDArray[np.intp], weights: Vector, categories: int, c: float) -> LinearHead:
    """Fit class-weighted multinomial logistic regression; two categories are put in the same softmax form."""
    from sklearn.linear_model import LogisticRegression

    weight = np.zeros((matrix.shape[1], categories))
    bias = np.full(categories, _NEVER)
    present = np.unique(codes)
    if len(present) <= 1:
        bias[present] = 0.0
        return LinearHead(weight, bias)
    model = LogisticRegression(C=c, class_weight="balanced", max_iter=1000, tol=1e-3)
    model.fit(matrix, codes, weights)
    if len(present) == 2:
        weight[:, present] = np.stack([-model.coef_[0], model.coef_[0]], axis=1) / 2
        bias[present] = np.array([-model.intercept_[0], model.intercept_[0]]) / 2
    else:
        weight[:, present] = model.coef_.T
        bias[present] = model.intercept_
    return LinearHead(weight, bias)


def _fit_mixture(outputs: Mapping[str, Vector], codes: NDArray[np.intp]) -> Mixture:
    """Fit the views' scales (not negative) and the categories' biases by regularized maximum likelihood."""
    from scipy.optimize import minimize

    names = list(outputs)
    stacked = np.stack([outputs[name] for name in names])
    categories = stacked.shape[2]
    one_hot = np.eye(categories)[codes]

    def loss(parameters: Vector) -> tuple[float, Vector]:
        scales, bias = parameters[: len(names)], parameters[len(names) :]
        logits = np.tensordot(scales, stacked, axes=1) + bias
        shifted = logits - logits.max(axis=1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        error = (np.exp(logs) - one_hot) / len(codes)
        value = -float((logs * one_hot).sum()) / len(codes) + 1e-3 * float((bias**2).sum())
        gradient = np.concatenate([(stacked * error).sum(axis=(1, 2)), error.sum(axis=0) + 2e-3 * bias])
        return value, gradient

    start = np.concatenate([np.full(len(names), 1.0 / len(names)), np.zeros(categories)])
    bounds = [(0.0, None)] * len(names) + [(None, None)] * categories
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return Mixture(dict(zip(names, map(float, found.x[: len(names)]), strict=True)), found.x[len(names) :])


def _loss(logits: Vector, codes: NDArray[np.intp]) -> float:
    """Return the mean negative log-likelihood of the codes."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -float(logs[np.arange(len(codes)), codes].mean())


def best_threshold(probability: Vector, positive: NDArray[np.bool_]) -> float:
    """Return the threshold with the highest F1, from a fixed list, the nearest to one half among equals."""
    grid = np.round(np.arange(0.2, 0.81, 0.05), 2)

    def f1(threshold: float) -> float:
        given = probability >= threshold
        return 2 * float((given & positive).sum()) / max(int(given.sum() + positive.sum()), 1)

    return float(max(grid, key=lambda threshold: (round(f1(threshold), 6), -abs(threshold - 0.5))))
