"""Codes to look at again: those a model that has not learned from them contradicts, repeated passages coded differently, contradictions.

A list and no more: nothing is changed by it. A doubtful code may be right and the model wrong; the list says where a second look is worth
most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.codebook import Codebook, Dimension
from models.constraints import violations
from models.ngram_heads import NOT_CODED, held_out_probabilities, ngram_features
from models.reliability.confident import confident_learning
from models.reliability.standing_values import Asked, Standing
from models.splits import group_folds
from models.types import PassageText

Floats = NDArray[np.float64]
FOLDS = 9
ENOUGH_PASSAGES = 100
ENOUGH_DOCUMENTS = 10
"""What heads need to learn from; with less nothing is held against them."""

MODEL, REPEATED, CONTRADICTION = "model", "repeated", "contradiction"
REASONS = (MODEL, REPEATED, CONTRADICTION)
Given = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Probabilities by passage, dimension and category, of a model that has not learned from the passage."""


@dataclass(frozen=True, slots=True)
class DoubtfulCode:
    """A code to look at.

    Attributes:
        passage_id, dimension, value, coders, settled_by: the code, and whose it is.
        suggested: what the model says; the code itself where it says nothing else.
        probability, suggested_probability: of both, by the model; None where no model was asked.
        margin: the lower, the more doubtful; -1 to 1.
        judged_by: whose probabilities they are; empty where no model was asked.
        reasons: of `REASONS`, at least one.
        why: the reasons in words.
    """

    passage_id: str
    dimension: str
    value: str
    coders: tuple[str, ...]
    settled_by: str
    suggested: str
    probability: float | None
    suggested_probability: float | None
    margin: float
    judged_by: str
    reasons: tuple[str, ...]
    why: str


@dataclass(slots=True)
class Doubts:
    """What was found.

    Attributes:
        codes: the list, what contradicts itself first, then the most doubtful.
        mistaken_shares: for each dimension the share of its codes that confident learning takes for mistakes.
        asked: how many codes were held against a model.
        not_asked: why none was, or empty.
    """

    codes: list[DoubtfulCode]
    mistaken_shares: dict[str, float] = field(default_factory=dict)
    asked: int = 0
    not_asked: str = ""


@dataclass(slots=True)
class _Judged:
    suggested: str
    probability: float
    suggested_probability: float
    margin: float
    judged_by: str
    doubtful: bool


def doubtful_codes(
    standing: Mapping[Asked, Standing],
    passages: Mapping[str, PassageText],
    documents: Mapping[str, str],
    repeats: Sequence[Sequence[str]],
    codebook: Codebook,
    *,
    given: Given | None = None,
    given_by: str = "",
    seed: int = 0,
) -> Doubts:
    """Return the codes to look at.

    Args:
        standing: the codes; see `standing_values`.
        passages: the texts; a code without one is held against nothing but the codebook.
        documents: the document of each passage; heads never judge a passage of a document that they learned from.
        repeats: groups of passages that say the same.
        codebook: dimensions, categories and constraints.
        given: probabilities of a model that has not learned from these passages, used instead of heads where they are there.
        given_by: the name of that model.
        seed: of the folds.
    """
    judged, shares, why_not = _judged(standing, passages, documents, codebook, given or {}, given_by, seed)
    told: dict[Asked, list[tuple[str, str]]] = defaultdict(list)
    for key, one in judged.items():
        if one.doubtful:
            words = f"the model says {one.suggested or 'none'} ({one.suggested_probability:.2f}, the code {one.probability:.2f})"
            told[key].append((MODEL, words))
    for key, words in _repeated(standing, repeats):
        told[key].append((REPEATED, words))
    for key, words in _contradicting(standing, codebook):
        told[key].append((CONTRADICTION, words))
    codes = [_code(key, standing[key], judged.get(key), some) for key, some in told.items()]
    codes.sort(key=lambda one: (CONTRADICTION not in one.reasons, one.margin, one.passage_id, one.dimension))
    return Doubts(codes, shares, len(judged), why_not)


def _code(key: Asked, code: Standing, judged: _Judged | None, told: Sequence[tuple[str, str]]) -> DoubtfulCode:
    return DoubtfulCode(
        *key, code.value, code.coders, code.settled_by, judged.suggested if judged else code.value,
        judged.probability if judged else None, judged.suggested_probability if judged else None, judged.margin if judged else 0.0,
        judged.judged_by if judged else "", tuple(reason for reason, _words in told), "; ".join(words for _reason, words in told),
    )  # fmt: skip


