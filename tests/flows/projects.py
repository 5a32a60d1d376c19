"""Small real projects for the tests of the whole job: invented reports as HTML and PDF, in a folder of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from flows.settings import Settings, load_settings

ENTENTE = (sys.executable, "-m", "flows")

SENTENCES = (
    "The mission travelled to all nine districts without escort and chose the sites that it visited on the morning of each visit.",
    "The Government of Norland refused to receive the second mission and gave the Organization no reason for its decision.",
    "The Ministry of Labour and the Organization trained two hundred inspectors together and agreed to repeat the course each spring.",
    "The Committee requests the Government to amend section four of the Act and to report on the measures that it has taken.",
    "The report describes the geography of the country, its main crops and the number of people who live in the river valley.",
)


def page(number: int, paragraphs: int = 6) -> str:
    """Return a report as a web page; each number gives other text."""
    body = "".join(
        f"<p>{index}. In visit {number}, part {index}: {SENTENCES[(number + index) % len(SENTENCES)]}</p>"
        for index in range(1, paragraphs + 1)
    )
    return f"<html><head><title>Report {number}</title></head><body><h1>Report {number} on Norland</h1><h2>Findings</h2>{body}</body></html>"


def make_project(folder: Path, reports: int = 3, *, config: str = "") -> Settings:
    """Make a project with so many reports and return its settings."""
    (folder / "reports").mkdir(parents=True)
    (folder / "configs").mkdir()
    (folder / "configs" / "entente.yaml").write_text(config, encoding="utf-8")
    from flows.settings import default_file

    (folder / "configs" / "codebook.yaml").write_text(default_file("codebook.yaml"), encoding="utf-8")
    for number in range(reports):
        (folder / "reports" / f"report-{number}.html").write_text(page(number), encoding="utf-8")
    return load_settings(folder, {})


def entente(
    *arguments: str, project: Path | None = None, stdin: str | None = None, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does."""
    command = [*ENTENTE, *(["--project", str(project)] if project else []), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done


def modules_after(*arguments: str) -> tuple[str, set[str]]:
    """Run the command line in a process of its own; return what it printed and which modules it had imported at its end."""
    code = (
        f"import sys; sys.argv = ['entente', *{list(arguments)!r}]\n"
        "from flows.cli.main import run\n"
        "try: run()\n"
        "finally: print('|', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    printed, _, modules = done.stdout.rpartition("|")
    return printed, set(modules.split())


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask a database file, read-only."""
    import duckdb

    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()
