"""Files of codes: nothing is lost on the way to a tool and back, and every bad row is told."""

from __future__ import annotations

import json
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entente.errors import BadInput
from models.codebook import load_codebook
from models.coding import doccano, excel, inception, label_studio
from models.coding.checking import check_rows
from models.coding.files import format_of, read_codes_file
from models.coding.tables import cells, write_csv, write_jsonl
from models.constraints import violations
from models.types import CodeRow, CodingTask
from tests.models.tool_exports import doccano_export, inception_export, label_studio_export

CODEBOOK = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")
TASKS = {
    f"p{n}": CodingTask(
        f"p{n}", f"=1+{n} The mission met the Minister.", f"hash{n}", "II. Access", "Before.", "After.", "UN", "report"
    )
    for n in range(4)
}
TEXT = (
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=12)
    .map(lambda one: " ".join(one.split()))
    .map(lambda one: one or None)
)
PLAIN = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def coding(draw: st.DrawFn) -> dict[str, str]:
    """Return codes of one passage that do not contradict each other."""
    stage = draw(st.sampled_from(CODEBOOK.by_id["stage"].applicable_ids))
    cooperation, contestation = draw(st.sampled_from("01")), draw(st.sampled_from("0123"))
    stance = label = {"00": "neutral", "10": "cooperation"}.get(
        cooperation + contestation[0].replace("2", "1").replace("3", "1"), ""
    )
    stance = label or ("contestation" if cooperation == "0" else "mixed")
    codes = {
        "voice": draw(st.sampled_from(CODEBOOK.by_id["voice"].category_ids)),
        "stage": stage,
        "realization": "not_applicable"
        if stage == "none"
        else draw(st.sampled_from(CODEBOOK.by_id["realization"].applicable_ids)),
        "cooperation_intensity": cooperation,
        "contestation_intensity": contestation,
        "stance": stance,
        "mode": "not_applicable" if stance == "neutral" else draw(st.sampled_from(CODEBOOK.by_id["mode"].applicable_ids)),
        "mechanism": ";".join(sorted(draw(st.sets(st.sampled_from(CODEBOOK.by_id["mechanism"].category_ids), max_size=3)))),
        "confidence": draw(st.sampled_from("123")),
    }
    assert not violations({**codes, "stage_secondary": None})
    return codes


@st.composite
def codes(draw: st.DrawFn, *, tool: str | None = None, timed: bool = True) -> list[CodeRow]:
    """Codes of some coders on some passages, as a tool can hold them."""
    rows = []
    for passage in draw(st.lists(st.sampled_from(sorted(TASKS)), min_size=1, max_size=3, unique=True)):
        for coder in draw(st.lists(st.sampled_from(["anna", "ben@uni.example", "č"]), min_size=1, max_size=2, unique=True)):
            at = draw(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))) if timed else None  # noqa: DTZ001  # UTC without zone
            flag = tuple(sorted(draw(st.sets(st.sampled_from(["context_needed", "out_of_scope"])))))
            note = draw(TEXT)
            free = tool is None
            status = draw(st.sampled_from(["coded", "adjudicated"])) if free else "coded"
            reason = draw(TEXT) if free else None
            told_tool = draw(TEXT) if free else tool
            for name, value in coding(draw).items():
                rows.append(
                    CodeRow(
                        passage,
                        coder,
                        name,
                        value,
                        "1.1.0",
                        at,
                        status,
                        told_tool,
                        note,
                        flag,
                        reason,
                        TASKS[passage].text_sha256,
                    )
                )
    return rows


def as_set(rows: list[CodeRow]) -> set[CodeRow]:
    return set(rows)


