"""What a retraining learns from and is judged by: the project's settled codes and gold, and a folder of annotations where one is named.

It is copied into the folder of the run once, so that codes that come while a training is at work change nothing about it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from entente.errors import BadInput
from entente.files import replacing, sha256_of_file, write_text_whole
from flows.adjudication import open_disagreements
from flows.coding import annotation_lines, as_lines, needed_dimensions
from flows.load import chosen_model, read_codebook, withheld_from_training
from flows.retraining.options import FILES, RetrainOptions, how_key
from flows.retraining.runs import Run
from flows.retraining.turns import Waits, in_turn
from flows.settings import Settings
from models.types import plain_sha256

if TYPE_CHECKING:
    from models.codebook import Codebook
    from models.training_data import TrainingData
    from models.types import Withheld
    from warehouse.code_arrivals import Arrival

_PARTS = ("texts.jsonl", "train.jsonl", "dev.jsonl", "gold.jsonl")
_WITHHELD = "withheld.json"
_FIELDS = ("passage_ids", "text_sha256", "plain_sha256")
Lines = list[dict[str, Any]]


def check(settings: Settings, options: RetrainOptions, run: Run, before: Run | None, waits: Waits) -> dict[str, Any]:
    """Write down the data of a run and return what is new in it.

    Args:
        settings: the project.
        options: with the folder of annotations, if any.
        run: whose data they become.
        before: the last retraining that ended well: what has come since is new.
        waits: told when somebody else's refresh has to end first.

    Raises:
        BadInput: when there is nothing to learn from, codes do not fit the codebook, or gold is among the passages to learn from.
    """
    from warehouse.code_arrivals import arrivals
    from warehouse.database import open_warehouse
    from warehouse.training_codes import gold_passages, training_passages

    codebook = read_codebook(settings)
    needed = needed_dimensions(codebook)
    with in_turn(settings, options.command, waits):
        with open_warehouse(settings.paths.warehouse) as connection:
            own = training_passages(connection, needed, codebook.major)
            gold = gold_passages(connection, needed, codebook.major)
            codes = arrivals(connection, codebook.major)
        waiting = len(open_disagreements(settings))
        withheld = withheld_from_training(settings)
    run.keep_seen([*(one.annotation_id for one in codes), *folder_codes(options.annotations)])
    texts, parts = _merged(codebook, own.passages, gold.passages, options.annotations)
    _refuse_gold(parts["train"], texts, withheld, options.annotations)
    if not parts["train"]:
        raise BadInput(
            "There is nothing to learn from: no passage outside the gold samples has settled codes in every dimension, and no folder of "
            "annotations is named. Draw and code a training sample first, or say --annotations FOLDER."
        )
    for name, lines in (("texts", texts), *parts.items()):
        if lines:
            _write(run.data / f"{name}.jsonl", lines)
        else:
            (run.data / f"{name}.jsonl").unlink(missing_ok=True)
    write_text_whole(run.folder / _WITHHELD, json.dumps({name: sorted(getattr(withheld, name)) for name in _FIELDS}) + "\n")
    data = training_data(settings, run)
    return {
        "train": len(parts["train"]),
        "dev": len(parts["dev"]),
        "gold": len(parts["gold"]),
        "of_project": len(own.passages),
        "left_out_as_near_gold": own.near_gold,
        "shipped_left_out": data.shipped_left_out,
        "waiting_for_decision": waiting,
        "new": new_codes(codes, options.annotations, before),
        "how": [how_key(settings, options), _encoder(settings) if options.mode == "heads" else ""],
        "sha256": data_sha256(run.data),
    }


def training_data(settings: Settings, run: Run) -> TrainingData:
    """Read the data of a run, what ships with Entente included; gold is refused, or left out of what ships.

    Raises:
        BadInput: when codes do not fit the codebook.
    """
    from models.training_data import collect

    return collect(read_codebook(settings), run.data, withheld_of(run))


def withheld_of(run: Run) -> Withheld:
    """Return the gold of the project as it was when the run's data were written down."""
    from models.types import Withheld

    content = json.loads((run.folder / _WITHHELD).read_text(encoding="utf-8"))
    return Withheld(**{name: frozenset(content[name]) for name in _FIELDS})