def _judged(
    standing: Mapping[Asked, Standing],
    passages: Mapping[str, PassageText],
    documents: Mapping[str, str],
    codebook: Codebook,
    given: Given,
    given_by: str,
    seed: int,
) -> tuple[dict[Asked, _Judged], dict[str, float], str]:
    names = sorted({passage for passage, _dimension in standing} & passages.keys())
    groups = [documents.get(name, name) for name in names]
    learnable = len(names) >= ENOUGH_PASSAGES and len(set(groups)) >= ENOUGH_DOCUMENTS
    why_not = "" if learnable else (
        f"{len(names)} coded passages in {len(set(groups))} documents: heads need {ENOUGH_PASSAGES} in {ENOUGH_DOCUMENTS} to learn from"
    )  # fmt: skip
    features = ngram_features([passages[name] for name in names], seed) if learnable else np.zeros((len(names), 1))
    folds = group_folds(groups, seed, min(FOLDS, len(set(groups)))) if learnable else []
    found: dict[Asked, _Judged] = {}
    shares: dict[str, float] = {}
    for dimension in codebook.dimensions:
        if dimension.derived_from:
            continue
        questions = [(dimension, None)] if dimension.kind != "multi" else [(dimension, one) for one in dimension.category_ids]
        for _dimension, category in questions:
            categories = dimension.category_ids if category is None else ("no", "yes")
            values = [_value(standing.get((name, dimension.id)), categories, category) for name in names]
            codes = np.array([categories.index(one) if one in categories else NOT_CODED for one in values], dtype=np.int64)
            if not (codes != NOT_CODED).any():
                continue
            chances = held_out_probabilities(features, codes, len(categories), folds)
            ready = np.array([dimension.id in given.get(name, {}) for name in names], dtype=bool)
            for place in np.flatnonzero(ready):
                chances[place] = _given_row(given[names[place]][dimension.id], categories, category)
            asked = (codes != NOT_CODED) & ~np.isnan(chances).any(axis=1)
            # Thresholds are those of one model's probabilities: the two kinds are not mixed.
            for kind, who in ((asked & ready, given_by), (asked & ~ready, "n-gram heads")):
                rows = np.flatnonzero(kind)
                if len(rows) < 2 or len(np.unique(codes[rows])) < 2:
                    continue
                result = confident_learning(chances[rows], codes[rows])
                label = dimension.id if category is None else f"{dimension.id}={category}"
                shares[label] = max(shares.get(label, 0.0), result.mistaken_share)
                for row, suggested, margin, doubtful in zip(
                    rows,
                    result.suggested,
                    result.margin if category is None else result.adjusted_margin,
                    result.doubtful & (result.margin < 0),
                    strict=True,
                ):
                    key = (names[row], dimension.id)
                    if key in found and (not found[key].doubtful, found[key].margin) <= (not doubtful, margin):
                        continue
                    own = standing[key].value
                    other = categories[suggested] if category is None else _with(own, category, categories[suggested] == "yes")
                    found[key] = _Judged(
                        other,
                        float(chances[row, codes[row]]),
                        float(chances[row, suggested]),
                        float(margin),
                        who,
                        bool(doubtful),
                    )
    return found, shares, why_not


def _value(code: Standing | None, categories: Sequence[str], category: str | None) -> str:
    if code is None:
        return ""
    if category is None:
        return code.value
    return "yes" if category in code.value.split(";") else "no"


def _with(value: str, category: str, wanted: bool) -> str:
    kept = {one for one in value.split(";") if one and one != category}
    return ";".join(sorted(kept | {category} if wanted else kept))


def _given_row(told: Mapping[str, float], categories: Sequence[str], category: str | None) -> Floats:
    if category is not None:
        chance = told.get(category, 0.0)
        return np.array([1 - chance, chance])
    return np.array([told.get(one, 0.0) for one in categories])


def _repeated(standing: Mapping[Asked, Standing], repeats: Sequence[Sequence[str]]) -> list[tuple[Asked, str]]:
    by_passage: dict[str, set[str]] = defaultdict(set)
    for passage, dimension in standing:
        by_passage[passage].add(dimension)
    found = []
    for group in repeats:
        for dimension in sorted(set().union(*(by_passage.get(one, set()) for one in group))):
            told = {one: standing[one, dimension].value for one in sorted(set(group)) if (one, dimension) in standing}
            if len(set(told.values())) < 2:
                continue
            for passage, value in told.items():
                others = ", ".join(f"{v or 'none'} in {p}" for p, v in told.items() if v != value)
                found.append(((passage, dimension), f"the same text is coded {others}"))
    return found


def _contradicting(standing: Mapping[Asked, Standing], codebook: Codebook) -> list[tuple[Asked, str]]:
    labels: dict[str, dict[str, str | tuple[str, ...] | None]] = defaultdict(dict)
    for (passage, dimension), code in standing.items():
        labels[passage][dimension] = code.value
    rules = {rule.id: rule for rule in codebook.constraints}
    found = []
    for passage, own in labels.items():
        if "stage" in own:
            own.setdefault("stage_secondary", None)
        for name in violations(own, codebook.constraint_ids):
            dimension = _most_open(name, passage, standing, codebook)
            found.append(((passage, dimension), f"the codes of the passage break {name}: {rules[name].rule}"))
    return found


def _most_open(constraint: str, passage: str, standing: Mapping[Asked, Standing], codebook: Codebook) -> str:
    """Return the dimension under which a contradiction is listed: the last one coded of those that the rule needs."""
    from models.constraints import CONSTRAINTS

    rule = CONSTRAINTS[constraint]
    order: list[Dimension] = [one for one in codebook.dimensions if (passage, one.id) in standing]
    named = [one.id for one in order if one.id in (*rule.needs, *rule.may_use)]
    return named[-1] if named else next(dimension for where, dimension in standing if where == passage)
