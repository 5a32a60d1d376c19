"""Disagreements and new versions of the codebook: decisions with reasons, every original code kept, nothing joined in silence."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from entente.errors import BadInput
from flows.adjudication import disagreements_in_file, export_queue, import_decisions, open_disagreements
from flows.agreement import coded_in_warehouse
from flows.codebook_versions import apply_map
from flows.coding import ImportRequest, export_training, import_codes
from flows.load import codebook_rows, read_codebook, score_columns
from flows.settings import Settings
from models.codebook import load_codebook
from models.codebook_map import compare, draft, load_map
from models.coding.excel import write_sheet
from tests.flows.projects import entente, rows
from tests.flows.test_flows_coding import coded, drawn, fill_in, project, sample, write
from warehouse.codebook import set_codebook
from warehouse.database import open_warehouse

__all__ = ["project"]


@pytest.fixture
def disputed(project: Settings, tmp_path: Path) -> tuple[Settings, list[str]]:
    """A project in which anna and ben differ on the voice of one passage and on stage and realization of another."""
    passages = drawn(project, sample(project))
    other = [
        *coded(passages[2:], "ben"),
        *coded(passages[:1], "ben", voice="third_party"),
        *coded(passages[1:2], "ben", stage="compliance", realization="realized", cooperation_intensity="0", contestation_intensity="1",
               contestation_locus="internal"),
    ]  # fmt: skip
    import_codes(project, ImportRequest(write(tmp_path / "a.csv", coded(passages, "anna"))))
    import_codes(project, ImportRequest(write(tmp_path / "b.csv", other)))
    return project, passages


def decide(path: Path, decisions: dict[tuple[str, str], tuple[str, str]]) -> Path:
    with path.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    for line in lines:
        line["value"], line["reason"] = decisions.get((line["passage_id"], line["dimension"]), ("", ""))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return path


def test_disagreements_become_a_queue_and_decisions_settle_them(disputed: tuple[Settings, list[str]], tmp_path: Path) -> None:
    settings, passages = disputed
    waiting = open_disagreements(settings)
    assert {(row["passage_id"], row["dimension"]) for row in waiting} == {
        (passages[0], "voice"),
        *(
            (passages[1], name)
            for name in ("stage", "realization", "cooperation_intensity", "contestation_intensity", "contestation_locus")
        ),
    }
    assert [(one["coder"], one["value"]) for row in waiting if row["dimension"] == "voice" for one in row["codes"]] == [
        ("anna", "igo"), ("ben", "third_party"),
    ]  # fmt: skip
    assert all(row["is_gold"] for row in waiting)
    before = rows(settings.paths.warehouse, "SELECT * FROM annotations ORDER BY ALL")
    path = tmp_path / "queue.csv"
    assert export_queue(settings, path) == 6
    decisions = {
        (passages[0], "voice"): ("third_party", "The NGO is quoted."),
        (passages[1], "stage"): ("compliance", "It acted."),
        (passages[1], "realization"): ("realized", "It did."),
        (passages[1], "cooperation_intensity"): ("0", "No help."),
        (passages[1], "contestation_intensity"): ("1", "Words."),
        (passages[1], "contestation_locus"): ("internal", "By the state."),
    }
    decide(path, decisions)
    assert import_decisions(settings, path, "carla").new == 7  # the stance follows
    again = import_decisions(settings, path, "carla")
    assert (again.new, again.known) == (0, 7)
    assert open_disagreements(settings) == []
    after = rows(settings.paths.warehouse, "SELECT * FROM annotations WHERE status <> 'adjudicated' ORDER BY ALL")
    assert after == before
    gold = rows(settings.paths.warehouse, "SELECT voice, stage, stance, n_open FROM gold ORDER BY passage_id")
    assert gold[:2] == [("third_party", "none", "cooperation", 0), ("igo", "compliance", "contestation", 0)]
    reasons = rows(
        settings.paths.warehouse, "SELECT coder, reason FROM annotations WHERE status = 'adjudicated' AND dimension = 'voice'"
    )
    assert reasons == [("carla", "The NGO is quoted.")]
    decide(path, {(passages[0], "voice"): ("igo", "On second thoughts.")})
    import_decisions(settings, path, "carla")
    decide(path, {(passages[0], "voice"): ("third_party", "The NGO is quoted.")})
    assert import_decisions(settings, path, "carla").new == 1  # an adjudicator may return to an earlier decision


@pytest.mark.parametrize(
    ("dimension", "decision", "said"),
    [
        ("stage", ("compliance", ""), "kept with its reason"),
        ("stage", ("", "Why."), "is empty"),
        ("stage", ("nothing", "Why."), "no category"),
        ("contestation_intensity", ("2", "Why."), "decide the other dimension too"),
    ],
)
def test_a_decision_that_cannot_stand_is_refused_whole(
    dimension: str, decision: tuple[str, str], said: str, disputed: tuple[Settings, list[str]], tmp_path: Path
) -> None:
    settings, passages = disputed
    path = tmp_path / "queue.csv"
    export_queue(settings, path)
    decided = {(passages[0], "voice"): ("igo", "Why."), (passages[1], dimension): decision}
    if dimension == "contestation_intensity":
        decided[(passages[1], "contestation_locus")] = ("not_applicable", "Why.")
    with pytest.raises(BadInput, match=said):
        import_decisions(settings, decide(path, decided), "carla")
    assert rows(settings.paths.warehouse, "SELECT count(*) FROM annotations WHERE status = 'adjudicated'") == [(0,)]


def test_the_queue_on_the_command_line(disputed: tuple[Settings, list[str]], tmp_path: Path) -> None:
    settings, _passages = disputed
    said = entente("adjudicate", "list", project=settings.project).stdout
    assert "6 decisions wait, on 2 passages." in said
    assert "anna: igo; ben: third_party" in said
    assert "6 decisions" in entente("adjudicate", "export", str(tmp_path / "q.xlsx"), project=settings.project).stdout
    assert "0 decisions taken in" in entente("adjudicate", "import", str(tmp_path / "q.xlsx"), project=settings.project).stdout


def test_a_file_of_codes_becomes_a_queue_too(project: Settings, tmp_path: Path) -> None:
    codes = [*coded(["p1", "p2"], "anna"), *coded(["p1"], "ben"), *coded(["p2"], "ben", voice="joint")]
    path = write(tmp_path / "codes.csv", codes)
    (tmp_path / "texts.jsonl").write_text(
        '{"id": "p2", "text": "The Minister said so.", "heading": "Access"}\n', encoding="utf-8"
    )
    said = entente("adjudicate", "list", "--codes", str(path), project=project.project).stdout
    assert "1 decisions wait, on 1 passages." in said
    assert "The Minister said so." in said


def renamed(value: Any) -> Any:
    """A codebook in which verbal is called spoken, and nothing else is different."""
    if isinstance(value, dict):
        return {key: renamed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [renamed(one) for one in value]
    return "spoken" if value == "verbal" else value


MAP = """
from: 1.1.0
to: 2.0.0
dimensions:
  mode:
    unchanged: [material]
    renamed: {verbal: spoken}
  voice:
    unchanged: [host_government, third_party, joint]
    recode: [igo]
