"""When which sources are refreshed, and which of those times were missed: from the descriptions and the ledger of runs.

A schedule was missed when the last time at which it should have run has passed and the ledger has no run of the service since then that
ended by itself. However many times have passed, that is one missed run: a refresh always pulls everything since the last one.
"""

from __future__ import annotations

import asyncio
import contextlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from entente import __version__
from entente.errors import BadInput, EntenteError
from flows.settings import Settings
from flows.sources import FOLDERS, enabled_descriptions
from warehouse.database import open_warehouse
from warehouse.loader import Loader
from warehouse.lock import refresh_lock
from warehouse.status import last_runs

if TYPE_CHECKING:
    from prefect.server.schemas.schedules import CronSchedule

_PREFIX = "entente serve: "
_LEDGER_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Schedule:
    """Sources that are refreshed together, and when.

    Attributes:
        sources: ids of remote sources, and `folders` for all folders, in alphabetical order.
        cron: five fields, UTC; empty where `every` holds.
        every: seconds from one beginning to the next, instead of a cron.
        is_all: these are all sources that the project has.
    """

    sources: tuple[str, ...]
    cron: str = ""
    every: float | None = None
    is_all: bool = False

    @property
    def name(self) -> str:
        """Return the sources as text."""
        return ", ".join(self.sources)

    @property
    def rule(self) -> str:
        """Return in words when it runs."""
        return f"every {self.every:g} seconds" if self.every is not None else f"{self.cron} UTC"

    @property
    def sources_of_run(self) -> tuple[str, ...] | None:
        """Return what its runs are to refresh; None for everything, whatever that is by then."""
        return None if self.is_all else self.sources

    def last_due(self, now: datetime) -> datetime:
        """Return the last time up to `now` (with zone) at which it should have run.

        The cron is read by Prefect, whose scheduler fires it. Prefect reads its settings when it is imported: set the environment before.

        Raises:
            ValueError: when the cron cannot be read or never comes.
        """
        if self.every is not None:
            return now - timedelta(seconds=self.every)
        from prefect.server.schemas.schedules import CronSchedule

        return asyncio.run(_last_date(CronSchedule(cron=self.cron, timezone="UTC"), now))


async def _last_date(schedule: CronSchedule, now: datetime) -> datetime:
    """Look back from `now` in growing steps: the scheduler's own dates can only be asked for forwards."""
    reach = timedelta(minutes=2)
    while not (dates := await schedule.get_dates(start=now - reach, end=now)):
        reach *= 2
    return dates[-1]


def crons_of(settings: Settings) -> dict[str, str]:
    """Return when each source is to be refreshed, by id; `folders` stands for all folders.

    Raises:
        BadInput: when a description cannot be used.
    """
    crons = {name: one.schedule for name, one in enabled_descriptions(settings).items() if one.schedule is not None}
    return {FOLDERS: settings.sources.schedule, **crons} if settings.sources.folders else crons


def command_for_ledger(settings: Settings, sources: Sequence[str] | None) -> str:
    """Return how the ledger names a run of the service over these sources (None: all); `missed` reads the sources out of it again.

    Raises:
        BadInput: when a description cannot be used.
    """
    return _PREFIX + ", ".join(sorted(crons_of(settings)) if sources is None else sources)


def plan(crons: Mapping[str, str], every: float | None = None) -> tuple[Schedule, ...]:
    """Put sources with the same schedule together.

    Args:
        crons: five fields of cron (UTC) by the id of the source.
        every: seconds; all sources are refreshed together at this interval, whatever the crons say.

    Raises:
        BadInput: when nothing is to be refreshed.
    """
    if not crons:
        raise BadInput(
            "There is nothing to refresh on a schedule: the project has no folder and no enabled source with a schedule."
        )
    if every is not None:
        return (Schedule(tuple(sorted(crons)), every=every, is_all=True),)
    groups: dict[str, list[str]] = {}
    for name in sorted(crons):
        groups.setdefault(" ".join(crons[name].split()), []).append(name)
    return tuple(Schedule(tuple(names), cron=cron, is_all=len(groups) == 1) for cron, names in groups.items())


def check_crons(schedules: Sequence[Schedule]) -> None:
    """Let Prefect read every cron; call it with the environment set, before anything is started.

    Raises:
        BadInput: names the sources and the cron that cannot be read or never comes.
    """
    for schedule in schedules:
        try:
            schedule.last_due(datetime.now(UTC))
        except ValueError:
            raise BadInput(
                f"The schedule {schedule.cron!r} of {schedule.name} cannot be read, or never comes. It has five fields (minute hour day "
                "month weekday), as in '0 3 * * *'. Folders have theirs in sources.schedule, services in configs/sources/ID.yaml."
            ) from None


def missed(settings: Settings, schedules: Sequence[Schedule], now: datetime) -> list[tuple[Schedule, datetime]]:
    """Return the schedules that have a missed run, with the time at which it was due, the longest overdue first.

    Args:
        settings: the project.
        schedules: its schedules.
        now: with zone.
    """
    dues = [(schedule, schedule.last_due(now)) for schedule in schedules]
    last = _last_ends(settings)
    late = [(schedule, due) for schedule, due in dues if not all(name in last and last[name] >= due for name in schedule.sources)]
    return sorted(late, key=lambda pair: (pair[1], pair[0].name))


def _last_ends(settings: Settings) -> dict[str, datetime]:
    """Return for each source when the last run of the service that ended by itself had begun.

    Nothing where the ledger cannot be read now (somebody holds it, or it is of an older Entente): a refresh too many does no harm.
    """
    last: dict[str, datetime] = {}
    with contextlib.suppress(EntenteError):
        for run in _runs(settings):
            if run["command"].startswith(_PREFIX) and run["status"] in ("completed", "failed"):
                for name in run["command"].removeprefix(_PREFIX).split(", "):
                    last.setdefault(name, run["started_at"])
    return last


def _runs(settings: Settings) -> list[dict[str, Any]]:
    """Return the last runs of the ledger, the newest first, `started_at` with its zone."""
    if not settings.paths.warehouse.exists():
        return []
    with open_warehouse(settings.paths.warehouse, read_only=True) as connection:
        return [{**run, "started_at": run["started_at"].replace(tzinfo=UTC)} for run in last_runs(connection, _LEDGER_ROWS)]


def was_recorded(settings: Settings, command: str, since: datetime) -> bool:
    """Say whether the ledger has a run of this command that began at or after `since` (with zone).

    Raises:
        Busy: when somebody else holds the warehouse.
    """
    return bool(_of_command(settings, command, since))


def _of_command(settings: Settings, command: str, since: datetime) -> list[dict[str, Any]]:
    return [run for run in _runs(settings) if run["command"] == command and run["started_at"] >= since]


def record_failure(settings: Settings, command: str, since: datetime) -> None:
    """See to it that a run that failed is told in the ledger, also when it failed before it could write itself down or died at work.

    A run that has written down how it ended is left alone. Where the warehouse itself cannot be written, Prefect's record and the journal
    have to do.

    Args:
        settings: the project.
        command: as the ledger names the run.
        since: when it began, with zone.
    """
    with contextlib.suppress(EntenteError, OSError):
        if any(run["status"] != "running" for run in _of_command(settings, command, since)):
            return
        with refresh_lock(settings.paths.state / "refresh.lock", command), open_warehouse(settings.paths.warehouse) as connection:
            code = f"{__version__} (Python {platform.python_version()})"
            loader = Loader(connection, None)
            loader.start_run("refresh", settings.content_hash, code, command, since)
            loader.finish_run("failed", {})
