"""The one way in which a request fails: refused, with an outcome of the closed list, the address, and a sentence for people."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from entente.errors import EntenteError
from sources.types import Outcome


class Refused(EntenteError):
    """A request that brought nothing usable; it is recorded and never ends a refresh.

    Attributes:
        outcome: what happened, of the closed list.
        url: what was asked for.
        detail: what was seen, as a clause without full stop.
        status: the status of the answer; None when there was none.
        is_transient: asking again a little later may help.
        retry_after: seconds that the server asked to wait; None when it did not say.
    """

    def __init__(
        self,
        outcome: Outcome,
        url: str,
        detail: str,
        *,
        status: int | None = None,
        is_transient: bool = False,
        retry_after: float | None = None,
    ) -> None:
        self.outcome: Outcome = outcome
        self.url = url
        self.detail = detail
        self.status = status
        self.is_transient = is_transient
        self.retry_after = retry_after
        shown = outcome if status is None else f"{outcome}, status {status}"
        super().__init__(f"{_host_of(url)}: {detail} ({shown}); asked for {url}.")

    def __reduce__(self) -> tuple[Any, ...]:
        # Schedulers carry errors from one process to another.
        return _again, (type(self), self.args, dict(self.__dict__))


class NotPublic(Refused):
    """The name of an allowed host leads to an address that is not of the public internet (`host_not_allowed`)."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__("host_not_allowed", url, detail)


def _again(kind: type[Refused], args: tuple[Any, ...], state: dict[str, Any]) -> Refused:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or "no host"
    except ValueError:
        return "no host"
