"""Offsets, targets and the abstain rule: what is chosen on held-out passages does what it promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.abstaining import CONFIDENCE, NEVER, PROMISED_ERROR, _threshold, upper_error
from models.annotations import INVENTED_FILES, AnnotatedPassage, read_invented
from models.codebook import Codebook, load_codebook
from models.heads import head_rows, probabilities
from models.offsets import _log_rarity, choose_offsets
from models.scoring import LabelRules, Scorer
from models.targets import targets

CODEBOOK: Codebook = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")
THRESHOLDS = {one.id: dict.fromkeys(one.category_ids, 0.5) for one in CODEBOOK.trained_dimensions if one.kind == "multi"}


@pytest.fixture(scope="module")
def passages() -> list[AnnotatedPassage]:
    return read_invented(CODEBOOK, INVENTED_FILES[:1])


def _logits(passages: list[AnnotatedPassage], strength: float, lean: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Outputs that know the codes a little and lean to the first category of every dimension."""
    rng = np.random.default_rng(0)
    rows = head_rows(CODEBOOK)
    found = rng.normal(size=(len(passages), max(part.stop for part in rows.values())))
    for dimension in CODEBOOK.trained_dimensions:
        part = rows[dimension.id]
        for i, one in enumerate(passages):
            label = one.labels[dimension.id]
            for name in label if isinstance(label, tuple) else (label,):
                if name in dimension.applicable_ids:
                    found[i, part.start + dimension.applicable_ids.index(name)] += strength
        if dimension.kind != "multi":
            found[:, part.start] += lean
    return found


def _accuracy(
    passages: list[AnnotatedPassage], rules: LabelRules, logits: np.ndarray[tuple[int, int], np.dtype[np.float64]]
) -> float:
    found = Scorer(CODEBOOK, rules, "m").score([one.passage.passage_id for one in passages], logits)
    return float(np.mean([p.dimensions["stage"].label == a.labels["stage"] for p, a in zip(found, passages, strict=True)]))


def test_offsets_find_rare_categories_that_the_outputs_lean_away_from(passages: list[AnnotatedPassage]) -> None:
    logits = _logits(passages, 2.0, 2.0)
    offsets, strengths = choose_offsets(
        CODEBOOK, passages, probabilities(logits, CODEBOOK), [one.document for one in passages], 0
    )
    assert any(value > 0 for value in strengths.values())
    assert _accuracy(passages, LabelRules(THRESHOLDS, offsets), logits) > _accuracy(passages, LabelRules(THRESHOLDS), logits)


def test_a_category_too_rare_to_be_judged_gets_the_offset_of_one_of_ten() -> None:
    codes = np.array([0] * 100 + [1] * 10 + [2] * 3)
    assert _log_rarity(codes, 4) == pytest.approx([0.0, np.log(10), np.log(10), np.log(10)])


def test_near_ties_are_those_that_a_small_change_could_turn(passages: list[AnnotatedPassage]) -> None:
    logits = _logits(passages, 2.0, 0.0)
    scorer = Scorer(CODEBOOK, LabelRules(THRESHOLDS), "m")
    near = scorer.near_ties(logits)
    assert 0 < near.sum() < len(near)
    ids = [one.passage.passage_id for one in passages]
    moved = logits + np.random.default_rng(1).uniform(-0.01, 0.01, logits.shape)
    pairs = zip(scorer.score(ids, logits), scorer.score(ids, moved), near, strict=True)
    for one, other, close in pairs:
        if not close:
            assert {k: v.label for k, v in one.dimensions.items()} == {k: v.label for k, v in other.dimensions.items()}


def test_targets_are_distributions_and_count_where_a_dimension_applies(passages: list[AnnotatedPassage]) -> None:
    for one in targets(CODEBOOK, passages):
        if one.kind != "multi":
            assert one.wanted.sum(axis=1) == pytest.approx(np.ones(len(passages)))
        assert (one.weights > 0).all()
    by_name = {one.dimension: one for one in targets(CODEBOOK, passages)}
    none = np.array([one.labels["stage"] == "none" for one in passages])
    assert (by_name["realization"].counts == ~none).all()
    levels = by_name["contestation_intensity"].wanted
    third = [i for i, one in enumerate(passages) if one.labels["contestation_intensity"] == "3"]
    assert (levels[third, 3] > levels[third, 2]).all()
    assert (levels[third, 2] > levels[third, 1]).all()
    assert (levels[third, 0] == 0).all(), "none at all is no neighbour of a level"


def test_a_promise_is_kept_where_it_can_be_and_not_made_where_it_cannot() -> None:
    rng = np.random.default_rng(0)
    documents = np.repeat(np.arange(100), 10)
    weights = rng.multinomial(100, np.full(100, 0.01), size=200).astype(np.float64)
    confidence = rng.uniform(0.3, 1.0, 1000)
    wrong = rng.uniform(size=1000) > confidence
    types = np.arange(1000) % 3
    threshold = _threshold(confidence, wrong, documents, weights, types, 0.9)
    assert 0.5 < threshold < 0.95
    fresh = rng.uniform(threshold, 1.0, 5000)
    assert (rng.uniform(size=5000) > fresh).mean() <= PROMISED_ERROR
    assert _threshold(confidence, rng.uniform(size=1000) < 0.5, documents, weights, types, 0.9) == NEVER


def test_errors_that_come_together_give_a_higher_bound() -> None:
    documents = np.repeat(np.arange(20), 10)
    weights = np.random.default_rng(0).multinomial(20, np.full(20, 0.05), size=500).astype(np.float64)
    together = documents < 4
    spread = np.arange(200) % 5 == 0
    assert upper_error(together, documents, weights, 0.9) > upper_error(spread, documents, weights, 0.9)
    assert upper_error(together, documents, weights, 0.99) > upper_error(together, documents, weights, 0.9)


def test_the_promise_for_all_dimensions_is_broken_by_any_of_them_no_oftener_than_said() -> None:
    """Nine dimensions err in exactly 15 of 100 labels: a bound lies below that for any of them in one trial of ten at most."""
    rng = np.random.default_rng(1)
    documents, dimensions, trials = np.repeat(np.arange(60), 5), 9, 200
    weights = rng.multinomial(60, np.full(60, 1 / 60), size=400).astype(np.float64)
    broken = 0
    for _ in range(trials):
        shared = rng.beta(3.0, 17.0, (dimensions, 60))[:, documents]
        wrong = rng.random(shared.shape) < shared
        broken += any(upper_error(one, documents, weights, 1 - (1 - CONFIDENCE) / dimensions) < PROMISED_ERROR for one in wrong)
    assert broken / trials <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / trials)


def test_no_promise_is_made_that_one_type_of_document_breaks() -> None:
    documents = np.repeat(np.arange(100), 10)
    weights = np.random.default_rng(0).multinomial(100, np.full(100, 0.01), size=200).astype(np.float64)
    confidence = np.full(1000, 0.9)
    types = (documents >= 95).astype(np.intp)
    wrong = (types == 1) & (np.arange(1000) % 3 == 0)
    assert _threshold(confidence, wrong, documents, weights, np.zeros_like(types), 0.9) < 1
    assert _threshold(confidence, wrong, documents, weights, types, 0.9) == NEVER
    few = (documents >= 98).astype(np.intp)
    assert _threshold(confidence, wrong & (few == 1), documents, weights, few, 0.9) < 1, "a type of 20 passages cannot be judged"
