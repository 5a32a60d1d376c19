"""What may be learned from: no gold, nothing that repeats gold, and what repeats is told."""

from __future__ import annotations

from pathlib import Path

from extractors.duplicates import sketch_of
from extractors.types import Extraction, PageInfo
from tests.warehouse.build import KEY, fetched, passage, start
from warehouse.code_arrivals import arrivals
from warehouse.database import open_warehouse
from warehouse.near_duplicates import repeated_passages
from warehouse.training_codes import gold_passages, training_passages

LONG = (
    "the committee asked the government to report on the inspection of the mines in the northern province and on the number of "
    "children who were found to be working there in the past two years, and to say what was done for them and for their families"
)
OTHER = "the mission met the minister of labour and the unions of the harbour and was told that a law on the ports would be passed in june"
TEXTS = {
    "a": (LONG, OTHER, "the hall was full"),
    "b": (LONG + " as well", "the road was closed"),
    "c": ("the road was closed", "no one came at all"),
}


def test_gold_judges_and_neither_it_nor_what_repeats_it_is_learned_from(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        loader = start(connection)
        loader.load_fetched([fetched(key) for key in TEXTS])
        for file in loader.pending_extraction(KEY):
            texts = TEXTS[file.document_id[3]]
            made = tuple(passage(file.file_sha256, n, text, sketch=sketch_of(text)) for n, text in enumerate(texts, 1))
            page = PageInfo(1, 595.0, 842.0, "text_layer", 2000, 300, "en", 0.9)
            loader.load_extractions([(file, Extraction(file.file_sha256, "pdf", "1", "en", (page,), made, {}))], KEY)
        names = {
            f"{document[3]}{ordinal}": passage_id
            for passage_id, document, ordinal in connection.execute(
                "SELECT passage_id, document_id, ordinal FROM passages"
            ).fetchall()
        }
        connection.execute(
            "INSERT INTO samples BY NAME SELECT 'g' AS sample_id, ? AS passage_id, 'simple' AS design, 0.5 AS inclusion_probability, "
            "TIMESTAMP '2026-01-01' AS drawn_at, 'gold' AS purpose",
            [names["a1"]],
        )
        for coder in ("ann", "ben"):
            connection.execute(
                "INSERT INTO annotations BY NAME SELECT ? || passage_id AS annotation_id, passage_id, ? AS coder, 'stage' AS dimension, "
                "'none' AS value, 'coded' AS status, '1.1.0' AS codebook_version, TIMESTAMP '2026-01-01' AS coded_at FROM passages",
                [coder, coder],
            )
        repeats = repeated_passages(connection)
        assert repeats[names["a1"]] == repeats[names["b1"]], "nearly the same words"
        assert repeats[names["b2"]] == repeats[names["c1"]], "the same words"
        assert names["a2"] not in repeats
        learned = training_passages(connection, ["stage"], "1")
        said = {text["id"]: text.get("repeats") for text, _codes in learned.passages}
        assert set(said) == {names[one] for one in ("a2", "a3", "b2", "c1", "c2")}, "b1 repeats what is gold"
        assert learned.near_gold == 1
        assert said[names["b2"]] is not None
        assert said[names["b2"]] == said[names["c1"]]
        assert said[names["a2"]] is None
        assert [text["id"] for text, _codes in gold_passages(connection, ["stage"], "1").passages] == [names["a1"]]
        told = arrivals(connection, "1")
        assert len(told) == 2 * len(names)
        assert {one.passage_id for one in told if one.is_gold} == {names["a1"]}
        assert not arrivals(connection, "2")
