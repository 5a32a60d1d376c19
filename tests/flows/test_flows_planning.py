"""`entente plan` on a published file with gold: what it says agrees with the estimates, and mistakes are told in a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.settings import Settings
from tests.flows.projects import entente, make_project
from tests.warehouse.estimates.conftest import simulate
from warehouse.database import open_warehouse
from warehouse.publish import publish


def published(folder: Path, *, gold: bool) -> Settings:
    settings = make_project(folder, 0)
    settings.paths.warehouse.parent.mkdir(parents=True, exist_ok=True)
    with open_warehouse(settings.paths.warehouse) as connection:
        simulate(connection, gold)
    publish(settings.paths.warehouse, settings.paths.published, built_by="test")
    return settings


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return published(tmp_path_factory.mktemp("plan") / "p", gold=True)


def test_the_plan_starts_from_what_the_estimates_say(project: Settings) -> None:
    found = json.loads(
        entente(
            "plan", "width", "--quantity", "contested", "--width", "0.3", "--by", "country", "--json", project=project.project
        ).stdout
    )
    with duckdb.connect(str(project.paths.published), read_only=True) as connection:
        rows = connection.execute(
            "SELECT country_iso3, passages, gold_passages, estimate, upper - lower FROM estimates_by_country('contested') ORDER BY ALL"
        ).fetchall()
    told = [
        (one["country"], one["passages"], one["gold_passages"], one["expected_value"], one["width_now"]) for one in found["cells"]
    ]
    assert [row[:3] for row in told] == [row[:3] for row in rows]
    for mine, right in zip(told, rows, strict=True):
        assert mine[3:] == pytest.approx(right[3:])
    for cell in found["cells"]:
        need = cell["needs"]["simple"]["with_model"]
        assert cell["basis"] == "gold"
        assert 20 <= need["passages"] <= cell["passages"]
        assert need["documents"] <= cell["documents"]
    whole = found["whole"]["with_model"]
    assert whole["stratified"] == sum(cell["needs"]["simple"]["with_model"]["passages"] for cell in found["cells"])
    assert whole["simple"] >= whole["stratified"]
    shown = entente("plan", "width", "--quantity", "contested", "--width", "0.05", project=project.project).stdout
    assert "never" in shown


def test_without_gold_the_worst_case_is_said_and_a_mean_is_as_wide_as_it_can_be(tmp_path: Path) -> None:
    settings = published(tmp_path / "p", gold=False)
    found = json.loads(
        entente("plan", "width", "--quantity", "tone=net", "--width", "2", "--json", project=settings.project).stdout
    )
    (cell,) = found["cells"]
    assert (cell["basis"], cell["width_now"]) == ("worst", None)
    # Levels from -3 to 3, half of the passages at either end: as many as a standard deviation of 3 needs, and more as documents are few.
    need = cell["needs"]["simple"]["with_model"]["passages"]
    assert 1.96**2 * 3**2 < need < 1.4 * 1.96**2 * 3**2
    assert found["assumptions"][0].startswith("worst:")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--quantity", "moods", "--width", "0.1"), "there are"),
        (("--quantity", "stage", "--width", "0.1"), "stage=initiation"),
        (("--quantity", "stage=", "--width", "0.1"), "is not understood"),
        (("--quantity", "contested", "--width", "0"), "--width 0"),
        (("--quantity", "contested", "--width", "0.1", "--confidence", "1"), "below 1"),
        (("--quantity", "contested", "--width", "0.1", "--by", "language"), "cells can be made of"),
        (("--quantity", "contested", "--width", "0.1", "--country", "ZZZ"), "No scored passage"),
    ],
)
def test_what_cannot_be_planned_is_refused(project: Settings, options: tuple[str, ...], told: str) -> None:
    done = entente("plan", "width", *options, project=project.project, check=False)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_project_without_a_published_file_is_told_the_way_out(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 0)
    done = entente("plan", "width", "--quantity", "contested", "--width", "0.1", project=settings.project, check=False)
    assert (done.returncode, "entente refresh" in done.stderr) == (2, True)


def test_progress_says_for_each_cell_whether_more_codes_are_needed(project: Settings) -> None:
    def asked(width: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            entente(
                "plan", "progress", "--quantity", "contested", "--width", width, "--by", "country", "--next", "60", "--json",
                project=project.project,
            ).stdout
        )  # fmt: skip
        return found

    wide, between, narrow = (asked(width)["estimates"] for width in ("0.5", "0.22", "0.02"))
    assert (wide["verdict"], between["verdict"], narrow["verdict"]) == ("stop", "go on", "go on")
    assert {one["reason"] for one in wide["cells"]} == {"as narrow as wished"}
    # Out of reach is no ground to stop while codes still help.
    assert all("documents are too few, but more codes still" in one["reason"] for one in narrow["cells"])
    assert {one["still_needed"] for one in narrow["cells"]} == {None}
    for cell in between["cells"]:
        assert cell["half_width_after_next"] < cell["half_width"]
        if cell["verdict"] == "go on":
            assert cell["still_needed"] >= 1
    model = asked("0.5")["model"]
    assert model["verdict"] == "cannot tell yet"
    assert {one["reason"] for one in model["curves"]} == {"0 passages of 0 documents are coded; a curve needs 200 of 20"}


def test_progress_never_says_stop_where_there_is_no_interval_yet(tmp_path: Path) -> None:
    settings = published(tmp_path / "p", gold=False)
    found = json.loads(
        entente(
            "plan", "progress", "--quantity", "contested", "--width", "0.02", "--next", "60", "--json", project=settings.project
        ).stdout
    )["estimates"]
    (cell,) = found["cells"]
    assert (cell["half_width"], cell["verdict"], found["verdict"]) == (None, "go on", "go on")
    assert "no number of codes makes it narrower than" in cell["reason"]


def test_progress_tells_of_gold_that_waits_for_its_coders(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 0)
    with open_warehouse(settings.paths.warehouse) as connection:
        simulate(connection)
        connection.execute(
            "INSERT INTO samples BY NAME SELECT 'later' AS sample_id, passage_id, 'srs' AS design, 0.5 AS inclusion_probability, "
            "TIMESTAMP '2026-02-01' AS drawn_at, 2 AS seed, 'gold' AS purpose FROM passages ORDER BY passage_id LIMIT 100"
        )
    publish(settings.paths.warehouse, settings.paths.published, built_by="test")
    shown = entente("plan", "progress", "--quantity", "contested", "--width", "0.4", project=settings.project).stdout
    assert "of 100 coded; it counts in no estimate until all of it is coded" in shown


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--width", "0.1"), "belong together"),
        (("--next", "0"), "--next 0"),
        (("--dimension", "stance"), "curves are drawn of"),
        (("--annotations", "nowhere"), "texts.jsonl"),
    ],
)
def test_what_progress_cannot_be_asked(project: Settings, options: tuple[str, ...], told: str) -> None:
    done = entente("plan", "progress", *options, project=project.project, check=False)
    assert done.returncode == 2
    assert told in done.stderr
