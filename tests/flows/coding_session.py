"""A project that has been coded by two simulated coders through the real commands, with a tiny encoder, ready to be retrained."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from flows.load import read_codebook
from flows.settings import Settings, load_settings
from models.annotations import INVENTED_FILES, AnnotatedPassage, read_invented
from models.codebook import Codebook
from tests.flows.simulated import Corpus, decide, fill_in, put_into, simulated
from tests.models.tiny import make_encoder

ERRORS = 0.1
"""How often each of the coders errs."""
SIZES = {"gold": 100, "training": 120}


class Session:
    """The command line on one project, in this process: torch is loaded once for all commands."""

    def __init__(self, project: Path) -> None:
        from flows.cli import main

        main._import_commands()
        self._app = main.app
        self.project = project

    def run(self, *arguments: str) -> Result:
        """Run a command; what it raises comes through."""
        return CliRunner().invoke(self._app, ["-C", str(self.project), *arguments], catch_exceptions=False)

    def __call__(self, *arguments: str) -> str:
        """Run a command that must end well; returns what it printed."""
        done = self.run(*arguments)
        assert done.exit_code == 0, f"{arguments}: {done.output}"
        return done.stdout

    def told(self, *arguments: str) -> Any:
        """Run a command and return its JSON."""
        return json.loads(self(*arguments, "--json"))

    @property
    def settings(self) -> Settings:
        """The settings of the project."""
        return load_settings(self.project, {})


@dataclass(frozen=True, slots=True)
class CodedProject:
    """The project, its corpus with the truth, and what the commands on the way have told."""

    folder: Path
    corpus: Corpus
    first_model: str
    samples: dict[str, str]
    agreement: dict[str, Any]
    scored: int

    def copy(self, to: Path) -> Session:
        """Copy the project to where a test may change it."""
        shutil.copytree(self.folder, to)
        return Session(to)


def some_invented(codebook: Codebook) -> list[AnnotatedPassage]:
    """Return every eighth of the first passages that ship with the project: trainings on them take seconds."""
    return read_invented(codebook, INVENTED_FILES[:1])[::8]


def code_a_project(folder: Path, documents: int = 60) -> CodedProject:
    """Make a project, a first model, a refresh, samples, codes of two coders, and decisions on what they differ on; all by commands."""
    corpus = simulated(documents)
    project, forms = folder / "project", folder / "forms"
    forms.mkdir(parents=True)
    entente = Session(project)
    CliRunner().invoke(entente._app, ["init", str(project), "--sample"], catch_exceptions=False)
    # Web pages are read in a moment; that PDF and Word are read is shown elsewhere.
    for path in (project / "reports").iterdir():
        if path.suffix != ".html":
            path.unlink()
    put_into(corpus, project)
    encoder = make_encoder(folder / "encoder", read_invented(read_codebook(entente.settings), INVENTED_FILES[:1]))
    configure(project, encoder)
    first = entente.told("train", "--epochs", "1")["version"]
    entente("models", "promote", first, "--force", "--reason", "the first one of this project")
    scored = entente.told("refresh", "--no-prefect")["scored"]
    samples = {}
    for purpose, size in SIZES.items():
        draw = ("sample", "draw", "--purpose", purpose, "--size", str(size), "--igo", "SIM")
        samples[purpose] = entente.told(*draw)["sample_id"]
        for number, coder in enumerate(("ann", "ben")):
            form = forms / f"{purpose}-{coder}.csv"
            entente("codes", "export", "--sample", samples[purpose], "--format", "csv", "--coder", coder, "--out", str(form))
            fill_in(form, corpus, ERRORS, seed=10 * size + number)
            entente("codes", "import", str(form), "--kind", f"{coder}=simulation")
    agreement = entente.told("agreement", "--warehouse")
    queue = forms / "queue.csv"
    assert entente.told("adjudicate", "export", str(queue))["waiting"] > 0
    decide(queue, corpus)
    entente("adjudicate", "import", str(queue), "--adjudicator", "carla")
    return CodedProject(project, corpus, first, samples, agreement, scored)


def configure(project: Path, encoder: Path) -> None:
    """Let a project fine-tune a tiny encoder for an epoch, and publish without an index that needs a real one."""
    config = project / "configs" / "entente.yaml"
    text = config.read_text(encoding="utf-8")
    for old, new in (
        ("  # encoder: ID ", f"  encoder: {encoder}\n  # encoder: ID "),
        ("search: meaning", "search: none"),
        ("epochs: null", "epochs: 1"),
    ):
        assert old in text
        text = text.replace(old, new)
    config.write_text(text, encoding="utf-8")
