"""Which passages must stay on one side of a split: those of one document, those about one country, and those that repeat one another.

A model is used on countries that it has never read about. Figures from other documents of the same country would be too good: so held-out
passages are of other countries. Where no single country is named, the document is the group.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from entente.yaml_files import read_yaml_mapping
from models.annotations import AnnotatedPassage
from models.types import plain_sha256, text_mark

FOLDS = 3
"""Of fine-tuning, where each costs minutes."""
NGRAM_FOLDS = 9
"""Of heads on n-grams, where each costs seconds."""
Fold = tuple[NDArray[np.intp], NDArray[np.intp]]


def split_groups(passages: Sequence[AnnotatedPassage]) -> list[str]:
    """Return for each passage the name of its group: documents are joined where passages of theirs are about the same country, have the
    same text but for case and spacing, or repeat the same passage (the facet `repeats`).

    A country is recognized by its code or any of its names in `configs/countries.yaml`; other values (several countries, regions) join nothing.
    An invented passage that was made after a real one, or near it in the same document, stays with it: it tells how that one is coded.
    """
    codes = _country_codes()
    document_of = {text_mark(one.passage.text): one.document for one in passages if one.origin == "real"}
    head: dict[str, str] = {}

    def find(name: str) -> str:
        while head.setdefault(name, name) != name:
            name = head[name]
        return name

    def join(one: str, other: str) -> None:
        # A document or a country names the group, as it comes first in the alphabet.
        first, second = sorted((find(one), find(other)))
        head[second] = first

    for one in passages:
        if one.origin != "real":
            for mark in (one.like, one.near):
                if mark in document_of:
                    join(f"document {one.document}", f"document {document_of[mark]}")
            continue
        document = f"document {one.document}"
        code = codes.get(one.facets.get("country", "").casefold())
        if code is not None:
            join(document, f"country {code}")
        join(document, f"passage {one.facets.get('repeats', one.passage.passage_id)}")
        join(document, f"text {plain_sha256(one.passage.text)}")
    return [find(f"document {one.document}") for one in passages]


def split_folds(passages: Sequence[AnnotatedPassage], seed: int, count: int = FOLDS) -> list[Fold]:
    """Return folds as (train, test) rows that keep every group on one side; real and other passages are dealt out one after the other."""
    groups = split_groups(passages)
    rng = np.random.default_rng(seed)
    fold_of: dict[str, int] = {}
    for origins in ({"real"}, {"invented", "codebook"}):
        own = [name for name, one in zip(groups, passages, strict=True) if one.origin in origins and name not in fold_of]
        fold_of.update(_dealt(own, rng, count))
    return _folds(groups, fold_of, count)


def group_folds(groups: Sequence[str], seed: int, count: int) -> list[Fold]:
    """Return folds as (train, test) rows that keep every group on one side."""
    return _folds(groups, _dealt(groups, np.random.default_rng(seed), count), count)


def countries_of(passages: Sequence[AnnotatedPassage]) -> list[str]:
    """Return the country of each passage: its code where the value is a known country by any name, else the value."""
    codes = _country_codes()
    return [codes.get(value.casefold(), value) for value in (one.facets.get("country", "") for one in passages)]


def shared_with_training(apart: Sequence[AnnotatedPassage], training: Sequence[AnnotatedPassage]) -> dict[str, int]:
    """Return how many passages kept apart are of a document, and how many about a single country, that real training passages have too."""
    codes = _country_codes()

    def country(one: AnnotatedPassage) -> str | None:
        return codes.get(one.facets.get("country", "").casefold())

    real = [one for one in training if one.origin == "real"]
    documents, countries = {one.document for one in real}, {country(one) for one in real} - {None}
    return {
        "documents": sum(one.document in documents for one in apart),
        "countries": sum(country(one) in countries for one in apart),
    }


def _dealt(groups: Sequence[str], rng: np.random.Generator, count: int) -> dict[str, int]:
    """Return the fold of each group: dealt out at random, large ones first, to the fold with the fewest passages."""
    sizes = Counter(groups)
    order = sorted(sizes)
    rng.shuffle(order)
    order.sort(key=lambda name: -sizes[name])
    filled = [0] * count
    fold_of = {}
    for name in order:
        fold_of[name] = filled.index(min(filled))
        filled[fold_of[name]] += sizes[name]
    return fold_of


def _folds(groups: Sequence[str], fold_of: Mapping[str, int], count: int) -> list[Fold]:
    fold = np.array([fold_of[name] for name in groups])
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(count)]


def _country_codes() -> dict[str, str]:
    with resources.as_file(resources.files("configs") / "countries.yaml") as path:
        known = read_yaml_mapping(path)["countries"]
    codes = {str(code).casefold(): str(code) for code in known}
    return codes | {str(name).casefold(): str(code) for code, names in known.items() for name in names}
