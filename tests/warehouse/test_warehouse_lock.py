"""The lock: one holder, named to the others, let go by the kernel, not kept by children."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from entente.errors import Busy
from warehouse.lock import refresh_lock

HOLD = """
import subprocess, sys
from pathlib import Path
from warehouse.lock import refresh_lock
with refresh_lock(Path(sys.argv[1]), "entente refresh --all"):
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    print(child.pid, flush=True)
    sys.stdin.read()
"""


def test_the_second_taker_hears_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "refresh.lock"
    with refresh_lock(path, "entente refresh"):
        assert json.loads(path.read_text())["pid"] == os.getpid()
        with pytest.raises(Busy, match=rf"entente refresh.*{os.getpid()}"), refresh_lock(path, "entente publish"):
            pass
    with refresh_lock(path, "entente publish"):
        assert json.loads(path.read_text())["command"] == "entente publish"
    assert path.read_text() == ""


def test_it_is_let_go_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside"), refresh_lock(tmp_path / "l", "a"):
        raise ValueError("inside")
    with refresh_lock(tmp_path / "l", "b"):
        pass


def test_a_killed_holder_lets_go_though_its_child_lives(tmp_path: Path) -> None:
    path = tmp_path / "refresh.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        child = int(holder.stdout.readline())
        with pytest.raises(Busy, match=rf"refresh --all.*{holder.pid}"), refresh_lock(path, "x"):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        os.kill(child, 0)
        with refresh_lock(path, "x"):
            pass
        os.kill(child, signal.SIGKILL)


def test_a_forked_child_does_not_keep_it(tmp_path: Path) -> None:
    path = tmp_path / "refresh.lock"
    wait_on, go = os.pipe()
    with refresh_lock(path, "a"):
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(wait_on, 1)
            os._exit(0)
    try:
        with refresh_lock(path, "b"):
            assert json.loads(path.read_text())["command"] == "b"
    finally:
        os.write(go, b"x")
        os.waitpid(child, 0)
        os.close(wait_on)
        os.close(go)


@pytest.mark.parametrize("content", ["", "not json", "[]", '{"pid": 1}'])
def test_a_lock_file_with_odd_content_is_no_hindrance(tmp_path: Path, content: str) -> None:
    path = tmp_path / "refresh.lock"
    path.write_text(content)
    with refresh_lock(path, "a"):
        path.write_text(content)
        with pytest.raises(Busy, match="Another command"), refresh_lock(path, "b"):
            pass


def test_who_meets_a_look_of_a_moment_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "refresh.lock"
    asked = threading.Event()

    def look() -> None:
        with refresh_lock(path, "entente retrain --if-due", brief=True):
            looking.set()
            asked.wait(60)

    looking = threading.Event()
    looker = threading.Thread(target=look)
    looker.start()
    assert looking.wait(60)
    threading.Timer(0.2, asked.set).start()
    with refresh_lock(path, "entente refresh"):
        assert json.loads(path.read_text())["command"] == "entente refresh"
    looker.join()
