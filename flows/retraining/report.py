"""What a retraining says of itself: what came, what was trained, what was decided and why, what changed; as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from entente.files import write_text_whole
from flows.retraining.runs import DECISION, NOTHING_NEW, Run
from flows.retraining.stages import HELD, PROMOTED, UNCHANGED
from flows.settings import Settings

REPORT = "report.md"
_WORDS = {PROMOTED: "promoted", HELD: "held", UNCHANGED: "unchanged"}


def write_report(settings: Settings, run: Run) -> Path:
    """Write `report.md` and `report.json` into the folder of a run; returns the first."""
    write_text_whole(
        run.folder / "report.json",
        json.dumps({"run": run.folder.name, "began": run.began.isoformat(), **run.stages}, indent=1, ensure_ascii=False) + "\n",
    )
    write_text_whole(run.folder / REPORT, as_markdown(settings, run))
    return run.folder / REPORT


def as_markdown(settings: Settings, run: Run) -> str:
    """Return the report as Markdown."""
    stages = run.stages
    if NOTHING_NEW in stages:
        scored = _labels(stages) if "re-score" in stages else ""
        parts = [*_of_earlier(run, stages[NOTHING_NEW]), _new(stages), scored, _published(stages)]
        return "\n\n".join(part for part in parts if part) + "\n"
    decision = stages[DECISION]
    parts = [
        f"# Retraining {run.folder.name}",
        f"Began {run.began:%Y-%m-%d %H:%M} UTC. The candidate `{decision['version']}` was **{_WORDS[decision['decision']]}**; "
        f"before: `{decision['before']}`.",
        f"Why: {decision['reason']}",
    ]
    if decision.get("in_spite_of"):
        parts.append(f"In spite of: {decision['in_spite_of']}")
    if decision["decision"] == HELD:
        parts.append(
            "The model in use stays. New codes are published all the same. To use the candidate in spite of this: "
            f"`entente models promote {decision['version']} --force --reason '...'`, then `entente refresh`."
        )
    if (other := stages["re-score"].get("overtaken_by")) is not None:
        parts.append(f"That was taken back before its passages were scored: in use is `{other}`, and the labels are its.")
    parts += [_new(stages), _data(stages), _comparison(stages), _labels(stages), _published(stages)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _of_earlier(run: Run, told: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is to be said where the retraining before has done all that this one would do."""
    scored = (
        "Passages were scored with the model in use; nothing was trained or decided"
        if "re-score" in run.stages
        else "Nothing was trained, decided or scored"
    )
    return (
        f"# Retraining {run.folder.name}",
        f"Began {run.began:%Y-%m-%d %H:%M} UTC. There was nothing new to learn from since the retraining {told['since']}; that one's candidate "
        f"`{told['version']}` was {_WORDS[told['decision']]}. {scored} this time; new codes are published.",
    )


def _new(stages: Mapping[str, Any]) -> str:
    new = stages["check"]["new"]
    lines = [
        "## New codes",
        f"{new['passages']} passages to learn from and {new['gold_passages']} of gold have new codes since the retraining before; "
        f"{new['passages_of_folder']} of them come from the folder of annotations.",
    ]
    if stages["import"]["file"]:
        lines.append(f"Taken in from {stages['import']['file']}: {stages['import']['new']} codes.")
    for name, title in (("by_dimension", "dimension"), ("by_coder", "coder")):
        if new[name]:
            lines.append(_table((title, "new codes"), new[name].items()))
    return "\n\n".join(lines)


def _data(stages: Mapping[str, Any]) -> str:
    told, split, trained = stages["check"], stages["split"], stages["train"]
    how = (
        f"Heads were trained on the encoder of `{trained['encoder_of']}`. None of their labels is called certain, as that encoder has seen "
        "the passages; a training in full (`entente retrain --full`) makes that promise."
        if trained["mode"] == "heads"
        else "The encoder was fine-tuned anew."
    )
    hashes = "; ".join(f"{name} `{value}`" for name, value in told["sha256"].items())
    return "\n\n".join(
        (
            "## Training",
            how,
            f"{told['train']} coded passages ({told['of_project']} of this project) of {split['documents']} documents, beside what ships with "
            f"Entente; {told['left_out_as_near_gold']} left out because they repeat gold, {told['shipped_left_out']} of what "
            f"ships because the project has them. {told['waiting_for_decision']} decisions wait for an adjudicator.",
            f"Split into {len(split['folds'])} folds by document and country: {split['groups']} groups, the largest of {split['largest_group']} "
            f"passages; {split['repeating']} passages repeat others and are on their side.",
            f"Data: {hashes}",
        )
    )


def _comparison(stages: Mapping[str, Any]) -> str:
    told, rows = stages["evaluate"], stages["compare"]["rows"]
    lines = ["## Before and after"]
    if not rows:
        return "\n\n".join([*lines, "Nothing was compared."])
    seen = told["current_has_seen"]
    unseen = (
        "neither model was trained on"
        if seen == 0 and not stages["compare"]["objection"]
        else "the candidate's heads were not trained on"
    )
    lines.append(
        f"Macro F1 on {told['passages']} passages of {told['documents']} documents that {unseen} "
        f"({told['in_documents_of_training']} of them in documents of which others were); 95 % intervals by bootstrap over documents."
    )
    if seen is None:
        lines.append(
            "The model in use does not tell what it has learned from; if it knows these passages, its figures flatter it."
        )
    elif seen:
        lines.append(f"The model in use has learned from {seen} of them: its figures flatter it.")
    body = [
        (
            row["dimension"],
            f"{row['current']:.3f} ({_span(row['current_interval'])})",
            f"{row['candidate']:.3f} ({_span((row['low'], row['high']))})",
            f"{row.get('gain_difference', row['candidate'] - row['current']):+.3f} ({_span(row.get('gain_interval'))})",
            "yes" if row["worse"] else "",
            " to ".join(f"{one:.3f}" for one in row["calibration"]) if "calibration" in row else "",
        )
        for row in rows
    ]
    lines.append(_table(("dimension", "before", "after", "difference", "worse beyond its interval", "calibration error"), body))
    return "\n\n".join(lines)


def _labels(stages: Mapping[str, Any]) -> str:
    told = stages["re-score"]
    if not told["both_scored"]:
        return ""
    body = [(name, number, f"{number / told['both_scored']:.1%}") for name, number in told["changed"].items()]
    return "\n\n".join(
        (
            "## Labels that changed",
            f"Of {told['both_scored']} passages that both models have scored:",
            _table(("dimension", "other label", "share"), body),
        )
    )


def _published(stages: Mapping[str, Any]) -> str:
    told = stages["publish"]
    what = "new" if told["changed"] else "unchanged"
    notes = "".join(f"\n- {note}" for note in told["notes"])
    return (
        f"## Published\n\n{told['path']} ({what}), released {told['released_at']} UTC, labels by `{told['model_version']}`. "
        f"`entente diff` tells which numbers moved since the release before.{notes}"
    )


def _span(ends: Any) -> str:
    return "no interval" if ends is None else f"{ends[0]:.2f} to {ends[1]:.2f}"


def _table(header: tuple[str, ...], rows: Any) -> str:
    lines = [f"| {' | '.join(header)} |", "| --- " * len(header) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows)])
