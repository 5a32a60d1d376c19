"""The Human Rights Index: an export in a stream, read only where it changed, and never taken for proof when it is less than the last one."""

from __future__ import annotations

import contextlib
import json
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.uhri_memory import make
from entente.errors import BadInput
from sources.connectors.base import connector_for
from sources.replica.generated import generated_world
from sources.replica.server import ReplicaServer
from sources.replica.world import START, SetClock
from sources.types import Page
from sources.uhri_export import LEFT, TAKEN, read_export
from sources.web.errors import Refused
from sources.web.results import Download, NotModified, Validators
from tests.sources.playback import described
from tests.sources.un_listing import listed

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "source_samples"
ALL = [{"id": "all", "parameters": {"symbol": ".*"}, "igo": "UN"}]


def row(symbol: object = "A/HRC/990/1/Add.1", **said: object) -> dict[str, object]:
    return {
        "Symbol": symbol,
        "Body": "- SR Invented",
        "Countries": ["Fiji"],
        "DocumentId": "d-1",
        "PublicationDate": "2098-02-12T00:00:00",
        "PublicationDateOnUhri": "2098-03-03T10:53:45.827",
        "AnnotationType": "- Recommendations",
        "Text": "x",
        **said,
    }


class Exports:
    """A client whose export is what the test says."""

    def __init__(self, state: Path, content: bytes, etag: str = '"1"') -> None:
        self.state = state
        self.content = content
        self.etag = etag
        self.asked: list[str | None] = []

    def download(self, url: str, target: Path, *, validators: Validators | None = None, **_: object) -> Download | NotModified:
        self.asked.append(validators.etag if validators else None)
        if validators and validators.etag == self.etag:
            return NotModified(url, validators)
        target.write_bytes(self.content)
        return Download(target, len(self.content), "", "", url, "application/json", Validators(self.etag))


def discovered(client: Exports, watermark: str | None = None, **changes: Any) -> list[Page]:
    connector = connector_for(described("uhri", {"queries": ALL, **changes}))
    return list(connector.discover(cast("Any", client), watermark, START))


def export(*rows: object) -> bytes:
    return json.dumps(rows).encode()


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    rows = [
        row(Body="- B"),
        row("A/HRC/990/2/Add.1"),
        row(Body="- A", Countries=["Iceland"], DocumentId="d-0", PublicationDate="2098-01-01"),
        row(AnnotationType="- Concerns/Observations", PublicationDateOnUhri="2099-01-01T00:00:00"),
    ]
    first = discovered(Exports(tmp_path, export(*rows)))
    second = discovered(Exports(tmp_path, export(*reversed(rows))))
    assert [page.records for page in first] == [page.records for page in second]
    record = first[0].records[0]
    assert record.metadata.extra["bodies"] == "A; B; SR Invented"
    assert record.metadata.country_iso3 is None
    assert record.metadata.extra["countries"] == "Fiji; Iceland"
    assert record.metadata.published is not None
    assert record.metadata.published.isoformat() == "2098-01-01"
    assert record.metadata.extra["uhri_paragraphs"] == "3"


def test_an_export_that_is_still_the_same_is_not_read(tmp_path: Path) -> None:
    client = Exports(tmp_path, export(row()))
    first = discovered(client)
    (again,) = discovered(client, first[-1].watermark)
    assert client.asked == [None, '"1"']
    assert (again.records, again.watermark, again.is_complete) == ((), None, False)
    assert not list((tmp_path / "exports").iterdir()), "nothing of the export stays on the disk"


def test_other_queries_read_the_same_export_again(tmp_path: Path) -> None:
    client = Exports(tmp_path, export(row()))
    first = discovered(client)
    second = discovered(client, first[-1].watermark, languages=["en", "fr"])
    assert client.asked == [None, None]
    assert len(second[0].records) == 2


def test_a_document_that_is_no_longer_there_is_noticed_by_a_whole_listing(tmp_path: Path) -> None:
    client = Exports(tmp_path, export(row(), row("A/HRC/990/2/Add.1")))
    first = discovered(client)
    client.content, client.etag = export(row()), '"2"'
    second = discovered(client, first[-1].watermark)
    assert [page.is_complete for page in second] == [True]
    assert len(second[0].records) == 1


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (export(row()), "unexpected_count"),
        (export(*[row(PublicationDateOnUhri="2097-01-01T00:00:00")] * 9), "difference"),
    ],
)
def test_an_export_that_lost_much_or_is_older_proves_nothing(tmp_path: Path, content: bytes, kind: str) -> None:
    client = Exports(tmp_path, export(*[row()] * 9))
    first = discovered(client)
    client.content, client.etag = content, '"2"'
    (page,) = discovered(client, first[-1].watermark)
    assert [signal.kind for signal in page.signals] == [kind]
    assert (page.is_complete, page.watermark) == (False, None)
    assert len(page.records) == 1, "what it has is taken all the same"


