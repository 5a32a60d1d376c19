"""From listed records to documents: whatever changes together, each record comes out once and keeps or finds its own document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sources.routes import Fetched, Unchanged
from sources.taking import Batch, KnownFile, group_records, take
from sources.types import DocumentMetadata, FileLink, Known, Record, Refusal, Relation, StoredFile, Wanted

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def record(key: str, symbol: str | None, *, source_id: str = "un-library", relations: tuple[Relation, ...] = ()) -> Record:
    return Record(
        source_id,
        key,
        None,
        DocumentMetadata(igo="UN", symbol=symbol, language="en"),
        links=(FileLink(f"https://documents.un.org/{source_id}/{key}.pdf", "ods", "pdf", "en"),),
        version="2",
        relations=relations,
    )


def stored(content: str) -> StoredFile:
    return StoredFile(content * 64, 10, "pdf", "application/pdf", Path(content))


class World:
    """What is on file, and what each address gives."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
        self.known: list[KnownFile] = []
        self.records: dict[str, Record] = {}

    def has(self, one: Record, document_id: str, content: str, *, is_primary: bool) -> Record:
        file = stored(content)
        self.known.append(KnownFile(Known(one.record_id, document_id, file.sha256, "pdf", is_primary), file))
        if is_primary:
            self.records[document_id] = one
        return one

    def take(self, *wanted: Record) -> Batch:
        def known(record_ids: Sequence[str], document_ids: Sequence[str], hashes: Sequence[str]) -> list[KnownFile]:
            return [
                one
                for one in self.known
                if one.known.record_id in record_ids
                or one.known.document_id in document_ids
                or (one.known.is_primary and one.known.file_sha256 in hashes)
            ]

        def holders(document_ids: Sequence[str]) -> dict[str, Wanted]:
            return {key: Wanted(one, "said", 0) for key, one in self.records.items() if key in document_ids}

        def fetch(one: Record, known_sha256: str | None) -> Fetched | Unchanged | Refusal:
            for link in one.links:
                if link.url in self.files:
                    file = stored(self.files[link.url])
                    if file.sha256 == known_sha256:
                        return Unchanged(link, link.url, ())
                    return Fetched(file, link, link.url, None, ())
            return Refusal("missing", "not_found", "nothing there")

        groups = group_records([Wanted(one, "said", 0) for one in wanted], ["un-library", "uhri"])
        return take(groups, known, holders, fetch, {}, now=NOW, parallel=2)


def documents(batch: Batch) -> dict[str, tuple[str | None, bool, str]]:
    """Return document, whether it stands for it and the content, by record; each record must come out once."""
    ids = [one.record.record_id for one in batch.taken]
    assert len(set(ids)) == len(ids), ids
    return {
        one.record.record_id: (one.document_id, one.is_primary, one.stored.sha256[0] if one.stored else "") for one in batch.taken
    }


def test_records_that_share_a_file_may_change_at_once() -> None:
    first, second = record("1", "A/HRC/1/1"), record("2", "A/HRC/1/2")
    world = World({first.links[0].url: "b", second.links[0].url: "b"})
    world.has(first, "UN:A/HRC/1/1:en", "a", is_primary=True)
    world.has(second, "UN:A/HRC/1/1:en", "a", is_primary=False)
    assert documents(world.take(first, second)) == {
        "un-library:1": ("UN:A/HRC/1/1:en", True, "b"),
        "un-library:2": ("UN:A/HRC/1/1:en", False, "b"),
    }


def test_a_record_that_no_longer_shares_a_file_gets_its_own_document() -> None:
    first, second = record("1", "A/HRC/1/1"), record("2", "A/HRC/1/2")
    world = World({first.links[0].url: "a", second.links[0].url: "c"})
    world.has(first, "UN:A/HRC/1/1:en", "a", is_primary=True)
    world.has(second, "UN:A/HRC/1/1:en", "a", is_primary=False)
    for wanted in ((second,), (first, second)):
        assert documents(world.take(*wanted))["un-library:2"] == ("UN:A/HRC/1/2:en", True, "c")


def test_a_record_whose_symbol_was_corrected_leaves_the_document_of_the_wrong_one() -> None:
    first, corrected = record("1", "A/HRC/1/1"), record("x", "A/HRC/1/9", source_id="uhri")
    world = World({corrected.links[0].url: "c"})
    world.has(first, "UN:A/HRC/1/1:en", "a", is_primary=True)
    world.has(corrected, "UN:A/HRC/1/1:en", "a", is_primary=False)
    # The first record's own file is gone: the other's must not take its place.
    taken = documents(world.take(first, corrected))
    assert taken["uhri:x"] == ("UN:A/HRC/1/9:en", True, "c")
    assert taken["un-library:1"] == (None, False, "")


def test_a_record_that_stands_for_a_document_and_changes_its_symbol_comes_out_once() -> None:
    renamed, other = record("1", "A/HRC/1/9"), record("x", "A/HRC/1/1", source_id="uhri")
    world = World({renamed.links[0].url: "b"})
    world.has(renamed, "UN:A/HRC/1/1:en", "a", is_primary=True)
    world.has(other, "UN:A/HRC/1/1:en", "a", is_primary=False)
    assert documents(world.take(other, renamed)) == {
        "un-library:1": ("UN:A/HRC/1/1:en", True, "b"),
        "uhri:x": ("UN:A/HRC/1/1:en", False, "b"),
    }


def test_several_records_of_a_document_that_is_not_asked_for_itself_ask_for_it_once() -> None:
    holder = record("1", "A/HRC/1/1")
    same = Relation("same_document", "A/HRC/1/1")
    world = World({holder.links[0].url: "b"})
    world.has(holder, "UN:A/HRC/1/1:en", "a", is_primary=True)
    others = [record(key, f"A/HRC/2/{key}", source_id="uhri", relations=(same,)) for key in ("x", "y")]
    for one in others:
        world.has(one, "UN:A/HRC/1/1:en", "a", is_primary=False)
    assert documents(world.take(*others)) == {
        "un-library:1": ("UN:A/HRC/1/1:en", True, "b"),
        "uhri:x": ("UN:A/HRC/1/1:en", False, "b"),
        "uhri:y": ("UN:A/HRC/1/1:en", False, "b"),
    }


def test_a_withdrawn_record_that_stands_for_a_document_is_asked_through_the_links_of_the_others() -> None:
    gone, other = record("1", "A/HRC/1/1"), record("x", "A/HRC/1/1", source_id="uhri")
    world = World({other.links[0].url: "b"})
    world.has(gone, "UN:A/HRC/1/1:en", "a", is_primary=True)
    world.has(replace(other, version="1"), "UN:A/HRC/1/1:en", "a", is_primary=False)
    assert documents(world.take(other)) == {
        "un-library:1": ("UN:A/HRC/1/1:en", True, "b"),
        "uhri:x": ("UN:A/HRC/1/1:en", False, "b"),
    }
