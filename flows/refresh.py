"""The Prefect flow of a refresh: the sequence of `flows.pipeline`, each step a task with retries, and a summary as an artifact.

Prefect reads its settings when it is imported, so this module is imported only inside `flows.server.prefect_server`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from entente.errors import EntenteError
from flows.pipeline import RefreshOptions, Summary, refresh
from flows.progress import watcher
from flows.settings import Settings
from flows.sources import SHOWN


@flow(name="refresh", log_prints=False, validate_parameters=False, persist_result=False)
def refresh_flow(settings: Settings, options: RefreshOptions) -> Summary:
    """Refresh a project: discover, fetch, extract, classify, load, publish. Progress goes to whoever `watched_by` names."""

    def call(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        return as_task(settings, name, function)(*arguments)

    summary = refresh(settings, options, watcher(), call)
    create_markdown_artifact(key="refresh-summary", markdown=as_markdown(summary), description="What the refresh did")
    return summary


def as_task(settings: Settings, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a step as a Prefect task of this name, tried again as the configuration says where trying again may help."""
    step: Callable[..., Any] = task(
        name=name,
        retries=settings.refresh.retries,
        retry_delay_seconds=settings.refresh.retry_delay_seconds,
        retry_condition_fn=_may_pass,
        cache_policy=NO_CACHE,
        persist_result=False,
    )(function)
    return step


def _may_pass(_task: object, _run: object, state: Any) -> bool:
    """Try again what may pass (a busy disk, a lock); what a person has to mend is said at once."""
    error = state.result(raise_on_failure=False)
    return not isinstance(error, EntenteError) or error.exit_code == 4


def as_markdown(summary: Summary) -> str:
    """Return the summary of a run as a Markdown table."""
    rows = [
        f"| {name} | {value} |" for name, value in summary.as_dict().items() if name not in ("issues", "published", "sources")
    ]
    lines = ["| what | how many |", "| --- | --- |", *rows, ""]
    if summary.sources:
        lines += [f"| source | {' | '.join(SHOWN)} |", "| --- " * (len(SHOWN) + 1) + "|"]
        lines += [f"| {key} | {' | '.join(str(one[name]) for name in SHOWN.values())} |" for key, one in summary.sources.items()]
        lines.append("")
    if summary.published is not None:
        lines.append(f"Published: {summary.published.path} ({'new' if summary.published.changed else 'unchanged'}).")
    lines += [f"- {issue}" for issue in summary.issues[:50]]
    return "\n".join(lines)