@pytest.mark.parametrize(
    ("odd", "place"),
    [
        (row(None), "Symbol"),
        (row("just words"), "Symbol"),
        (row(3), "Symbol"),
        ("a text", "row"),
        ([row()], "row"),
        (row(Body=["x"]), "Body"),
        (row(Countries={"a": 1}), "Countries"),
        (row(Countries=["Orvania"]), "Countries"),
        (row(PublicationDate="soon"), "PublicationDate"),
        (row(PublicationDateOnUhri="19-Aug-2026"), "PublicationDateOnUhri"),
        (row(Unheard="of"), "Unheard"),
    ],
)
def test_what_makes_no_sense_is_a_signal_and_the_rest_is_read(tmp_path: Path, odd: object, place: str) -> None:
    pages = discovered(Exports(tmp_path, export(odd, row("A/HRC/990/7/Add.1"))))
    assert "A/HRC/990/7/ADD.1/en" in [record.record_key for page in pages for record in page.records]
    assert place in {signal.field for page in pages for signal in page.signals}


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"null", b'{"a": [1]}', b"<html></html>", export(row())[:-30], b"\xff\xfe\x00", b"[" * 100_000]
)
def test_what_is_no_export_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        discovered(Exports(tmp_path, content))
    assert refused.value.outcome == "bad_answer"
    assert not list((tmp_path / "exports").iterdir())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
ROWS = st.dictionaries(st.sampled_from(sorted(TAKEN)) | st.sampled_from(sorted(LEFT)) | st.text(max_size=5), VALUES, max_size=8)


@given(st.lists(ROWS | VALUES, max_size=5), st.data())
def test_mangled_rows_are_read_or_refused(rows: list[Any], data: st.DataObject) -> None:
    content = bytearray(json.dumps([*rows, row()]).encode())
    if data.draw(st.booleans()):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(Refused):
        for page in discovered(Exports(Path(folder), bytes(content))):
            for record in page.records:
                record.raw.encode()
                json.dumps(record.metadata.extra).encode()


def test_a_large_export_is_read_in_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    make(path, 1500)
    read = read_export(path, "https://example.org")
    assert (read.n_rows, read.signals) == (1500, {})
    assert len(read.documents) <= 100
    assert sum(document.n_rows for document in read.documents.values()) == 1500


def test_the_replica_s_export_is_read_once_and_then_not(tmp_path: Path) -> None:
    clock = SetClock()
    with ReplicaServer(generated_world(200, clock=clock)) as replica:
        first = listed(replica, tmp_path, "uhri")
        second = listed(replica, tmp_path, "uhri", watermark=first.watermark)
        clock.advance(timedelta(days=2))
        replica.world.change_record(4, abstract="new")
        third = listed(replica, tmp_path, "uhri", watermark=first.watermark)
    assert len(first.keys) == len(set(first.keys)) == 50
    assert all(key.startswith("A/HRC/990/") for key in first.keys)
    assert second.keys == []
    assert {event.outcome for event in second.events if event.purpose != "robots"} == {"not_modified"}
    assert third.keys == first.keys


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the recorded samples are not here")
def test_a_row_of_the_real_export_maps_without_a_signal(tmp_path: Path) -> None:
    content = (SAMPLES / "uhri" / "export_record_crc_per.json").read_bytes()
    (page,) = discovered(Exports(tmp_path, content))
    (record,) = page.records
    assert page.signals == ()
    assert set(json.loads(content)[0]) == TAKEN | LEFT.keys()
    said = record.metadata
    assert (said.symbol, said.body, said.country_iso3) == ("CRC/C/PER/CO/6-7", "CRC", "PER")
    assert said.url == "https://uhri.ohchr.org/en/document/41a0b08f-5a9a-4eb5-985f-05b47986ad82"
    assert record.links[0].url == "https://documents.un.org/api/symbol/access?s=CRC/C/PER/CO/6-7&l=en&t=pdf"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"queries": []}, "queries: at least one"),
        ({"settings": {"addresses": ["third"]}}, "no 'third'"),
        ({"settings": {"max_mb": 0}}, r"settings\.max_mb"),
        ({"settings": {"document_page": "https://uhri.ohchr.org/en/document/"}}, r"settings\.document_page"),
    ],
)
def test_a_wrong_description_is_named_with_file_and_key(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=rf"uhri\.yaml.*{message}"):
        connector_for(described("uhri", changes))
