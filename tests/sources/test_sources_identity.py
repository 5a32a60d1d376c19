"""One document has one identifier for good, however often and in whatever form its file turns up."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sources.identity import Assignment, Registry, normalise_symbol
from sources.types import DocumentMetadata, Known, Record, StoredFile


def record(key: str, symbol: str | None = None, language: str | None = "en") -> Record:
    return Record("folder", key, Path(key), DocumentMetadata(igo="UN", symbol=symbol, language=language))


def stored(sha256: str, file_format: str = "pdf") -> StoredFile:
    return StoredFile(sha256, 1, file_format, "x/y", Path(sha256))


def test_the_symbol_names_the_document_and_the_place_names_the_others() -> None:
    registry = Registry([])
    assert registry.assign(record("a.pdf", " a/hrc/44/ 52 "), stored("1")) == Assignment("UN:A/HRC/44/52:en", True, "ok")
    assert registry.assign(record("b.pdf"), stored("2")) == Assignment("folder:b.pdf", True, "ok")
    assert registry.assign(record("c.pdf", "A/HRC/44/52", "fr"), stored("3")).document_id == "UN:A/HRC/44/52:fr"


def test_the_same_bytes_and_the_other_format_are_linked_and_counted_once() -> None:
    registry = Registry([])
    registry.assign(record("a.pdf", "A/1"), stored("1"))
    assert registry.assign(record("copy.pdf"), stored("1")) == Assignment("UN:A/1:en", False, "same_bytes")
    assert registry.assign(record("a.docx", "A/1"), stored("2", "docx")) == Assignment("UN:A/1:en", False, "other_format")


def test_two_different_files_of_one_symbol_and_format_are_both_kept() -> None:
    registry = Registry([])
    registry.assign(record("a.pdf", "A/1"), stored("1"))
    second = registry.assign(record("b.pdf", "A/1"), stored("2"))
    assert second.is_primary
    assert second.document_id.startswith("UN:A/1:en~")


def test_a_known_record_keeps_its_document_when_its_bytes_or_its_symbol_change() -> None:
    registry = Registry([Known("folder:a.pdf", "folder:a.pdf", "1", "pdf", True)])
    assert registry.assign(record("a.pdf", "A/1"), stored("9")) == Assignment("folder:a.pdf", True, "ok")
    assert registry.assign(record("b.pdf"), stored("1")) == Assignment("folder:b.pdf", True, "ok"), (
        "the old bytes belong to nobody now"
    )


def test_normalising_twice_changes_nothing_more() -> None:
    assert normalise_symbol("A/80/6 (Sect. 24)/Corr.1") == "A/80/6 (SECT. 24)/CORR.1"


@given(st.text(max_size=40))
def test_normalising_is_idempotent(symbol: str) -> None:
    once = normalise_symbol(symbol)
    assert once is None or normalise_symbol(once) == once


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from([None, "A/1", "A/2"]), st.integers(0, 4), st.sampled_from(["pdf", "docx"])),
        max_size=20,
    )
)
def test_no_bytes_and_no_record_ever_stand_for_two_documents(rows: list[tuple[int, str | None, int, str]]) -> None:
    registry = Registry([])
    primary_of: dict[str, str] = {}
    bytes_of: dict[str, str] = {}
    for number, symbol, content, file_format in rows:
        sha256 = f"{content}-{file_format}"
        key = f"{number}.{file_format}"
        assignment = registry.assign(record(key, symbol), stored(sha256, file_format))
        if assignment.is_primary:
            assert primary_of.setdefault(assignment.document_id, key) == key
            bytes_of[assignment.document_id] = sha256
