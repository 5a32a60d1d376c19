"""A release: every format gives back what the database holds, the same content gives the same bytes, and a kill leaves nothing half."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import math
import os
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas
import pyarrow.parquet
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from entente.errors import BadInput
from extractors.types import Extraction, PageInfo
from tests.warehouse.build import KEY, classify_all, fetched, passage, start
from warehouse.database import open_warehouse
from warehouse.export.bundle import About, ReleaseReport, make_release
from warehouse.export.plan import KEYS
from warehouse.export.stata import MAX_NAME, short_names
from warehouse.publish import publish

ABOUT = About("Invented evidence", ("A. Author", "Ö. Özgür"), "CC-BY-4.0", None, {"MODEL_CARD.md": "# Card\n"})
TEXTS = (
    'It said: "no", and then; nothing.\nA second line with | and , and a tab\t.',
    "Ä long sentence of the Government of Côte d'Ivoire, 中文, עברית. " * 60,
    "The mission was received by the Minister with courtesy and asked for nothing more than it had been given before.",
)


def make_published(folder: Path, at: str = "2026-01-02 03:04:05") -> Path:
    """Publish three documents with what is hard to write: quotes, lines, long texts, other scripts, missing values, large numbers."""
    folder.mkdir(parents=True)
    with open_warehouse(folder / "w.duckdb") as connection:
        loader = start(connection)
        loader.load_fetched(
            [
                fetched("a"),
                fetched("b", country_iso3=None, published=None, title='Title, with "quotes"'),
                fetched("c", igo="I/L O", country_iso3="XYZ", document="ILO:c:en"),
            ]
        )
        results = []
        for file in loader.pending_extraction(KEY):
            made = tuple(
                passage(file.file_sha256, n, text, para_no=None if n == 2 else str(n)) for n, text in enumerate(TEXTS, 1)
            )
            page = PageInfo(1, 595.0, 842.0, "text_layer", 2000, 300, "en", None, furniture=("Report, page 1",))
            results.append((file, Extraction(file.file_sha256, "pdf", "extractor-1", "en", (page,), made, {})))
        loader.load_extractions(results, KEY)
        classify_all(loader)
        loader.finish_run("completed", {})
        (first,) = connection.execute("SELECT min(passage_id) FROM passages").fetchall()[0]
        connection.execute(
            "INSERT INTO annotations (annotation_id, passage_id, coder, dimension, value, status, codebook_version, coded_at, note, flag) "
            "VALUES ('n1', ?, 'c1', 'stage', 'initiation', 'adjudicated', '1.1.0', TIMESTAMP '2026-01-01 10:00:00', 'a note', ['unclear'])",
            [first],
        )
        connection.execute(
            "INSERT INTO samples VALUES ('s', ?, 'srs', NULL, 0.25, TIMESTAMP '2026-01-01', 9007199254740995, 'gold')", [first]
        )
        # Another machine at another time.
        connection.execute("UPDATE files SET fetched_at = CAST(? AS TIMESTAMP)", [at])
        connection.execute("UPDATE records SET first_seen_at = CAST(? AS TIMESTAMP)", [at])
    publish(folder / "w.duckdb", folder / "p.duckdb", built_by="Entente test")
    return folder / "p.duckdb"


def release_into(folder: Path, source: Path, **more: Any) -> ReleaseReport:
    return make_release(source, lambda _version: folder, ABOUT, **more)


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows_of(database: Path, table: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        cursor = connection.execute(f'SELECT * FROM "{table}"')
        names = [column[0] for column in cursor.description or []]
        return names, cursor.fetchall()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    source = make_published(folder / "one")
    release_into(folder / "r", source)
    return folder / "r"


def test_every_file_is_named_in_the_checksums_and_is_as_they_say(made: Path) -> None:
    lines = [line.split("  ") for line in (made / "SHA256SUMS").read_text().splitlines()]
    listed = {name: digest for digest, name in lines}
    there = bytes_of(made)
    assert there.pop("SHA256SUMS")
    assert listed == there
    expected = {
        "README.md",
        "CITATION.cff",
        "MODEL_CARD.md",
        "codebook.md",
        "data-dictionary.md",
        "quality-report.md",
        "datapackage.json",
    }
    assert expected <= set(there)


def test_the_same_content_gives_the_same_bytes_wherever_and_whenever_it_was_loaded(tmp_path: Path, made: Path) -> None:
    other = make_published(tmp_path / "other machine", at="2027-05-06 07:08:09")
    report = release_into(tmp_path / "r", other)
    assert report.changed
    assert bytes_of(tmp_path / "r") == bytes_of(made)
    again = release_into(tmp_path / "r", other)
    assert not again.changed
    assert again.version == report.version
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other machine", "r"]


def test_the_duckdb_file_keeps_views_macros_comments_and_content(made: Path, tmp_path: Path) -> None:
    source = make_published(tmp_path / "one")
    for table in ("documents", "passages", "scores", "pages", "annotations", "samples", "missions", "codebook_categories"):
        assert rows_of(made / "entente.duckdb", table) == rows_of(source, table)
    with duckdb.connect(str(made / "entente.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*), count(citation(passage_id)) FROM evidence").fetchall() == [(9, 9)]
        assert connection.execute("SELECT stage, inclusion_prob FROM gold").fetchall() == [("initiation", 0.25)]
        assert connection.execute("SELECT state, count(*) FROM document_states GROUP BY ALL").fetchall() == [("published", 3)]
        assert connection.execute("SELECT count(*) FROM runs").fetchall() == [(0,)]
        assert connection.execute("SELECT released_at FROM release").fetchall() == [(None,)]
        said = connection.execute("SELECT comment FROM duckdb_tables() WHERE table_name = 'passages'").fetchall()
        assert said != [(None,)]


def test_the_time_of_fetching_from_a_service_is_kept_and_that_of_copying_from_a_folder_is_not(tmp_path: Path) -> None:
    source = make_published(tmp_path / "one")
    with open_warehouse(tmp_path / "one" / "w.duckdb") as connection:
        connection.execute("UPDATE records SET is_remote = true WHERE record_id = 'folder:a'")
        connection.execute("UPDATE warehouse_meta SET value = '99' WHERE name = 'content_version'")
    publish(tmp_path / "one" / "w.duckdb", source, built_by="Entente test")
    release_into(tmp_path / "r", source, stata=False)
    names, rows = rows_of(tmp_path / "r" / "entente.duckdb", "files")
    place = names.index("fetched_at")
    assert sorted(str(row[place]) for row in rows) == ["2026-01-02 03:04:05", "None", "None"]


def plain(value: Any) -> Any:
    """A value as CSV and Stata can hold it: an empty text is a missing one, lists are JSON, floats of 32 bits."""
    if isinstance(value, (list, dict)):
        return json.loads(json.dumps(value))
    return None if value == "" else value


def from_csv(text: str, kind: str) -> Any:
    if text == "":
        return None
    parsers = {
        "integer": int,
        "number": float,
        "boolean": lambda one: one == "true",
        "date": date.fromisoformat,
        "array": json.loads,
    }
    if kind == "datetime":
        return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
    return parsers.get(kind, str)(text)  # type: ignore[operator]  # a table of functions


def same(one: Any, other: Any) -> bool:
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict):
        return isinstance(other, dict) and set(one) == set(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-6)
    if isinstance(one, datetime) and isinstance(other, datetime):
        return abs(one - other) < timedelta(seconds=1)
    return bool(one == other)


def test_csv_reads_back_equal(made: Path) -> None:
    package = json.loads((made / "datapackage.json").read_text())
    assert [one["name"] for one in package["resources"]] == list(KEYS)
    for resource in package["resources"]:
        with gzip.open(made / resource["path"], "rt", encoding="utf-8", newline="") as stream:
            header, *lines = csv.reader(stream)
        kinds = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
        assert header == list(kinds)
        names, rows = rows_of(made / "entente.duckdb", resource["name"])
        places = [names.index(name) for name in header]
        assert len(lines) == len(rows)
        for line, row in zip(lines, rows, strict=True):
            for text, place in zip(line, places, strict=True):
                assert same(from_csv(text, kinds[names[place]]), plain(row[place])), (resource["name"], names[place])


FRICTIONLESS = """
import json, sys
from frictionless import Package
package = Package(sys.argv[1] + "/datapackage.json")
report = package.validate()
damaged = json.load(open(sys.argv[1] + "/datapackage.json"))
damaged["resources"][0]["hash"] = "sha256:" + "0" * 64
rows = [[row["text"], row["boxes"]] for row in package.get_resource("passages").read_rows()]
errors = report.flatten(["title", "rowNumber", "fieldName", "message"])
print(json.dumps([report.valid, errors, rows, Package(damaged, basepath=sys.argv[1]).validate().valid]))
"""


def test_frictionless_finds_the_package_valid_and_reads_it_back_equal(made: Path) -> None:
    pytest.importorskip("frictionless")
    # In a process of its own: the library leaves files open, which is an error here.
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FRICTIONLESS, str(made)], capture_output=True, text=True, check=True
    )
    valid, errors, read, damaged_is_valid = json.loads(done.stdout)
    assert (valid, errors, damaged_is_valid) == (True, [], False)
    names, rows = rows_of(made / "entente.duckdb", "passages")
    assert read == [[row[names.index("text")], plain(row[names.index("boxes")])] for row in rows]


def test_parquet_reads_back_equal_and_a_country_alone_is_a_folder_alone(made: Path) -> None:
    for table in KEYS:
        names, rows = rows_of(made / "entente.duckdb", table)
        path = made / "parquet" / (table if (made / "parquet" / table).is_dir() else f"{table}.parquet")
        back = pyarrow.parquet.read_table(path, partitioning=None) if path.is_dir() else pyarrow.parquet.read_table(path)
        kept = [name for name in names if name in back.column_names]
        expected = [{name: row[names.index(name)] for name in kept} for row in rows]
        assert sorted(map(repr, back.select(kept).to_pylist())) == sorted(map(repr, expected))
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT igo, country_iso3, count(*) FROM read_parquet(?, hive_partitioning = true) GROUP BY ALL ORDER BY ALL",
            [f"{made}/parquet/passages/**/*.parquet"],
        ).fetchall()
    assert found == [("I/L O", "XYZ", 3), ("UN", "ATL", 3), ("UN", None, 3)]


def test_stata_reads_back_equal_with_the_names_of_the_map(made: Path) -> None:
    pyreadstat = pytest.importorskip("pyreadstat")
    with (made / "stata" / "names.csv").open(encoding="utf-8", newline="") as stream:
        given = {(row["table"], row["column"]): row["stata_name"] for row in csv.DictReader(stream)}
    package = json.loads((made / "datapackage.json").read_text())
    for resource in package["resources"]:
        names, rows = rows_of(made / "entente.duckdb", resource["name"])
        if not rows:
            assert not (made / "stata" / f"{resource['name']}.dta").exists()
            continue
        path = made / "stata" / f"{resource['name']}.dta"
        by_pandas = pandas.read_stata(path)
        by_readstat, meta = pyreadstat.read_dta(str(path), apply_value_formats=True)
        assert list(by_pandas.columns) == list(by_readstat.columns) == meta.column_names
        assert all(len(label) <= 80 for label in meta.column_labels)
        for field in resource["schema"]["fields"]:
            name = given[resource["name"], field["name"]]
            wanted = [plain(row[names.index(field["name"])]) for row in rows]
            for frame in (by_pandas, by_readstat):
                found = [from_stata(value, field["type"]) for value in frame[name].tolist()]
                assert all(same(a, b) for a, b in zip(found, [stata_of(one, field["name"]) for one in wanted], strict=True)), (
                    resource["name"],
                    name,
                )


def stata_of(value: Any, column: str) -> Any:
    # A number that a double cannot hold is a text there.
    return str(value) if column == "seed" else value


def from_stata(value: Any, kind: str) -> Any:
    if value is None or value is pandas.NaT or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    if kind == "date":
        return pandas.Timestamp(value).date()
    if kind == "datetime":
        return pandas.Timestamp(value).to_pydatetime()
    if kind == "array":
        return json.loads(value)
    return bool(value) if kind == "boolean" else value


@settings(deadline=None)
@given(st.lists(st.text(alphabet="abp_0é-", min_size=0, max_size=45), unique=True, max_size=30))
def test_stata_names_are_allowed_and_no_two_are_alike(names: list[str]) -> None:
    given_names = short_names(names)
    assert list(given_names) == names
    assert len(set(given_names.values())) == len(names)
    for name in given_names.values():
        assert 1 <= len(name) <= MAX_NAME
        assert name.isascii()
        assert name.isidentifier()


def test_without_text_no_word_of_the_documents_is_left_and_their_hashes_are(tmp_path: Path) -> None:
    source = make_published(tmp_path / "one")
    release_into(tmp_path / "r", source, with_text=False)
    for path in (tmp_path / "r").rglob("*"):
        if path.is_file():
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            assert b"Government of C" not in content, path
            assert b"received by the Minister" not in content, path
            assert b"Report, page 1" not in content, path
    names, rows = rows_of(tmp_path / "r" / "entente.duckdb", "passages")
    assert {row[names.index("text")] for row in rows} == {None}
    assert {str(row[names.index("heading_path")]) for row in rows} == {"None"}
    coded, codes = rows_of(tmp_path / "r" / "entente.duckdb", "annotations")
    assert {row[coded.index("note")] for row in codes} == {None}
    assert {row[names.index("text_sha256")] for row in rows} == {hashlib.sha256(text.encode()).hexdigest() for text in TEXTS}
    with duckdb.connect(str(tmp_path / "r" / "entente.duckdb"), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM naive_stage_by_country_year").fetchall() != [(0,)]
    report = json.loads((tmp_path / "r" / "datapackage.json").read_text())
    assert "text" not in [field["name"] for field in report["resources"][1]["schema"]["fields"]]


def test_the_row_of_a_release_has_the_columns_of_the_published_file(made: Path, tmp_path: Path) -> None:
    source = make_published(tmp_path / "one")
    shapes = []
    for path in (source, made / "entente.duckdb"):
        with duckdb.connect(str(path), read_only=True) as connection:
            shapes.append(connection.execute("DESCRIBE release").fetchall())
    assert shapes[0] == shapes[1]


def test_a_release_that_has_lost_a_file_is_not_called_unchanged(tmp_path: Path) -> None:
    source = make_published(tmp_path / "one")
    release_into(tmp_path / "r", source, stata=False)
    (tmp_path / "r" / "parquet" / "models.parquet").unlink()
    with pytest.raises(BadInput, match=r"models\.parquet is missing or was changed"):
        release_into(tmp_path / "r", source, stata=False)


def test_the_citation_is_one_and_a_date_stands_there_only_when_given(made: Path, tmp_path: Path) -> None:
    cited = yaml.safe_load((made / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["cff-version"] == "1.2.0"
    assert cited["type"] == "dataset"
    assert cited["authors"] == [{"name": "A. Author"}, {"name": "Ö. Özgür"}]
    assert "date-released" not in cited
    dated = About("Title: with a colon", ("A",), "Terms in words", "2026-12-01")
    make_release(make_published(tmp_path / "one"), lambda version: tmp_path / version, dated, version="2026.1", stata=False)
    cited = yaml.safe_load((tmp_path / "2026.1" / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["title"] == "Title: with a colon"
    assert cited["date-released"] == date(2026, 12, 1)
    assert "license" not in cited
    assert "Terms in words" in (tmp_path / "2026.1" / "datapackage.json").read_text()


def test_a_release_is_never_changed_and_what_is_no_release_is_left_alone(tmp_path: Path) -> None:
    source = make_published(tmp_path / "one")
    release_into(tmp_path / "r", source, stata=False)
    before = bytes_of(tmp_path / "r")
    with pytest.raises(BadInput, match="holds another release"):
        release_into(tmp_path / "r", source, stata=False, with_text=False)
    assert bytes_of(tmp_path / "r") == before
    (tmp_path / "mine").mkdir()
    with pytest.raises(BadInput, match="is no release of Entente"):
        release_into(tmp_path / "mine", source)
    with pytest.raises(BadInput, match="no published database"):
        release_into(tmp_path / "x", tmp_path / "gone.duckdb")
    with duckdb.connect(str(tmp_path / "other.duckdb")) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n")
    with pytest.raises(BadInput, match="is no published database of Entente"):
        release_into(tmp_path / "x", tmp_path / "other.duckdb")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "one", "other.duckdb", "r"]


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.warehouse.test_warehouse_export import ABOUT, make_release
deadline, seen = int(sys.argv[3]), 0
import builtins
def count(event, arguments):
    global seen
    if event == "open" and arguments[1] not in (None, "r", "rb") or event in ("os.rename", "os.mkdir", "os.chmod"):
        seen += 1
        if seen == deadline:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
make_release(Path(sys.argv[1]), lambda _version: Path(sys.argv[2]), ABOUT, stata=False)
print(seen)
"""


@pytest.mark.e2e
def test_a_kill_leaves_the_whole_release_or_none(tmp_path: Path) -> None:
    source = make_published(tmp_path / "one")
    whole = tmp_path / "whole" / "r"

    def run(target: Path, deadline: int) -> subprocess.CompletedProcess[str]:
        code = [sys.executable, "-c", KILLED, str(source), str(target), str(deadline)]
        return subprocess.run(
            code, capture_output=True, text=True, check=False, cwd=Path(__file__).resolve().parents[2], env={**os.environ}
        )

    steps = int(run(whole, 0).stdout)
    target = tmp_path / "killed" / "r"
    for deadline in (1, steps // 3, steps // 2, steps - 1, steps):
        assert run(target, deadline).returncode == -signal.SIGKILL
        assert not target.exists()
    assert run(target, 0).returncode == 0
    assert bytes_of(target) == bytes_of(whole)
    assert [path.name for path in target.parent.iterdir()] == ["r"]
