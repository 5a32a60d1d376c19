"""Passages out to coders and codes back in: whole or not at all, once, and never gold to training."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from entente.errors import BadInput
from flows.coding import ImportRequest, export_codes, export_training, import_codes
from flows.coding_tasks import ENDINGS, export_tasks
from flows.load import read_codebook
from flows.sampling import SampleRequest, draw_sample
from flows.settings import Settings
from models.annotations import read_annotations
from models.coding.files import FORMATS
from models.coding.tables import write_csv
from models.sampling.designs import Design
from models.types import CodeRow
from tests.flows.projects import entente, make_project, rows
from tests.warehouse.build import full_job
from warehouse.codes import say_coders
from warehouse.database import open_warehouse
from warehouse.frames import FrameFilter

CODES = {
    "voice": "igo",
    "stage": "none",
    "realization": "not_applicable",
    "cooperation_intensity": "1",
    "contestation_intensity": "0",
    "mode": "verbal",
    "contestation_locus": "not_applicable",
    "mechanism": "dialogue",
}


@pytest.fixture
def project(tmp_path: Path) -> Settings:
    settings = make_project(tmp_path / "p", 0)
    full_job(settings.paths.warehouse, tuple("abc"), passages=4)
    with open_warehouse(settings.paths.warehouse) as connection:
        # Passages of different reports say different things.
        connection.execute(
            "UPDATE passages SET text = text || ' ' || passage_id, text_sha256 = sha256(text || ' ' || passage_id)"
        )
    return settings


def sample(settings: Settings, purpose: str = "gold", number: int = 4) -> str:
    return str(draw_sample(settings, SampleRequest(Design("simple", number), FrameFilter(), purpose, 1))["sample_id"])


def drawn(settings: Settings, sample_id: str) -> list[str]:
    return [
        row[0]
        for row in rows(settings.paths.warehouse, f"SELECT passage_id FROM samples WHERE sample_id = '{sample_id}' ORDER BY 1")
    ]


def coded(passages: list[str], coder: str, **other: str) -> list[CodeRow]:
    return [CodeRow(passage, coder, name, value, "1.1.0") for passage in passages for name, value in {**CODES, **other}.items()]


def write(path: Path, codes: list[CodeRow]) -> Path:
    path.write_bytes(write_csv(codes).encode())
    return path


def fill_in(path: Path) -> bytes:
    """Write something into a form, as a person would; returns its content then."""
    import openpyxl

    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        book["codes"]["H2"] = "none"
        book.save(path)
    else:
        path.write_bytes(path.read_bytes() + b"none")
    return path.read_bytes()


def count(settings: Settings) -> int:
    return int(rows(settings.paths.warehouse, "SELECT count(*) FROM annotations")[0][0])


@pytest.mark.parametrize("name", FORMATS)
def test_tasks_show_nothing_that_a_coder_must_not_see(name: str, project: Settings, tmp_path: Path) -> None:
    sample_id = sample(project)
    out = tmp_path / f"tasks-{name}"
    made = export_tasks(project, sample_id, name, out)
    content = made[0].read_bytes()
    assert made[0].stat().st_size > 500
    if name not in ("excel", "inception"):
        assert all(passage.encode() in content for passage in drawn(project, sample_id))
        assert b"ATL" not in content
        assert b"2020" not in content


def test_an_import_is_whole_or_nothing_and_happens_once(project: Settings, tmp_path: Path) -> None:
    passages = drawn(project, sample(project))
    strange = [CodeRow("unknown", "anna", "stage", "none", "1.1.0"), CodeRow(passages[0], "ben", "stage", "nothing", "1.1.0")]
    bad = [*coded(passages, "anna"), *strange]
    report = tmp_path / "report.csv"
    with pytest.raises(BadInput, match="nothing was imported, 2 problems"):
        import_codes(project, ImportRequest(write(tmp_path / "bad.csv", bad), report=report))
    assert count(project) == 0
    assert "no passage of this project" in report.read_text(encoding="utf-8")
    good = write(tmp_path / "good.csv", coded(passages, "anna"))
    first = import_codes(project, ImportRequest(good, kinds={"anna": "person"}))
    again = import_codes(project, ImportRequest(good))
    # The stance follows from the intensities.
    assert (first.new, first.known) == (4 * 9, 0)
    assert (again.new, again.known) == (0, 4 * 9)
    assert count(project) == 4 * 9
    assert rows(project.paths.warehouse, "SELECT DISTINCT document_id IS NULL, imported_from FROM annotations") == [
        (False, "good.csv")
    ]
    path, number = export_codes(project, None, "csv", tmp_path / "out.csv")
    assert number == 36
    assert import_codes(project, ImportRequest(path)).new == 0  # though the time of the first import is written down now
    with pytest.raises(BadInput, match="one of: person"):
        import_codes(project, ImportRequest(good, kinds={"anna": "robot"}))


def test_gold_is_what_two_coders_agree_on_and_disputes_are_counted(project: Settings, tmp_path: Path) -> None:
    passages = drawn(project, sample(project))
    import_codes(project, ImportRequest(write(tmp_path / "a.csv", coded(passages, "anna")), kinds={"anna": "person"}))
    assert rows(project.paths.warehouse, "SELECT count(*) FROM gold") == [(0,)]
    other = coded(passages[:3], "ben") + coded(passages[3:], "ben", voice="joint")
    import_codes(project, ImportRequest(write(tmp_path / "b.csv", other)))
    found = rows(
        project.paths.warehouse,
        "SELECT passage_id, voice, stance, inclusion_prob, n_open, coder_kinds FROM gold ORDER BY passage_id",
    )
    assert [row[1:5] for row in found] == [("igo", "cooperation", pytest.approx(1 / 3), 0)] * 3 + [
        (None, "cooperation", pytest.approx(1 / 3), 1)
    ]
    assert found[0][5] == ["not said", "person"]


def test_codes_to_train_on_hold_no_gold(project: Settings, tmp_path: Path) -> None:
    gold, training = drawn(project, sample(project)), drawn(project, sample(project, "training"))
    import_codes(project, ImportRequest(write(tmp_path / "a.csv", coded(gold + training, "anna"))))
    assert export_training(project, tmp_path / "t") == 4
    found = read_annotations(tmp_path / "t", "train", read_codebook(project))
    assert {one.passage.passage_id for one in found} == set(training)
    assert found[0].labels["mechanism"] == ("dialogue",)
    assert found[0].labels["stance"] == "cooperation"


def test_the_model_is_not_shown_to_those_who_code_gold(project: Settings, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Gold is coded without"):
        export_tasks(project, sample(project), "label-studio", tmp_path / "t.json", predictions=True)
    export_tasks(project, sample(project, "training"), "label-studio", tmp_path / "t.json", predictions=True)
    assert "predictions" in json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))[0]


def test_the_command_line_from_sample_to_agreement(project: Settings, tmp_path: Path) -> None:
    folder = project.project
    passages = drawn(project, sample(project))
    write(tmp_path / "a.csv", coded(passages, "anna"))
    write(tmp_path / "b.csv", coded(passages[:3], "ben") + coded(passages[3:], "ben", stage="compliance", realization="realized"))
    name = rows(project.paths.warehouse, "SELECT sample_id FROM sample_frames")[0][0]
    said = entente(
        "codes", "export", "--sample", name, "--out", str(tmp_path / "f.xlsx"), "--coder", "anna", project=folder
    ).stdout
    assert "f.xlsx" in said
    entente("codes", "import", str(tmp_path / "a.csv"), "--kind", "anna=person", project=folder)
    assert "36 new codes" in entente("codes", "import", str(tmp_path / "b.csv"), project=folder).stdout
    said = entente("agreement", "--warehouse", "--tables", project=folder).stdout
    assert "anna (person); ben (not said)" in said
    assert "below minimum" in said
    report = json.loads(
        entente("agreement", str(tmp_path / "b.csv"), "--coder", "ben=simulation", "--json", project=folder, check=False).stdout
        or "{}"
    )
    assert report == {}
    assert entente("agreement", project=folder, check=False).returncode == 2


@pytest.mark.parametrize("name", ["excel", "csv", "label-studio"])
def test_a_form_that_was_filled_in_is_not_written_over(name: str, project: Settings, tmp_path: Path) -> None:
    sample_id, out = sample(project), tmp_path / f"form{ENDINGS[name]}"
    export_tasks(project, sample_id, name, out)
    export_tasks(project, sample_id, name, out)  # the same again is no loss
    filled = fill_in(out)
    with pytest.raises(BadInput, match="--overwrite"):
        export_tasks(project, sample_id, name, out)
    assert out.read_bytes() == filled
    export_tasks(project, sample_id, name, out, overwrite=True)
    assert out.read_bytes() != filled


def test_other_annotations_are_not_lost_to_an_export_for_training(project: Settings, tmp_path: Path) -> None:
    import_codes(project, ImportRequest(write(tmp_path / "a.csv", coded(drawn(project, sample(project, "training")), "anna"))))
    folder = tmp_path / "t"
    assert export_training(project, folder) == export_training(project, folder) == 4
    (folder / "texts.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"texts\.jsonl is there"):
        export_training(project, folder)
    assert export_training(project, folder, overwrite=True) == 4
    (folder / "dev.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(BadInput, match="other annotations"):
        export_training(project, folder, overwrite=True)


def test_a_coder_may_return_to_an_earlier_answer_without_a_time(project: Settings, tmp_path: Path) -> None:
    passage = drawn(project, sample(project))[:1]
    one, two = coded(passage, "anna"), coded(passage, "anna", voice="joint")
    done = [import_codes(project, ImportRequest(write(tmp_path / "a.csv", codes))).new for codes in (one, two, one, one)]
    assert done == [9, 1, 1, 0]
    assert rows(project.paths.warehouse, "SELECT value FROM settled_codes WHERE dimension = 'voice'") == [("igo",)]
    path, _number = export_codes(project, None, "csv", tmp_path / "all.csv")
    again = import_codes(project, ImportRequest(path))
    assert (again.new, again.known) == (0, 11)


def test_a_correction_stands_above_a_code_of_a_clock_that_is_ahead(project: Settings, tmp_path: Path) -> None:
    passage = drawn(project, sample(project))[0]
    ahead = CodeRow(passage, "anna", "voice", "joint", "1.1.0", datetime(2999, 1, 1))  # noqa: DTZ001  # UTC without zone
    import_codes(project, ImportRequest(write(tmp_path / "a.csv", [ahead])))
    mended = write(tmp_path / "b.csv", [CodeRow(passage, "anna", "voice", "igo", "1.1.0")])
    assert [import_codes(project, ImportRequest(mended)).new for _time in range(2)] == [1, 0]
    assert rows(project.paths.warehouse, "SELECT value FROM settled_codes") == [("igo",)]


def test_what_a_coder_is_is_written_once_and_keeps_its_description(project: Settings) -> None:
    first, later = datetime(2026, 1, 1), datetime(2026, 2, 1)  # noqa: DTZ001  # UTC without zone
    with open_warehouse(project.paths.warehouse) as connection:
        say_coders(connection, [("anna", "person", "A lawyer.")], first)
        say_coders(connection, [("anna", "person", None)], later)
        assert connection.execute("SELECT * FROM coders").fetchall() == [("anna", "person", "A lawyer.", first)]
        say_coders(connection, [("anna", "simulation", None)], later)
        assert connection.execute("SELECT * FROM coders").fetchall() == [("anna", "simulation", "A lawyer.", later)]


def test_a_later_file_may_not_contradict_what_the_coder_said_before(project: Settings, tmp_path: Path) -> None:
    passage = drawn(project, sample(project))[:1]
    codes = coded(passage, "anna", stage="initiation", realization="realized")
    import_codes(project, ImportRequest(write(tmp_path / "a.csv", codes)))
    alone = write(tmp_path / "b.csv", [CodeRow(passage[0], "anna", "stage", "none", "1.1.0")])
    with pytest.raises(BadInput, match="breaks c1"):
        import_codes(project, ImportRequest(alone))
    assert count(project) == 9
    # Another coder's, an earlier answer, and a correction of both are no contradiction.
    import_codes(project, ImportRequest(write(tmp_path / "c.csv", [CodeRow(passage[0], "ben", "stage", "none", "1.1.0")])))
    early = CodeRow(passage[0], "anna", "stage", "none", "1.1.0", datetime(2020, 1, 1))  # noqa: DTZ001  # UTC without zone
    assert import_codes(project, ImportRequest(write(tmp_path / "d.csv", [early]))).new == 1
    assert import_codes(project, ImportRequest(write(tmp_path / "e.csv", coded(passage, "anna")))).new == 2


def test_the_stance_follows_a_correction_of_one_intensity(project: Settings, tmp_path: Path) -> None:
    passage = drawn(project, sample(project))[:1]
    import_codes(project, ImportRequest(write(tmp_path / "a.csv", coded(passage, "anna"))))
    codes = {"contestation_intensity": "2", "contestation_locus": "internal"}
    mended = write(tmp_path / "b.csv", [CodeRow(passage[0], "anna", name, value, "1.1.0") for name, value in codes.items()])
    assert [import_codes(project, ImportRequest(mended)).new for _time in range(2)] == [3, 0]
    assert rows(project.paths.warehouse, "SELECT value FROM settled_codes WHERE dimension = 'stance'") == [("mixed",)]
