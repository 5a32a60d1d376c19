"""The stages of a retraining up to the decision, one function each: plain values out, so that they can be written down.

Each looks only at the project, the options and what the stages before it have given, so that it can be done again after a kill.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from entente.errors import BadInput
from entente.files import write_text_whole
from flows.coding import facts, import_codes
from flows.load import chosen_model, load_classifier, read_codebook
from flows.progress import Progress
from flows.retraining.data import training_data, withheld_of
from flows.retraining.options import RetrainOptions, encoder_files
from flows.retraining.runs import Run
from flows.settings import Settings

if TYPE_CHECKING:
    from models.training import TrainingRequest

EVALUATION = "evaluation.json"
PROMOTED, HELD, UNCHANGED = "promoted", "held", "unchanged"
Result = dict[str, Any]


def take_in(settings: Settings, options: RetrainOptions) -> Result:
    """Take in the file of codes, all of it or nothing; a file that is in already changes nothing."""
    if options.codes is None:
        return {"file": None}
    return {"file": options.codes.file.name, **facts(import_codes(settings, options.codes))}


def split(settings: Settings, options: RetrainOptions, run: Run) -> Result:
    """Say how the passages are split: by document and country, and what repeats one another on one side."""
    from models.splits import split_folds, split_groups

    data = training_data(settings, run)
    real = [one for one in data.passages if one.origin == "real"]
    sizes = sorted(Counter(split_groups(real)).values(), reverse=True)
    return {
        "passages": len(data.passages),
        "real": len(real),
        "documents": len({one.document for one in real}),
        "groups": len(sizes),
        "largest_group": sizes[0] if sizes else 0,
        "repeating": sum("repeats" in one.facets for one in real),
        "folds": [len(test) for _train, test in split_folds(data.passages, options.seed)],
        # The model in use when the training begins: a retraining that goes on after its promotion must not take its own candidate for it.
        "in_use": chosen_model(settings).version,
    }


def train(settings: Settings, options: RetrainOptions, run: Run, progress: Progress) -> Result:
    """Fine-tune the encoder, or read the passages with the one of the model in use; finished parts are kept beside the models."""
    from models.training import train_encoder

    train_encoder(training_data(settings, run), _request(settings, options, run), progress=progress)
    return {"mode": options.mode, "encoder_of": run.stages["split"]["in_use"] if options.mode == "heads" else None}


def calibrate(settings: Settings, options: RetrainOptions, run: Run, progress: Progress) -> Result:
    """Fit the heads, calibrate them on what was held out, and write the candidate with its card."""
    from models.training import train_on

    made = train_on(training_data(settings, run), _request(settings, options, run), progress=progress)
    return {"candidate": made.name}


def evaluate(settings: Settings, options: RetrainOptions, run: Run, progress: Progress) -> Result:
    """Measure the candidate and the model in use on the passages that neither may have learned from."""
    from entente.errors import EntenteError
    from models.evaluation import compare, predictions_of
    from models.model_file import read_facts
    from models.paired import gains
    from models.seen import seen_by
    from models.training_data import passages_sha256

    data, codebook = training_data(settings, run), read_codebook(settings)
    candidate, in_use = run.stages["calibrate"]["candidate"], chosen_model(settings).version
    found: Result = {"candidate": candidate, "current": run.stages["split"]["in_use"] if in_use == candidate else in_use}
    if not data.dev or found["current"] == candidate:
        return {**found, "passages": len(data.dev), "current_has_seen": None, "problem": None}
    predictions, facts_of, problem = {}, {}, None
    for number, name in enumerate(("current", "candidate")):
        progress("evaluate", number, 2)
        try:
            facts_of[name] = read_facts(chosen_model(settings, found[name]).path)
            predictions[name] = predictions_of(load_classifier(settings, found[name]), data.dev)
        except EntenteError as error:
            if name == "candidate":
                raise
            # A model in use that cannot be read must not stop the one that may replace it; it cannot be compared, and is held.
            problem = str(error)
    content: Result = {name: compare(own, data.dev, codebook, seed=options.seed).as_dict() for name, own in predictions.items()}
    for own in content.values():
        own["passages_sha256"] = passages_sha256(data.dev)
    content["gains"] = (
        {
            name: {"difference": round(one.difference, 4), "interval": one.interval and [round(end, 4) for end in one.interval]}
            for name, one in gains(
                predictions["current"], predictions["candidate"], data.dev, codebook, seed=options.seed
            ).items()
        }
        if len(predictions) == 2
        else {}
    )
    write_text_whole(run.folder / EVALUATION, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return {
        **found,
        "passages": len(data.dev),
        "documents": len({one.document for one in data.dev}),
        "in_documents_of_training": len(_of_training(data)),
        "current_has_seen": seen_by(facts_of["current"], data.dev) if "current" in facts_of else None,
        "problem": problem,
    }


def compare_with_current(settings: Settings, run: Run) -> Result:
    """Return what speaks against the candidate, if anything, and how the two differ by dimension."""
    from models.model_file import read_facts
    from models.promotion import comparison, differences, objection

    told = run.stages["evaluate"]
    if told["current"] == told["candidate"]:
        return {"objection": None, "rows": []}
    candidate = read_facts(chosen_model(settings, told["candidate"]).path)
    if told["problem"] is not None:
        return {
            "objection": f"The model in use cannot be read, so nothing can be compared with it: {told['problem']}",
            "rows": [],
        }
    current = read_facts(chosen_model(settings, told["current"]).path)
    if not told["passages"]:
        why = (
            "There is nothing to judge by: neither gold on which coders agree, nor dev.jsonl in a folder of annotations. "
            "Draw and code a gold sample."
        )
        return {"objection": why, "rows": []}
    content = json.loads((run.folder / EVALUATION).read_text(encoding="utf-8"))
    measured = current.model_copy(update={"metrics": {**current.metrics, "dev": content["current"]}})
    judged = candidate
    if "dev" not in candidate.metrics:
        why = (
            f"The encoder of {told['current']} has learned from passages that the two would be judged by, or does not tell. "
            "Train in full: entente retrain --full."
        )
        judged = candidate.model_copy(update={"metrics": {**candidate.metrics, "dev": content["candidate"]}})
        return {"objection": why, "rows": _rows(comparison(differences(measured, judged, content["gains"])), content)}
    return {
        "objection": objection(measured, candidate, gains=content["gains"]),
        "rows": _rows(comparison(differences(measured, judged, content["gains"])), content),
    }


def decide(settings: Settings, options: RetrainOptions, run: Run) -> Result:
    """Put the candidate into use where nothing speaks against it, or a reason forces it; hold it otherwise."""
    from models.promotion import promote

    told, why_not = run.stages["evaluate"], run.stages["compare"]["objection"]
    version, before = told["candidate"], told["current"]
    if version == before:
        return {"decision": UNCHANGED, "version": version, "before": before, "reason": "The codes gave the model that is in use."}
    if why_not is not None and options.force is None:
        return {"decision": HELD, "version": version, "before": before, "reason": why_not}
    reason = options.force or f"retraining {run.folder.name}: not worse than {before} on any core dimension"
    if chosen_model(settings).version != version:
        content: Result = {}
        if why_not is None:
            content = json.loads((run.folder / EVALUATION).read_text(encoding="utf-8"))
        promote(
            version,
            settings.model_folders,
            settings.paths.models,
            read_codebook(settings),
            reason=reason,
            force=options.force is not None,
            measured=content.get("current"),
            gains=content.get("gains"),
        )
    return {"decision": PROMOTED, "version": version, "before": before, "reason": reason, "in_spite_of": why_not}


def check_ready(settings: Settings, options: RetrainOptions) -> None:
    """Say what is missing or wrong before anything is begun.

    Raises:
        BadInput, Unavailable: names it and the way out.
    """
    from importlib.util import find_spec

    from entente.errors import Unavailable
    from flows.load import check_encoder, check_model
    from flows.required import require_warehouse
    from models.encoder import find_encoder
    from models.registry import DEFAULT

    if find_spec("sklearn") is None:
        raise Unavailable("Training needs scikit-learn, which is not installed: pip install 'entente[train]'.")

    require_warehouse(settings)
    if options.force is not None and not options.force.strip():
        raise BadInput("A forced promotion needs a reason: --force 'why'.")
    if (named := settings.classification.model) != DEFAULT:
        raise BadInput(
            f"The configuration names the model {named} (classification.model, or ENTENTE_CLASSIFICATION__MODEL), and that goes before "
            "any promotion. Change the name there, or set it to 'default' and run this again."
        )
    if options.mode == "heads":
        check_model(settings)
        check_encoder(settings)
    else:
        find_encoder(encoder_files(settings))


def _request(settings: Settings, options: RetrainOptions, run: Run) -> TrainingRequest:
    from models.encoder import MINILM
    from models.training import TrainingRequest

    heads = options.mode == "heads"
    return TrainingRequest(
        codebook=read_codebook(settings),
        output=settings.paths.models,
        seed=options.seed,
        threads=settings.classification.threads,
        encoder=MINILM if heads else encoder_files(settings),
        tuning={} if options.epochs is None else {"epochs": options.epochs},
        heads_on=chosen_model(settings, run.stages["split"]["in_use"]).path if heads else None,
        withheld=withheld_of(run),
    )


def _rows(compared: list[dict[str, Any]], content: Result) -> list[dict[str, Any]]:
    """Return the comparison with both intervals and that of the difference."""
    found = []
    for row in compared:
        name = row["dimension"]
        gain = content["gains"].get(name, {})
        current, candidate = (content[one]["dimensions"][name] for one in ("current", "candidate"))
        found.append(
            {
                **row,
                "current_interval": current["interval"],
                **{f"gain_{key}": value for key, value in gain.items()},
                "calibration": [current["calibration_error"], candidate["calibration_error"]],
            }
        )
    return found


def _of_training(data: Any) -> list[Any]:
    """Return the passages to judge by that stand in documents of which others are learned from."""
    documents = {one.document for one in data.passages if one.origin == "real"}
    return [one for one in data.dev if one.document in documents]
