"""A model says what it has learned from, so that it is not judged by what it knows."""

from __future__ import annotations

from dataclasses import replace

from models.annotations import AnnotatedPassage
from models.model_file import ModelFacts, read_facts
from models.registry import SHIPPED, find_model
from models.seen import is_unseen, seen_by, text_mark
from models.training_data import passages_sha256
from models.types import PassageText

KNOWN = AnnotatedPassage(PassageText("a", "", "The mine is closed."), "d", {}, "real")
OTHER = AnnotatedPassage(PassageText("b", "", "The harbour is open."), "d", {}, "real")


def facts(learned: list[str]) -> ModelFacts:
    return read_facts(find_model("default", [SHIPPED])).model_copy(update={"learned": learned})


def test_a_text_is_known_again_whatever_its_case_and_spacing() -> None:
    made = facts([text_mark(KNOWN.passage.text)])
    again = replace(KNOWN, passage=PassageText("c", "", "the  MINE is closed."))
    assert seen_by(made, [again, OTHER]) == 1
    assert not is_unseen([again, OTHER], made)
    assert is_unseen([OTHER], made)


def test_a_model_that_does_not_tell_is_trusted_only_on_the_passages_of_its_own_figures() -> None:
    made = facts([])
    assert seen_by(made, [OTHER]) is None
    assert not is_unseen([OTHER], made)
    measured = made.model_copy(update={"metrics": {"dev": {"passages_sha256": passages_sha256([OTHER])}}})
    assert is_unseen([OTHER], measured)


def test_the_shipped_model_tells_how_many_texts_it_has_learned_from() -> None:
    made = read_facts(find_model("default", [SHIPPED]))
    assert 1000 < len(made.learned) <= sum(one.passages for one in made.data if one.name == "real")