@PLAIN
@given(rows=codes())
def test_own_formats_and_excel_keep_every_code(rows: list[CodeRow], tmp_path: Path) -> None:
    for name, content in (
        ("c.csv", write_csv(rows).encode()),
        ("c.jsonl", write_jsonl(rows).encode()),
        ("c.xlsx", excel.write_codes(rows, CODEBOOK)),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        checked = read_codes_file(path, CODEBOOK)
        assert not checked.problems
        assert as_set(checked.rows) == as_set(rows), name


@PLAIN
@given(rows=codes(tool=label_studio.TOOL))
def test_label_studio_keeps_every_code(rows: list[CodeRow], tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text(label_studio_export(list(TASKS.values()), CODEBOOK, rows), encoding="utf-8")
    checked = read_codes_file(path, CODEBOOK)
    assert not checked.problems
    assert as_set(checked.rows) == as_set(rows)


@PLAIN
@given(rows=codes(tool=doccano.TOOL, timed=False))
def test_doccano_keeps_every_code(rows: list[CodeRow], tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with ZipFile(path, "w") as bundle:
        for coder in {row.coder for row in rows}:
            bundle.writestr(f"{coder}.jsonl", doccano_export([row for row in rows if row.coder == coder], CODEBOOK, TASKS))
    checked = read_codes_file(path, CODEBOOK)
    assert not checked.problems
    assert as_set(checked.rows) == as_set(rows)


@settings(PLAIN, max_examples=8)
@given(rows=codes(tool=inception.TOOL))
def test_inception_keeps_every_code(rows: list[CodeRow], tmp_path: Path) -> None:
    path = tmp_path / "project.zip"
    path.write_bytes(inception_export(rows, CODEBOOK, TASKS))
    checked = read_codes_file(path, CODEBOOK)
    assert not checked.problems
    assert as_set(checked.rows) == as_set(rows)


# What Label Studio 1.x writes: users by number, ids and times of its own, predictions and drafts beside.
LABEL_STUDIO_EXPORT = [
    {
        "id": 7,
        "annotations": [
            {
                "id": 3, "completed_by": 1, "was_cancelled": False, "ground_truth": False, "created_at": "2026-03-01T10:00:00.123456Z",
                "updated_at": "2026-03-01T10:05:00.5Z", "lead_time": 31.2, "task": 7, "project": 1, "unique_id": "0f",
                "result": [
                    {"id": "a1", "from_name": "stage", "to_name": "passage", "type": "choices", "origin": "manual",
                     "value": {"choices": ["none"]}},
                    {"id": "a2", "from_name": "mechanism", "to_name": "passage", "type": "choices", "origin": "manual",
                     "value": {"choices": ["dialogue", "joint_activity"]}},
                    {"id": "a3", "from_name": "note", "to_name": "passage", "type": "textarea", "origin": "manual",
                     "value": {"text": ["Hm.", "So."]}},
                ],
            },
            {"id": 4, "completed_by": 2, "was_cancelled": True, "result": []},
        ],
        "file_upload": "x.json", "drafts": [], "predictions": [{"model_version": "m", "result": [{"from_name": "stage"}]}],
        "data": {"passage_id": "p1", "text": "T", "text_sha256": "hash1", "codebook_version": "1.1.0"},
        "meta": {}, "created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-01T10:05:00Z", "inner_id": 1, "total_annotations": 1,
    }
]  # fmt: skip


def test_an_export_of_label_studio_itself(tmp_path: Path) -> None:
    path = tmp_path / "project-1-at-2026.json"
    path.write_text(json.dumps(LABEL_STUDIO_EXPORT), encoding="utf-8")
    checked = read_codes_file(path, CODEBOOK, names={"1": "anna"})
    assert not checked.problems
    assert {(row.coder, row.dimension, row.value, row.note) for row in checked.rows} == {
        ("anna", "stage", "none", "Hm.\nSo."),
        ("anna", "mechanism", "dialogue;joint_activity", "Hm.\nSo."),
    }
    assert checked.rows[0].coded_at == datetime(2026, 3, 1, 10, 5, 0, 500000)  # noqa: DTZ001  # UTC without zone
    assert {row.coder for row in read_codes_file(path, CODEBOOK).rows} == {"label-studio user 1"}


def test_the_interface_asks_every_question_of_the_codebook() -> None:
    from xml.etree import ElementTree

    view = ElementTree.fromstring(label_studio.interface(CODEBOOK))  # noqa: S314  # our own
    controls = {one.attrib["name"]: one for one in view.iter("Choices")}
    assert {"voice", "stage", "stage_secondary", "mechanism", "confidence", "flag"} <= set(controls)
    assert "stance" not in controls
    assert controls["mechanism"].attrib["choice"] == "multiple"
    names = [one.attrib["name"] for one in view.iter() if "name" in one.attrib]
    assert len(set(names)) == len(names)
    assert all(one.attrib["toName"] in names for one in view.iter() if "toName" in one.attrib)


def test_guesses_are_in_a_file_only_on_demand() -> None:
    guess = {"p0": {"stage": "none", "mechanism": "", "stance": "neutral"}}
    blind = json.loads(label_studio.write_tasks(list(TASKS.values()), CODEBOOK))
    told = json.loads(label_studio.write_tasks(list(TASKS.values()), CODEBOOK, guess, "m-1"))
    assert all("predictions" not in task for task in blind)
    assert [item["value"]["choices"] for item in told[0]["predictions"][0]["result"]] == [["none"], ["none_of_these"]]
    assert '"label": []' in doccano.write_tasks([TASKS["p0"]], CODEBOOK)


def test_what_the_model_says_is_no_code_of_who_imports_it_into_doccano(tmp_path: Path) -> None:
    # doccano 1.8 keeps labels that come with a passage as codes of the importing user, and exports them as his.
    tasks = doccano.write_tasks([TASKS["p0"]], CODEBOOK, {"p0": ["stage:initiation", "voice:igo"]})
    assert "stage:initiation, voice:igo" in tasks
    path = tmp_path / "anna.jsonl"
    path.write_text(tasks, encoding="utf-8")
    checked = read_codes_file(path, CODEBOOK)
    assert (checked.rows, checked.problems) == ([], [])


def test_an_export_of_doccano_itself(tmp_path: Path) -> None:
    line = {"id": 11, "text": "T", "label": ["stage:none", "flag:out_of_scope"], "passage_id": "p1", "Comments": ["Hm."]}
    path = tmp_path / "anna.jsonl"
    path.write_text(json.dumps(line) + "\n", encoding="utf-8")
    (row,) = read_codes_file(path, CODEBOOK).rows
    assert (row.coder, row.dimension, row.value, row.flag, row.note) == ("anna", "stage", "none", ("out_of_scope",), "Hm.")
    assert read_codes_file(path, CODEBOOK, coder="ben").rows[0].coder == "ben"


def test_inception_reads_xmi_within_a_zip_of_each_user_and_leaves_the_initial_document(tmp_path: Path) -> None:
    from cassis import Cas

    system = inception.type_system(CODEBOOK)
    cas = Cas(typesystem=system)
    cas.sofa_string = "The mission met the Minister."
    cas.sofa_mime = "text/plain"
    cas.add(system.get_type(inception.LAYER)(begin=0, end=10, stage="none", note="Hm."))
    inner = BytesIO()
    with ZipFile(inner, "w") as bundle:
        bundle.writestr("anna.xmi", str(cas.to_xmi()))
        bundle.writestr("TypeSystem.xml", system.to_xml())
    path = tmp_path / "project.zip"
    with ZipFile(path, "w") as bundle:
        bundle.writestr("annotation/p1.json/anna.zip", inner.getvalue())
        bundle.writestr("annotation/p1.json/INITIAL_CAS.zip", inner.getvalue())
    (row,) = read_codes_file(path, CODEBOOK).rows
    assert (row.passage_id, row.coder, row.dimension, row.value, row.note) == ("p1", "anna", "stage", "none", "Hm.")


def test_an_excel_form_is_filled_in_and_read(tmp_path: Path) -> None:
    import openpyxl

    path = tmp_path / "form.xlsx"
    path.write_bytes(excel.write_form(list(TASKS.values()), CODEBOOK, "anna"))
    assert read_codes_file(path, CODEBOOK).rows == []
    book = openpyxl.load_workbook(path)
    sheet = book["codes"]
    header = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, header.index("text") + 1).value == "=1+0 The mission met the Minister."
    assert sheet.cell(2, header.index("text") + 1).data_type == "s"
    sheet.cell(2, header.index("stage") + 1, "none")
    sheet.cell(2, header.index("confidence") + 1, 2)
    sheet.cell(3, header.index("mechanism") + 1, "none_of_these")
    sheet.cell(4, header.index("stage") + 1, "nothing")
    book.save(path)
    checked = read_codes_file(path, CODEBOOK)
    assert {(row.passage_id, row.coder, row.dimension, row.value) for row in checked.rows} == {
        ("p0", "anna", "stage", "none"), ("p0", "anna", "confidence", "2"), ("p1", "anna", "mechanism", ""),
    }  # fmt: skip
    (problem,) = checked.problems
    assert (problem.line, problem.column, problem.value) == (4, "value", "nothing")


def test_every_bad_row_is_told_with_line_column_value_and_reason() -> None:
    good = cells(CodeRow("p1", "anna", "stage", "none", "1.1.0"))
    bad: list[dict[str, Any]] = [
        {"value": "nothing"}, {"dimension": "colour"}, {"coder": " "}, {"status": "done"}, {"coded_at": "yesterday"}, {"flag": "odd"},
        {"value": ""}, {"codebook_version": "2.0.0"}, {"colour": "red"}, {"dimension": "mechanism", "value": "dialogue;nothing"},
        {"dimension": "mechanism", "value": None}, {"flag": [1]}, {"flag": [None]}, {"coded_at": "0001-01-01T00:00:00+05:00"},
    ]  # fmt: skip
    checked = check_rows([(n, {**good, **one}) for n, one in enumerate(bad, 2)], CODEBOOK)
    assert [problem.line for problem in checked.problems] == list(range(2, 2 + len(bad)))
    assert {problem.column for problem in checked.problems} >= {
        "value",
        "dimension",
        "coder",
        "status",
        "coded_at",
        "flag",
        "codebook_version",
        "colour",
    }
    assert not checked.rows


def test_codes_that_contradict_each_other_are_told() -> None:
    def rows(**values: str) -> list[tuple[int, dict[str, str]]]:
        return [(n, cells(CodeRow("p1", "anna", name, value, "1.1.0"))) for n, (name, value) in enumerate(values.items(), 2)]

    assert "contradict" in check_rows(rows(stage="none", realization="realized"), CODEBOOK).problems[0].why
    assert "same coder gave" in check_rows([*rows(stage="none"), *rows(stage="compliance")], CODEBOOK).problems[0].why
    derived = check_rows(rows(cooperation_intensity="1", contestation_intensity="2"), CODEBOOK)
    assert [(row.dimension, row.value) for row in derived.rows][-1] == ("stance", "mixed")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"passage,coder\n", "no column 'passage_id'"),
        ("a.csv", b'passage_id,coder,dimension,value\n"p1,a\n', "CSV"),
        ("a.csv", b"passage_id,coder,dimension,value\np1,a\n", "2 cells instead of 4"),
        ("a.csv", b"\xff\xfe", "UTF-8"),
        ("a.jsonl", b"[1]\n", "JSON object"),
        ("a.jsonl", b"{", "not valid JSON"),
        ("a.json", b"{}", "list of tasks"),
        ("a.json", b'[{"stage": "none"}]', "not JSON-MIN"),
        ("a.xlsx", b"PK", "no Excel workbook"),
        ("a.zip", b"PK", "no ZIP"),
        ("a.odt", b"", "--format"),
        ("gone.csv", None, "no file"),
    ],
)
def test_a_file_of_another_kind_is_told(name: str, content: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=said):
        read_codes_file(path, CODEBOOK)


