"""What there is in the replica's world: documents of a manifest under well-formed identities, known to several services, and their changes."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from sources.replica.__main__ import main
from sources.replica.generated import GeneratedDocuments, generated_world
from sources.replica.manifest_world import documents_from_manifest, world_from_manifest
from sources.replica.naming import full_symbol_series, number_of_dlx_id, number_of_recid, symbol_file_name
from sources.replica.server import ReplicaServer
from sources.replica.world import START, SetClock, World
from tests.sources.replica_asking import MISSION, SAMPLE, VISIT, ask, sample_world

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"


def test_every_document_of_the_sample_has_an_invented_identity_and_two_services() -> None:
    world = sample_world()
    with (SAMPLE / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    from_manifest = [document for document in world.documents() if not document.body.endswith("unreadable files")]
    assert sum(len(document.files) for document in from_manifest) == len(rows)
    assert len(from_manifest) == len({(row["igo"], row["symbol"]) for row in rows})
    for document in from_manifest:
        assert len(document.services - {"ods"}) >= 2, document
        assert bool(document.symbols) == ("un-library" in document.services) == (document.igo == "UN")
        for symbol in document.symbols:
            assert re.match(r"(A|S|A/HRC|CAT/OP)/(99\d|20[4-9]\d|XA[A-C])/\d+", symbol), (
                "a session, year or country that does not exist"
            )
        assert START - timedelta(days=735) < document.created <= document.updated < START - timedelta(days=9)
    assert {place.name for document in world.documents() for place in document.places} == {"Orvania", "Castrel", "Tirvane"}


def test_two_files_of_one_report_are_one_document_and_the_mapping_never_changes() -> None:
    documents = documents_from_manifest(SAMPLE, SAMPLE / "manifest.csv")
    (two,) = [document for document in documents if len(document.files) > 1]
    assert {file.file_format for file in two.files} == {"pdf", "docx"}
    assert documents == documents_from_manifest(SAMPLE, SAMPLE / "manifest.csv")
    assert [document.number for document in documents] == list(range(1, len(documents) + 1))


def test_a_dual_symbol_is_one_document_found_by_both() -> None:
    world = sample_world()
    assert world.find("a/990/22 ") is world.find(MISSION)


def test_broken_files_become_documents_too() -> None:
    world = sample_world()
    broken = [document for document in world.documents() if document.symbols and document.symbols[0].startswith("A/HRC/992/")]
    names = {file.content.path.name for document in broken for file in document.files if file.content.path}
    assert names == {path.name for path in (SAMPLE / "broken").iterdir()}


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus of real documents is not here")
def test_real_reports_keep_their_symbols() -> None:
    world = world_from_manifest(CORPUS, CORPUS / "manifest.csv")
    dual = world.find("S/2025/109")
    assert dual is not None
    assert (dual.symbols, dual.kind) == (("A/79/797", "S/2025/109"), "sg_mission_report")
    two = world.find("A/RES/48/161")
    assert two is not None
    assert two.languages == ("en", "fr")
    scan = world.find("A/39/361")
    assert scan is not None
    assert scan.is_scan
    symbols = [symbol for document in world.documents() for symbol in document.symbols]
    assert len(symbols) == len(set(symbols)) > 100
    with ReplicaServer(world) as server:
        way = ask(server, "documents.un.org/api/symbol/access", {"s": "S/RES/2769 (2025)", "l": "en", "t": "pdf"})
        assert ask(server, "documents.un.org" + way.headers["location"].lower()).body[:5] == b"%PDF-"
        assert (
            "/IMG/"
            in ask(server, "documents.un.org/api/symbol/access", {"s": "A/39/361", "l": "en", "t": "pdf"}).headers["location"]
        )


def stamped_since(world: World, service: str, days: int) -> list[int]:
    return [number for stamp, number in world.by_stamp(service) if stamp >= START + timedelta(days=days)]


def test_a_change_is_stamped_and_nothing_else_moves() -> None:
    clock = SetClock()
    world = sample_world(clock=clock)
    n, version = len(world), world.version
    clock.advance(timedelta(days=1))
    visit = world.find(VISIT)
    assert visit is not None
    new = world.add(visit)
    assert (new.number, world.document(new.number), len(world)) == (n + 1, new, n + 1)
    clock.advance(timedelta(days=1))
    world.revise(visit.number, b"%PDF-1.5 %%EOF")
    clock.advance(timedelta(days=1))
    gone = world.withdraw(19)
    assert gone.withdrawn == START + timedelta(days=3)
    assert stamped_since(world, "un-library", 1) == [new.number, visit.number, 19]
    assert stamped_since(world, "ilo-site", 1) == []
    assert world.version == version + 3
    revised = world.document(visit.number)
    assert revised is not None
    assert (revised.files[0].content.held, revised.files[0].modified) == (b"%PDF-1.5 %%EOF", START + timedelta(days=2))


def test_changes_of_what_is_not_there() -> None:
    world = sample_world()
    with pytest.raises(LookupError, match="no document 999"):
        world.withdraw(999)
    with pytest.raises(LookupError, match="no such file"):
        world.revise(17, b"", language="ru")


def test_the_world_may_change_while_it_is_asked() -> None:
    world = sample_world()
    wrong: list[int] = []

    def keep_asking(server: ReplicaServer) -> None:
        for _ in range(15):
            for url in (
                "metadata.un.org/editor/api/marc/bibs/records?format=xml",
                "www.ilo.org/sitemap.xml?page=1",
                "web.archive.org/cdx/search/cdx?url=www.ilo.org/*&output=json",
                "dataex.ohchr.org/uhri/export-results/export-full-en.json",
            ):
                if (status := ask(server, url).status) != 200:
                    wrong.append(status)

    with ReplicaServer(world) as server:
        threads = [threading.Thread(target=keep_asking, args=(server,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(20):
            world.add(next(world.documents("uhri")))
        for thread in threads:
            thread.join()
    assert wrong == []
    assert len(server.log) == 3 * 15 * 4


def test_numbers_of_records_go_back_to_documents() -> None:
    assert [number_of_dlx_id(number) for number in (1_000_007, 1_000_008, 1_000_000, 5)] == [1, None, None, None]
    assert [number_of_recid(number) for number in (3_900_006, 3_900_007, 3_900_000)] == [2, None, None]


def test_names_follow_the_library() -> None:
    assert symbol_file_name("A/79/PV.1", "en", "pdf") == "A_79_PV.1-EN.pdf"
    assert symbol_file_name("A/[X] 1*", "fr", "pdf") == "A_^X^_1!-FR.pdf"
    assert full_symbol_series("A/HRC/44/52") == ("A/HRC/", "44")
    assert full_symbol_series("S/2026/12") == ("S/", "")
    assert full_symbol_series("CEDAW/C/CAF/CO/6") == ("CEDAW/C/CAF/CO/", "")


def test_a_large_world_is_made_while_it_is_asked_for() -> None:
    documents = GeneratedDocuments(100_000)
    assert (len(documents), documents[99_999].number, documents[-1].number) == (100_000, 100_000, 100_000)
    assert documents[4:6] == [documents[4], documents[5]]
    with pytest.raises(IndexError):
        documents[100_000]
    assert documents[0] == GeneratedDocuments(100_000)[0]


def test_pages_of_a_large_world() -> None:
    with ReplicaServer(generated_world(3_000)) as server:
        url = "metadata.un.org/editor/api/marc/bibs/records"
        seen: list[str] = []
        while page := ask(server, url, {"sort": "updated", "start": str(len(seen) + 1), "limit": "1000"}).json["data"]:
            seen += page
        assert len(set(seen)) == len(seen) == 3_000
        newest = ask(server, url, {"sort": "updated", "direction": "desc", "limit": "1"}).json["data"]
        assert newest == seen[-1:]
        recent = {"search": "updated>2026-11-17"}
        assert ask(server, f"{url}/count", recent).json["_meta"]["count"] == 181, "one every ten minutes of thirty hours"
        rows = ask(server, "dataex.ohchr.org/uhri/export-results/export-full-en.json").json
        assert len(rows) == 3 * 750


def test_the_command_explains_itself_and_refuses_what_it_cannot_serve(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, said in (
        (["--help"], "curl -H 'Host: metadata.un.org'"),
        ([], "--generate"),
        (["--manifest", "/nowhere.csv"], "is not there"),
        (["--generate", "0"], "at least 1"),
        (["--generate", "5", "--faults", "nonsense"], "nonsense"),
        (["--generate", "5", "--port", "70000"], "0 to 65535"),
    ):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        output = capsys.readouterr()
        assert said in " ".join((output.out + output.err).split())
        assert end.value.code == (0 if arguments == ["--help"] else 2)


def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with ReplicaServer(sample_world()) as server:
        port = server.address.rpartition(":")[2]
        with pytest.raises(SystemExit):
            main(["--generate", "5", "--port", port])
    assert f"port {port} cannot be used" in capsys.readouterr().err


def test_the_command_serves_until_it_is_ended() -> None:
    command = [
        sys.executable,
        "-m",
        "sources.replica",
        "--generate",
        "7",
        "--port",
        "0",
        "--fault-share",
        "0.5",
        "--faults",
        "empty_200",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        assert process.stdout.readline().startswith("7 documents, ")
    finally:
        process.terminate()
        process.communicate()