def data_sha256(folder: Path) -> dict[str, str]:
    """Return the hashes of the files of a run's data."""
    return {name: sha256_of_file(folder / name) for name in _PARTS if (folder / name).exists()}


def folder_codes(folder: Path | None) -> dict[str, str]:
    """Return an identifier for each line of the training codes of a folder of annotations, with its passage."""
    if folder is None:
        return {}
    found = {}
    for row in _read(folder / "train.jsonl"):
        said = json.dumps(row, sort_keys=True, ensure_ascii=False)
        found["folder:" + hashlib.sha256(said.encode()).hexdigest()[:24]] = str(row.get("id"))
    return found


def new_codes(codes: list[Arrival], folder: Path | None, before: Run | None) -> dict[str, Any]:
    """Return what has come since another run: passages that can be learned from, and the project's codes by dimension and by coder."""
    seen = before.seen() if before is not None else frozenset()
    fresh = [one for one in codes if one.annotation_id not in seen]
    outside = {passage for code, passage in folder_codes(folder).items() if code not in seen}
    return {
        "passages": len({one.passage_id for one in fresh if not one.is_gold}) + len(outside),
        "gold_passages": len({one.passage_id for one in fresh if one.is_gold}),
        "passages_of_folder": len(outside),
        "codes": len(fresh),
        "by_dimension": dict(sorted(Counter(one.dimension for one in fresh).items())),
        "by_coder": dict(sorted(Counter(one.coder for one in fresh).items())),
    }


def _merged(codebook: Codebook, own: Any, gold: Any, folder: Path | None) -> tuple[Lines, dict[str, Lines]]:
    """Return texts, and codes by part; where the project has codes of its own for a text, those of the folder are left out."""
    texts, train = annotation_lines(own, codebook)
    gold_texts, gold_codes = annotation_lines(gold, codebook)
    texts += gold_texts
    parts: dict[str, Lines] = {"train": train, "dev": [], "gold": gold_codes}
    if folder is not None:
        learned = {plain_sha256(str(text["text"])) for text, _codes in own}
        judged = learned | {plain_sha256(str(one["text"])) for one in gold_texts}
        ids = {str(one["id"]) for one in texts}
        by_id = {str(one.get("id")): one for one in _read(folder / FILES[0])}
        for part in ("train", "dev"):
            rows = _read(folder / f"{part}.jsonl") if part == "train" or (folder / f"{part}.jsonl").exists() else []
            for row in rows:
                text = by_id.get(str(row.get("id")))
                if text is None or str(text.get("id")) in ids:
                    raise BadInput(
                        f"{folder / f'{part}.jsonl'}: the id {row.get('id')!r} has no text in {folder / FILES[0]}, or is that of a passage "
                        "of this project, or is coded twice. Give each passage an id and a text of its own."
                    )
                if plain_sha256(str(text.get("text"))) not in (learned if part == "train" else judged):
                    ids.add(str(text["id"]))
                    texts.append(text)
                    parts[part].append(row)
    return texts, parts


def _encoder(settings: Settings) -> str:
    """Return what tells the encoder of the model in use."""
    from models.model_file import read_facts

    return read_facts(chosen_model(settings).path).adapters_sha256


def _refuse_gold(train: Lines, texts: Lines, withheld: Withheld, folder: Path | None) -> None:
    by_id = {str(one["id"]): str(one.get("text")) for one in texts}
    found = [str(one["id"]) for one in train if withheld.holds(str(one["id"]), by_id[str(one["id"])])]
    if found:
        names = ", ".join(found[:5]) + (", ..." if len(found) > 5 else "")
        raise BadInput(
            f"{len(found)} passages in {folder} are in a gold sample of this project ({names}). A model that learned from gold cannot be "
            "judged or corrected by it: take them out of train.jsonl."
        )


def _read(path: Path) -> Lines:
    from models.coding.tables import read_objects

    return [dict(row) for _line, row in read_objects(path)]


def _write(path: Path, lines: Lines) -> None:
    with replacing(path) as stream:
        stream.write(as_lines(lines))