def test_formats_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": "T", "label": []}\n', encoding="utf-8")
    assert format_of(path) == "doccano"
    path.write_text('{"passage_id": "p1"}\n', encoding="utf-8")
    assert format_of(path) == "jsonl"


def zipped(path: Path, parts: dict[str, bytes]) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as bundle:
        for name, content in parts.items():
            bundle.writestr(name, content)
    return path


def test_the_codes_of_several_users_stay_theirs(tmp_path: Path) -> None:
    line = json.dumps({"text": "T", "label": ["stage:none"], "passage_id": "p1"}).encode()
    both = zipped(tmp_path / "b.zip", {"anna.jsonl": line, "ben.jsonl": line})
    read = read_codes_file(both, CODEBOOK, coder="carla", names={"ben": "benjamin"})
    assert [row.coder for row in read.rows] == ["anna", "benjamin"]
    one = zipped(tmp_path / "o.zip", {"all.jsonl": line})
    assert [row.coder for row in read_codes_file(one, CODEBOOK, coder="carla").rows] == ["carla"]
    (tmp_path / "all.jsonl").write_bytes(line)
    mixed = zipped(tmp_path / "m.zip", {"all.jsonl": line, "ben.jsonl": line})
    for path, coder in ((one, None), (tmp_path / "all.jsonl", None), (mixed, "carla")):
        with pytest.raises(BadInput, match="does not say who coded"):
            read_codes_file(path, CODEBOOK, coder=coder)


