"""The retrainings of a project, a folder each: what was asked for, the result of each finished stage, the data, the report.

A stage's result is written down when the stage is done, so that a retraining that was killed goes on with the next one. The codes that a
retraining has seen stay with it: what has come since is what is new.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from entente.errors import BadInput
from entente.files import write_text_whole
from flows.settings import Settings

FOLDER = "retraining"
LOCK = "retrain.lock"
OPEN, FINISHED, FAILED, GIVEN_UP = "open", "finished", "failed", "given up"
DECISION = "promote or hold"
NOTHING_NEW = "nothing new"
"""The stage that takes the place of all from `split` to `re-score` where codes have come that cannot be learned from yet: names the
retraining that has done all of it, and its decision."""
_STATE, _SEEN = "run.json", "seen-codes.txt"


@dataclass(slots=True)
class Run:
    """One retraining.

    Attributes:
        folder: its folder, named by its beginning.
        key: what it was asked for (`options.run_key`).
        began: when (UTC).
        status: open, finished, failed (a person has to mend something; the same command goes on) or given up (another took its place).
        stages: the results of the stages that are done, in their order.
        said: what failed.
        seconds: what each finished stage took, in the go in which it was finished.
    """

    folder: Path
    key: str
    began: datetime
    status: str = OPEN
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    said: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The folder of the coded passages that it trains and judges on."""
        return self.folder / "data"

    @property
    def can_go_on(self) -> bool:
        """Whether the same command takes it up again."""
        return self.status in (OPEN, FAILED)

    def record(self, stage: str, result: dict[str, Any]) -> dict[str, Any]:
        """Write down what a stage has given; returns it."""
        self.stages[stage] = result
        self.save()
        return result

    def forget(self, *stages: str) -> None:
        """Have stages done anew."""
        for stage in stages:
            self.stages.pop(stage, None)
        self.save()

    def end(self, status: str, said: str = "") -> None:
        """Write down how it ended."""
        self.status, self.said = status, said
        self.save()

    def save(self) -> None:
        """Write the state, whole or not at all."""
        content = {
            "key": self.key,
            "began": self.began.isoformat(),
            "status": self.status,
            "said": self.said,
            "seconds": self.seconds,
            "stages": self.stages,
        }
        write_text_whole(self.folder / _STATE, json.dumps(content, indent=1, ensure_ascii=False) + "\n")

    def keep_seen(self, codes: Iterable[str]) -> None:
        """Write down the codes that there are at its beginning."""
        write_text_whole(self.folder / _SEEN, "".join(f"{one}\n" for one in sorted(codes)))

    def remove(self) -> None:
        """Remove it: it found nothing that the one before had not."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def seen(self) -> frozenset[str]:
        """Return the codes that there were at its beginning."""
        path = self.folder / _SEEN
        return frozenset(path.read_text(encoding="utf-8").split("\n")) if path.exists() else frozenset()


def runs_of(settings: Settings) -> list[Run]:
    """Return the retrainings of a project, the oldest first.

    Raises:
        BadInput: when a state is damaged; names the file and the way out.
    """
    parent = settings.paths.state / FOLDER
    return [_read(folder) for folder in sorted(parent.iterdir()) if (folder / _STATE).exists()] if parent.is_dir() else []


def last_finished(runs: Iterable[Run]) -> Run | None:
    """Return the last retraining that ended well: what has come since is new."""
    finished = [run for run in runs if run.status == FINISHED]
    return finished[-1] if finished else None


def last_ended(runs: Iterable[Run]) -> Run | None:
    """Return the last retraining that ended by itself, well or not."""
    ended = [run for run in runs if run.status in (FINISHED, FAILED)]
    return ended[-1] if ended else None


_LEAVES_OTHERS: ContextVar[bool] = ContextVar("leaves others", default=False)


@contextlib.contextmanager
def others_left_open(*, wanted: bool = True) -> Iterator[None]:
    """Let `open_run` give up nobody else's retraining for the block: one that nobody has asked for must not end one that somebody has."""
    token = _LEAVES_OTHERS.set(wanted)
    try:
        yield
    finally:
        _LEAVES_OTHERS.reset(token)


def open_run(settings: Settings, key: str) -> Run:
    """Return the unfinished retraining of this key, or a new one; open ones of other keys are given up, but for `others_left_open`.

    Where another has begun since, one is taken up again only as long as neither it has decided nor another has finished: what it knows is of
    before. One that had failed before its decision looks at the codes anew, as they may have been mended.
    """
    runs = runs_of(settings)
    unfinished = [run for run in runs if run.can_go_on]
    last = last_finished(runs)
    mine = next((run for run in reversed(unfinished) if run.key == key), None)
    if mine is not None and mine is not runs[-1] and (DECISION in mine.stages or (last and last.folder.name > mine.folder.name)):
        mine = None
    for run in unfinished:
        if run is not mine and run.status == OPEN and not (_LEAVES_OTHERS.get() and run.key != key):
            run.end(GIVEN_UP)
    if mine is not None:
        if mine.status == FAILED and DECISION not in mine.stages:
            mine.forget(*(set(mine.stages) - {"import"}))
        mine.status, mine.said = OPEN, ""
        mine.save()
        return mine
    began = datetime.now(UTC)
    folder = settings.paths.state / FOLDER / f"{began:%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}"
    made = Run(folder, key, began)
    made.save()
    return made


def _read(folder: Path) -> Run:
    path = folder / _STATE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Run(
            folder,
            content["key"],
            datetime.fromisoformat(content["began"]),
            content["status"],
            dict(content["stages"]),
            content["said"],
            dict(content["seconds"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} is damaged ({error}). Remove the folder {folder}; codes and models are elsewhere.") from error
