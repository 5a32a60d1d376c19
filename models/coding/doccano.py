"""doccano: a project of document classification whose labels are `dimension:category`, and its JSON-lines export.

An export holds one object a line with `id`, `text`, `label` (a list of label names), `Comments`, and the fields that the imported lines
had beside. Asked for one file a user, doccano gives a ZIP with `<user>.jsonl`; the coder is the name of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from entente.errors import BadInput
from models.codebook import Codebook
from models.coding.archives import Budget, opened
from models.coding.forms import NONE, choices, is_remark, sets_of, without_none
from models.coding.names import named
from models.coding.tables import Raw, read_text
from models.types import CodingTask

TOOL = "doccano"


def labels(codebook: Codebook) -> str:
    """Return the labels to import (JSON), one colour for each dimension."""
    made = []
    flags = next((extra.values for extra in codebook.extra_fields if extra.id == "flag"), [])
    for n, (name, values) in enumerate({**choices(codebook), "flag": tuple(map(str, flags))}.items()):
        colour = f"#{(0x3366CC + n * 0x2F1D4B) % 0xFFFFFF:06x}"
        made += [{"text": f"{name}:{value}", "background_color": colour, "text_color": "#ffffff"} for value in values]
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def write_tasks(tasks: Sequence[CodingTask], codebook: Codebook, guesses: Mapping[str, Sequence[str]] | None = None) -> str:
    """Return passages as JSON lines to import.

    Args:
        tasks: the passages.
        codebook: names the version.
        guesses: on demand only, the model's labels by passage. They are shown beside the passage and are no labels of doccano: it takes
            labels that come with a passage for codes of the user who imports it, and they would come back as his.
    """
    lines = []
    for task in tasks:
        shown = task.shown()
        text = shown.pop("text")
        told = {} if guesses is None else {"model_says": ", ".join(guesses.get(task.passage_id, ()))}
        lines.append({"text": text, "label": [], **shown, **told, "codebook_version": codebook.version})
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def label_names(codes: Mapping[str, str], codebook: Codebook) -> list[str]:
    """Return codes as doccano's labels."""
    sets = sets_of(codebook)
    return [f"{name}:{one or NONE}" for name, value in codes.items() for one in (value.split(";") if name in sets else [value])]


def read(path: Path, codebook: Codebook, coder: str | None, names: Mapping[str, str]) -> Raw:
    """Yield the codes of an export with their lines.

    Args:
        path: JSON lines of one coder, or a ZIP with one file a user.
        codebook: says which questions take several answers.
        coder: who coded, for a file of one coder; by default the name of the file. Not looked at where there are files of several users.
        names: the coder for each of doccano's users; a user stands for himself.

    Raises:
        BadInput: when the file is no such export.
    """
    if path.suffix.lower() != ".zip":
        yield from _lines(read_text(path), str(path), codebook, _coder(path.stem, coder, names, path))
        return
    with opened(path, str(path), Budget(path), "export of doccano") as bundle:
        inside = [one for one in bundle.infolist() if one.filename.endswith(".jsonl")]
        if not inside:
            raise BadInput(f"{path} holds no .jsonl file. Export the project as JSONL.")
        for one in inside:
            where = f"{path}/{one.filename}"
            # One name for the codes of several users would make one coder of them.
            who = _coder(Path(one.filename).stem, coder if len(inside) == 1 else None, names, path)
            try:
                text = bundle.read(one).decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise BadInput(f"{where} is not UTF-8 text ({error}).") from None
            yield from _lines(text, where, codebook, who)


def _coder(user: str, coder: str | None, names: Mapping[str, str], path: Path) -> str:
    who = coder or named(user, names)
    if who == user == "all":
        raise BadInput(f"{path} does not say who coded. Name the coder with --coder, or export one file for each user.")
    return who


def _lines(text: str, where: str, codebook: Codebook, coder: str) -> Iterator[tuple[int, dict[str, Any]]]:
    sets = sets_of(codebook)
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise BadInput(f"{where}, line {number}: not valid JSON ({error}).") from None
        if not isinstance(value, dict) or not isinstance(value.get("label"), list):
            raise BadInput(
                f"{where}, line {number}: there must be an object with a list called label. Export a classification project."
            )
        chosen: dict[str, list[str]] = {}
        for label in value["label"]:
            name, _colon, one = str(label).partition(":")
            chosen.setdefault(name, []).append(one)
        comments = value.get("Comments") or value.get("comments") or []
        beside = {
            "passage_id": value.get("passage_id"),
            "coder": coder,
            "codebook_version": value.get("codebook_version"),
            "tool": TOOL,
            "note": "\n".join(map(str, comments)) if isinstance(comments, list) else comments,
            "flag": chosen.pop("flag", []),
            "text_sha256": value.get("text_sha256"),
        }
        for name, some in chosen.items():
            yield number, {**beside, "dimension": name, "value": without_none(some) if name in sets else ";".join(some)}
        if not chosen and is_remark(beside):
            yield number, beside