def damaged(name: str, path: Path) -> Path:
    """Make a file that somebody might send by mistake."""
    if name == "encrypted":
        zipped(path, {"anna.jsonl": b"{}"})
        content = bytearray(path.read_bytes())
        # Bit 0 of the general purpose flags, in the header and in the directory (APPNOTE 4.4.4).
        content[6] |= 1
        content[content.index(b"PK\x01\x02") + 8] |= 1
        path.write_bytes(content)
        return path
    form = path.with_suffix(".whole")
    form.write_bytes(excel.write_form(list(TASKS.values()), CODEBOOK, "anna"))
    with ZipFile(form) as bundle:
        parts = {one: bundle.read(one) for one in bundle.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet][: len(parts[sheet]) // 2]
    return zipped(path, parts)


@pytest.mark.parametrize(("kind", "name", "said"), [("encrypted", "a.zip", "password"), ("sheet", "a.xlsx", "damaged")])
def test_a_damaged_file_is_told_with_its_place(kind: str, name: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=said):
        read_codes_file(damaged(kind, tmp_path / name), CODEBOOK)


@pytest.mark.parametrize("name", ["a.xlsx", "b.zip", "c.zip"])
def test_a_file_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.coding.archives.LIMIT", 3_000_000)
    much = bytes(2_000_000)
    inner = zipped(tmp_path / "inner", {"x.bin": much}).read_bytes()
    parts = {
        "a.xlsx": {"xl/worksheets/sheet1.xml": much + much},
        "b.zip": {"anna.jsonl": much + much},
        # Each nested file is small enough by itself.
        "c.zip": {f"annotation/p{n}.json/anna.zip": inner for n in range(2)},
    }
    with pytest.raises(BadInput, match="unpacks to more than"):
        read_codes_file(zipped(tmp_path / name, parts[name]), CODEBOOK)
