"""Files of codes: what would be lost or misread without a word is refused with its place and a way out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from entente.errors import BadInput
from models.codebook import load_codebook
from models.coding import excel, inception
from models.coding.checking import check_rows
from models.coding.files import read_codes_file
from models.coding.names import alike
from models.coding.tables import cells
from models.types import CodeRow, CodingTask

CODEBOOK = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")


def remark_alone(name: str, path: Path, **said: str) -> Path:
    """Make a file in which a coder has flagged or noted a passage and coded nothing."""
    if name == "csv":
        path = path.with_suffix(".csv")
        path.write_text(
            f"passage_id,coder,stage,flag,note\np1,anna,,{said.get('flag', '')},{said.get('note', '')}\n", encoding="utf-8"
        )
    elif name == "jsonl":
        path = path.with_suffix(".jsonl")
        path.write_text(json.dumps({"id": "p1", "coder": "anna", **said}) + "\n", encoding="utf-8")
    elif name == "excel":
        import openpyxl

        path = path.with_suffix(".xlsx")
        path.write_bytes(
            excel.write_form([CodingTask("p1", "T", "hash", "II. Access", "", "", "UN", "report")], CODEBOOK, "anna")
        )
        book = openpyxl.load_workbook(path)
        header = [cell.value for cell in book["codes"][1]]
        for column, value in said.items():
            book["codes"].cell(2, header.index(column) + 1, value)
        book.save(path)
    elif name.startswith("label-studio"):
        path = path.with_suffix(".json")
        items: list[dict[str, Any]] = [
            {"from_name": "flag", "type": "choices", "value": {"choices": [said["flag"]]}}
            if column == "flag"
            else {"from_name": "note", "type": "textarea", "value": {"text": [value]}}
            for column, value in said.items()
        ]
        done = {"completed_by": 1, "was_cancelled": name.endswith("skipped"), "result": items}
        path.write_text(json.dumps([{"data": {"passage_id": "p1"}, "annotations": [done]}]), encoding="utf-8")
    elif name == "doccano":
        path = path.with_suffix(".jsonl")
        marked = [f"flag:{said['flag']}"] if "flag" in said else []
        line = {"text": "T", "label": marked, "passage_id": "p1", "Comments": [said["note"]] if "note" in said else []}
        path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    else:
        path = path.with_suffix(".zip")
        content = inception.document(inception.type_system(CODEBOOK), "T", said)
        path.write_bytes(inception.bundle_of({"annotation/p1.json/anna.json": content}))
    return path


@pytest.mark.parametrize("name", ["csv", "jsonl", "excel", "label-studio", "label-studio-skipped", "doccano", "inception"])
def test_a_flag_or_a_note_of_a_passage_without_a_code_is_refused_and_not_lost(name: str, tmp_path: Path) -> None:
    def problems(**said: str) -> list[tuple[str, str]]:
        checked = read_codes_file(remark_alone(name, tmp_path / "anna", **said), CODEBOOK)
        assert checked.rows == []
        return [(one.column, one.why) for one in checked.problems]

    ((column, why),) = problems(flag="out_of_scope", note="foreign")
    assert column == "flag"
    assert "the confidence alone" in why
    ((column, why),) = problems(note="foreign")
    assert (column, "a note without a code" in why) == ("note", True)
    assert [why for _column, why in problems(flag="nonsense") if "'nonsense' is no flag" in why]
    assert problems() == []


def test_a_flag_is_kept_with_the_confidence_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("passage_id,coder,confidence,flag\np1,anna,3,out_of_scope\n", encoding="utf-8")
    (row,) = read_codes_file(path, CODEBOOK).rows
    assert (row.dimension, row.flag) == ("confidence", ("out_of_scope",))


def test_a_passage_that_was_skipped_first_and_coded_then_is_no_problem(tmp_path: Path) -> None:
    note = {"from_name": "note", "type": "textarea", "value": {"text": ["Later."]}}
    code = {"from_name": "stage", "type": "choices", "value": {"choices": ["none"]}}
    annotations = [
        {"completed_by": 1, "was_cancelled": True, "result": [note]},
        {"completed_by": 1, "was_cancelled": False, "result": [code]},
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"data": {"passage_id": "p1"}, "annotations": annotations}]), encoding="utf-8")
    checked = read_codes_file(path, CODEBOOK)
    assert ([row.value for row in checked.rows], checked.problems) == (["none"], [])


@pytest.mark.parametrize(
    ("cells_", "column"),
    [
        ({"coder": "an\u202ena"}, "coder"), ({"coder": "anna\u200b"}, "coder"), ({"coder": "=anna"}, "coder"), ({"coder": "+1"}, "coder"),
        ({"coder": "an\x07na"}, "coder"), ({"note": "a\x00b"}, "note"), ({"note": "\x92"}, "note"), ({"reason": "\ud800"}, "reason"),
        ({"tool": "\x1b[31m"}, "tool"), ({"passage_id": "p\x01"}, "passage_id"),
    ],
)  # fmt: skip
def test_what_is_not_seen_is_refused(cells_: dict[str, str], column: str) -> None:
    good = cells(CodeRow("p1", "anna", "stage", "none", "1.1.0"))
    (problem,) = check_rows([(2, {**good, **cells_})], CODEBOOK).problems
    assert (problem.line, problem.column) == (2, column)
    (row,) = check_rows([(2, {**good, "coder": " c\u030c\u00a0", "note": "a\r\n\tb"})], CODEBOOK).rows
    assert (row.coder, row.note) == ("č", "a\r\n\tb")


def test_another_spelling_of_a_name_is_recognized() -> None:
    assert alike(["Anna", "ben"], ["anna"]) == [("Anna", "anna")]
    assert alike(["anna b", "ANNA\u00a0 B", "ａnna b"], []) == [("anna b", "ANNA\u00a0 B"), ("ａnna b", "ANNA\u00a0 B")]
    assert alike(["anna", "Anna"], ["anna", "Anna"]) == []


def test_a_name_in_a_form_can_be_written_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("passage_id,coder,stage\np1,Anna ,none\np2,,none\n", encoding="utf-8")
    rows = read_codes_file(path, CODEBOOK, coder="=ben", names={"Anna ": "anna", "=ben": "ben"}).rows
    assert [row.coder for row in rows] == ["anna", "ben"]


def test_an_export_to_excel_names_the_passage_that_it_cannot_hold() -> None:
    with pytest.raises(BadInput, match=r"passage p1, note: .*control character"):
        excel.write_codes([CodeRow("p1", "anna", "stage", "none", "1.1.0", note="a\x00")], CODEBOOK)
    task = CodingTask("p1", "What was read as \uffff.", "hash", "II.", "", "", "UN", "report")
    assert excel.write_form([task], CODEBOOK)
