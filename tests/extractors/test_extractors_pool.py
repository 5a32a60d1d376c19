"""One document that hangs, eats memory or kills its process costs that document only, and no child outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from extractors.child import Child
from extractors.options import ExtractionLimits, ExtractOptions
from extractors.pool import ExtractionJob, ExtractionPool
from extractors.refind import PassageLocation
from extractors.types import Extraction, ExtractionFailure
from extractors.work_folders import work_folder

SENTENCE = (
    "The mission visited twelve districts and met officials, employers and workers in each of them without any restriction. "
)
ROOMY = ExtractionLimits(seconds=60, memory_mb=3000, output_mb=50, max_pages=100)


def good(folder: Path, name: str = "good.txt") -> ExtractionJob:
    path = folder / name
    path.write_text(SENTENCE * 2, encoding="utf-8")
    return ExtractionJob(path, "txt", "a" * 64)


def hanging(folder: Path) -> ExtractionJob:
    """A pipe that nobody writes to: reading it never ends."""
    path = folder / "endless.txt"
    os.mkfifo(path)
    return ExtractionJob(path, "txt", "b" * 64)


def results(pool: ExtractionPool, jobs: list[ExtractionJob]) -> dict[str, Extraction | ExtractionFailure]:
    return {job.path.name: outcome for job, outcome in pool.run(jobs)}


def wait_for(condition: Callable[[], bool]) -> bool:
    """Poll without a fixed sleep; ten seconds are far more than is ever needed."""
    pause = threading.Event()
    for _ in range(500):
        if condition():
            return True
        pause.wait(0.02)
    return False


@pytest.mark.e2e
def test_hanging_document_times_out_and_the_next_one_is_read(tmp_path: Path) -> None:
    limits = ExtractionLimits(seconds=1, memory_mb=3000, output_mb=50, max_pages=100)
    with ExtractionPool(1, ExtractOptions(), limits) as pool:
        found = results(pool, [hanging(tmp_path), good(tmp_path)])
    failure = found["endless.txt"]
    assert isinstance(failure, ExtractionFailure)
    assert (failure.reason, failure.file_sha256) == ("timed_out", "b" * 64)
    assert isinstance(found["good.txt"], Extraction)


@pytest.mark.e2e
def test_a_program_that_a_timed_out_process_has_started_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tesseract"
    started = tmp_path / "started"
    program.write_text(
        f'#!/bin/sh\n[ "$1" = --list-langs ] && printf "languages:\\neng\\n" && exit\necho $$ > {started}\nexec sleep 300\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    scan = Path(__file__).resolve().parents[2] / "sample" / "broken" / "image-only.pdf"
    limits = ExtractionLimits(seconds=2, memory_mb=3000, output_mb=50, max_pages=100)
    with ExtractionPool(1, ExtractOptions(ocr="auto"), limits) as pool:
        ((_, failure),) = pool.run([ExtractionJob(scan, "pdf", "d" * 64)])
        assert isinstance(failure, ExtractionFailure)
        assert failure.reason == "timed_out"
        number = int(started.read_text(encoding="utf-8"))
        assert wait_for(lambda: not psutil.pid_exists(number) or psutil.Process(number).status() == psutil.STATUS_ZOMBIE)


@pytest.mark.e2e
def test_memory_eater_fails_alone(tmp_path: Path) -> None:
    greedy = tmp_path / "greedy.txt"
    with greedy.open("wb") as stream:
        stream.truncate(2_000_000_000)  # sparse: costs no disk
    limits = ExtractionLimits(seconds=60, memory_mb=1000, output_mb=50, max_pages=100)
    with ExtractionPool(1, ExtractOptions(), limits) as pool:
        found = results(pool, [ExtractionJob(greedy, "txt", "c" * 64), good(tmp_path)])
    failure = found["greedy.txt"]
    assert isinstance(failure, ExtractionFailure)
    assert failure.reason == "out_of_memory"
    assert isinstance(found["good.txt"], Extraction)


@pytest.mark.e2e
def test_killed_child_is_a_crash_of_one_document(tmp_path: Path) -> None:
    own = psutil.Process()
    before = {child.pid for child in own.children()}
    with ExtractionPool(1, ExtractOptions(), ROOMY) as pool:
        assert isinstance(results(pool, [good(tmp_path, "first.txt")])["first.txt"], Extraction)
        (child,) = [child for child in own.children() if child.pid not in before]
        threading.Timer(0.3, child.kill).start()
        found = results(pool, [hanging(tmp_path), good(tmp_path)])
    failure = found["endless.txt"]
    assert isinstance(failure, ExtractionFailure)
    assert failure.reason == "extractor_crashed"
    assert "SIGKILL" in failure.detail
    assert isinstance(found["good.txt"], Extraction)
    assert not child.is_running()


@pytest.mark.e2e
def test_too_large_a_result_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("\n\n".join(f"{number}. {SENTENCE}" for number in range(1, 12_000)), encoding="utf-8")
    with ExtractionPool(1, ExtractOptions(), ExtractionLimits(60, 3000, 1, 100)) as pool:
        ((_, outcome),) = pool.run([ExtractionJob(path, "txt", "d" * 64)])
    assert isinstance(outcome, ExtractionFailure)
    assert outcome.reason == "output_too_large"


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform != "linux", reason="death with the parent by the kernel is a Linux feature")
def test_children_die_with_a_killed_parent(tmp_path: Path) -> None:
    hanging(tmp_path)
    program = (
        "import sys; from pathlib import Path\n"
        "from extractors.pool import ExtractionJob, ExtractionPool\n"
        "from extractors.options import ExtractionLimits, ExtractOptions\n"
        "job = ExtractionJob(Path(sys.argv[1]), 'txt', 'b' * 64)\n"
        "with ExtractionPool(1, ExtractOptions(), ExtractionLimits(60, 3000, 10, 10)) as pool:\n"
        "    list(pool.run([job]))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "endless.txt")])
    watched = psutil.Process(parent.pid)
    assert wait_for(lambda: bool(watched.children()))
    (child,) = watched.children()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


@pytest.mark.e2e
def test_jobs_are_drawn_only_a_little_ahead_and_all_answered(tmp_path: Path) -> None:
    drawn = 0

    def many() -> object:
        nonlocal drawn
        for number in range(12):
            drawn += 1
            yield good(tmp_path, f"{number}.txt")

    with ExtractionPool(1, ExtractOptions(), ROOMY) as pool:
        running = pool.run(many())  # type: ignore[arg-type]  # a generator of jobs
        next(running)
        assert drawn <= 3
        assert len(list(running)) == 11


@pytest.mark.e2e
def test_missing_file_and_unknown_format_have_their_reasons(tmp_path: Path) -> None:
    absent = ExtractionJob(tmp_path / "absent.txt", "txt", "e" * 64)
    sound = ExtractionJob(good(tmp_path, "x.mp3").path, "mp3", "f" * 64)
    with ExtractionPool(1, ExtractOptions(), ROOMY) as pool:
        found = results(pool, [absent, sound])
        at = PassageLocation("p_x", SENTENCE.strip(), None, None, None)
        assert pool.refind(good(tmp_path).path, "txt", [at]) == [True]
    reasons = {name: outcome.reason for name, outcome in found.items() if isinstance(outcome, ExtractionFailure)}
    assert reasons == {"absent.txt": "file_missing", "x.mp3": "unsupported_type"}


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is sent to a process of its own")
def test_ctrl_c_ends_the_children_without_noise(tmp_path: Path) -> None:
    hanging(tmp_path)
    program = (
        "import sys; from pathlib import Path\n"
        "from extractors.pool import ExtractionJob, ExtractionPool\n"
        "from extractors.options import ExtractionLimits, ExtractOptions\n"
        "job = ExtractionJob(Path(sys.argv[1]), 'txt', 'b' * 64)\n"
        "try:\n"
        "    with ExtractionPool(2, ExtractOptions(), ExtractionLimits(60, 3000, 10, 10)) as pool:\n"
        "        list(pool.run([job, job]))\n"
        "except KeyboardInterrupt:\n"
        "    sys.exit(130)\n"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path / "endless.txt")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as parent:
        watched = psutil.Process(parent.pid)
        assert wait_for(lambda: len(watched.children()) == 2)
        children = watched.children()
        parent.send_signal(signal.SIGINT)
        out, err = parent.communicate(timeout=20)
    assert (parent.returncode, out, err) == (130, b"", b"")
    assert wait_for(lambda: not any(child.is_running() for child in children))


def test_folders_of_killed_processes_go_and_those_of_living_ones_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = (
        "import os, signal\n"
        "from extractors.work_folders import work_folder\n"
        "with work_folder() as folder:\n"
        "    (folder / 'document.doc').write_bytes(b'x')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False)
    (left,) = tmp_path.iterdir()
    (tmp_path / "entente-notes").mkdir()
    with work_folder() as own:
        with ExtractionPool(1, ExtractOptions(), ROOMY):
            pass
        assert own.is_dir()
        assert not left.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["entente-notes"]


def test_an_error_in_taking_an_answer_does_not_leave_its_rest_to_the_next_file(tmp_path: Path) -> None:
    def fails(part: dict[str, object]) -> None:
        raise MemoryError

    child = Child(ExtractOptions(ocr="off"), ExtractionLimits(60, 3000, 50, 20))
    job = good(tmp_path)
    request = {"op": "extract", "path": str(job.path), "file_format": "txt", "file_sha256": "a" * 64}
    try:
        with pytest.raises(MemoryError):
            child.ask(request, fails)
        assert child.ask(request | {"file_sha256": "b" * 64}, lambda part: None)["ok"]["file_sha256"] == "b" * 64
    finally:
        child.kill()
