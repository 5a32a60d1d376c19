"""Codes as the annotation programs would export them, to be read back."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from models.codebook import Codebook
from models.coding import doccano, inception, label_studio
from models.coding.forms import NONE, choices, fold, sets_of
from models.types import CodeRow, CodingTask


def label_studio_export(tasks: Sequence[CodingTask], codebook: Codebook, rows: Iterable[CodeRow]) -> str:
    """Return tasks with codes as their annotations, as Label Studio would export them."""
    sets = sets_of(codebook)
    annotations: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in fold(rows, codebook):
        annotations[line["passage_id"]].append(_annotation(line, codebook, sets))
    made = json.loads(label_studio.write_tasks(tasks, codebook))
    for task in made:
        if task["data"]["passage_id"] in annotations:
            task["annotations"] = annotations[task["data"]["passage_id"]]
    return json.dumps(made, ensure_ascii=False)


def _annotation(line: Mapping[str, str], codebook: Codebook, sets: frozenset[str]) -> dict[str, Any]:
    codes = {name: line[name] for name in choices(codebook) if name in line}
    result = label_studio.results(codes, sets)
    if line["flag"]:
        result += label_studio.results({"flag": line["flag"]}, frozenset({"flag"}))
    if line["note"]:
        result.append({"from_name": "note", "to_name": "passage", "type": "textarea", "value": {"text": [line["note"]]}})
    made: dict[str, Any] = {
        "completed_by": {"email": line["coder"]},
        "was_cancelled": False,
        "ground_truth": False,
        "result": result,
    }
    if line["coded_at"]:
        made["created_at"] = made["updated_at"] = line["coded_at"]
    return made


def doccano_export(rows: Iterable[CodeRow], codebook: Codebook, texts: Mapping[str, CodingTask]) -> str:
    """Return one coder's codes as doccano would export them."""
    asked = choices(codebook)
    lines = []
    for number, line in enumerate(fold(rows, codebook), 1):
        codes = {name: line[name].replace(NONE, "") for name in asked if name in line}
        marked = [f"flag:{one}" for one in line["flag"].split(";") if one]
        shown = texts[line["passage_id"]].shown()
        text = shown.pop("text")
        lines.append(
            {
                "id": number,
                "text": text,
                "label": [*doccano.label_names(codes, codebook), *marked],
                **shown,
                "codebook_version": line["codebook_version"],
                "Comments": [line["note"]] if line["note"] else [],
            }
        )
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def inception_export(rows: Iterable[CodeRow], codebook: Codebook, texts: Mapping[str, CodingTask]) -> bytes:
    """Return codes as INCEpTION exports them: `annotation/<document>/<user>.json`; a coder has one line for each passage."""
    system = inception.type_system(codebook)
    names = (*choices(codebook), *inception.BESIDE)
    parts = {
        f"annotation/{line['passage_id']}.json/{line['coder']}.json": inception.document(
            system, texts[line["passage_id"]].text, {name: line[name] for name in names if line.get(name)}
        )
        for line in fold(rows, codebook)
    }
    return inception.bundle_of(parts)
