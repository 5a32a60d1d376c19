"""A file that Entente writes is there whole or not at all."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from entente.files import replacing, sha256_of_file, write_text_whole


def test_a_failed_write_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text_whole(target, "old")
    with pytest.raises(TypeError), replacing(target) as stream:
        stream.writelines([b"new", "no bytes"])  # type: ignore[list-item]  # the error that breaks off the write
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_killed_write_leaves_the_old_content(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    write_text_whole(target, "old")
    code = (
        "import sys, os, signal; from pathlib import Path; from entente.files import replacing\n"
        "with replacing(Path(sys.argv[1])) as stream:\n"
        "    stream.write(b'new'); stream.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(target)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert target.read_text() == "old"


def test_folders_are_made_and_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "c.bin"
    content = os.urandom(3_000_000)
    with replacing(target) as stream:
        stream.write(content)
    assert sha256_of_file(target) == hashlib.sha256(content).hexdigest()


def test_a_folder_or_a_device_is_refused_before_anything_is_made_for_it(tmp_path: Path) -> None:
    device = tmp_path / "device"
    os.mkfifo(device)
    for target, said in ((tmp_path, IsADirectoryError), (device, OSError)):
        with pytest.raises(said), replacing(target):
            pytest.fail("the work must not begin")
    assert device.is_fifo()
