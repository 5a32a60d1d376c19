"""Whether a retraining is due: enough new codes, its time by the schedule, or one that was cut off; and why, or why not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from entente.errors import BadInput, Busy
from flows.load import read_codebook
from flows.retraining.data import folder_codes, new_codes
from flows.retraining.options import RetrainOptions, configured, run_key
from flows.retraining.runs import LOCK, OPEN, last_ended, runs_of
from flows.settings import Settings
from warehouse.code_arrivals import arrivals
from warehouse.database import open_warehouse
from warehouse.lock import refresh_lock

_COMMAND = "entente retrain --if-due"


@dataclass(frozen=True, slots=True)
class Due:
    """Whether a retraining is due, in which words, and for what.

    Attributes:
        is_due: the answer.
        why: a sentence for each condition.
        new: what has come since the last one; see `flows.retraining.data.new_codes`.
        mark: changes with the codes that there are and with the time by the schedule: the same mark is the same reason.
    """

    is_due: bool
    why: tuple[str, ...]
    new: dict[str, Any]
    mark: str


def due(settings: Settings, now: datetime, options: RetrainOptions | None = None) -> Due:
    """Say whether a retraining is due; looks only, and does not wait.

    Args:
        settings: the project.
        now: with zone. Where `retraining.every` is set, Prefect reads it: the environment in which it is imported must be set.
        options: of the retraining that would be started; by default those of the configuration. Only one of these goes on after a kill.

    Raises:
        Busy: when another command is writing, or a retraining is at work.
        BadInput: when the schedule cannot be read, or there is no warehouse.
        Unavailable: when the warehouse waits for the changes of a newer Entente.
    """
    own = settings.retraining
    codebook = read_codebook(settings)
    _refuse_at_work(settings.paths.state / LOCK)
    with (
        # A refresh that is at work opens and closes the warehouse and must not find it open; it is held for this one question only.
        refresh_lock(settings.paths.state / "refresh.lock", _COMMAND, brief=True),
        open_warehouse(settings.paths.warehouse, read_only=True) as connection,
    ):
        codes = arrivals(connection, codebook.major)
    runs = runs_of(settings)
    last = last_ended(runs)
    new = new_codes(codes, own.annotations, last)
    since = f"since {last.began:%Y-%m-%d %H:%M} UTC" if last is not None else "as there was no retraining yet"
    reasons: list[str] = []
    others: list[str] = []
    if own.after_new_codes is None:
        others.append("It does not follow new codes (retraining.after_new_codes is null).")
    else:
        words = f"{new['passages']} passages have new codes {since}, {own.after_new_codes} are asked for."
        (reasons if new["passages"] >= own.after_new_codes else others).append(words)
    at = _last_time(own.every, now)
    if at is None:
        others.append("It has no schedule (retraining.every is null).")
    else:
        words = f"By its schedule ({own.every} UTC) it was due {at:%Y-%m-%d %H:%M} UTC."
        if last is None or last.began < at:
            # Without a single code there is nothing to do at any time.
            (reasons if new["passages"] or last is not None else others).append(words)
        else:
            others.append(f"By its schedule ({own.every} UTC) it has been done {since}.")
    if runs and runs[-1].status == OPEN and runs[-1].key == run_key(settings, options or configured(settings)):
        reasons.append(f"The retraining that began {runs[-1].began:%Y-%m-%d %H:%M} UTC was cut off and goes on.")
    mark = hashlib.sha256(
        "\n".join([str(at), *sorted(one.annotation_id for one in codes), *sorted(folder_codes(own.annotations))]).encode()
    ).hexdigest()
    return Due(bool(reasons), (*reasons, *others), new, mark)


def look(settings: Settings) -> Due | None:
    """Return whether a retraining is due now, for whoever starts it without being asked; None where somebody is at work.

    Without a condition in the configuration, or a warehouse, it is not.

    Raises:
        EntenteError: as `due`, but for `Busy`.
    """
    own = settings.retraining
    if own.after_new_codes is None and own.every is None:
        return Due(False, ("Retraining has no condition (retraining.after_new_codes and retraining.every are null).",), {}, "")
    if not settings.paths.warehouse.exists():
        return Due(False, (f"There is no warehouse yet ({settings.paths.warehouse}).",), {}, "")
    try:
        return due(settings, datetime.now(UTC))
    except Busy:
        return None


def check_schedule(settings: Settings) -> None:
    """Let Prefect read `retraining.every`; call it with the environment set, before anything is started.

    Raises:
        BadInput: when the schedule cannot be read or never comes.
    """
    _last_time(settings.retraining.every, datetime.now(UTC))


def _refuse_at_work(lock: Path) -> None:
    """Raise `Busy` where a retraining is at work.

    The lock is asked for only where its file names a holder (after a kill one that is gone): whoever wants it must not meet a look.
    """
    if lock.exists() and lock.stat().st_size:
        with refresh_lock(lock, _COMMAND, brief=True):
            pass


def _last_time(cron: str | None, now: datetime) -> datetime | None:
    if cron is None:
        return None
    from flows.schedules import Schedule

    try:
        return Schedule((), cron=cron).last_due(now).astimezone(UTC)
    except ValueError:
        raise BadInput(
            f"The schedule {cron!r} of retraining.every cannot be read, or never comes. It has five fields (minute hour day month weekday), "
            "as in '0 2 * * 0'."
        ) from None
