"""Doubtful codes: planted mistakes come to the head of the list, repetitions and contradictions are named, coders held against decisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from benchmarks.doubtful_codes import planted
from models.annotations import read_invented
from models.codebook import Codebook, load_codebook
from models.reliability.coder_errors import coder_errors
from models.reliability.confident import confident_learning
from models.reliability.doubtful import CONTRADICTION, MODEL, REPEATED, doubtful_codes
from models.reliability.standing_values import Standing, standing_values, values_of_coder
from models.types import CodeRow, PassageText


@pytest.fixture(scope="module")
def codebook() -> Codebook:
    return load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")


def row(passage: str, coder: str, dimension: str, value: str, day: int = 1, status: str = "coded") -> CodeRow:
    return CodeRow(passage, coder, dimension, value, "1.1.0", datetime(2026, 1, day), status)  # noqa: DTZ001  # UTC without zone


def test_confident_learning_finds_the_noise_that_was_put_in() -> None:
    rng = np.random.default_rng(1)
    true = rng.choice(3, 6000, p=[0.6, 0.3, 0.1])
    flip = (true == 0) & (rng.random(len(true)) < 0.1)
    codes = np.where(flip, 1, true)
    # Probabilities of the codes by the true category, as a perfect model of noisy codes has them (section 4 of the paper).
    ideal = np.array([[0.9, 0.1, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])[true]
    found = confident_learning(ideal, codes)
    assert found.joint.sum() == pytest.approx(1)
    assert found.joint[1, 0] == pytest.approx(flip.mean())
    assert found.mistaken_share == pytest.approx(flip.mean())
    assert (found.doubtful == flip).all()
    blurred = np.array([rng.dirichlet(8 * one + 0.4) for one in ideal])
    found = confident_learning(blurred, codes)
    assert flip[np.argsort(found.margin)[: flip.sum()]].mean() > 0.9


def test_a_rare_category_does_not_fill_the_head_of_the_list() -> None:
    rng = np.random.default_rng(2)
    yes = (np.arange(2000) % 50 == 0).astype(np.int64)
    # A model that knows a rare category, and yet never gives it more than a third.
    chance = np.where(yes == 1, 0.3, 0.01) + rng.normal(0, 0.003, len(yes))
    wrong = np.zeros(len(yes), dtype=bool)
    wrong[1:40:4] = True
    codes = np.where(wrong, 1, yes)
    found = confident_learning(np.stack([1 - chance, chance], axis=1), codes)
    assert wrong[np.argsort(found.adjusted_margin)[:10]].all()


def test_planted_mistakes_come_first(codebook: Codebook) -> None:
    coded = read_invented(codebook)[:1600]
    standing = {
        (one.passage.passage_id, name): Standing(str(value), ("a",), "single")
        for one in coded
        for name, value in one.labels.items()
        if name in ("stage", "voice")
    }
    changed, where = planted(standing, codebook, 0.05, 3)
    found = doubtful_codes(
        changed, {one.passage.passage_id: one.passage for one in coded}, {one.passage.passage_id: one.document for one in coded}, [],
        codebook,
    )  # fmt: skip
    listed = [(one.passage_id, one.dimension) for one in found.codes if MODEL in one.reasons]
    assert found.asked == len(changed)
    assert sum(one in where for one in listed[:30]) >= 15  # by chance 1 or 2
    assert sum(one in where for one in listed) / len(where) > 0.45
    first = found.codes[0]
    assert first.value == changed[first.passage_id, first.dimension].value
    assert first.suggested in codebook.by_id[first.dimension].category_ids
    assert 0 < found.mistaken_shares["stage"] < 0.5


def test_probabilities_of_a_model_that_has_not_seen_the_passages_go_before_heads(codebook: Codebook) -> None:
    categories = codebook.by_id["voice"].category_ids
    names = [f"p{n}" for n in range(40)]
    standing = {(name, "voice"): Standing(categories[n % 2], ("a",), "single") for n, name in enumerate(names)}
    standing["p0", "voice"] = Standing(categories[1], ("a",), "single")
    given = {
        name: {"voice": {one: 0.85 if one == categories[n % 2] else 0.05 for one in categories}} for n, name in enumerate(names)
    }
    texts = {name: PassageText(name, "", "some words") for name in names}
    found = doubtful_codes(standing, texts, {}, [], codebook, given=given, given_by="model-7")
    assert [(one.passage_id, one.judged_by, one.suggested) for one in found.codes] == [("p0", "model-7", categories[0])]
    assert "heads need" in found.not_asked
    assert not doubtful_codes(standing, texts, {}, [], codebook).codes


def test_repeated_passages_coded_differently_and_contradictions_are_listed(codebook: Codebook) -> None:
    standing = {
        ("p1", "stage"): Standing("initiation", ("a",), "single"),
        ("p2", "stage"): Standing("compliance", ("b",), "single"),
        ("p3", "stage"): Standing("none", ("a",), "single"),
        ("p3", "realization"): Standing("realized", ("b",), "single"),
    }
    found = doubtful_codes(standing, {}, {}, [("p1", "p2"), ("p2", "p3x")], codebook).codes
    assert [(one.passage_id, one.dimension, one.reasons) for one in found] == [
        ("p3", "realization", (CONTRADICTION,)),
        ("p1", "stage", (REPEATED,)),
        ("p2", "stage", (REPEATED,)),
    ]
    assert "compliance in p2" in found[1].why


def test_what_stands_is_decided_or_agreed_and_the_last_word_of_each(codebook: Codebook) -> None:
    rows = [
        row("p1", "a", "stage", "none"), row("p1", "a", "stage", "initiation", 2), row("p1", "b", "stage", "initiation"),
        row("p2", "a", "stage", "none"), row("p2", "b", "stage", "initiation"),
        row("p3", "a", "stage", "none"), row("p3", "b", "stage", "initiation"), row("p3", "c", "stage", "none", 3, "adjudicated"),
    ]  # fmt: skip
    standing = standing_values(rows)
    assert {key[0]: (one.value, one.settled_by) for key, one in standing.items()} == {
        "p1": ("initiation", "agreed"),
        "p3": ("none", "adjudicated"),
    }
    assert {key[0]: one.value for key, one in values_of_coder(rows, "b").items()} == dict.fromkeys(
        ("p1", "p2", "p3"), "initiation"
    )


def test_coders_are_held_against_decisions_and_against_two_who_agree(codebook: Codebook) -> None:
    rows = [row(f"p{n}", coder, "stage", "compliance") for n in range(10) for coder in "abc"]
    rows = [replace(one, value="none") if one.coder == "c" and one.passage_id in ("p1", "p2") else one for one in rows]
    rows.append(row("p3", "judge", "stage", "initiation", 5, "adjudicated"))
    found = {one.coder: one for one in coder_errors(rows, codebook)}
    assert (found["c"].compared, found["c"].differing) == (10, 3)
    assert found["c"].confusions == (("none", "compliance", 2), ("compliance", "initiation", 1))
    # With two against two nobody is said to err: p1 and p2 are not compared for a and b.
    assert (found["a"].compared, found["a"].differing) == (8, 1)
    assert found["c"].low < 0.3 < found["c"].high
    assert coder_errors([one for one in rows if one.coder in "ab" and one.status == "coded"], codebook) == []
