"""Opening the things that several commands need: codebook, model, classifier."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flows.interrupts import interrupts_held
from flows.settings import Settings

if TYPE_CHECKING:
    from models.classifier import Classifier
    from models.codebook import Codebook
    from models.types import Withheld
    from warehouse.types import CodebookRows, ModelRow, ScoreColumns, SearchOptions


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """A model that was found but not loaded: enough to know what it has scored already."""

    version: str
    languages: tuple[str, ...]
    path: Path


def read_codebook(settings: Settings) -> Codebook:
    """Read the project's codebook."""
    from models.codebook import load_codebook

    return load_codebook(settings.codebook)


def chosen_model(settings: Settings, version: str | None = None) -> ChosenModel:
    """Find a model (by default the configured one) without loading it.

    Raises:
        Unavailable: when there is no such model; names those there are.
        BadInput: when its folder is damaged.
    """
    from models.model_file import read_facts
    from models.registry import find_model

    path = find_model(version or settings.classification.model, settings.model_folders)
    facts = read_facts(path)
    return ChosenModel(facts.version, tuple(facts.languages), path)


def check_model(settings: Settings) -> None:
    """Check, without loading it, that the configured model is there and belongs to the project's codebook; raises as `chosen_model` does."""
    from models.classifier import check_codebook
    from models.model_file import read_facts

    path = chosen_model(settings).path
    check_codebook(read_facts(path), read_codebook(settings), path)


def check_encoder(settings: Settings) -> Path:
    """Check that the weights of the configured model's encoder are here and the right ones, without loading them; return their folder.

    Raises:
        Unavailable: when they are not; names the ways to get them.
        BadInput: when the model's folder is damaged.
    """
    from models.classifier import encoder_of
    from models.encoder import find_encoder
    from models.model_file import read_facts

    return find_encoder(encoder_of(read_facts(chosen_model(settings).path)))


def load_classifier(settings: Settings, version: str | None = None) -> Classifier:
    """Load a classifier with its encoder, ready to score."""
    from models.classifier import Classifier

    path = chosen_model(settings, version).path
    codebook = read_codebook(settings)
    # An interruption while torch is being imported would abort the process.
    with interrupts_held():
        return Classifier.load(path, codebook, threads=settings.classification.threads)


def codebook_rows(codebook: Codebook) -> CodebookRows:
    """Return the codebook as the rows of the warehouse's code tables, with the codes of countries.

    `not_applicable` is a row where a dimension may not apply.
    """
    from sources.countries import default_countries
    from warehouse.types import CategoryRow, CodebookRows, CountryRow, DimensionRow

    dimensions = tuple(
        DimensionRow(one.id, one.name, one.kind, one.tier, one.question, ordinal)
        for ordinal, one in enumerate(codebook.dimensions, 1)
    )
    categories = []
    for one in codebook.dimensions:
        own = [(category.id, category.name, category.definition) for category in one.categories]
        if one.may_not_apply:
            own.append(("not_applicable", "Not applicable", codebook.missing["not_applicable"]))
        categories += [CategoryRow(one.id, *words, ordinal) for ordinal, words in enumerate(own, 1)]
    countries = tuple(CountryRow(one.iso3, one.name, one.status) for one in default_countries())
    return CodebookRows(codebook.version, dimensions, tuple(categories), countries)


def score_columns(codebook: Codebook) -> ScoreColumns:
    """Return the columns that the scores of the codebook's trained dimensions need."""
    from warehouse.types import ScoreColumns, ScoreDimension

    return ScoreColumns(
        tuple(ScoreDimension(one.id, one.category_ids, one.kind == "multi") for one in codebook.trained_dimensions)
    )


def search_options(settings: Settings) -> SearchOptions:
    """Return which search index the published file gets.

    Raises:
        Unavailable: when the search by meaning is wanted and the encoder's vocabulary is not on this machine.
    """
    from warehouse.types import SearchOptions

    if settings.publish.search != "meaning":
        return SearchOptions(settings.publish.search)
    from models.term_vectors import load_term_vectors

    return SearchOptions("meaning", load_term_vectors())


def model_row(model: ChosenModel) -> ModelRow:
    """Return a model as a row of the warehouse's registry."""
    from models.model_file import read_facts
    from warehouse.types import ModelRow

    facts = read_facts(model.path)
    trained_on = json.dumps([part.model_dump() for part in facts.data], sort_keys=True)
    return ModelRow(
        version=facts.version,
        # Where a folder lies on this machine is nobody else's business; the hashes say which encoder it is.
        base_model=Path(facts.encoder.name).name if Path(facts.encoder.name).is_absolute() else facts.encoder.name,
        base_revision=facts.encoder.revision,
        codebook_version=facts.codebook.version,
        languages=model.languages,
        training_data_hash=hashlib.sha256(trained_on.encode()).hexdigest(),
        created=facts.created,
        metrics=facts.metrics,
    )


def withheld_from_training(settings: Settings) -> Withheld:
    """Return the passages of the project's gold samples; nothing where there is no warehouse.

    Raises:
        Busy: when another command is writing, so that gold cannot be told from the rest now.
    """
    from models.types import Withheld
    from warehouse.database import open_warehouse
    from warehouse.samples import withheld_from_training as withheld

    if not settings.paths.warehouse.exists():
        return Withheld()
    # Not read-only: an older warehouse is brought up to date first.
    with open_warehouse(settings.paths.warehouse) as connection:
        return withheld(connection)
