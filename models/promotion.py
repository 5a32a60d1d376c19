"""Which model is in use and how that came about: states, comparison, promotion and the way back.

A folder of models keeps a list of what was decided (`REGISTRY.jsonl`, one line a decision, never rewritten) and the name of the model in
use (`DEFAULT`). A model is a candidate until it is promoted; promoting another one retires it.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entente.errors import BadInput, EntenteError
from entente.files import write_text_whole
from models.classifier import check_codebook, fitting_heads
from models.codebook import Codebook
from models.model_file import ModelFacts, read_adapters, read_facts
from models.registry import default_version, find_model

CANDIDATE, PROMOTED, RETIRED = "candidate", "promoted", "retired"
_LIST, _POINTER = "REGISTRY.jsonl", "DEFAULT"
CORE = ("voice", "stage", "realization", "stance", "mechanism")


@dataclass(frozen=True, slots=True)
class Decision:
    """One line of the list: when which model came into use in place of which other one, how, and why."""

    time: str
    action: str
    version: str
    before: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Macro F1 of one dimension for the model in use and for a candidate, with the candidate's interval.

    `gain` is the interval of the difference (candidate less model in use) where both were resampled together; None where only the figures are
    known. It is narrower than either model's own interval, as what makes a document hard is hard for both.
    """

    dimension: str
    current: float
    candidate: float
    interval: tuple[float, float]
    gain: tuple[float, float] | None = None

    @property
    def worse(self) -> bool:
        """Whether the model in use is better than all that the candidate may be."""
        return self.current > self.interval[1] if self.gain is None else self.gain[1] < 0

    @property
    def told(self) -> str:
        """How the two differ, for a message."""
        if self.gain is None:
            return f"{self.dimension} {self.candidate:.2f} (up to {self.interval[1]:.2f}) instead of {self.current:.2f}"
        low, high = self.gain
        return f"{self.dimension} {self.candidate:.3f} instead of {self.current:.3f} (difference {low:+.3f} to {high:+.3f})"


