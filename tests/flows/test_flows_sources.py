"""Refreshes from the replica of all services: everything once, nothing twice, what changed; faults; documents listed by several; commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from flows.pipeline import RefreshOptions, Summary, refresh
from flows.progress import quiet
from flows.settings import Settings
from sources.replica.faults import Faults
from sources.replica.server import ReplicaServer
from sources.replica.world import SetClock, World
from tests.flows.projects import entente, make_project, rows
from tests.flows.replica import accounts, replica_project
from tests.sources.replica_asking import sample_world
from warehouse.content import content_digest

pytestmark = pytest.mark.e2e
LISTING = {"un-library", "uhri", "un-oai", "worldbank", "ilo-catalogue", "ilo-site", "reliefweb"}
SOME = ("un-library", "worldbank", "ilo-catalogue", "reliefweb")
PLAIN = RefreshOptions(classify=False, publish=False)


@pytest.fixture
def world() -> World:
    return sample_world(clock=SetClock(datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)))


@pytest.fixture
def server(world: World) -> Iterator[ReplicaServer]:
    with ReplicaServer(world) as running:
        yield running


@pytest.fixture
def project(server: ReplicaServer, tmp_path: Path) -> Settings:
    return replica_project(tmp_path / "p", server.address)


def pull(settings: Settings, **more: object) -> Summary:
    return refresh(settings, replace(PLAIN, **more), quiet)  # type: ignore[arg-type]  # options by name


def files_asked(server: ReplicaServer) -> int:
    """Return how many requests were for files or for the way to one."""
    return sum(one.purpose in ("file", "resolve") for one in server.log)


def test_everything_once_then_nothing_then_what_changed(world: World, server: ReplicaServer, project: Settings) -> None:
    first = pull(project)
    assert not first.failed_sources
    by_source = accounts(project)
    assert set(by_source) >= LISTING
    for source_id in LISTING:
        there = sum(not one.withdrawn for one in world.documents(source_id))
        assert by_source[source_id]["n_new"] > 0, source_id
        assert by_source[source_id]["n_new"] <= there, source_id
    taken = first.counts["fetched"]
    assert taken == rows(project.paths.warehouse, "SELECT count(*) FROM documents")[0][0]

    server.log.clear()
    second = pull(project)
    assert (second.counts["fetched"], second.counts["refused"], second.counts["extracted"]) == (0, 0, 0)
    assert files_asked(server) == 0
    assert all(one["n_new"] == one["n_changed"] == 0 for one in accounts(project).values())

    changed = next(one for one in world.documents("un-library") if "uhri" in one.services and one.files[0].file_format == "pdf")
    world.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]  # a clock that is set
    world.revise(changed.number, b"".join(changed.files[0].content.read()) + b"\n% another edition\n%%EOF\n")
    server.log.clear()
    third = pull(project)
    assert (third.counts["fetched"], third.counts["refused"], third.counts["extracted"]) == (1, 0, 1)
    asked = [one for one in server.log if one.purpose == "file"]
    assert len(asked) == 1
    assert asked[0].host == "documents.un.org"
    assert rows(project.paths.warehouse, "SELECT count(*) FROM documents")[0][0] == taken


def test_one_document_of_several_sources_is_taken_once_with_all_its_provenance(server: ReplicaServer, project: Settings) -> None:
    pull(project)
    found = rows(
        project.paths.warehouse,
        "SELECT document_id, list(source_id ORDER BY is_primary DESC, source_id), count(DISTINCT file_sha256) FROM document_provenance "
        "WHERE document_id LIKE 'UN:A/HRC/%' GROUP BY document_id HAVING count(*) = 3 ORDER BY document_id",
    )
    assert found
    for _document_id, sources, files in found:
        assert sources[0] == "un-library"
        assert files == 1
    fetched = [one.url for one in server.log if one.purpose == "file" and one.host == "documents.un.org"]
    assert len(fetched) == len(set(fetched))


def test_a_withdrawn_record_is_a_tombstone_and_its_document_stays(world: World, project: Settings) -> None:
    pull(project)
    before = rows(project.paths.warehouse, "SELECT count(*) FROM documents")
    gone = next(one for one in world.documents("un-oai") if one.is_out and one.files)
    world.clock.advance(timedelta(hours=1))  # type: ignore[attr-defined]  # a clock that is set
    world.withdraw(gone.number)
    pull(project)
    assert accounts(project)["un-oai"]["n_withdrawn"] == 1
    assert rows(
        project.paths.warehouse, "SELECT count(*) FROM records WHERE withdrawn_at IS NOT NULL AND source_id = 'un-oai'"
    ) == [(1,)]
    assert rows(project.paths.warehouse, "SELECT count(*) FROM documents") == before


def test_a_source_that_refuses_stops_no_other_and_is_named(tmp_path: Path, world: World) -> None:
    faults = Faults(seed=1, share=1.0, kinds=("cloudflare_403",), hosts=("search.worldbank.org",))
    with ReplicaServer(world, faults) as server:
        project = replica_project(tmp_path / "p", server.address)
        summary = pull(project)
    assert set(summary.failed_sources) == {"worldbank"}
    assert accounts(project)["worldbank"]["status"] == "refused"
    assert accounts(project)["ilo-catalogue"]["status"] == "ok"
    assert summary.counts["fetched"] > 0


def test_a_source_that_gives_nothing_fails_by_what_its_description_expects(server: ReplicaServer, project: Settings) -> None:
    overrides = {**project.sources.overrides}
    overrides["reliefweb"] = {**overrides["reliefweb"], "expected": {"first_listing_min": 1000}}
    silent = project.model_copy(update={"sources": project.sources.model_copy(update={"overrides": overrides})})
    summary = pull(silent, sources=("reliefweb",))
    assert "at least 1000 are expected" in summary.failed_sources["reliefweb"]
    assert rows(silent.paths.warehouse, "SELECT status FROM source_status WHERE source_id = 'reliefweb'") == [("failed",)]


def with_description(settings: Settings, source_id: str, **values: object) -> Settings:
    overrides = {**settings.sources.overrides, source_id: {**settings.sources.overrides[source_id], **values}}
    return settings.model_copy(update={"sources": settings.sources.model_copy(update={"overrides": overrides})})


def test_a_source_that_never_gave_enough_fails_in_the_next_run_too(server: ReplicaServer, project: Settings) -> None:
    silent = with_description(project, "reliefweb", expected={"first_listing_min": 1000})
    for _ in range(2):
        assert "at least 1000 are expected" in pull(silent, sources=("reliefweb",)).failed_sources["reliefweb"]


def test_a_full_listing_that_gives_nothing_withdraws_nothing_and_is_asked_again(server: ReplicaServer, project: Settings) -> None:
    gone = "SELECT count(*), count(withdrawn_at) FROM records WHERE source_id = 'worldbank'"
    pull(project, sources=("worldbank",))
    before = rows(project.paths.warehouse, gone)
    nothing = with_description(
        project, "worldbank", queries=[{"id": "all", "query": "lost-its-index"}], expected={"first_listing_min": 0}
    )
    summary = pull(nothing, sources=("worldbank",), full=True)
    assert "not taken for withdrawn" in summary.failed_sources["worldbank"]
    assert rows(project.paths.warehouse, gone) == before == [(3, 0)]
    assert rows(project.paths.warehouse, "SELECT * FROM source_watermarks WHERE source_id = 'worldbank'") == []
    assert not pull(project, sources=("worldbank",)).failed_sources
    assert rows(project.paths.warehouse, "SELECT is_full FROM source_runs ORDER BY started_at DESC LIMIT 1") == [(True,)]


def test_without_an_approved_name_reliefweb_says_so_and_asks_nobody(server: ReplicaServer, project: Settings) -> None:
    overrides = {**project.sources.overrides, "reliefweb": {"settings": {"appname": ""}}}
    nameless = project.model_copy(update={"sources": project.sources.model_copy(update={"overrides": overrides})})
    summary = pull(nameless, sources=("reliefweb",))
    assert not summary.failed_sources
    assert accounts(nameless)["reliefweb"]["status"] == "not_configured"
    assert not list(server.log)


def test_nothing_is_lost_or_doubled_where_a_third_of_all_answers_go_wrong(tmp_path: Path, world: World) -> None:
    with ReplicaServer(world) as server:
        calm = replica_project(tmp_path / "calm", server.address)
        pull(calm, sources=SOME)
    with ReplicaServer(world, Faults(seed=5, share=0.3, drip_seconds=0.0, heals_after=2)) as server:
        shaken = replica_project(tmp_path / "shaken", server.address)
        for _ in range(6):
            pull(shaken, retry=True, sources=SOME)
    # A document without a symbol is named after the record that was seen first, so files are compared, not names.
    for query in (
        "SELECT file_sha256 FROM documents ORDER BY ALL",
        "SELECT document_id, file_sha256 FROM documents WHERE document_id LIKE 'UN:%' ORDER BY ALL",
        "SELECT record_id, file_sha256 FROM records ORDER BY ALL",
    ):
        assert rows(shaken.paths.warehouse, query) == rows(calm.paths.warehouse, query)
    states = "SELECT file_sha256, state, reason FROM document_states JOIN documents USING (record_id) ORDER BY ALL"
    assert rows(shaken.paths.warehouse, states) == rows(calm.paths.warehouse, states)
    doubled = "SELECT record_id FROM records GROUP BY record_id HAVING count(*) > 1"
    assert rows(shaken.paths.warehouse, doubled) == []


def test_a_full_listing_changes_nothing_where_nothing_has_changed(server: ReplicaServer, project: Settings) -> None:
    pull(project)
    before = content_digest(project.paths.warehouse)
    server.log.clear()
    assert pull(project, full=True).counts["fetched"] == 0
    assert files_asked(server) == 0
    assert {
        key: one
        for key, one in content_digest(project.paths.warehouse).items()
        if key not in ("source_watermarks", "source_signals")
    } == {key: one for key, one in before.items() if key not in ("source_watermarks", "source_signals")}


def test_the_exchanges_of_a_run_are_kept_on_demand(project: Settings, tmp_path: Path) -> None:
    from warcio.archiveiterator import ArchiveIterator

    kept = tmp_path / "exchanges.warc.gz"
    pull(project, sources=("worldbank",), record_to=kept)
    with kept.open("rb") as stream:
        asked = [
            record.rec_headers.get_header("WARC-Target-URI")
            for record in ArchiveIterator(stream)
            if record.rec_type == "response"
        ]
    assert any("search.worldbank.org" in str(one) for one in asked)
    assert any("documents.worldbank.org" in str(one) for one in asked)


def test_a_recorded_run_is_played_again_without_a_network(world: World, tmp_path: Path) -> None:
    kept = tmp_path / "exchanges.warc.gz"
    with ReplicaServer(world) as server:
        project = configured(tmp_path / "p", server.address)
        entente("refresh", "--no-prefect", "--no-classify", "--warc", str(kept), project=project)
    played = entente("refresh", "--no-prefect", "--no-classify", "--from-warc", str(kept), project=project)
    assert "played again" in played.stderr
    own, again = project / "var", project / "var" / "recorded"
    query = "SELECT document_id, file_sha256 FROM documents ORDER BY ALL"
    assert rows(again / "warehouse.duckdb", query) == rows(own / "warehouse.duckdb", query) != []


def configured(folder: Path, address: str, **more: object) -> Path:
    """Make a project whose own configuration names the replica, as a user would write it."""
    make_project(folder, 0)
    sources = {
        "folders": [],
        "enabled": ["worldbank", "ilo-catalogue"],
        "contact": "tests@example.org",
        "gateway": address,
        "delay_factor": 0,
        "overrides": {"worldbank": {"queries": [{"id": "all", "igo": "World Bank"}], "expected": {"first_listing_min": 1}}},
        **more,
    }
    sources["overrides"]["ilo-catalogue"] = {"expected": {"first_listing_min": 0}}  # type: ignore[index]  # the mapping above
    (folder / "configs" / "entente.yaml").write_text(yaml.safe_dump({"sources": sources}), encoding="utf-8")
    return folder


def test_the_commands_of_sources(server: ReplicaServer, tmp_path: Path) -> None:
    project = configured(tmp_path / "p", server.address)
    listed = json.loads(entente("sources", "list", "--json", project=project).stdout)
    assert listed["worldbank"]["enabled"]
    assert not listed["uhri"]["enabled"]
    assert "worldbank" in entente("sources", "check", project=project).stdout
    assert not list(server.log)
    live = json.loads(entente("sources", "check", "worldbank", "--live", "--json", project=project, check=False).stdout)
    outcomes = {one["check"]: one["outcome"] for one in live}
    assert (outcomes["one page"], outcomes["one file"], outcomes["asking again"]) == ("ok", "ok", "ok")
    done = entente("refresh", "--no-prefect", "--no-classify", "--json", project=project)
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["sources"]["worldbank"]["n_new"] == 3
    status = json.loads(entente("sources", "status", "--json", project=project).stdout)
    assert {row["source_id"]: row["status"] for row in status["sources"] if row["status"]}["worldbank"] == "ok"
    assert "worldbank" in entente("sources", "status", "--signals", project=project).stdout


def test_a_failed_source_is_an_exit_code_and_a_line(server: ReplicaServer, tmp_path: Path) -> None:
    project = configured(tmp_path / "p", server.address, overrides={"worldbank": {"expected": {"first_listing_min": 10_000}}})
    done = entente("refresh", "--no-prefect", "--no-classify", "--sources", "worldbank", project=project, check=False)
    assert done.returncode == 1
    assert "source worldbank failed: " in done.stderr
    assert entente("sources", "status", project=project, check=False).returncode == 1
    config = project / "configs" / "entente.yaml"
    config.write_text(config.read_text(encoding="utf-8").replace("- worldbank\n", ""), encoding="utf-8")
    assert entente("sources", "status", project=project, check=False).returncode == 0


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ({"enabled": ["worldbank"]}, "needs sources.contact"),
        ({"enabled": ["nowhere"], "contact": "a@b.example"}, "'nowhere', which has no description"),
        ({"delay_factor": 0.1}, "would hurry real services"),
        ({"gateway": "http://192.0.2.1:80"}, "gateway"),
        ({"enabled": ["worldbank"], "contact": "a@b.example", "overrides": {"worldbank": {"page_size": 0}}}, "page_size"),
        ({"enabled": ["worldbank"], "contact": "a@b.example", "overrides": {"elsewhere": {}}}, "'elsewhere'"),
        (
            {"enabled": ["worldbank"], "contact": "a@b.example", "overrides": {"worldbank": {"id": "other"}}},
            "a source keeps its id",
        ),
        (
            {"enabled": ["worldbank"], "contact": "a@b.example", "overrides": {"worldbank": {"filters": {"symbol_any": ["("]}}}},
            "'(' is no regular expression",
        ),
        (
            {
                "enabled": ["worldbank"],
                "contact": "a@b.example",
                "overrides": {"worldbank": {"queries": [{"id": "a"}, {"id": "a"}]}},
            },
            "two queries are called 'a'",
        ),
        (
            {
                "enabled": ["un-library", "worldbank"],
                "contact": "a@b.example",
                "overrides": {"worldbank": {"settings": {"nope": 1}}},
            },
            "settings.nope",
        ),
    ],
)
def test_a_wrong_configuration_of_sources_is_said(tmp_path: Path, sources: dict[str, object], words: str) -> None:
    project = make_project(tmp_path / "p", 1).project
    (project / "configs" / "entente.yaml").write_text(yaml.safe_dump({"sources": sources}), encoding="utf-8")
    done = entente("refresh", "--no-prefect", project=project, check=False)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert all(len(line) < 300 for line in done.stderr.splitlines())


def test_a_source_that_is_not_enabled_cannot_be_named(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", 1).project
    done = entente("refresh", "--sources", "uhri", project=project, check=False)
    assert done.returncode == 2
    assert "not enabled" in done.stderr
    nobody = entente("refresh", "--sources", ",", project=project, check=False)
    assert nobody.returncode == 2
    assert "--sources names none" in nobody.stderr


def test_replay_runs_the_main_job_on_the_sample_and_leaves_the_project_alone(tmp_path: Path) -> None:
    project = tmp_path / "p"
    entente("init", str(project))
    done = entente("refresh", "--replay", "--no-prefect", "--no-classify", project=project)
    assert "un-library" in done.stdout
    assert not (project / "var" / "warehouse.duckdb").exists()
    published = project / "var" / "replay" / "published" / "entente.duckdb"
    assert rows(published, "SELECT count(*) > 5 FROM documents") == [(True,)]
    assert "nothing new" in entente("refresh", "--replay", "--no-prefect", "--no-classify", project=project).stdout
