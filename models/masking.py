"""Does a label hang on a name? Passages with countries, people and dates made unknown, and the share of labels that change.

Countries are those of `configs/countries.yaml`, by all their names; what is derived from a name (Libyan, Iraqi) stands in
`configs/demonyms.yaml`; both are found in capitals too. People are found by their title. The passages are changed for this check only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from typing import Any

from entente.yaml_files import read_yaml_mapping
from models.annotations import AnnotatedPassage
from models.classifier import Classifier
from models.codebook import Codebook
from models.types import PassageText, Prediction

_MONTHS = ("January", "February", "April", "June", "July", "September", "October", "November", "December")
_WORDS_TOO = ("March", "May", "August")
"""Months that are other words too: without a day or a year they are dates only after a word that leads up to one."""
_LEAD = r"(?:in|of|since|until|till|by|from|to|and|during|between|before|after|through|early|late|last|next|this|mid)"
_YEAR = r"(?:19|20)\d\d"


def _either_case(words: Sequence[str]) -> str:
    """Return alternatives of words as they are and in capitals, longest first; either apostrophe will do."""
    both = sorted({form for word in words for form in (word, word.upper())}, key=lambda form: (-len(form), form))
    return "|".join(re.sub("['’]", "['’]", re.escape(form)) for form in both)


_ALL, _CLEAR, _UNCLEAR = (f"(?:{_either_case(months)})" for months in (_MONTHS + _WORDS_TOO, _MONTHS, _WORDS_TOO))
_DATE = re.compile(
    rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+{_ALL}(?:,?\s+{_YEAR})?\b"
    rf"|\b{_ALL}\s+(?:\d{{1,2}}\b(?:,?\s+{_YEAR}\b)?|(?:of\s+)?{_YEAR}\b)"
    rf"|\b{_CLEAR}\b|\b(?P<lead>(?i:{_LEAD})[\s-]+){_UNCLEAR}\b(?!,?\s+(?:of\s+)?\d)|\b{_YEAR}\b"
)
_NO_PERSON = (
    "Administration|Administrator|Agreement|Assembly|Authority|Board|Code|Command|Commander|Comment|Comments|Commission|Committee|"
    "Confederation|Conference|Congress|Consulate|Council|Court|Customs|Debate|Department|Directorate|Division|Election|Elections|Federation|"
    "Framework|Guidelines|Headquarters|Hospital|Inspection|Inspectorate|Intelligence|Issues|Labour|Law|Manager|Meeting|National|Observation|"
    "Observations|Office|Organization|Part|Peace|People|Principles|Programme|Prosecutor|Provisions|Public|Recommendation|"
    "Recommendations|Regulations|Report|Reserve|Secretariat|Secretary|Security|Service|Session|Staff|Strike|Survey|Treaty|Union|Workers"
)
"""What follows "General" in names of bodies and texts."""
_TITLE = (
    r"(?:Mr\.?|Ms\.?|Mrs\.?|Dr\.?|President|Prime Minister|Minister|"
    rf"General(?!\s+(?:{_NO_PERSON})\b)|Colonel|Ambassador|Sheikh|Judge|Professor)"
)
_NAME = r"[A-Z][\w’'-]+"
_PERSON = re.compile(rf"\b({_TITLE})\s+{_NAME}(?:\s+(?:al-|el-|bin |de |van )?{_NAME}){{0,3}}")


def country_pattern() -> re.Pattern[str]:
    """Return a pattern for the names of countries and the words made of them, longest names first."""
    known = _configured("countries.yaml")["countries"]
    demonyms = [str(word) for word in _configured("demonyms.yaml")["demonyms"]]
    names = [str(name) for own in known.values() for name in own if len(str(name)) > 3]
    return re.compile(rf"(?<!\w)(?:{_either_case([*names, *demonyms, *(f'{word}s' for word in demonyms)])})(?!\w)")


def _configured(name: str) -> dict[str, Any]:
    with resources.as_file(resources.files("configs") / name) as path:
        return read_yaml_mapping(path)


def masked(text: str, countries: re.Pattern[str]) -> str:
    """Return a text in which countries, people with a title and dates are unknown."""
    without_people = _PERSON.sub(r"\1 N.", countries.sub("Examplia", text))
    return _DATE.sub(lambda found: f"{found['lead'] or ''}that time", without_people)


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
