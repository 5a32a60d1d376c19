"""The twenty questions of `docs/ways-in.md` run on the sample as it is published, and the notebooks too."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from notebooks.make import SOURCES, notebook
from tests.sample.demo import demo

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "ways-in.md").read_text(encoding="utf-8")
QUESTIONS = re.findall(r"^(\d+)\. (.+?)\n\n```sql\n(.*?)```", PAGE, re.M | re.S)

pytestmark = [pytest.mark.e2e, pytest.mark.encoder]


@pytest.fixture(scope="module")
def published() -> Iterator[Path]:
    project = demo()
    yield project / "var" / "published" / "entente.duckdb"
    shutil.rmtree(project.parent, ignore_errors=True)
    demo.cache_clear()


def test_there_are_twenty_questions_in_order() -> None:
    assert [int(number) for number, _question, _query in QUESTIONS] == list(range(1, 21))
    assert PAGE.count("```sql") == 20


@pytest.mark.parametrize(("question", "query"), [one[1:] for one in QUESTIONS], ids=[one[0] for one in QUESTIONS])
def test_each_question_is_answered_on_the_sample(published: Path, question: str, query: str) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        first = connection.execute(query).fetchall()
        assert first, question
        # Read again from the start, an answer with an order is the same.
        assert connection.execute(query).fetchall() == first


def cells(language: str) -> list[str]:
    content: dict[str, Any] = json.loads((ROOT / "notebooks" / f"{language}.ipynb").read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("language", sorted(SOURCES))
def test_the_notebooks_are_those_of_their_text(language: str) -> None:
    assert (ROOT / "notebooks" / f"{language}.ipynb").read_text(encoding="utf-8") == notebook(language)


def test_the_python_notebook_runs_from_first_to_last_cell(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENTENTE_DATABASE", str(published))
    names: dict[str, Any] = {}
    for cell in cells("python"):
        exec(compile(cell, "python.ipynb", "exec"), names)  # noqa: S102  # our own notebook
    assert len(names["behind"]) == 5
    assert names["behind"]["citation"].notna().all()
    assert names["naive_share"].shape[1] == 3


def test_the_r_notebook_runs_from_first_to_last_cell(published: Path, tmp_path: Path) -> None:
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("R is not installed (Rscript is not on the path)")
    there = subprocess.run([program, "-e", "library(duckdb); library(DBI)"], capture_output=True, text=True, check=False)
    if there.returncode:
        pytest.skip(f"R has no package duckdb: {there.stderr.strip().splitlines()[-1]}")
    script = tmp_path / "notebook.R"
    script.write_text("\n".join(cells("r")) + "\nstopifnot(nrow(behind) == 5, !anyNA(behind$citation))\n", encoding="utf-8")
    done = subprocess.run(
        [program, str(script)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ENTENTE_DATABASE": str(published)},
    )
    assert done.returncode == 0, done.stderr
