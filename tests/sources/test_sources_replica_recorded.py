"""Recorded answers come out of the replica byte for byte; everything else is answered by its own services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest

from entente.errors import BadInput
from sources.replica.recorded import recorded_answers
from sources.replica.server import ReplicaServer
from tests.sources.replica_asking import ask, sample_world

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "source_samples"
OAI = "digitallibrary.un.org/oai2d"

needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples of recorded answers are not here")
Playing = Callable[..., AbstractContextManager[ReplicaServer]]


@pytest.fixture
def playing() -> Playing:
    @contextmanager
    def play(oai: Literal["recorded", "protocol"] = "recorded") -> Iterator[ReplicaServer]:
        with ReplicaServer(sample_world(), mounted=recorded_answers(SAMPLES, oai=oai)) as server:
            yield server

    return play


def harvest(server: ReplicaServer) -> list[Any]:
    tree = ask(server, OAI, {"verb": "ListRecords", "metadataPrefix": "oai_dc"}).xml
    records: list[Any] = tree.findall(".//{*}record")
    while token := tree.findtext(".//{*}resumptionToken"):
        answer = ask(server, OAI, {"verb": "ListRecords", "resumptionToken": token})
        if answer.status != 200:
            assert answer.xml.find("{*}error").get("code") == "badResumptionToken"
            break
        tree = answer.xml
        records += tree.findall(".//{*}record")
    return records


@needs_samples
def test_the_world_bank_answers_with_its_recorded_page_and_nothing_after_it(playing: Playing) -> None:
    with playing() as server:
        url = "search.worldbank.org/api/v2/wds"
        answer = ask(server, url, {"format": "json", "rows": "500"})
        assert answer.body == (SAMPLES / "worldbank_wds" / "wds_v2_scd_2017.json").read_bytes()
        assert len(answer.json["documents"]) == 106
        assert ask(server, url, {"os": "105"}).json["documents"] == {"facets": {}}
        assert ask(server, "search.worldbank.org/api/v3/wds").json["total"] == 3, "the replica's own"


@needs_samples
def test_recorded_oai_answers_follow_one_another_and_err_with_422(playing: Playing) -> None:
    with playing() as server:
        assert len(harvest(server)) > 2
        for arguments, code in (
            ({"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": "oai:zenodo.org:1"}, "idDoesNotExist"),
            ({"verb": "ListSets", "resumptionToken": "x"}, "badResumptionToken"),
        ):
            answer = ask(server, OAI, arguments)
            assert (answer.status, answer.xml.find("{*}error").get("code")) == (422, code)
        for verb in ("Identify", "ListMetadataFormats", "ListSets", "ListIdentifiers"):
            assert ask(server, OAI, {"verb": verb}).status == 200
        known = {"verb": "GetRecord", "metadataPrefix": "oai_dc", "identifier": "oai:zenodo.org:10357859"}
        assert ask(server, OAI, known).xml.find(".//{*}metadata") is not None


@needs_samples
def test_the_pages_of_the_protocol_hold_a_deleted_record(playing: Playing) -> None:
    with playing("protocol") as server:
        records = harvest(server)
        assert len(records) == 8
        assert "deleted" in {record.find("{*}header").get("status") for record in records}
        error = ask(server, OAI, {"verb": "ListRecords", "resumptionToken": "nothing"})
        assert (error.status, error.xml.find("{*}error").get("code")) == (200, "badResumptionToken")


@needs_samples
def test_the_row_of_the_human_rights_index(playing: Playing) -> None:
    with playing() as server:
        (row,) = ask(server, "dataex.ohchr.org/uhri/export-results/export-full-en.json").json
    assert (row["Symbol"], len(row)) == ("CRC/C/PER/CO/6-7", 18)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is not there"):
        recorded_answers(tmp_path / "none")
