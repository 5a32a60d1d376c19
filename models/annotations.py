"""Coded passages from files, each row checked against the codebook before anything learns from it.

Two layouts are read: one file in which each line has text and codes (the passages that ship with the project, with short field names),
and a folder with the texts in `texts.jsonl` and the codes in `train.jsonl` and `dev.jsonl`, joined by id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from entente.errors import BadInput
from models.codebook import Codebook, Dimension
from models.constraints import violations
from models.types import PassageText

Label = str | tuple[str, ...]

_SHORT_NAMES = {
    "coop": "cooperation_intensity",
    "cont": "contestation_intensity",
    "locus": "contestation_locus",
    "object": "contestation_object",
}
_STANCE = {(False, False): "neutral", (True, False): "cooperation", (False, True): "contestation", (True, True): "mixed"}
_MOST_PROBLEMS = 20

INVENTED_FILES = ("invented.jsonl", "invented-2.jsonl", "invented-3.jsonl", "invented-4.jsonl", "invented-5.jsonl")
"""The files of invented passages: those that the sample's reports are made of, and those written since for training alone."""


@dataclass(frozen=True, slots=True)
class AnnotatedPassage:
    """A passage with its final codes.

    `labels` has a value for each coded dimension: a category id (ordinal levels as text) or a sorted tuple of them. `document` groups
    passages for splits and intervals; it is never model input. `origin` is "real", "invented" or "codebook". `secondary_stage` is the
    second code that a coder may give where two steps have much the same weight. `facets` (organization, document type, country, page, quality of
    the extraction, the passage that it repeats, what its coders are) are for splits and reports, never model input. `like` is the mark of
    the text (`models.types.text_mark`) that an invented one was made after, `near` that of a coded passage of the same document.
    """

    passage: PassageText
    document: str
    labels: dict[str, Label]
    origin: str
    secondary_stage: str | None = None
    facets: dict[str, str] = field(default_factory=dict)
    like: str | None = None
    near: str | None = None


def read_invented(codebook: Codebook, names: Sequence[str] = INVENTED_FILES) -> list[AnnotatedPassage]:
    """Return the coded passages that ship with the project, text and codes its own.

    Args:
        codebook: what the codes must agree with.
        names: which of the files; all of them unless said.

    Raises:
        BadInput: naming file, line, field and value, when a row does not fit the codebook.
    """
    found: list[AnnotatedPassage] = []
    for name in names:
        with resources.as_file(resources.files("models") / "data" / name) as path:
            found += read_coded_texts(path, codebook)
    return found


def read_coded_texts(path: Path, codebook: Codebook, origin: str = "invented") -> list[AnnotatedPassage]:
    """Read a JSON-lines file whose rows have id, doc, heading, text and codes; `BadInput` as for `read_invented`."""
    problems = _Problems()
    found = []
    for where, row in _rows(path):
        passage = _passage(row, where, problems)
        found.append(
            AnnotatedPassage(
                passage,
                str(row.get("doc") or passage.passage_id),
                _labels(row, codebook, where, problems),
                origin,
                _second(row),
                _facets(row),
                str(row["like"]) if row.get("like") else None,
                str(row["near"]) if row.get("near") else None,
            )
        )
    problems.raise_if_any()
    _check_unique(path, found)
    return found


def read_annotations(folder: Path, part: Literal["train", "dev", "gold"], codebook: Codebook) -> list[AnnotatedPassage]:
    """Read the final codes of one part of an annotations folder, joined with their texts.

    Args:
        folder: holds `texts.jsonl` and `train.jsonl`, `dev.jsonl` or `gold.jsonl`.
        part: which codes.
        codebook: what the codes must agree with.

    Raises:
        BadInput: when a file is missing, or a row has no text or does not fit the codebook (each named by file, line, field, value and
            what is allowed).
    """
    texts: dict[str, Mapping[str, Any]] = {}
    for where, row in _rows(folder / "texts.jsonl"):
        identifier = str(row.get("id"))
        if identifier in texts:
            raise BadInput(f"{where}: the id {identifier!r} is given twice. Each text needs an id of its own.")
        texts[identifier] = row
    problems = _Problems()
    found = []
    path = folder / f"{part}.jsonl"
    for where, row in _rows(path):
        text = texts.get(str(row.get("id")))
        if text is None:
            problems.add(f"{where}: id = {row.get('id')!r} has no text in {folder / 'texts.jsonl'}")
            continue
        passage = _passage(text, where, problems)
        found.append(
            AnnotatedPassage(
                passage,
                str(text.get("doc") or passage.passage_id),
                _labels(row, codebook, where, problems),
                "real",
                _second(row),
                _facets(text),
            )
        )
    problems.raise_if_any()
    _check_unique(path, found)
    return found


def _second(coding: Mapping[str, Any]) -> str | None:
    value = coding.get("stage_secondary")
    return None if value in (None, "") else str(value)


def example_bank(codebook: Codebook) -> list[AnnotatedPassage]:
    """Return the codebook's own examples as annotated passages; they all belong to one document, the codebook."""
    found = []
    problems = _Problems()
    for example in codebook.example_bank:
        where = f"example bank, {example.id}"
        labels = _labels(example.coding, codebook, where, problems)
        found.append(
            AnnotatedPassage(
                PassageText(example.id, example.heading, example.text), "codebook", labels, "codebook", _second(example.coding)
            )
        )
    problems.raise_if_any()
    return found


