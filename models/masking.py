"""Does a label hang on a name? Passages with countries, people and dates made unknown, and the share of labels that change.

Countries are those of `configs/countries.yaml`, by all their names; what is derived from a name (Libyan, Somali) is found by its stem.
People are found by their title. The passages are changed for this check only; the model never learns from them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources

from entente.yaml_files import read_yaml_mapping
from models.annotations import AnnotatedPassage
from models.classifier import Classifier
from models.codebook import Codebook
from models.types import PassageText, Prediction

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = re.compile(rf"\b(?:\d{{1,2}}\s+)?(?:{_MONTHS})(?:\s+\d{{1,2}},)?(?:\s+(?:19|20)\d\d)?\b|\b(?:19|20)\d\d\b")
_TITLE = r"(?:Mr\.?|Ms\.?|Mrs\.?|Dr\.?|President|Prime Minister|Minister|General|Colonel|Ambassador|Sheikh|Judge|Professor)"
_NAME = r"[A-Z][\w’'-]+"
_PERSON = re.compile(rf"\b({_TITLE})\s+{_NAME}(?:\s+(?:al-|el-|bin |de |van )?{_NAME}){{0,3}}")
_STEM_LETTERS = 5
_ENDING = r"(?:n|an|ian|i|ese|ish|ic|is|ans|ians|ns)?"


def country_pattern() -> re.Pattern[str]:
    """Return a pattern for the names of countries and the words made of them, longest names first."""
    with resources.as_file(resources.files("configs") / "countries.yaml") as path:
        known = read_yaml_mapping(path)["countries"]
    names = sorted(
        {str(name) for own in known.values() for name in own if len(str(name)) > 3}, key=lambda name: (-len(name), name)
    )
    stems = {re.escape(name.rstrip("aeiou")) for name in names if name.isalpha() and len(name) >= _STEM_LETTERS}
    words = sorted(stems, key=lambda stem: (-len(stem), stem))
    return re.compile(rf"\b(?:(?:{'|'.join(map(re.escape, names))})|(?:{'|'.join(words)})[aeiou]?{_ENDING})\b")


def masked(text: str, countries: re.Pattern[str]) -> str:
    """Return a text in which countries, people with a title and dates are unknown."""
    return _DATE.sub("that time", _PERSON.sub(r"\1 N.", countries.sub("Examplia", text)))


def masked_passage(passage: PassageText, countries: re.Pattern[str]) -> PassageText:
    """Return a passage with heading and text masked."""
    return replace(passage, heading=masked(passage.heading, countries), text=masked(passage.text, countries))


def changed_labels(classifier: Classifier, annotated: Sequence[AnnotatedPassage]) -> dict[str, float]:
    """Return for each trained dimension the share of passages whose label changes when names and dates are masked."""
    countries = country_pattern()
    before = list(classifier.classify(one.passage for one in annotated))
    after = list(classifier.classify(masked_passage(one.passage, countries) for one in annotated))
    return share_changed(before, after, classifier.codebook)


def share_changed(before: Sequence[Prediction], after: Sequence[Prediction], codebook: Codebook) -> dict[str, float]:
    """Return for each trained dimension the share of predictions with another label."""
    return {
        dimension.id: sum(
            one.dimensions[dimension.id].label != other.dimensions[dimension.id].label
            for one, other in zip(before, after, strict=True)
        )
        / max(len(before), 1)
        for dimension in codebook.trained_dimensions
    }
