"""The sequence of a retraining, in plain Python. The Prefect flow runs the same sequence; only the way of calling differs.

import, check, split, train, calibrate, evaluate, compare, promote or hold, re-score, publish. Each stage is done once; a retraining that
was killed goes on with the stage that was not finished.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from entente.errors import Busy, EntenteError
from flows.interrupts import is_interruption
from flows.pipeline import Call, direct
from flows.progress import Progress
from flows.retraining import stages
from flows.retraining.data import check
from flows.retraining.options import RetrainOptions, run_key
from flows.retraining.publication import publish, record_failure, rescore
from flows.retraining.report import REPORT, write_report
from flows.retraining.runs import DECISION, FAILED, FINISHED, LOCK, NOTHING_NEW, Run, last_finished, open_run, runs_of
from flows.retraining.turns import Waits
from flows.settings import Settings
from flows.steps import labels_behind
from warehouse.lock import refresh_lock


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a retraining ended: the results of its stages by name, and where its report lies; `is_new` is false where nothing was done."""

    run: str
    stages: dict[str, dict[str, Any]]
    report: Path
    is_new: bool = True

    @property
    def decision(self) -> dict[str, Any]:
        """Return what was decided, by an earlier retraining where there was nothing new to learn from."""
        return self.stages.get(DECISION) or self.stages[NOTHING_NEW]

    @property
    def nothing_new_since(self) -> str | None:
        """Return the retraining since which there is nothing new to learn from; None where this one has trained."""
        if NOTHING_NEW in self.stages:
            return str(self.stages[NOTHING_NEW]["since"])
        return None if self.is_new else self.run

    @property
    def released(self) -> str | None:
        """Return the path of the release that was made, if one was."""
        published = self.stages["publish"]
        return str(published["path"]) if self.is_new and published["changed"] else None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        decision = self.decision
        return {
            "run": self.run,
            "changed": self.is_new,
            "nothing_new_since": self.nothing_new_since,
            "decision": decision["decision"],
            "version": decision["version"],
            "before": decision["before"],
            "reason": decision["reason"],
            "published": self.stages["publish"],
            "report": str(self.report),
            "stages": self.stages,
        }


def retrain(settings: Settings, options: RetrainOptions, progress: Progress, waits: Waits, call: Call = direct) -> Outcome:
    """Go from new codes to a published release, or say that nothing has changed.

    Args:
        settings: the project's settings.
        options: what to take in and how to train.
        progress: told at every step.
        waits: told when somebody else's refresh has to end before scores are written.
        call: how stages are called.

    Raises:
        Busy: when another retraining of this project is at work, or a refresh at the very beginning; names it.
        BadInput: when codes, configuration or data cannot be used; after mending it the same command goes on.
        Unavailable: when an encoder, a model or scikit-learn is missing.
    """
    stages.check_ready(settings, options)
    with refresh_lock(settings.paths.state / LOCK, options.command):
        before = last_finished(runs_of(settings))
        run = open_run(settings, run_key(settings, options))
        try:
            return _go_on(settings, options, run, before, progress, waits, call)
        except EntenteError as error:
            # Who has to wait, or was interrupted, has not failed.
            if not isinstance(error, Busy) and not is_interruption(error):
                run.end(FAILED, str(error))
                record_failure(settings, options.command, run.began)
            raise


def _go_on(
    settings: Settings, options: RetrainOptions, run: Run, before: Run | None, progress: Progress, waits: Waits, call: Call
) -> Outcome:
    def stage(name: str, function: Any, *arguments: Any) -> dict[str, Any]:
        done = run.stages.get(name)
        if done is not None:
            return done
        progress(name, 0, 1)
        started = time.monotonic()
        result = call(name, function, *arguments)
        run.seconds[name] = round(time.monotonic() - started, 3)
        run.record(name, result)
        progress(name, 1, 1)
        return dict(result)

    stage("import", stages.take_in, settings, options)
    stage("check", check, settings, options, run, before, waits)
    if NOTHING_NEW not in run.stages and before is not None and _nothing_new(run, before, options):
        if run.seen() == before.seen() and labels_behind(settings) is None:
            run.remove()
            return Outcome(before.folder.name, before.stages, before.folder / REPORT, is_new=False)
        run.record(NOTHING_NEW, before.stages.get(NOTHING_NEW) or {"since": before.folder.name, **before.stages[DECISION]})
    if NOTHING_NEW in run.stages:
        # Codes have come that cannot be learned from yet: they are published, and nothing is trained. Or a person has put another model
        # into use, or a kill came between a promotion and its scores: labels are of an earlier model.
        if labels_behind(settings) is not None:
            stage("re-score", rescore, settings, options, run, progress, waits)
        published = stage("publish", publish, settings, options, run, waits)
        report = write_report(settings, run)
        run.end(FINISHED, f"nothing to learn since {run.stages[NOTHING_NEW]['since']}")
        return Outcome(run.folder.name, run.stages, report, is_new=published["changed"])
    stage("split", stages.split, settings, options, run)
    stage("train", stages.train, settings, options, run, progress)
    stage("calibrate", stages.calibrate, settings, options, run, progress)
    if DECISION not in run.stages and not _still_compared(settings, run):
        run.forget("evaluate", "compare")
    stage("evaluate", stages.evaluate, settings, options, run, progress)
    stage("compare", stages.compare_with_current, settings, run)
    stage(DECISION, stages.decide, settings, options, run)
    stage("re-score", rescore, settings, options, run, progress, waits)
    stage("publish", publish, settings, options, run, waits)
    report = write_report(settings, run)
    run.end(FINISHED)
    return Outcome(run.folder.name, run.stages, report)


def _nothing_new(run: Run, before: Run, options: RetrainOptions) -> bool:
    """Say whether the run before has done all that this one would do."""
    if options.force is not None or set(run.stages) - {"import", "check"}:
        return False
    return all(before.stages["check"][name] == run.stages["check"][name] for name in ("sha256", "how"))


def _still_compared(settings: Settings, run: Run) -> bool:
    """Say whether the model that the candidate was compared with is still the one in use (or the candidate itself is, by a killed run)."""
    from flows.load import chosen_model

    told = run.stages.get("evaluate")
    return told is None or chosen_model(settings).version in (told["current"], told["candidate"])
