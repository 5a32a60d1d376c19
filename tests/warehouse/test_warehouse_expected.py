"""Counts per source and year beside those that a person expects: what is missing stops a publication once somebody has reviewed them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from entente.errors import BadInput
from flows.expected_counts import expected_text, read_expected
from flows.settings import Publish, Settings
from tests.warehouse.build import full_job
from warehouse.database import open_warehouse
from warehouse.expected import bounds_of, compare, counts_by_source_and_year
from warehouse.publish import publish
from warehouse.types import ExpectedCounts


def settings_for(folder: Path, shortfall: str = "fail") -> Settings:
    return Settings(project=folder, publish=Publish(expected_counts=folder / "expected.yaml", shortfall=shortfall))  # type: ignore[arg-type]  # a string of the parameters


def test_a_shortfall_stops_a_publication_only_when_reviewed_and_wanted(tmp_path: Path) -> None:
    warehouse, target = tmp_path / "w.duckdb", tmp_path / "p.duckdb"
    full_job(warehouse)
    bounds: dict[str, dict[int | None, tuple[int, int | None]]] = {"folder": {2020: (4, None)}}
    with pytest.raises(BadInput, match="folder 2020: 3 documents, at least 4 expected"):
        publish(warehouse, target, built_by="test", expected=ExpectedCounts(bounds, "expected.yaml", True))
    assert not target.exists()
    report = publish(warehouse, target, built_by="test", expected=ExpectedCounts(bounds, "expected.yaml", False))
    assert report.changed
    assert "at least 4 expected" in report.notes[0]
    assert "reviewed by nobody" in report.notes[1]
    notes = publish(
        warehouse, target, built_by="2", expected=ExpectedCounts(bounds, "expected.yaml", True, must_hold=False)
    ).notes
    assert len(notes) == 1


def test_too_many_and_an_unknown_source_are_told(tmp_path: Path) -> None:
    full_job(tmp_path / "w.duckdb")
    with open_warehouse(tmp_path / "w.duckdb") as connection:
        assert counts_by_source_and_year(connection) == {"folder": {2020: 3}}
        assert compare(connection, ExpectedCounts({"folder": {2020: (1, 2)}}, "e", True)) == (
            "folder 2020: 3 documents, at most 2 expected",
        )
        assert compare(connection, ExpectedCounts({}, "e", True)) == ("folder: no counts are expected of this source yet",)
        assert compare(connection, None) == ()


def test_the_file_is_made_of_what_is_there_read_back_and_unreviewed(tmp_path: Path) -> None:
    bounds = bounds_of({"folder": {2019: 40, 2026: 3, None: 2}}, 2026)
    assert bounds == {"folder": {2019: (40, 48), 2026: (3, None), None: (2, None)}}
    path = tmp_path / "expected.yaml"
    path.write_text(expected_text(bounds, date(2026, 1, 2)), encoding="utf-8")
    found = read_expected(settings_for(tmp_path, "warn"))
    assert found == ExpectedCounts(bounds, str(path), False, must_hold=False)
    path.write_text(path.read_text(encoding="utf-8").replace("by: ''", "by: Ann"), encoding="utf-8")
    found = read_expected(settings_for(tmp_path))
    assert found is not None
    assert (found.is_reviewed, found.must_hold) == (True, True)


@pytest.mark.parametrize(
    "text", ["sources: {folder: {2019: {min: 5, max: 2}}}", "sources: {folder: {soon: {min: 1}}}", "source: {}"]
)
def test_a_bad_file_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "expected.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=r"expected\.yaml"):
        read_expected(settings_for(tmp_path))


def test_no_file_expects_nothing(tmp_path: Path) -> None:
    assert read_expected(settings_for(tmp_path)) is None
