"""The command line: every command explains itself, mistakes are one clear line and an exit code, light commands stay light."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer.main

from flows.cli import main as cli
from tests.flows.projects import entente, make_project, modules_after

cli._import_commands()
COMMANDS = typer.main.get_command(cli.app)


def all_commands() -> list[tuple[str, ...]]:
    group = COMMANDS.commands  # type: ignore[attr-defined]  # the app is a group
    names: list[tuple[str, ...]] = []
    for name, command in group.items():
        inner = getattr(command, "commands", None)
        names += [(name, child) for child in inner] if inner else [(name,)]
    return names


@pytest.mark.parametrize("name", all_commands(), ids=" ".join)
def test_every_command_has_help_with_an_example_and_stands_in_the_readme(name: tuple[str, ...]) -> None:
    command = COMMANDS
    for part in name:
        command = command.commands[part]  # type: ignore[attr-defined]  # walked down from the group
    assert command.help, name
    assert command.epilog, name
    assert command.epilog.startswith("Example: "), name
    assert "entente " + " ".join(name) in command.epilog
    readme = Path(__file__).resolve().parents[2] / "README.md"
    assert "entente " + " ".join(name) in readme.read_text(encoding="utf-8")


def test_help_imports_nothing_heavy() -> None:
    _printed, modules = modules_after("--help")
    assert not modules & {"torch", "transformers", "prefect", "duckdb", "pyarrow", "pdfplumber", "sklearn", "numpy"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("refresh",), 2, "entente init"),
        (("status",), 2, "entente refresh"),
        (("sql", "SELECT 1"), 2, "no published database"),
        (("sql",), 2, "Give a query"),
        (("publish",), 2, "nothing to publish"),
        (("status", "--state", "lost"), 2, "states are discovered"),
        (("extract", "gone.pdf"), 2, "gone.pdf"),
        (("classify", "gone.jsonl"), 2, "gone.jsonl"),
        (("refresh", "gone"), 2, "gone"),
        (("refresh", "--manifest", "m.csv"), 2, "--manifest"),
        (("refresh", ".", "--column", "symbol"), 2, "FIELD=NAME"),
        (("classify", "-", "--model", "no-such-model"), 3, "no-such-model"),
        (("no-such-command",), 2, "no-such-command"),
    ],
)
def test_mistakes_are_a_message_and_an_exit_code(tmp_path: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    done = entente(*arguments, project=tmp_path, stdin='{"id": 1, "text": "The mission was received."}\n', check=False)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_project_is_made_once_and_never_overwritten(tmp_path: Path) -> None:
    project = tmp_path / "project"
    entente("init", str(project), "--sample")
    config = project / "configs" / "entente.yaml"
    config.write_text(config.read_text() + "# mine\n")
    again = entente("init", str(project), "--sample")
    assert "already a project" in again.stdout
    assert config.read_text().endswith("# mine\n")
    assert (project / "manifest.csv").exists()
    assert any((project / "reports").iterdir())


def test_sql_prints_tables_json_and_csv_and_cannot_write(tmp_path: Path) -> None:
    import duckdb

    database = tmp_path / "a.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS n, 'x, y' AS name, DATE '2020-01-02' AS day")
    ask = ("sql", "FROM t", "--database", str(database))
    assert "x, y" in entente(*ask, project=tmp_path).stdout
    assert entente(*ask, "--json", project=tmp_path).stdout == '{"n": 1, "name": "x, y", "day": "2020-01-02"}\n'
    assert entente(*ask, "--csv", project=tmp_path).stdout == 'n,name,day\n1,"x, y",2020-01-02\n'
    refused = entente("sql", "DELETE FROM t", "--database", str(database), project=tmp_path, check=False)
    assert refused.returncode == 2
    assert "read-only" in refused.stderr


def test_the_doctor_names_what_is_missing(tmp_path: Path) -> None:
    settings = make_project(tmp_path / "project", 0, config="classification: {model: no-such-model}\n")
    done = entente("doctor", project=settings.project, check=False)
    assert done.returncode == 3
    assert "no-such-model" in done.stdout
