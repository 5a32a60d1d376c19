"""How gently each host is asked: least delay with jitter, most requests at once, and rest when a server asks for it.

One `Pace` is shared by the clients of all sources of a run, so that two sources that talk to one host keep the stricter of their rules.
"""

from __future__ import annotations

import contextlib
import random as random_module
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """The time, so that tests need not wait.

    Attributes:
        monotonic: seconds that never go back.
        now: UTC, with zone.
        sleep: waits so many seconds; `monotonic` must go on by as much.
    """

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep


class Resting(Exception):
    """A host asked to be left alone for longer than anybody wants to wait.

    Attributes:
        seconds: until it may be asked again.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"it asked to be left alone for {seconds:.0f} more seconds")
        self.seconds = seconds


@dataclass(slots=True)
class _Host:
    delay: float = 0.0
    concurrency: int = 16
    under_way: int = 0
    next_start: float = 0.0
    rests_until: float = 0.0
    changed: threading.Condition = field(default_factory=threading.Condition)


class Pace:
    """The pace of all hosts; safe to share between threads."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        random: Callable[[], float] = random_module.random,
        jitter: float = 0.2,
        scale: float = 1.0,
    ) -> None:
        """Begin with no rules.

        Args:
            clock: the time.
            random: gives numbers from 0 up to 1.
            jitter: the largest part of a delay that is added to it at random; a delay is never shortened.
            scale: multiplies every wait; below 1 only where a replica is asked, which nobody has to spare.
        """
        self.clock = clock or Clock()
        self._random = random
        self._jitter = jitter
        self._scale = scale
        self._hosts: dict[str, _Host] = {}
        self._lock = threading.Lock()

    def register(self, host: str, *, delay_seconds: float = 0.0, concurrency: int | None = None) -> None:
        """Add a rule for a host; of several the longest delay and the lowest concurrency count."""
        state = self._state(host)
        with state.changed:
            state.delay = max(state.delay, delay_seconds)
            if concurrency is not None:
                state.concurrency = min(state.concurrency, concurrency)

    def lengthened(self, seconds: float) -> float:
        """Return a wait with jitter on top."""
        return seconds * self._scale * (1 + self._jitter * self._random())

    def rest(self, host: str, seconds: float) -> None:
        """Leave a host alone for so long."""
        state = self._state(host)
        with state.changed:
            state.rests_until = max(state.rests_until, self.clock.monotonic() + seconds * self._scale)

    @contextlib.contextmanager
    def turn(self, host: str, *, longest_rest: float) -> Iterator[None]:
        """Wait until the host may be asked, and hold one of its places until the block ends.

        Args:
            host: its name.
            longest_rest: do not wait for a host that rests longer than so many seconds.

        Raises:
            Resting: when it does.
        """
        state = self._state(host)
        with state.changed:
            while state.under_way >= state.concurrency:
                state.changed.wait()
            state.under_way += 1
        try:
            self._wait_for_start(state, longest_rest)
            yield
        finally:
            with state.changed:
                state.under_way -= 1
                state.changed.notify()

    def _wait_for_start(self, state: _Host, longest_rest: float) -> None:
        while True:
            with state.changed:
                now = self.clock.monotonic()
                if state.rests_until - now > longest_rest * self._scale:
                    raise Resting((state.rests_until - now) / (self._scale or 1.0))
                wait = max(state.next_start, state.rests_until) - now
                if wait <= 0:
                    state.next_start = now + self.lengthened(state.delay)
                    return
            self.clock.sleep(wait)

    def _state(self, host: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(host, _Host())
