"""What a model is trained from: the shipped passages, the codebook's examples, and an annotations folder when there is one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from entente.errors import BadInput
from entente.files import sha256_of_file
from models.annotations import INVENTED_FILES, AnnotatedPassage, example_bank, read_annotations, read_invented
from models.codebook import Codebook
from models.types import Withheld, plain_sha256, text_mark


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Passages to train on, passages to report on (never trained on), and the hashes of the files they came from.

    `left_out` counts training passages whose very text stands in dev too: reports repeat paragraphs, and learning one by heart would
    flatter the figures. `shipped_left_out` counts passages that ship with the project and are left out, because the project has gold or
    codes of its own for the same text (the sample's reports are made of them).
    """

    passages: list[AnnotatedPassage]
    dev: list[AnnotatedPassage]
    sha256: dict[str, dict[str, str]]
    left_out: int
    shipped_left_out: int = 0

    def facts(self) -> list[dict[str, Any]]:
        """Return name, hashes and counts of each source of training passages."""
        found = []
        for origin in ("invented", "codebook", "real"):
            own = [one for one in self.passages if one.origin == origin]
            if own:
                found.append(
                    {
                        "name": origin,
                        "sha256": self.sha256.get(origin, {}),
                        "passages": len(own),
                        "documents": len({one.document for one in own}),
                    }
                )
        return found


def collect(codebook: Codebook, annotations: Path | None, withheld: Withheld | None = None) -> TrainingData:
    """Read everything there is to train on.

    Args:
        codebook: what the codes must agree with.
        annotations: a folder with `texts.jsonl`, `train.jsonl` and perhaps `dev.jsonl` (other documents) and `gold.jsonl` (a sample of the
            project's own passages: other passages, if need be of the same documents); None for what ships with the project.
        withheld: gold of the project: what ships with the project and has its text is left out.

    Raises:
        BadInput: when a row does not fit the codebook, or a document is both in train and in dev.
    """
    examples = json.dumps([one.model_dump() for one in codebook.example_bank], sort_keys=True, ensure_ascii=False)
    passages = [*read_invented(codebook), *example_bank(codebook)]
    sha256: dict[str, dict[str, str]] = {"invented": {}}
    for name in INVENTED_FILES:
        with resources.as_file(resources.files("models") / "data" / name) as path:
            sha256["invented"][name] = sha256_of_file(path)
    sha256["codebook"] = {"example_bank": hashlib.sha256(examples.encode()).hexdigest()}
    dev: list[AnnotatedPassage] = []
    repeated = of_shipped = 0
    if annotations is not None:
        real = read_annotations(annotations, "train", codebook)
        sha256["real"] = {name: sha256_of_file(annotations / name) for name in ("texts.jsonl", "train.jsonl")}
        if (annotations / "dev.jsonl").exists():
            dev = read_annotations(annotations, "dev", codebook)
            sha256["dev"] = {name: sha256_of_file(annotations / name) for name in ("texts.jsonl", "dev.jsonl")}
            _check_apart(real, dev, annotations)
        if (annotations / "gold.jsonl").exists():
            dev = [*dev, *read_annotations(annotations, "gold", codebook)]
            sha256["dev"] = sha256.get("dev", {}) | {
                name: sha256_of_file(annotations / name) for name in ("texts.jsonl", "gold.jsonl")
            }
        if dev:
            told = {plain_sha256(one.passage.text) for one in dev}
            real, repeated = [one for one in real if plain_sha256(one.passage.text) not in told], len(real)
            repeated -= len(real)
        shipped = len(passages)
        known = {plain_sha256(one.passage.text) for one in (*real, *dev)}
        judged = {text_mark(one.passage.text) for one in dev}
        passages = [
            one for one in passages if plain_sha256(one.passage.text) not in known and judged.isdisjoint((one.like, one.near))
        ]
        passages, of_shipped = [*passages, *real], shipped - len(passages)
    return without_gold(TrainingData(passages, dev, sha256, repeated, of_shipped), withheld or Withheld())


def without_gold(data: TrainingData, withheld: Withheld) -> TrainingData:
    """Leave out what ships with the project and is gold in it, or was made after gold or near it; nobody could take that out of a file. Codes
    of others are refused instead."""
    marks = withheld.marks
    kept = [
        one
        for one in data.passages
        if one.origin == "real"
        or (marks.isdisjoint((one.like, one.near)) and not withheld.holds(one.passage.passage_id, one.passage.text))
    ]
    return replace(data, passages=kept, shipped_left_out=data.shipped_left_out + len(data.passages) - len(kept))


def passages_sha256(passages: Sequence[AnnotatedPassage]) -> str:
    """Return the SHA-256 of coded passages: their ids, documents, texts and codes, in whatever order they come."""
    content = sorted(
        json.dumps(
            [one.passage.passage_id, one.document, one.passage.heading, one.passage.text, sorted(one.labels.items())],
            ensure_ascii=True,
        )
        for one in passages
    )
    return hashlib.sha256("\n".join(content).encode()).hexdigest()


def _check_apart(train: Sequence[AnnotatedPassage], dev: Sequence[AnnotatedPassage], folder: Path) -> None:
    """Raise `BadInput` when figures on dev would be flattered by training."""
    documents = sorted({one.document for one in train} & {one.document for one in dev})
    if documents:
        raise BadInput(
            f"In {folder}, train.jsonl and dev.jsonl share {len(documents)} documents ({', '.join(documents[:5])}). "
            "Move each document's passages to one side, or figures on dev mean nothing."
        )


def refuse_gold(data: TrainingData, withheld: Withheld) -> None:
    """Raise `BadInput` when a passage to train on is in a gold sample, or has the text of one: gold that was learned from proves nothing."""
    found = [one.passage.passage_id for one in data.passages if withheld.holds(one.passage.passage_id, one.passage.text)]
    if found:
        raise BadInput(
            f"{len(found)} passages to train on are in a gold sample ({', '.join(found[:5])}{', ...' if len(found) > 5 else ''}). "
            "A model that learned from gold cannot be judged or corrected by it: take them out of train.jsonl. "
            "`entente codes export --what training` writes codes without gold."
        )
