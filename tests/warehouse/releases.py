"""Makes two releases that differ in what a test says: documents, texts, labels, probabilities, codebook, codes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from extractors.types import Extraction, PageInfo
from models.types import DimensionScore, Prediction
from tests.warehouse.build import CATEGORIES, CODEBOOK, COLUMNS, LABELS, fetched, passage
from warehouse.codebook import set_codebook
from warehouse.database import open_warehouse
from warehouse.loader import Loader
from warehouse.publish import publish
from warehouse.types import CodebookRows, ModelRow

CONTESTED = {
    "stance": "contestation",
    "cooperation_intensity": "0",
    "contestation_intensity": "2",
    "contestation_locus": "internal",
}


@dataclass(frozen=True)
class Doc:
    """A document: its passages' texts, each with labels that differ from the usual; sketches make texts repeat one another."""

    key: str
    passages: tuple[tuple[str, Mapping[str, str]], ...]
    country: str = "ATL"
    published: date = date(2020, 1, 2)
    content: str = ""
    sketch: tuple[int, ...] = ()


@dataclass(frozen=True)
class Released:
    """All that a release is made of."""

    docs: tuple[Doc, ...]
    model: str = "model-1"
    sure: float = 0.7
    codebook: CodebookRows = CODEBOOK
    shown: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    agreed: bool = False  # by two coders, instead of adjudicated
    framed: tuple[str, ...] = ()  # texts that a second gold sample could have drawn


def doc(key: str, *labels: Mapping[str, str], **more: object) -> Doc:
    """Return a document with one passage for each set of labels."""
    made = tuple((f"In report {key} the mission speaks of matter {n} at some length.", one) for n, one in enumerate(labels, 1))
    return Doc(key, made, **more)  # type: ignore[arg-type]  # fields given by name


def predicted(passage_id: str, model: str, sure: float, labels: Mapping[str, str], shown: Mapping[str, str]) -> Prediction:
    """Return a prediction by `labels` whose labels read `shown` where that says otherwise: other thresholds, the same probabilities."""
    chosen = LABELS | dict(labels)
    dimensions = {"mechanism": DimensionScore(("dialogue",), {"dialogue": 0.9, "joint_activity": 0.2})}
    for name, values in CATEGORIES.items():
        if name != "mechanism":
            rest = (1 - sure) / (len(values) - 1)
            probabilities = {value: sure if value == chosen[name] else rest for value in values}
            dimensions[name] = DimensionScore((chosen | dict(shown))[name], probabilities)
    return Prediction(passage_id, model, dimensions)


def publish_release(path: Path, released: Released) -> Path:
    """Load and publish it; returns the published file."""
    warehouse = path.with_suffix(".warehouse")
    with open_warehouse(warehouse) as connection:
        set_codebook(connection, released.codebook, COLUMNS)
        loader = Loader(connection, None)
        loader.register_model(ModelRow(released.model, "minilm", released.codebook.version, ("en",)))
        loader.promote(released.model)
        loader.load_fetched(
            [fetched(one.key, one.content or None, country_iso3=one.country, published=one.published) for one in released.docs]
        )
        by_id = {f"UN:{one.key}:en": one for one in released.docs}
        results, labels = [], {}
        pending = loader.pending_extraction("key")
        for file in pending:
            one = by_id[file.document_id]
            made = []
            for n, (text, chosen) in enumerate(one.passages, 1):
                sketch = tuple(value + n for value in one.sketch)
                made.append(passage(file.file_sha256, n, text, sketch=sketch))
                labels[made[-1].passage_id] = chosen
            page = PageInfo(1, 595.0, 842.0, "text_layer", 2000, 300, "en", 0.9)
            results.append((file, Extraction(file.file_sha256, "pdf", "extractor-1", "en", (page,), tuple(made), {})))
        loader.load_extractions(results, "key")
        texts = {made.passage_id: made.text for _file, read in results for made in read.passages}
        predictions = [
            predicted(name, released.model, released.sure, labels[name], released.shown.get(text, {}))
            for name, text in texts.items()
        ]
        loader.load_predictions(released.model, predictions, [file.document_id for file in pending])
        loader.settle_classification(released.model, ["en"])
        by_text = {text: name for name, text in texts.items()}
        for number, (text, value) in enumerate(released.codes.items()):
            connection.execute(
                "INSERT INTO annotations (annotation_id, passage_id, coder, dimension, value, status, codebook_version, coded_at) "
                "SELECT ? || coder, ?, coder, 'stance', ?, ?, '1.1.0', TIMESTAMP '2026-01-01' FROM (SELECT unnest(?) AS coder)",
                [
                    f"n{number}",
                    by_text[text],
                    value,
                    "coded" if released.agreed else "adjudicated",
                    ["c", "d"][: 1 + released.agreed],
                ],
            )
            connection.execute(
                "INSERT INTO samples VALUES ('s', ?, 'srs', NULL, 0.5, TIMESTAMP '2026-01-01', 1, 'gold')", [by_text[text]]
            )
        if released.framed:
            connection.execute(
                "INSERT INTO sample_frames BY NAME SELECT 'second' AS sample_id, 'gold' AS purpose, 'simple' AS design, '{}' AS options, "
                "'{}' AS filters, []::VARCHAR[] AS strata, 2 AS frame_size, 1 AS frame_documents, 'h' AS frame_hash, 0 AS n_left_out, "
                "1 AS n_drawn, '1.1.0' AS codebook_version, 1 AS seed, TIMESTAMP '2026-01-01' AS drawn_at"
            )
            drawn = [by_text[text] for text in released.framed]
            connection.execute(
                "INSERT INTO sample_frame_units SELECT 'second', passage_id, document_id, 't', NULL, 0.25 FROM passages WHERE passage_id IN "
                "(SELECT unnest(?))",
                [drawn],
            )
            connection.execute(
                "INSERT INTO samples SELECT 'second', ?, 'simple', NULL, 0.25, TIMESTAMP '2026-01-01', 1, 'gold'", [drawn[0]]
            )
    publish(warehouse, path, built_by="Entente test")
    return path


def reworded(dimension: str) -> CodebookRows:
    """Return the codebook with one dimension's question asked otherwise."""
    rows = tuple(
        dataclasses.replace(one, question="Which one, then?") if one.dimension == dimension else one
        for one in CODEBOOK.dimensions
    )
    return dataclasses.replace(CODEBOOK, version="2.0.0", dimensions=rows)