"""


def new_codebook(settings: Settings) -> None:
    old = yaml.safe_load(settings.codebook.read_text(encoding="utf-8"))
    (settings.project / "old.yaml").write_text(settings.codebook.read_text(encoding="utf-8"), encoding="utf-8")
    settings.codebook.write_text(yaml.safe_dump({**renamed(old), "version": "2.0.0"}, allow_unicode=True), encoding="utf-8")


def test_a_map_moves_codes_keeps_the_old_ones_and_tells_what_must_be_redone(
    disputed: tuple[Settings, list[str]], tmp_path: Path
) -> None:
    settings, passages = disputed
    new_codebook(settings)
    path = tmp_path / "map.yaml"
    path.write_text(MAP, encoding="utf-8")
    before = rows(settings.paths.warehouse, "SELECT count(*) FROM annotations")[0][0]
    told = apply_map(settings, path, dry_run=True)
    assert (told.written, sum(told.fates["moves"].values()), sum(told.fates["redo"].values())) == (0, 8, 7)
    with pytest.raises(BadInput, match="entente refresh"):
        apply_map(settings, path)
    codebook = read_codebook(settings)
    with open_warehouse(settings.paths.warehouse) as connection:
        set_codebook(connection, codebook_rows(codebook), score_columns(codebook))
        # Before the map is applied nothing is joined: all codes are of the old version, and to be redone.
        assert connection.execute("SELECT count(*) FROM codes_to_redo").fetchall() == [(before,)]
    done = apply_map(settings, path)
    assert done.written == before - 7
    assert apply_map(settings, path).written == 0
    database = settings.paths.warehouse
    assert rows(database, "SELECT count(*) FROM annotations WHERE codebook_version = '1.1.0'") == [(before,)]
    assert rows(database, "SELECT DISTINCT dimension, value FROM codes_to_redo") == [("voice", "igo")]
    assert set(rows(database, "SELECT DISTINCT codebook_version FROM settled_codes")) == {("2.0.0",)}
    assert rows(database, f"SELECT value FROM settled_codes WHERE dimension = 'mode' AND passage_id = '{passages[2]}'") == [
        ("spoken",)
    ]
    assert rows(database, f"SELECT mode, voice, codebook_version FROM gold WHERE passage_id = '{passages[2]}'") == [
        ("spoken", None, "2.0.0")
    ]


@pytest.mark.parametrize("refreshed", [False, True])
def test_codes_of_an_older_codebook_are_neither_decided_upon_nor_compared_nor_learned_from(
    refreshed: bool, disputed: tuple[Settings, list[str]], tmp_path: Path
) -> None:
    settings, passages = disputed
    queue = tmp_path / "queue.csv"
    export_queue(settings, queue)
    training = drawn(settings, sample(settings, "training"))
    import_codes(settings, ImportRequest(write(tmp_path / "t.csv", coded(training, "anna"))))
    standing = rows(settings.paths.warehouse, "SELECT * FROM settled_codes ORDER BY ALL")
    new_codebook(settings)
    codebook = read_codebook(settings)
    if refreshed:
        with open_warehouse(settings.paths.warehouse) as connection:
            set_codebook(connection, codebook_rows(codebook), score_columns(codebook))
        assert rows(settings.paths.warehouse, "SELECT count(*) FROM adjudication_queue") == [(0,)]
    assert open_disagreements(settings) == []
    with pytest.raises(BadInput, match=r"nobody has coded it under codebook 2\.0\.0"):
        import_decisions(settings, decide(queue, {(passages[0], "voice"): ("third_party", "Why.")}), "carla")
    assert rows(settings.paths.warehouse, "SELECT * FROM settled_codes ORDER BY ALL") == standing
    # Their category "verbal" is gone: reading them together with the present ones would find no such category.
    assert coded_in_warehouse(settings, codebook, {}).rows == []
    with pytest.raises(BadInput, match="No passage outside"):
        export_training(settings, tmp_path / "training")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MAP.replace("2.0.0", "3.0.0"), "leads to 3.0.0"),
        (MAP.replace("verbal: spoken", "verbal: whispered"), "whispered"),
        (MAP.replace("[material]", "[material, verbal]"), "named twice"),
        (MAP.replace("renamed", "renmed"), "renmed"),
        (MAP.replace("1.1.0", "0.9.0"), "no codes of version 0.9.0"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(text: str, said: str, disputed: tuple[Settings, list[str]], tmp_path: Path) -> None:
    settings, _passages = disputed
    new_codebook(settings)
    path = tmp_path / "map.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        apply_map(settings, path, dry_run=True)


def test_the_difference_of_two_codebooks_and_the_draft_of_a_map(project: Settings, tmp_path: Path) -> None:
    new_codebook(project)
    old, new = load_codebook(project.project / "old.yaml"), load_codebook(project.codebook)
    assert compare(old, new)["mode"] == {"same": ["material"], "reworded": [], "gone": ["verbal"], "new": ["spoken"]}
    path = tmp_path / "map.yaml"
    path.write_text(draft(old, new), encoding="utf-8")
    assert load_map(path, new).move("mode", "verbal", new) == ("redo", None)
    assert load_map(path, new).move("stage", "none", new) == ("stays", "none")
    said = entente("codebook", "diff", str(project.project / "old.yaml"), "--json", project=project.project).stdout
    assert json.loads(said)["dimensions"]["mode"]["gone"] == ["verbal"]


@pytest.mark.parametrize("name", ["q.csv", "q.xlsx"])
def test_decisions_that_were_filled_in_are_not_written_over(
    name: str, disputed: tuple[Settings, list[str]], tmp_path: Path
) -> None:
    settings, _passages = disputed
    path = tmp_path / name
    assert export_queue(settings, path) == export_queue(settings, path) == 6
    filled = fill_in(path)
    with pytest.raises(BadInput, match="--overwrite"):
        export_queue(settings, path)
    assert path.read_bytes() == filled
    assert export_queue(settings, path, overwrite=True) == 6


@pytest.mark.parametrize("missing", ["passage_id", "dimension", "value", "reason"])
def test_a_workbook_that_is_no_queue_is_told(missing: str, project: Settings, tmp_path: Path) -> None:
    header = [name for name in ("passage_id", "dimension", "value", "reason") if name != missing]
    path = tmp_path / "q.xlsx"
    path.write_bytes(write_sheet(header, [dict.fromkeys(header, "x")]))
    with pytest.raises(BadInput, match=f"no column '{missing}'"):
        import_decisions(project, path, "carla")


def test_broken_texts_beside_a_file_of_codes_are_told(project: Settings, tmp_path: Path) -> None:
    path = write(tmp_path / "codes.csv", coded(["p1"], "anna"))
    (tmp_path / "texts.jsonl").write_text('{"id": "p1"}\n[1]\n', encoding="utf-8")
    with pytest.raises(BadInput, match=r"texts\.jsonl, line 2"):
        disagreements_in_file(project, path)
