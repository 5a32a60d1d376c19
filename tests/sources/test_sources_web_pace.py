"""A host is never asked faster, or by more at once, than the strictest rule for it allows."""

from __future__ import annotations

import itertools
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.web.pace import Pace, Resting
from tests.sources.loopback import FakeClock


@settings(deadline=None)
@given(
    delays=st.lists(st.floats(0, 100), min_size=1, max_size=4),
    rests=st.lists(st.floats(0, 50), max_size=3),
    chance=st.floats(0, 1, exclude_max=True),
    n=st.integers(2, 6),
)
def test_the_longest_delay_is_kept_between_any_two_beginnings(
    delays: list[float], rests: list[float], chance: float, n: int
) -> None:
    clock = FakeClock()
    pace = Pace(clock.clock(), random=lambda: chance, jitter=0.3)
    for delay in delays:
        pace.register("host", delay_seconds=delay)
    begins = []
    for turn in range(n):
        with pace.turn("host", longest_rest=1000):
            begins.append(clock.seconds)
        if turn < len(rests):
            pace.rest("host", rests[turn])
    slack = 1e-6
    for turn, (earlier, later) in enumerate(itertools.pairwise(begins)):
        assert later - earlier >= max(delays) - slack
        assert turn >= len(rests) or later - earlier >= rests[turn] - slack
        assert later - earlier <= max(max(delays) * 1.3, rests[turn] if turn < len(rests) else 0) + slack


def test_hosts_do_not_wait_for_one_another() -> None:
    clock = FakeClock()
    pace = Pace(clock.clock())
    pace.register("slow", delay_seconds=60)
    for host in ("slow", "quick", "quick", "quick"):
        with pace.turn(host, longest_rest=0):
            pass
    assert clock.seconds == 0


def test_a_rest_that_is_too_long_is_not_waited_for_and_a_place_is_not_lost() -> None:
    clock = FakeClock()
    pace = Pace(clock.clock())
    pace.register("host", concurrency=1)
    pace.rest("host", 500)
    for _ in range(3):
        with pytest.raises(Resting) as caught, pace.turn("host", longest_rest=300):
            pytest.fail("it was asked")
        assert caught.value.seconds == 500
    clock.sleep(250)
    with pace.turn("host", longest_rest=300):
        assert clock.seconds == 500


def test_a_place_is_given_back_after_a_failure() -> None:
    pace = Pace(FakeClock().clock())
    pace.register("host", concurrency=1)
    for _ in range(2):
        with pytest.raises(ValueError, match="x"), pace.turn("host", longest_rest=0):
            raise ValueError("x")


@pytest.mark.parametrize("concurrency", [1, 3])
def test_the_lowest_concurrency_counts(concurrency: int) -> None:
    pace = Pace(FakeClock().clock())
    pace.register("host", concurrency=9)
    pace.register("host", concurrency=concurrency)
    pace.register("host", concurrency=7)
    lock, under_way, most = threading.Lock(), 0, 0

    def ask() -> None:
        nonlocal under_way, most
        for _ in range(20):
            with pace.turn("host", longest_rest=0):
                with lock:
                    under_way += 1
                    most = max(most, under_way)
                with lock:
                    under_way -= 1

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert under_way == 0
    assert 1 <= most <= concurrency


def test_many_threads_keep_one_delay() -> None:
    clock = FakeClock()
    pace = Pace(clock.clock(), jitter=0.0)
    pace.register("host", delay_seconds=2, concurrency=4)
    begins: list[float] = []
    lock = threading.Lock()

    def ask() -> None:
        for _ in range(10):
            with pace.turn("host", longest_rest=0), lock:
                begins.append(clock.seconds)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(begins) == 40
    assert clock.seconds >= 39 * 2
