"""Which n-grams of a passage would still be there if it named nobody: only those may become part of a model's vocabulary.

Country, year and mission are never model input. A word that occurs only in names of countries, people and missions teaches a model what is
said of a country, not how it is said. The encoder reads the text as it is; how far its labels hang on names is measured (`models.masking`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from models.annotations import AnnotatedPassage
from models.features import ngram_counts, readable
from models.masking import country_pattern, masked_passage
from models.types import PassageText

_ABBREVIATION = re.compile(r"\b[A-Z][A-Za-z]*[A-Z][A-Za-z-]*\b")
"""Missions, agencies, parties and armed groups go by abbreviations: words with two capitals or more."""


def nameless_ngrams(passages: Sequence[AnnotatedPassage]) -> list[frozenset[int]]:
    """Return for each passage the hashes of those of its n-grams that are in no name."""
    countries = country_pattern()
    found = []
    for one in passages:
        passage = masked_passage(one.passage, countries)
        bare = replace(passage, heading=_without_abbreviations(passage.heading), text=_without_abbreviations(passage.text))
        found.append(frozenset(_ngrams(bare) & _ngrams(one.passage)))
    return found


def _ngrams(passage: PassageText) -> set[int]:
    return set(ngram_counts(readable(passage.heading), readable(passage.text)))


def _without_abbreviations(text: str) -> str:
    """Return the text with abbreviations made unknown; words of a text all in capitals are no abbreviations."""
    return text if text.isupper() else _ABBREVIATION.sub("xxx", text)
