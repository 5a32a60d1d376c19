"""Sampling designs keep what they promise: probabilities, sizes, and draws that anyone can repeat."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.sample_frequencies import deviation, plans
from entente.errors import BadInput
from models.sampling.allocation import Allocation, allocate, mixed_size, proportional_probabilities
from models.sampling.designs import Design, Units, plan_of
from models.sampling.plans import GroupPlan, Mask, Plan, SystematicPlan, TwoStagePlan

PLANS = dict(plans())
# Systematic draws use one random number for the whole sample: units move together, so the mean of z squared may stray far below 1.
EVEN_STEPS = {"enriched, fixed size", "active"}


@pytest.mark.parametrize("name", PLANS)
def test_frequencies_of_repeated_draws_match_the_promised_probabilities(name: str) -> None:
    found = deviation(PLANS[name], 2000, seed=3)
    assert found.largest < 4.5
    assert found.mean_square < 1.5
    assert name in EVEN_STEPS or found.mean_square > 0.5
    if name not in EVEN_STEPS:
        assert found.largest_pair is not None
        assert found.largest_pair < 5.5


@pytest.mark.parametrize("name", PLANS)
def test_the_size_of_a_draw_is_the_sum_of_probabilities(name: str) -> None:
    plan = PLANS[name]
    sizes = [int(plan.draw(np.random.default_rng(seed)).sum()) for seed in range(20)]
    expected = float(plan.probability.sum())
    if name == "enriched, unit by unit":
        assert len(set(sizes)) > 1
    elif isinstance(plan, TwoStagePlan):
        assert abs(np.mean(sizes) - expected) < 5
    else:
        assert set(sizes) == {round(expected)}


def test_a_probability_that_is_wrong_would_be_seen() -> None:
    right = PLANS["simple"]

    class Wrong:
        probability = right.probability * 0.9

        def draw(self, random: np.random.Generator) -> Mask:
            return right.draw(random)

        def joint(self, one: int, other: int) -> float | None:
            return None

    wrong: Plan = Wrong()
    assert deviation(wrong, 2000, seed=3).mean_square > 1.5


def test_the_same_seed_gives_the_same_sample() -> None:
    for plan in PLANS.values():
        one, again, other = (plan.draw(np.random.default_rng(seed)) for seed in (5, 5, 6))
        assert (one == again).all()
        assert (one != other).any()


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12), st.data())
def test_allocation_spends_the_whole_sample_within_the_strata(sizes: list[int], data: st.DataObject) -> None:
    least = data.draw(st.integers(0, 3))
    lowest = sum(min(size, least) for size in sizes)
    number = data.draw(st.integers(lowest, sum(sizes)))
    how = data.draw(st.sampled_from(get_args(Allocation)))
    spread = np.array(data.draw(st.lists(st.floats(0, 1), min_size=len(sizes), max_size=len(sizes))))
    take = allocate(np.array(sizes), number, how, spread=spread, least=least)
    assert take.sum() == number
    assert (take <= sizes).all()
    assert all(got >= min(size, least) for got, size in zip(take, sizes, strict=True))


def test_neyman_takes_more_where_more_is_unknown() -> None:
    take = allocate(np.array([100, 100]), 40, "neyman", spread=np.array([0.1, 0.3]))
    assert list(take) == [10, 30]


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=40), st.data())
def test_probabilities_in_proportion_to_size_sum_to_the_sample_and_stay_below_one(
    sizes: list[float], data: st.DataObject
) -> None:
    number = data.draw(st.integers(1, len(sizes)))
    probability = proportional_probabilities(np.array(sizes), number)
    assert probability.sum() == pytest.approx(number)
    assert (probability <= 1 + 1e-9).all()
    assert (probability > 0).all()


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=5, max_size=60), st.integers(1, 5), st.integers(0, 2**32))
def test_even_steps_take_exactly_the_sample(scores: list[float], number: int, seed: int) -> None:
    probability = proportional_probabilities(mixed_size(np.array(scores), 0.3), number)
    plan = SystematicPlan(probability, np.random.default_rng(seed).permutation(len(scores)))
    assert plan.draw(np.random.default_rng(seed)).sum() == number


def test_an_active_sample_prefers_what_the_model_is_unsure_of_and_spreads_it() -> None:
    score = np.r_[np.full(50, 0.9), np.full(150, 0.1)]
    units = Units([str(n) for n in range(200)], [f"d{n % 10}" for n in range(200)], ["a"] * 100 + ["b"] * 100, score)
    plan = plan_of(Design("active", 40, floor=0.2), units)
    drawn = plan.draw(np.random.default_rng(1))
    assert drawn[:50].sum() > 20
    assert plan.probability.min() > 0
    assert len({units.cluster[int(n)] for n in np.flatnonzero(drawn)}) == 10


@pytest.mark.parametrize(
    ("design", "said"),
    [
        (Design("simple", 11), "the frame holds 10"),
        (Design("simple", 0), "at least 1"),
        (Design("stratified", 2, least=0), "at least 1"),
        (Design("stratified", 2), "strata"),
        (Design("cluster", 9), "documents cannot be drawn"),
        (Design("enriched", 3), "needs scores"),
        (Design("stratified", 8, allocation="neyman"), "stage=compliance"),
    ],
)
def test_what_cannot_be_drawn_is_told(design: Design, said: str) -> None:
    units = Units([str(n) for n in range(10)], ["a", "b"] * 5, ["x", "y"] * 5)
    with pytest.raises(BadInput, match=said):
        plan_of(design, units)


def test_an_empty_frame_and_a_floor_of_nothing_are_refused() -> None:
    with pytest.raises(BadInput, match="empty"):
        plan_of(Design("simple", 3), Units([], []))
    with pytest.raises(BadInput, match="above 0"):
        mixed_size(np.array([0.5]), 0.0)


def test_everything_drawn_has_probability_one() -> None:
    plan = plan_of(Design("simple", 4), Units(list("abcd"), list("xxyy")))
    assert isinstance(plan, GroupPlan)
    assert plan.draw(np.random.default_rng(0)).all()
    assert (plan.probability == 1).all()
