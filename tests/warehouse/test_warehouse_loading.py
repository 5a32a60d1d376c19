"""Loading: what goes in comes out, nothing twice, nothing lost, and the ledger says where each record stands."""

from __future__ import annotations

import gc
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from entente.errors import BadInput
from extractors.types import Extraction, ExtractionFailure, PageInfo
from tests.warehouse.build import (
    KEY,
    MODEL,
    classify_all,
    extract_all,
    extraction,
    fetched,
    full_job,
    history,
    passage,
    prediction,
    refused,
    sha,
    start,
    states,
)
from warehouse.database import open_warehouse
from warehouse.loader import Loader
from warehouse.page_quality import page_qualities
from warehouse.transactions import content_version
from warehouse.types import ModelRow
from warehouse.verify_rows import documents_to_verify, recognized_passages


def test_the_whole_way_leaves_every_document_classified_and_nothing_pending(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path)
    with open_warehouse(path) as connection:
        loader = Loader(connection, None)
        assert states(connection) == dict.fromkeys("abc", ("classified", "ok"))
        assert history(connection, "a") == ["discovered", "fetched", "extracted", "classified"]
        assert loader.pending_extraction(KEY) == []
        assert loader.unscored(MODEL, ["en"]) == 0
        assert loader.settlement_pending(MODEL, ["en"]) == 0
        before = content_version(connection)
        assert loader.settle_classification(MODEL, ["en"]) == {"classified": 0, "not_modelled": 0}
        assert content_version(connection) == before


def test_passages_come_back_as_they_went_in(tmp_path: Path) -> None:
    odd = "« Été », 中文, \u202bعربي\u202c, 'quote\"; DROP TABLE passages; --\n\ttab \U0001f54a"
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        loader = start(connection)
        loader.load_fetched([fetched("a")])
        (file,) = loader.pending_extraction(KEY)
        bare = passage(
            file.file_sha256,
            2,
            odd,
            heading_path=(),
            boxes=(),
            para_no=None,
            page_first=None,
            page_last=None,
            language=None,
            lead_in="Été",
            part=2,
        )
        made = Extraction(file.file_sha256, "docx", "e1", "en", (), (passage(file.file_sha256, 1), bare), {})
        loader.load_extractions([(file, made)], KEY)
        (document,) = documents_to_verify(connection)
        first, second = document.passages
        assert first.boxes == made.passages[0].boxes
        assert (second.text, second.lead_in, second.page_first, second.boxes) == (odd, "Été", None, ())
        heading, part = connection.execute("SELECT heading_path, part FROM passages WHERE ordinal = 2").fetchall()[0]
        assert (heading, part) == ([], 2)
        ((_document_id, texts),) = next(loader.pending_classification(MODEL, ["en"]))
        assert [text.heading for text in texts] == ["II. Findings > 1. Access", ""]
        assert (texts[0].previous, texts[0].next, texts[1].previous) == (None, odd, made.passages[0].text)


def test_a_refused_new_version_leaves_file_passages_and_scores(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path, ("a",))
    with open_warehouse(path) as connection:
        loader = Loader(connection, "run")
        loader.load_fetched([refused("a")])
        known = loader.known_records(["folder"])["folder:a"]
        assert (known.state, known.reason, known.file_sha256, known.is_primary) == ("refused", "truncated", sha("a"), True)
        assert known.fingerprint == "mark-refused"
        assert connection.execute("SELECT count(*) FROM evidence WHERE stage IS NOT NULL").fetchall() == [(3,)]
        # The sound file comes back: it need not be read again, and the ledger ends where it was.
        loader.load_fetched([fetched("a")])
        assert loader.pending_extraction(KEY) == []
        loader.settle_classification(MODEL, ["en"])
        assert states(connection)["a"] == ("classified", "ok")


