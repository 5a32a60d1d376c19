"""What remote sources list: new, changed, unchanged, withdrawn and returning records, watermarks, sightings and signals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sources.types import DocumentMetadata, FetchedRow, FileLink, Page, Record, Refusal, Relation, Signal, StoredFile
from tests.warehouse.build import extract_all, sha, start
from warehouse.database import open_warehouse
from warehouse.loader import Loader
from warehouse.types import PageCounts

SOURCE = "un-library"


def listed(key: str, version: str = "1", **said: object) -> Record:
    metadata = {"igo": "UN", "symbol": f"A/HRC/990/{key}", "title": f"Visit to Orvania, {key}", "language": "en"} | said
    return Record(
        SOURCE,
        f"{key}/en",
        None,
        DocumentMetadata(**metadata),  # type: ignore[arg-type]  # fields given by name
        links=(FileLink(f"https://documents.un.org/{key}.pdf", "ods", "pdf", "en"),),
        version=version,
        relations=(Relation("supersedes", "A/HRC/990/1"),),
        raw=f"<record>{key}</record>",
    )


def load(loader: Loader, *records: Record, full: bool = False, **page: object) -> PageCounts:
    hashes = {record.record_id: f"described:{record.metadata.title}" for record in records}
    return loader.load_page(SOURCE, Page(records, n_listed=len(records), **page), hashes, full=full)  # type: ignore[arg-type]  # fields given by name


def fetched(record: Record, **more: object) -> FetchedRow:
    stored = StoredFile(sha(record.record_key), 10, "pdf", "application/pdf", Path("x"))
    values: dict[str, object] = {
        "stored": stored,
        "refusal": None,
        "document_id": f"UN:{record.metadata.symbol}:en",
        "is_primary": True,
    }
    return FetchedRow(record, "", f"described:{record.metadata.title}", reason="ok", **{**values, **more})  # type: ignore[arg-type]  # fields given by name


@pytest.fixture
def loader(tmp_path: Path) -> Loader:  # type: ignore[misc]  # pytest makes a generator a fixture
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        yield start(connection)


def ask(loader: Loader, query: str) -> list[tuple[object, ...]]:
    return loader._connection.execute(query).fetchall()


def test_a_page_is_counted_as_new_then_unchanged_then_changed(loader: Loader) -> None:
    assert load(loader, listed("1"), listed("2")).n_new == 2
    again = load(loader, listed("1"), listed("2"))
    assert (again.n_new, again.n_changed, again.n_records) == (0, 0, 2)
    changed = load(loader, listed("1", version="2"), listed("2"))
    assert (changed.n_new, changed.n_changed) == (0, 1)
    assert ask(loader, "SELECT record_id, version FROM record_versions ORDER BY ALL") == [
        ("un-library:1/en", "1"),
        ("un-library:1/en", "2"),
        ("un-library:2/en", "1"),
    ]
    assert ask(loader, "SELECT DISTINCT state FROM document_states") == [("discovered",)]


def test_what_is_unchanged_does_not_ask_for_a_new_publication(loader: Loader) -> None:
    load(loader, listed("1"))
    before = ask(loader, "SELECT value FROM warehouse_meta WHERE name = 'content_version'")
    load(loader, listed("1"), watermark="2026-11-25")
    assert ask(loader, "SELECT value FROM warehouse_meta WHERE name = 'content_version'") == before


def test_the_watermark_is_kept_with_its_page_and_forgotten_for_a_full_listing(loader: Loader) -> None:
    assert loader.watermark(SOURCE) is None
    load(loader, listed("1"), watermark="2026-11-01")
    load(loader, listed("2"))
    assert loader.watermark(SOURCE) == "2026-11-01"
    loader.begin_full_listing(SOURCE)
    assert loader.watermark(SOURCE) is None


def test_a_withdrawn_record_is_a_tombstone_and_comes_back_when_it_is_listed_again(loader: Loader) -> None:
    load(loader, listed("1"), listed("2"))
    loader.load_downloads([fetched(listed("2"))], {}, ())
    assert load(loader, withdrawn=("1", "2")).n_withdrawn == 2
    assert load(loader, withdrawn=("1", "2")).n_withdrawn == 0
    assert loader.pending_downloads([SOURCE], None) == []
    # What was never taken is missing; what was taken stays as it is.
    assert ask(loader, "SELECT record_id, state, reason FROM document_states ORDER BY ALL") == [
        ("un-library:1/en", "missing", "withdrawn"),
        ("un-library:2/en", "fetched", "ok"),
    ]
    assert ask(loader, "SELECT count(*) FROM documents") == [(1,)]
    assert load(loader, listed("1")).n_changed == 1
    assert [one.record.record_key for one in loader.pending_downloads([SOURCE], None)] == ["1/en"]


def test_a_complete_full_listing_withdraws_what_it_does_not_list(loader: Loader) -> None:
    load(loader, listed("1"), listed("2"))
    loader.begin_full_listing(SOURCE)
    load(loader, listed("2"), full=True)
    assert load(loader, listed("3"), full=True, is_complete=True).n_withdrawn == 1
    assert ask(loader, "SELECT record_key FROM records WHERE withdrawn_at IS NOT NULL") == [("1/en",)]
    assert ask(loader, "SELECT count(*) FROM source_sightings") == [(0,)]


def test_a_full_listing_that_was_cut_off_withdraws_nothing(loader: Loader) -> None:
    load(loader, listed("1"), listed("2"))
    loader.begin_full_listing(SOURCE)
    load(loader, listed("2"), full=True)
    loader.begin_full_listing(SOURCE)
    load(loader, listed("1"), full=True)
    assert load(loader, listed("2"), full=True, is_complete=True).n_withdrawn == 0


def test_what_was_taken_is_pending_again_only_with_a_new_version(loader: Loader) -> None:
    load(loader, listed("1"))
    (one,) = loader.pending_downloads([SOURCE], None)
    assert replace(one.record, raw="") == replace(listed("1"), raw="")
    loader.load_downloads([fetched(one.record)], {"https://documents.un.org/1.pdf": ('"a"', None, sha("1/en"))}, ())
    assert loader.pending_downloads([SOURCE], None) == []
    assert loader.validators(["https://documents.un.org/1.pdf"]) == {"https://documents.un.org/1.pdf": ('"a"', None, sha("1/en"))}
    load(loader, listed("1", version="2"))
    assert len(loader.pending_downloads([SOURCE], None)) == 1
    # The document stays what it was until the new version is taken.
    assert ask(loader, "SELECT state FROM document_states") == [("fetched",)]


def test_a_refused_record_waits_for_its_time_and_counts_its_attempts(loader: Loader) -> None:
    from sources.types import Refusal

    load(loader, listed("1"))
    (one,) = loader.pending_downloads([SOURCE], None)
    refusal = Refusal("refused", "challenge_page", "a challenge")
    later = datetime(2026, 12, 1, tzinfo=UTC).replace(tzinfo=None)
    row = fetched(one.record, stored=None, refusal=refusal, document_id=None, is_primary=False, next_attempt_at=later)
    loader.load_downloads([replace(row, reason="challenge_page")], {}, ())
    assert loader.pending_downloads([SOURCE], datetime(2026, 11, 30, tzinfo=UTC).replace(tzinfo=None)) == []
    assert loader.pending_downloads([SOURCE], datetime(2026, 12, 2, tzinfo=UTC).replace(tzinfo=None))[0].attempts == 1
    assert loader.pending_downloads([SOURCE], None)[0].attempts == 1
    load(loader, listed("1", version="2"))
    assert loader.pending_downloads([SOURCE], datetime(2026, 11, 30, tzinfo=UTC).replace(tzinfo=None))[0].attempts == 0


def test_a_changed_record_changes_what_is_said_of_its_document(loader: Loader) -> None:
    load(loader, listed("1"))
    loader.load_downloads([fetched(listed("1"))], {}, ())
    load(loader, listed("1", version="2", title="Visit to Castrel", published=date(2026, 11, 2)))
    assert ask(loader, "SELECT title, published FROM documents") == [("Visit to Castrel", date(2026, 11, 2))]


def test_the_records_of_a_document_complete_one_another(loader: Loader) -> None:
    first, second = listed("1"), replace(listed("1", body="Human Rights Council", title="Another title"), source_id="un-oai")
    load(loader, first)
    loader.load_page("un-oai", Page((second,)), {second.record_id: "described:x"}, full=False)
    other = fetched(second, is_primary=False, stored=StoredFile(sha("1/en"), 10, "pdf", "application/pdf", Path("x")))
    loader.load_downloads([fetched(first), replace(other, reason="other_record")], {}, ())
    assert ask(loader, "SELECT title, body FROM documents") == [("Visit to Orvania, 1", "Human Rights Council")]
    assert ask(loader, "SELECT source_id, is_primary FROM document_provenance ORDER BY ALL") == [
        ("un-library", True),
        ("un-oai", False),
    ]


def test_signals_are_counted_and_keep_their_first_example(loader: Loader) -> None:
    load(loader, signals=(Signal("unknown_field", "999$a", "one"), Signal("unknown_field", "999$a", "two")))
    load(loader, signals=(Signal("unknown_field", "999$a", "three"),))
    assert ask(loader, "SELECT source_id, field, example, n FROM source_signals") == [(SOURCE, "999$a", "one", 3)]


def test_corrigenda_addenda_revisions_and_languages_are_linked(loader: Loader) -> None:
    symbols = {"1": "A/HRC/990/7", "2": "A/HRC/990/7/Corr.1", "3": "A/HRC/990/7/Add.2", "4": "A/HRC/990/7/Add.2/Rev.1"}
    records = [listed(key, symbol=symbol) for key, symbol in symbols.items()]
    french = replace(listed("5", symbol="A/HRC/990/7", language="fr"), relations=())
    load(loader, *records, french)
    rows = [fetched(record) for record in records]
    loader.load_downloads([*rows, fetched(french, document_id="UN:A/HRC/990/7:fr")], {}, ())
    found = set(ask(loader, "SELECT document_id, relation, other_document_id FROM document_relations"))
    assert ("UN:A/HRC/990/7/Corr.1:en", "corrigendum_of", "UN:A/HRC/990/7:en") in found
    assert ("UN:A/HRC/990/7/Add.2:en", "addendum_of", "UN:A/HRC/990/7:en") in found
    assert ("UN:A/HRC/990/7/Add.2/Rev.1:en", "revision_of", "UN:A/HRC/990/7/Add.2:en") in found
    assert ("UN:A/HRC/990/7:fr", "language_version_of", "UN:A/HRC/990/7:en") in found
    assert len(found) == 5


def test_what_is_no_symbol_and_symbols_of_other_organizations_relate_nothing(loader: Loader) -> None:
    said = (
        ("1", "N/A", "UN", "en"),
        ("2", "n/a", "UN", "fr"),
        ("3", "7", "ILO", "en"),
        ("4", "7", "World Bank", "fr"),
        ("5", "8", "UN", "en"),
    )
    records = [
        replace(listed(key, symbol=symbol, igo=igo, language=language), relations=()) for key, symbol, igo, language in said
    ]
    nobody_says = replace(listed("6", symbol="8", language=None), relations=())
    load(loader, *records, nobody_says)
    loader.load_downloads([fetched(one, document_id=one.record_id) for one in (*records, nobody_says)], {}, ())
    assert ask(loader, "FROM document_relations") == []


def test_a_version_that_comes_back_after_a_failed_attempt_is_asked_for_again_so_that_the_state_is_right(loader: Loader) -> None:
    load(loader, listed("1"))
    loader.load_downloads([fetched(listed("1"))], {}, ())
    load(loader, listed("1", version="2"))
    refusal = Refusal("refused", "server_error", "it is down")
    failed = fetched(listed("1", version="2"), stored=None, refusal=refusal, document_id=None, is_primary=False)
    loader.load_downloads([failed], {}, ())
    load(loader, listed("1"))
    (pending,) = loader.pending_downloads([SOURCE], None)
    loader.load_downloads([fetched(pending.record)], {}, ())
    assert ask(loader, "SELECT state, reason FROM document_states") == [("fetched", "ok")]
    # Where nothing has failed in between, nothing is asked for.
    load(loader, listed("1", version="2"))
    load(loader, listed("1"))
    assert loader.pending_downloads([SOURCE], None) == []


def test_another_reading_of_a_file_takes_back_what_the_one_before_gave_of_its_mission(loader: Loader) -> None:
    load(loader, listed("1"))
    loader.load_downloads([fetched(listed("1"))], {}, ())
    extract_all(loader)
    (text,) = loader.unread_missions()
    assert (
        loader.load_missions([(text, replace(text.metadata, mission_kind="country_visit", mission_start=date(2020, 3, 2)))]) == 1
    )
    assert loader.unread_missions() == []
    assert ask(loader, "SELECT mission_kind, from_cover FROM documents JOIN missions USING (mission_id)") == [
        ("country_visit", ["published", "mission_kind", "mission_start"])
    ]
    extract_all(loader, key="extractor-2/auto")
    assert ask(loader, "SELECT mission_kind, from_cover FROM documents") == [(None, ["published"])]
    assert ask(loader, "SELECT count(*) FROM missions") == [(0,)]
    assert len(loader.unread_missions()) == 1
