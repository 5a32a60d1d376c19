"""Splits and names: nothing about a country is on both sides of a split, and no name becomes a feature."""

from __future__ import annotations

import zlib
from collections import defaultdict
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.annotations import AnnotatedPassage
from models.names import nameless_ngrams
from models.splits import FOLDS, shared_with_training, split_folds, split_groups
from models.types import PassageText, text_mark


def _passage(
    number: int, document: str, country: str = "", origin: str = "real", text: str = "", **facets: str
) -> AnnotatedPassage:
    said = facets | ({"country": country} if country else {})
    return AnnotatedPassage(PassageText(f"p{number}", "", text or f"Text {number}."), document, {}, origin, None, said)


def test_documents_about_one_country_are_one_group_however_it_is_named() -> None:
    passages = [_passage(0, "a", "Libya"), _passage(1, "b", "LBY"), _passage(2, "c", "Somalia"), _passage(3, "b", "multiple")]
    first, second, other, same_document = split_groups(passages)
    assert first == second == same_document
    assert other != first


def test_values_that_name_no_single_country_join_nothing() -> None:
    one, other = split_groups([_passage(0, "a", "multiple"), _passage(1, "b", "multiple")])
    assert one != other


def test_a_document_about_two_countries_joins_both() -> None:
    passages = [_passage(0, "a", "Libya"), _passage(1, "b", "Libya"), _passage(2, "b", "Somalia"), _passage(3, "c", "Somalia")]
    assert len(set(split_groups(passages))) == 1


def test_passages_that_repeat_one_another_are_never_on_two_sides_of_a_fold() -> None:
    same = [_passage(0, "a", text="The mine  is closed."), _passage(1, "b", text="the mine is closed.")]
    near = [_passage(2, "c"), _passage(3, "d", repeats="p2"), _passage(4, "e", repeats="p2")]
    others = [_passage(number, f"other {number}") for number in range(5, 30)]
    groups = split_groups([*same, *near, *others])
    assert groups[0] == groups[1] != groups[2]
    assert groups[2] == groups[3] == groups[4]
    assert len(set(groups)) == 2 + len(others)
    for seed in range(5):
        for _train, test in split_folds([*same, *near, *others], seed):
            assert len({0, 1} & set(test)) in (0, 2)
            assert len({2, 3, 4} & set(test)) in (0, 3)


_ROWS = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from(["", "Libya", "LBY", "Somalia", "Nepal", "multiple"]),
        st.sampled_from(["real", "invented"]),
    ),
    min_size=FOLDS,
    max_size=60,
)


@given(_ROWS, st.integers(0, 5))
def test_folds_hold_each_passage_out_once_and_each_group_on_one_side(rows: list[tuple[int, str, str]], seed: int) -> None:
    passages = [_passage(i, f"{origin} {doc}", country, origin) for i, (doc, country, origin) in enumerate(rows)]
    folds = split_folds(passages, seed)
    assert sorted(np.concatenate([test for _, test in folds]).tolist()) == list(range(len(passages)))
    groups = split_groups(passages)
    for train, test in folds:
        assert sorted([*train.tolist(), *test.tolist()]) == list(range(len(passages)))
        assert not {groups[i] for i in train} & {groups[i] for i in test}


def test_real_passages_are_spread_over_the_folds_beside_many_invented_ones() -> None:
    passages = [_passage(i, f"r{i % 30}") for i in range(120)]
    passages += [_passage(200 + i, f"i{i % 7}", origin="invented") for i in range(300)]
    counts: dict[int, int] = defaultdict(int)
    for number, (_, test) in enumerate(split_folds(passages, 0)):
        counts[number] = sum(passages[i].origin == "real" for i in test)
    assert max(counts.values()) - min(counts.values()) <= 4


def test_ngrams_of_names_are_left_out_and_formulas_stay() -> None:
    text = "In March 2024 UNSMIL welcomed the cooperation of Libya. The Committee deeply regrets the delay."
    (kept,) = nameless_ngrams([_passage(0, "a", text=text)])
    for word in ("libya", "of libya", "unsmil", "unsmil welcomed", "march", "in march"):
        assert zlib.crc32(word.encode()) not in kept, word
    for word in ("cooperation", "the committee", "deeply regrets", "welcomed the"):
        assert zlib.crc32(word.encode()) in kept, word


def test_a_heading_in_capitals_is_no_abbreviation() -> None:
    one = AnnotatedPassage(PassageText("p", "HUMAN RIGHTS", "Text."), "a", {}, "real")
    assert zlib.crc32(b"human rights") in nameless_ngrams([one])[0]


def test_a_passage_made_after_one_without_codes_stays_with_the_coded_ones_of_its_document() -> None:
    real = [_passage(i, f"r{i}", text=f"The visit to place {'abcd'[i]} was refused.") for i in range(4)]
    made = [
        replace(
            _passage(100 + i, f"m{i}", origin="invented", text=f"Invented {i}."),
            like=text_mark(f"Without codes {i}."),
            near=text_mark(one.passage.text),
        )
        for i, one in enumerate(real)
    ]
    groups = split_groups([*real, *made])
    assert groups[:4] == groups[4:]
    assert len(set(groups)) == 4


def test_a_passage_made_after_a_real_one_stays_with_it_whatever_the_real_one_is_called() -> None:
    real = [_passage(i, f"r{i}", text=f"The visit to place {'abcdefgh'[i]} was refused.") for i in range(8)]
    made = [
        replace(_passage(100 + i, f"m{i}", origin="invented", text=f"Invented {i}."), like=text_mark(one.passage.text.upper()))
        for i, one in enumerate(real)
    ]
    groups = split_groups([*real, *made])
    assert groups[:8] == groups[8:]
    assert len(set(groups)) == 8
    for train, test in split_folds([*real, *made], 0):
        assert not {groups[i] for i in train} & {groups[i] for i in test}


def test_what_is_kept_apart_is_counted_where_training_has_its_document_or_country() -> None:
    training = [_passage(0, "a", "Libya"), _passage(1, "b", "multiple"), _passage(2, "i", "Chad", origin="invented")]
    apart = [_passage(3, "c", "LBY"), _passage(4, "a", "Chad"), _passage(5, "d", "multiple"), _passage(6, "e")]
    assert shared_with_training(apart, training) == {"documents": 1, "countries": 1}