def test_a_refused_or_missing_record_is_a_row_with_its_reason(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        loader = start(connection)
        loader.load_fetched([refused("a"), refused("b", "missing", "file_missing")])
        assert states(connection) == {"a": ("refused", "truncated"), "b": ("missing", "file_missing")}
        assert loader.known_records(["folder"])["folder:a"].document_id is None
        assert loader.known_records(["another"]) == {}
        assert loader.pending_extraction(KEY) == []


def test_new_metadata_with_the_same_file_keeps_the_state_and_changes_the_document(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path, ("a",))
    with open_warehouse(path) as connection:
        loader = Loader(connection, "run")
        loader.load_fetched([fetched("a", title="Better title", country_iso3="BRA")])
        assert states(connection)["a"] == ("classified", "ok")
        assert loader.pending_extraction(KEY) == []
        rows = connection.execute("SELECT title, country_iso3, symbol, from_cover FROM documents").fetchall()
        assert rows == [("Better title", "BRA", "A/1", ["symbol"])]


def test_a_changed_file_is_read_again_and_only_surviving_passages_keep_their_scores(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path, ("a", "b"))
    with open_warehouse(path) as connection:
        loader = Loader(connection, "run")
        loader.load_fetched([fetched("a", content="second version")])
        assert states(connection) == {"a": ("fetched", "ok"), "b": ("classified", "ok")}
        (file,) = loader.pending_extraction(KEY)
        new = extraction(file.file_sha256, 2)
        kept = extraction(sha("a"), 1).passages[0]
        loader.load_extractions(
            [(file, Extraction(file.file_sha256, "pdf", "e", "en", new.pages, (kept, new.passages[1]), {}))], KEY
        )
        rows = connection.execute("SELECT passage_id FROM scores WHERE document_id = 'UN:a:en'").fetchall()
        assert rows == [(kept.passage_id,)]
        assert loader.unscored(MODEL, ["en"]) == 1
        assert classify_all(loader) == 1
        assert states(connection)["a"] == ("classified", "ok")
        assert connection.execute("SELECT count(*) FROM scores").fetchall() == [(5,)]


def test_a_file_that_changes_and_comes_back_unread_is_not_stuck(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path, ("a",))
    with open_warehouse(path) as connection:
        loader = Loader(connection, "run")
        loader.load_fetched([fetched("a", content="second")])
        loader.load_fetched([fetched("a")])
        assert loader.pending_extraction(KEY) == []
        assert loader.settlement_pending(MODEL, ["en"]) == 1
        loader.settle_classification(MODEL, ["en"])
        assert states(connection)["a"] == ("classified", "ok")


def test_failures_are_remembered_for_one_extractor_and_tried_again_by_another(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        loader = start(connection)
        loader.load_fetched([fetched("a"), fetched("b"), fetched("c")])
        files = loader.pending_extraction(KEY)
        assert [file.document_id for file in files] == ["UN:a:en", "UN:b:en", "UN:c:en"]
        double = extraction(files[2].file_sha256, 1)
        loader.load_extractions(
            [
                (files[0], ExtractionFailure(files[0].file_sha256, "broken_file", "no page tree")),
                (files[1], extraction(files[1].file_sha256, codable=False)),
                (files[2], Extraction(files[2].file_sha256, "pdf", "e", "en", (), double.passages * 2, {})),
            ],
            KEY,
        )
        assert states(connection) == {
            "a": ("unreadable", "broken_file"),
            "b": ("extracted", "nothing_to_code"),
            "c": ("unreadable", "extractor_crashed"),
        }
        assert loader.pending_extraction(KEY) == []
        assert len(loader.pending_extraction("extractor-2")) == 3
        assert next(loader.pending_classification(MODEL, ["en"]), None) is None
        assert loader.settlement_pending(MODEL, ["en"]) == 0


def test_a_failure_by_a_limit_is_tried_again_under_another_limit_and_only_then(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        loader = start(connection)
        loader.load_fetched([fetched("a"), fetched("b")])
        first, second = loader.pending_extraction(KEY, "60s")
        slow = ExtractionFailure(first.file_sha256, "timed_out", "took longer than 60 s")
        broken = ExtractionFailure(second.file_sha256, "broken_file", "no PDF")
        loader.load_extractions([(first, slow), (second, broken)], KEY, "60s")
        assert loader.pending_extraction(KEY, "60s") == []
        assert loader.pending_extraction(KEY, "600s") == [first]


def test_a_result_for_a_file_that_is_no_longer_the_documents_is_left_out(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        loader = start(connection)
        loader.load_fetched([fetched("a")])
        (old,) = loader.pending_extraction(KEY)
        loader.load_fetched([fetched("a", content="newer")])
        loader.load_extractions([(old, extraction(old.file_sha256))], KEY)
        assert connection.execute("SELECT count(*) FROM passages").fetchall() == [(0,)]
        assert len(loader.pending_extraction(KEY)) == 1


def test_languages_that_the_model_does_not_read_are_told_once(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        loader = start(connection)
        loader.load_fetched([fetched("a"), fetched("b")])
        files = loader.pending_extraction(KEY)
        loader.load_extractions(
            [(files[0], extraction(files[0].file_sha256)), (files[1], extraction(files[1].file_sha256, language="fr"))], KEY
        )
        assert classify_all(loader) == 3
        assert states(connection) == {"a": ("classified", "ok"), "b": ("extracted", "language_not_modelled")}
        assert loader.settle_classification(MODEL, ["en"]) == {"classified": 0, "not_modelled": 0}
        assert history(connection, "b") == ["discovered", "fetched", "extracted", "extracted"]
        loader.register_model(ModelRow("model-2", "minilm", "1.1.0", ("en", "fr")))
        assert loader.unscored("model-2", ["en", "fr"]) == 6
        assert classify_all(loader, "model-2", ("en", "fr")) == 6
        assert states(connection)["b"] == ("classified", "ok")


def test_same_bytes_and_other_formats_stay_beside_their_document(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        loader = start(connection)
        rows = [fetched("a"), fetched("b", content="a", reason="same_bytes", document="UN:a:en")]
        loader.load_fetched([*rows, fetched("c", reason="other_format", document="UN:a:en")])
        assert states(connection)["b"] == ("fetched", "same_bytes")
        assert [file.record_id for file in loader.pending_extraction(KEY)] == ["folder:a"]
        assert connection.execute("SELECT count(*) FROM documents").fetchall() == [(1,)]
        known = loader.known_records(["folder"])
        assert [known[f"folder:{key}"].is_primary for key in "abc"] == [True, False, False]


def test_two_documents_that_come_to_have_one_file_are_read_once(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path, ("a", "b"))
    with open_warehouse(path) as connection:
        loader = Loader(connection, "run")
        loader.load_fetched([fetched("b", content="a")])
        assert states(connection)["b"] == ("fetched", "same_bytes")
        assert loader.pending_extraction(KEY) == []
        assert connection.execute("SELECT DISTINCT document_id FROM passages").fetchall() == [("UN:a:en",)]
        loader.load_fetched([fetched("a", content="other")])
        assert {file.document_id for file in loader.pending_extraction(KEY)} == {"UN:a:en", "UN:b:en"}


def test_predictions_for_passages_that_are_gone_are_left_out_and_repeated_ones_stand_once(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path, ("a",))
    with open_warehouse(path) as connection:
        loader = Loader(connection, "run")
        ids = [str(name) for (name,) in connection.execute("SELECT passage_id FROM passages").fetchall()]
        loader.load_predictions(MODEL, [prediction("gone"), prediction(ids[0]), prediction(ids[0], voice="joint")], ["UN:a:en"])
        assert connection.execute("SELECT count(*) FROM scores").fetchall() == [(3,)]
        assert connection.execute("SELECT voice FROM scores WHERE passage_id = ?", [ids[0]]).fetchall() == [("joint",)]


def test_scores_that_do_not_fit_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        loader = start(connection)
        loader.load_fetched([fetched("a")])
        extract_all(loader)
        (name,) = connection.execute("SELECT min(passage_id) FROM passages").fetchall()[0]
        good = prediction(name)
        without = prediction(name)
        del without.dimensions["stage"]
        odd = prediction(name)
        odd.dimensions["stage"].probabilities["unheard_of"] = 0.1
        for bad, model in ((without, MODEL), (odd, MODEL), (prediction(name, "another"), MODEL), (good, "never registered")):
            with pytest.raises(BadInput):
                loader.load_predictions(model, [good, bad], ["UN:a:en"])
        assert connection.execute("SELECT count(*) FROM scores").fetchall() == [(0,)]
        assert states(connection)["a"] == ("extracted", "ok")


def test_only_the_promoted_model_is_shown_and_rolling_back_shows_the_old_labels(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path, ("a",))
    with open_warehouse(path) as connection:
        loader = Loader(connection, "run")
        assert not loader.register_model(ModelRow(MODEL, "minilm", "1.1.0", ("en",), metrics={"alpha": 0.7}))
        with pytest.raises(BadInput, match="never changed"):
            loader.register_model(ModelRow(MODEL, "minilm", "1.1.0", ("en",), training_data_hash="other data"))
        loader.register_model(ModelRow("model-2", "minilm", "1.1.0", ("en",)))
        classify_all(loader, "model-2")
        query = "SELECT DISTINCT model_version FROM evidence"
        assert connection.execute(query).fetchall() == [(MODEL,)]
        assert loader.promote("model-2")
        assert not loader.promote("model-2")
        assert connection.execute(query).fetchall() == [("model-2",)]
        assert loader.promote(MODEL)
        assert connection.execute(query).fetchall() == [(MODEL,)]
        with pytest.raises(BadInput, match="model-2"):
            loader.promote("model-3")


def test_runs_left_open_by_a_kill_are_closed_by_the_next(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        at = datetime(2026, 1, 2, tzinfo=UTC)
        first = Loader(connection, None).start_run("refresh", "c", "v", "entente refresh", at)
        before = content_version(connection)
        loader = Loader(connection, None)
        second = loader.start_run("refresh", "c", "v", "entente refresh", at)
        loader.finish_run("completed", {"pages": 3})
        rows = dict(connection.execute("SELECT run_id, status FROM runs").fetchall())
        assert rows == {first: "interrupted", second: "completed"}
        assert content_version(connection) == before
        with pytest.raises(BadInput):
            loader.finish_run("vanished", {})
        with pytest.raises(BadInput):
            Loader(connection, "no such run").finish_run("completed", {})


def test_missions_follow_the_documents_that_speak_of_them(tmp_path: Path) -> None:
    said: dict[str, Any] = {"mission_kind": "visit", "mission_start": date(2019, 3, 1), "mission_end": date(2019, 3, 9)}
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        loader = start(connection)
        loader.load_fetched([fetched("a", **said), fetched("b", published=date(2019, 6, 1), **said), fetched("c")])
        rows = connection.execute(
            "SELECT igo, country_iso3, kind, start_date, end_date, report_document_id FROM missions"
        ).fetchall()
        assert rows == [("UN", "ATL", "visit", date(2019, 3, 1), date(2019, 3, 9), "UN:b:en")]
        loader.load_fetched([fetched("a"), fetched("b")])
        assert connection.execute("SELECT count(*) FROM missions").fetchall() == [(0,)]


def test_a_batch_that_names_a_record_twice_is_refused_whole(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        loader = start(connection)
        with pytest.raises(BadInput, match="twice"):
            loader.load_fetched([fetched("a"), fetched("b"), fetched("a")])
        assert states(connection) == {}


def test_a_text_that_is_no_unicode_stops_only_its_document(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        loader = start(connection)
        loader.load_fetched([fetched("a"), fetched("b")])
        files = loader.pending_extraction(KEY)
        torn = Extraction(
            files[0].file_sha256,
            "pdf",
            "e",
            "en",
            (),
            (replace(passage(files[0].file_sha256, 1), text="half a \ud83d pair"),),
            {},
        )
        loader.load_extractions([(files[0], torn), (files[1], extraction(files[1].file_sha256))], KEY)
        assert states(connection) == {"a": ("unreadable", "extractor_crashed"), "b": ("extracted", "ok")}


def test_passages_recognized_on_pictures_are_not_looked_for_in_the_file(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        loader = start(connection)
        loader.load_fetched([fetched("a")])
        (file,) = loader.pending_extraction(KEY)
        page = PageInfo(2, 595.0, 842.0, "ocr", 900, 120, "en", 0.8)
        printed, recognized = passage(file.file_sha256, 1), passage(file.file_sha256, 2, page_first=1, page_last=2)
        made = Extraction(file.file_sha256, "pdf", "e1", "en", (page,), (printed, recognized), {})
        loader.load_extractions([(file, made)], KEY)
        (document,) = documents_to_verify(connection)
        assert [one.passage_id for one in document.passages] == [printed.passage_id]
        assert recognized_passages(connection) == 1


def test_what_the_model_is_not_certain_of_waits_for_a_person(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path)
    with open_warehouse(path) as connection:
        assert connection.execute("SELECT count(*) FROM review_queue").fetchall() == [(0,)]
        loader = Loader(connection, None)
        first, second, third = connection.execute(
            "SELECT passage_id FROM passages ORDER BY document_id, ordinal LIMIT 3"
        ).fetchall()
        doubtful = prediction(first[0])
        dimensions = {**doubtful.dimensions, "stage": replace(doubtful.dimensions["stage"], certain=False)}
        foreign = replace(prediction(second[0]), familiar=False)
        rows = [replace(doubtful, dimensions=dimensions), foreign, prediction(third[0])]
        loader.load_predictions("model-1", rows, ["UN:a:en"])
        found = connection.execute("SELECT passage_id, is_familiar, uncertain FROM review_queue ORDER BY ordinal").fetchall()
        assert found == [(first[0], True, ["stage"]), (second[0], False, [])]


def test_figures_of_evaluations_are_kept_beside_those_a_model_came_with(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        loader = start(connection)
        loader.register_model(ModelRow("model-2", "minilm", "1.1.0", ("en",), metrics={"alpha": 0.7}))
        before = content_version(connection)
        assert loader.record_metrics("model-2", "dev-1", {"stage": 0.5})
        assert loader.record_metrics("model-2", "dev-2", {"stage": 0.6})
        assert not loader.record_metrics("model-2", "dev-2", {"stage": 0.6}), "nothing new"
        assert content_version(connection) != before
        ((kept,),) = connection.execute("SELECT metrics FROM models WHERE model_version = 'model-2'").fetchall()
        assert json.loads(kept) == {"alpha": 0.7, "evaluations": {"dev-1": {"stage": 0.5}, "dev-2": {"stage": 0.6}}}
        assert not loader.register_model(ModelRow("model-2", "minilm", "1.1.0", ("en",), metrics={"alpha": 0.7}))
        with pytest.raises(BadInput, match="model-3 is not registered"):
            loader.record_metrics("model-3", "dev-1", {})


def test_pages_are_found_by_the_name_of_their_file(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    full_job(path)
    with open_warehouse(path, read_only=True) as connection:
        found = page_qualities(connection)
        locations = [str(one) for (one,) in connection.execute("SELECT location FROM records").fetchall()]
        rows = connection.execute("SELECT count(*) FROM pages WHERE quality IS NOT NULL").fetchall()
    assert len(found) == rows[0][0]
    assert {name for name, _page in found} <= {Path(one).stem for one in locations}


def test_loading_leaves_pythons_garbage_collector_as_it_was(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        loader = start(connection)
        loader.load_fetched([fetched("a")])
        extract_all(loader)
        with pytest.raises(BadInput):
            loader.load_predictions("nobody", [], [])
        assert gc.isenabled()
