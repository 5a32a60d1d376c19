"""A model says what it has learned from, so that it is not judged by what it knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from models.annotations import AnnotatedPassage, read_invented
from models.codebook import load_codebook
from models.model_file import ModelFacts, read_facts
from models.registry import SHIPPED, find_model
from models.seen import is_unseen, seen_by
from models.training_data import passages_sha256
from models.types import PassageText, text_mark

CODEBOOK = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")
KNOWN = AnnotatedPassage(PassageText("a", "", "The mine is closed."), "d", {}, "real")
OTHER = AnnotatedPassage(PassageText("b", "", "The harbour is open."), "d", {}, "real")


def facts(learned: list[str] | None) -> ModelFacts:
    return read_facts(find_model("default", [SHIPPED])).model_copy(update={"learned": learned})


def test_a_text_is_known_again_whatever_its_case_and_spacing() -> None:
    made = facts([text_mark(KNOWN.passage.text)])
    again = replace(KNOWN, passage=PassageText("c", "", "the  MINE is closed."))
    assert seen_by(made, [again, OTHER]) == 1
    assert not is_unseen([again, OTHER], made)
    assert is_unseen([OTHER], made)


def test_a_model_that_does_not_tell_is_trusted_only_on_the_passages_of_its_own_figures() -> None:
    made = facts(None)
    assert seen_by(made, [OTHER]) is None
    assert not is_unseen([OTHER], made)
    measured = made.model_copy(update={"metrics": {"dev": {"passages_sha256": passages_sha256([OTHER])}}})
    assert is_unseen([OTHER], measured)


def test_the_shipped_model_tells_that_it_has_learned_from_what_ships() -> None:
    made = read_facts(find_model("default", [SHIPPED]))
    assert made.learned is not None
    assert 5000 < len(made.learned) <= sum(one.passages for one in made.data)
    unknown = [one for one in read_invented(CODEBOOK) if text_mark(one.passage.text) not in made.learned]
    assert len(unknown) < 10
    assert len({one.like for one in unknown}) <= 1, "only what was made after a passage that dev repeats is left out"


def test_a_model_without_real_passages_on_an_encoder_that_does_not_tell_does_not_tell_either() -> None:
    assert seen_by(facts(None).model_copy(update={"data": []}), [OTHER]) is None
