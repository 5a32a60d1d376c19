"""Makes small warehouses for the tests: records, extractions and predictions as the other rooms would hand them on."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

from extractors.types import Box, Extraction, PageInfo, Passage
from models.types import DimensionScore, Prediction
from sources.types import DocumentMetadata, FetchedRow, Record, Refusal, StoredFile
from warehouse.codebook import set_codebook
from warehouse.database import open_warehouse
from warehouse.loader import Loader
from warehouse.transactions import Connection
from warehouse.types import (
    CategoryRow,
    CodebookRows,
    CountryRow,
    DimensionRow,
    ModelRow,
    PendingFile,
    ScoreColumns,
    ScoreDimension,
)

KEY = "extractor-1/auto"
MODEL = "model-1"
CATEGORIES = {
    "voice": ("igo", "host_government", "third_party", "joint"),
    "stage": ("none", "initiation", "trust_building", "information_exchange", "policy_influence", "compliance"),
    "realization": ("realized", "prospective", "negated", "not_applicable"),
    "cooperation_intensity": ("0", "1", "2", "3"),
    "contestation_intensity": ("0", "1", "2", "3"),
    "stance": ("cooperation", "contestation", "mixed", "neutral"),
    "mechanism": ("dialogue", "joint_activity"),
    "contestation_locus": ("internal", "external", "both", "not_applicable"),
    "mode": ("verbal", "material", "not_applicable"),
}
COLUMNS = ScoreColumns(tuple(ScoreDimension(name, values, name == "mechanism") for name, values in CATEGORIES.items()))
CODEBOOK = CodebookRows(
    "1.1.0",
    tuple(
        DimensionRow(name, name.title(), "multi" if name == "mechanism" else "single", "core", "Which?", n)
        for n, name in enumerate(CATEGORIES)
    ),
    tuple(
        CategoryRow(name, value, value, "as defined", n) for name, values in CATEGORIES.items() for n, value in enumerate(values)
    ),
    (CountryRow("ATL", "Atlantis"),),
)
LABELS = {
    "voice": "igo",
    "stage": "initiation",
    "realization": "realized",
    "cooperation_intensity": "1",
    "contestation_intensity": "0",
    "stance": "cooperation",
    "contestation_locus": "not_applicable",
    "mode": "verbal",
}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def record(key: str, **metadata: object) -> Record:
    said = {
        "igo": "UN",
        "country_iso3": "ATL",
        "published": date(2020, 1, 2),
        "language": "en",
        "title": f"Report {key}",
    } | metadata
    return Record("folder", key, Path("reports", key), DocumentMetadata(**said))  # type: ignore[arg-type]  # fields given by name


def fetched(
    key: str, content: str | None = None, reason: str = "ok", document: str | None = None, **metadata: object
) -> FetchedRow:
    bytes_hash = sha(content if content is not None else key)
    stored = StoredFile(bytes_hash, 1000, "pdf", "application/pdf", Path("store", bytes_hash))
    said = f"said-{sorted(metadata.items())}"
    return FetchedRow(
        record(key, **metadata), f"mark-{content}", said, stored, None, document or f"UN:{key}:en", reason == "ok", reason
    )


def refused(key: str, state: str = "refused", reason: str = "truncated") -> FetchedRow:
    return FetchedRow(record(key), "mark-refused", "said-[]", None, Refusal(state, reason, "as it is"), None, False, reason)


def passage(file_sha256: str, ordinal: int, text: str | None = None, **more: object) -> Passage:
    words = text or f"The mission met the Minister for the {ordinal}. time and it was received with courtesy."
    values: dict[str, object] = {
        "passage_id": sha(f"{file_sha256}{ordinal}{words}")[:20],
        "ordinal": ordinal,
        "kind": "paragraph",
        "text": words,
        "n_words": len(words.split()),
        "heading_path": ("Report", "II. Findings", f"{ordinal}. Access"),
        "para_no": str(ordinal),
        "page_first": 1,
        "page_last": 1,
        "boxes": (Box(1, 72.0, 100.0 + ordinal, 500.0, 112.5 + ordinal),),
        "language": "en",
    } | more
    return Passage(**values)  # type: ignore[arg-type]  # fields given by name


def extraction(
    file_sha256: str, passages: int = 3, language: str | None = "en", codable: bool = True, version: str = "extractor-1"
) -> Extraction:
    made = tuple(passage(file_sha256, n, language=language, is_codable=codable) for n in range(1, passages + 1))
    page = PageInfo(1, 595.0, 842.0, "text_layer", 2000, 300, language, 0.9)
    cover = {"symbol": "A/1", "title": "Cover title", "date": "2019-05-06"}
    return Extraction(file_sha256, "pdf", version, language, (page,), made, cover)


def prediction(passage_id: str, model: str = MODEL, **labels: str) -> Prediction:
    chosen = LABELS | labels
    dimensions = {}
    for name, values in CATEGORIES.items():
        if name == "mechanism":
            dimensions[name] = DimensionScore(("dialogue",), {"dialogue": 0.9, "joint_activity": 0.2})
        else:
            rest = 0.3 / (len(values) - 1)
            dimensions[name] = DimensionScore(chosen[name], {value: 0.7 if value == chosen[name] else rest for value in values})
    return Prediction(passage_id, model, dimensions)


def start(connection: Connection) -> Loader:
    """Return a loader in a new run over a warehouse that speaks the codebook and has a promoted model."""
    set_codebook(connection, CODEBOOK, COLUMNS)
    loader = Loader(connection, None)
    loader.start_run("refresh", "c0ffee", "0.1.0", "entente refresh", datetime(2026, 1, 2, tzinfo=UTC))
    loader.register_model(ModelRow(MODEL, "minilm", "1.1.0", ("en",), metrics={"alpha": 0.7}))
    loader.promote(MODEL)
    return loader


def extract_all(
    loader: Loader, passages: int = 3, key: str = KEY, language: str | None = "en", codable: bool = True
) -> list[PendingFile]:
    pending = loader.pending_extraction(key)
    loader.load_extractions([(file, extraction(file.file_sha256, passages, language, codable)) for file in pending], key)
    return pending


def classify_all(loader: Loader, model: str = MODEL, languages: tuple[str, ...] = ("en",), batch: int = 25) -> int:
    n = 0
    while found := next(loader.pending_classification(model, languages, batch), None):
        texts = [text for _document, some in found for text in some]
        loader.load_predictions(
            model, [prediction(text.passage_id, model) for text in texts], [document for document, _some in found]
        )
        n += len(texts)
    loader.settle_classification(model, languages)
    return n


def full_job(path: Path, keys: tuple[str, ...] = ("a", "b", "c"), passages: int = 3) -> None:
    """Load documents, passages and scores, as a refresh does before it publishes."""
    with open_warehouse(path) as connection:
        loader = start(connection)
        loader.load_fetched([fetched(key) for key in keys])
        extract_all(loader, passages)
        classify_all(loader)
        loader.finish_run("completed", {"listed": len(keys)})


def states(connection: Connection) -> dict[str, tuple[str, str]]:
    rows = connection.execute("SELECT record_id, state, reason FROM document_states").fetchall()
    return {str(record_id).removeprefix("folder:"): (state, reason) for record_id, state, reason in rows}


def history(connection: Connection, key: str) -> list[str]:
    rows = connection.execute(
        "SELECT state FROM document_events WHERE record_id = ? ORDER BY event_no", [f"folder:{key}"]
    ).fetchall()
    return [str(state) for (state,) in rows]