def decisions(parent: Path) -> list[Decision]:
    """Return what was decided in a folder of models, oldest first; raises `BadInput` when the list is damaged."""
    path = parent / _LIST
    if not path.is_file():
        return []
    try:
        return [Decision(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (ValueError, TypeError) as error:
        raise BadInput(f"{path} is damaged: {error}. Put back a copy of it, or remove it to start a new list.") from error


def state_of(version: str, parent: Path, in_use: str | None) -> str:
    """Return the state of a model: promoted when in use, retired when it once was, else candidate."""
    if version == in_use:
        return PROMOTED
    once = {name for one in decisions(parent) for name in (one.version, one.before)}
    return RETIRED if version in once else CANDIDATE


def differences(
    current: ModelFacts, candidate: ModelFacts, gains: Mapping[str, Mapping[str, Any]] | None = None
) -> list[Difference]:
    """Compare two models by the figures on the coded passages that neither was trained on.

    Args:
        current: the model in use.
        candidate: the other one.
        gains: by dimension the `interval` of the difference, where both have been resampled together.

    Raises:
        BadInput: when one of them has no such figures, or they are of other passages.
    """
    figures = []
    for facts in (current, candidate):
        report = facts.metrics.get("dev")
        if not report or "dimensions" not in report:
            raise BadInput(
                f"The model {facts.version} has no figures on passages kept apart (dev.jsonl), so it cannot be compared. "
                "Train with --annotations, or give a reason with --force."
            )
        figures.append(report)
    measured_on = [report.get("passages_sha256") for report in figures]
    for facts, on in zip((current, candidate), measured_on, strict=True):
        if on is None:
            raise BadInput(
                f"The model {facts.version} does not tell on which passages its figures are (an older Entente made it), so it cannot be "
                "compared by them. See 'entente evaluate --against', or give a reason with --force."
            )
    if measured_on[0] != measured_on[1]:
        raise BadInput(
            f"{current.version} and {candidate.version} were measured on different passages and cannot be compared. "
            "Train the candidate with the same annotations, or give a reason with --force."
        )
    mine, other = figures[0]["dimensions"], figures[1]["dimensions"]
    return [
        Difference(
            name,
            mine[name]["macro_f1"],
            other[name]["macro_f1"],
            tuple(other[name]["interval"]),
            tuple(paired) if (paired := (gains or {}).get(name, {}).get("interval")) else None,
        )
        for name in mine
        if name in other and mine[name]["macro_f1"] is not None and other[name]["macro_f1"] is not None
    ]


def promote(
    version: str,
    folders: Sequence[Path],
    parent: Path,
    codebook: Codebook,
    *,
    reason: str | None = None,
    force: bool = False,
    measured: Mapping[str, Any] | None = None,
    gains: Mapping[str, Mapping[str, Any]] | None = None,
) -> Decision:
    """Put a model into use.

    Args:
        version: the candidate.
        folders: where models are looked for.
        parent: the project's own folder of models, in which the decision is written.
        codebook: that of the project.
        reason: why; needed with `force`.
        force: promote even when the candidate is worse or cannot be compared, as when the model in use cannot be read.
        measured: figures of the model in use on the candidate's passages, where those that it was made with are of others.
        gains: see `differences`.

    Raises:
        BadInput: when the candidate is damaged or of another codebook, which force does not mend; when it is worse on a core dimension
            beyond its interval or cannot be compared; when no reason is given.
    """
    if len(Path(version).parts) > 1:
        raise BadInput(
            f"{version} is a path. Put the model's folder into {parent} and name its version, so that every refresh finds it."
        )
    candidate = _usable(find_model(version, folders), codebook)
    if force and not (reason or "").strip():
        raise BadInput("A forced promotion needs a reason: --reason 'why'.")
    before = _name_in_use(folders, tolerant=force)
    if before == candidate.version:
        raise BadInput(f"{candidate.version} is in use already.")
    if not force and before is not None:
        why_not = objection(_readable_current(before, folders), candidate, measured, gains)
        if why_not is not None:
            raise BadInput(why_not)
    return _decide("force" if force else "promote", candidate.version, before, parent, (reason or "").strip())


def rollback(folders: Sequence[Path], parent: Path, codebook: Codebook, *, reason: str | None = None) -> Decision:
    """Put the model that was in use before the present one back into use, whatever state the present one is in.

    Raises:
        BadInput: when there was none, or the earlier one is damaged or of another codebook.
    """
    current = _name_in_use(folders)
    earlier = _before(current, decisions(parent)) if current is not None else None
    if earlier is None:
        raise BadInput("There is nothing to go back to: no promotion is on record for the model in use.")
    before = _usable(find_model(earlier, folders), codebook)
    return _decide("rollback", before.version, current, parent, (reason or "").strip())


def _usable(folder: Path, codebook: Codebook) -> ModelFacts:
    """Return the facts of a model after checking that its weights are whole and its codebook is the project's."""
    facts = read_facts(folder)
    check_codebook(facts, codebook, folder)
    fitting_heads(folder, facts, codebook)
    read_adapters(folder, facts)
    return facts


def objection(
    current: ModelFacts,
    candidate: ModelFacts,
    measured: Mapping[str, Any] | None = None,
    gains: Mapping[str, Mapping[str, Any]] | None = None,
) -> str | None:
    """Return why a candidate is not to take the place of the model in use; None when nothing speaks against it.

    It may not be worse on a core dimension beyond its interval (that of the difference, where it is known), and the two must be comparable.

    Args:
        current: the model in use.
        candidate: the candidate.
        measured: figures of the model in use on the candidate's passages, where those that it was made with are of others.
        gains: see `differences`.
    """
    if measured is not None:
        current = current.model_copy(update={"metrics": {**current.metrics, "dev": dict(measured)}})
    try:
        compared = differences(current, candidate, gains)
    except BadInput as error:
        return str(error)
    missing = sorted(
        name for name in CORE if name in current.metrics["dev"]["dimensions"] and name not in {one.dimension for one in compared}
    )
    if missing:
        return (
            f"{', '.join(missing)}: {candidate.version} or {current.version} has no figure, so it cannot be told whether the candidate is "
            "worse there. To use it all the same, say why: --force --reason '...'."
        )
    worse = [one for one in compared if one.worse and one.dimension in CORE]
    if worse:
        told = "; ".join(one.told for one in worse)
        return (
            f"{candidate.version} is worse than {current.version} beyond its interval: {told}. To use it all the same, say why: "
            "--force --reason '...'."
        )
    return None


def _name_in_use(folders: Sequence[Path], *, tolerant: bool = False) -> str | None:
    """Return the name in `DEFAULT`, whether or not there is such a model; None when there is no such file, or it is damaged and may be."""
    try:
        return default_version(folders)
    except BadInput as error:
        if tolerant:
            return None
        raise BadInput(
            f"Which model is in use cannot be told: {error} Or put one into use with --force --reason '...'."
        ) from error


def _readable_current(version: str, folders: Sequence[Path]) -> ModelFacts:
    try:
        return read_facts(find_model(version, folders))
    except EntenteError as error:
        raise BadInput(
            f"The model in use, {version}, cannot be read, so nothing can be compared with it: {error} "
            "To go on without it, say why: --force --reason '...'."
        ) from error


def _before(version: str, made: Sequence[Decision]) -> str | None:
    """Return what was in use before a model: each promotion lays a model on a pile, each rollback takes one away."""
    pile: list[str] = []
    for one in made:
        if one.action == "rollback":
            if pile:
                pile.pop()
        else:
            if one.before and (not pile or pile[-1] != one.before):
                pile.append(one.before)
            pile.append(one.version)
    return pile[-2] if len(pile) > 1 and pile[-1] == version else None


def _decide(action: str, version: str, before: str | None, parent: Path, reason: str) -> Decision:
    parent.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    made = Decision(now, action, version, before, reason)
    path = parent / _LIST
    last = decisions(parent)[-1:]
    if last and (last[0].action, last[0].version, last[0].before, last[0].reason) == (action, version, before, reason):
        # Written down by a command that was killed before it could put the model into use.
        made = last[0]
    else:
        lines = path.read_text(encoding="utf-8") if path.is_file() else ""
        content = {"time": made.time, "action": action, "version": version, "before": made.before, "reason": reason}
        write_text_whole(path, lines + json.dumps(content, ensure_ascii=False) + "\n")
    write_text_whole(parent / _POINTER, version + "\n")
    return made


def comparison(rows: Sequence[Difference]) -> list[dict[str, Any]]:
    """Return a comparison as plain rows for a table or JSON."""
    return [
        {
            "dimension": one.dimension,
            "current": round(one.current, 4),
            "candidate": round(one.candidate, 4),
            "low": round(one.interval[0], 4),
            "high": round(one.interval[1], 4),
            "worse": one.worse,
        }
        for one in rows
    ]
