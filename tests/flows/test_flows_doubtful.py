"""`entente codes doubtful`: codes of a project and of a file, and passages to be coded anew without their old codes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from flows.coding import ImportRequest, import_codes
from flows.settings import Settings
from models.coding.tables import write_csv
from models.types import CodeRow
from tests.flows.projects import entente, make_project, rows
from tests.warehouse.build import full_job
from warehouse.database import open_warehouse


@pytest.fixture
def project(tmp_path: Path) -> Settings:
    """Three documents of four passages; the first passages of two of them say the same and are coded differently."""
    settings = make_project(tmp_path / "p", 0)
    full_job(settings.paths.warehouse, tuple("abc"), passages=4)
    with open_warehouse(settings.paths.warehouse) as connection:
        connection.execute(
            "UPDATE passages SET text = text || ' ' || passage_id, text_sha256 = sha256(text || ' ' || passage_id), "
            "sketch = [] WHERE ordinal > 1"
        )
    same = [str(row[0]) for row in rows(settings.paths.warehouse, "SELECT passage_id FROM passages WHERE ordinal = 1 ORDER BY 1")]
    codes = [CodeRow(one, "a", "voice", value, "1.1.0") for one, value in zip(same, ("igo", "igo", "joint"), strict=True)]
    file = settings.project / "codes.csv"
    file.write_text(write_csv(codes), encoding="utf-8")
    import_codes(settings, ImportRequest(file))
    return settings


def test_repeated_passages_are_listed_and_can_be_coded_anew_blind(project: Settings, tmp_path: Path) -> None:
    found = json.loads(
        entente(
            "codes", "doubtful", "--json", "--out", str(tmp_path / "list.csv"), "--tasks", str(tmp_path / "again.csv"), "--format",
            "csv", "--anew-by", "carla", project=project.project,
        ).stdout
    )  # fmt: skip
    assert [one["reasons"] for one in found["codes"]] == [["repeated"]] * 3
    assert (found["looked_through"], found["held_against_a_model"], found["passages_to_code_anew"]) == (3, 0, 3)
    assert "heads need" in found["why_not"]
    with (tmp_path / "list.csv").open(encoding="utf-8", newline="") as stream:
        listed = list(csv.DictReader(stream))
    assert {one["code"] for one in listed} == {"igo", "joint"}
    with (tmp_path / "again.csv").open(encoding="utf-8", newline="") as stream:
        form = list(csv.DictReader(stream))
    assert {one["passage_id"] for one in form} == {one["passage_id"] for one in found["codes"]}
    assert {(one["voice"], one["coder"]) for one in form} == {("", "carla")}
    before = rows(project.paths.warehouse, "SELECT count(*) FROM annotations")
    assert before == [(3,)]
    shown = entente("codes", "doubtful", "--dimension", "stage", project=project.project).stdout
    assert "0 doubtful of 3 codes" in shown
    # The same file may be written again; another one in its place is not lost.
    (tmp_path / "list.csv").write_text("mine", encoding="utf-8")
    again = entente("codes", "doubtful", "--out", str(tmp_path / "list.csv"), project=project.project, check=False)
    assert (again.returncode, (tmp_path / "list.csv").read_text(encoding="utf-8")) == (2, "mine")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--coder", "zoe"), "there are a"),
        (("--dimension", "stance"), "dimensions that are coded"),
        (("--reason", "mood"), "model, repeated, contradiction"),
        (("codes.csv", "--tasks", "t.xlsx"), "passages of the project"),
    ],
)
def test_what_cannot_be_asked_is_refused(project: Settings, options: tuple[str, ...], told: str) -> None:
    given = [str(project.project / one) if one.endswith(".csv") else one for one in options]
    done = entente("codes", "doubtful", *given, project=project.project, check=False)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_file_of_codes_is_looked_through_with_the_texts_beside_it(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "p", 0)
    text = "The Government received the mission with courtesy."
    lines = [{"id": f"p{n}", "doc": f"d{n}", "text": text if n < 2 else f"Passage {n}."} for n in range(3)]
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    codes = [CodeRow(f"p{n}", "a", "voice", "igo" if n else "joint", "1.1.0") for n in range(3)]
    (tmp_path / "codes.csv").write_text(write_csv(codes), encoding="utf-8")
    found = json.loads(
        entente("codes", "doubtful", str(tmp_path / "codes.csv"), "--json", "--coder", "a", project=settings.project).stdout
    )
    assert [(one["passage_id"], one["reasons"]) for one in found["codes"]] == [("p0", ["repeated"]), ("p1", ["repeated"])]
    assert found["codes"][0]["text"] == text