class _Problems:
    """Collects what is wrong, so that one reading names many rows instead of the first."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def add(self, line: str) -> None:
        self._lines.append(line)

    def raise_if_any(self) -> None:
        if self._lines:
            more = f"\n... and {len(self._lines) - _MOST_PROBLEMS} more" if len(self._lines) > _MOST_PROBLEMS else ""
            raise BadInput("Some coded passages cannot be used:\n" + "\n".join(self._lines[:_MOST_PROBLEMS]) + more)


def _rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each row of a JSON-lines file with its place, "FILE line N"; raises `BadInput` for what is not a JSON object."""
    try:
        with path.open(encoding="utf-8-sig") as stream:
            for number, line in enumerate(stream, start=1):
                if not line.strip():
                    continue
                where = f"{path} line {number}"
                try:
                    row = json.loads(line)
                except json.JSONDecodeError as error:
                    raise BadInput(
                        f"{where}: not valid JSON ({error.msg} at column {error.colno}). Each line must be one object."
                    ) from error
                if not isinstance(row, dict):
                    raise BadInput(f"{where}: must be a JSON object, not {type(row).__name__}.")
                yield where, row
    except FileNotFoundError as error:
        raise BadInput(f"There is no file {path}. An annotations folder holds texts.jsonl, train.jsonl and dev.jsonl.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text: {error}") from error
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error}") from error


def _passage(row: Mapping[str, Any], where: str, problems: _Problems) -> PassageText:
    for name in ("id", "text"):
        if not isinstance(row.get(name), str) or not row[name].strip():
            problems.add(f"{where}: {name} = {row.get(name)!r}; it must be text that is not empty")
    for name in ("heading", "previous", "next"):
        if not isinstance(row.get(name, ""), str | None):
            problems.add(f"{where}: {name} = {row[name]!r}; it must be text or null")
    return PassageText(str(row.get("id")), row.get("heading") or "", row.get("text") or "", row.get("previous"), row.get("next"))


def _facets(row: Mapping[str, Any]) -> dict[str, str]:
    facets = {
        name: str(row[name]) for name in ("igo", "doc_type", "country", "language", "page", "repeats", "coders") if row.get(name)
    }
    quality = row.get("quality")
    if isinstance(quality, int | float) and not isinstance(quality, bool) and 0 <= quality <= 1:
        facets["quality"] = quality_band(quality)
    return facets


def quality_band(quality: float) -> str:
    """Return the quality of an extraction (0 to 1) as a value to group by."""
    return "below 0.8" if quality < 0.8 else "0.8 to 0.95" if quality < 0.95 else "0.95 and more"


def _labels(row: Mapping[str, Any], codebook: Codebook, where: str, problems: _Problems) -> dict[str, Label]:
    """Return the codes of a row under their long names; what is wrong goes to `problems`."""
    codes = {_SHORT_NAMES.get(field, field): value for field, value in row.items()}
    labels: dict[str, Label] = {}
    wrong = False
    for dimension in codebook.dimensions:
        value = codes.get(dimension.id)
        if value is None:
            if dimension.tier != "later" and not dimension.derived_from:
                problems.add(f"{where}: {dimension.id} is missing; allowed: {', '.join(dimension.category_ids)}")
                wrong = True
            continue
        label = _label(dimension, value)
        if label is None:
            problems.add(f"{where}: {dimension.id} = {value!r}; allowed: {', '.join(dimension.category_ids)}")
            wrong = True
        else:
            labels[dimension.id] = label
    if wrong:
        return labels
    if "stance" in codebook.by_id and "stance" not in labels:
        labels["stance"] = _STANCE[(labels["cooperation_intensity"] != "0", labels["contestation_intensity"] != "0")]
    secondary = _second(codes)
    allowed = [name for name in codebook.by_id["stage"].applicable_ids if name != "none"] if "stage" in codebook.by_id else []
    if secondary is not None and secondary not in allowed:
        problems.add(f"{where}: stage_secondary = {secondary!r}; allowed: {', '.join(allowed)}, or null")
        return labels
    checked: dict[str, Label | None] = {**labels, "stage_secondary": secondary}
    if broken := violations(checked, codebook.constraint_ids):
        rules = {rule.id: rule.rule for rule in codebook.constraints}
        problems.add(f"{where}: the codes contradict each other: " + "; ".join(f"{name}: {rules[name]}" for name in broken))
    return labels


def _label(dimension: Dimension, value: Any) -> Label | None:
    """Return a code in the form of a label, or None when the codebook does not allow it."""
    if dimension.kind == "multi":
        if not isinstance(value, list) or not all(isinstance(one, str) and one in dimension.category_ids for one in value):
            return None
        return tuple(sorted(set(value)))
    if dimension.kind == "ordinal" and type(value) is int:
        value = str(value)
    return value if isinstance(value, str) and value in dimension.category_ids else None


def _check_unique(path: Path, found: list[AnnotatedPassage]) -> None:
    seen: set[str] = set()
    for one in found:
        if one.passage.passage_id in seen:
            raise BadInput(f"{path}: the id {one.passage.passage_id!r} is coded twice. Keep the final code only.")
        seen.add(one.passage.passage_id)
