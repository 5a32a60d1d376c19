"""Coded passages: what is read, and that a bad row is named instead of learned from."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from entente.errors import BadInput
from models.annotations import example_bank, read_annotations, read_coded_texts, read_invented
from models.codebook import load_codebook
from models.constraints import violations
from models.training_data import TrainingData, collect, without_gold
from models.types import Withheld, text_mark

CODEBOOK = load_codebook(Path(__file__).resolve().parents[2] / "configs" / "codebook.yaml")

TEXT: dict[str, Any] = {
    "id": "p1",
    "doc": "d1",
    "heading": "Access",
    "text": "The mission was refused entry.",
    "previous": None,
    "country": "X",
}
CODE: dict[str, Any] = {
    "id": "p1", "voice": "igo", "stage": "initiation", "stage_secondary": None, "realization": "negated", "cooperation_intensity": 0,
    "contestation_intensity": 3, "stance": "contestation", "contestation_locus": "internal", "contestation_object": "partnership",
    "mode": "material", "mechanism": [], "confidence": 3, "flag": None,
}  # fmt: skip


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _folder(
    tmp_path: Path, texts: list[dict[str, Any]], train: list[dict[str, Any]], dev: list[dict[str, Any]] | None = None
) -> Path:
    _write(tmp_path / "texts.jsonl", texts)
    _write(tmp_path / "train.jsonl", train)
    if dev is not None:
        _write(tmp_path / "dev.jsonl", dev)
    return tmp_path


def test_shipped_passages_and_example_bank_keep_the_constraints() -> None:
    passages = [*read_invented(CODEBOOK), *example_bank(CODEBOOK)]
    assert len(passages) > 400
    assert {one.origin for one in passages} == {"invented", "codebook"}
    for one in passages:
        assert violations(one.labels) == []
        assert {d.id for d in CODEBOOK.trained_dimensions} <= set(one.labels)


def test_codes_are_joined_with_their_texts(tmp_path: Path) -> None:
    (found,) = read_annotations(_folder(tmp_path, [TEXT], [CODE]), "train", CODEBOOK)
    assert found.passage.text == TEXT["text"]
    assert found.passage.heading == "Access"
    assert found.document == "d1"
    assert found.labels["contestation_intensity"] == "3"
    assert found.labels["mechanism"] == ()


def test_short_names_and_a_missing_stance_are_understood(tmp_path: Path) -> None:
    row = {
        **TEXT,
        **CODE,
        "coop": 1,
        "cont": 3,
        "locus": "both",
        "object": "conduct",
        "mechanism": ["joint_activity", "dialogue"],
    }
    for name in ("stance", "cooperation_intensity", "contestation_intensity", "contestation_locus", "contestation_object"):
        del row[name]
    _write(tmp_path / "coded.jsonl", [row])
    (found,) = read_coded_texts(tmp_path / "coded.jsonl", CODEBOOK)
    assert (found.labels["stance"], found.labels["contestation_locus"]) == ("mixed", "both")
    assert found.labels["mechanism"] == ("dialogue", "joint_activity")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"stage": "rupture"}, ["train.jsonl line 2", "stage = 'rupture'", "trust_building"]),
        ({"contestation_intensity": 4}, ["contestation_intensity = 4", "0, 1, 2, 3"]),
        ({"contestation_intensity": True}, ["contestation_intensity = True"]),
        ({"mechanism": "dialogue"}, ["mechanism = 'dialogue'", "formal_agreement"]),
        ({"mechanism": ["dancing"]}, ["mechanism = ['dancing']"]),
        ({"mode": None}, ["mode is missing", "verbal"]),
        ({"stance": "neutral"}, ["contradict", "c4", "stance"]),
        ({"stage_secondary": "initiation"}, ["contradict", "c2"]),
        ({"id": "p9"}, ["'p9' has no text"]),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, change: dict[str, Any], said: list[str]) -> None:
    folder = _folder(tmp_path, [TEXT, {**TEXT, "id": "p2"}], [CODE, {**CODE, "id": "p2", **change}])
    with pytest.raises(BadInput) as caught:
        read_annotations(folder, "train", CODEBOOK)
    for part in said:
        assert part in str(caught.value)
    assert "line 1:" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"id": "p1"\n', "line 1: not valid JSON"),
        (b"[1]\n", "must be a JSON object"),
        (b"\xff\xfe\n", "not UTF-8"),
    ],
)
def test_files_that_are_not_json_lines(tmp_path: Path, content: bytes, said: str) -> None:
    folder = _folder(tmp_path, [TEXT], [])
    (folder / "train.jsonl").write_bytes(content)
    with pytest.raises(BadInput, match=said):
        read_annotations(folder, "train", CODEBOOK)


def test_missing_files_empty_texts_and_double_codes(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no file .*texts\.jsonl"):
        read_annotations(tmp_path, "train", CODEBOOK)
    with pytest.raises(BadInput, match="text = '  '"):
        read_annotations(_folder(tmp_path, [{**TEXT, "text": "  "}], [CODE]), "train", CODEBOOK)
    with pytest.raises(BadInput, match="'p1' is coded twice"):
        read_annotations(_folder(tmp_path, [TEXT], [CODE, CODE]), "train", CODEBOOK)


def test_files_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    folder = _folder(tmp_path, [TEXT], [CODE])
    for name in ("texts.jsonl", "train.jsonl"):
        (folder / name).write_bytes(b"\xef\xbb\xbf" + (folder / name).read_bytes())
    assert [one.passage.passage_id for one in read_annotations(folder, "train", CODEBOOK)] == ["p1"]


def test_what_stands_in_dev_is_never_trained_on(tmp_path: Path) -> None:
    # The same text but for case and spacing, as `models.seen` knows it again.
    again = {**TEXT, "id": "p3", "doc": "d2", "text": str(TEXT["text"]).upper().replace(" ", "  ")}
    texts = [TEXT, {**TEXT, "id": "p2", "text": "Another passage."}, again]
    codes = [{**CODE, "id": name} for name in ("p1", "p2", "p3")]
    data = collect(CODEBOOK, _folder(tmp_path, texts, codes[:2], codes[2:]))
    real = [one.passage.passage_id for one in data.passages if one.origin == "real"]
    assert (real, data.left_out, [one.passage.passage_id for one in data.dev]) == (["p2"], 1, ["p3"])
    texts[2]["doc"] = "d1"
    with pytest.raises(BadInput, match="share 1 documents"):
        collect(CODEBOOK, _folder(tmp_path, texts, codes[:2], codes[2:]))


def test_gold_may_be_of_the_documents_of_training_and_its_texts_are_not_learned_from(tmp_path: Path) -> None:
    texts = [TEXT, {**TEXT, "id": "p2", "text": "Another passage."}, {**TEXT, "id": "p3", "text": "A third passage."}]
    folder = _folder(tmp_path, texts, [{**CODE, "id": "p1"}, {**CODE, "id": "p2"}])
    (folder / "gold.jsonl").write_text(json.dumps({**CODE, "id": "p3"}) + "\n", encoding="utf-8")
    (folder / "dev.jsonl").unlink(missing_ok=True)
    data = collect(CODEBOOK, folder)
    assert [one.passage.passage_id for one in data.dev] == ["p3"]
    assert data.dev[0].document in {one.document for one in data.passages if one.origin == "real"}
    assert {"texts.jsonl", "gold.jsonl"} <= set(data.sha256["dev"])


def test_what_ships_and_is_gold_or_coded_in_a_project_is_left_out(tmp_path: Path) -> None:
    first, second = read_invented(CODEBOOK)[:2]
    everything = len(collect(CODEBOOK, None).passages)
    gold = Withheld.of([], [], [f"  {first.passage.text.upper()}"])
    data = collect(CODEBOOK, _folder(tmp_path, [{**TEXT, "text": second.passage.text}], [CODE]), gold)
    assert data.shipped_left_out >= 2
    assert len(data.passages) == everything - data.shipped_left_out + 1
    shipped = {one.passage.text for one in data.passages if one.origin != "real"}
    assert not shipped & {first.passage.text, second.passage.text}


@pytest.mark.parametrize("value", ["foo", "partnership", "none"])
def test_a_secondary_stage_that_is_no_step_is_named(tmp_path: Path, value: str) -> None:
    with pytest.raises(BadInput, match="stage_secondary"):
        read_annotations(_folder(tmp_path, [TEXT], [{**CODE, "stage_secondary": value}]), "train", CODEBOOK)


def test_an_empty_secondary_stage_means_not_coded(tmp_path: Path) -> None:
    (found,) = read_annotations(_folder(tmp_path, [TEXT], [{**CODE, "stage_secondary": ""}]), "train", CODEBOOK)
    assert found.secondary_stage is None


def test_what_was_made_after_or_near_gold_is_not_learned_from() -> None:
    shipped = [one for one in read_invented(CODEBOOK) if one.like]
    original = "The text that two of them were made after."
    mark = text_mark(original)
    made = [replace(shipped[0], like=mark), replace(shipped[1], near=mark)]
    data = TrainingData([*made, *shipped[2:6]], [], {}, 0)
    kept = without_gold(data, Withheld.of((), (), (original,)))
    assert [one.passage.passage_id for one in kept.passages] == [one.passage.passage_id for one in shipped[2:6]]
    assert kept.shipped_left_out == 2
