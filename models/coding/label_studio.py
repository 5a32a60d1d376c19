"""Label Studio: tasks, a labelling interface made from the codebook, and its JSON export.

Format: https://labelstud.io/guide/task_format. A task has `data` and `annotations`; an annotation has `completed_by` (a number, or an
object with the e-mail address), times, and a `result` whose items name the control (`from_name`) and the choices made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from entente.errors import BadInput
from models.codebook import Codebook
from models.coding.forms import NONE, choices, is_remark, sets_of, without_none
from models.coding.names import named
from models.coding.tables import Raw, read_text
from models.types import CodingTask

TOOL = "label-studio"
_TEXT = "passage"


def interface(codebook: Codebook) -> str:
    """Return the labelling configuration (XML): the passage with its surroundings, a set of choices for each question, flags, a note."""
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Header", value="$heading")
    ElementTree.SubElement(view, "Text", name="previous", value="$previous")
    ElementTree.SubElement(view, "Header", value="Passage to code", size="4")
    ElementTree.SubElement(view, "Text", name=_TEXT, value="$text")
    ElementTree.SubElement(view, "Header", value="Next passage", size="4")
    ElementTree.SubElement(view, "Text", name="next", value="$next")
    sets = sets_of(codebook)
    for name, values in choices(codebook).items():
        dimension = codebook.by_id.get(name)
        ElementTree.SubElement(view, "Header", value=dimension.question if dimension else name, size="5")
        control = ElementTree.SubElement(
            view, "Choices", name=name, toName=_TEXT, choice="multiple" if name in sets else "single", showInline="true"
        )
        if dimension is not None and dimension.tier == "core":
            control.set("required", "true")
            control.set("requiredMessage", f"{name} is coded on every passage")
        hints = {category.id: category.definition for category in dimension.categories} if dimension else {}
        for value in values:
            choice = ElementTree.SubElement(control, "Choice", value=value)
            if value in hints:
                choice.set("hint", hints[value])
    flags = next((extra.values for extra in codebook.extra_fields if extra.id == "flag"), [])
    if flags:
        control = ElementTree.SubElement(view, "Choices", name="flag", toName=_TEXT, choice="multiple", showInline="true")
        for flag in flags:
            ElementTree.SubElement(control, "Choice", value=str(flag))
    ElementTree.SubElement(view, "TextArea", name="note", toName=_TEXT, placeholder="Note", maxSubmissions="1")
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def write_tasks(
    tasks: Sequence[CodingTask],
    codebook: Codebook,
    predictions: Mapping[str, Mapping[str, str]] | None = None,
    model_version: str = "",
) -> str:
    """Return tasks as JSON to import.

    Args:
        tasks: the passages.
        codebook: names the version.
        predictions: on demand only, the model's label for each dimension by passage: they are shown to the coder before coding.
        model_version: of the predictions.
    """
    sets = sets_of(codebook)
    made = []
    for task in tasks:
        one: dict[str, Any] = {"data": {**task.shown(), "codebook_version": codebook.version}}
        if predictions is not None and task.passage_id in predictions:
            asked = choices(codebook)
            guesses = {name: value for name, value in predictions[task.passage_id].items() if name in asked}
            one["predictions"] = [{"model_version": model_version, "result": results(guesses, sets)}]
        made.append(one)
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def results(codes: Mapping[str, str], sets: frozenset[str]) -> list[dict[str, Any]]:
    """Return codes as the items of an annotation's or a prediction's `result`."""
    return [
        {
            "from_name": name,
            "to_name": _TEXT,
            "type": "choices",
            "value": {"choices": (value.split(";") if value else [NONE]) if name in sets else [value]},
        }
        for name, value in codes.items()
    ]


def read(path: Path, codebook: Codebook, names: Mapping[str, str]) -> Raw:
    """Yield the codes of a JSON export with the number of their task, counted from 1.

    Args:
        path: the export (Export, JSON).
        codebook: says which questions take several answers.
        names: the coder for each of Label Studio's users, by number or e-mail address; an address stands for itself.

    Raises:
        BadInput: when the file is no such export.
    """
    try:
        tasks = json.loads(read_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadInput(f"{path} is no JSON: {error}") from None
    if not isinstance(tasks, list):
        raise BadInput(
            f"{path} is no export of Label Studio: it must be a list of tasks. Export the project as JSON (not JSON-MIN)."
        )
    sets = sets_of(codebook)
    for number, task in enumerate(tasks, 1):
        if (
            not isinstance(task, dict)
            or not isinstance(task.get("data"), dict)
            or not isinstance(task.get("annotations", []), list)
        ):
            raise BadInput(
                f"{path}, task {number}: there must be data and annotations. Export the project as JSON (not JSON-MIN)."
            )
        there = task.get("annotations", [])
        for annotation in there:
            if not isinstance(annotation, dict) or not isinstance(annotation.get("result"), list):
                raise BadInput(f"{path}, task {number}: an annotation has no result. Export the project as JSON (not JSON-MIN).")
        submitted = {_coder(one.get("completed_by"), names) for one in there if not one.get("was_cancelled")}
        for annotation in there:
            counted = annotation
            if annotation.get("was_cancelled"):
                if _coder(annotation.get("completed_by"), names) in submitted:
                    continue
                # A skipped passage has no codes; its flag or note is handed on, to be refused and not lost.
                counted = {**annotation, "result": [one for one in annotation["result"] if _is_remark(one)]}
            yield from ((number, cells) for cells in _codes(counted, task["data"], sets, names, f"{path}, task {number}"))


def _codes(
    annotation: Mapping[str, Any], data: Mapping[str, Any], sets: frozenset[str], names: Mapping[str, str], where: str
) -> list[dict[str, Any]]:
    told: list[tuple[str, Any]] = []
    note = None
    flag: list[str] = []
    for item in annotation["result"]:
        if not isinstance(item, dict) or not isinstance(item.get("value"), dict):
            raise BadInput(f"{where}: a result has no value. Export the project as JSON (not JSON-MIN).")
        value = item["value"].get("choices", item["value"].get("text"))
        name = item.get("from_name")
        if name == "note":
            note = "\n".join(map(str, value)) if isinstance(value, list) else value
        elif name == "flag":
            flag = value if isinstance(value, list) else [value]
        elif item.get("type") == "choices" and isinstance(value, list):
            told.append((str(name), without_none(value) if name in sets else ";".join(map(str, value))))
        else:
            told.append((str(name), value))
    beside = {
        "passage_id": data.get("passage_id"),
        "coder": _coder(annotation.get("completed_by"), names),
        "codebook_version": data.get("codebook_version"),
        "coded_at": annotation.get("updated_at") or annotation.get("created_at"),
        "tool": TOOL,
        "note": note,
        "flag": flag,
        "text_sha256": data.get("text_sha256"),
    }
    if not told and is_remark(beside):
        return [beside]
    return [{**beside, "dimension": name, "value": value} for name, value in told]


def _is_remark(item: Any) -> bool:
    return isinstance(item, dict) and item.get("from_name") in ("note", "flag")


def _coder(who: Any, names: Mapping[str, str]) -> str | None:
    if isinstance(who, dict):
        for key in ("email", "username", "id"):
            if who.get(key) is not None:
                return named(str(who[key]), names) if key != "id" else names.get(str(who[key]), f"{TOOL} user {who[key]}")
    if who is None:
        return None
    return names.get(str(who), f"{TOOL} user {who}")
