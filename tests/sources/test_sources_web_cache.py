"""The cache of listings survives kills, is shared by processes, and stays within its size."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from sources.web.cache import ListingCache

ROOT = Path(__file__).resolve().parents[2]
ASKED = {"Accept": "application/json"}
URL = "https://api.example.org/list?n="


def cache(folder: Path, max_bytes: int = 64 << 20) -> ListingCache:
    return ListingCache(folder, max_bytes=max_bytes, max_body_bytes=8 << 20)


def known(made: ListingCache, n: int) -> bytes | None:
    recalled = made.recall(f"{URL}{n}", ASKED)
    if recalled is None:
        return None
    confirmed = made.confirm(recalled, {"etag": recalled.conditions["if-none-match"]})
    return None if confirmed is None else confirmed[1]


def body_of(n: int) -> bytes:
    return b"%d" % n * 200_000


def test_only_the_newest_of_an_address_is_kept(tmp_path: Path) -> None:
    made = cache(tmp_path)
    for n in range(5):
        made.remember(f"{URL}0", ASKED, {"etag": f'"v{n}"', "date": "Wed, 25 Nov 2026 12:00:00 GMT"}, b"%d" % n)
        recalled = made.recall(f"{URL}0", ASKED)
        assert recalled is not None
        assert recalled.conditions == {"if-none-match": f'"v{n}"'}
        assert known(made, 0) == b"%d" % n
    made.remember(f"{URL}0", ASKED, {}, b"no validators any more")
    assert known(made, 0) is None
    made.close()


def test_what_is_too_large_or_of_another_question_is_not_recalled(tmp_path: Path) -> None:
    made = cache(tmp_path)
    made.remember(f"{URL}0", ASKED, {"etag": '"v"'}, b"x" * ((8 << 20) + 1))
    assert known(made, 0) is None
    made.remember(f"{URL}1", ASKED, {"etag": '"v"'}, b"x")
    assert made.recall(f"{URL}1", {"Accept": "text/html"}) is None
    assert made.recall(f"{URL}1", {**ASKED, "Authorization": "Bearer x"}) is None
    made.close()


def test_it_stays_within_its_size(tmp_path: Path) -> None:
    made = cache(tmp_path, max_bytes=4 << 20)
    for n in range(10, 60):
        made.remember(f"{URL}{n}", ASKED, {"etag": '"v"'}, body_of(n))
    made.close()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 16 << 20


def test_threads_share_one_cache(tmp_path: Path) -> None:
    made = cache(tmp_path)
    wrong: list[int] = []

    def work(first: int) -> None:
        for n in range(first, first + 10):
            made.remember(f"{URL}{n}", ASKED, {"etag": f'"{n}"'}, body_of(n))
            if known(made, n) != body_of(n):
                wrong.append(n)

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 100, 200, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    made.close()
    assert wrong == []


WRITER = """
import sys
from pathlib import Path
from tests.sources.test_sources_web_cache import ASKED, URL, body_of, cache
made = cache(Path(sys.argv[1]))
first, n = int(sys.argv[2]), 0
while n < int(sys.argv[3]):
    made.remember(f"{URL}{first + n}", ASKED, {"etag": '"v"'}, body_of(first + n))
    n += 1
    print(n, flush=True)
"""


def writer(folder: Path, first: int, n: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), str(first), str(n)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_two_processes_share_one_cache(tmp_path: Path) -> None:
    writers = [writer(tmp_path, first, 10) for first in (0, 1000)]
    for one in writers:
        one.communicate(timeout=60)
        assert one.returncode == 0
    made = cache(tmp_path)
    assert [n for first in (0, 1000) for n in range(first, first + 10) if known(made, n) != body_of(n)] == []
    made.close()


def test_a_kill_loses_at_most_what_was_being_written(tmp_path: Path) -> None:
    killed = writer(tmp_path, 0, 100_000)
    assert killed.stdout is not None
    for _ in range(5):
        killed.stdout.readline()
    killed.send_signal(signal.SIGKILL)
    killed.communicate(timeout=60)
    made = cache(tmp_path)
    assert [known(made, n) == body_of(n) for n in range(5)] == [True] * 5
    assert all(known(made, n) in (None, body_of(n)) for n in range(5, 100))
    made.remember(f"{URL}0", ASKED, {"etag": '"w"'}, b"new")
    assert known(made, 0) == b"new"
    made.close()
