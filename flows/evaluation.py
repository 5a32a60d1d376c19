"""What an evaluation takes from a project and leaves in it: quality of pages, encodings by the plain encoder, figures kept in the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flows.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from models.annotations import AnnotatedPassage
    from models.hold_out import CountryReport


def with_page_quality(annotated: Sequence[AnnotatedPassage], settings: Settings) -> list[AnnotatedPassage]:
    """Return coded passages with the quality of their pages where the project's warehouse knows it.

    A passage is found by its document's name, when that is the name of a file the project has read, and its page. What the annotations
    themselves say of quality stands.
    """
    from models.annotations import quality_band
    from warehouse.database import open_warehouse
    from warehouse.page_quality import page_qualities

    if not settings.paths.warehouse.exists():
        return list(annotated)
    with open_warehouse(settings.paths.warehouse, read_only=True) as connection:
        known = page_qualities(connection)
    found = []
    for one in annotated:
        page = one.facets.get("page", "")
        quality = known.get((one.document, int(page))) if page.isdecimal() else None
        if quality is not None and "quality" not in one.facets:
            one = replace(one, facets={**one.facets, "quality": quality_band(quality)})
        found.append(one)
    return found


def countries_held_out(
    settings: Settings, passages: Sequence[AnnotatedPassage], progress: Callable[[str, int, int], None]
) -> CountryReport:
    """Hold out whole countries of the training passages; see `models.hold_out`. Encodings are kept beside the models."""
    from flows.load import read_codebook
    from models.encoder import MINILM, find_encoder
    from models.encodings import encodings_of
    from models.hold_out import hold_out_countries
    from models.training import TrainingRequest

    codebook = read_codebook(settings)
    request = TrainingRequest(codebook, settings.paths.models, threads=settings.classification.threads)
    folder = find_encoder(MINILM)

    def encode(some: Sequence[AnnotatedPassage]) -> NDArray[np.float32]:
        return encodings_of(some, MINILM, folder, {}, MINILM.sha256["model.safetensors"], request, progress)

    return hold_out_countries(codebook, passages, encode=encode)


def keep_figures(
    settings: Settings, version: str, part: str, annotated: Sequence[AnnotatedPassage], figures: dict[str, Any]
) -> bool:
    """Keep the figures with the model in the project's warehouse, under `evaluations` of `models.metrics`; False when there is none.

    Raises:
        Busy: when another program is writing to the warehouse.
        BadInput: when another model is registered there under this version.
    """
    from flows.load import chosen_model, model_row
    from models.training_data import passages_sha256
    from warehouse.database import open_warehouse
    from warehouse.loader import Loader

    if not settings.paths.warehouse.exists():
        return False
    sha256 = passages_sha256(annotated)
    with open_warehouse(settings.paths.warehouse) as connection:
        loader = Loader(connection, None)
        loader.register_model(model_row(chosen_model(settings, version)))
        loader.record_metrics(version, f"{part}-{sha256[:16]}", {**figures, "part": part, "passages_sha256": sha256})
    return True
